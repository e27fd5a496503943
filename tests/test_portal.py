import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse
from io import BytesIO
from itertools import pairwise
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from urllib.robotparser import RobotFileParser

import feedparser
import pytest
from bs4 import BeautifulSoup

from crawlers.demo.articles import WIB, read_manuscripts
from crawlers.demo.body import JUNK, NOTICE, SHAPES
from crawlers.demo.pages import long_date, relative_date
from crawlers.demo.portal import Portal, main
from indexer.errors import PantauError

NOW = datetime(2026, 1, 23, 15, 32, 40, tzinfo=WIB)


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with Portal(now=NOW) as running:
        yield running


def fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    request = Request(
        url, method=method, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        answer: HTTPResponse = urlopen(request, timeout=10)
    except HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read().decode()
    with answer:
        return answer.status, dict(answer.headers), answer.read().decode()


def soup(url: str) -> BeautifulSoup:
    return BeautifulSoup(fetch(url)[2], "lxml")


def text_of(html: str) -> str:
    return " ".join(BeautifulSoup(html, "lxml").get_text().split())


def cards(url: str) -> list[str]:
    return [
        str(link["href"])
        for link in soup(url).select("article.simple-post.simple-big.clearfix h3 > a[href][title]")
    ]


def test_articles_are_many_and_their_addresses_differ(portal: Portal) -> None:
    assert 35 <= len(portal.articles) <= 45
    addresses = [article.url for article in portal.articles] + list(portal.broken)
    numbers, slugs = zip(*(address.split("/")[-2:] for address in addresses), strict=True)
    assert len(set(numbers)) == len(set(slugs)) == len(addresses)


def test_articles_reach_from_half_an_hour_to_ten_weeks_back(portal: Portal) -> None:
    ages = [NOW - article.published for article in portal.articles]
    assert ages == sorted(ages)
    assert ages[0] < timedelta(minutes=30)
    assert timedelta(days=70) < ages[-1] < timedelta(days=80)
    assert all(article.published.second == 0 for article in portal.articles)


def test_answers_hold_no_junk_and_no_dateline(portal: Portal) -> None:
    for article in portal.articles:
        text = "\n".join(article.paragraphs)
        assert 4 <= len(article.paragraphs) <= 9
        assert 120 <= len(text.split()) <= 450, article.url
        assert not re.search(r"\(ANTARA|Baca juga:|adsbygoogle|COPYRIGHT|&nbsp;|\xa0|_|Related news|  ", text)


def test_words_of_junk_in_their_ordinary_sense_are_in_the_texts(portal: Portal) -> None:
    text = "\n".join("\n".join(article.paragraphs) for article in portal.articles)
    for words in ("baca juga buku", "pewarta", "hak cipta", "editor", "Dilarang keras membuang", "*123#"):
        assert words in text


@pytest.mark.parametrize(
    "selectors",
    [
        ("header.post-header h1.post-title", "p.simple-here span.article-date", "div.post-content",
         "footer.post-meta div.tags-wrapper", "ul.tags-widget li a",
         "figure.image-overlay picture img[data-src]", "p.wp-caption-text"),
        (".wrap__article-detail-title h1", ".wrap__article-detail-info span.text-secondary",
         ".wrap__article-detail-content.post-content", "p.text-muted.mt-2.small", "ul.blog-tags a",
         ".wrap__article-detail-image img", "figcaption"),
        ("div.bjbrt h1[itemprop=headline]", "meta[itemprop=datePublished]",
         "div#content_news[itemprop=articleBody]", "div.byline", "p.mt10", "p.date",
         "meta[itemprop=keywords]", "div#image_news img"),
    ],
    ids=["regional", "www", "old"],
)  # fmt: skip
def test_each_template_is_served_whole(portal: Portal, selectors: tuple[str, ...]) -> None:
    pages = [soup(article.url) for article in portal.articles]
    assert any(all(page.select_one(selector) for selector in selectors) for page in pages)


@pytest.mark.parametrize("shape", SHAPES)
def test_any_article_is_served_in_each_shape(portal: Portal, shape: str) -> None:
    for article in portal.articles:
        status, _, html = fetch(f"{article.url}?bentuk={shape}")
        assert status == 200
        words = text_of(html)
        assert all(paragraph in words for paragraph in article.paragraphs)


def test_shapes_differ_in_their_markup(portal: Portal) -> None:
    pages = {shape: fetch(f"{portal.articles[0].url}?bentuk={shape}")[2] for shape in SHAPES}
    assert "<br><br>" in pages["br"]
    assert re.search("<p>[A-Z]", pages["p"])
    assert 'class="MsoNormal"' in pages["word"]
    assert "<!--[if gte mso 9]>" in pages["word"]


def test_all_junk_occurs_somewhere(portal: Portal) -> None:
    names = {name for known in read_manuscripts() if not known.broken for name in known.junk}
    assert {*JUNK, "read-also-glued", "read-also-inside", "star"} == names
    everything = "\n".join(fetch(article.url)[2] for article in portal.articles)
    for sign in (
        NOTICE,
        'class="baca-juga"',
        "<b>Baca juga: ",
        ".Baca juga: ",
        "Related news: ",
        " *</p>",
        "<iframe",
    ):
        assert sign in everything
    assert re.search(r"Pewarta: [A-Z][\w ]+Editor: [A-Z][\w ]+ Copyright © ANTARA 2026", everything)
    assert re.search(r"Pewarta : [A-Z][\w ]+ Editor: [A-Z][\w ]+ COPYRIGHT © ANTARA 2026", everything)


def test_copyright_year_is_that_of_the_view(portal: Portal) -> None:
    oldest = next(article for article in portal.articles if article.published.year == 2025)
    assert "ANTARA 2026" in fetch(oldest.url)[2]
    assert "ANTARA 2025" not in fetch(oldest.url)[2]


def test_wrong_slug_answers_with_the_canonical_link(portal: Portal) -> None:
    article = portal.articles[0]
    page = soup(article.url.rsplit("/", 1)[0] + "/lain")
    canonical = page.select_one("link[rel=canonical]")
    assert canonical
    assert canonical["href"] == article.url


@pytest.mark.parametrize(
    "path", ["/berita/1/tidak-ada", "/terkini/0", "/terkini/abc", "/apa-saja", "/berita/"]
)
def test_unknown_addresses_are_not_found(portal: Portal, path: str) -> None:
    assert fetch(portal.address + path)[0] == 404


def test_feed_is_valid_and_has_the_newest_twenty(portal: Portal) -> None:
    _, headers, xml = fetch(portal.address + "/rss/terkini.xml")
    feed = feedparser.parse(BytesIO(xml.encode()))
    assert headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    assert not feed.bozo
    assert feed.version == "rss20"
    assert len(feed.entries) == 20
    assert all(entry.link == entry.id for entry in feed.entries)
    assert sum("?utm_source=" in entry.link for entry in feed.entries) == 1
    moments = [parsedate_to_datetime(entry.published) for entry in feed.entries]
    assert moments == sorted(moments, reverse=True)
    assert moments[0].utcoffset() == timedelta(hours=7)


def test_feed_describes_like_an_old_editor(portal: Portal) -> None:
    xml = fetch(portal.address + "/rss/terkini.xml")[2]
    for sign in ("&#13;\n", "&amp;nbsp;", "&lt;img src=", " ...</description>"):
        assert sign in xml


def test_empty_feed_is_a_feed_without_entries(portal: Portal) -> None:
    feed = feedparser.parse(BytesIO(fetch(portal.address + "/rss/kosong.xml")[2].encode()))
    assert (feed.bozo, feed.version, feed.entries) == (False, "rss20", [])


def test_listing_pages_name_every_article_once_newest_first(portal: Portal) -> None:
    found: list[str] = []
    number = 1
    while page := cards(f"{portal.address}/terkini/{number}"):
        assert len(page) <= 10
        found += page
        number += 1
    articles = [url for url in found if "/berita/" in url or "/rilis-pers/" in url]
    assert set(articles) == {article.url for article in portal.articles} | set(portal.broken)
    assert len(articles) == len(set(articles))
    assert number > 4
    assert {url.split("/")[3] for url in found} == {"berita", "rilis-pers", "video", "foto", "infografik"}


def test_rubric_has_pages_of_its_own(portal: Portal) -> None:
    first, second = (cards(f"{portal.address}/kabar-daerah/banten{page}") for page in ("", "/2"))
    assert len(first) == len(second) == 10
    assert not set(first) & set(second)


def test_past_the_last_page_is_an_empty_listing(portal: Portal) -> None:
    assert fetch(portal.address + "/terkini/99")[0] == 200
    assert cards(portal.address + "/terkini/99") == []


def test_home_page_lists_the_newest(portal: Portal) -> None:
    assert cards(portal.address + "/")[0] == portal.articles[0].url


@pytest.mark.parametrize(
    ("minutes", "printed"),
    [
        (26, "26 menit lalu"),
        (187, "3 jam lalu"),
        (1072, "kemarin 21:40"),
        (2880, "21 Januari 2026 15:32 WIB"),
    ],
)
def test_relative_dates(minutes: int, printed: str) -> None:
    assert relative_date(NOW - timedelta(minutes=minutes), NOW) == printed


def test_dates_come_long_and_short() -> None:
    assert long_date(NOW) == "Jumat, 23 Januari 2026 15:32 WIB"
    assert long_date(NOW, short=True) == "Jum'at, 23 Jan 2026 15:32 WIB"


def test_robots_forbids_one_address_of_the_feed(portal: Portal) -> None:
    robots = RobotFileParser()
    robots.parse(fetch(portal.address + "/robots.txt")[2].splitlines())
    addresses = [*(article.url for article in portal.articles), *portal.broken]
    forbidden = [address for address in addresses if not robots.can_fetch("Pantau", address)]
    assert [portal.broken[address] for address in forbidden] == ["forbidden by robots.txt"]
    assert forbidden[0] in fetch(portal.address + "/rss/terkini.xml")[2]


def test_broken_pages_are_broken_as_they_say(portal: Portal) -> None:
    pages = {reason: fetch(address) for address, reason in portal.broken.items()}
    assert {reason: page[0] for reason, page in pages.items()} == {
        "no body": 200,
        "server error": 500,
        "forbidden by robots.txt": 200,
        "no date": 200,
    }
    body = BeautifulSoup(pages["no body"][2], "lxml").select_one("div.post-content")
    assert body
    assert not body.find(string=lambda text: bool(text.strip()), recursive=False)
    assert "00 0000" in pages["no date"][2]


@pytest.mark.parametrize(
    "path", ["/rss/terkini.xml", "/terkini", "/terkini/2", "/kabar-daerah/banten", "/", "article"]
)
def test_what_is_known_is_not_sent_again(portal: Portal, path: str) -> None:
    url = portal.articles[3].url if path == "article" else portal.address + path
    _, headers, _ = fetch(url)
    etag, modified = headers["ETag"], headers["Last-Modified"]
    earlier = "Mon, 01 Jan 2024 00:00:00 GMT"
    assert fetch(url, If_None_Match=etag)[0] == 304
    assert fetch(url, If_None_Match=f'"other", W/{etag}')[0] == 304
    assert fetch(url, If_Modified_Since=modified)[0] == 304
    assert fetch(url, If_Modified_Since=earlier)[0] == 200
    assert fetch(url, If_None_Match='"other"', If_Modified_Since=modified)[0] == 200
    assert fetch(url, If_Modified_Since="nonsense")[0] == 200


def test_304_has_the_validators_and_no_body(portal: Portal) -> None:
    _, headers, _ = fetch(portal.articles[0].url)
    status, again, body = fetch(portal.articles[0].url, If_None_Match=headers["ETag"])
    assert (status, body) == (304, "")
    assert again["ETag"] == headers["ETag"]
    assert again["Last-Modified"] == headers["Last-Modified"]


def test_head_answers_like_get_without_the_body(portal: Portal) -> None:
    url = portal.articles[0].url
    got, asked = fetch(url), fetch(url, method="HEAD")
    assert asked[2] == ""
    assert asked[1]["Content-Length"] == str(len(got[2].encode()))
    assert asked[1]["ETag"] == got[1]["ETag"]


def test_photos_are_served(portal: Portal) -> None:
    image = next(article.image for article in portal.articles if article.image)
    with urlopen(image, timeout=10) as answer:
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.read().startswith(b"\x89PNG")


def test_update_changes_one_article_and_adds_one_on_poverty() -> None:
    with Portal(now=NOW) as portal:
        before = {article.url: article for article in portal.articles}
        tags = {url: fetch(url)[1]["ETag"] for url in before}
        feed = fetch(portal.address + "/rss/terkini.xml")[1]
        portal.update()
        portal.update()
        after = {article.url: article for article in portal.articles}
        assert {url for url in before if before[url] != after[url]} == {portal.changed}
        assert {url for url in before if fetch(url, If_None_Match=tags[url])[0] != 304} == {portal.changed}
        (new,) = set(after) - set(before)
        assert "kemiskinan" in after[new].title
        assert cards(portal.address + "/terkini")[0] == new
        assert fetch(portal.address + "/rss/terkini.xml", If_Modified_Since=feed["Last-Modified"])[0] == 200


def test_requests_are_remembered_in_order() -> None:
    with Portal(now=NOW) as portal:
        fetch(portal.address + "/terkini?x=1")
        fetch(portal.address + "/tidak-ada")
        assert portal.requests == (("/terkini?x=1", 200), ("/tidak-ada", 404))


def test_pages_stay_the_same_for_one_now() -> None:
    with Portal(now=NOW) as portal:
        url = portal.articles[0].url
        assert fetch(url)[1]["ETag"] == fetch(url)[1]["ETag"]


def test_copy_has_nearly_the_text_of_its_original(portal: Portal) -> None:
    def shingles(paragraphs: tuple[str, ...]) -> set[tuple[str, ...]]:
        words = " ".join(paragraphs).split()
        return set(zip(*(words[start:] for start in range(5)), strict=False))

    copy, original = (
        next(article for article in portal.articles if f"/{number}/" in article.url)
        for number in (300140, 300137)
    )
    shared = shingles(copy.paragraphs) & shingles(original.paragraphs)
    assert 0.75 < len(shared) / len(shingles(copy.paragraphs)) < 1
    assert copy.editor != original.editor


def test_taken_port_is_told_in_one_sentence(portal: Portal) -> None:
    port = int(portal.address.rsplit(":", 1)[1])
    with pytest.raises(PantauError, match=rf"cannot use port {port}: Address already in use\.$"):
        Portal(port).start()


def test_command_tells_of_a_taken_port(
    portal: Portal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port = portal.address.rsplit(":", 1)[1]
    monkeypatch.setattr("sys.argv", ["portal", "--port", port])
    assert main() == 1
    assert capsys.readouterr().err == f"The demo portal cannot use port {port}: Address already in use.\n"


def test_now_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        Portal(now=datetime(2026, 1, 23))  # noqa: DTZ001


def test_texts_tell_apart_what_searches_must(portal: Portal) -> None:
    texts = {article.url: f"{article.title}\n" + "\n".join(article.paragraphs) for article in portal.articles}

    def holding(words: str, without: str = "\0") -> list[str]:
        return [url for url, text in texts.items() if words in text and without not in text.lower()]

    assert holding("pengentasan warga miskin", without="kemiskinan")
    assert holding("memiskinkan", without="kemiskinan")
    assert holding("anggur ", without="pengangguran")
    assert len(holding("antuan langsung tunai")) == 1
    scattered = ("bantuan", "langsung", "tunai")
    assert any(
        all(word in text for word in scattered) for url, text in texts.items() if url not in holding("BLT")
    )
    assert len(holding("Miktabar")) == 1
    assert len(holding("Muktabar")) > 1


def test_listing_is_ordered_by_age(portal: Portal) -> None:
    for newer, older in pairwise(portal.articles):
        assert newer.published >= older.published
