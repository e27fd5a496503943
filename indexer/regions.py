"""The regions of Indonesia by the codes of the Ministry of Home Affairs, and which an article is about.

A code names its parents: "36.02", Kabupaten Lebak, lies in "36", Banten. The names are in `regions.toml`.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

from indexer import language
from indexer.article import Article

FILE = Path(__file__).with_name("regions.toml")
VERSION = sha256(FILE.read_bytes()).hexdigest()[:8]
"""Changes with the table: articles may then be about other regions."""
_KINDS = ("kabupaten administrasi", "kota administrasi", "kabupaten", "kota", "provinsi")
_BETWEEN = re.compile(r"[,/;()–—&]| dan |-")


def regions_of(article: Article) -> tuple[str, ...]:
    """Codes of the regions an article is about, with their parents, ascending.

    By the place of its dateline; where the table does not know that, by the region its source reports on.
    """
    codes = find_region(article.place or "") or tuple(filter(None, [article.region]))
    return with_parents(codes)


def find_region(text: str) -> tuple[str, ...]:
    """Codes of the region, or regions, that a place names, ascending; empty if the table knows none.

    "Serang" is the regency and the city, "Kota Serang" the city; "Bandung, Jawa Barat" only what lies there.
    """
    if whole := _table().get(_as_key(text)):
        return tuple(sorted(whole))
    parts = [_table().get(_as_key(part), frozenset()) for part in _BETWEEN.split(text)]
    found: frozenset[str] = frozenset().union(*parts)
    inner = {code for code in found if any(parent in found for parent in _parents(code))}
    return tuple(sorted(inner or found))


def names(code: str) -> tuple[str, ...]:
    """The name of a region and other names it is known by; empty for an unknown code."""
    return _names().get(code, ())


def with_parents(codes: Iterable[str]) -> tuple[str, ...]:
    """These codes and those of the regions they lie in, ascending."""
    return tuple(sorted({each for code in codes for each in (code, *_parents(code))}))


def _parents(code: str) -> list[str]:
    parts = code.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


@cache
def _rows() -> dict[str, dict[str, list[str]]]:
    """By code: its name, the only one, under "names"; "aliases"; "towns" in it that datelines name."""
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    rows = {code: {"names": [name]} for code, name in table["names"].items()}
    for kind in ("aliases", "towns"):
        for code, found in table[kind].items():
            rows[code][kind] = found
    return rows


@cache
def _names() -> dict[str, tuple[str, ...]]:
    return {code: (*row["names"], *row.get("aliases", ())) for code, row in _rows().items()}


@cache
def _table() -> dict[str, frozenset[str]]:
    """From every way to write a region's name to the codes it can mean."""
    found = defaultdict(set)
    for code, row in _rows().items():
        for name in (*_names()[code], *row.get("towns", ())):
            key = _as_key(name)
            for way in (key, _without_kind(key), *([f"provinsi {key}"] if len(code) == 2 else [])):
                found[way].add(code)
    return {key: frozenset(codes) for key, codes in found.items()}


def _as_key(name: str) -> str:
    key = " ".join(language.words(name))
    for short, long in (("kab ", "kabupaten "), ("prov ", "provinsi "), ("propinsi ", "provinsi ")):
        key = long + key.removeprefix(short) if key.startswith(short) else key
    return key


def _without_kind(key: str) -> str:
    for kind in _KINDS:
        key = key.removeprefix(f"{kind} ")
    return key
