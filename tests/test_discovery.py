from datetime import datetime, timedelta
from typing import cast

import pytest
from conftest import NOW, SHARED, WIB
from hypothesis import example, given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from crawlers.discovery import (
    MOST_CARDS,
    Link,
    article_address,
    is_too_long,
    listing_tree,
    read_feed,
    read_listing,
)
from crawlers.reading.tree import Tree, parse
from crawlers.source import Listing, Source, load_source

BANTEN = load_source("antara_banten")
HOME = BANTEN.home
ARTICLE = f"{HOME}/berita/1/judul"
ANTARA = SHARED / "pages" / "antara"
LISTING = cast(Listing, BANTEN.preset.listing)


def feed(*items: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
    return f"{head}{''.join(items)}</channel></rss>".encode()


def item(link: str = ARTICLE, date: str = "Thu, 05 Nov 2015 14:56:43 +0700", more: str = "") -> str:
    return f"<item><title>Judul</title><link>{link}</link><pubDate>{date}</pubDate>{more}</item>"


def card(link: str = "/berita/1/judul", date: str = "26 menit lalu") -> str:
    return (
        '<article class="simple-post simple-big clearfix"><header><p><a href="/sosial">Sosial</a>'
        f' <span>{date}</span></p><h3><a href="{link}" title="Judul">Judul</a></h3></header></article>'
    )


def listing(*cards: str) -> Tree:
    return parse(f"<html><body>{''.join(cards)}</body></html>")


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        (ARTICLE, "/berita/1/judul"),
        ("/berita/1/judul", "/berita/1/judul"),
        ("berita/1/judul", "/berita/1/judul"),
        ("//banten.antaranews.com/berita/1/judul", "/berita/1/judul"),
        ("http://banten.antaranews.com/berita/1/judul", "/berita/1/judul"),
        ("https://www.banten.antaranews.com/berita/1/judul", "/berita/1/judul"),
        ("HTTPS://BANTEN.antaranews.com:443/berita/1/judul", "/berita/1/judul"),
        ("  /berita/1/judul\n", "/berita/1/judul"),
        ("/berita/1/judul#komentar", "/berita/1/judul"),
        ("/berita/1/judul?utm_source=rss&utm_medium=feed", "/berita/1/judul"),
        ("/berita/1/judul?fbclid=abc", "/berita/1/judul"),
        ("/berita/1/judul?utm_source=rss&page=all", "/berita/1/judul?page=all"),
        ("/berita/1/judul?utm_source=rss&amp;id=5", "/berita/1/judul?id=5"),
        ("/berita/1/judul?id=5", "/berita/1/judul?id=5"),
        ("/berita/1/harga naik é", "/berita/1/harga%20naik%20%C3%A9"),
        ("/berita/1/harga%20naik", "/berita/1/harga%20naik"),
        ("/rilis-pers/1/judul", "/rilis-pers/1/judul"),
    ],
)
def test_an_article_has_one_address(address: str, kept: str) -> None:
    assert article_address(address, BANTEN) == HOME + kept


@pytest.mark.parametrize(
    "address",
    [
        "/video/1/judul", "/foto/1/judul", "/infografik/1/judul", "/tag/kemiskinan", "/terkini", "/", "",
        "/berita/judul",         "https://contoh.id/berita/1/judul", "https://banten.antaranews.com.contoh.id/berita/1/judul",
        "https://banten.antaranews.com:8080/berita/1/judul", "javascript:alert(1)", "mailto:a@example.org",
        "ftp://banten.antaranews.com/berita/1/judul", "http://[::1/berita/1/judul",
        "https://banten.antaranews.com:99999/berita/1/judul", "/berita/1/" + "a" * 3000,
    ],
)  # fmt: skip
def test_what_is_no_article_here_has_none(address: str) -> None:
    assert article_address(address, BANTEN) is None


def test_a_link_is_relative_to_the_page() -> None:
    assert article_address("../1/judul", BANTEN, f"{HOME}/berita/2/x") == ARTICLE


