"""robots.txt by RFC 9309: what it forbids is not fetched, and nothing is while it cannot be reached."""

import asyncio
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler, load_object

from crawlers.failures import NotFetched, Skipped, describe_error, describe_status, skip
from crawlers.spiders.portal import page_failed

AGENT = "Pantau"
"""What site owners call us by in robots.txt."""
MOST_BYTES = 500 * 1024
"""What is read of a robots.txt (RFC 9309, 2.5)."""
MOST_REDIRECTS = 5
LONGEST_DELAY = 60
"""Seconds between two pages that a Crawl-delay may ask for; who wants fewer visits says Disallow."""
_HOST_IS_AWAY = ("dns", "refused", "connection", "certificate", "address")
"""Kinds that say of the whole host, not of its robots.txt, what is wrong."""


class Robots:
    """Downloader middleware: obeys robots.txt and its Crawl-delay.

    A robots.txt that cannot be reached is told once; the pages stay as they are and are due at the next run.
    """

    def __init__(self, crawler: Crawler, parser: type[RobotParser], least_delay: float) -> None:
        """`least_delay`: seconds between two pages that the source asks for by itself."""
        self._crawler = crawler
        self._parser = parser
        self._least_delay = least_delay
        self._origins: dict[str, asyncio.Future[RobotParser | None]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        return cls(crawler, load_object(settings["ROBOTSTXT_PARSER"]), settings.getfloat("DOWNLOAD_DELAY"))

    async def process_request(self, request: Request) -> None:
        if request.meta.get("is_robots"):
            return
        rules = await self._rules(request)
        if rules is None:
            raise skip(request)
        if not rules.allowed(request.url, AGENT):
            raise NotFetched("robots", "robots.txt forbids it")
        if self._delay(rules):
            request.meta["autothrottle_dont_adjust_delay"] = True

    async def _rules(self, request: Request) -> RobotParser | None:
        parts = urlparse_cached(request)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._origins:
            self._origins[origin] = asyncio.ensure_future(self._fetch(f"{origin}/robots.txt"))
        return await self._origins[origin]

    async def _fetch(self, url: str) -> RobotParser | None:
        """The rules of a robots.txt; None if it cannot be reached, which is told."""
        meta = {"is_robots": True, "redirect_ttl": MOST_REDIRECTS}
        request = Request(url, NO_CALLBACK, meta=meta, priority=1000)
        try:
            body = rules_in(await self._crawler.engine.download_async(request))
        except Skipped:  # why is told already
            return None
        except Exception as error:  # noqa: BLE001  # whatever it is, nothing may be fetched now
            self._tell(url, *describe_error(error))
            return None
        rules: RobotParser = build_from_crawler(self._parser, self._crawler, body)
        if delay := self._delay(rules):
            self._slow_down(request, delay)
        return rules

    def _tell(self, url: str, kind: str, message: str) -> None:
        if kind not in _HOST_IS_AWAY:
            kind, message = "robots", f"robots.txt cannot be reached: {message}"
        self._crawler.signals.send_catch_log(page_failed, url=url, kind=kind, message=message, role="listing")

    def _delay(self, rules: RobotParser) -> float | None:
        """Seconds between two pages if the site asks for more than the source does by itself."""
        delay = min(rules.crawl_delay(AGENT) or 0, LONGEST_DELAY)
        return delay if delay > self._least_delay else None

    def _slow_down(self, request: Request, delay: float) -> None:
        downloader = self._crawler.engine.downloader
        key = downloader.get_slot_key(request)
        downloader.per_slot_settings[key] = {"delay": delay}
        if slot := downloader.slots.get(key):
            slot.delay = delay


def rules_in(response: Response) -> bytes:
    """Text of the rules: what a 2xx holds, nothing for a 4xx; raises NotFetched for anything else."""
    if 400 <= response.status < 500:
        return b""
    if not 200 <= response.status < 300:
        raise NotFetched(*describe_status(response.status))
    if len(response.body) <= MOST_BYTES:
        return response.body
    return response.body[:MOST_BYTES].rpartition(b"\n")[0]  # half a line may forbid more than the whole one
