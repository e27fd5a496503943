"""What a reader types, as a tree.

Plain words mean all of them: `kemiskinan banten`. `AND OR NOT`, `DAN ATAU BUKAN`, `&& || !`, `+` and `-`
combine (upper case only: "dan" is a word); NOT binds before AND before OR, parentheses group. `"…"` is words
as they are written, `"…"~3` the same in this order with up to three other words between; `stunt*` words that
begin so, `muktabar~` words written nearly so; `judul:…`, `judul:(…)` in one field only; `terbit:2022-12`,
`terbit:>=2022-12-01`, `terbit:[2022-01 TO 2022-06]`, `terbit:7hari` by date, whole days in WIB; `wilayah:36`,
`wilayah:pandeglang`.

A run of signs that holds several words, as "covid-19", "Rp1.000.000" or "10:30", is read as a phrase of them.
Only a doubled word, as "monyet-monyet" or "tolong-menolong", is that one word, so that its stem is found too.

Any text can be read: what is not understood is taken as plain words, and `Query.notes` tell so.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from math import comb

from indexer import language

WIB = timezone(timedelta(hours=7), "WIB")
MAX_LENGTH = 2000
"""Characters of a query; the rest is not read."""
MAX_DEPTH = 50
"""Parentheses inside each other; deeper ones are not read."""
MAX_WORDS = 200
"""Words in a query, those of phrases included; the rest is not read."""
MIN_LETTERS = 3
"""Letters before a `*` or `~`; shorter ones are plain words."""
MAX_SLOP = 20
"""Other words between those of a phrase."""
MAX_ARRANGEMENTS = 500
"""Ways in which a loose phrase may lie; with many words fewer others may lie between them."""
MAX_WORD = 100
"""Letters of a word that count, in texts as in queries."""
FIELDS = {
    "title": "judul",
    "text": "isi",
    "source": "sumber",
    "region": "wilayah",
    "author": "penulis",
    "published": "terbit",
    "tag": "tag",
    "place": "tempat",
}
"""The fields a query can name, with what readers call them; the English names can be typed too."""


# The tree


@dataclass(frozen=True, slots=True)
class Word:
    """A word: in title and text by its stem, in other fields as it is written. No field: title or text."""

    word: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words as written, in this order within one field, with up to `slop` others between them in all."""

    words: tuple[str, ...]
    field: str | None = None
    slop: int = 0


@dataclass(frozen=True, slots=True)
class Prefix:
    """Words that begin so."""

    start: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Words that become this one by at most `distance` letters changed, added, left out or swapped."""

    word: str
    field: str | None = None
    distance: int = 1


@dataclass(frozen=True, slots=True)
class Key:
    """The exact key of a source, or the code of a region: its articles and those of the regions in it."""

    key: str
    field: str


@dataclass(frozen=True, slots=True)
class Range:
    """Published from the day `since` to the day `until`, both included and both in WIB; None is open."""

    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of the parts."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """Everything but what the part finds."""

    part: "Node"


Leaf = Word | Phrase | Prefix | Fuzzy | Key | Range
Node = Leaf | And | Or | Not


@dataclass(frozen=True)
class Query:
    """A question to the index."""

    text: str
    """As it was typed."""
    tree: Node | None
    """How it was read; None asks for everything."""
    notes: tuple[str, ...] = ()
    """Sentences for the reader about what was not understood, the last one telling how it was read."""
    problem: str | None = None
    """A sentence for the reader: why this must not be searched. None if it may."""

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing in particular."""
        return self.tree is None


def parse(text: str, now: datetime | None = None) -> Query:
    """Read a query; any text can be read. `now` is the moment that `terbit:7hari` counts from."""
    today = (now or datetime.now(WIB)).astimezone(WIB).date()
    reader = _Reader(text, today)
    tree = reader.read()
    notes = (*reader.notes, f"Dibaca sebagai: {describe(tree)}") if reader.notes and tree else reader.notes
    return Query(text, tree, tuple(notes), _problem(text, tree))


