"""Feeds, sitemaps, listing pages and WordPress's list of posts into addresses of articles: pure."""

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from gzip import GzipFile
from io import BytesIO
from itertools import islice
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urljoin, urlsplit

import feedparser
from lxml import etree  # type: ignore[import-untyped]
from scrapy.http import Response

from crawlers.dates import read_absolute_date, read_date
from crawlers.reading.tree import Tree, find, tree_of
from crawlers.source import Listing, Source

TRACKING = re.compile(
    r"utm_\w*|fbclid|gclid|dclid|gbraid|wbraid|gad_source|msclkid|yclid|twclid|ttclid|igshid|igsh|mc_[ce]id|_ga|_gl"
    r"|fb_action_\w+|fb_source|fb_ref|__twitter_impression|hss_channel|cmpid|at_\w+|mtm_\w+|pk_\w+",
    re.IGNORECASE,
)
"""Parameters that tell where a reader came from; all others say what the page is, as `?id=5`."""
_PLAIN = re.compile(r"/[A-Za-z0-9/._~-]*")
"""A path that is kept as it stands."""
LONGEST_ADDRESS = 2000
LARGEST_SITEMAP = 50 * 1024 * 1024
"""Bytes of an unpacked sitemap, as sitemaps.org allows."""
MOST_ELEMENTS = 500_000
"""Elements of a sitemap that are looked at: 50,000 entries of ten."""
MOST_CARDS = 2_000
"""Entries of one listing page that are looked at; no honest page has as many."""
LONGEST_LISTING = 2_000_000
"""Characters of a listing page that are looked at; no honest page has as many, and a tree is ten times as large."""


@dataclass(frozen=True)
class Link:
    """An article that a feed or a listing page names."""

    url: str
    published: datetime | None


def read_feed(body: bytes, source: Source) -> list[Link]:
    """Articles of an RSS or Atom feed, in its order; raises ValueError if it is no feed."""
    feed = feedparser.parse(
        BytesIO(body), resolve_relative_uris=False, sanitize_html=False
    )  # no text is used
    if not feed.get("version"):  # it has none at all if there was nothing to read
        raise ValueError("this is no feed")
    found = ((_entry_link(entry), _entry_date(entry, source)) for entry in feed.entries)
    return list(_links(found, source))


def listing_tree(response: Response) -> Tree:
    """The tree of a listing page, as far as it is looked at; raises ValueError if it is no page."""
    return tree_of(response, LONGEST_LISTING)


def read_listing(tree: Tree, source: Source, now: datetime, listing: Listing | None = None) -> list[Link]:
    """Articles of a listing page, in its order; by the source's own `listing` if no other is given."""
    listing = listing or source.preset.listing
    if listing is None:
        return []
    return list(_links(_cards(tree, listing, source, now), source, _base(tree)))


def is_too_long(response: Response, tree: Tree, listing: Listing) -> bool:
    """Whether a listing page goes on behind what is looked at."""
    return len(response.body) > LONGEST_LISTING or len(tree.find(listing.card)) > MOST_CARDS


def read_posts(body: bytes, source: Source) -> list[Link]:
    """Articles of WordPress's list of posts (`/wp-json/wp/v2/posts`); raises ValueError if it is none."""
    posts = json.loads(body)
    if not isinstance(posts, list) or not all(isinstance(post, dict) for post in posts):
        raise ValueError("this is no list of posts")
    return list(_links(((str(post.get("link") or ""), _post_date(post)) for post in posts), source))


def read_sitemap(body: bytes, source: Source) -> tuple[list[Link], list[Link]]:
    """Articles and sitemaps that a sitemap names, plain or gzipped; raises ValueError if it is none."""
    articles: list[tuple[str, datetime | None]] = []
    sitemaps: list[Link] = []
    for kind, address, changed in _entries(_unpacked(body), source):
        if kind == "url":
            articles.append((address, changed))
        elif (url := site_address(address, source)) is not None:
            sitemaps.append(Link(url, changed))
    return list(_links(articles, source)), sitemaps


def site_address(address: str, source: Source) -> str | None:
    """An address of this source's own site, whatever it holds; None for any other."""
    try:
        parts = urlsplit(urljoin(source.home + "/", address.strip()))
        if len(address) > LONGEST_ADDRESS or not _is_same_site(parts, urlsplit(source.home)):
            return None
    except ValueError:
        return None
    home = urlsplit(source.home)
    return parts._replace(scheme=home.scheme, netloc=home.netloc, fragment="").geturl()


