"""From the text of a query to its tree."""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from functools import cache
from math import comb
from pathlib import Path

from indexer import language
from indexer.query.dates import range_of
from indexer.query.notes import Note
from indexer.query.pieces import OPERANDS, Kind, Piece, pieces_of
from indexer.query.tree import (
    And,
    Fuzzy,
    Key,
    Leaf,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Word,
    all_of,
    any_of,
    words,
)

WIB = timezone(timedelta(hours=7), "WIB")
MAX_LENGTH = 2000
"""Characters of a query; the rest is not read."""
MAX_WORDS = 200
"""Words in a query, those of phrases included; the rest is not read."""
MIN_LETTERS = 3
"""Letters before a `*` or `~`; shorter ones are plain words."""
LONG = 8
"""Letters from which `word~` may be off by two of them; shorter words by one."""
MAX_SLOP = 20
"""Other words between those of a phrase."""
MAX_ARRANGEMENTS = 30
"""Ways in which the loose phrases of a query may lie, in all; beyond that fewer others may lie between their words. Engines
look for each, which takes long where the words are in every article."""
MAX_NOTES = 10
"""Sentences about what was not understood; of more, the first are told."""
KINDS = ("government", "press", "agency")
"""What a source can be."""
KIND_NAMES = {"pemerintah": "government", "pers": "press", "kantor-berita": "agency"}
"""How readers call that."""
_TOPICS = Path(__file__).parents[1] / "topics.toml"


def parse(text: str, now: datetime | None = None) -> Query:
    """Read a query; any text can be read. `now` is the moment that `terbit:7hari` counts from."""
    today = (now or datetime.now(WIB)).astimezone(WIB).date()
    reader = _Reader(text, today)
    tree = reader.read()
    notes = list(dict.fromkeys(reader.notes))[:MAX_NOTES]
    if notes and tree:
        notes.append(Note("read as", tree=tree))
    return Query(text, tree, tuple(notes), _problem(text, tree))


@cache
def topic_keys() -> tuple[str, ...]:
    """The keys of the ready-made queries, in the order of their file."""
    return tuple(tomllib.loads(_TOPICS.read_text(encoding="utf-8")))


def _problem(text: str, tree: Node | None) -> Note | None:
    if tree is None:
        return Note("nothing to search") if text.strip() else None
    return Note("only excludes") if _only_excludes(tree) else None


def _only_excludes(tree: Node) -> bool:
    if isinstance(tree, And | Or):
        return all(map(_only_excludes, tree.parts))
    return isinstance(tree, Not)


