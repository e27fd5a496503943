"""The one spider: by every way a source has, from its lists to its articles."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure
from w3lib.url import add_or_replace_parameters

from crawlers.discovery import (
    MOST_CARDS,
    Link,
    is_too_long,
    listing_tree,
    read_feed,
    read_listing,
    read_posts,
    read_sitemap,
)
from crawlers.extract import PageError, further_pages, read_article
from crawlers.failures import describe, is_not_modified
from crawlers.memory import Due, Memory, Validators
from crawlers.reading.tree import Tree, tree_of
from crawlers.source import Listing, Source
from indexer.article import Article

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
    """Crawls one source; `since` pages back to a date, `recheck` looks at all young articles again.

    Lists go into the memory, and articles are taken from there some hundred at a time, so that a crawl holds
    no more of a long list than of a short one.
    """

    source: Source
    memory: Memory

    def __init__(self, *, since: str | None = None, recheck: bool | str = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.since = datetime.fromisoformat(since).astimezone(UTC) if since else None
        self.recheck = recheck in (True, "1", "true")
        self.read_from: dict[int, tuple[str, Validators]] = {}
        """Of each article on its way to the record, by its id(): the page it was read from."""
        self._listed: set[str] = set()
        self._missing: list[tuple[str, str, str]] = []
        self._last: Due | None = None
        self._may_be_due = False
        self._unread: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> "PortalSpider":
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.tell_missing, signals.spider_idle)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """What names new articles."""
        self.is_first = not self.memory.knows_any()
        self._unread = self.memory.unread(self.since) if self.since else set()
        self._may_be_due = True
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

    def next_articles(self) -> Iterator[Request]:
        """Requests for some more articles that are due: new ones, left over ones, ones to be looked at again.

        Each is asked for once in a crawl, even if it is due again before that ends.
        """
        if not self._may_be_due:
            return
        due = self.memory.due(self.now(), recheck=self.recheck, after=self._last)
        self._may_be_due = bool(due)
        for each in due:
            self._last = each
            yield self._article(each)

    def parse_feed(self, response: Response) -> None:
        """Keep the new articles of a feed."""
        read = partial(read_feed, response.body, self.source)
        if links := self._read(response, read, "the feed names no article"):
            self._keep(links, response)

    def parse_posts(self, response: Response, number: int) -> Iterator[Request]:
        """Keep the new articles among WordPress's posts; a request for more posts if they may be new."""
        links = self._read(response, partial(read_posts, response.body, self.source), "there are no posts")
        if links is None:
            return
        new = self._keep(links, response)
        may_go_on = len(links) == POSTS_PER_PAGE and self._wants_more(links, new, number)
        following = self._following(response, self._posts_path, number, new, may_go_on)
        if following:
            yield self._listing("posts", self._posts_path(following), self.parse_posts, number=following)

    def parse_sitemap(self, response: Response) -> Iterator[Request]:
        """Keep the new articles of a sitemap; requests for the sitemaps it leads to, newest first."""
        sitemaps: list[Link] = []

        def read() -> list[Link]:
            links, found = read_sitemap(response.body, self.source)
            sitemaps.extend(found)
            return links

        links = self._read(response, read)
        if links is None:
            return
        begin = self.since or self.now() - RECENT
        self._keep([each for each in links if each.published and each.published >= begin], response)
        young = [each for each in sitemaps if each.published is None or each.published >= begin]
        young.sort(key=lambda each: each.published or self.now(), reverse=True)
        for each in young[:MAX_SITEMAPS]:
            yield self._listing("sitemaps", each.url, self.parse_sitemap)

    def parse_listing(
        self, response: Response, listing: Listing, base: str, number: int
    ) -> Iterator[Request]:
        """Keep the new articles of a listing page; a request for the next page if it may hold more."""

        def read() -> list[Link]:
            tree = listing_tree(response)
            if is_too_long(response, tree, listing):
                message = f"the page is too long: only its first {MOST_CARDS} entries at most are looked at"
                self._fail(response.meta["page"], "layout", message, "listing")
            return read_listing(tree, self.source, self.now(), listing)

        links = self._read(response, read, "no links to articles" if number == 1 else "")
        if links is None:
            return
        new = self._keep(links, response)
        urls = {each.url for each in links}
        is_repeated = urls <= self._listed  # as where a site ignores the page's number
        self._listed |= urls
        path = partial(_page_path, listing, base)
        may_go_on = not is_repeated and self._wants_more(links, new, number)
        following = self._following(response, path, number, new, may_go_on)
        if following:
            more = {"listing": listing, "base": base, "number": following}
            yield self._listing("listing", path(following), self.parse_listing, **more)

    def parse_article(
        self, response: Response, first: Response | None = None, before: tuple[Tree, ...] = ()
    ) -> Iterator[Article | Request]:
        """The article of a page, or a request for its next page if it has several.

        `first` is its first page, `before` are the trees of all that were read so far.
        """
        try:
            yield self._read_article(response, first or response, before)
        except PageError as error:
            self._fail(response.meta["page"], error.kind, str(error))

    def failed(self, failure: Failure) -> None:
        """Tell what kept a page from being fetched; one that is as it was is no failure."""
        request: Request = failure.request  # type: ignore[attr-defined]
        meta, number = request.meta, request.cb_kwargs.get("number", 1)
        if is_not_modified(failure):
            self.memory.unchanged(meta["page"], self.now())
            self.crawler.stats.inc_value(f"pantau/{meta['role']}s_unchanged")
            return
        kind, message = describe(failure)
        if meta.get("way") in self.source.preset.optional and kind in MISSING:
            self._missing.append((meta["page"], kind, message))
        elif number == 1 or kind not in ENDS:
            self._fail(meta["page"], kind, message, meta["role"])
        elif self.since:
            self.memory.page_back(meta["page"], None, self.since, self.now())

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

    def _read(
        self, response: Response, read: Callable[[], list[Link]], if_empty: str = ""
    ) -> list[Link] | None:
        """What `read` finds; a list that cannot be read (None), or is empty though it must not be, is told."""
        try:
            links = read()
        except ValueError as error:
            self._fail(response.meta["page"], "layout", str(error), "listing")
            return None
        if links or not if_empty:
            self.crawler.stats.inc_value("pantau/listings_read")
        else:
            self._fail(response.meta["page"], "layout", if_empty, "listing")
        return links

    def _keep(self, links: list[Link], response: Response) -> int:
        """How many were not known before; all are kept in the same step as that the list was read."""
        since = self.since
        wanted = [each.url for each in links if not (since and each.published and each.published < since)]
        new = self.memory.listed(response.meta["page"], wanted, validators_of(response), self.now())
        self._may_be_due = self._may_be_due or bool(new)
        return len(new)

    def _read_article(
        self, response: Response, first: Response, before: tuple[Tree, ...]
    ) -> Article | Request:
        try:
            trees = (*before, tree_of(response))
        except ValueError as error:
            raise PageError("layout", str(error)) from None
        more = further_pages(trees[0], first.url, self.source)
        if len(before) < len(more):
            return self._next_page(more[len(before)], first, trees)
        article = read_article(trees[0], first.url, self.source, self.now(), trees[1:])
        self.read_from[id(article)] = first.meta["page"], validators_of(first)
        return article

    def _wants_more(self, links: list[Link], new: int, number: int) -> bool:
        if not self.since:
            return not self.is_first and new == len(links) and number < MAX_LISTING_PAGES
        dates = [each.published for each in links if each.published]
        return number < MAX_BACKFILL_PAGES and (not dates or max(dates) >= self.since)

    def _following(
        self, response: Response, path: Callable[[int], str], number: int, new: int, may_go_on: bool
    ) -> int | None:
        """Number of the page of a listing that is read after page `number`; None if none is.

        On the way back to `since` that is kept, so that a crawl that is cut short goes on from there: the next
        one reads from the newest page on until it meets what is known, and then the page that was kept.
        """
        following = number + 1 if may_go_on else None
        if self.since is None:
            return following
        if following and not new:
            following = self._reached(path, number) or following
        address = self.source.address(path(following)) if following else None
        self.memory.page_back(response.meta["page"], address, self.since, self.now())
        return following

    def _reached(self, path: Callable[[int], str], number: int) -> int | None:
        """Number of the page behind `number` at which an earlier crawl was cut short."""
        if not self._unread:
            return None
        further = range(number + 1, MAX_BACKFILL_PAGES + 1)
        return next((each for each in further if self.source.address(path(each)) in self._unread), None)

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
        is_newest = not self.since and kwargs.get("number", 1) == 1
        headers = self.memory.validators(url).headers if is_newest else {}
        meta = {"role": "listing", "way": way, "page": url}
        return Request(
            url,
            callback,
            errback=self.failed,
            headers=headers,
            cb_kwargs=kwargs,
            meta=meta,
            priority=10,
        )

    def _article(self, due: Due) -> Request:
        whole = self.source.preset.whole
        url = add_or_replace_parameters(due.url, dict([whole.split("=", 1)])) if whole else due.url
        return Request(
            url,
            self.parse_article,
            errback=self.failed,
            headers=due.validators.headers,
            meta={"role": "article", "page": due.url},
            dont_filter=True,  # the memory names each once
        )

    def _next_page(self, url: str, first: Response, read: tuple[Tree, ...]) -> Request:
        return Request(
            url,
            self.parse_article,
            errback=self.failed,
            cb_kwargs={"first": first, "before": read},
            meta={"role": "article", "page": first.meta["page"], "part": url},
            priority=5,
            dont_filter=True,
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
    etag, last_modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
    return Validators(_text(etag), _text(last_modified))


def _page_path(listing: Listing, base: str, number: int) -> str:
    return listing.page.format(path=base.rstrip("/"), number=number) if number > 1 else base


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")