def narrow(
    query: Query, *, since: date | None = None, until: date | None = None, sources: Sequence[str] = ()
) -> Query:
    """The same query, kept to days in WIB (both included) and to sources by their keys."""
    limits: list[Node | None] = [any_of(Key(key, "source") for key in sources)]
    if since or until:
        limits.append(Range(since, until))
    return replace(query, tree=all_of(node for node in (query.tree, *limits) if node))


def all_of(nodes: Iterable[Node]) -> Node | None:
    """One node for all of these; None if there are none."""
    parts = tuple(part for node in nodes for part in (node.parts if isinstance(node, And) else (node,)))
    return And(parts) if len(parts) > 1 else next(iter(parts), None)


def any_of(nodes: Iterable[Node]) -> Node | None:
    """One node for at least one of these; None if there are none."""
    parts = tuple(part for node in nodes for part in (node.parts if isinstance(node, Or) else (node,)))
    return Or(parts) if len(parts) > 1 else next(iter(parts), None)


def sought(tree: Node | None) -> Iterator[Leaf]:
    """The leaves that an answer can hold: all but those under a Not, in order."""
    if isinstance(tree, And | Or):
        for part in tree.parts:
            yield from sought(part)
    elif tree is not None and not isinstance(tree, Not):
        yield tree


def words(text: str) -> list[str]:
    """The words of a text as queries and indexes hold them."""
    return [shorten(word) for word in language.words(text)]


def shorten(word: str) -> str:
    """What counts of a word."""
    return word[:MAX_WORD]


def describe(tree: Node | None) -> str:
    """A tree as a query; reading it gives the tree again, within the bounds above."""
    match tree:
        case None:
            return ""
        case And(parts):
            return " DAN ".join(_inner(part) for part in parts)
        case Or(parts):
            return " ATAU ".join(_inner(part) for part in parts)
        case Not(part):
            return f"BUKAN {_inner(part)}"
        case Range():
            return f"{FIELDS['published']}:{_describe_range(tree)}"
    return (f"{FIELDS[tree.field]}:" if tree.field else "") + _describe_leaf(tree)


def _inner(part: Node) -> str:
    return f"({describe(part)})" if isinstance(part, And | Or) else describe(part)


def _describe_leaf(leaf: Word | Phrase | Prefix | Fuzzy | Key) -> str:
    match leaf:
        case Phrase(found, _, slop):
            return f'"{" ".join(found)}"' + (f"~{slop}" if slop else "")
        case Prefix(start):
            return f"{start}*"
        case Fuzzy(word, _, distance):
            return f"{word}~{distance}"
        case Word(word):
            return word
        case Key(key):
            return key


def _describe_range(days: Range) -> str:
    since, until = days.since, days.until
    if since and since == until:
        return since.isoformat()
    if since and not until:
        return f">={since}"
    if until and not since:
        return f"<={until}"
    return f"[{since or '*'} TO {until or '*'}]"


def _problem(text: str, tree: Node | None) -> str | None:
    if tree is None:
        return "Tidak ada kata yang dapat dicari." if text.strip() else None
    if _only_excludes(tree):
        return "Kueri ini hanya mengecualikan; tambahkan sekurangnya satu kata yang dicari."
    return None


def _only_excludes(tree: Node) -> bool:
    if isinstance(tree, And | Or):
        return all(map(_only_excludes, tree.parts))
    return isinstance(tree, Not)


# From text to pieces


class _Kind(StrEnum):
    WORDS = "words"
    PHRASE = "phrase"
    RANGE = "range"
    OPEN = "("
    CLOSE = ")"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: _Kind
    text: str
    """What it holds, without its field and its signs; of an operator, as it was written."""
    place: int
    """Where it begins in the query, counted from 1."""
    field: str | None = None
    slop: int = 0


