"""Looks at a site without storing anything: what a new source could be, how well the known ones are read."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from scrapy.http.request import NO_CALLBACK
from w3lib.url import add_or_replace_parameters

from crawlers.discovery import Link, listing_tree, read_feed, read_listing, read_posts, read_sitemap
from crawlers.extract import further_pages
from crawlers.failures import NotFetched, Skipped, describe_error, describe_status
from crawlers.proposal import (
    Page,
    Reading,
    counts_of,
    read_page,
)
from crawlers.reading.tree import tree_of
from crawlers.schedule import make_runner
from crawlers.source import Source
from crawlers.spiders.portal import POSTS_PER_PAGE, page_failed
from indexer.errors import PantauError

logger = logging.getLogger(__name__)
T = TypeVar("T")
Fetch = Callable[..., Awaitable[Response]]
"""Fetches an address; raises NotFetched, whose kind and text say why there is no page."""
MOST_SITEMAPS = 2
"""Sitemaps that are followed from each index of them."""
SPARE = 5
"""Articles that are asked for beyond those wanted, in place of ones that cannot be fetched."""


@dataclass(frozen=True)
class Way:
    """One way to articles, and what came of it."""

    name: str
    """"feeds", "sitemaps", "posts" or "listing", as in a preset."""
    address: str
    links: tuple[Link, ...] = ()
    kind: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Checked:
    """How well one source is read today."""

    source: Source
    ways: tuple[Way, ...]
    readings: tuple[Reading, ...]
    pages: tuple[Page, ...]
    error: str = ""

    @property
    def articles(self) -> int:
        """How many articles could be read."""
        return sum(each.article is not None for each in self.readings)

    def doubts(self) -> list[str]:
        """What went wrong, and fields that have selectors and are never found: a sentence each."""
        if self.error:
            return [self.error]
        works, optional = any(way.links for way in self.ways), self.source.preset.optional
        ways = [way for way in self.ways if way.problem and not (works and way.name in optional)]
        found = [f"{way.kind}: {way.problem}: {way.address}" for way in ways]
        found += [f"{each.kind}: {each.problem}: {each.url}" for each in self.readings if each.problem]
        if self.articles:
            counts, select = counts_of(self.readings), self.source.preset.select
            stated = {"authors": select.authors or select.credits, "editor": select.editor or select.credits}
            for field in ("authors", "editor", "tags", "image"):
                if not counts[field] and stated.get(field, getattr(select, field)):
                    found.append(f"no {field} in any article, though there are selectors for it")
        return found


class Scout(Spider):
    """Does one piece of work with pages of one site; beside politeness and safety nothing is at work."""

    source: Source

    def __init__(self, *, work: Callable[[Fetch], Awaitable[Any]], told: list[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._work = work
        self._outcome = told
        self._last_failure = ("connection", "the crawl was ended")

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> "Scout":
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.page_failed, page_failed)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """The work; its result or error is handed to who waits for it."""
        try:
            self._outcome.append(await self._work(self.fetch))
        except Exception as error:  # noqa: BLE001  # raised again where the work was asked for
            self._outcome.append(error)
        return
        yield

    async def fetch(self, url: str, is_robots: bool = False) -> Response:
        """The page at an address; raises NotFetched if there is none."""
        meta = {"role": "scout", "page": url, **({"is_robots": True} if is_robots else {})}
        assert self.crawler.engine
        try:
            response = await self.crawler.engine.download_async(Request(url, NO_CALLBACK, meta=meta))
        except Skipped:
            raise NotFetched(*self._last_failure) from None
        except Exception as error:  # noqa: BLE001  # each is a reason why there is no page
            raise NotFetched(*describe_error(error)) from None
        if response.status != 200:
            raise NotFetched(*describe_status(response.status))
        return response

    def page_failed(self, url: str, kind: str, message: str, role: str) -> None:
        """Keep why a page is left out, as of a robots.txt that cannot be reached."""
        self._last_failure = kind, message


class Scouts:
    """The scouts of this process; needs a running reactor, see `crawlers.schedule.in_reactor`."""

    def __init__(self) -> None:
        self._runner = make_runner()
        self.going: dict[str, Crawler] = {}

    async def send(self, source: Source, work: Callable[[Fetch], Awaitable[T]]) -> T:
        """The result of `work` with pages of a source; raises what it raises, PantauError if it was ended."""
        told: list[Any] = []
        crawler = self._runner.create_crawler(_scout_for(source))
        self.going[source.key] = crawler
        try:
            await self._runner.crawl(crawler, work=work, told=told)
        finally:
            del self.going[source.key]
        if not told:
            raise PantauError(f"{source.key}: ended before all pages were seen.")
        if isinstance(told[0], Exception):
            raise told[0]
        result: T = told[0]
        return result

    async def check_all(self, sources: Sequence[Source], number: int = 5) -> list[Checked]:
        """How well some sources are read, side by side; what befalls one leaves the others alone."""
        return await asyncio.gather(*(self.check(each, number) for each in sources))

    async def check(self, source: Source, number: int = 5) -> Checked:
        """How well the newest articles of a source are read; never raises."""
        try:
            return await self.send(source, lambda fetch: check(fetch, source, number, datetime.now(UTC)))
        except PantauError as error:
            return Checked(source, (), (), (), str(error))
        except Exception as error:  # one source's defect must not end the others
            logger.exception("%s: the check broke off", source.key)
            return Checked(source, (), (), (), f"{error!r}")

    def pages(self) -> list[tuple[str, int]]:
        """Of each source that is looked at now, how many answers came so far."""
        going = self.going.items()
        return [
            (key, int(each.stats.get_value("response_received_count", 0)))
            for key, each in going
            if each.stats
        ]

    async def stop(self) -> None:
        """End all after the pages that are under way."""
        await self._runner.stop()


def _scout_for(source: Source) -> type[Scout]:
    settings = {
        "DOWNLOAD_DELAY": source.delay,
        "AUTOTHROTTLE_ENABLED": not source.local,
        "EXTENSIONS": {},
        "ITEM_PIPELINES": {},
    }
    return type(
        f"Scout_{source.key}", (Scout,), {"name": source.key, "source": source, "custom_settings": settings}
    )


async def check(fetch: Fetch, source: Source, number: int, now: datetime) -> Checked:
    """Read up to `number` of the newest articles that the ways of a source name."""
    ways = [await ask(fetch, source, name, source.address(path), now) for name, path in _ways_of(source)]
    pages, failures = await fetch_articles(fetch, source, newest(ways), number)
    return Checked(
        source, tuple(ways), (*(read_page(each, source, now) for each in pages), *failures), tuple(pages)
    )


def newest(ways: Sequence[Way]) -> list[str]:
    """Addresses of the articles of all ways, each once, newest first; those without a date where they stand."""
    known: dict[str, datetime | None] = {}
    for link in (link for way in ways for link in way.links):
        known[link.url] = known.get(link.url) or link.published
    dated = sorted(((moment, url) for url, moment in known.items() if moment), reverse=True)
    return [*(url for _, url in dated), *(url for url, moment in known.items() if not moment)]


async def ask(fetch: Fetch, source: Source, name: str, address: str, now: datetime) -> Way:
    """What one way names, and why it does not work if it does not."""
    url = _posts_address(address) if name == "posts" else address
    try:
        response = await fetch(url)
        links = await _read(fetch, response, source, name, now)
    except NotFetched as error:
        return Way(name, address, kind=error.kind, problem=str(error))
    except (ValueError, RecursionError) as error:
        return Way(name, address, kind="layout", problem=_sentence(error))
    return Way(name, address, tuple(links), *(() if links else ("layout", "it names no article")))


def _sentence(error: Exception) -> str:
    return "this is no list of posts" if isinstance(error, json.JSONDecodeError) else str(error)


async def _read(fetch: Fetch, response: Response, source: Source, name: str, now: datetime) -> list[Link]:
    if name == "feeds":
        return read_feed(response.body, source)
    if name == "posts":
        return read_posts(response.body, source)
    if name == "listing":
        return read_listing(listing_tree(response), source, now)
    links, further = read_sitemap(response.body, source)
    for each in sorted(further, key=_promise, reverse=True)[:MOST_SITEMAPS]:
        links += read_sitemap((await fetch(each.url)).body, source)[0]
    return links


def _promise(sitemap: Link) -> tuple[bool, float]:
    """How likely it is that a sitemap of an index names new articles."""
    is_named = any(word in sitemap.url for word in ("post", "news", "berita", "artikel"))
    return is_named, sitemap.published.timestamp() if sitemap.published else 0


def _ways_of(source: Source) -> Iterator[tuple[str, str]]:
    preset = source.preset
    yield from (("feeds", path) for path in preset.feeds)
    if preset.posts:
        yield "posts", preset.posts
    yield from (("sitemaps", path) for path in preset.sitemaps)
    yield from (("listing", path) for path in (preset.listing.paths if preset.listing else ()))


def _posts_address(address: str) -> str:
    """The first page of the list of posts, as a crawl asks for it."""
    query = {"per_page": str(POSTS_PER_PAGE), "page": "1", "_fields": "link,date_gmt"}
    return add_or_replace_parameters(address, query)


async def fetch_articles(
    fetch: Fetch, source: Source, urls: Sequence[str], number: int
) -> tuple[list[Page], list[Reading]]:
    """Up to `number` pages, and why others could not be fetched."""
    pages: list[Page] = []
    failures: list[Reading] = []
    whole = dict([source.preset.whole.split("=", 1)]) if source.preset.whole else {}
    for url in urls[: number + SPARE]:
        if len(pages) == number:
            break
        try:
            page = await _fetch_page(fetch, url, add_or_replace_parameters(url, whole))
            pages.append(await continued(fetch, page, source))
        except NotFetched as error:
            failures.append(Reading(url, None, error.kind, str(error)))
    return pages, failures


async def continued(fetch: Fetch, page: Page, source: Source) -> Page:
    """`page` with the further pages of its article, as the source finds them; raises NotFetched for one of them."""
    further = further_pages(page.tree, page.url, source)
    return replace(page, more=tuple([await _fetch_page(fetch, url, url) for url in further]))


async def _fetch_page(fetch: Fetch, url: str, address: str) -> Page:
    response = await fetch(address)
    try:
        tree = tree_of(response)
    except ValueError as error:
        raise NotFetched("layout", str(error)) from None
    assert isinstance(response, TextResponse)
    return Page(url, response.text, tree)


def save_samples(pages: Sequence[Page], source: Source, folder: Path, now: datetime) -> list[Path]:
    """Save pages as KEY-N.html and what is read from them now as KEY-N.expected.json, never over others.

    Further pages of an article are saved as KEY-N.page-2.html and so on. A page from which nothing can be read
    is saved without an answer.
    """
    saved: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for page in pages:
            path = _free(folder, source.key)
            path.write_text(_html(page), encoding="utf-8")
            for number, further in enumerate(page.more, 2):
                path.with_suffix(f".page-{number}.html").write_text(_html(further), encoding="utf-8")
            if article := read_page(page, source, now).article:
                text = json.dumps(asdict(article), default=str, ensure_ascii=False, indent=1)
                path.with_suffix(".expected.json").write_text(text + "\n", encoding="utf-8")
            saved.append(path)
    except OSError as error:
        raise PantauError(f"{folder}: {error.strerror}") from None
    return saved


def _html(page: Page) -> str:
    return page.text.encode("utf-8", "replace").decode()


def _free(folder: Path, key: str) -> Path:
    number = 1
    while (path := folder / f"{key}-{number}.html").exists():
        number += 1
    return path
