"""The one spider: by every way a source has, from its lists to its articles."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure
from w3lib.url import add_or_replace_parameters

from crawlers.discovery import Link, read_feed, read_listing, read_posts, read_sitemap
from crawlers.extract import PageError, further_pages, read_article
from crawlers.failures import describe, is_not_modified
from crawlers.memory import Memory, Validators
from crawlers.source import Listing, Source

page_failed = object()
"""Signal: a page could not be read. Sent with url, kind, message and role ("listing" or "article")."""
MAX_LISTING_PAGES = 20
"""How far a crawl without `since` pages back to what it knows."""
MAX_BACKFILL_PAGES = 5_000
"""How far a crawl with `since` pages back where a listing tells no dates."""
RECENT = timedelta(days=7)
"""What a sitemap names is looked at without `since` if it is younger than this."""
MAX_SITEMAPS = 50
"""Sitemaps of an index that are followed."""
POSTS_PER_PAGE = 50
MISSING = ("gone", "blocked")
"""Kinds of failure by which an optional way is not there."""
ENDS = ("gone", "http")
"""Kinds of failure by which a further page of a listing is not there: the listing has ended."""


class PortalSpider(Spider):
    """Crawls one source; `since` pages back to a date, `recheck` looks at all young articles again."""

    source: Source
    memory: Memory

    def __init__(self, *, since: str | None = None, recheck: bool | str = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.since = datetime.fromisoformat(since).astimezone(UTC) if since else None
        self.recheck = recheck in (True, "1", "true")
        self.read_from: dict[str, tuple[str, Validators]] = {}
        """Of each article on its way to the record, by its address: the page it was read from."""
        self._listed: set[str] = set()
        self._missing: list[tuple[str, str, str]] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> "PortalSpider":
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.tell_missing, signals.spider_idle)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """First what names new articles, then what an earlier run left over or is to be looked at again."""
        self.is_first = not self.memory.knows_any()
        preset = self.source.preset
        for path in preset.feeds:
            yield self._listing("feeds", path, self.parse_feed)
        if preset.posts:
            yield self._listing("posts", self._posts_path(1), self.parse_posts, number=1)
        for path in preset.sitemaps:
            yield self._listing("sitemaps", path, self.parse_sitemap)
        for listing in (preset.listing, preset.search if self.since else None):
            for path in self._paths(listing):
                first = {"listing": listing, "base": path, "number": 1}
                yield self._listing("listing", path, self.parse_listing, **first)
        for url in self.memory.due(self.now(), self.recheck):
            yield self._article(url, conditional=True)

    def parse_feed(self, response: Response) -> Iterator[Request]:
        """Requests for the new articles of a feed."""
        read = partial(read_feed, response.body, self.source)
        yield from self._new(self._read(response, read, "the feed names no article"), response)

    def parse_posts(self, response: Response, number: int) -> Iterator[Request]:
        """Requests for the new articles among WordPress's posts, and for more posts if they may be new."""
        links = self._read(response, partial(read_posts, response.body, self.source), "there are no posts")
        requests = list(self._new(links, response))
        yield from requests
        if self._wants_more(links, len(requests), number) and len(links) == POSTS_PER_PAGE:
            yield self._listing("posts", self._posts_path(number + 1), self.parse_posts, number=number + 1)

    def parse_sitemap(self, response: Response) -> Iterator[Request]:
        """Requests for the new articles of a sitemap, and for the sitemaps it leads to, newest first."""
        sitemaps: list[Link] = []

        def read() -> list[Link]:
            links, found = read_sitemap(response.body, self.source)
            sitemaps.extend(found)
            return links

        links = self._read(response, read)
        begin = self.since or self.now() - RECENT
        yield from self._new([each for each in links if each.published and each.published >= begin], response)
        young = [each for each in sitemaps if each.published is None or each.published >= begin]
        young.sort(key=lambda each: each.published or self.now(), reverse=True)
        for each in young[:MAX_SITEMAPS]:
            yield self._listing("sitemaps", each.url, self.parse_sitemap)

    def parse_listing(
        self, response: Response, listing: Listing, base: str, number: int
    ) -> Iterator[Request]:
        """Requests for the new articles of a listing page, and for the next page if it may hold more."""

        def read() -> list[Link]:
            if not isinstance(response, TextResponse):
                raise ValueError("not a page of text")  # noqa: TRY004  # the site's mistake, not ours
            return read_listing(response.selector, self.source, self.now(), listing)

        links = self._read(response, read, "no links to articles" if number == 1 else "")
        requests = list(self._new(links, response))
        yield from requests
        is_repeated = {
            each.url for each in links
        } <= self._listed  # as where a site ignores the page's number
        self._listed |= {each.url for each in links}
        if not is_repeated and self._wants_more(links, len(requests), number):
            next_path = listing.page.format(path=base.rstrip("/"), number=number + 1)
            more = {"listing": listing, "base": base, "number": number + 1}
            yield self._listing("listing", next_path, self.parse_listing, **more)

    def parse_article(self, response: Response, pages: tuple[TextResponse, ...] = ()) -> Iterator[Any]:
        """The article of a page, or a request for its next page if it has several."""
        try:
            if not isinstance(response, TextResponse):
                raise PageError("layout", "not a page of text")
            read = (*pages, response)
            more = further_pages(read[0].selector, read[0].url, self.source)
            if len(pages) < len(more):
                yield self._next_page(more[len(pages)], read)
                return
            selectors = [each.selector for each in read]
            article = read_article(selectors[0], read[0].url, self.source, self.now(), selectors[1:])
            self.read_from[article.url] = response.meta["page"], validators_of(response)
            yield article
        except PageError as error:
            self._fail(response.meta["page"], error.kind, str(error))

    def failed(self, failure: Failure) -> None:
        """Tell what kept a page from being fetched; one that is as it was is no failure."""
        meta = failure.request.meta  # type: ignore[attr-defined]
        if is_not_modified(failure):
            self.memory.unchanged(meta["page"], self.now())
            self.crawler.stats.inc_value(f"pantau/{meta['role']}s_unchanged")
            return
        kind, message = describe(failure)
        if meta.get("way") in self.source.preset.optional and kind in MISSING:
            self._missing.append((meta["page"], kind, message))
        elif kind not in ENDS or failure.request.cb_kwargs.get("number", 1) == 1:  # type: ignore[attr-defined]
            self._fail(meta["page"], kind, message, meta["role"])

    def tell_missing(self) -> None:
        """At the end: optional ways that are not there are a failure if no other way worked."""
        stats = self.crawler.stats
        if not any(stats.get_value(f"pantau/listings_{how}", 0) for how in ("read", "unchanged")):
            for page, kind, message in self._missing:
                self._fail(page, kind, message, "listing")
        self._missing.clear()

    def now(self) -> datetime:
        """The clock of this crawl."""
        return datetime.now(UTC)

    def _read(self, response: Response, read: Callable[[], list[Link]], if_empty: str = "") -> list[Link]:
        """What `read` finds; a list that cannot be read, or is empty though it must not be, is told."""
        try:
            links = read()
        except ValueError as error:
            self._fail(response.meta["page"], "layout", str(error), "listing")
            return []
        if links or not if_empty:
            self.crawler.stats.inc_value("pantau/listings_read")
        else:
            self._fail(response.meta["page"], "layout", if_empty, "listing")
        return links

    def _new(self, links: list[Link], response: Response) -> Iterator[Request]:
        """Requests for those not known before; all are kept in the same step as that the list was read."""
        since = self.since
        wanted = [each.url for each in links if not (since and each.published and each.published < since)]
        for url in self.memory.listed(response.meta["page"], wanted, validators_of(response), self.now()):
            yield self._article(url)

    def _wants_more(self, links: list[Link], new: int, number: int) -> bool:
        if not self.since:
            return not self.is_first and new == len(links) and number < MAX_LISTING_PAGES
        dates = [each.published for each in links if each.published]
        return number < MAX_BACKFILL_PAGES and (not dates or max(dates) >= self.since)

    def _paths(self, listing: Listing | None) -> Iterator[str]:
        days = {"since": f"{self.since or self.now():%d-%m-%Y}", "until": f"{self.now():%d-%m-%Y}"}
        for path in listing.paths if listing else ():
            yield path.format(**days)

    def _posts_path(self, number: int) -> str:
        query = {"per_page": str(POSTS_PER_PAGE), "page": str(number), "_fields": "link,date_gmt"}
        if self.since:
            query["after"] = f"{self.since:%Y-%m-%dT%H:%M:%S}"
        return add_or_replace_parameters(self.source.preset.posts, query)

    def _listing(self, way: str, path: str, callback: Callable[..., Any], **kwargs: Any) -> Request:
        url = self.source.address(path)
        conditional = not self.since and kwargs.get("number", 1) == 1
        meta = {"role": "listing", "way": way, "page": url, "conditional": conditional}
        return Request(url, callback, errback=self.failed, cb_kwargs=kwargs, meta=meta, priority=10)

    def _article(self, url: str, conditional: bool = False) -> Request:
        whole = dict([self.source.preset.whole.split("=", 1)]) if self.source.preset.whole else {}
        meta = {"role": "article", "page": url, "conditional": conditional}
        address = add_or_replace_parameters(url, whole)
        return Request(address, self.parse_article, errback=self.failed, meta=meta)

    def _next_page(self, url: str, read: tuple[TextResponse, ...]) -> Request:
        first = read[0]
        meta = {
            "role": "article",
            "page": first.meta["page"],
            "part": url,
            "validators": validators_of(first),
            "conditional": False,
        }
        return Request(
            url, self.parse_article, errback=self.failed, cb_kwargs={"pages": read}, meta=meta, priority=5
        )

    def _fail(self, url: str, kind: str, message: str, role: str = "article") -> None:
        self.crawler.signals.send_catch_log(page_failed, url=url, kind=kind, message=message, role=role)


def spider_for(source: Source, module: str = __name__) -> type[PortalSpider]:
    """The spider class of a source, as if it were defined in `module`."""
    attributes = {
        "name": source.key,
        "source": source,
        "custom_settings": {"DOWNLOAD_DELAY": source.delay, "AUTOTHROTTLE_ENABLED": not source.local},
        "__doc__": source.name,
        "__module__": module,
    }
    return type(f"Spider_{source.key}", (PortalSpider,), attributes)


def validators_of(response: Response) -> Validators:
    """What the server gave to recognise this version of the page by."""
    if isinstance(known := response.meta.get("validators"), Validators):
        return known
    etag, last_modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
    return Validators(_text(etag), _text(last_modified))


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")
