"""What a page states of its article for machines: JSON-LD, microdata, Open Graph and other meta elements."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from html import unescape
from typing import Any

from crawlers.reading.tree import Tree


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ARTICLES = _words(
    "Article NewsArticle BlogPosting ReportageNewsArticle AnalysisNewsArticle OpinionNewsArticle "
    "BackgroundNewsArticle LiveBlogPosting SocialMediaPosting TechArticle Report"
)
"""Types of schema.org that are articles."""
_OTHER_THINGS = _words(
    "Comment Review ImageObject VideoObject Person Organization NewsMediaOrganization Event Product ListItem"
)
_DATES = (
    "article:published_time",
    "datepublished",
    "og:published_time",
    "publishdate",
    "pubdate",
    "publish-date",
    "publish_date",
    "content_publisheddate",
    "parsely-pub-date",
    "cxenseparse:recs:publishtime",
    "dc.date.issued",
    "date",
)
"""Names of meta elements that hold the time of publication."""
_TITLES = ("headline", "og:title", "twitter:title")
_MARKED_DATES = ("[itemprop=datePublished]::attr(datetime)", "[itemprop=datePublished]::attr(content)")
_MARKED_TITLES = ("[itemtype*='Article'] [itemprop=headline]::text",)
_IMAGE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)\b", re.IGNORECASE)
_LOCAL_TIME = re.compile(r"(\d)\s+T(\d\d:\d\d(?::\d\d)?)Z$")


class Structured:
    """What a page states; each part is read when it is first asked for."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """Headlines, the surest first; those of meta elements may carry the site's name."""
        marked = (_fold(each) for each in self._found(_MARKED_TITLES))
        return tuple(filter(None, (*self._texts("headline"), *marked, *self._stated(*_TITLES))))

    @cached_property
    def dates(self) -> tuple[str, ...]:
        """Texts that state when it was published, the surest first."""
        metas = (_without_wrong_zone(each) for each in self._stated(*_DATES))
        return (*self._texts("datePublished"), *metas, *self._found(_MARKED_DATES))

    @cached_property
    def authors(self) -> tuple[str, ...]:
        """Names of the people that JSON-LD gives as authors."""
        return tuple(name for thing in self._things for name in _people(thing.get("author")))

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """Keywords, separated by commas or one by one."""
        stated = (*self._texts("keywords"), *self._stated("article:tag"))
        return stated or tuple(self._stated("news_keywords", "keywords")[:1])

    @cached_property
    def images(self) -> tuple[str, ...]:
        """Addresses of the main photo; what is no file of an image, as a site's folder of logos, is left out."""
        return tuple(address for address in self._stated("og:image") if _IMAGE.search(address))

    @cached_property
    def site(self) -> tuple[str, ...]:
        """Names that the site gives itself."""
        return tuple(self._stated("og:site_name"))

    @cached_property
    def _things(self) -> list[dict[str, Any]]:
        known = [thing for script in self._tree.scripts for thing in _things_of(script)]
        return sorted(known, key=lambda thing: not ARTICLES & _types(thing))  # stable: in the page's order

    @cached_property
    def _metas(self) -> dict[str, list[str]]:
        known: dict[str, list[str]] = {}
        for meta in self._tree.metas:
            name = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
            if content := _fold(meta.get("content")):
                known.setdefault(name.lower(), []).append(content)
        return known

    def _stated(self, *names: str) -> list[str]:
        """Contents of the meta elements of these names, in the order of the names."""
        return [content for name in names for content in self._metas.get(name, ())]

    def _texts(self, name: str) -> tuple[str, ...]:
        values = (value for thing in self._things for value in _flat(thing.get(name)))
        return tuple(_fold(unescape(str(value))) for value in values if isinstance(value, (str, int)))

    def _found(self, selectors: Iterable[str]) -> list[str]:
        return [
            str(text) for selector in selectors for text in self._tree.find(selector) if str(text).strip()
        ]


def _things_of(script: str) -> Iterator[dict[str, Any]]:
    """Objects of a piece of JSON-LD that may be the article, in their order; none if it cannot be read."""
    text = re.sub(r"^\s*(?://\s*)?(?:<!\[CDATA\[|<!--)|(?://\s*)?(?:\]\]>|-->)\s*;?\s*$", "", script)
    try:
        stack: list[Any] = [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        return
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if not _OTHER_THINGS & _types(value):
                yield value
            stack += [each for name, each in reversed(value.items()) if name != "itemListElement"]
        elif isinstance(value, list):
            stack += reversed(value)


def _types(thing: dict[str, Any]) -> frozenset[str]:
    return frozenset(str(each).rsplit("/", 1)[-1] for each in _flat(thing.get("@type")))


def _people(value: Any) -> Iterator[str]:
    for each in _flat(value):
        if isinstance(each, str) and not each.startswith("http"):
            yield each
        elif isinstance(each, dict) and not _types(each) & {"Organization", "NewsMediaOrganization"}:
            yield from (name for name in _flat(each.get("name")) if isinstance(name, str))


def _flat(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _without_wrong_zone(text: str) -> str:
    """detik writes its local time as "2015-11-05 T10:08:58Z"; no standard has that blank."""
    return _LOCAL_TIME.sub(r"\1 \2", text.strip())


def _fold(text: str) -> str:
    return " ".join(text.split())
