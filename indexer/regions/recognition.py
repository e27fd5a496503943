"""Regions in running text.

The lists of words by which a region is told from what else bears its name (the verb *serang*, Lebak Bulus in Jakarta,
Persib Bandung, sate Padang, a Bapak Serang) are in the table.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from indexer.regions import table

RULES = 1
"""Number of the rules below; raise it when a change of code recognises other regions."""


def recognise(title: str, place: str, text: str, source: str = "") -> tuple[str, ...]:
    """Codes of the regions that an article names, without their parents, in the order it names them.

    `place` is the place of its dateline, `source` the code of the region that its source reports on: it decides
    where a name alone is in doubt, and is no answer itself. A name of a regency and a city means both, unless the
    article says which; a name of a province and a city means the province.
    """
    mentions = _connected(title, is_title=True) + _connected(text)
    placed = table.find_region(place)
    anchors = {code[:2] for code in (*placed, source) if code}
    anchors |= {
        code[:2] for each in mentions if each.is_sure for code in each.codes if each.is_in_one_province
    }
    named = {code for each in mentions if each.is_sure and len(each.codes) == 1 for code in each.codes}
    found = _narrowed(placed, named)
    for each in mentions:
        if each.is_sure or (each.may_follow and each.is_in_one_province and each.codes[0][:2] in anchors):
            codes = each.codes if each.is_in_one_province else _inside(each.codes, anchors)
            found += _narrowed(codes, named)
    return tuple(dict.fromkeys(found))


# Names in running text


class _Doubt(IntEnum):
    """How much evidence a name needs to be a region's; the lists are in the table."""

    NONE = 0
    WORDS = 1
    VERBS = 2
    NAMES = 3
    SELDOM = 4


class _Name(NamedTuple):
    """A way to write a region's name, or a name that only holds one and has no codes."""

    rest: re.Pattern[str]
    """What follows its first word."""
    codes: tuple[str, ...]
    is_town: bool
    doubt: _Doubt


@dataclass(slots=True)
class _Mention:
    """A name in a text that may be a region's."""

    start: int
    end: int
    all_codes: tuple[str, ...]
    doubt: _Doubt
    is_sure: bool
    kind: str | None
    may_follow: bool
    """Whether it is the region, if the article is about its province."""
    codes: tuple[str, ...] = ()
    is_in_one_province: bool = False

    def settle(self) -> None:
        """Choose the codes its kind leaves."""
        self.codes = _of_kind(self.all_codes, self.kind)
        self.is_in_one_province = len({code[:2] for code in self.codes}) == 1


def _of_kind(codes: tuple[str, ...], kind: str | None) -> tuple[str, ...]:
    if len(codes) < 2:
        return codes
    chosen = tuple(code for code in codes if _kind(code) == kind)
    return chosen or (codes if kind == "any" else table.without_cities(codes))


def _kind(code: str) -> str:
    return "province" if len(code) == 2 else "regency" if code[3] < "7" else "city"


def _narrowed(codes: tuple[str, ...], named: set[str]) -> list[str]:
    """Without those of which the article names a namesake as such: the regency where it says "Kota Serang"."""
    bare = table.bare_names()
    chosen = {bare[code] for code in codes if code in named}
    return [code for code in codes if code in named or bare[code] not in chosen]


def _inside(codes: tuple[str, ...], regions: set[str]) -> tuple[str, ...]:
    return tuple(code for code in codes if code in regions or code[:2] in regions)


@cache
def _starts() -> dict[str, list[_Name]]:
    """By the first word of a name, in small letters: the names, those of more words first."""
    lists = table.content()["doubt"]
    doubts = {table.as_key(name): doubt for doubt in list(_Doubt)[1:] for name in lists[doubt.name.lower()]}
    codes: dict[str, set[str]] = {
        table.as_key(phrase): set() for phrase in table.content()["elsewhere"]["phrases"]
    }
    towns = {table.as_key(town) for found in table.content()["towns"].values() for town in found}
    for key, found in table.by_name().items():
        codes.setdefault(table.without_kind(key), set()).update(found)
    starts: defaultdict[str, list[_Name]] = defaultdict(list)
    for key in sorted(codes, key=lambda key: (-key.count(" "), key)):
        first, *rest = key.split(" ")
        pattern = re.compile("".join(f"[ \u00a0-]{_capital(word)}" for word in rest) + r"\b")
        doubt = doubts.get(key, _Doubt.NONE)
        starts[first].append(_Name(pattern, tuple(sorted(codes[key])), key in towns, doubt))
    return dict(starts)


def _capital(word: str) -> str:
    small = f"|{word}" if word in ("dan", "hingga", "sampai") else ""
    return f"(?:{word.capitalize()}|{word.upper()}{small})"


