"""What a new source's file should say, from what was seen of its site: pure, no network and no clock."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from scrapy import Selector

from crawlers.extract import PageError, read_article
from crawlers.reading.tree import Tree
from crawlers.source import HERE, Preset, Source
from indexer.article import Article

FIELDS = ("title", "date", "text", "place", "authors", "editor", "tags", "image")
_NAMES = {"date": "published", "text": "paragraphs"}
"""Names of fields in Article where they differ from what people are told."""
LONGEST_NAME = 100
LONGEST_EXAMPLE = 60
_SUFFIXES = re.compile(r"\.(?:(?:co|go|or|ac|sch|web|my|desa)\.id|id|com|net|org|info|news|tv)$")
_NO_ARTICLE = re.compile(
    r"^/(?:|(?:tag|tags|topik|category|kategori|author|penulis|page|video|foto|infografik|feed|rss|search|wp-\w+"
    r"|login|indeks?|about|tentang[\w-]*|kontak|contact|redaksi|privacy[\w-]*|pedoman[\w-]*|disclaimer)(?:[/?.].*)?"
    r"|.*\.(?:jpe?g|png|gif|webp|svg|pdf|docx?|xlsx?|zip|mp[34]|xml|css|js))$",
    re.IGNORECASE,
)
_HOME_WORDS = re.compile(r"^(?:beranda|home|homepage)\s*[-–|:»]\s*", re.IGNORECASE)
_MOST_WORDS = 6
"""Sections that a pattern names one by one; of more it says only that there is one."""
_SHARE = 0.1
"""Share of the addresses that a shape must have to be part of the pattern."""


@dataclass(frozen=True)
class Page:
    """A page that was fetched: its address, its text as sent, its tree, and the pages that continue its article."""

    url: str
    text: str
    tree: Tree
    more: tuple["Page", ...] = ()


@dataclass(frozen=True)
class Reading:
    """What was read from a page: an article, or why there is none."""

    url: str
    article: Article | None
    kind: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Ways:
    """The ways to articles that work, as paths."""

    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    posts: str = ""


def guess_system(home: Selector, host: str, has_posts: bool) -> str:
    """Name of the preset that a home page looks like: "wordpress", "antara", or "generic"."""
    if host.endswith(".antaranews.com") or home.css(
        "article.simple-post, .wrap__article-detail, .card__post"
    ):
        return "antara"
    generator = " ".join(home.css("meta[name=generator]::attr(content)").getall())
    signs = home.css("link[href*='/wp-content/'], link[href*='/wp-json/'], script[src*='/wp-includes/']")
    is_wordpress = (
        has_posts or "wordpress" in generator.lower() or signs or home.css("img[src*='/wp-content/']")
    )
    return "wordpress" if is_wordpress else "generic"


def guess_key(host: str) -> str:
    """Key of a source from its host name: "serangkota" of "www.serangkota.go.id"."""
    bare = _SUFFIXES.sub("", host.lower().removeprefix("www."))
    key = re.sub(r"[^a-z0-9]+", "_", bare).strip("_")
    return key if re.match("[a-z]", key) else f"site_{key}"


def site_name(home: Selector, host: str) -> str:
    """What a site calls itself on its home page, on one line; its host name if it says nothing."""
    stated = [
        *home.css("meta[property='og:site_name']::attr(content)").getall(),
        *home.css("title::text").getall(),
    ]
    lines = (" ".join("".join(c if c.isprintable() else " " for c in each).split()) for each in stated)
    names = (_HOME_WORDS.sub("", line)[:LONGEST_NAME] for line in lines)
    return next(filter(None, names), host)


def may_be_article(path: str) -> bool:
    """Whether a path is not one of what no site calls its articles."""
    return not _NO_ARTICLE.match(path)


def article_pattern(paths: Sequence[str]) -> str:
    """Regular expression of the addresses of articles, from the paths of some; "" for none."""
    shapes: dict[tuple[str, ...], list[list[str]]] = {}
    for path in dict.fromkeys(filter(may_be_article, paths)):
        segments = path.strip("/").split("/")
        shapes.setdefault(tuple(map(_class, segments)), []).append(segments)
    total = sum(map(len, shapes.values()))
    usual = sorted((rows for rows in shapes.values() if len(rows) >= total * _SHARE), key=len, reverse=True)
    parts = dict.fromkeys(_shape(rows) for rows in usual)
    if not parts:
        return ""
    return f"^/{next(iter(parts))}" if len(parts) == 1 else f"^/(?:{'|'.join(parts)})"


def _class(segment: str) -> str:
    """Kind of one part of a path: a number, a slug, a slug with an ending, the query, or a word."""
    if "?" in segment:
        return "query"
    if segment.isdigit():
        return "number"
    if ending := re.search(r"\.\w{2,5}$", segment):
        return ending[0]
    return "slug" if segment.count("-") > 1 or len(segment) > 24 else "word"


def _shape(rows: Sequence[Sequence[str]]) -> str:
    """Pattern of addresses with parts of the same kinds; what follows a number under a word is left open."""
    parts: list[str] = []
    for number, segments in enumerate(zip(*rows, strict=True)):
        kind, values = _class(segments[0]), Counter(segments)
        if kind == "number":
            parts.append(r"\d{4}" if all(len(each) == 4 for each in values) else r"\d+")
            if number and len(rows[0]) > number + 1 and parts[number - 1] not in (r"\d{4}", r"\d+"):
                return "/".join(parts) + "/"
        elif kind == "query":
            name = re.match(r"[^?]*\?[^=&]*", segments[0])
            parts.append(_escaped(name[0]) if name else r"[^/]+")
        elif kind == "word" and len(values) <= _MOST_WORDS:
            words = sorted(map(_escaped, values))
            parts.append(words[0] if len(words) == 1 else f"(?:{'|'.join(words)})")
        else:
            parts.append(r"[\w%-]+" if kind in ("slug", "word") else rf"[^/]+{_escaped(kind)}")
    last = _class(rows[0][-1])
    if last == "slug":
        parts[-1] = r"[\w%-]+-[\w%-]+"
    return "/".join(parts) + ("" if last == "query" else "/?$")


def _escaped(text: str) -> str:
    return re.escape(text).replace(r"\-", "-")


def read_page(page: Page, source: Source, now: datetime) -> Reading:
    """What a source's selectors read from a page."""
    try:
        more = [each.tree for each in page.more]
        return Reading(page.url, read_article(page.tree, page.url, source, now, more))
    except PageError as error:
        return Reading(page.url, None, error.kind, str(error))


