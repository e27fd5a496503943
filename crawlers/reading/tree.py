"""A page as a tree, and what CSS selectors find in it.

To look through a whole page for one thing costs as much as to parse a tenth of it, and a preset has a hundred
selectors, most of them for themes that a page does not have. So a tree knows which elements, classes, ids and
statements its page can hold, by its text, which is quick; only a selector that can find something is looked for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from html import unescape
from typing import Any

from cssselect import parser as css
from lxml import etree, html  # type: ignore[import-untyped]
from parsel.csstranslator import HTMLTranslator
from scrapy.http import JsonResponse, Response, TextResponse
from scrapy.utils.response import get_base_url

_FROM_HERE = "descendant-or-self::"
_STATING = frozenset(("property", "name", "itemprop"))
"""Attributes by which meta elements say what they state."""
_UNWRITTEN = frozenset(("html", "head", "body", "p"))
"""Elements that a page may have though its text does not name them."""
_CLASSES = re.compile(r"class\s*=\s*(?=(\"[^\"]*|'[^']*|[^\s>]*))")
"""What may be the value of a class attribute; looked for behind each "class", also of those inside another value."""
_HAS_ID = etree.XPath("boolean(id($id))")
_PARSER = html.HTMLParser(encoding="utf-8", huge_tree=True)


class Tree:
    """The tree of one page. Nothing may be added to it, and it should not be kept: it is large."""

    def __init__(self, root: etree._Element, text: str) -> None:
        """`text` is what `root` was made from."""
        self.root = root
        self._text = text.lower()
        self._elements: dict[str, bool] = {}

    def find(self, selector: str, within: etree._Element | None = None) -> list[Any]:
        """What a CSS selector finds, in the page's order: elements, or strings by `::text` and `::attr(name)`.

        In the whole page, or `within` one of its elements.
        """
        paths = [each.path for each in _alternatives(selector) if self._may_find(each)]
        found: list[Any] = (
            _compiled(" | ".join(paths))(self.root if within is None else within) if paths else []
        )
        return found

    @cached_property
    def titles(self) -> list[etree._Element]:
        """The title elements; a page has one, and drawings in it may have more."""
        return [each for each in self._statements if each.tag == "title"]

    @cached_property
    def metas(self) -> list[etree._Element]:
        """The meta elements that state something."""
        return [each for each in self._statements if each.tag == "meta" and each.get("content") is not None]

    @cached_property
    def scripts(self) -> list[str]:
        """The texts of its scripts of JSON-LD."""
        linked = (each for each in self._statements if each.get("type") == "application/ld+json")
        return [each.text for each in linked if each.tag == "script" and each.text]

    @cached_property
    def canonical(self) -> list[str]:
        """The addresses that it gives as its own."""
        links = (each for each in self._statements if each.get("rel") == "canonical")
        return [each.get("href", "") for each in links if each.tag == "link"]

    @cached_property
    def _statements(self) -> list[etree._Element]:
        return list(self.root.iter("title", "meta", "link", "script"))

    def _may_find(self, alternative: "_Alternative") -> bool:
        return (
            alternative.classes <= self._classes
            and all(self._may_hold(each) for each in alternative.elements)
            and alternative.statements <= self._stated
            and all(_HAS_ID(self.root, id=each) for each in alternative.ids)
        )

    def _may_hold(self, element: str) -> bool:
        if element not in self._elements:
            self._elements[element] = element in _UNWRITTEN or f"<{element}" in self._text
        return self._elements[element]

    @cached_property
    def _classes(self) -> frozenset[str]:
        """In lower case, and some more than there are."""
        values = " ".join(_CLASSES.findall(self._text))
        return frozenset(
            (unescape(values) if "&" in values else values).replace('"', " ").replace("'", " ").split()
        )

    @cached_property
    def _stated(self) -> frozenset[tuple[str, str]]:
        metas = (each for each in self._statements if each.tag == "meta")
        return frozenset((name, value) for each in metas for name, value in each.items() if name in _STATING)


def parse(text: str, address: str | None = None) -> Tree:
    """The tree of a page's text, however broken that is; `address` is what its links are relative to."""
    text = text.strip().replace("\0", "")
    try:
        content = text.encode("utf-8", "replace") or b"<html/>"
        root = etree.fromstring(content, parser=_PARSER, base_url=address)
    except etree.XMLSyntaxError:  # nothing in it that is HTML, as a comment alone
        root = None
    return Tree(html.Element("html") if root is None else root, text)


def tree_of(response: Response, most: int | None = None) -> Tree:
    """The tree of a page that was fetched, of its first `most` characters; raises ValueError if it is none.

    Not that of `response.selector`: which keeps its response, as that keeps it, until the garbage collector
    comes round. To free each tree at once halves the time that it takes to make one, and the memory of a crawl.
    """
    if not isinstance(response, TextResponse):
        raise ValueError("not a page of text")  # noqa: TRY004  # the site's mistake, not ours
    if isinstance(response, JsonResponse):
        raise ValueError("this is no page of HTML")  # noqa: TRY004
    return parse(response.text[:most], get_base_url(response))


def find(root: etree._Element, selector: str) -> list[Any]:
    """What a CSS selector finds in one element and below, as `Tree.find`."""
    found: list[Any] = _compiled(" | ".join(each.path for each in _alternatives(selector)))(root)
    return found


@dataclass(frozen=True)
class _Alternative:
    """One of the selectors that stand between commas, and what must be in a page in which it finds something."""

    path: str
    """As XPath."""
    elements: frozenset[str]
    classes: frozenset[str]
    """In lower case."""
    ids: frozenset[str]
    statements: frozenset[tuple[str, str]]
    """Attributes of meta elements."""


@cache
def _alternatives(selector: str) -> tuple[_Alternative, ...]:
    translate = HTMLTranslator().selector_to_xpath
    return tuple(
        _alternative(each.parsed_tree, translate(each, _FROM_HERE, translate_pseudo_elements=True))
        for each in css.parse(selector)
    )


def _alternative(tree: Any, path: str) -> _Alternative:
    parts = list(_parts(tree))
    return _Alternative(
        path,
        frozenset(each.element.lower() for each in parts if isinstance(each, css.Element) and each.element),
        frozenset(each.class_name.lower() for each in parts if isinstance(each, css.Class)),
        frozenset(each.id for each in parts if isinstance(each, css.Hash)),
        frozenset((each.attrib, each.value.value) for each in parts if _is_statement(each)),
    )


def _parts(tree: Any) -> Iterator[Any]:
    """The simple selectors that must all fit; not what stands in `:not()`, `:has()` and the like."""
    while tree is not None:
        yield tree
        if isinstance(tree, css.CombinedSelector):
            yield from _parts(tree.subselector)
        tree = getattr(tree, "selector", None)


def _is_statement(part: Any) -> bool:
    return (
        isinstance(part, css.Attrib)
        and (part.operator, part.flag) == ("=", None)
        and part.attrib in _STATING
        and isinstance(part.selector, css.Element)
        and part.selector.element == "meta"
    )


@lru_cache(maxsize=2048)
def _compiled(path: str) -> etree.XPath:
    return etree.XPath(path, smart_strings=False)