class _Reader:
    """Reads one query: `read` once, then `notes` tell what was not understood."""

    def __init__(self, text: str, today: date) -> None:
        self.notes: list[Note] = []
        self._text, self._today = self._shortened(text), today
        self._pieces = pieces_of(self._text, self.notes)
        self._position = 0
        self._words_left = MAX_WORDS
        self._arrangements_left = MAX_ARRANGEMENTS

    def read(self) -> Node | None:
        tree = self._either(None)
        plain = words(self._text) if tree is None else []
        if plain:
            self.notes.append(Note("not understood"))
        return tree or all_of(Word(word) for word in plain[:MAX_WORDS])

    def _shortened(self, text: str) -> str:
        if len(text) <= MAX_LENGTH:
            return text
        self.notes.append(Note("too long", limit=MAX_LENGTH))
        return text[:MAX_LENGTH]

    def _kind(self) -> Kind | None:
        return self._pieces[self._position].kind if self._position < len(self._pieces) else None

    def _take(self) -> Piece:
        self._position += 1
        return self._pieces[self._position - 1]

    def _either(self, field: str | None) -> Node | None:
        """Parts with OR between them, up to a closing parenthesis or the end."""
        parts = [self._all(field)]
        while self._kind() is Kind.OR:
            operator = self._take()
            part = self._all(field)
            if part is None or not any(parts):
                self._tell_useless(operator)
            parts.append(part)
        return any_of(part for part in parts if part)

    def _all(self, field: str | None) -> Node | None:
        """Parts with AND or nothing between them."""
        parts: list[Node] = []
        while (kind := self._kind()) not in (None, Kind.CLOSE, Kind.OR):
            if kind is Kind.AND:
                operator = self._take()
                if not parts or self._kind() not in OPERANDS:
                    self._tell_useless(operator)
            elif part := self._one(field):
                parts.append(part)
        return all_of(parts)

    def _one(self, field: str | None) -> Node | None:
        excludes = False
        piece = self._take()
        while piece.kind is Kind.NOT:
            if self._kind() not in OPERANDS:
                self._tell_useless(piece)
                return None
            excludes, piece = not excludes, self._take()
        if piece.kind is Kind.OPEN:
            part = self._either(piece.field or field)
            self._take()
        else:
            part = self._counted(piece, piece.field or field)
        if isinstance(part, Not) and excludes:
            return part.part
        return Not(part) if part and excludes else part

    def _tell_useless(self, operator: Piece) -> None:
        self.notes.append(Note("useless operator", operator=operator.text, place=operator.place))

    def _counted(self, piece: Piece, field: str | None) -> Node | None:
        leaf = self._leaf(piece, field)
        size = len(leaf.words) if isinstance(leaf, Phrase) else leaf is not None
        if size <= self._words_left:
            self._words_left -= size
            return leaf
        if self._words_left >= 0:
            self.notes.append(Note("too many words", limit=MAX_WORDS, place=piece.place))
        self._words_left = -1
        return None

    def _leaf(self, piece: Piece, field: str | None) -> Leaf | None:
        if field == "published":
            return self._range(piece)
        if field == "topic":
            return self._key(piece, field, topic_keys())
        if field == "kind":
            return self._key(piece, field, KINDS)
        if field == "region" and (code := _CODE.fullmatch(piece.text)):
            return Key(".".join(part for part in code.groups() if part), field)
        if piece.kind is Kind.PHRASE:
            return self._phrase(piece, field)
        if field == "source" and _SOURCE_KEY.fullmatch(piece.text.lower()):
            return Key(piece.text.lower().removeprefix("="), field)
        return self._pattern(piece, field) or self._plain(piece, field)

    def _range(self, piece: Piece) -> Leaf | None:
        days = range_of(piece.text, self._today)
        if days is None:
            self.notes.append(Note("no date", text=piece.text, place=piece.place))
        return days or self._plain(piece, None)

    def _key(self, piece: Piece, field: str, known: Sequence[str]) -> Leaf | None:
        """One of a few keys; its words may also be written apart in quotation marks."""
        found = words(piece.text)
        key = KIND_NAMES.get("-".join(found), "-".join(found)) if field == "kind" else "-".join(found)
        if key in known and not _PATTERN.fullmatch(piece.text):
            return Key(key, field)
        if found:
            self.notes.append(
                Note(f"unknown {field}", name=piece.text, place=piece.place, known=tuple(known))
            )
        return self._plain(piece, None)

    def _phrase(self, piece: Piece, field: str | None) -> Phrase | None:
        found = tuple(words(piece.text))
        if not found:
            return None
        slop = min(piece.slop, MAX_SLOP) if len(found) > 1 else 0
        while slop and comb(slop + len(found) - 1, slop) > self._arrangements_left:
            slop -= 1
        self._arrangements_left -= comb(slop + len(found) - 1, slop) if slop else 0
        if slop < piece.slop:
            self.notes.append(Note("distance", sign=f"~{piece.slop}", place=piece.place, read_as=slop))
        return Phrase(found, field, slop)

    def _pattern(self, piece: Piece, field: str | None) -> Prefix | Fuzzy | None:
        """`word*` or `word~`; None, told where it was meant, if it is neither."""
        pattern = _PATTERN.fullmatch(piece.text)
        stem, sign = pattern.groups() if pattern else (piece.text, "")
        if "*" in stem and words(piece.text):
            self.notes.append(Note("star", place=piece.place))
        if not sign:
            return None
        found = words(stem)
        if len(found) != 1 or len(found[0]) < MIN_LETTERS:
            self.notes.append(Note("too short", sign=sign[0], place=piece.place, limit=MIN_LETTERS))
            return None
        if sign.startswith("*"):
            return Prefix(found[0], field)
        return Fuzzy(found[0], field, self._distance(piece, sign, found[0]))

    def _distance(self, piece: Piece, sign: str, word: str) -> int:
        """How far a word may be off: as asked, else two letters for long words and one for short ones."""
        usual = 1 + (len(word) >= LONG)
        if sign in ("~1", "~2"):
            return int(sign[1:])
        if sign != "~":
            self.notes.append(Note("distance", sign=sign, place=piece.place, read_as=usual))
        return usual

    def _plain(self, piece: Piece, field: str | None) -> Word | Phrase | None:
        pattern = _PATTERN.fullmatch(piece.text)
        found = tuple(words(pattern[1] if pattern else piece.text))
        if not found and any(unicodedata.category(sign) == "So" for sign in piece.text):
            self.notes.append(Note("no word", text=piece.text, place=piece.place))
        if len(found) > 1 and not _is_doubled(found, piece.text):
            return Phrase(found, field)
        return Word(min(found, key=len), field) if found else None


_CODE = re.compile(r"\W*([1-9]\d)(?:\.?(\d\d))?\W*", re.ASCII)
_SOURCE_KEY = re.compile(r"=[a-z0-9_]+|[a-z0-9]+(?:_[a-z0-9]+)+")
_PATTERN = re.compile(r"(.*\w)(\*+|~[\d.]*)", re.DOTALL)


def _is_doubled(found: tuple[str, ...], text: str) -> bool:
    """Whether it is one word said twice, as "anak-anaknya": hyphens between words of one stem."""
    return (
        text.count("-") == len(found) - 1
        and all(word.isalpha() for word in found)
        and len({language.stem(word) for word in found}) == 1
    )
