"""The title, and the date beside it, of a page whose markup nobody described."""

import re
from collections.abc import Iterable, Iterator, Sequence

from lxml import etree  # type: ignore[import-untyped]

from crawlers.reading.tree import Tree, find

_HEADINGS = "h1, h2, h3, [itemprop=headline], [class*=title], [class*=judul]"
_SEPARATOR = re.compile(r"\s+[-–—|»•·]+\s+|\s*\|\s*")
_LONGEST = 300
"""Characters of a title."""
_LONGEST_DATE = 100
"""Characters of what shows a date beside a title."""
_CLIMB = 5
"""How many elements around a title are searched for a date."""
_FAR = 40
"""Elements between a title and a date that share nothing but the page."""
_YEAR = re.compile(r"(?:19|20)\d\d|\d/\d\d\b")
_OUTSIDE = etree.XPath("boolean(ancestor-or-self::*[self::footer or self::nav or self::aside or self::a])")


def headline(tree: Tree, stated: Sequence[str], site: Iterable[str]) -> tuple[str, etree._Element]:
    """The title and the heading that shows it, the root if none does; empty if the page has none.

    A heading that begins one of the `stated` titles is the title, as these may carry the name of the `site`.
    """
    headings = [(_text(each), each) for each in find(tree.root, _HEADINGS)]
    headings = [(text, each) for text, each in headings if 0 < len(text) <= _LONGEST]
    page_title = [_text(each) for each in tree.titles[:1]]
    for title in (*stated, *page_title):
        if shown := next((each for each in headings if _begins(each[0], title)), None):
            return shown
    if stated:
        return without_site(stated[0], site), tree.root
    top = [each for each in headings if each[1].tag == "h1"]
    if len(top) == 1:
        return top[0]
    return next((without_site(each, site) for each in page_title), ""), tree.root


def without_site(title: str, site: Iterable[str]) -> str:
    """`title` without the parts at its end that name the site, as " - Kompas.com Regional"."""
    names = [name for name in map(_letters, site) if len(name) > 2]
    end = len(title)
    for separator in reversed(list(_SEPARATOR.finditer(title))):
        part = _letters(title[separator.end() : end])
        if not separator.start() or not any(name in part or part in name for name in names if part):
            break
        end = separator.start()
    return title[:end]


def dates_beside(heading: etree._Element) -> Iterator[str]:
    """Short texts with a year around a heading, the nearest first; behind it before in front of it."""
    seen: set[etree._Element] = {heading}
    places = {each: number for number, each in enumerate(heading.getroottree().iter())}
    around, place = heading, places[heading]
    for _ in range(_CLIMB):
        around = around.getparent()
        if around is None or around.tag == "html":
            return
        new = [each for each in around.iterdescendants(etree.Element) if each not in seen]
        seen.update(new)
        shown = [(places[each], each) for each in new if _shows_date(each)]
        if around.tag == "body":
            shown = [(number, each) for number, each in shown if 0 <= number - place <= _FAR]
        nearest = sorted(shown, key=lambda pair: (pair[0] < place, not pair[1].get("datetime")))
        yield from (each.get("datetime") or _text(each) for _, each in nearest)


def _shows_date(element: etree._Element) -> bool:
    text = _text(element)
    return len(text) <= _LONGEST_DATE and bool(_YEAR.search(text)) and not _OUTSIDE(element)


def _begins(heading: str, title: str) -> bool:
    one, other = _letters(heading), _letters(title)
    if one == other:
        return True
    is_long = len(one) >= 15 and 2 * len(one) >= len(other)
    return is_long and other.startswith(one) and bool(_SEPARATOR.search(title))


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _text(element: etree._Element) -> str:
    return " ".join("".join(element.xpath(".//text()[not(parent::script or parent::style)]")).split())
