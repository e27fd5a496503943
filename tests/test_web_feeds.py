"""A search as RSS and Atom: whole, valid whatever sites write, and not sent again while it is the same."""

import re
from calendar import timegm
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import pytest
from conftest import NOW, Web, make_article, serving

from indexer.config import Config
from indexer.store import Store
from indexer.tantivy_index import TantivyIndex

KINDS = ("rss", "atom")
ATOM = "{http://www.w3.org/2005/Atom}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)")
HOSTILE = make_article(
    url='https://banten.antaranews.com/berita/é <x>"&\x01',
    title="A \x01\x1b[31m</title><script>alert(1)</script> ]]> & \ufffe 😀",
    paragraphs=("\x0b\x0c<b>tebal</b> &amp; <![CDATA[ x ]]> miskin",),
    authors=("<Siti>\x02", "Budi & Co"),
    tags=("a\x03&b", '"><'),
)


def read(web: Web, kind: str, **asked: Any) -> Any:
    answer = web.get(f"/umpan.{kind}", params=asked)
    assert answer.status_code == 200
    feed = feedparser.parse(answer.content, response_headers={"content-type": answer.headers["Content-Type"]})
    assert feed.bozo == 0
    return feed


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_tells_of_an_article(web: Web, kind: str) -> None:
    web.store.name_source("antara_banten", "ANTARA Banten", "https://banten.antaranews.com/")
    web.add(make_article(), make_article(number=2))
    [entry] = read(web, kind, q="miskin").entries
    assert entry.title == "Lebak menekan angka kemiskinan"
    assert entry.link == entry.id == "https://banten.antaranews.com/berita/1/a"
    assert timegm(entry.published_parsed) == NOW.timestamp()
    assert [each.term for each in entry.tags] == ["kemiskinan", "lebak"]
    assert "warga miskin" in entry.summary
    assert entry.author == "Siti Aminah"
    assert "ANTARA Banten" in (entry.get("publisher"), *(each.name for each in entry.get("contributors", ())))


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_the_newest_whatever_order_is_asked_for(web: Web, kind: str) -> None:
    web.add(*(make_article(number=n, published=NOW + timedelta(minutes=n)) for n in range(60)))
    entries = read(web, kind, urut="relevan", q="warga").entries
    assert [each.title for each in entries] == [f"Berita nomor {n}" for n in range(59, 9, -1)]


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_site_writes_is_text(web: Web, kind: str) -> None:
    web.add(HOSTILE)
    answer = web.get(f"/umpan.{kind}")
    tree = ET.fromstring(answer.content)  # well-formed
    names = {each.tag.rpartition("}")[2] for each in tree.iter()}
    assert not names & {"script", "b"}
    [entry] = read(web, kind).entries
    assert "alert(1)" in entry.title
    assert re.fullmatch(r"[!-~]+", entry.link)


def test_rss_summaries_are_html_that_shows_the_text(web: Web) -> None:
    web.add(HOSTILE)
    item = ET.fromstring(web.get("/umpan.rss").content).find("channel/item/description")
    assert item is not None
    assert "&lt;b&gt;tebal&lt;/b&gt; &amp;amp; " in (item.text or "")


def test_atom_has_what_its_standard_requires(web: Web) -> None:
    web.add(HOSTILE, *(make_article(number=n, authors=()) for n in range(5)))
    feed = ET.fromstring(web.get("/umpan.atom", params={"q": "warga OR miskin"}).content)
    assert feed.tag == f"{ATOM}feed"
    for each in (feed, *feed.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            [element] = each.findall(f"{ATOM}{name}")
            assert (element.text or "").strip()
    entries = feed.findall(f"{ATOM}entry")
    ids = [each.findtext(f"{ATOM}id") for each in entries]
    assert len(set(ids)) == len(ids) == 6
    assert all(each.findtext(f"{ATOM}author/{ATOM}name") for each in entries)
    moments = [each.text or "" for name in ("updated", "published") for each in feed.iter(f"{ATOM}{name}")]
    assert all(RFC3339.fullmatch(each) for each in moments)
    assert max(moments[1:7], key=datetime.fromisoformat) == moments[0]


def test_rss_has_what_its_description_requires(web: Web) -> None:
    web.add(HOSTILE, make_article())
    root = ET.fromstring(web.get("/umpan.rss").content)
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    [channel] = root
    for name in ("title", "link", "description"):
        assert channel.findtext(name)
    dates = [channel.findtext("lastBuildDate"), *(each.findtext("pubDate") for each in channel.iter("item"))]
    assert all(parsedate_to_datetime(each or "").tzinfo for each in dates)
    guids = [each.findtext("guid") for each in channel.iter("item")]
    assert len(set(guids)) == len(guids) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_feed_without_entries_is_one(web: Web, kind: str) -> None:
    feed = read(web, kind, q="takada")
    assert feed.entries == []
    assert feed.feed.title == "Pantau: takada"


@pytest.mark.parametrize("kind", KINDS)
def test_a_feed_knows_its_own_address(store: Store, tmp_path: Path, kind: str) -> None:
    index = TantivyIndex()
    with serving(Config(data=tmp_path, web_url="https://pantau.example.org"), store, index) as web:
        feed = read(web, kind, q="warga & <x>", sumber="antara_banten").feed
    index.close()
    asked = "q=warga+%26+%3Cx%3E&sumber=antara_banten"
    links = {each.rel: each.href for each in feed.links}
    assert links["self"] == f"https://pantau.example.org/umpan.{kind}?{asked}"
    assert links["alternate"] == f"https://pantau.example.org/?{asked}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_feed_that_is_the_same_is_not_sent_again(web: Web, kind: str) -> None:
    web.add(make_article())
    first = web.get(f"/umpan.{kind}")
    by_tag = {"If-None-Match": first.headers["ETag"]}
    by_time = {"If-Modified-Since": first.headers["Last-Modified"]}
    for known in (by_tag, by_time):
        again = web.get(f"/umpan.{kind}", headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
    web.add(make_article(title="Kini"), now=NOW + timedelta(hours=1))
    for known in (by_tag, by_time, by_tag | by_time):
        assert web.get(f"/umpan.{kind}", headers=known).status_code == 200


@pytest.mark.parametrize("since", ["x", "0", "Tue, 24 Nov 2026 12:00:00 -0000", ""])
def test_a_moment_that_cannot_be_read_is_none(web: Web, since: str) -> None:
    assert web.get("/umpan.rss", headers={"If-Modified-Since": since}).status_code == 200


def test_a_changed_article_is_the_same_entry_later(web: Web) -> None:
    web.add(make_article(title="Dulu"))
    [before] = read(web, "atom").entries
    web.add(make_article(title="Kini"), now=NOW + timedelta(hours=1))
    [after] = read(web, "atom").entries
    assert (before.id, before.title, after.title) == (after.id, "Dulu", "Kini")
    assert after.updated_parsed > before.updated_parsed


def test_a_query_that_cannot_be_searched_is_told_on_a_page(web: Web) -> None:
    answer = web.get("/umpan.rss", params={"q": "-miskin"})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")
