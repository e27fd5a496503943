"""The text of a page whose markup nobody described: trafilatura finds it, junk it would keep goes before.

What lifts trafilatura most is to take away what reads like text but leads elsewhere: "Baca juga" boxes and
paragraphs that are nothing but links. What is left of such lines goes by the rules of `clean`.
"""

import re
from collections.abc import Iterable
from copy import deepcopy
from html import escape

from lxml import etree, html  # type: ignore[import-untyped]

from crawlers.clean import clean_body, is_label
from crawlers.reading.tree import find


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_JUNK_NAME = re.compile(
    r"(?:^|[\s_-])(?:baca-?juga|bacajuga|baca|terkait|related|relatedposts|read-?also|share|sharing|sharedaddy|social"
    r"|sosmed|tags?|tagcloud|breadcrumbs?|komentar|comments?|disqus|newsletter|ads?|iklan|adsbygoogle|advertisement"
    r"|banner|populer|popular|trending|rekomendasi|recommended|author-?(?:box|bio|info)|caption|paging|pagination"
    r"|pager|page-links|post-navigation|nav-links|lainnya|sidebar|widget|whatsapp|cookie|terpopuler|terkini)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
"""Words in the class or id of elements that hold no text of the article."""
_TEXTUAL = 0.4
"""Share of a page's text in paragraphs above which an element is kept whatever it is called."""
_LINE = frozenset(("p", "li", "h2", "h3", "h4", "h5", "h6", "div", "blockquote", "td", "span", "strong", "b"))
_HAS_BLOCKS = etree.XPath("boolean(.//p or .//div or .//li or .//table or .//h2 or .//h3)")
_LINKED = etree.XPath(".//a[@href]//text()")
_IN_PARAGRAPHS = etree.XPath(".//p//text()")
_OWN_TEXT = etree.XPath("text()")
_SILENT = _words("a button h1 h2 h3 h4 h5 h6 head noscript option script select style textarea title")
"""Elements whose own text does not make the one around them the article's."""
_PARTS = _words(
    "abbr b big blockquote cite code em font i ins label li mark ol p q s small span strong sub sup u ul"
)
"""Elements whose text counts for the one around them."""
_SENTENCE = re.compile(r"^.{59,}[.!?][\"”’')]*$")
"""A line long enough, and ended, to be a sentence of an article."""
_MOST = 0.7
"""Share of what trafilatura found that must stand in the densest element for that to be trusted."""
_KNOWN_BY = 30
"""Letters that tell a line from any other."""
_SMALLEST_SCOPE = 250
"""Characters of text that an element marked as the article's body must have to be taken for it."""


def main_text(root: etree._Element) -> tuple[list[str], etree._Element]:
    """Paragraphs of the page's main text, and the element that holds them, the root if none does."""
    scope = _scope(root)
    pruned = _pruned(scope)
    dense = clean_body(etree.tostring(_densest(pruned), encoding="unicode", method="html", with_tail=False))
    found = clean_body("".join(f"<p>{escape(line)}</p>" for line in _extracted(pruned)))
    paragraphs = _agreed(found, dense)
    return paragraphs, _holder(scope, paragraphs)


def _agreed(found: list[str], dense: list[str]) -> list[str]:
    """What trafilatura `found`, set right by the lines of the element with most text of its own.

    That element has the lines that trafilatura loses between two others; where it holds nearly all that was
    found, only whole sentences stay beside it. If it has far more than was found, that was something else.
    """
    inside = _letters(dense)
    shared = _size(line for line in found if _stands_in(inside, line))
    if 2 * shared < _size(dense) > _size(found):
        return dense
    likely = [line for line in found if _stands_in(inside, line) or _SENTENCE.search(line)]
    if shared < _MOST * _size(likely):
        return found
    known = _letters(likely)
    held = [number for number, line in enumerate(dense) if _stands_in(known, line)]
    places = [number for number, line in enumerate(likely) if _stands_in(inside, line)]
    if not held or not places:
        return found
    between = range(held[0], held[-1] + 1)
    kept = [line for number, line in enumerate(dense) if number in between or _SENTENCE.search(line)]
    before, after = likely[: places[0]], likely[places[0] :]
    return [*before, *kept, *(line for line in after if not _stands_in(inside, line))]


def _densest(root: etree._Element) -> etree._Element:
    """The element with most unlinked text right in it or in its paragraphs."""
    sizes: dict[etree._Element, int] = {}
    for element in root.iter(etree.Element):
        if element.tag not in _SILENT and (own := _size(_OWN_TEXT(element))):
            holder = element
            while holder.tag in _PARTS and holder.getparent() is not None:
                holder = holder.getparent()
            sizes[holder] = sizes.get(holder, 0) + own
    return max(sizes, key=sizes.__getitem__, default=root)


def _stands_in(letters: str, line: str) -> bool:
    """Whether a line's beginning or end is part of a text; tools differ in where they break lines."""
    own = _letters([line])
    return own[:_KNOWN_BY] in letters or own[-_KNOWN_BY:] in letters


def _letters(lines: Iterable[str]) -> str:
    return re.sub(r"[\W_]+", "", "".join(lines)).casefold()


def _extracted(tree: etree._Element) -> list[str]:
    from trafilatura import bare_extraction  # slow to import, and only unknown pages need it

    document = bare_extraction(tree, fast=True, favor_precision=True, include_comments=False)
    return [] if document is None or isinstance(document, dict) else (document.text or "").split("\n")


def _scope(root: etree._Element) -> etree._Element:
    """A page with nothing but what microdata calls the article's body, the whole one if that says little."""
    marked = find(root, "[itemprop=articleBody]")
    if len(marked) == 1 and len("".join(marked[0].itertext())) >= _SMALLEST_SCOPE:
        page = html.Element("html")
        body = html.Element("body")
        article = html.Element("article")
        article.append(deepcopy(marked[0]))
        body.append(article)
        page.append(body)
        return page
    return root


def _pruned(root: etree._Element) -> etree._Element:
    """A copy of `root` without boxes of links and without elements that are called junk."""
    tree = deepcopy(root)
    whole = _size(_IN_PARAGRAPHS(tree))
    for element in list(tree.iter(etree.Element)):
        is_inside = element.getparent() is not None and element.tag not in ("html", "body", "head")
        if is_inside and (_is_called_junk(element, whole) or _leads_elsewhere(element)):
            element.drop_tree()
    return tree


def _is_called_junk(element: etree._Element, whole: int) -> bool:
    names = f"{element.get('class', '')} {element.get('id', '')}"
    return bool(_JUNK_NAME.search(names)) and _size(_IN_PARAGRAPHS(element)) < _TEXTUAL * whole


def _leads_elsewhere(element: etree._Element) -> bool:
    """Whether a line is nothing but links, or a label as "Baca juga:" with titles behind it."""
    if element.tag not in _LINE or _HAS_BLOCKS(element):
        return False
    text = "".join(element.itertext())
    if is_label(text):
        return element.tag not in ("span", "strong", "b") or ":" in text or bool(_LINKED(element))
    linked = _LINKED(element) if element.tag not in ("span", "strong", "b") else ()
    return bool(linked) and _size(linked) >= _size([text]) > 0


def _holder(root: etree._Element, paragraphs: Iterable[str]) -> etree._Element:
    """The smallest element around all of `paragraphs` that are found in the page."""
    begins = {_start(paragraph) for paragraph in paragraphs}
    found = [each for each in root.iter("p", "li", "div", "blockquote") if _start_of(each) in begins]
    around_others = {around for each in found for around in each.iterancestors()}
    holders = [each for each in found if each not in around_others]
    if not holders:
        return root
    common = [holders[0], *holders[0].iterancestors()]
    for holder in holders[1:]:
        around = {holder, *holder.iterancestors()}
        common = [each for each in common if each in around]
    first = common[0] if common else root
    return first.getparent() if first in holders and first.getparent() is not None else first


def _start_of(element: etree._Element) -> str:
    return _start("".join(element.itertext())[:400])


def _start(text: str) -> str:
    return " ".join(text.split())[:40]


def _size(texts: Iterable[str]) -> int:
    return sum(len("".join(text.split())) for text in texts)
