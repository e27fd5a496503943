"""A site that is no source yet: what its file should say, found out by a scout, and the file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy import Selector
from scrapy.http import HtmlResponse

from crawlers.discovery import site_address
from crawlers.failures import NotFetched
from crawlers.proposal import (
    Page,
    Reading,
    Ways,
    article_pattern,
    choose_preset,
    counts_of,
    differences,
    guess_key,
    guess_system,
    home_of,
    load_preset,
    may_be_article,
    only_by_machine,
    preset_names,
    read_page,
    site_name,
    write_source,
)
from crawlers.scout import MOST_SITEMAPS, Fetch, Way, ask, continued, fetch_articles, newest
from crawlers.source import HERE, Preset, Selectors, Source, read_source
from indexer.errors import PantauError

MOST_FEEDS = 5
_POSTS = "/wp-json/wp/v2/posts"
_FEEDS = ("/feed/", "/rss", "/rss.xml")
_SITEMAPS = ("/news-sitemap.xml", "/wp-sitemap.xml", "/sitemap.xml")
_TITLE_LENGTH = 25
"""Letters from which on the text of a link is held for a title."""


@dataclass(frozen=True)
class Proposal:
    """A new source: the text of its file, what it was made from, and what is uncertain about it."""

    key: str
    toml: str
    system: str
    preset: str
    ways: tuple[Way, ...]
    pages: tuple[Page, ...]
    readings: tuple[Reading, ...]
    unsure: tuple[str, ...]


def source_for(address: str, key: str, local: bool, own: Path | None) -> Source:
    """A first idea of a new source, whose `article` fits anything; raises PantauError if it cannot be one."""
    try:
        home = home_of(address)
    except ValueError as error:
        raise PantauError(f"{address!r} {error}.") from None
    key = key or guess_key(urlsplit(home).hostname or "")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", key):
        raise PantauError(f"The key {key!r} must be small letters, digits and _, and begin with a letter.")
    if known := known_files(own).get(key):
        raise PantauError(f"{known} is there already: choose another key with --key.")
    preset = Preset(article="^/.", select=Selectors())
    return Source(key=key, name=key, home=home, preset=preset, local=local, delay=0 if local else 1)


def known_files(own: Path | None) -> dict[str, Path]:
    """The file of each source there is, readable or not."""
    folders = (HERE / "demo", HERE / "sources", *((own,) if own else ()))
    return {path.stem: path for folder in folders for path in folder.glob("*.toml")}


async def propose(
    fetch: Fetch, source: Source, address: str, facts: dict[str, Any], now: datetime
) -> Proposal:
    """What a source's file should say; raises PantauError if the site shows no article that can be read.

    `source` is a first idea of it, whose `article` fits anything; `facts` are what people said of it.
    """
    response = await _home(fetch, address)
    home, address = response.selector, response.url
    source = source.model_copy(update={"home": home_of(address)})  # as of a site that leads to https
    ways = await _try_ways(fetch, source, home, now)
    posts = any(way.name == "posts" and way.links for way in ways)
    system = guess_system(home, source.host, posts)
    urls = _likely(ways, home, source, address)
    pattern = article_pattern([_path(url) for url in urls])
    if not urls or not pattern:
        raise PantauError(f"{address}: no feed, sitemap or link of it leads to an article. {_told(ways)}")
    pages, failures = await fetch_articles(fetch, source, urls, 5)
    presets = {name: load_preset(name) for name in preset_names()}
    name = choose_preset(pages, _with(source, presets["generic"], pattern), presets, system, now)
    usable = usable_ways(ways)
    by_links = usable == Ways() and not _lists(presets[name], ways)
    knows_home = (preset_listing := presets[name].listing) is not None and "/" in preset_listing.paths
    listing = (_path(address) or "/") if by_links and not knows_home else ""
    own = differences(presets[name], usable, [_path(url) for url in urls], pattern, listing)
    site = {"name": site_name(home, source.host), "home": source.home, "preset": name}
    local = {"local": True, "delay": 0} if source.local else {}
    facts = {**site, **facts, **local, "verified": False}
    final = _with(source, presets[name], own.get("article", presets[name].article))
    pages, incomplete = await _continued(fetch, pages, final)
    readings = (*(read_page(each, final, now) for each in pages), *failures, *incomplete)
    if not any(each.article for each in readings):
        why = "; ".join(f"{each.kind}: {each.problem}: {each.url}" for each in readings[:3])
        raise PantauError(f"{address}: none of {len(readings)} articles can be read. {why}")
    unsure = _doubts(facts, readings, pages, presets[name], by_links)
    return Proposal(
        source.key, write_source(facts, own), system, name, tuple(ways), tuple(pages), readings, unsure
    )


async def _continued(fetch: Fetch, pages: Sequence[Page], source: Source) -> tuple[list[Page], list[Reading]]:
    """The pages with those that continue them, and why some could not be fetched."""
    whole, failures = [], []
    for page in pages:
        try:
            whole.append(await continued(fetch, page, source))
        except NotFetched as error:
            failures.append(Reading(page.url, None, error.kind, str(error)))
    return whole, failures


async def _home(fetch: Fetch, address: str) -> HtmlResponse:
    try:
        response = await fetch(address)
    except NotFetched as error:
        raise PantauError(f"{address}: {error.kind}: {error}.") from None
    if not isinstance(response, HtmlResponse):
        raise PantauError(f"{address}: layout: this is no page of HTML.")
    return response


async def _try_ways(fetch: Fetch, source: Source, home: Selector, now: datetime) -> list[Way]:
    """Every way that the home page or robots.txt names, that sites often have, or that a preset knows."""
    stated = home.css("link[rel~=alternate][type*=rss], link[rel~=alternate][type*=atom]").css("::attr(href)")
    feeds = [each for each in stated.getall() if "/comments/" not in each][:MOST_FEEDS]
    service = home.css("link[rel='https://api.w.org/']::attr(href)").get("")
    presets = [load_preset(name) for name in preset_names()]
    wanted = [
        ("posts", f"{service}wp/v2/posts" if service.endswith("/wp-json/") else _POSTS),
        *(("feeds", each) for each in (*feeds, *_FEEDS, *(path for each in presets for path in each.feeds))),
        *(("sitemaps", each) for each in (*await _stated_sitemaps(fetch, source), *_SITEMAPS)),
    ]
    addresses = dict.fromkeys((name, site_address(path, source)) for name, path in wanted)
    ways = [await ask(fetch, source, name, url, now) for name, url in addresses if url]
    for listing in dict.fromkeys(
        each.listing for each in presets if each.listing and "/" not in each.listing.paths
    ):
        listed = source.model_copy(update={"preset": source.preset.model_copy(update={"listing": listing})})
        ways += [await ask(fetch, listed, "listing", listed.address(path), now) for path in listing.paths]
    return [
        replace(way, links=tuple(link for link in way.links if may_be_article(_path(link.url))))
        for way in ways
    ]


async def _stated_sitemaps(fetch: Fetch, source: Source) -> list[str]:
    try:
        response = await fetch(source.address("/robots.txt"), is_robots=True)
    except NotFetched:
        return []
    lines = response.body.decode("utf-8", "replace").splitlines()
    stated = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("sitemap:")]
    return stated[: MOST_SITEMAPS + 1]


def _likely(ways: Sequence[Way], home: Selector, source: Source, address: str) -> list[str]:
    """Addresses of articles, newest first: of what names nothing else, else of links that read like titles."""
    for names in (("feeds", "posts"), ("listing",)):
        if urls := newest([way for way in ways if way.name in names]):
            return urls
    titled = []
    for link in home.css("a[href]"):
        text = " ".join(" ".join(link.css("::text, ::attr(title)").getall()).split())
        url = _whole(address, link.attrib["href"], source)
        if url and len(text) >= _TITLE_LENGTH and may_be_article(_path(url)):
            titled.append(url)
    return list(dict.fromkeys(titled)) or newest([way for way in ways if way.name == "sitemaps"])


def _whole(base: str, link: str, source: Source) -> str | None:
    try:
        return site_address(urljoin(base, link.strip()), source)
    except ValueError:  # no address at all
        return None


def usable_ways(ways: Sequence[Way]) -> Ways:
    """The ways that name articles which no earlier one names, as paths; sitemaps only where there are no posts."""
    seen: set[str] = set()
    kept: dict[str, list[str]] = {"feeds": [], "sitemaps": [], "posts": []}
    for way in ways:
        fresh = {link.url for link in way.links} - (seen if way.name == "feeds" else set())
        if (
            not fresh
            or way.name not in kept
            or (way.name == "sitemaps" and (kept["posts"] or kept["sitemaps"]))
        ):
            continue
        if way.name == "feeds":
            seen |= fresh
        if way.name != "sitemaps" or any(link.published for link in way.links):
            kept[way.name].append(_path(way.address))
    return Ways(tuple(kept["feeds"]), tuple(kept["sitemaps"]), next(iter(kept["posts"]), ""))


def _lists(preset: Preset, ways: Sequence[Way]) -> bool:
    """Whether the preset's own listing names articles."""
    paths = preset.listing.paths if preset.listing else ()
    return any(way.name == "listing" and way.links and _path(way.address) in paths for way in ways)


