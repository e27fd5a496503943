"""From the spider into the record: articles, the run they came in, and what went wrong."""

import asyncio
import logging
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from crawlers.failures import FOR_GOOD
from crawlers.memory import Memory, Validators
from crawlers.politeness import require_contact
from crawlers.safety import source_of
from crawlers.spiders.portal import PortalSpider, page_failed
from indexer.article import Article
from indexer.config import load_config
from indexer.errors import PantauError
from indexer.store import Change, Failure, Result, Store, add_article

logger = logging.getLogger(__name__)
COUNTS = ("pages", "new", "changed", "same", "failed")

PAST = timedelta(days=7)
"""What a crawl with `since` finds that is older than this is stored and searchable, but alerts nobody."""
TOGETHER = 16
"""Articles that are stored in one transaction, as many as Scrapy fetches at once."""
LONGEST_TOGETHER = 0.25
"""Seconds that an article waits for others."""


class Record:
    """Scrapy extension: opens the record for one crawl, notes its run, and remembers what was read.

    Only one crawl of a source runs at a time: raises PantauError while another process is at it.
    """

    def __init__(self, crawler: Crawler, store: Store, resources: ExitStack) -> None:
        assert crawler.stats
        self.store = store
        self._resources = resources
        self._crawler = crawler
        self._stats = crawler.stats
        self._memory = Memory(store, crawler.spidercls.name)
        connect = crawler.signals.connect
        connect(self.spider_opened, signals.spider_opened)
        connect(self.scheduler_empty, signals.scheduler_empty)
        connect(self.response_received, signals.response_received)
        connect(self.spider_error, signals.spider_error)
        connect(self.item_error, signals.item_error)
        connect(self.page_failed, page_failed)
        connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        require_contact([source_of(crawler)])
        store = Store(load_config().database_url).open()
        with ExitStack() as stack:
            stack.callback(store.close)
            if not stack.enter_context(store.exclusively(f"crawl-{crawler.spidercls.name}")):
                raise PantauError(f"{crawler.spidercls.name} is being crawled by another process.")
            return cls(crawler, store, stack.pop_all())

    def spider_opened(self, spider: PortalSpider) -> None:
        spider.memory = self._memory
        self.store.name_source(spider.name, spider.source.name, spider.source.home)
        self.run_id = self.store.start_run(spider.name, _now())

    def scheduler_empty(self) -> None:
        """Hand out some more of the articles that are due."""
        spider, engine = self._crawler.spider, self._crawler.engine
        assert isinstance(spider, PortalSpider) and engine
        try:
            for request in spider.next_articles():
                engine.crawl(request)
        except PantauError as error:
            self._give_up(error)

    def response_received(self, response: Response, request: Request) -> None:
        is_article = request.meta.get("role") == "article" and "part" not in request.meta
        if is_article and response.status == 200:
            self._stats.inc_value("pantau/pages")

    def page_failed(self, url: str, kind: str, message: str, role: str) -> None:
        logger.warning("%s: %s: %s", url, kind, message)
        self._stats.inc_value("pantau/failed")
        if role == "article":
            self._memory.failed(url, _now(), for_good=kind in FOR_GOOD)
        self.store.add_failure(self.run_id, Failure(url, kind, message), _now())

    def spider_error(self, failure: TwistedFailure, response: Response) -> None:
        self._broken(failure, response)

    def item_error(self, item: Any, response: Response, failure: TwistedFailure) -> None:
        self._broken(failure, response)

    def spider_closed(self, reason: str) -> None:
        counts = {name: int(self._stats.get_value(f"pantau/{name}", 0)) for name in COUNTS}
        result = self._result(reason, counts["failed"])
        self._stats.set_value("pantau/result", result)
        try:
            self.store.finish_run(self.run_id, result, counts, _now())
        except PantauError as error:
            self._stats.set_value("pantau/error", str(error))
        finally:
            self._resources.close()

    def _result(self, reason: str, failed: int) -> Result:
        if reason != "finished":
            return Result.INTERRUPTED
        if not any(self._stats.get_value(f"pantau/listings_{how}", 0) for how in ("read", "unchanged")):
            return Result.FAILED
        return Result.INCOMPLETE if failed else Result.OK

    def _broken(self, failure: TwistedFailure, response: Response) -> None:
        if isinstance(
            failure.value, PantauError
        ):  # the record cannot be used: going on would lose what is read
            self._give_up(failure.value)
            return
        meta = response.meta
        self.page_failed(
            meta["page"], "error", f"{type(failure.value).__name__}: {failure.value}", meta["role"]
        )

    def _give_up(self, error: PantauError) -> None:
        if not self._stats.get_value("pantau/error"):
            self._stats.set_value("pantau/error", str(error))
            assert self._crawler.engine
            self._closing = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason="record"))


class StoreArticles:
    """Item pipeline: puts articles into the record, each together with that its page was read.

    Those that come close upon each other share a transaction. None counts as stored before that has ended.
    """

    def __init__(self, crawler: Crawler) -> None:
        record = crawler.get_extension(Record)
        assert record and crawler.stats
        self._crawler = crawler
        self._store = record.store
        self._stats = crawler.stats
        self._waiting: list[_Waiting] = []
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: Article) -> Article:
        spider = self._crawler.spider
        assert isinstance(spider, PortalSpider)
        page, validators = spider.read_from.pop(id(item))
        is_past = spider.since is not None and _now() - item.published > PAST
        loop = asyncio.get_running_loop()
        waiting = _Waiting(item, page, validators, not is_past, loop.create_future())
        self._waiting.append(waiting)
        if len(self._waiting) >= TOGETHER:
            self._store_waiting()
        elif self._timer is None:
            self._timer = loop.call_later(LONGEST_TOGETHER, self._store_waiting)
        change = await waiting.stored
        self._stats.inc_value(f"pantau/{change}")
        return item

    def _store_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._store_together(waiting)

    def _store_together(self, waiting: list["_Waiting"]) -> None:
        try:
            changes = self._stored(waiting)
        except Exception as error:  # noqa: BLE001  # told of the articles that it befell
            if len(waiting) > 1 and not isinstance(error, PantauError):  # which is of the whole record
                for each in waiting:
                    self._store_together([each])
            else:
                for each in waiting:
                    each.stored.set_exception(error)
        else:
            for each, change in zip(waiting, changes, strict=True):
                each.stored.set_result(change)

    def _stored(self, waiting: list["_Waiting"]) -> list[Change]:
        spider, now = self._crawler.spider, _now()
        assert isinstance(spider, PortalSpider)
        pages = [(each.page, each.validators, each.article.published) for each in waiting]
        with self._store.writing(durable=False) as connection:
            changes = [add_article(connection, each.article, now, is_news=each.is_news) for each in waiting]
            spider.memory.read(connection, pages, now)
        return changes


@dataclass(frozen=True)
class _Waiting:
    """An article that is to be stored, with the page it was read from."""

    article: Article
    page: str
    validators: Validators
    is_news: bool
    stored: "asyncio.Future[Change]"


def _now() -> datetime:
    return datetime.now(UTC)
