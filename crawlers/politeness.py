"""Manners towards a site: who we are, one page at a time, and leaving it alone when it asks for that."""

import asyncio
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Self
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from crawlers.failures import NotFetched, Skipped, describe_status, skip
from crawlers.safety import SafeDownload
from crawlers.source import Source
from crawlers.spiders.portal import page_failed
from indexer.config import load_config
from indexer.errors import PantauError

LONGEST_WAIT = 60
"""Seconds that a crawl waits when a server asks for it; a longer wait ends the crawl."""
UNSAID_WAIT = 900
"""Seconds after a 429 that does not say how long."""
MOST_WAITS = 2
"""How often one page is waited for in a crawl."""
LONGEST_CONTACT = 200
_CHALLENGE_HEADERS = ("cf-mitigated", "x-amzn-waf-action")
_CHALLENGE_TITLE = re.compile(
    rb"<title>\s*(just a moment|attention required! \| cloudflare|ddos-guard|checking your browser"
    rb"|verify you are human|human verification|one moment, please|robot challenge screen)",
    re.IGNORECASE,
)


def user_agent(contact: str) -> str:
    """The name that we send; raises PantauError if the contact is no address where people can reach us."""
    if contact and not _is_contact(contact):
        raise PantauError(
            "PANTAU_CONTACT must be an e-mail address or a web page, as ops@example.org or "
            f"https://example.org/pantau; it is {contact!r}."
        )
    return f"Pantau/{version('pantau')} (news monitoring{'; ' if contact else ''}{contact})"


def require_contact(sources: Iterable[Source | None]) -> None:
    """Raises PantauError if a site of somebody else is to be crawled and its owner could not reach us."""
    if not load_config().contact and not all(source and source.local for source in sources):
        raise PantauError(
            "Set PANTAU_CONTACT to an e-mail address or a web page where the owners of the sites you crawl "
            "can reach you, as PANTAU_CONTACT=ops@example.org; without it only local sources are crawled."
        )


def retry_after(value: bytes | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, at least one; None if there is none that can be read."""
    text = (value or b"").decode("latin-1").strip()
    if re.fullmatch(r"[0-9]+", text):
        return max(1, int(text[:9]))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(1, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def is_challenge(response: Response) -> bool:
    """Whether a firewall answered with a test for people instead of the page."""
    if any(name in response.headers for name in _CHALLENGE_HEADERS):
        return True
    return _CHALLENGE_TITLE.search(response.body[:4096]) is not None


@dataclass
class _Host:
    """A host as this process meets it, whichever of its sources are crawled."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0
    """Until when it asked to be left alone, by the monotonic clock."""
    url: str = ""
    """Where it asked for that."""
    status: int = 0

    @property
    def wait(self) -> float:
        return self.free_at - time.monotonic()


_hosts: dict[str, _Host] = {}


class PoliteDownload(SafeDownload):
    """Download handler: one request a host at a time in this process, none while it wants to be alone."""

    async def download_request(self, request: Request) -> Response:
        """The answer to a request; raises Skipped if the host wants a long rest, or if all is to end."""
        host = _host(request)
        async with host.turn:
            while host.wait > 0:
                if host.wait > LONGEST_WAIT or not self._crawler.crawling:
                    raise skip(request)
                await asyncio.sleep(min(host.wait, 0.2))
            response = await super().download_request(request)
            if wait := _wait_after(response):
                host.free_at = max(host.free_at, time.monotonic() + wait)
                host.url, host.status = request.url, response.status
        return response


class Patience:
    """Downloader middleware: does as a server asks that is busy or does not want us, and gets round nothing.

    Retry-After is waited for if that is soon; else the crawl of the host ends. That is told once, and its
    pages stay due.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._left: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        if _host(request).wait > LONGEST_WAIT:
            self._leave(request)
        if _netloc(request) in self._left:
            raise skip(request)

    def process_exception(self, request: Request, exception: Exception) -> None:
        if isinstance(exception, Skipped) and _host(request).wait > LONGEST_WAIT:
            self._leave(request)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        if is_challenge(response):
            raise NotFetched("blocked", "the site shows a challenge instead of the page")
        wait, waits = _wait_after(response), request.meta.get("waits", 0)
        if wait is None:
            return response
        if wait > LONGEST_WAIT or waits >= MOST_WAITS:
            self._leave(request)
            raise skip(request)
        return request.replace(dont_filter=True, meta={**request.meta, "waits": waits + 1})

    def _leave(self, request: Request) -> None:
        """Ask nothing more of a host in this crawl, and tell why if that is not told yet."""
        if _netloc(request) in self._left:
            return
        self._left.add(_netloc(request))
        host = _host(request)
        kind, message = describe_status(host.status)
        message = f"{message}; its pages are left to a later run, in {_told(host.wait)} at the earliest"
        self._crawler.signals.send_catch_log(
            page_failed, url=host.url, kind=kind, message=message, role="listing"
        )


def _wait_after(response: Response) -> float | None:
    """Seconds to leave a host alone after this answer; None if it asks for nothing of the kind."""
    if response.status not in (429, 503):
        return None
    asked = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
    return UNSAID_WAIT if asked is None and response.status == 429 else asked


def _is_contact(value: str) -> bool:
    """Only printable ASCII, and nothing that could end the comment of the header it stands in."""
    if len(value) > LONGEST_CONTACT or not re.fullmatch(r"[!-~]+", value) or re.search(r'[()<>;"\\]', value):
        return False
    try:
        if value.startswith(("http://", "https://")):
            return "." in (urlsplit(value).hostname or "")
        validate_email(value, check_deliverability=False)
    except (EmailNotValidError, ValueError):
        return False
    return True


def _host(request: Request) -> _Host:
    return _hosts.setdefault(_netloc(request), _Host())


def _netloc(request: Request) -> str:
    return urlparse_cached(request).netloc.lower()


def _told(seconds: float) -> str:
    return f"{max(seconds, 0):.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"