def field_of(article: Article, field: str) -> Any:
    """Value of one of FIELDS; empty where the article has none."""
    return getattr(article, _NAMES.get(field, field))


def counts_of(readings: Sequence[Reading]) -> dict[str, int]:
    """In how many of the pages each field was found."""
    articles = [each.article for each in readings if each.article]
    return {field: sum(bool(field_of(each, field)) for each in articles) for field in FIELDS}


def example_of(readings: Sequence[Reading], field: str) -> str:
    """One value of a field, on one line, cut."""
    values = (field_of(each.article, field) for each in readings if each.article)
    value = next((each for each in values if each), "")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M %Z}"
    text = " ".join((", ".join(value) if isinstance(value, tuple) else str(value)).split())
    return text if len(text) <= LONGEST_EXAMPLE else text[: LONGEST_EXAMPLE - 1] + "…"


def preset_names() -> list[str]:
    """Names of the presets there are."""
    return sorted(path.stem for path in (HERE / "presets").glob("*.toml"))


def load_preset(name: str) -> Preset:
    """A preset as it is shipped."""
    text = (HERE / "presets" / f"{name}.toml").read_text(encoding="utf-8")
    return Preset.model_validate(tomllib.loads(text))


def choose_preset(
    pages: Sequence[Page], source: Source, presets: Mapping[str, Preset], system: str, now: datetime
) -> str:
    """Name of the preset that reads most fields from all pages together.

    Of equals the one the site looks like, then "generic", which depends on nothing.
    """
    order = sorted(presets, key=lambda name: (name != system, name != "generic", name))

    def fields(name: str) -> int:
        preset = presets[name].model_copy(update={"article": source.preset.article})
        tried = source.model_copy(update={"preset": preset})
        return sum(counts_of([read_page(page, tried, now) for page in pages]).values())

    return max(order, key=fields)  # the first of equals


def differences(
    preset: Preset, ways: Ways, paths: Sequence[str], pattern: str, listing: str
) -> dict[str, Any]:
    """What the file must say beside the preset's name: ways and pattern, only where they differ.

    `paths` are those of known articles; `listing` is the page to take links from if no other way works.
    """
    fits = [path for path in paths if re.search(preset.article, path)]
    is_vague = preset.article == load_preset("generic").article
    own: dict[str, Any] = {} if len(fits) == len(paths) and not is_vague else {"article": pattern}
    for name in ("feeds", "sitemaps", "posts"):
        known, found = getattr(preset, name), getattr(ways, name)
        is_missing = bool(known) and not found and name not in preset.optional
        if is_missing or (found and known != found):
            own[name] = found
    if listing:
        own["listing"] = {"paths": (listing,), "card": "a[href]", "link": "::attr(href)"}
    return own


def only_by_machine(pages: Sequence[Page], preset: Preset) -> list[str]:
    """Fields that the preset has selectors for of which none finds anything on any page."""
    select = preset.select
    fields = {"title": select.title, "date": select.date, "text": select.body}
    return [
        field
        for field, selectors in fields.items()
        if selectors and not any(_finds(page, selector) for page in pages for selector in selectors)
    ]


def _finds(page: Page, selector: str) -> bool:
    return not selector.startswith("meta") and bool(page.tree.find(selector))


def write_source(facts: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """The text of a source's file: `facts` of the source, then what is `own` beside its preset.

    Whatever a site said stays a string: nothing in it becomes syntax.
    """
    tables = {name: value for name, value in own.items() if isinstance(value, Mapping)}
    plain = {name: value for name, value in own.items() if name not in tables}
    lines = [f"{name} = {toml_value(value)}" for name, value in {**facts, **plain}.items()]
    for table, values in tables.items():
        lines += ["", f"[{table}]", *(f"{name} = {toml_value(value)}" for name, value in values.items())]
    return "\n".join(lines) + "\n"


def toml_value(value: str | bool | float | Sequence[str]) -> str:
    """A value as TOML; a string with a backslash, as a pattern, stands in single quotes where that is possible."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        return f"[{', '.join(map(toml_value, value))}]"
    if "\\" in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    text = value.encode("utf-8", "replace").decode()  # half a pair of surrogates is no character
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def home_of(address: str) -> str:
    """The home of the site an address belongs to; raises ValueError if it is no web address."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # urlsplit reads it only when asked, and raises for a wrong one
    except ValueError as error:
        raise ValueError(f"is no address: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("must be an address that begins with http:// or https://")
    return f"{parts.scheme}://{parts.netloc}"