def test_a_home_with_a_path_is_a_site_of_its_own() -> None:
    source = BANTEN.model_copy(update={"home": "https://contoh.id/banten"})
    assert (
        article_address("https://contoh.id/banten/berita/1/a", source)
        == "https://contoh.id/banten/berita/1/a"
    )
    assert article_address("https://contoh.id/bali/berita/1/a", source) is None


@given(st.text() | st.text("htps:/[]@%?&=#.1berita\\ ").map(lambda text: f"{HOME}/berita/1/{text}"))
@example("http://[")
@example("\ud800")
@example(f"{HOME}/berita/1/\ud800?\ud800=\udfff")
def test_any_text_as_an_address_is_answered(address: str) -> None:
    kept = article_address(address, BANTEN)
    assert kept is None or kept.startswith(f"{HOME}/")
    assert kept is None or article_address(kept, BANTEN) == kept


def test_a_feed_gives_addresses_and_times() -> None:
    published = datetime(2015, 11, 5, 14, 56, 43, tzinfo=WIB)
    assert read_feed(feed(item(f"{ARTICLE}?utm_source=rss")), BANTEN) == [Link(ARTICLE, published)]


def test_a_feed_with_returns_and_doubly_escaped_entities_is_read() -> None:
    text = '<description>&lt;img src="x"&gt;Inovasi &amp;nbsp;riset&#13;\n&#13;\n pangan ...</description>'
    assert [link.url for link in read_feed(feed(item(more=text), item(f"{HOME}/berita/2/b")), BANTEN)] == [
        ARTICLE,
        f"{HOME}/berita/2/b",
    ]


def test_an_article_named_twice_is_one_link() -> None:
    assert len(read_feed(feed(item(), item(f"{ARTICLE}?utm_source=x")), BANTEN)) == 1


def test_other_things_in_a_feed_are_left_out() -> None:
    assert read_feed(feed(item(f"{HOME}/video/1/a"), item("http://[bad"), item("")), BANTEN) == []


def test_an_address_may_stand_in_the_guid() -> None:
    assert read_feed(feed(f"<item><title>J</title><guid>{ARTICLE}</guid></item>"), BANTEN) == [
        Link(ARTICLE, None)
    ]


def test_a_feed_time_without_a_zone_is_that_of_the_source() -> None:
    makassar = BANTEN.model_copy(update={"zone": "WITA"})
    (link,) = read_feed(feed(item(date="2026-01-23 15:32:00")), makassar)
    assert link.published and link.published.isoformat() == "2026-01-23T15:32:00+08:00"


@pytest.mark.parametrize(
    "date", ["", "kemarin", "Fri, 99 Foo 2026 25:61:00 +9900", "0000-00-00", "31 Feb 2026", "\u202e"]
)
def test_a_strange_feed_time_is_none(date: str) -> None:
    assert read_feed(feed(item(date=date)), BANTEN) == [Link(ARTICLE, None)]


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="<&")))
def test_any_feed_time_is_read_without_an_error(date: str) -> None:
    assert [link.url for link in read_feed(feed(item(date=date)), BANTEN)] == [ARTICLE]


def test_an_atom_feed_is_read() -> None:
    atom = (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>J</title><link href="{ARTICLE}"/>'
        "<updated>2026-01-23T15:32:00+07:00</updated></entry></feed>"
    )
    published = datetime(2026, 1, 23, 15, 32, tzinfo=WIB)
    assert read_feed(atom.encode(), BANTEN) == [Link(ARTICLE, published)]


@pytest.mark.parametrize(
    "body", [b"", b"<!DOCTYPE html><html><body>Masuk</body></html>", b"{}", b"\x89PNG\r\n"]
)
def test_what_is_no_feed_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match="no feed"):
        read_feed(body, BANTEN)


def test_an_empty_feed_has_no_articles() -> None:
    assert read_feed(feed(), BANTEN) == []


