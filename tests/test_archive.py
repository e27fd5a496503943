"""The archive: pages come back as they went in, and a mended selector heals the past."""

from pathlib import Path

import pytest
from scrapy.http import HtmlResponse

from crawlers import archive as module
from crawlers.archive import Archive, archived_sources, latest_pages
from crawlers.reread import reread
from crawlers.source import Source, load_source
from indexer.store import Store

URL = "https://banten.antaranews.com/berita/1/a"
PAGE = (
    '<header class="post-header"><h1 class="{title}">Judul</h1><p class="simple-here"><span class="article-date">'
    '24 November 2026 10:00 WIB</span></p></header><div class="post-content">Serang (ANTARA) - {text}</div>'
)


def page(text: str = "Isi — berita.", url: str = URL, title: str = "post-title") -> HtmlResponse:
    body = PAGE.format(text=text, title=title).encode()
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Encoding": "gzip", "X-A": "b"}
    return HtmlResponse(url, headers=headers, body=body)


@pytest.fixture
def source() -> Source:
    return load_source("antara_banten")


def keep(folder: Path, *pages: HtmlResponse) -> None:
    archive = Archive(folder, "antara_banten")
    for each in pages:
        archive.write(each, each.url)
    archive.close()


def test_a_page_comes_back_as_it_went_in(tmp_path: Path) -> None:
    keep(tmp_path, page())
    (found,) = latest_pages(tmp_path, "antara_banten")
    assert (found.page, found.response.url, found.response.text) == (URL, URL, page().text)
    assert found.response.headers["X-A"] == b"b"
    assert "Content-Encoding" not in found.response.headers


def test_the_newest_copy_counts(tmp_path: Path) -> None:
    keep(tmp_path, page("Lama."), page("Tengah."))
    keep(tmp_path, page("Baru."))
    (found,) = latest_pages(tmp_path, "antara_banten")
    assert "Baru." in found.response.text


def test_the_pages_of_an_article_stay_together(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "antara_banten")
    archive.write(page("Satu."), URL)
    archive.write(page("Lain.", url=URL + "-lain"), URL + "-lain")
    archive.write(page("Dua.", url=URL + "?page=2"), URL, part=URL + "?page=2")
    archive.close()
    found = {each.page: each for each in latest_pages(tmp_path, "antara_banten")}
    assert set(found) == {URL, URL + "-lain"}
    assert [each.url for each in found[URL].more] == [URL + "?page=2"]


def test_each_source_has_its_folder(tmp_path: Path) -> None:
    keep(tmp_path, page())
    assert archived_sources(tmp_path) == ["antara_banten"]
    assert archived_sources(tmp_path / "none") == []


def test_a_full_file_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROTATE_BYTES", 1)
    keep(tmp_path, page(), page(url=URL + "2"))
    assert len(list((tmp_path / "antara_banten").iterdir())) == 2
    assert len(list(latest_pages(tmp_path, "antara_banten"))) == 2


def test_a_file_cut_off_by_a_crash_gives_what_it_holds(tmp_path: Path) -> None:
    keep(tmp_path, page(), page("x" * 5000, url=URL + "2"))
    (file,) = (tmp_path / "antara_banten").iterdir()
    file.write_bytes(file.read_bytes()[:-40])
    assert [each.page for each in latest_pages(tmp_path, "antara_banten")][:1] == [URL]


def test_a_mended_selector_heals_the_past(tmp_path: Path, store: Store, source: Source) -> None:
    keep(tmp_path, page(title="judul-baru"))
    outcome, failures = reread(store, source, tmp_path)
    assert (outcome.failed, len(failures)) == (1, 1)
    mended = source.preset.select.model_copy(update={"title": (*source.preset.select.title, "h1.judul-baru")})
    preset = source.preset.model_copy(update={"select": mended})
    outcome, failures = reread(store, source.model_copy(update={"preset": preset}), tmp_path)
    assert (outcome.new, outcome.failed, failures) == (1, 0, [])


def test_what_reads_as_before_stays_the_same(tmp_path: Path, store: Store, source: Source) -> None:
    keep(tmp_path, page())
    assert reread(store, source, tmp_path)[0].new == 1
    assert reread(store, source, tmp_path)[0].same == 1


def test_what_reads_otherwise_is_a_revision(tmp_path: Path, store: Store, source: Source) -> None:
    keep(tmp_path, page())
    reread(store, source, tmp_path)
    preset = source.preset.model_copy(
        update={"select": source.preset.select.model_copy(update={"title": ("span.article-date",)})}
    )
    assert reread(store, source.model_copy(update={"preset": preset}), tmp_path)[0].changed == 1
