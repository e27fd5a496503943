"""The search page: what it finds, helps with and links to, whatever stands in its address."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from conftest import NOW, Web, make_article, serving
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.config import Config
from indexer.store import Store
from indexer.tantivy_index import TantivyIndex

PARAMETERS = (
    "q",
    "dari",
    "sampai",
    "sumber",
    "wilayah",
    "jenis",
    "topik",
    "urut",
    "per",
    "lanjut",
    "waktu",
    "bahasa",
)
ODD = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "2026-11-24",
            "2026-02-30",
            "9999-12-31",
            "0001-01-01",
            "n20.5.1700000000",
            "r20.5.0",
            "n-1.1.1",
            "relevan",
            "bulan",
            '"',
            "((((",
            "terbit:>",
            "a" * 3000,
            "\x00",
            "\ud7ff￿",
            "stunt*~",
            "-a",
            "36.02",
        ]
    ),
)


def titles(page: str) -> list[str]:
    found = re.findall(r'<h3 dir="auto"><a[^>]*>(.*?)</a>', page)
    return [unescape(re.sub("<[^>]+>", "", each)) for each in found]


def links(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'href="([^"]*)"', page)]


def test_an_article_is_found_and_marked(web: Web) -> None:
    web.add(make_article())
    answer = web.get("/", params={"q": "miskin"})
    assert answer.status_code == 200
    assert "<mark>kemiskinan</mark>" in answer.text


def test_a_hit_leads_to_the_article_with_its_marks(web: Web) -> None:
    [id] = web.add(make_article())
    page = web.get("/", params={"q": "warga miskin"}).text
    assert f"/artikel/{id}?q=warga+miskin" in links(page) or f"/artikel/{id}?q=warga%20miskin" in links(page)


def test_the_exact_time_is_text(web: Web) -> None:
    web.add(make_article())
    assert "24 November 2026 12:00 WIB</time>" in web.get("/").text


def test_copies_are_folded_under_the_first(web: Web) -> None:
    text = tuple(
        f"Warga desa nomor {number} di Lebak menerima bantuan tunai pagi ini." for number in range(9)
    )
    web.add(
        *(
            make_article(
                number=number,
                paragraphs=text,
                source=f"portal_{number}",
                published=NOW - timedelta(hours=number),
            )
            for number in range(3)
        )
    )
    page = web.get("/").text
    assert titles(page) == ["Berita nomor 0"]
    assert "2 salinan di tempat lain" in page
    assert page.count("Berita nomor 2") == 1


def test_pages_follow_each_other(web: Web) -> None:
    web.add(*(make_article(number=number, published=NOW - timedelta(days=number)) for number in range(45)))
    found, path = [], "/"
    while path:
        page = web.get(path).text
        found += titles(page)
        path = next((unescape(each) for each in re.findall(r'<a rel="next"[^>]*href="([^"]*)"', page)), "")
    assert found == [f"Berita nomor {number}" for number in range(45)]


def test_chosen_filters_are_chips_that_take_them_away(web: Web) -> None:
    web.add(make_article())
    page = web.get("/", params={"q": "miskin", "jenis": "agency", "dari": "2026-11-01"}).text
    chips = page[page.index('class="chips"') : page.index('class="columns"')]
    assert "/?q=miskin&jenis=agency" in links(chips)
    assert "/?q=miskin&dari=2026-11-01" in links(chips)
    assert "/?q=miskin" in links(chips)


def test_a_filter_keeps_to_its_articles(web: Web) -> None:
    web.add(make_article(number=1, source="a_b"), make_article(number=2, source="c_d"))
    assert titles(web.get("/", params={"sumber": "c_d"}).text) == ["Berita nomor 2"]


def test_every_link_of_the_filters_finds_what_it_says(web: Web) -> None:
    web.add(
        make_article(number=1, source="a_b", kind="press"),
        make_article(number=2, source="c_d"),
        make_article(number=3, source="a_b"),
    )
    page = web.get("/", params={"sumber": "a_b"}).text
    filters = page[page.index('class="filters"') : page.index('class="results"')]
    said = re.findall(r'<li><a href="([^"]*)">[^<]*</a> <span class="count">(\d+)</span>', filters)
    assert said
    for url, count in said:
        alone = unescape(url).replace("?sumber=a_b&sumber=", "?sumber=")  # of an own facet, what it would add
        assert f'<h2 id="jumlah">{count} berita' in web.get(alone).text


def test_nothing_found_names_the_filter_that_excludes(web: Web) -> None:
    web.add(make_article())
    page = web.get("/", params={"q": "kemiskinan", "jenis": "press", "dari": "2026-11-01"}).text
    assert "tanpa pilihan jenis" in page
    assert "/?q=kemiskinan&dari=2026-11-01" in links(page)


def test_nothing_found_suggests_a_word_written_nearly_so(web: Web) -> None:
    web.add(make_article())
    assert "/?q=kemiskinan" in links(web.get("/", params={"q": "kemiskinaan"}).text)


def test_nothing_found_offers_the_query_without_one_word(web: Web) -> None:
    web.add(make_article())
    page = web.get("/", params={"q": "kemiskinan zebra"}).text
    assert "tanpa “zebra”" in page
    assert "/?q=kemiskinan" in links(page)


def test_a_query_that_cannot_be_searched_is_told(web: Web) -> None:
    page = web.get("/", params={"q": "-korupsi"})
    assert page.status_code == 200
    assert "hanya mengecualikan" in page.text


def test_how_a_query_was_read_is_told(web: Web) -> None:
    assert "tidak ada pasangannya" in web.get("/", params={"q": 'kemiskinan "lebak'}).text
    told = web.get("/", params={"q": "kemiskinan -korupsi"}).text
    assert "Dibaca sebagai: <bdi>kemiskinan DAN BUKAN korupsi</bdi>" in told
    assert "Dalam semua bentuk: <bdi>kemiskinan → miskin</bdi>" in told
    assert "Dibaca sebagai" not in web.get("/", params={"q": "kemiskinan"}).text
    assert "recognised" not in web.get("/", params={"q": "Lebak"}).text
    assert web.get("/", params={"q": '"lebak'}).text.count("Dibaca sebagai") == 1


@pytest.mark.parametrize("path", ["/?q=warga", "/?q=warga&dari=2026-11-24&sampai=2026-11-24"])
def test_periods_have_counts(web: Web, path: str) -> None:
    now = datetime.now(UTC)
    for number, days in enumerate((0, 3, 20, 300, 500)):
        web.add(make_article(number=number, title=f"Warga {number}", published=now - timedelta(days=days)))
    periods = re.findall(
        r'>(\d+|Hari ini|\d+ hari terakhir)</a> <span class="count">(\d+)<', web.get(path).text
    )
    assert [count for name, count in periods if "ari" in name] == ["1", "2", "3", "4"]


def test_exports_and_feeds_have_the_same_search(web: Web) -> None:
    web.add(make_article())
    found = links(web.get("/", params={"q": "miskin", "jenis": "agency"}).text)
    for path in (
        "/ekspor.csv",
        "/ekspor.xlsx",
        "/ekspor.jsonl",
        "/umpan.rss",
        "/umpan.atom",
        "/cetak",
        "/langganan",
    ):
        assert f"{path}?q=miskin&jenis=agency" in found


def test_a_count_is_told_while_one_types(web: Web) -> None:
    web.add(make_article())
    assert web.get("/jumlah", params={"q": "miskin"}).json() == {"total": 1, "text": "1 berita"}


def test_a_count_of_what_cannot_be_searched_says_why(web: Web) -> None:
    answer = web.get("/jumlah", params={"q": "-a"}).json()
    assert answer["total"] is None
    assert "mengecualikan" in answer["text"]


def test_the_title_names_search_and_count(web: Web) -> None:
    web.add(make_article())
    assert "<title>miskin (1) – Pantau</title>" in web.get("/", params={"q": "miskin"}).text


def test_it_speaks_english_on_request(web: Web) -> None:
    web.add(make_article())
    page = web.get("/", cookies={"bahasa": "en"}).text
    assert '<html lang="en">' in page
    assert "1 article" in page


def test_what_sites_and_readers_write_is_only_text(web: Web) -> None:
    evil = "</title><script>alert(1)</script>\u202e<img src=x onerror=y>"
    web.add(make_article(title=f"Miskin {evil}", place=evil, source="a_b"))
    page = (
        web.get("/", params={"q": f"miskin {evil}"}).text
        + web.get("/", params={"q": "miskin", "sumber": evil}).text
    )
    page += web.get("/", params={"q": "miskin"}).text
    assert "<script>" not in page
    assert "<img" not in page


def test_a_page_of_huge_articles_is_small(web: Web) -> None:
    huge = "miskin " * 150_000
    web.add(
        *(make_article(number=number, title=huge, paragraphs=(f"{number} {huge}",)) for number in range(3))
    )
    page = web.get("/", params={"q": "miskin"})
    assert page.status_code == 200
    assert len(page.content) < 100_000


def test_a_full_page_is_below_100_kilobytes(web: Web) -> None:
    web.add(
        *(
            make_article(
                number=number,
                source=f"portal_{number % 90}",
                published=NOW - timedelta(days=number % 90),
                place=("Lebak", "Bandung", "Bogor", "Surabaya", "Medan")[number % 5],
            )
            for number in range(300)
        )
    )
    assert len(web.get("/", params={"q": "berita", "urut": "relevan"}).content) < 100_000


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Pages over some articles, for many requests."""
    folder = tmp_path_factory.mktemp("filled")
    store, index = Store(f"sqlite:///{folder}/pantau.db").open(), TantivyIndex()
    with serving(Config(data=folder), store, index) as web:
        web.add(make_article(), *(make_article(number=number) for number in range(10, 13)))
        store.name_source("antara_banten", "ANTARA Banten", "https://banten.antaranews.com")
        yield web
    index.close()
    store.close()