def test_a_listing_gives_addresses_and_relative_times() -> None:
    published = NOW - timedelta(minutes=26)
    assert read_listing(listing(card()), BANTEN, NOW) == [Link(ARTICLE, published)]


@pytest.mark.parametrize(
    ("date", "age"),
    [
        ("3 jam lalu", timedelta(hours=3)),
        ("kemarin 21:40", timedelta(hours=14, minutes=20)),
        ("22 November 2026 12:00 WIB", timedelta(days=2)),
    ],
)
def test_a_card_has_a_relative_or_absolute_time(date: str, age: timedelta) -> None:
    (link,) = read_listing(listing(card(date=date)), BANTEN, NOW)
    assert link.published == NOW - age


def test_a_card_without_a_readable_time_is_a_link() -> None:
    assert read_listing(listing(card(date="Terpopuler 1")), BANTEN, NOW) == [Link(ARTICLE, None)]


def test_other_things_on_a_listing_are_left_out() -> None:
    page = listing(card("/video/1/a"), card("/foto/1/a"), card("/infografik/1/a"), card("/tag/a"), card())
    assert [link.url for link in read_listing(page, BANTEN, NOW)] == [ARTICLE]


def test_boxes_beside_a_listing_are_left_out() -> None:
    beside = '<article class="simple-post"><h3><a href="/berita/9/terpopuler">T</a></h3></article>'
    assert [link.url for link in read_listing(listing(card(), beside), BANTEN, NOW)] == [ARTICLE]


def test_cards_of_the_newer_template_are_read() -> None:
    title = '<h2 class="h5"><a href="/berita/1/judul">Judul</a></h2>'
    newer = f'<div class="card__post"><div class="card__post__title">{title}</div></div>'
    assert [link.url for link in read_listing(listing(newer), BANTEN, NOW)] == [ARTICLE]


def test_links_of_a_fetched_page_are_relative_to_it() -> None:
    body = card("../berita/1/judul").encode()
    tree = listing_tree(HtmlResponse(f"{HOME}/kabar/daerah", body=body, encoding="utf-8"))
    assert [link.url for link in read_listing(tree, BANTEN, NOW)] == [ARTICLE]


def test_a_source_without_listings_has_no_links() -> None:
    source = BANTEN.model_copy(update={"preset": BANTEN.preset.model_copy(update={"listing": None})})
    assert read_listing(listing(card()), source, NOW) == []


def test_of_a_hundred_thousand_links_the_first_are_read() -> None:
    cards = "".join(card(f"/berita/{number}/judul") for number in range(100_000))
    response = HtmlResponse(f"{HOME}/terkini", body=cards.encode(), encoding="utf-8")
    tree = listing_tree(response)
    links = read_listing(tree, BANTEN, NOW)
    assert [link.url for link in links] == [f"{HOME}/berita/{number}/judul" for number in range(MOST_CARDS)]
    assert is_too_long(response, tree, LISTING)


def test_a_usual_listing_is_not_too_long() -> None:
    response = HtmlResponse(f"{HOME}/terkini", body=(card() * MOST_CARDS).encode(), encoding="utf-8")
    assert not is_too_long(response, listing_tree(response), LISTING)


@given(st.from_regex(r"/(berita|tag|\.\.)/[0-9a-zA-Z/._~%-]*", fullmatch=True))
def test_a_plain_address_is_kept_as_one_that_has_to_be_taken_apart(path: str) -> None:
    assert article_address(f" {HOME}{path}", BANTEN) == article_address(f"{HOME}{path}#komentar", BANTEN)


@pytest.mark.skipif(not ANTARA.exists(), reason="the pages of others are not here")
@pytest.mark.parametrize("year", [2015, 2017])
def test_reads_the_real_feeds(year: int) -> None:
    source: Source = BANTEN.model_copy(update={"home": "https://www.antaranews.com"})
    links = read_feed((ANTARA / f"rss-{year}.xml").read_bytes(), source)
    assert len(links) == 20
    assert all(link.published and link.published.year == year for link in links)