@cache
def _kind_words() -> dict[str, str]:
    return {word: kind for kind, found in table.content()["kinds"].items() for word in found}


@cache
def _context() -> dict[str, frozenset[str]]:
    return {name: frozenset(found) for name, found in table.content()["context"].items()}


_CAPITALISED = re.compile(r"\b[A-Z]\w*")
_NEXT = re.compile(r"[ \u00a0]([A-Z]\w*)")
_CLAUSE_END = re.compile(r"""[.,;:!?)”"’']$""")
_ABBREVIATION = re.compile(r"(?i)(?:[a-z]|kab|kec|kel|prov|jl|jln|gg|hj|dr|ir|prof|ny|sdr|kh)\.$")
_PLACE_BEFORE = re.compile(r"\b[A-Z]\w*(?:, | ?[-–] ?)$")
"""As in "Bandara Kualanamu, Medan" and "Pandaan-Malang"."""
_VERB = re.compile(r"(?i) (?:\w+kan|(?:me|ber|ter|di)\w{3,}) ")
_WINDOW = 72
"""Signs before a name that are looked at."""
_JOINS = re.compile(r",? (?:dan|serta|atau|hingga|sampai|ke|&) |, | ?[-–/] ?")
_INSIDE = re.compile(r"(?:[, (/-]{1,2}| di )(?:[Pp]rov(?:insi|\.) )?")


def _connected(text: str, *, is_title: bool = False) -> list[_Mention]:
    """The names in a text, in order, each with what its neighbours say about it."""
    found = list(_mentions(text, is_headline=is_title and _is_headline(text)))
    for each in found:
        each.settle()
    for index in range(len(found) - 1):
        _connect(text, found, index)
    return [each for each in found if each.codes]


def _connect(text: str, found: list[_Mention], index: int) -> None:
    """A region before its province is sure; in a list one is what the other is; "Kuningan, Jakarta" is in Jakarta."""
    one, other = found[index : index + 2]
    between = text[one.end : other.start]
    inner = tuple(code for code in one.codes if {*table.parents(code)} & {*other.codes})
    if inner and _INSIDE.fullmatch(between):
        one.codes, one.is_sure, one.is_in_one_province = inner, True, True
    elif between in (", ", ",", " (") and one.doubt and not one.kind and _is_elsewhere(text, found, index):
        one.codes, one.is_sure = (), False
    elif _JOINS.fullmatch(between):
        if one.is_sure and (other.doubt < _Doubt.VERBS or between != ", "):
            other.is_sure = True
        if other.is_sure and (one.may_follow or (one.doubt == _Doubt.VERBS and between != ", ")):
            one.is_sure = True
        if one.kind and not other.kind:
            other.kind = one.kind
            other.settle()


def _is_elsewhere(text: str, found: list[_Mention], index: int) -> bool:
    """Whether two names are a place and what it lies in, not the beginning of a list."""
    one, other = found[index : index + 2]
    is_list = (index > 0 and _JOINS.fullmatch(text[found[index - 1].end : one.start])) or (
        index + 2 < len(found) and _JOINS.fullmatch(text[other.end : found[index + 2].start])
    )
    return not is_list and not {code[:2] for code in one.codes} & {code[:2] for code in other.codes}


def _is_headline(title: str) -> bool:
    """Whether most words of a title have capitals, so that a capital says nothing."""
    words: list[str] = [word for word in re.findall(r"\w+", title) if word.isalpha() and len(word) > 3]
    return sum(word[0].isupper() for word in words) > 0.6 * len(words)


def _mentions(text: str, *, is_headline: bool) -> Iterator[_Mention]:
    starts, end = _starts(), 0
    for word in _CAPITALISED.finditer(text):
        if word.start() < end:
            continue
        for name in starts.get(word[0].lower(), ()):
            if rest := name.rest.match(text, word.end()):
                end = rest.end()
                if name.codes and (mention := _judge(name, text, word.start(), end, is_headline=is_headline)):
                    yield mention
                break


class _Setting(NamedTuple):
    """What stands around a name."""

    written: list[str]
    """The words before it in its clause, as written."""
    before: list[str]
    """The same in small letters, without signs."""
    run: list[str]
    """The last of them, as far as they have capitals."""
    following: str
    """The next word, if it has a capital."""
    sign: str
    """The next sign."""
    is_headline: bool
    is_after_place: bool

    @property
    def last(self) -> str:
        """The word before."""
        return self.before[-1] if self.before else ""

    @property
    def is_open(self) -> bool:
        """Whether the name ends here: in "di Padang Sarai" it does not, in "di Padang Senin" it does."""
        following = self.following
        return (
            self.is_headline
            or following in ("", following.upper())
            or following.lower() in _context()["days"]
        )

    def has(self, kind: str) -> bool:
        """Whether a word of this list stands before, or in the name that the name ends."""
        return self.last in _context()[kind] or not _context()[kind].isdisjoint(self.run)


