"""Pages that stand where an article should."""

import pytest

from crawlers.reading.tree import parse
from crawlers.reading.walls import wall


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        *(
            ("403 Forbidden", "blocked"),
            ("Silakan masuk", "blocked"),
            ("404 - Halaman tidak ditemukan", "gone"),
        ),
        *(("Berita tidak ditemukan – Situs", "gone"), ("Nothing Found | Situs", "gone")),
    ],
)
def test_a_title_decides(title: str, kind: str) -> None:
    assert wall(parse(f"<title>{title}</title>")) == (kind, title)


@pytest.mark.parametrize(
    "title", ["Warga bicara soal akses ditolak", "403 warga mengungsi", "Masuk musim hujan", ""]
)
def test_a_title_of_an_article_does_not(title: str) -> None:
    assert wall(parse(f"<title>{title}</title>")) is None


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        ("<title>Situs</title><h1>Halaman tidak ditemukan</h1>", "gone"),
        ("<form action=/login><input type=password></form>", "blocked"),
        ("<p>Artikel ini telah dihapus.</p>", "gone"),
    ],
)
def test_marks_and_words_tell_only_where_a_part_is_missing(html: str, kind: str) -> None:
    tree = parse(html)
    found = wall(tree, missing=True)
    assert wall(tree) is None
    assert found and found[0] == kind


def test_a_few_words_on_a_long_page_tell_nothing() -> None:
    assert (
        wall(parse(f"<p>Artikel ini telah dihapus.</p><p>{'Warga membaca. ' * 200}</p>"), missing=True)
        is None
    )
