"""What may be fetched: pages of a source's own site, at public addresses.

Addresses are checked in the call that opens the connection, so it makes no difference how a host is spelled,
what its name resolves to, or when that changes.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Self, cast
from urllib.parse import SplitResult, urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _ScrapyAgent
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.client import Agent
from zope.interface import directlyProvides, providedBy  # type: ignore[import-untyped]

from crawlers.failures import NotFetched
from crawlers.source import Source

_NOT_PUBLIC = tuple(
    ip_network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
"""IANA's special-purpose addresses of IPv4, and those of IPv6 within 2000::/3, with Teredo and 6to4."""
_UNICAST = ip_network("2000::/3")
"""All that IANA has given out of IPv6 for use by anybody."""
_NAT64 = ip_network("64:ff9b::/96")
"""An IPv4 address in its last 32 bits, as networks without IPv4 see it (RFC 6052)."""
_LOCAL = tuple(
    ip_network(each)
    for each in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)


@dataclass(frozen=True)
class Site:
    """The hosts of a source."""

    home: SplitResult
    hosts: frozenset[str]
    """Names without "www."."""
    is_local: bool
    """Whether its home, and nothing else, may be on this machine or in a private network."""

    def holds(self, url: str) -> bool:
        """Whether an address belongs to the site: http or https, one of its hosts, its port, no password."""
        try:
            parts = urlsplit(url)
            return (
                parts.scheme in ("http", "https")
                and "@" not in parts.netloc
                and _bare(parts.hostname) in self.hosts
                and _port(parts) == _port(self.home)
            )
        except ValueError:
            return False

    def may_be_local(self, url: str) -> bool:
        """Whether the host of this address may be on this machine or in a private network."""
        parts = urlsplit(url)
        return self.is_local and (parts.hostname, parts.port) == (self.home.hostname, self.home.port)


def site_of(source: Source) -> Site:
    """The site of a source: its home with and without "www.", and the further hosts that it states."""
    home = urlsplit(source.home)
    return Site(home, frozenset(_bare(each) for each in (home.hostname, *source.hosts)), source.local)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet; anything that is no IP address is not."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip in _NAT64:
            return is_public(str(IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip not in _UNICAST:
            return False
    return not any(ip in network for network in _NOT_PUBLIC)


def is_local(address: str) -> bool:
    """Whether an IP address is one of this machine or of a private network."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in _LOCAL)


class Dialler:
    """The reactor, but that it connects to public addresses only, and to local ones where that is allowed."""

    def __init__(self, reactor: Any, may_be_local: bool, most_bytes: int) -> None:
        """`most_bytes`: how long an answer may be, headers and all."""
        self._reactor = reactor
        self._may_be_local = may_be_local
        self._most_bytes = most_bytes
        directlyProvides(self, providedBy(reactor))

    def connectTCP(self, host: str, port: int, factory: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N802
        """Connect to an IP address; raises NotFetched if it is none that may be dialled."""
        if not (is_public(host) or (self._may_be_local and is_local(host))):
            raise NotFetched("address", f"{host} is not a public address, and the source is not local")
        bounded = _BoundedFactory(factory, self._most_bytes)
        return self._reactor.connectTCP(host, port, bounded, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)


class _Bounded(ProtocolWrapper):
    """A connection that is cut when an answer is too long: Twisted reads headers without end."""

    factory: "_BoundedFactory"
    received = 0

    def write(self, data: bytes) -> None:
        self.received = 0
        super().write(data)  # type: ignore[no-untyped-call]

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        self.received += len(data)
        if self.received > self.factory.most_bytes:
            self.abortConnection()
        else:
            super().dataReceived(data)  # type: ignore[no-untyped-call]


class _BoundedFactory(WrappingFactory[_Bounded]):
    protocol = _Bounded

    def __init__(self, factory: Any, most_bytes: int) -> None:
        super().__init__(factory)  # type: ignore[no-untyped-call]
        self.most_bytes = most_bytes


class _SafeAgent(_ScrapyAgent):
    """Scrapy's agent with a Dialler for its reactor; no proxies: what they dial cannot be checked."""

    def __init__(self, may_be_local: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._may_be_local = may_be_local

    def _get_agent(self, request: Request, timeout: float) -> Agent:
        from twisted.internet import reactor  # the one that is installed by now

        dialler = Dialler(reactor, self._may_be_local, most_bytes=self._maxsize + self._maxsize // 4)
        return Agent(dialler, self._contextFactory, timeout, pool=self._pool)  # type: ignore[no-untyped-call]


class SafeDownload(HTTP11DownloadHandler):
    """Download handler for http and https that dials only what may be dialled."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        source = source_of(crawler)
        self._site = site_of(source) if source else None

    async def download_request(self, request: Request) -> Response:
        """The answer to a request; raises NotFetched for an address that may not be dialled."""
        agent = _SafeAgent(
            may_be_local=self._site is not None and self._site.may_be_local(request.url),
            contextFactory=self._contextFactory,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            fail_on_dataloss=self._fail_on_dataloss,
            crawler=self._crawler,
        )
        with wrap_twisted_exceptions():
            return await maybe_deferred_to_future(agent.download_request(request))


class OnSite:
    """Downloader middleware: refuses requests that leave the site of the source, redirected ones as well."""

    def __init__(self, site: Site | None) -> None:
        self._site = site

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        source = source_of(crawler)
        return cls(site_of(source) if source else None)

    def process_request(self, request: Request) -> None:
        if self._site and not self._site.holds(request.url):
            how = "redirects to" if request.meta.get("redirect_urls") else "names"
            raise NotFetched("redirect", f"the site {how} {request.url}, which is not part of it")


class Redirects(RedirectMiddleware):
    """Scrapy's, but that no redirect is lost: Scrapy drops those to a page it has seen, itself or another."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        try:
            result = super().process_response(request, response)
        except IgnoreRequest:
            raise NotFetched("redirect", "the site redirects in circles") from None
        except ValueError:
            raise NotFetched("redirect", "the site redirects to something that is no address") from None
        if isinstance(result, Request):
            result.dont_filter = True
        return result


def source_of(crawler: Crawler) -> Source | None:
    """The source that is crawled; None for a spider that has none, as that of `scrapy shell`."""
    return cast(Source | None, getattr(crawler.spidercls, "source", None))


def _bare(host: str | None) -> str:
    return (host or "").lower().rstrip(".").removeprefix("www.")


def _port(parts: SplitResult) -> int | None:
    return None if parts.port in (80, 443) else parts.port
