"""The one spider: from a source's feeds and listing pages to its articles."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from crawlers.discovery import Link, read_feed, read_listing
from crawlers.extract import PageError, read_article
from crawlers.failures import describe, is_not_modified
from crawlers.memory import Memory, Validators
from crawlers.source import Source
from indexer.article import Article

page_failed = object()
"""Signal: a page could not be read. Sent with url, kind, message and role ("listing" or "article")."""
MAX_LISTING_PAGES = 20
"""How far a crawl without `since` pages back to what it knows."""


class PortalSpider(Spider):
    """Crawls one source; `since` pages back to a date, `recheck` looks at all young articles again."""

    source: Source
    memory: Memory

    def __init__(self, *, since: str | None = None, recheck: bool | str = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.since = datetime.fromisoformat(since).astimezone(UTC) if since else None
        self.recheck = recheck in (True, "1", "true")

    async def start(self) -> AsyncIterator[Request]:
        """First what names new articles, then what an earlier run left over or is to be looked at again."""
        self.is_first = not self.memory.knows_any()
        for path in self.source.preset.feeds:
            yield self._listing_request(self.source.address(path), self.parse_feed)
        for path in self.source.preset.listing.paths if self.source.preset.listing else ():
            yield self._listing_request(self.source.address(path), self.parse_listing, path=path, number=1)
        for url in self.memory.due(self.now(), self.recheck):
            yield self._article_request(url)

    def parse_feed(self, response: Response) -> Iterator[Request]:
        """Requests for the new articles of a feed."""
        try:
            links = read_feed(response.body, self.source)
        except ValueError as error:
            self._fail(response.meta["page"], "layout", str(error), "listing")
            return
        if not links:
            self._fail(response.meta["page"], "layout", "the feed names no article", "listing")
        yield from self._requests_for(links, response)

    def parse_listing(self, response: Response, path: str, number: int) -> Iterator[Request]:
        """Requests for the new articles of a listing page, and for the next page if it may hold more."""
        if not isinstance(response, TextResponse):
            self._fail(response.meta["page"], "layout", "not a page of text", "listing")
            return
        links = read_listing(response.selector, self.source, self.now())
        if not links and number == 1:
            self._fail(response.meta["page"], "layout", "no links to articles", "listing")
        requests = list(self._requests_for(links, response))
        yield from requests
        if links and self._wants_more(links, len(requests), number):
            assert self.source.preset.listing
            next_path = self.source.preset.listing.page.format(path=path, number=number + 1)
            yield self._listing_request(
                self.source.address(next_path), self.parse_listing, path=path, number=number + 1
            )

    def parse_article(self, response: Response) -> Iterator[Article]:
        """The article of a page."""
        try:
            if not isinstance(response, TextResponse):
                raise PageError("layout", "not a page of text")
            yield read_article(response.selector, response.url, self.source, self.now())
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
        self._fail(meta["page"], kind, message, meta["role"])

    def now(self) -> datetime:
        """The clock of this crawl."""
        return datetime.now(UTC)

    def _wants_more(self, links: list[Link], new: int, number: int) -> bool:
        if self.since:
            dates = [link.published for link in links if link.published]
            return not dates or max(dates) >= self.since
        return not self.is_first and new == len(links) and number < MAX_LISTING_PAGES

    def _requests_for(self, links: list[Link], response: Response) -> Iterator[Request]:
        since = self.since
        wanted = [each.url for each in links if not (since and each.published and each.published < since)]
        self.crawler.stats.inc_value("pantau/listings_read")
        for url in self.memory.listed(response.meta["page"], wanted, validators_of(response), self.now()):
            yield self._article_request(url)

    def _listing_request(self, url: str, callback: Any, **kwargs: Any) -> Request:
        conditional = not (self.since or kwargs.get("number", 1) > 1)
        meta = {"role": "listing", "page": url, "conditional": conditional}
        return Request(url, callback, errback=self.failed, cb_kwargs=kwargs, meta=meta, priority=10)

    def _article_request(self, url: str) -> Request:
        meta = {"role": "article", "page": url, "conditional": True}
        return Request(url, self.parse_article, errback=self.failed, meta=meta)

    def _fail(self, url: str, kind: str, message: str, role: str = "article") -> None:
        self.crawler.signals.send_catch_log(page_failed, url=url, kind=kind, message=message, role=role)


def spider_for(source: Source, module: str = __name__) -> type[PortalSpider]:
    """The spider class of a source, as if it were defined in `module`."""
    attributes = {
        "name": source.key,
        "source": source,
        "custom_settings": {"DOWNLOAD_DELAY": source.delay},
        "__doc__": source.name,
        "__module__": module,
    }
    return type(f"Spider_{source.key}", (PortalSpider,), attributes)


def validators_of(response: Response) -> Validators:
    """What the server gave to recognise this version of the page by."""
    etag, last_modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
    return Validators(_text(etag), _text(last_modified))


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")
