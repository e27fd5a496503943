"""An article page into an Article: pure, no network and no clock.

A field is what the source's selectors find, else what the page states for machines, else, where the source
has no selectors for it, what stands where such things usually stand.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from lxml import etree  # type: ignore[import-untyped]

from crawlers.clean import clean_body
from crawlers.dates import read_absolute_date, read_date
from crawlers.discovery import article_address, site_address
from crawlers.reading.datelines import without_dateline
from crawlers.reading.headlines import dates_beside, headline, without_site
from crawlers.reading.languages import language_of
from crawlers.reading.links import document_addresses, image_address, page_number, whole_address
from crawlers.reading.maintext import main_text
from crawlers.reading.names import credited_authors, credited_editors, single_name, single_names, unique
from crawlers.reading.structured import Structured
from crawlers.reading.tree import Tree
from crawlers.reading.walls import wall
from crawlers.source import Selectors, Source
from indexer.article import Article

EARLIEST_YEAR = 1990
"""Older dates are a clock's zero, not a day of publication."""
AHEAD = timedelta(days=2)
"""How far in the future a date may be before it is held for a mistake."""
MOST_PAGES = 20
"""Further pages of one article that are named."""

_TEXT = etree.XPath(
    "descendant-or-self::text()[not(parent::script or parent::style)] | descendant::br | descendant::p"
)


class PageError(Exception):
    """A page that is no article: `kind` says what is missing, the text names it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def read_article(tree: Tree, url: str, source: Source, now: datetime, more: Sequence[Tree] = ()) -> Article:
    """The article on a page and on the `more` pages that continue it.

    Raises PageError: "layout" where title, date or text cannot be found, "blocked" or "gone" for what stands
    where an article should, "language" for one in another language than the source's.
    """
    _refuse_wall(tree)
    try:
        return _article(tree, url, source, now, more)
    except PageError as error:
        if error.kind == "layout":
            _refuse_wall(tree, missing=True)
        raise


def further_pages(tree: Tree, url: str, source: Source) -> list[str]:
    """Addresses of the other pages of an article that has several, in order of their numbers, at most 20."""
    base = source.address(url)
    numbered: dict[int, str] = {}
    for selector in source.preset.select.pages:
        for found in tree.find(selector):
            link = found.get("href") if isinstance(found, etree._Element) else str(found)
            address = site_address(whole_address(base, link or "") or "", source) if link else None
            number = page_number(address, base) if address else 0
            if address and number > 1:
                numbered.setdefault(number, address)
    return [numbered[number] for number in sorted(numbered)][:MOST_PAGES]


def _refuse_wall(tree: Tree, missing: bool = False) -> None:
    if found := wall(tree, missing):
        kind, words = found
        raise PageError(kind, f"the page is no article but says {words!r}")


def _article(tree: Tree, url: str, source: Source, now: datetime, more: Sequence[Tree]) -> Article:
    select, stated = source.preset.select, Structured(tree)
    title, heading = _title(tree, source, stated)
    published = _published(tree, heading, source, stated, now)
    bodies = [_body(each, select) for each in (tree, *more)]
    place, paragraphs = _joined_text([_without_title(paragraphs, title) for paragraphs, _ in bodies])
    credits = "\n".join(_found_texts(tree, select.credits))
    editors = _first_texts(tree, select.editor) or credited_editors(credits)
    return Article(
        source=source.key,
        url=_address(tree, url, source),
        title=title,
        paragraphs=tuple(paragraphs),
        published=published,
        place=place,
        authors=_authors(_first_texts(tree, select.authors) or credited_authors(credits), stated, source),
        editor=next((name for text in editors if (name := single_name(text))), None),
        tags=_tags(_first_texts(tree, select.tags) or stated.tags),
        image=image_address(tree, url, select.image, stated),
        attachments=unique(each for _, body in bodies for each in document_addresses(body, url)),
        language=_language(tree, paragraphs, select.languages),
        region=source.region,
        kind=source.kind,
    )


def _title(tree: Tree, source: Source, stated: Structured) -> tuple[str, etree._Element]:
    """The title and the heading it stands in, the root if that is not known."""
    select = source.preset.select
    for text in _found_texts(tree, select.title):
        if title := _fold(re.sub(select.title_suffix, "", _fold(text)) if select.title_suffix else text):
            return title, tree.root
    site = (*stated.site, source.name, source.host.removeprefix("www."))
    if not select.title:
        title, heading = headline(tree, stated.titles, site)
        if title:
            return title, heading
    elif stated.titles:
        return without_site(stated.titles[0], site), tree.root
    raise _missing("title", select.title)


def _published(
    tree: Tree, heading: etree._Element, source: Source, stated: Structured, now: datetime
) -> datetime:
    selectors = source.preset.select.date
    for text in _either(_found_texts(tree, selectors), lambda: stated.dates):
        if _is_possible(moment := read_date(text, source.zone, now), now):
            return moment
    for text in () if selectors else _shown_dates(tree, heading, source, stated):
        if _is_possible(moment := read_absolute_date(text, source.zone), now):
            return moment
    raise _missing("date", selectors)


def _is_possible(moment: datetime | None, now: datetime) -> TypeGuard[datetime]:
    return moment is not None and moment.year >= EARLIEST_YEAR and moment <= now + AHEAD


def _shown_dates(tree: Tree, heading: etree._Element, source: Source, stated: Structured) -> Iterator[str]:
    """Dates where readers see them: beside the title, then in the elements that are made for them."""
    if heading is tree.root:
        heading = headline(tree, stated.titles, (source.name,))[1]
    if heading is not tree.root:
        yield from dates_beside(heading)
    yield from _found_texts(tree, ("article time::attr(datetime)", "time::attr(datetime)", "article time"))


def _body(tree: Tree, select: Selectors) -> tuple[list[str], etree._Element]:
    """Paragraphs of the text, and the element that holds them."""
    if not select.body:
        paragraphs, holder = main_text(tree.root)
        if paragraphs:
            return paragraphs, holder
    for selector in select.body:
        for found in tree.find(selector):
            if isinstance(found, etree._Element):
                body = _without(found, select.remove, tree)
                html = etree.tostring(body, encoding="unicode", method="html", with_tail=False)
                if paragraphs := clean_body(html):
                    return paragraphs, body
    raise _missing("text", select.body)


def _without(body: etree._Element, remove: Sequence[str], tree: Tree) -> etree._Element:
    """`body` without the elements that `remove` finds in it; a copy if there are some."""
    unwanted = {element for selector in remove for element in tree.find(selector, body)}
    if not unwanted:  # not even looked through
        return body
    places = [place for place, element in enumerate(body.iter()) if place and element in unwanted]
    if not places:
        return body
    copied = deepcopy(body)
    elements = list(copied.iter())
    for place in reversed(places):
        elements[place].drop_tree()
    return copied


def _without_title(paragraphs: list[str], title: str) -> list[str]:
    """`paragraphs` without a first one that repeats the title."""
    return (
        paragraphs[1:] if len(paragraphs) > 1 and paragraphs[0].casefold() == title.casefold() else paragraphs
    )


def _joined_text(bodies: Sequence[list[str]]) -> tuple[str | None, list[str]]:
    """The dateline's place and one text of the paragraphs of several pages; what pages begin with alike, once."""
    place, text = without_dateline(bodies[0])
    if not text:
        raise PageError("layout", "no text: there is nothing but a dateline")
    known = {*bodies[0], *text}
    for body in bodies[1:]:
        again, rest = without_dateline(body)
        new = rest if again == place else body
        while new and new[0] in known:
            new = new[1:]
        text += new
        known.update(new)
    return place, text