@pytest.mark.parametrize(
    "path", ["/?q=berita", "/artikel/1", "/topik", "/topik/kemiskinan", "/sumber", "/sumber/antara_banten"]
)
def test_no_link_of_a_page_leads_nowhere(filled: Web, path: str) -> None:
    own = {each.partition("#")[0] for each in links(filled.get(path).text) if each.startswith("/")}
    assert len(own) > 6
    assert {each: status for each in own if (status := filled.get(each).status_code) != 200} == {}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    path=st.sampled_from(
        ["/", "/jumlah", "/banding", "/topik", "/topik/kemiskinan", "/sumber", "/artikel/1"]
    ),
    values=st.lists(st.tuples(st.sampled_from(PARAMETERS), ODD), max_size=6),
)
def test_no_parameters_break_a_page(filled: Web, path: str, values: list[tuple[str, str]]) -> None:
    encoded = urlencode(values, errors="surrogatepass")
    assert filled.get(f"{path}?{encoded}").status_code in (200, 400, 414)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    folder=st.sampled_from(["artikel", "topik", "sumber"]),
    name=st.one_of(st.text(min_size=1, max_size=40), st.integers(-(10**40), 10**40).map(str)),
)
def test_no_name_breaks_a_page(filled: Web, folder: str, name: str) -> None:
    answer = filled.get(f"/{folder}/{quote(name, safe='', errors='surrogatepass')}")
    assert answer.status_code in (200, 404, 405)


def test_bytes_that_are_no_text_are_no_failure(filled: Web) -> None:
    assert filled.get("/?q=%ff%fe%00&sumber=%c3").status_code == 200


@pytest.mark.parametrize("sort", ["terbaru", "relevan"])
@pytest.mark.parametrize("asked", ["topik=kemiskinan", "q=kemiskinan", "q=terbit:2026"])
def test_all_pages_are_reached_by_their_links(web: Web, asked: str, sort: str) -> None:
    web.add(
        *(
            make_article(number=number, paragraphs=(f"Kemiskinan di desa nomor {number} turun.",))
            for number in range(1, 46)
        )
    )
    path, found = f"/?{asked}&urut={sort}", set[str]()
    for _ in range(3):
        answer = web.get(path)
        assert answer.status_code == 200
        found |= set(re.findall(r'href="/artikel/(\d+)', answer.text))
        further = re.search(r'<link rel="next" href="([^"]*)"', answer.text)
        path = unescape(further[1]) if further else ""
    assert (path, len(found)) == ("", 45)