def _setting(text: str, start: int, end: int, *, is_headline: bool) -> _Setting:
    written = _words_before(text, start)
    before = [word.strip("\"'“‘(.").lower() for word in written]
    following = match[1] if (match := _NEXT.match(text, end)) else ""
    is_after_place = bool(_PLACE_BEFORE.search(text[max(0, start - 20) : start]))
    run = before[_start_of_run(written) :]
    return _Setting(written, before, run, following, text[end : end + 1], is_headline, is_after_place)


def _judge(name: _Name, text: str, start: int, end: int, *, is_headline: bool) -> _Mention | None:
    """A name as its setting makes it, or None where it is part of the name of something else."""
    setting = _setting(text, start, end, is_headline=is_headline)
    kind = _kind_before(setting.before) or ("city" if _is_police_of_a_city(setting) else None)
    if not kind and _is_other(name, setting):
        return None
    is_sure = bool(kind) or _is_sure(name.doubt, setting)
    may_follow = name.doubt == _Doubt.WORDS or (
        name.doubt == _Doubt.VERBS and _is_subject(setting, text, end)
    )
    return _Mention(start, end, name.codes, name.doubt, is_sure, kind, may_follow)


def _is_sure(doubt: _Doubt, setting: _Setting) -> bool:
    """Whether what stands around a name is evidence enough."""
    if doubt == _Doubt.NONE or setting.has("offices"):
        return True
    if doubt == _Doubt.SELDOM:
        return False
    if setting.is_open and (setting.has("areas") or setting.last in _context()["prepositions"]):
        return True
    if doubt == _Doubt.NAMES or setting.is_headline or setting.following:
        return False
    return setting.is_after_place or (
        bool(setting.last) and (doubt == _Doubt.WORDS or setting.written[-1].islower())
    )


def _words_before(text: str, start: int) -> list[str]:
    """Up to six words before a place in a text, of its own clause, as written."""
    before = text[max(0, start - _WINDOW) : start].rpartition("\n")[2].lstrip("(\"'“‘")
    if not before[-1:].isspace():
        return []
    words = before.split()[-6:]
    for index in range(len(words) - 1, -1, -1):
        if _CLAUSE_END.search(words[index]) and not _ABBREVIATION.match(words[index]):
            return words[index + 1 :]
    return words


def _kind_before(before: list[str]) -> str | None:
    kinds = _kind_words()
    kind = kinds.get(before[-1]) if before else None
    if kind and len(before) > 2 and before[-2] in ("dan", "&"):
        other = kinds.get(before[-3])
        return kind if other in (None, kind) else "any"
    return kind


def _is_police_of_a_city(setting: _Setting) -> bool:
    """ "Polresta Serang Kota" is that of the city."""
    polices = (word for word in setting.before if word.removeprefix("ka").startswith("polres"))
    return setting.following == "Kota" and any(polices)


def _start_of_run(written: list[str]) -> int:
    """Where the words with capitals begin that stand right before a name."""
    start = len(written)
    while start and written[start - 1][0].isupper():
        start -= 1
    return start


def _is_other(name: _Name, setting: _Setting) -> bool:
    """Whether a name is part of the name of a club, a street, a dish, a person, …"""
    context, last = _context(), setting.last
    if setting.following.lower() in context["after"]:
        return True
    if not last:
        return False
    if last in context["districts"]:
        return not name.is_town
    has_capital, second = setting.written[-1][0].isupper(), setting.before[-2:][0]
    if last in context["others"] or last in context["dishes"] or last in context["given"]:
        return True
    if second in context["dishes"] and last not in context["prepositions"] and last not in context["areas"]:
        return True
    if has_capital and (last in context["capitals"] or _is_street(setting)):
        return True
    if setting.has("offices") or setting.has("areas"):
        return False
    is_person = last in context["titles"] or (second in context["titles"] and setting.written[-1].istitle())
    return is_person or not context["institutions"].isdisjoint(setting.run)


def _is_street(setting: _Setting) -> bool:
    """ "Jalan Raya Bogor"; "Jalan Raya Serang-Pandeglang" names both its ends."""
    return setting.before[-2:] == ["jalan", "raya"] and setting.sign not in ("-", "–")


def _is_subject(setting: _Setting, text: str, end: int) -> bool:
    """Whether a name that is also a verb begins a sentence whose verb follows: "Serang siapkan posko"."""
    return not setting.last and bool(_VERB.match(text, end))
