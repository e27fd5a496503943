"""Sources: what is followed, and whether it still brings news."""

import re
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from conftest import NOW, Web, make_article

from indexer.query import WIB
from indexer.store import Result
from indexer.web.freshness import Freshness, State, judge, rate, sentence
from indexer.web.texts import texts

TODAY = NOW.date()


def days(count: int, ago: int = 0, step: int = 1, each: int = 4) -> dict[date, int]:
    """So many days with articles, the last one so long ago."""
    return {TODAY - timedelta(days=ago + number * step): each for number in range(count)}


def last(ago: int) -> datetime:
    return NOW - timedelta(days=ago)


# Whether a source is well


def test_a_source_that_brings_what_it_usually_does_is_well() -> None:
    assert judge(days(30), last(0), False, NOW) == Freshness(State.FRESH, 0, 4.0)


def test_a_daily_source_is_quiet_after_three_days() -> None:
    assert judge(days(30, ago=2), last(2), False, NOW).state is State.FRESH
    assert judge(days(30, ago=3), last(3), False, NOW) == Freshness(State.QUIET, 3, 4.0)


def test_a_weekly_source_may_be_silent_longer() -> None:
    assert judge(days(6, ago=14, step=7), last(14), False, NOW).state is State.FRESH
    assert judge(days(6, ago=15, step=7), last(15), False, NOW).state is State.QUIET


def test_a_source_that_is_hardly_known_is_not_called_quiet() -> None:
    assert judge(days(2, ago=20, each=1), last(20), False, NOW) == Freshness(State.FRESH, 20, None)


def test_a_source_without_news_for_the_whole_window_is_quiet() -> None:
    assert judge({}, last(70), False, NOW) == Freshness(State.QUIET, 70, None)


def test_a_source_that_never_brought_anything_is_empty() -> None:
    assert judge({}, None, False, NOW).state is State.EMPTY


def test_a_source_whose_last_visit_failed_is_unreadable() -> None:
    assert judge(days(30), last(0), True, NOW).state is State.UNREADABLE
    assert judge({}, None, True, NOW).state is State.UNREADABLE


def test_silence_is_told_before_a_failed_visit() -> None:
    assert judge(days(30, ago=9), last(9), True, NOW).state is State.QUIET


def test_an_article_from_the_future_is_no_silence() -> None:
    assert judge(days(30), NOW + timedelta(days=2), False, NOW).silent == 0


def test_the_sentences() -> None:
    told = {language: sentence(Freshness(State.QUIET, 9, 4.2), texts(language)) for language in ("id", "en")}
    assert told["en"] == "No news for 9 days; usually 4 articles a day: the source may be broken."
    assert (
        told["id"]
        == "Tidak ada berita selama 9 hari; biasanya 4 berita sehari: sumber ini mungkin bermasalah."
    )
    assert sentence(Freshness(State.QUIET, 70, None), texts("en")) == "No news for 70 days."
    assert rate(Freshness(State.FRESH, 0, 0.3), texts("en")) == "usually 2 articles a week"
    assert rate(Freshness(State.FRESH, 0, 1.2), texts("en")) == "usually 1 article a day"


# The pages


def fill(web: Web) -> None:
    now = datetime.now(WIB)
    for key, name in (("a_b", "Portal A"), ("c_d", "Portal C"), ("e_f", "Portal E")):
        web.store.name_source(key, name, f"https://{key[0]}.example")
    for day in range(20):
        web.add(make_article(number=day, source="a_b", published=now - timedelta(days=day)))
        web.add(
            make_article(
                number=100 + day, source="c_d", published=now - timedelta(days=day + 9), kind="press"
            )
        )
    run = web.store.start_run("a_b", now)
    web.store.finish_run(run, Result.OK, {"pages": 3}, now)


def row(page: str, name: str) -> str:
    begin = page.index(f"<bdi>{name}</bdi>")
    text = re.sub("<[^>]+>", " ", page[begin : page.index("</tr>", begin)])
    return " ".join(unescape(text).split())


def test_all_sources_are_listed_with_how_they_are(web: Web) -> None:
    fill(web)
    page = web.get("/sumber").text
    assert row(page, "Portal A").endswith("20 biasanya 1 berita sehari")
    assert "⚠ Tidak ada berita selama 9 hari; biasanya 1 berita sehari" in row(page, "Portal C")
    assert "Pers · Banten" in row(page, "Portal C")
    assert "Belum ada yang terbaca" in row(page, "Portal E")
    assert "3 sumber diikuti. 2 di antaranya mungkin bermasalah." in page


def test_a_failed_visit_is_told(web: Web) -> None:
    fill(web)
    now = datetime.now(WIB)
    web.store.finish_run(web.store.start_run("a_b", now), Result.FAILED, {}, now)
    assert "Tidak dapat dibaca pada kunjungan terakhir" in row(web.get("/sumber").text, "Portal A")


def test_a_source_has_its_page(web: Web) -> None:
    fill(web)
    page = web.get("/sumber/c_d").text
    assert "Tidak ada berita selama 9 hari" in page
    assert 'href="https://c.example" rel="noopener noreferrer external"' in page
    assert "Cari dalam 20 beritanya" in page
    assert "20 berita</h2>" in web.get("/?sumber=c_d").text


def test_a_source_with_articles_alone_is_followed_too(web: Web) -> None:
    web.add(make_article(source="tanpa_nama"))
    assert "tanpa_nama" in web.get("/sumber").text
    assert web.get("/sumber/tanpa_nama").status_code == 200


def test_no_source_is_no_failure(web: Web) -> None:
    assert "Belum ada sumber" in web.get("/sumber").text


@pytest.mark.parametrize("key", ["x", "A_B", "%00", "a_b%20", "..%2f", "%F0%9F%98%80", "a" * 5000])
def test_there_is_no_other_source(web: Web, key: str) -> None:
    web.add(make_article(source="a_b"))
    assert web.get(f"/sumber/{key}").status_code == 404


def test_what_a_source_is_called_is_only_text(web: Web) -> None:
    web.store.name_source("a_b", "<script>alert(1)</script>" * 100, "javascript:alert(1)")
    for path in ("/sumber", "/sumber/a_b"):
        page = web.get(path).text
        assert "<script>alert" not in page
        assert "javascript:" not in page
