"""The table of regions, `regions.toml`: codes, names, and which region the place of a dateline is."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from indexer import language

FILE = Path(__file__).with_name("regions.toml")


def find_region(text: str) -> tuple[str, ...]:
    """Codes of the region, or regions, that a place names, ascending; empty if the table knows none.

    "Serang" is the regency and the city, "Kota Serang" the city; "Bandung, Jawa Barat" only what lies there, and
    "Cibinong, Bogor" only the Bogor that Cibinong is in.
    """
    if whole := by_name().get(as_key(text)):
        return without_cities(whole)
    parts = [by_name().get(as_key(part), frozenset()) for part in _BETWEEN.split(text)]
    parts = [part for part in parts if not any(other and other < part for other in parts)]
    found: frozenset[str] = frozenset().union(*parts)
    inner = {code for code in found if any(parent in found for parent in parents(code))}
    return tuple(sorted(inner)) or without_cities(found)


def all_codes() -> tuple[str, ...]:
    """All codes: the provinces, then the regencies and cities."""
    return tuple(_names())


def names(code: str) -> tuple[str, ...]:
    """The name of a region and other names it is known by; empty for an unknown code."""
    return _names().get(code, ())


def name_of(code: str) -> str:
    """What people call a region; its code for an unknown one."""
    return next(iter(names(code)), code)


def with_parents(codes: Iterable[str]) -> tuple[str, ...]:
    """These codes and those of the regions they lie in, ascending."""
    return tuple(sorted({each for code in codes for each in (code, *parents(code))}))


# The table

_KINDS = ("kabupaten administrasi", "kota administrasi", "kabupaten", "kota", "provinsi")
_BETWEEN = re.compile(r"[,/;()–—&]| dan |-")


def parents(code: str) -> list[str]:
    """The codes of the regions a region lies in, the widest first."""
    parts = code.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def without_cities(codes: Iterable[str]) -> tuple[str, ...]:
    """Codes, ascending, without those in others: "Jambi" is the province, not also the city of that name in it."""
    found = set(codes)
    return tuple(sorted(code for code in found if not any(parent in found for parent in parents(code))))


@cache
def content() -> dict[str, Any]:
    """What the file says."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def _names() -> dict[str, tuple[str, ...]]:
    aliases = content()["aliases"]
    return {code: (name, *aliases.get(code, ())) for code, name in content()["names"].items()}


@cache
def bare_names() -> dict[str, str]:
    """Of each region, its name without "Kabupaten" or "Kota"."""
    return {code: without_kind(as_key(found[0])) for code, found in _names().items()}


@cache
def by_name() -> dict[str, frozenset[str]]:
    """From every way to write a region's name to the codes it can mean."""
    found = defaultdict(set)
    for code in _names():
        for name in (*_names()[code], *content()["towns"].get(code, ())):
            key = as_key(name)
            for way in (key, without_kind(key), *([f"provinsi {key}"] if len(code) == 2 else [])):
                found[way].add(code)
    return {key: frozenset(codes) for key, codes in found.items()}


def as_key(name: str) -> str:
    """A name as `by_name` has it: small letters, one space between words, no abbreviated kind."""
    key = " ".join(language.words(name))
    for short, long in (("kab ", "kabupaten "), ("prov ", "provinsi "), ("propinsi ", "provinsi ")):
        key = long + key.removeprefix(short) if key.startswith(short) else key
    return key


def without_kind(key: str) -> str:
    """ "lebak" of "kabupaten lebak"."""
    for kind in _KINDS:
        key = key.removeprefix(f"{kind} ")
    return key
