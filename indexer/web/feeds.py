"""A search as a feed: the newest articles it finds, as RSS 2.0 and Atom (RFC 4287).

Entries link to the publisher and are known by its address, which stays the same wherever Pantau is served.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum
from html import escape
from urllib.parse import quote
from xml.etree import ElementTree as ET

import sqlalchemy as sa
from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.responses import Response

from indexer.highlight import passage
from indexer.index import Hits
from indexer.query import Query
from indexer.schema import articles
from indexer.store import Store, StoredArticle
from indexer.web import asked as addresses
from indexer.web.asked import Asked
from indexer.web.failures import Refused
from indexer.web.filters import for_xml, shortened
from indexer.web.links import home
from indexer.web.site import Asking, Page
from indexer.web.sources import source_names
from indexer.web.unchanged import is_known, tag

ENTRIES = 50
SUMMARY = 500
"""Characters of an article that an entry shows."""
MAX_NAMES = 20
"""Authors and tags of an entry."""
TTL = 15
"""Minutes after which an RSS reader may ask again."""
NEVER = datetime(2020, 1, 1, tzinfo=UTC)
"""When a feed without entries was changed last."""
ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"

router = APIRouter()
ET.register_namespace("atom", ATOM)
ET.register_namespace("dc", DC)


class Kind(StrEnum):
    """The kinds of feed, as they end addresses."""

    RSS = "rss"
    ATOM = "atom"


@dataclass(frozen=True)
class Entry:
    """An article as feeds have it."""

    title: str
    url: str
    published: datetime
    updated: datetime
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    source: str
    summary: str


@dataclass(frozen=True)
class Feed:
    """What both kinds of feed say."""

    title: str
    description: str
    page: str
    """Address of the search for people."""
    itself: str
    is_named: bool
    """Whether it is read at that address, and may tell so."""
    language: str
    updated: datetime
    entries: Sequence[Entry]


@router.get("/umpan.rss")
def rss(page: Asking) -> Response:
    """The search in the address as RSS."""
    return answer(page, _asked(page), Kind.RSS)


@router.get("/umpan.atom")
def atom(page: Asking) -> Response:
    """The search in the address as Atom."""
    return answer(page, _asked(page), Kind.ATOM)


def answer(page: Page, asked: Asked, kind: Kind, is_secret: bool = False) -> Response:
    """A search as a feed, the newest first, whatever order is asked for. One that `is_secret` is read at an address that
    it must not tell: readers keep to the one they have."""
    feed = _feed(page, asked, kind, is_secret)
    tree = _as_rss(feed) if kind == Kind.RSS else _as_atom(feed)
    return _answer(page, feed, tree, f"application/{kind}+xml; charset=utf-8")


def _asked(page: Page) -> Asked:
    return addresses.read(page.request.query_params, page.texts)


def _feed(page: Page, asked: Asked, kind: Kind, is_secret: bool) -> Feed:
    asked = replace(asked, after=None)
    wanted = asked.query(page.now)
    if wanted.problem:
        raise Refused(wanted.problem.in_language(page.texts.language))
    found = page.site.index.search(wanted, limit=ENTRIES)
    entries = _entries(page, found, wanted)
    return Feed(
        title=_title(page, asked),
        description=page.texts.gettext("The newest articles of this search."),
        page=home(page.request) + asked.url(),
        itself=home(page.request) + asked.url(f"/umpan.{kind}"),
        is_named=not is_secret,
        language=page.texts.language,
        updated=max((each.updated for each in entries), default=NEVER),
        entries=entries,
    )


def _title(page: Page, asked: Asked) -> str:
    written = asked.written(page.now)
    return f"Pantau: {shortened(written)}" if written else f"Pantau: {page.texts.gettext('All articles')}"


def _entries(page: Page, found: Hits, wanted: Query) -> list[Entry]:
    store, names = page.site.store, source_names(page.site)
    changed = _changed(store, found.ids)
    stored = [each for each in store.articles(found.ids) if each.id in changed]
    return [
        _entry(each, changed[each.id], names.get(each.article.source, each.article.source), wanted)
        for each in stored
    ]


def _entry(stored: StoredArticle, changed: datetime, source: str, wanted: Query) -> Entry:
    article = stored.article
    return Entry(
        title=article.title,
        url=_iri(article.url),
        published=article.published,
        updated=max(changed, article.published),
        authors=article.authors[:MAX_NAMES],
        tags=article.tags[:MAX_NAMES],
        source=source,
        summary=" ".join(passage(article.text, wanted, SUMMARY).text.split()),
    )


def _changed(store: Store, ids: Sequence[int]) -> dict[int, datetime]:
    """When each article was changed last."""
    wanted = sa.select(articles.c.id, articles.c.changed_at).where(articles.c.id.in_(ids))
    with store.reading() as connection:
        return {row.id: row.changed_at for row in connection.execute(wanted)}


def _iri(url: str) -> str:
    """An address without what no address may have, whatever a site wrote."""
    return quote(url, safe="%/:=&?~#+!$,;'@()*[]", errors="replace")


def _answer(page: Page, feed: Feed, tree: ET.Element, media_type: str) -> Response:
    body = ET.tostring(tree, encoding="utf-8", xml_declaration=True)
    headers = {"ETag": tag(body), "Last-Modified": format_datetime(feed.updated.astimezone(UTC), usegmt=True)}
    if _is_unchanged(page.request.headers, headers["ETag"], feed.updated):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _is_unchanged(asked: Headers, etag: str, updated: datetime) -> bool:
    """By tag where a reader knows one, else by time."""
    if "if-none-match" in asked:
        return is_known(asked, etag)
    try:
        since = parsedate_to_datetime(asked.get("if-modified-since", ""))
    except ValueError:
        return False
    return since.tzinfo is not None and since >= updated.replace(microsecond=0)


def _as_rss(feed: Feed) -> ET.Element:
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _add(channel, "title", feed.title)
    _add(channel, "link", feed.page)
    _add(channel, "description", feed.description)
    _add(channel, "language", feed.language)
    _add(channel, "lastBuildDate", _rfc822(feed.updated))
    _add(channel, "ttl", str(TTL))
    if feed.is_named:
        ET.SubElement(channel, f"{{{ATOM}}}link", rel="self", type="application/rss+xml", href=feed.itself)
    for each in feed.entries:
        item = ET.SubElement(channel, "item")
        _add(item, "title", each.title)
        _add(item, "link", each.url)
        _add(item, "guid", each.url, isPermaLink="true")
        _add(item, "pubDate", _rfc822(each.published))
        for name in each.authors:
            _add(item, f"{{{DC}}}creator", name)
        _add(item, f"{{{DC}}}publisher", each.source)
        for name in each.tags:
            _add(item, "category", name)
        _add(item, "description", escape(each.summary, quote=False))  # readers take it for HTML
    return root


def _as_atom(feed: Feed) -> ET.Element:
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": feed.language})
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.description)
    _add(root, "id", feed.itself)
    _add(root, "updated", _rfc3339(feed.updated))
    if feed.is_named:
        ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=feed.itself)
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=feed.page)
    for each in feed.entries:
        entry = ET.SubElement(root, "entry")
        _add(entry, "title", each.title, type="text")
        _add(entry, "id", each.url)
        ET.SubElement(entry, "link", rel="alternate", type="text/html", href=each.url)
        _add(entry, "published", _rfc3339(each.published))
        _add(entry, "updated", _rfc3339(each.updated))
        for name in each.authors or (each.source,):
            _add(ET.SubElement(entry, "author"), "name", name)
        if each.authors:
            _add(ET.SubElement(entry, "contributor"), "name", each.source)
        for name in each.tags:
            ET.SubElement(entry, "category", term=for_xml(name))
        _add(entry, "summary", each.summary, type="text")
    return root


def _add(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = for_xml(text)


def _rfc822(moment: datetime) -> str:
    return format_datetime(moment)


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
