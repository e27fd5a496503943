"""An article page into an Article: pure, no network and no clock."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from lxml import etree  # type: ignore[import-untyped]
from scrapy import Selector

from crawlers.clean import clean_body
from crawlers.dates import read_date
from crawlers.discovery import article_address, find
from crawlers.source import Source
from indexer.article import Article

DATE_FALLBACKS = (
    "meta[property='article:published_time']::attr(content)",
    "meta[itemprop=datePublished]::attr(content)",
    "[itemprop=datePublished]::attr(datetime)",
)
"""Where pages of any make state their date, asked where the source's own selectors find none."""
IMAGE_ATTRIBUTES = ("data-src", "data-original", "data-lazy-src", "src", "content")
"""Where an image element has its address; those of a lazily loaded one come before its placeholder."""
EARLIEST_YEAR = 1990
"""Older dates are a clock's zero, not a day of publication."""
AHEAD = timedelta(days=2)
"""How far in the future a date may be before it is held for a mistake."""

_PLACE = r"(?P<place>[A-Z][^\W\d_][\w.'’ -]{0,40}?(?:,\s?[A-Z][\w.'’ -]{1,40}?){0,2})"
_DASH = r"\s?[-–—]+\s*"
_OUTLET = r"(?:(?!www\.)[\w-]{2,30}\.)(?i:com|co\.id|co|id|net|news)\b"
_DATELINES = (
    rf"{_PLACE}(?:,\s?\d{{1,2}}[\s/][\w/]+(?:\s\d{{4}})?)?\s?\((?:ANTARA|Antara)\b[^()]{{0,40}}\)(?:{_DASH}|\s|:|$)",
    rf"{_PLACE}(?:,\s?|\s){_OUTLET}{_DASH}",
    rf"{_OUTLET},?\s?{_PLACE}(?:{_DASH}|(?<=[a-z])(?=[A-Z]))",
    rf"{_OUTLET}{_DASH}(?=[\"“‘'A-Z\d]|$)",
    r"(?P<place>[A-Z][A-Z.' ]{2,30}[A-Z](?:,\s?[A-Z][A-Z.' ]{1,30}[A-Z])?)"
    r"(?:\s[-–—]+\s?|[-–—]\s|--\s?|[-–—]$)(?=[\"“‘'A-Z\d]|$)",
    r"(?P<place>[A-Z][\w.' ]{2,30}?)\s?[-–—]+$",
)
"""ANTARA's "Serang, Banten (ANTARA) - ", "LEBAK,RADARBANTEN.CO.ID-", "TEMPO.CO, Jakarta - " and its glued
form, "KOMPAS.com - " without a place, "SERANG – ", and "Serang - " as a paragraph of its own."""
_DATELINE = tuple(re.compile(pattern) for pattern in _DATELINES)
_DATELINE_WITHIN = 3
"""Paragraphs that may come before the text's own beginning, as a heading, and one."""
_CAPITALS = ("DKI", "DI", "NTB", "NTT")
"""What stays in capitals in the name of a place."""

_ENDS_NAMES = r"(?=\s*(?:Pewarta|Reporter|Penulis|Editor|Redaktur|Penyunting|Uploader|(?i:copyright)|©|\n|$))"
_AUTHORS = re.compile(rf"(?:Pewarta|Reporter|Penulis|Oleh)[^\S\n]*:[^\S\n]*(?P<names>[^\n]*?){_ENDS_NAMES}")
_EDITOR = re.compile(rf"(?:Editor|Redaktur|Penyunting)[^\S\n]*:[^\S\n]*(?P<names>[^\n]*?){_ENDS_NAMES}")
_LABELLED = re.compile(
    r"^\s*(?:pewarta|reporter|penulis|oleh|editor|redaktur|penyunting)\s*:\s*", re.IGNORECASE
)
_BETWEEN_NAMES = re.compile(r"\s*[,/;|&]\s*|\s+(?:dan|and)\s+")
_TEXT = etree.XPath(
    "descendant-or-self::text()[not(parent::script or parent::style)] | descendant::br | descendant::p"
)


