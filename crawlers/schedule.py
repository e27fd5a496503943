"""Runs crawls: a few now, or each source when it is due."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.utils.project import get_project_settings
from scrapy.utils.reactor import install_reactor

from crawlers.pipelines import COUNTS
from crawlers.source import Source
from crawlers.spiders.portal import spider_for
from indexer.errors import PantauError
from indexer.store import Result

REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
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
    """Why it could not run at all."""


class Crawls:
    """The crawls of this process; needs a running reactor, see `in_reactor`."""

    def __init__(self) -> None:
        self._runner = AsyncCrawlerRunner(get_project_settings())
        self.going: dict[str, Crawler] = {}

    async def crawl(self, source: Source, since: date | None = None, recheck: bool = False) -> Outcome:
        """Crawl one source to its end."""
        begin = time.monotonic()
        crawler = self._runner.create_crawler(spider_for(source))
        self.going[source.key] = crawler
        try:
            await self._runner.crawl(crawler, since=since.isoformat() if since else None, recheck=recheck)
        except PantauError as error:
            return Outcome(source.key, Result.FAILED, time.monotonic() - begin, error=str(error))
        finally:
            del self.going[source.key]
        return Outcome(source.key, result_of(crawler), time.monotonic() - begin, **counts_of(crawler))

    async def stop(self) -> None:
        """End all crawls after the pages that are under way."""
        await self._runner.stop()


def counts_of(crawler: Crawler) -> dict[str, int]:
    """Pages, new, changed, same and failed, so far."""
    assert crawler.stats
    return {name: int(crawler.stats.get_value(f"pantau/{name}", 0)) for name in COUNTS}


def result_of(crawler: Crawler) -> Result:
    """The result of a crawl that has ended."""
    assert crawler.stats
    return Result(crawler.stats.get_value("pantau/result", Result.FAILED))


async def crawl_all(
    crawls: Crawls, sources: Sequence[Source], since: date | None = None, recheck: bool = False
) -> list[Outcome]:
    """Crawl several sources side by side."""
    return await asyncio.gather(*(crawls.crawl(each, since, recheck) for each in sources))


def in_reactor(main: Callable[[], Coroutine[Any, Any, T]], stop: Callable[[], Awaitable[None]]) -> T:
    """Run `main` in Scrapy's reactor, once a process; SIGINT and SIGTERM call `stop`, and `main` then ends."""
    install_reactor(REACTOR)
    from twisted.internet import reactor

    outcome: list[asyncio.Task[T]] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, lambda: loop.create_task(_call(stop)))
        task = loop.create_task(main())
        outcome.append(task)
        await asyncio.wait([task])
        reactor.stop()  # type: ignore[attr-defined]

    reactor.callWhenRunning(lambda: asyncio.ensure_future(run()))  # type: ignore[attr-defined]
    reactor.run(installSignalHandlers=False)  # type: ignore[attr-defined]
    return outcome[0].result()


async def _call(function: Callable[[], Awaitable[None]]) -> None:
    await function()
