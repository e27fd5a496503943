"""Names of people in credits and bylines: "Pewarta: A dan B", "Oleh A, B"."""

import re
from collections.abc import Iterable

_ENDS_NAMES = r"(?=\s*(?:Pewarta|Reporter|Penulis|Editor|Redaktur|Penyunting|Uploader|(?i:copyright)|©|\n|$))"
_AUTHORS = re.compile(rf"(?:Pewarta|Reporter|Penulis|Oleh)[^\S\n]*:[^\S\n]*(?P<names>[^\n]*?){_ENDS_NAMES}")
_EDITOR = re.compile(rf"(?:Editor|Redaktur|Penyunting)[^\S\n]*:[^\S\n]*(?P<names>[^\n]*?){_ENDS_NAMES}")
_LABELLED = re.compile(
    r"^\s*(?:(?:pewarta|reporter|penulis|oleh|editor|redaktur|penyunting)\s*:|(?:oleh|by)\s(?=\S))\s*",
    re.IGNORECASE,
)
_BETWEEN_NAMES = re.compile(r"\s*[,/;|&]\s*|\s+(?:dan|and)\s+")


def credited_authors(credits: str) -> list[str]:
    """What stands behind "Pewarta:", "Reporter:", "Penulis:" or "Oleh:"."""
    return [found["names"] for found in _AUTHORS.finditer(credits)]


def credited_editors(credits: str) -> list[str]:
    """What stands behind "Editor:", "Redaktur:" or "Penyunting:"."""
    return [found["names"] for found in _EDITOR.finditer(credits)]


def single_names(text: str) -> list[str]:
    """The single names of "A dan B", "A, B" or "A/B"."""
    return [single_name(part) for part in _BETWEEN_NAMES.split(single_name(text))]


def single_name(text: str) -> str:
    """`text` without a label and without signs around it."""
    return _LABELLED.sub("", " ".join(text.split())).strip(" ,;:|/-–()")


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """`names` in their order, each once whatever its case, without empty ones."""
    known: dict[str, str] = {}
    for name in filter(None, names):
        known.setdefault(name.casefold(), name)
    return tuple(known.values())
