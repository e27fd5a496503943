"""Runs crawls: a few now, or each source when it is due, until told to stop."""

import asyncio
import gc
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar, cast

from schedule import Scheduler
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings
from scrapy.utils.reactor import install_reactor
from sqlalchemy import Row
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from crawlers.pipelines import COUNTS
from crawlers.source import Source
from crawlers.spiders.portal import spider_for
from indexer.errors import PantauError
from indexer.store import Result, Store

logger = logging.getLogger(__name__)
REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
STOP_SECONDS = 20
"""How long pages under way may take to come in when all is to end; what does not is fetched next time."""
LOOK_SECONDS = 15
"""How often it is looked which sources are due."""
T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    """How a crawl of a source went."""

    source: str
    result: Result
    seconds: float
    pages: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    failed: int = 0
    error: str = ""
    """What kept it from running, or from running to its end."""


class Crawls:
    """The crawls of this process; needs a running reactor, see `in_reactor`."""

    def __init__(self, more: Mapping[str, Any] | None = None) -> None:
        """`more` are Scrapy settings over ours, as a benchmark needs them."""
        self._runner = make_runner(more)
        self.going: dict[str, Crawler] = {}
        self.is_stopping = False

    async def crawl(self, source: Source, since: date | None = None, recheck: bool = False) -> Outcome:
        """Crawl one source to its end."""
        begin = time.monotonic()
        crawler = self._runner.create_crawler(spider_for(source))
        self.going[source.key] = crawler
        try:
            await self._runner.crawl(crawler, since=since.isoformat() if since else None, recheck=recheck)
        except PantauError as error:
            return Outcome(source.key, Result.FAILED, time.monotonic() - begin, error=str(error))
        except Exception as error:  # one source's defect must not end the crawls of the others
            logger.exception("%s: the crawl broke off", source.key)
            return Outcome(source.key, Result.FAILED, time.monotonic() - begin, error=f"{error!r}")
        finally:
            del self.going[source.key]
        return outcome_of(source.key, crawler, time.monotonic() - begin)

    async def crawl_all(
        self, sources: Sequence[Source], since: date | None = None, recheck: bool = False
    ) -> list[Outcome]:
        """Crawl several sources side by side."""
        return await asyncio.gather(*(self.crawl(each, since, recheck) for each in sources))

    async def stop(self) -> None:
        """End all crawls after the pages that are under way."""
        self.is_stopping = True
        await self._runner.stop()


def make_runner(more: Mapping[str, Any] | None = None) -> AsyncCrawlerRunner:
    """Scrapy's runner with our settings, from wherever the command was started."""
    settings = Settings()
    settings.setmodule("crawlers.settings", priority="project")
    settings.set("SPIDER_MODULES", [], priority="cmdline")  # spiders are made from the sources asked for
    settings.update(dict(more or {}), priority="cmdline")
    return AsyncCrawlerRunner(settings)


def outcome_of(source: str, crawler: Crawler, seconds: float) -> Outcome:
    """How a crawl went, or goes, by its counters."""
    assert crawler.stats
    counts = {name: int(crawler.stats.get_value(f"pantau/{name}", 0)) for name in COUNTS}
    result = Result(crawler.stats.get_value("pantau/result", Result.FAILED))
    return Outcome(source, result, seconds, **counts, error=crawler.stats.get_value("pantau/error", ""))


def next_run(source: Source, last: Row[Any] | None, now: datetime) -> datetime:
    """When a source is to be crawled again; `now` if it never was, was cut short, or that time has passed."""
    if last is None or last.result in (None, Result.INTERRUPTED):
        return now
    started: datetime = last.started_at
    return max(now, started + timedelta(minutes=source.every))


class Schedule:
    """Crawls each source at its interval; after each crawl and each minute calls `deliver` in a thread."""

    def __init__(
        self, sources: Sequence[Source], store: Store, deliver: Callable[[Callable[[], bool]], None]
    ) -> None:
        self._store = store
        self._deliver = deliver
        self._crawls = Crawls()
        self._stopping = asyncio.Event()
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sources = sources
        self._begun: dict[str, datetime] = {}
        self._scheduler = Scheduler()
        self._scheduler.every(LOOK_SECONDS).seconds.do(self._begin_due)

    async def run(self) -> None:
        """Go on until `stop` is called and what was under way has ended."""
        delivering = asyncio.create_task(self._keep_delivering())
        self._scheduler.run_all()
        while not self._stopping.is_set():
            self._scheduler.run_pending()
            await _wait(self._stopping, 1)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        self._news.set()
        await delivering

    async def stop(self) -> None:
        """Begin nothing more; `run` ends soon after."""
        self._stopping.set()
        self._news.set()
        await self._crawls.stop()

    def begin(self, source: Source) -> None:
        """Crawl a source now, unless it is being crawled or all is to end."""
        if source.key not in self._crawls.going and not self._stopping.is_set():
            task = asyncio.create_task(self._crawl(source))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _begin_due(self) -> None:
        """Begin what is due by the record, which other machines write to as well, and is not crawled by one of them."""
        last, now = self._store.last_runs(), datetime.now(UTC)
        for source in self._sources:
            again = self._begun.get(source.key, now - timedelta(minutes=source.every))
            is_due = again + timedelta(minutes=source.every) <= now
            if is_due and next_run(source, last.get(source.key), now) <= now and self._is_free(source):
                self._begun[source.key] = (
                    now  # else one that fails before it is noted would begin again at once
                )
                self.begin(source)

    def _is_free(self, source: Source) -> bool:
        with self._store.exclusively(f"crawl-{source.key}") as is_free:
            return is_free

    async def _crawl(self, source: Source) -> None:
        outcome = await self._crawls.crawl(source)
        log = logger.error if outcome.error or outcome.result == Result.FAILED else logger.info
        log(
            "%s: %s, %d new, %d changed, %d same, %d failed in %.1f s. %s",
            *(outcome.source, outcome.result, outcome.new, outcome.changed, outcome.same, outcome.failed),
            *(outcome.seconds, outcome.error),
        )
        self._news.set()

    async def _keep_delivering(self) -> None:
        while not self._stopping.is_set():
            self._news.clear()
            try:
                await asyncio.to_thread(self._deliver, self._stopping.is_set)
            except PantauError as error:  # told, and tried again in a minute
                logger.error("%s", error)
            except Exception:
                logger.exception("delivering broke off; it is tried again in a minute")
            await _wait(self._news, 60)


def in_reactor(main: Callable[[], Coroutine[Any, Any, T]], stop: Callable[[], Awaitable[None]]) -> T:
    """Run `main` in Scrapy's reactor, once a process; SIGINT and SIGTERM call `stop`, which should end it."""
    _spare_garbage_collector()
    install_reactor(REACTOR)
    from twisted.internet import reactor as installed

    reactor = cast(AsyncioSelectorReactor, installed)
    outcome: list[asyncio.Task[T]] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, lambda: asyncio.ensure_future(stop()))
        outcome.append(loop.create_task(main()))
        await asyncio.wait(outcome)
        reactor.stop()  # type: ignore[no-untyped-call]

    reactor.callWhenRunning(lambda: asyncio.ensure_future(run()))
    reactor.run(installSignalHandlers=False)  # type: ignore[no-untyped-call]
    return outcome[0].result()


def _spare_garbage_collector() -> None:
    """What is loaded by now stays, and pages are freed without it: it would go through all of that for nothing."""
    gc.freeze()
    gc.set_threshold(5_000, 20, 50)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
