"""The dateline of an article: the place in "Serang, Banten (ANTARA) - ", and the text that starts after it."""

import re
from collections.abc import Sequence

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
_WITHIN = 3
"""Paragraphs that may come before the text's own beginning, as a heading, and one."""
_CAPITALS = ("DKI", "DI", "NTB", "NTT")
"""What stays in capitals in the name of a place."""


def without_dateline(paragraphs: Sequence[str]) -> tuple[str | None, list[str]]:
    """The dateline's place, "Serang" of "Serang, Banten (ANTARA) - ", and the text that starts after it.

    A place in capitals is given in title case, "Istanbul" for "ISTANBUL". The text is empty if there is
    nothing but a dateline.
    """
    for number, paragraph in enumerate(paragraphs[:_WITHIN]):
        if found := _dateline(paragraph):
            rest = [paragraph[found.end() :], *paragraphs[number + 1 :]]
            return _place(found.groupdict().get("place")), [*paragraphs[:number], *_started(rest)]
    return None, list(paragraphs)


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