_OPERATORS = {
    **dict.fromkeys(("AND", "DAN", "&&"), _Kind.AND),
    **dict.fromkeys(("OR", "ATAU", "||"), _Kind.OR),
    **dict.fromkeys(("NOT", "BUKAN"), _Kind.NOT),
}
_OPERANDS = frozenset((_Kind.WORDS, _Kind.PHRASE, _Kind.RANGE, _Kind.OPEN, _Kind.NOT))
_FIELD_NAMES = {name: field for field, own in FIELDS.items() for name in (field, own)}
_QUOTES = '"“”„‟«»＂'
_SPACES = re.compile(r"\s+")
_FIELD = re.compile(rf"({'|'.join(_FIELD_NAMES)}):\s*", re.IGNORECASE | re.ASCII)
_SIGNS = re.compile(rf"[-+!]+(?=[\w({_QUOTES}])")
_QUOTED = re.compile(rf"[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}](?:~(\d*))?")
_BRACKETS = re.compile(r"[\[{][^\[\]{}()]*[\]}]")
_RUN = re.compile(rf"&&|\|\||(?:(?!&&|\|\|)[^\s(){_QUOTES}])+")
_UNKNOWN_FIELD = re.compile(r"([^\W\d_]+):(?!//|$)")


def _pieces(text: str, notes: list[str]) -> list[_Piece]:
    found: list[_Piece] = []
    position = 0
    while position < len(text):
        if space := _SPACES.match(text, position):
            position = space.end()
            continue
        field = _FIELD.match(text, position)
        start = field.end() if field else position
        piece, end = _piece(text, start, _FIELD_NAMES[field[1].lower()] if field else None, notes)
        if piece is None and field:  # nothing that a field could be for: its name is a word
            piece, end = _Piece(_Kind.WORDS, field[1], position + 1), max(start, position + 1)
            notes.append(f"Setelah “{field[0].strip()}” pada huruf ke-{position + 1} tidak ada isinya.")
        found += [piece] if piece else []
        position = end
    return found


def _piece(text: str, start: int, field: str | None, notes: list[str]) -> tuple[_Piece | None, int]:
    """The piece that begins here, None for signs that mean nothing, and where it ends."""
    place = start + 1
    if text.startswith("(", start):
        return _Piece(_Kind.OPEN, "(", place, field), place
    if text.startswith(")", start):
        return (None if field else _Piece(_Kind.CLOSE, ")", place)), start if field else place
    if quoted := _QUOTED.match(text, start):
        slop = int(quoted[2][:9] or 0) if quoted[2] else 0
        return _Piece(_Kind.PHRASE, quoted[1], place, field, slop), quoted.end()
    if text[start : start + 1] and text[start] in _QUOTES:
        notes.append(f"Tanda kutip pada huruf ke-{place} tidak ada pasangannya.")
        return None, start + (0 if field else 1)
    if field == "published" and (brackets := _BRACKETS.match(text, start)):
        return _Piece(_Kind.RANGE, brackets[0], place, field), brackets.end()
    if not field and (signs := _SIGNS.match(text, start)):
        is_not = sum(sign != "+" for sign in signs[0]) % 2
        return (_Piece(_Kind.NOT, signs[0], place) if is_not else None), signs.end()
    run = _RUN.match(text, start)
    return _run(text, run, field, notes) if run else (None, start)


def _run(text: str, run: re.Match[str], field: str | None, notes: list[str]) -> tuple[_Piece | None, int]:
    operator = _OPERATORS.get(run[0])
    if operator and field and text[run.start() - 1] == ":" and run[0].isalpha():  # judul:DAN
        operator = None
    if operator and field:
        return None, run.start()
    if operator:
        return _Piece(operator, run[0], run.start() + 1), run.end()
    follows = text[run.end() : run.end() + 1] or " "
    unknown = _UNKNOWN_FIELD.match(run[0] + ("x" if follows in f"({_QUOTES}" else ""))
    if unknown and not field:
        notes.append(
            f"“{unknown[1]}” pada huruf ke-{run.start() + 1} bukan nama kolom; dibaca sebagai kata biasa."
        )
    return _Piece(_Kind.WORDS, run[0], run.start() + 1, field), run.end()


