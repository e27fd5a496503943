"""Topics and comparisons: every figure is what a search finds."""

import re
from datetime import datetime, timedelta
from html import unescape
from itertools import pairwise

import pytest
from conftest import Web, make_article

from indexer.query import WIB
from indexer.topics import topics
from indexer.web.comparing import GAP, _apart
from indexer.web.shares import points


def links(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'href="([^"]*)"', page)]


def rows(page: str) -> list[list[str]]:
    """The cells of all rows of tables."""
    found = []
    for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        found.append([unescape(re.sub("<[^>]+>", "", each)).strip() for each in cells])
    return found


def fill(web: Web) -> None:
    now = datetime.now(WIB)
    poor = {"title": "Warga miskin Lebak", "paragraphs": ("Kemiskinan ekstrem.",), "place": "Lebak"}
    flood = {"title": "Banjir di Serang", "paragraphs": ("BPBD mengevakuasi warga.",), "place": "Serang"}
    web.add(
        make_article(number=1, published=now, source="a_b", **poor),
        make_article(number=2, published=now - timedelta(days=3), source="a_b", **poor),
        make_article(number=3, published=now - timedelta(days=45), source="c_d", **poor),
        make_article(number=4, published=now, source="c_d", **flood),
    )


def test_all_topics_are_listed_with_their_counts(web: Web) -> None:
    fill(web)
    page = web.get("/topik").text
    for topic in topics().values():
        assert f'href="/topik/{topic.key}"' in page
    counts = {row[0].split(".")[0]: row[1:3] for row in rows(page)[1:]}
    assert next(counts[name] for name in counts if name.startswith("KemiskinanAngka")) == ["2", "3"]
    assert next(counts[name] for name in counts if name.startswith("Bencana")) == ["1", "1"]


def test_a_topic_shows_its_query_and_searches_with_it(web: Web) -> None:
    fill(web)
    page = web.get("/topik/kemiskinan").text
    assert "Cari dalam 3 beritanya" in page
    queries = [each for each in links(page) if each.startswith("/?q=")]
    assert len(queries) == 1
    for url in ("/?topik=kemiskinan", *queries):
        assert "3 berita</h2>" in web.get(url).text


def test_a_topic_is_shared_among_sources_and_regions(web: Web) -> None:
    fill(web)
    found = rows(web.get("/topik/kemiskinan").text)
    assert ["a_b", "2", "67%", ""] in [
        [*row[:2], row[2].replace("\xa0", ""), row[3]] for row in found if len(row) == 4
    ]
    assert "Kabupaten Lebak" in [row[0] for row in found]


def test_the_shares_of_a_topic_lead_to_their_articles(web: Web) -> None:
    fill(web)
    page = web.get("/topik/kemiskinan").text
    assert "/?topik=kemiskinan&sumber=a_b" in links(page)
    assert "2 berita</h2>" in web.get("/?sumber=a_b&topik=kemiskinan").text


def test_a_topic_can_be_followed_and_compared(web: Web) -> None:
    found = links(web.get("/topik/kemiskinan").text)
    assert "/langganan?q=topik%3Akemiskinan" in found
    assert "/banding?topik=kemiskinan" in found


def test_a_topic_without_articles_is_a_page(web: Web) -> None:
    assert "Tidak ada yang ditemukan" in web.get("/topik/desa").text


@pytest.mark.parametrize("key", ["x", "Kemiskinan", "..%2f", "%00", "kemiskinan%20", "a" * 5000])
def test_there_is_no_other_topic(web: Web, key: str) -> None:
    assert web.get(f"/topik/{key}").status_code == 404


# Comparing


def test_topics_and_queries_are_compared_with_the_figures_in_a_table(web: Web) -> None:
    fill(web)
    page = web.get("/banding", params={"topik": "kemiskinan", "q": "banjir"}).text
    table = rows(page)
    assert table[0] == ["Waktu", "A: Kemiskinan", "B: banjir"]
    assert table[1][1:] == ["1", "1"]
    assert sum(int(row[1]) for row in table[1:]) == 3
    assert page.count("<polyline") == 2


def test_lines_differ_without_colour(web: Web) -> None:
    fill(web)
    page = web.get("/banding", params={"q": ["banjir", "lebak", "warga", "serang"]}).text
    assert [f'class="line{number}"' in page for number in range(1, 5)] == [True] * 4
    style = web.get(unescape(re.findall(r'href="(/static/pantau[^"]*css[^"]*)"', page)[0])).text
    dashes = re.findall(r"\.sample \.line\d \{[^}]*stroke-dasharray: ([^;}]*)", style)
    assert len(set(dashes)) == 3  # the first one is whole
    assert re.findall(r'<text class="letter"[^>]*>(\w)<', page) == ["A", "B", "C", "D"]


def test_a_period_can_be_chosen(web: Web) -> None:
    fill(web)
    for period, count in (("30", 2), ("90", 3), ("semua", 3)):
        table = rows(web.get("/banding", params={"topik": "kemiskinan", "waktu": period}).text)
        assert sum(int(row[1]) for row in table[1:]) == count


def test_its_lines_lead_to_their_searches(web: Web) -> None:
    fill(web)
    page = web.get("/banding", params={"topik": "kemiskinan", "waktu": "30"}).text
    url = next(each for each in links(page) if "topik=kemiskinan" in each)
    assert "2 berita</h2>" in web.get(url).text


def test_more_than_four_are_refused_in_a_sentence(web: Web) -> None:
    fill(web)
    answer = web.get("/banding", params={"q": ["a1", "b2", "c3", "d4", "e5"]})
    assert answer.status_code == 200
    assert "Paling banyak 4 garis" in answer.text
    assert answer.text.count("<polyline") == 4


def test_a_query_that_cannot_be_searched_is_told_and_the_others_shown(web: Web) -> None:
    fill(web)
    page = web.get("/banding", params={"q": ["-banjir", "banjir"]}).text
    assert "hanya mengecualikan" in page
    assert page.count("<polyline") == 1


def test_a_topic_that_there_is_not_is_told(web: Web) -> None:
    assert "Tidak ada topik “zebra”" in web.get("/banding", params={"topik": "zebra"}).text


def test_nothing_to_compare_asks_for_something(web: Web) -> None:
    page = web.get("/banding").text
    assert "Tulis dua kueri" in page
    assert page.count('name="q"') == 4


def test_what_was_asked_stays_in_the_form(web: Web) -> None:
    page = web.get("/banding", params={"q": ['"a" & <b>'], "topik": ["desa"], "waktu": "365"}).text
    assert 'value="&#34;a&#34; &amp; &lt;b&gt;"' in page
    assert 'value="desa" checked' in page
    assert 'value="365" selected' in page


def test_letters_do_not_cover_each_other() -> None:
    for heights in ([1.0, 1.0, 1.0, 1.0], [99.0, 99.0, 98.0, 50.0], [50.0, 51.0], [99.0]):
        found = sorted(_apart(heights))
        assert all(later - earlier >= GAP - 0.01 for earlier, later in pairwise(found))
        assert found[0] >= 0
        assert found[-1] <= 100


def test_points_lie_between_top_and_bottom() -> None:
    assert points([0, 5, 10]) == "0.0,23.0 50.0,12.0 100.0,1.0"
    assert points([5], highest=10, height=100) == "0.0,50.0"
    assert points([0, 0]) == "0.0,23.0 100.0,23.0"
    assert points([]) == ""
