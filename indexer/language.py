"""Words and stems of Indonesian text: the one analysis behind searching, alerts and highlighting.

A word is a run of letters and digits, normalised. A stem is the root its relatives share: *kemiskinan*,
*memiskinkan* and *termiskin* have the stem *miskin*. The way to it: hand-checked corrections → table of
lemmas (simplemma) → affixes taken off by the rules of the grammar as long as the rest is a known word → the
word itself.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

STEMS = Path(__file__).parent / "stems"
RULES = 1
"""Number of the rules below; raise it when a change of code changes stems."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word and where it stands: `text[start:end]` is how it was written."""

    word: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The words of a text with their places, in order."""
    return [Token(normalise(match[0]), *match.span()) for match in _pattern(text).finditer(text)]


def runs(text: str) -> Iterator[re.Match[str]]:
    """Where the words of a text stand, in order; `normalise` tells which word each is."""
    return _pattern(text).finditer(text)


def written(text: str) -> list[str]:
    """The words of a text as they are written, in order."""
    return _pattern(text).findall(text)


def words(text: str) -> list[str]:
    """The words of a text: NFKC, case folded, letters and digits with their combining marks."""
    return [normalise(run) for run in _pattern(text).findall(text)]


def stems(text: str) -> list[str]:
    """The stems of a text, one a word."""
    return [stem(word) for word in words(text)]


# Words

_INVISIBLE = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
"""Soft hyphen, zero-width signs and direction marks: they may stand inside a word and are no part of it."""
_ASCII_RUN = re.compile("[0-9A-Za-z]+")
_INVISIBLES = re.compile(f"[{_INVISIBLE}]+")


def _pattern(text: str) -> re.Pattern[str]:
    return _ASCII_RUN if text.isascii() else _unicode_run()


@cache
def _unicode_run() -> re.Pattern[str]:
    """Letters and digits, with combining marks and invisible signs between or marks after them.

    Signs that fall apart when normalised (½ is 1⁄2, ﷺ four words) separate words.
    """
    marks = _character_class(c for c in _characters() if unicodedata.category(c).startswith("M"))
    whole = re.compile(rf"[^\W_](?:[^\W_]|[{marks}])*")
    torn = _character_class(
        c for c in _characters() if c.isalnum() and not whole.fullmatch(unicodedata.normalize("NFKC", c))
    )
    letter = rf"[^\W_{torn}]"
    return re.compile(rf"{letter}+(?:[{marks}{_INVISIBLE}]++{letter}+)*[{marks}]*")


def _characters() -> Iterator[str]:
    return map(chr, [*range(0x80, 0x20000), *range(0xE0100, 0xE01F0)])


def _character_class(characters: Iterator[str]) -> str:
    """Characters, ascending, as ranges for the inside of a regular expression's brackets."""
    ranges: list[list[int]] = []
    for code in map(ord, characters):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


@lru_cache(maxsize=1 << 16)
def normalise(run: str) -> str:
    """The word that is written so."""
    if run.isascii():
        return run.lower()
    visible = _INVISIBLES.sub("", run)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold())


# Stems


@lru_cache(maxsize=1 << 17)
def stem(word: str) -> str:
    """The stem of a normalised word; a word with digits or letters beyond a–z is its own."""
    if not _PLAIN.fullmatch(word):
        return word
    return _listed(word) or _best_root(word) or word


_PLAIN = re.compile("[a-z]+")


def _listed(word: str) -> str | None:
    """The stem by the lists: corrections first, then the table of lemmas, whose lemmas are corrected too."""
    corrections = _corrections()
    if word in corrections:
        return corrections[word]
    lemma = _lemmas().get(word)
    return corrections.get(lemma, lemma) if lemma else None


@cache
def _corrections() -> dict[str, str]:
    """From words to stems: each line of the file is a stem and its relatives."""
    stems_of = {word: word for line in _lines("roots.txt") for word in line}
    return stems_of | {word: family[0] for family in _lines("corrections.txt") for word in family}


def _lines(name: str) -> Iterator[list[str]]:
    """The words of each line of a data file, without comments."""
    for line in (STEMS / name).read_text(encoding="utf-8").splitlines():
        yield line.partition("#")[0].split()


@cache
def _lemmas() -> dict[str, str]:
    from simplemma.strategies import DefaultDictionaryFactory

    return {word: lemma.lower() for word, lemma in DefaultDictionaryFactory().get_dictionary("id").items()}


@cache
def _frequencies() -> dict[str, float]:
    """How often words are used, as shares of all words: which words exist."""
    from wordfreq import get_frequency_dict

    return get_frequency_dict("id")


# Affixes

