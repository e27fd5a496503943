"""Titles of pages whose markup nobody described, and the dates beside them."""

import pytest

from crawlers.reading.headlines import dates_beside, headline, without_site
from crawlers.reading.tree import find, parse


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Warga membaca - Kompas.com Regional", "Warga membaca"),
        ("Warga membaca | Berita | Kompas", "Warga membaca | Berita"),
        ("Banjir - longsor di Serang", "Banjir - longsor di Serang"),
        ("Kompas", "Kompas"),
    ],
)
def test_the_name_of_the_site_goes_from_the_end_of_a_title(title: str, expected: str) -> None:
    assert without_site(title, ("Kompas.com", "Kompas")) == expected


def test_the_heading_that_begins_a_stated_title_is_the_title() -> None:
    tree = parse("<h1>Situs</h1><h2>Warga membaca berita</h2><p>x")
    title, heading = headline(tree, ["Warga membaca berita - Situs"], ["Situs"])
    assert (title, heading.tag) == ("Warga membaca berita", "h2")


def test_a_stated_title_that_is_not_shown_is_taken_without_the_site() -> None:
    tree = parse("<p>x")
    assert headline(tree, ["Warga membaca - Situs"], ["Situs"]) == ("Warga membaca", tree.root)


def test_of_several_headings_none_is_the_title() -> None:
    tree = parse("<h1>Satu</h1><h1>Dua</h1>")
    assert headline(tree, [], []) == ("", tree.root)


def test_a_date_behind_the_title_comes_before_one_in_front_of_it() -> None:
    root = parse("<div><span>1 Mei 2025</span><h1>Judul</h1><span>2 Mei 2025</span></div>").root
    assert list(dates_beside(find(root, "h1")[0])) == ["2 Mei 2025", "1 Mei 2025"]


@pytest.mark.parametrize(
    "around", ["<footer>{}</footer>", "<nav>{}</nav>", "<a href=/>{}</a>", "<p>{}" + "x" * 100]
)
def test_a_date_of_something_else_is_none_of_the_article(around: str) -> None:
    root = parse(f"<div><h1>Judul</h1>{around.format('2 Mei 2025')}</div>").root
    assert list(dates_beside(find(root, "h1")[0])) == []
