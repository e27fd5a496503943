"""Feeds and listing pages into addresses of articles: pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

import feedparser
from scrapy import Selector
from w3lib.url import canonicalize_url, url_query_cleaner

from crawlers.dates import read_date
from crawlers.source import Source


@dataclass(frozen=True)
class Link:
    """An article that a feed or a listing page names."""

    url: str
    published: datetime | None


def read_feed(body: bytes, source: Source) -> list[Link]:
    """Articles of an RSS or Atom feed; raises ValueError if it is no feed."""
    feed = feedparser.parse(BytesIO(body))
    if not feed.version:
        raise ValueError("this is no feed")
    return list(_links(((entry.get("link", ""), _moment(entry)) for entry in feed.entries), source))


def read_listing(page: Selector, source: Source, now: datetime) -> list[Link]:
    """Articles of a listing page, in its order."""
    listing = source.preset.listing
    if listing is None:
        return []
    cards = (
        (
            card.css(listing.link).get(""),
            read_date(card.css(listing.date).get(""), source.zone, now) if listing.date else None,
        )
        for card in page.css(listing.card)
    )
    return list(_links(cards, source))


def article_address(address: str, source: Source) -> str | None:
    """The address as we keep it if it is an article of this source, else None."""
    url = canonicalize_url(url_query_cleaner(source.address(address.strip())))
    if not url.startswith(source.home + "/"):
        return None
    return url if re.search(source.preset.article, url[len(source.home) :]) else None


def _links(found: Iterator[tuple[str, datetime | None]], source: Source) -> Iterator[Link]:
    seen = set()
    for address, published in found:
        url = article_address(address, source) if address else None
        if url and url not in seen:
            seen.add(url)
            yield Link(url, published)


def _moment(entry: feedparser.FeedParserDict) -> datetime | None:
    parsed = entry.get("published_parsed") or entry.get("updated_parsed")
    return datetime(*parsed[:6], tzinfo=UTC) if parsed else None