_VOWELS = "aiueo"
_SHORT_ROOTS = frozenset(
    ("bom", "bor", "cap", "cat", "cek", "doa", "dua", "gol", "hak", "lap", "las", "rem", "sah", "tes", "tua")
)
"""Roots of three letters that affixes go with; the others would be found inside names and loan words."""
_NASALS = (("m", "bfpv", "p"), ("n", "cdjtzs", "t"), ("ng", "ghkqx", "k"), ("ny", "", "s"))
"""What meN- and peN- end in, the first letters of roots that stay behind it, and the one it swallows."""
_SUFFIXES = {
    "di": ("", "kan", "i"),
    "me": ("", "kan", "i"),
    "pe": ("", "an"),
    "per": ("", "an", "kan", "i"),
    "ber": ("", "an", "kan"),
    "ter": ("", "kan", "i"),
    "ke": ("an",),
    "se": ("", "an"),
    "": ("kan", "an", "i", ""),
}
"""Which suffixes a word with this first prefix can have."""
_INNER = {
    "di": ("per", "ber", "ke", "se", "ter"),
    "me": ("per", "ber", "ke", "se", "ter"),
    "pe": ("ber", "se", "ke", "ter"),
    "ke": ("ber", "ter", "se", "pe"),
    "ber": ("ke", "pe", "per", "se"),
    "se": ("per", "pe", "ke"),
    "ter": ("per",),
    "per": (),
}
"""Which prefixes can follow a first one: keberhasilan is ke-ber-hasil-an."""


def _best_root(word: str) -> str | None:
    """The known word that is left when the fewest letters are taken off; of equals the most used."""
    used = _frequencies()
    roots = {(len(word) - length, -used.get(root, 0.0), root) for root, length in _roots(word)}
    return min(roots)[2] if roots else None


def _roots(word: str) -> Iterator[tuple[str, int]]:
    """Every known root the word can be read as, and how many of the word's letters belong to it."""
    for body in _without_clitics(word):
        for suffix in _SUFFIXES[""]:
            if not body.endswith(suffix) or len(body) - len(suffix) < 3:
                continue
            base = body.removesuffix(suffix)
            if base != word:
                yield from _known(base, len(base))
            for prefix, rest, length in _without_prefix(base):
                if suffix not in _SUFFIXES[prefix]:
                    continue
                yield from _known(rest, length)
                for inner, root, inner_length in _without_prefix(rest):
                    if inner in _INNER[prefix]:
                        yield from _known(root, inner_length)


def _known(rest: str, length: int) -> Iterator[tuple[str, int]]:
    long_enough = len(rest) > 3 or (len(rest) == 3 and rest[0] in _VOWELS) or rest in _SHORT_ROOTS
    if long_enough and (root := _listed(rest)):
        yield root, length


def _without_clitics(word: str) -> set[str]:
    bodies = {word}
    for particle in ("lah", "kah", "pun", ""):
        body = word.removesuffix(particle)
        bodies |= {body, *(body.removesuffix(owner) for owner in ("nya", "ku", "mu"))}
    return bodies


def _without_prefix(word: str) -> Iterator[tuple[str, str, int]]:
    """Prefix, rest and how many of the rest's letters stand in the word, for each reading."""
    for prefix in ("di", "ke", "se", "ber", "ter", "per"):
        if word.startswith(prefix):
            rest = word.removeprefix(prefix)
            yield prefix, rest, len(rest)
    if word.startswith(("ber", "ter", "per")) or re.match("(?:be|te|pe)[^aiueo]er|(?:bel|pel)ajar", word):
        prefix = word[:2] + "r"
        for rest in (word[2:], word[3:]):
            yield prefix, rest, len(rest)
    if word.startswith(("me", "pe")):
        prefix = word[:2]
        for rest, length in _without_nasal(word[2:]):
            yield prefix, rest, length
        if prefix == "pe":
            yield prefix, word[2:], len(word) - 2


def _without_nasal(tail: str) -> Iterator[tuple[str, int]]:
    """What can stand behind meN- and peN-: the nasal has adapted to, or swallowed, the first letter."""
    if tail.startswith(("l", "r", "w", "y", "m", "n")):
        yield tail, len(tail)
    for nasal, kept, swallowed in _NASALS:
        rest = tail.removeprefix(nasal)
        if rest == tail or not rest:
            continue
        if rest[0] in kept:
            yield rest, len(rest)
        elif rest[0] in _VOWELS:
            yield swallowed + rest, len(rest)
            if nasal == "ng":
                yield rest, len(rest)
    if tail.startswith("nge") and len(tail) <= 7:
        yield tail[3:], len(tail) - 3


def _version() -> str:
    parts = [str(RULES), version("simplemma"), version("wordfreq"), unicodedata.unidata_version]
    for path in sorted(STEMS.glob("*.txt")):
        parts += [path.name, path.read_text(encoding="utf-8")]
    return sha256("\0".join(parts).encode()).hexdigest()[:16]


VERSION = _version()
"""Changes when stems may have changed: an index made with another version must be rebuilt."""