def _balanced(pieces: list[_Piece], notes: list[str]) -> list[_Piece]:
    """The pieces without parentheses that lack their other half or lie too deep."""
    other: dict[int, int] = {}
    waiting: list[int] = []
    for number, piece in enumerate(pieces):
        if piece.kind is _Kind.OPEN:
            waiting.append(number)
        elif piece.kind is _Kind.CLOSE and waiting:
            other[waiting[-1]] = number
            other[number] = waiting.pop()
    kept, depth = [], 0
    for number, piece in enumerate(pieces):
        if piece.kind not in (_Kind.OPEN, _Kind.CLOSE):
            kept.append(piece)
        elif number in other:
            depth += piece.kind is _Kind.OPEN
            kept += [piece] if depth <= MAX_DEPTH else []
            depth -= piece.kind is _Kind.CLOSE
    _tell_parentheses(pieces, other, len(kept), notes)
    return kept


def _tell_parentheses(pieces: list[_Piece], other: dict[int, int], kept: int, notes: list[str]) -> None:
    alone = [
        piece.place
        for number, piece in enumerate(pieces)
        if piece.kind in (_Kind.OPEN, _Kind.CLOSE) and number not in other
    ]
    if alone:
        notes.append(f"Tanda kurung pada huruf ke-{alone[0]} tidak ada pasangannya.")
    if kept < len(pieces) - len(alone):
        notes.append(f"Tanda kurung yang lebih dalam dari {MAX_DEPTH} tingkat tidak dibaca.")


# From pieces to the tree