def _authors(texts: Iterable[str], stated: Structured, source: Source) -> tuple[str, ...]:
    if names := unique(name for text in texts for name in single_names(text)):
        return names
    site = {each.casefold() for each in (*stated.site, source.name, source.host, "admin", "redaksi")}
    return unique(name for name in map(single_name, stated.authors) if name.casefold() not in site)


def _tags(texts: Iterable[str]) -> tuple[str, ...]:
    return unique(tag.lstrip("# ").strip() for text in texts for tag in re.split("[,;]", _fold(text)))


def _language(tree: Tree, paragraphs: Sequence[str], expected: Sequence[str]) -> str:
    """Two letters, told by the text, else by the page; raises PageError for a text in one not expected."""
    told = language_of(" ".join(paragraphs))
    if told and expected and told not in expected:
        raise PageError(
            "language", f"the text is in {told!r}, expected is {' or '.join(map(repr, expected))}"
        )
    return told or _stated_language(tree)


def _stated_language(tree: Tree) -> str:
    """ "in" is what Indonesian was called until 1989 and old systems still write."""
    locales = (each.get("content") for each in tree.metas if each.get("property") == "og:locale")
    for found in (tree.root.get("lang") or "", *locales):
        if stated := re.match(r"\s*([a-z]{2})(?![a-z])", found, re.IGNORECASE):
            return "id" if stated[1].lower() == "in" else stated[1].lower()
    return "id"


def _address(tree: Tree, url: str, source: Source) -> str:
    """The address a page gives as its own if it is one of an article here, else that of the page."""
    stated = [each.get("content") for each in tree.metas if each.get("property") == "og:url"]
    known = (article_address(each, source, url) for each in (*tree.canonical, *stated, url) if each.strip())
    return next((address for address in known if address), url)


def _either(found: Iterable[str], stated: Callable[[], Iterable[str]]) -> Iterator[str]:
    """What was `found`, and only if that was not enough what is `stated`."""
    yield from found
    yield from stated()


def _first_texts(tree: Tree, selectors: Sequence[str]) -> list[str]:
    """All texts of the first selector that finds some."""
    for selector in selectors:
        if texts := list(_found_texts(tree, (selector,))):
            return texts
    return []


def _found_texts(tree: Tree, selectors: Iterable[str]) -> Iterator[str]:
    """Texts that `selectors` find, in their order, with line ends where a browser has them, none empty."""
    for selector in selectors:
        for found in tree.find(selector):
            text = _text(found) if isinstance(found, etree._Element) else str(found)
            if text.strip():
                yield text


def _text(element: etree._Element) -> str:
    found: list[Any] = _TEXT(element)
    return "".join("\n" if isinstance(part, etree._Element) else re.sub(r"\s+", " ", part) for part in found)


def _fold(text: str) -> str:
    return " ".join(text.split())


def _missing(field: str, selectors: Sequence[str]) -> PageError:
    where = f"looked for at {', '.join(selectors)}" if selectors else "looked for everywhere"
    return PageError("layout", f"no {field}, {where}")