class PageError(Exception):
    """A page that is no article: `kind` says what is missing, the text names it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def further_pages(page: Selector, url: str, source: Source) -> list[str]:
    """Addresses of the other pages of an article that has several, in order."""
    return []


def read_article(
    page: Selector, url: str, source: Source, now: datetime, more: Sequence[Selector] = ()
) -> Article:
    """The article on a page; raises PageError where title, date or text cannot be found."""
    if not isinstance(page.root, etree._Element):
        raise PageError("layout", "this is no page of HTML")
    root, select = page.root, source.preset.select
    title = _title(root, select.title, select.title_suffix)
    published = _published(root, source, now)
    place, paragraphs = _without_dateline(_paragraphs(root, select.body, select.remove))
    credits = "\n".join(_found_texts(root, select.credits))
    return Article(
        source=source.key,
        url=_address(root, url, source),
        title=title,
        paragraphs=tuple(paragraphs),
        published=published,
        place=place,
        authors=_authors(root, select.authors, credits),
        editor=_editor(root, select.editor, credits),
        tags=_tags(root, select.tags),
        image=_image(root, url, select.image),
        language=_language(root),
        region=source.region,
        kind=source.kind,
    )


def _title(root: etree._Element, selectors: Sequence[str], suffix: str) -> str:
    for text in _found_texts(root, selectors):
        if title := _fold(re.sub(suffix, "", _fold(text)) if suffix else text):
            return title
    raise _missing("title", selectors)


def _published(root: etree._Element, source: Source, now: datetime) -> datetime:
    selectors = source.preset.select.date
    for text in _date_texts(root, selectors):
        moment = read_date(text, source.zone, now)
        if moment and moment.year >= EARLIEST_YEAR and moment <= now + AHEAD:
            return moment
    raise _missing("date", selectors)


def _date_texts(root: etree._Element, selectors: Sequence[str]) -> Iterator[str]:
    yield from _found_texts(root, (*selectors, *DATE_FALLBACKS))
    for data in _found_texts(root, ("script[type='application/ld+json']::text",)):
        yield from _published_of_json(data)


def _published_of_json(data: str) -> Iterator[str]:
    """What structured data gives as `datePublished`, at any depth."""
    try:
        stack: list[Any] = [json.loads(data, strict=False)]
    except (ValueError, RecursionError):
        return
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            yield str(value.get("datePublished", ""))
            stack += value.values()
        elif isinstance(value, list):
            stack += value


def _paragraphs(root: etree._Element, selectors: Sequence[str], remove: Sequence[str]) -> list[str]:
    for selector in selectors:
        for found in find(root, selector):
            if isinstance(found, etree._Element):
                html = etree.tostring(found, encoding="unicode", method="html", with_tail=False)
                if paragraphs := clean_body(html, remove):
                    return paragraphs
    raise _missing("text", selectors)


def _without_dateline(paragraphs: list[str]) -> tuple[str | None, list[str]]:
    """The dateline's place, "Serang" of "Serang, Banten (ANTARA) - ", and the text that starts after it.

    A place in capitals is given in title case, "Istanbul" for "ISTANBUL". Raises PageError if there is
    nothing but a dateline.
    """
    for number, paragraph in enumerate(paragraphs[:_DATELINE_WITHIN]):
        if found := _dateline(paragraph):
            rest = [paragraph[found.end() :], *paragraphs[number + 1 :]]
            text = [*paragraphs[:number], *_started(rest)]
            if not text:
                raise PageError("layout", "no text: there is nothing but a dateline")
            return _place(found.groupdict().get("place")), text
    return None, paragraphs


def _dateline(paragraph: str) -> re.Match[str] | None:
    return next((found for pattern in _DATELINE if (found := pattern.match(paragraph))), None)


def _started(paragraphs: list[str]) -> list[str]:
    """`paragraphs` without an empty first one, and then without the dash that it left to the next."""
    if paragraphs[0]:
        return paragraphs
    following = [re.sub(r"^[-–—\s]+", "", paragraph) for paragraph in paragraphs[1:2]]
    return [text for text in [*following, *paragraphs[2:]] if text]


def _place(text: str | None) -> str | None:
    if not text:
        return None
    name = text.split(",")[0].strip(" .-")
    if name.isupper():
        name = " ".join(word if word in _CAPITALS else word.capitalize() for word in name.split())
    return name or None


def _authors(root: etree._Element, selectors: Sequence[str], credits: str) -> tuple[str, ...]:
    texts = _first_texts(root, selectors) or [found["names"] for found in _AUTHORS.finditer(credits)]
    return _unique(name for text in texts for name in _names(text))


def _editor(root: etree._Element, selectors: Sequence[str], credits: str) -> str | None:
    texts = _first_texts(root, selectors) or [found["names"] for found in _EDITOR.finditer(credits)]
    return next((name for text in texts if (name := _name(text))), None)


def _names(text: str) -> list[str]:
    """The single names of "A dan B", "A, B" or "A/B"."""
    return [_name(part) for part in _BETWEEN_NAMES.split(_name(text))]


def _name(text: str) -> str:
    return _LABELLED.sub("", _fold(text)).strip(" ,;:|/-–()")


def _tags(root: etree._Element, selectors: Sequence[str]) -> tuple[str, ...]:
    texts = _first_texts(root, selectors)
    return _unique(tag.lstrip("# ").strip() for text in texts for tag in re.split("[,;]", _fold(text)))


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    """`names` in their order, each once whatever its case, without empty ones."""
    known: dict[str, str] = {}
    for name in filter(None, names):
        known.setdefault(name.casefold(), name)
    return tuple(known.values())


def _image(root: etree._Element, url: str, selectors: Sequence[str]) -> str | None:
    for selector in selectors:
        for found in find(root, selector):
            if isinstance(found, etree._Element):
                addresses = [found.get(name) or "" for name in IMAGE_ATTRIBUTES]
            else:
                addresses = [found]
            for address in addresses:
                if address.strip() and (whole := _joined(url, address)):
                    return whole
    return None


def _joined(base: str, address: str) -> str | None:
    """The whole web address of `address`, None if it is none or of another kind, as "data:…"."""
    try:
        whole = urljoin(base, address.strip())
    except ValueError:
        return None
    return whole if re.match(r"https?://\w", whole) else None


def _language(root: etree._Element) -> str:
    """Two letters; "in" is what Indonesian was called until 1989 and old systems still write."""
    for selector in ("html::attr(lang)", "meta[property='og:locale']::attr(content)"):
        for found in find(root, selector):
            if stated := re.match(r"\s*([a-z]{2})(?![a-z])", str(found), re.IGNORECASE):
                return "id" if stated[1].lower() == "in" else stated[1].lower()
    return "id"


def _address(root: etree._Element, url: str, source: Source) -> str:
    """The address a page gives as its own if it is one of an article here, else that of the page."""
    stated = ("link[rel=canonical]::attr(href)", "meta[property='og:url']::attr(content)")
    candidates = [str(found) for selector in stated for found in find(root, selector)]
    known = (article_address(each, source, url) for each in [*candidates, url] if each.strip())
    return next((address for address in known if address), url)


def _first_texts(root: etree._Element, selectors: Sequence[str]) -> list[str]:
    """All texts of the first selector that finds some."""
    for selector in selectors:
        if texts := list(_found_texts(root, (selector,))):
            return texts
    return []


def _found_texts(root: etree._Element, selectors: Iterable[str]) -> Iterator[str]:
    """Texts that `selectors` find, in their order, with line ends where a browser has them, none empty."""
    for selector in selectors:
        for found in find(root, selector):
            text = _text(found) if isinstance(found, etree._Element) else str(found)
            if text.strip():
                yield text


def _text(element: etree._Element) -> str:
    found: list[Any] = _TEXT(element)
    return "".join("\n" if isinstance(part, etree._Element) else re.sub(r"\s+", " ", part) for part in found)


def _fold(text: str) -> str:
    return " ".join(text.split())


def _missing(field: str, selectors: Sequence[str]) -> PageError:
    return PageError("layout", f"no {field}, looked for at {', '.join(selectors)}")