class _Reader:
    """Reads one query: `read` once, then `notes` tell what was not understood."""

    def __init__(self, text: str, today: date) -> None:
        self.notes: list[str] = []
        self._text, self._today = self._shortened(text), today
        self._pieces = _balanced(_pieces(self._text, self.notes), self.notes)
        self._position = 0
        self._words_left = MAX_WORDS

    def read(self) -> Node | None:
        tree = self._either(None)
        plain = words(self._text) if tree is None else []
        if plain:
            self.notes.append("Kueri tidak dipahami; dibaca sebagai kata biasa.")
        return tree or all_of(Word(word) for word in plain[:MAX_WORDS])

    def _shortened(self, text: str) -> str:
        if len(text) <= MAX_LENGTH:
            return text
        self.notes.append(f"Kueri terlalu panjang: hanya {MAX_LENGTH} huruf pertama yang dibaca.")
        return text[:MAX_LENGTH]

    def _kind(self) -> _Kind | None:
        return self._pieces[self._position].kind if self._position < len(self._pieces) else None

    def _take(self) -> _Piece:
        self._position += 1
        return self._pieces[self._position - 1]

    def _either(self, field: str | None) -> Node | None:
        """Parts with OR between them, up to a closing parenthesis or the end."""
        parts = [self._all(field)]
        while self._kind() is _Kind.OR:
            operator = self._take()
            part = self._all(field)
            if part is None or not any(parts):
                self._tell_useless(operator)
            parts.append(part)
        return any_of(part for part in parts if part)

    def _all(self, field: str | None) -> Node | None:
        """Parts with AND or nothing between them."""
        parts: list[Node] = []
        while (kind := self._kind()) not in (None, _Kind.CLOSE, _Kind.OR):
            if kind is _Kind.AND:
                operator = self._take()
                if not parts or self._kind() not in _OPERANDS:
                    self._tell_useless(operator)
            elif part := self._one(field):
                parts.append(part)
        return all_of(parts)

    def _one(self, field: str | None) -> Node | None:
        excludes = False
        piece = self._take()
        while piece.kind is _Kind.NOT:
            if self._kind() not in _OPERANDS:
                self._tell_useless(piece)
                return None
            excludes, piece = not excludes, self._take()
        if piece.kind is _Kind.OPEN:
            part = self._either(piece.field or field)
            self._take()
        else:
            part = self._counted(piece, piece.field or field)
        if isinstance(part, Not) and excludes:
            return part.part
        return Not(part) if part and excludes else part

    def _tell_useless(self, operator: _Piece) -> None:
        self.notes.append(
            f"“{operator.text}” pada huruf ke-{operator.place} tidak menghubungkan apa-apa dan diabaikan."
        )

    def _counted(self, piece: _Piece, field: str | None) -> Node | None:
        leaf = self._leaf(piece, field)
        size = len(leaf.words) if isinstance(leaf, Phrase) else leaf is not None
        if size <= self._words_left:
            self._words_left -= size
            return leaf
        if self._words_left >= 0:
            self.notes.append(f"Hanya {MAX_WORDS} kata pertama yang dibaca, sampai huruf ke-{piece.place}.")
        self._words_left = -1
        return None

    def _leaf(self, piece: _Piece, field: str | None) -> Leaf | None:
        if field == "published":
            days = _range(piece.text, self._today)
            if days is None:
                self.notes.append(f"“{piece.text}” pada huruf ke-{piece.place} bukan tanggal.")
            return days or self._plain(piece, None)
        if field == "region" and (code := _CODE.fullmatch(piece.text)):
            return Key(".".join(part for part in code.groups() if part), field)
        if piece.kind is _Kind.PHRASE:
            return self._phrase(piece, field)
        if field == "source" and _SOURCE_KEY.fullmatch(piece.text.lower()):
            return Key(piece.text.lower(), field)
        return self._pattern(piece, field) or self._plain(piece, field)

    def _phrase(self, piece: _Piece, field: str | None) -> Phrase | None:
        found = tuple(words(piece.text))
        if not found:
            return None
        slop = min(piece.slop, MAX_SLOP) if len(found) > 1 else 0
        while comb(slop + len(found) - 1, slop) > MAX_ARRANGEMENTS:
            slop -= 1
        if slop < piece.slop and len(found) > 1:
            self.notes.append(f"Jarak ~{piece.slop} terlalu besar untuk frasa ini; dibaca sebagai ~{slop}.")
        return Phrase(found, field, slop)

    def _pattern(self, piece: _Piece, field: str | None) -> Prefix | Fuzzy | None:
        """`word*` or `word~`; None, told where it was meant, if it is neither."""
        pattern = _PATTERN.fullmatch(piece.text)
        if pattern is None:
            if "*" in piece.text.strip("*") and words(piece.text):
                self.notes.append(f"Tanda * pada huruf ke-{piece.place} hanya dipahami di akhir kata.")
            return None
        found = words(pattern[1])
        if len(found) != 1 or len(found[0]) < MIN_LETTERS:
            sign = pattern[2][:1]
            self.notes.append(
                f"Tanda {sign} pada huruf ke-{piece.place} memerlukan satu kata "
                f"dengan sekurangnya {MIN_LETTERS} huruf."
            )
            return None
        if pattern[2].startswith("*"):
            return Prefix(found[0], field)
        distance = int(pattern[2][1:]) if pattern[2] in ("~1", "~2") else 1 + (len(found[0]) >= 8)
        return Fuzzy(found[0], field, distance)

    def _plain(self, piece: _Piece, field: str | None) -> Word | Phrase | None:
        pattern = _PATTERN.fullmatch(piece.text)
        found = tuple(words(pattern[1] if pattern else piece.text))
        if not found and any(unicodedata.category(sign) == "So" for sign in piece.text):
            self.notes.append(f"“{piece.text}” pada huruf ke-{piece.place} bukan kata dan tidak dicari.")
        if len(found) > 1 and not _is_doubled(found, piece.text):
            return Phrase(found, field)
        return Word(min(found, key=len), field) if found else None