def _doubts(
    facts: dict[str, Any], readings: Sequence[Reading], pages: Sequence[Page], preset: Preset, by_links: bool
) -> tuple[str, ...]:
    """What a person has to look at or fill in."""
    counts, total = counts_of(readings), sum(each.article is not None for each in readings)
    found = [f"{each.kind}: {each.problem}: {each.url}" for each in readings if each.problem]
    found += [f"no {field} found in any article" for field, number in counts.items() if number == 0]
    found += [
        f"the {field} is found by none of the preset's selectors, only by what the page states for machines "
        "or by where such things usually stand"
        for field in only_by_machine(pages, preset)
    ]
    if not preset.select.body:
        found.append(
            "the preset has no selectors: parts are where such things usually stand; look at the samples"
        )
    if by_links:
        found.append("no feed, sitemap or list of posts works: articles are taken from the links of the page")
    if total < 3:
        found.append(f"only {total} articles could be read")
    if "region" not in facts:
        found.append('fill in region, the code of the Ministry of Home Affairs, as region = "36" for Banten')
    if "kind" not in facts:
        found.append('fill in kind, "government", "press" or "agency"; until then it counts as press')
    found.append('the zone is held to be WIB; write zone = "WITA" or zone = "WIT" where it is not')
    return tuple(found)


def _with(source: Source, preset: Preset, pattern: str) -> Source:
    return source.model_copy(update={"preset": preset.model_copy(update={"article": pattern})})


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _told(ways: Sequence[Way]) -> str:
    kinds = dict.fromkeys(f"{way.kind}: {way.problem}" for way in ways if way.problem)
    return f"What was tried: {'; '.join(kinds)}."


def write_new(proposal: Proposal, own: Path | None) -> tuple[Path, Source]:
    """Write the file of a new source, never over another, and read it back; raises PantauError if it cannot be."""
    folder = own or HERE / "sources"
    path = folder / f"{proposal.key}.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(proposal.toml)
    except FileExistsError:
        raise PantauError(f"{path} is there already: choose another key with --key.") from None
    except OSError as error:
        raise PantauError(f"{path}: {error.strerror}") from None
    return path, read_source(path)