def article_address(address: str, source: Source, base: str | None = None) -> str | None:
    """The address as we keep it if it is an article of this source, else None; never raises.

    Relative to `base`, the source's home if there is none. Kept is that of the source's home, whatever of
    http and https, with or without "www.", a link says; without fragment and tracking parameters.
    """
    address = address.strip()
    own = address.removeprefix(source.home)
    if own != address and len(address) <= LONGEST_ADDRESS and _PLAIN.fullmatch(own):  # as nearly all are
        return address if re.search(source.preset.article, own) else None
    try:
        parts = urlsplit(urljoin(base or source.home + "/", address.replace("&amp;", "&")))
        home = urlsplit(source.home)
        if len(address) > LONGEST_ADDRESS or not _is_same_site(parts, home):
            return None
    except ValueError:
        return None
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~", errors="replace")
    if not path.startswith(home.path + "/"):
        return None
    target = path + _query(parts.query)
    if not re.search(source.preset.article, target[len(home.path) :]):
        return None
    return f"{home.scheme}://{home.netloc}{target}"


def _is_same_site(one: SplitResult, other: SplitResult) -> bool:
    """Raises ValueError for a port that is none."""
    return one.scheme in ("http", "https") and _site(one) == _site(other)


def _site(parts: SplitResult) -> tuple[str, int | None]:
    port = None if parts.port in (80, 443) else parts.port
    return (parts.hostname or "").rstrip(".").removeprefix("www."), port


def _query(query: str) -> str:
    """`query` without tracking parameters, with its "?" if anything is left."""
    if not query:
        return ""
    kept = [(name, value) for name, value in parse_qsl(query, True) if not TRACKING.fullmatch(name)]
    return "?" + urlencode(kept, errors="replace") if kept else ""


def _base(tree: Tree) -> str | None:
    """What links on a page are relative to: its address or what it states instead; None if it has none."""
    url = tree.root.getroottree().docinfo.URL
    return url if url and url.startswith("http") else None


def _cards(
    tree: Tree, listing: Listing, source: Source, now: datetime
) -> Iterator[tuple[str, datetime | None]]:
    for card in tree.find(listing.card)[:MOST_CARDS]:
        links = find(card, listing.link)
        texts = (_text(found) for found in find(card, listing.date)) if listing.date else ()
        dates = (read_date(text, source.zone, now) for text in texts if text)
        if links:
            yield str(links[0]), next((date for date in dates if date), None)


def _links(
    found: Iterable[tuple[str, datetime | None]], source: Source, base: str | None = None
) -> Iterator[Link]:
    seen: set[str] = set()
    for address, published in found:
        url = article_address(address, source, base) if address else None
        if url and url not in seen:
            seen.add(url)
            yield Link(url, published)


def _entry_link(entry: feedparser.FeedParserDict) -> str:
    return str(entry.get("link") or entry.get("id") or "")


def _entry_date(entry: feedparser.FeedParserDict, source: Source) -> datetime | None:
    """When an entry says it was published: in the source's zone where it names none."""
    for name in ("published", "updated", "created"):
        if name not in entry:
            continue
        if moment := read_absolute_date(str(entry[name]), source.zone) or _moment(
            entry.get(f"{name}_parsed")
        ):
            return moment
    return None


def _moment(parsed: Any) -> datetime | None:
    try:
        return datetime(*parsed[:6]).replace(tzinfo=UTC) if parsed else None  # noqa: DTZ001
    except ValueError:  # a date that cannot be
        return None


def _post_date(post: dict[str, Any]) -> datetime | None:
    return read_absolute_date(f"{post['date_gmt']}+00:00", "WIB") if post.get("date_gmt") else None


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        with GzipFile(fileobj=BytesIO(body)) as file:
            text = file.read(LARGEST_SITEMAP + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"the sitemap cannot be unpacked: {error}") from None
    if len(text) > LARGEST_SITEMAP:
        raise ValueError("the sitemap is too large")
    return text


def _entries(body: bytes, source: Source) -> Iterator[tuple[str, str, datetime | None]]:
    """Kind ("url" or "sitemap"), address and date of each entry."""
    entries = etree.iterparse(
        BytesIO(body), events=("end",), recover=True, resolve_entities=False, no_network=True, huge_tree=False
    )
    seen = False
    try:
        for _, element in islice(entries, MOST_ELEMENTS):
            name = _name(element)
            seen = seen or name in ("url", "sitemap", "urlset", "sitemapindex")
            if name in ("url", "sitemap"):
                parts = {_name(part): (part.text or "").strip() for part in element.iter()}
                stated = parts.get("publication_date") or parts.get("lastmod") or ""
                yield name, parts.get("loc", ""), read_absolute_date(stated, source.zone)
                element.clear()
    except etree.XMLSyntaxError as error:
        raise ValueError(f"this is no sitemap: {error}") from None
    if not seen:
        raise ValueError("this is no sitemap")


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _text(found: Any) -> str:
    return " ".join((str(found) if isinstance(found, str) else "".join(found.itertext())).split())