_CODE = re.compile(r"\W*([1-9]\d)(?:\.?(\d\d))?\W*", re.ASCII)
_SOURCE_KEY = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")
_PATTERN = re.compile(r"(.*\w)(\*+|~[\d.]*)", re.DOTALL)


def _is_doubled(found: tuple[str, ...], text: str) -> bool:
    """Whether it is one word said twice, as "anak-anaknya": hyphens between words of one stem."""
    return (
        text.count("-") == len(found) - 1
        and all(word.isalpha() for word in found)
        and len({language.stem(word) for word in found}) == 1
    )


# Dates


def _range(text: str, today: date) -> Range | None:
    """The days that the value of `terbit:` means; None if it is no date."""
    try:
        if brackets := _BETWEEN.fullmatch(text):
            opening, first, last, closing = brackets.groups()
            return _between(opening, first, last, closing, today)
        compared = _COMPARED.fullmatch(text.strip())
        return _compared(compared[1] or "", compared[2], today) if compared else None
    except (ValueError, OverflowError):
        return None


_BETWEEN = re.compile(r"([\[{])\s*(\S+)\s+(?:TO|SAMPAI|to|sampai)\s+(\S+?)\s*([\]}])")
_COMPARED = re.compile(r"(>=|<=|>|<|=)?\s*(\S+)")
_DAY = timedelta(days=1)


def _between(opening: str, first: str, last: str, closing: str, today: date) -> Range:
    since = None if first == "*" else _period(first, today)[0 if opening == "[" else 1]
    until = None if last == "*" else _period(last, today)[1 if closing == "]" else 0]
    return Range(
        since + _DAY if since and opening == "{" else since,
        until - _DAY if until and closing == "}" else until,
    )


def _compared(operator: str, text: str, today: date) -> Range:
    if not operator and (ago := _AGO.fullmatch(text)):
        return Range(_before(today, int(ago[1]), ago[2].lower()), None)
    first, last = _period(text, today)
    match operator:
        case ">=":
            return Range(first, None)
        case ">":
            return Range(last + _DAY, None)
        case "<=":
            return Range(None, last)
        case "<":
            return Range(None, first - _DAY)
    return Range(first, last)


_AGO = re.compile(r"(\d{1,3})-?(hari|h|d|minggu|w|bulan|b|m|tahun|t|y)", re.ASCII | re.IGNORECASE)


def _before(today: date, number: int, unit: str) -> date:
    """So many days, weeks, months or years earlier."""
    if unit in ("hari", "h", "d"):
        return today - number * _DAY
    if unit in ("minggu", "w"):
        return today - 7 * number * _DAY
    months = number * (12 if unit in ("tahun", "t", "y") else 1)
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


_NAMED_DAYS = {"hariini": 0, "hari-ini": 0, "today": 0, "kemarin": 1, "yesterday": 1}
_ISO = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?", re.ASCII)
_DAY_FIRST = re.compile(r"(?:(\d{1,2})[-/.])?(\d{1,2})[-/.](\d{4})", re.ASCII)


def _period(text: str, today: date) -> tuple[date, date]:
    """First and last day of a year, month or day; raises ValueError if it is none."""
    if text.lower() in _NAMED_DAYS:
        day = today - _NAMED_DAYS[text.lower()] * _DAY
        return day, day
    if iso := _ISO.fullmatch(text):
        return _days(*iso.groups())
    if day_first := _DAY_FIRST.fullmatch(text):
        return _days(*reversed(day_first.groups()))
    raise ValueError(text)


def _days(year: str, month: str | None, day: str | None) -> tuple[date, date]:
    if month is None:
        return date(int(year), 1, 1), date(int(year), 12, 31)
    if day is None:
        first = date(int(year), int(month), 1)
        return first, first.replace(day=monthrange(first.year, first.month)[1])
    found = date(int(year), int(month), int(day))
    return found, found
