"""From the text of a query to its pieces: words, phrases, operators and parentheses, with their fields."""

import re
from dataclasses import dataclass
from enum import StrEnum

from indexer.query.notes import Note
from indexer.query.tree import FIELDS

MAX_DEPTH = 50
"""Parentheses inside each other; deeper ones are not read."""


class Kind(StrEnum):
    """What a piece is."""

    WORDS = "words"
    PHRASE = "phrase"
    RANGE = "range"
    OPEN = "("
    CLOSE = ")"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a query."""

    kind: Kind
    text: str
    """What it holds, without its field and its signs; of an operator, as it was written."""
    place: int
    """Where it begins in the query, counted from 1."""
    field: str | None = None
    slop: int = 0


def pieces_of(text: str, notes: list[Note]) -> list[Piece]:
    """The pieces of a text, every parenthesis with its other half; tells in `notes` what they are not."""
    return _balanced(_cut(text, notes), notes)


# Cutting

OPERANDS = frozenset((Kind.WORDS, Kind.PHRASE, Kind.RANGE, Kind.OPEN, Kind.NOT))
"""What an operator can stand before."""
QUOTES = '"“”„‟«»＂'
_OPERATORS = {
    **dict.fromkeys(("AND", "DAN", "&&"), Kind.AND),
    **dict.fromkeys(("OR", "ATAU", "||"), Kind.OR),
    **dict.fromkeys(("NOT", "BUKAN"), Kind.NOT),
}
_FIELD_NAMES = {name: field for field, own in FIELDS.items() for name in (field, own)}
_SPACES = re.compile(r"\s+")
_FIELD = re.compile(rf"({'|'.join(_FIELD_NAMES)}):\s*", re.IGNORECASE | re.ASCII)
_SIGNS = re.compile(rf"[-+!]+(?=[\w({QUOTES}])")
_QUOTED = re.compile(rf"[{QUOTES}]([^{QUOTES}]*)[{QUOTES}](?:~(\d*))?")
_RANGE = re.compile(
    r"[\[{][^\[\]{}()]*[\]}]"  # [2022-01 TO 2022-06]
    rf"|(?:[<>]=?|=)\s+\d[^\s(){QUOTES}]*"  # >= 2022-12-01
    r"|\d{1,3}\s+(?:hari|minggu|bulan|tahun)\b",  # 7 hari
    re.IGNORECASE,
)
_RUN = re.compile(rf"&&|\|\||(?:(?!&&|\|\|)[^\s(){QUOTES}])+")
_UNKNOWN_FIELD = re.compile(r"([^\W\d_]+):(?!//|$)")


def _cut(text: str, notes: list[Note]) -> list[Piece]:
    found: list[Piece] = []
    position = 0
    while position < len(text):
        if space := _SPACES.match(text, position):
            position = space.end()
            continue
        if field := _FIELD.match(text, position):
            pieces, position = _with_field(text, field, notes)
            found += pieces
        else:
            piece, position = _piece(text, position, None, notes)
            found += [piece] if piece else []
    return found


def _with_field(text: str, field: re.Match[str], notes: list[Note]) -> tuple[list[Piece], int]:
    """What a field is for, excluded by a sign behind the colon too; its name as a word if that is nothing."""
    signs = _SIGNS.match(text, field.end())
    start = signs.end() if signs else field.end()
    piece, end = (None, start) if _FIELD.match(text, start) else _piece(text, start, _name(field), notes)
    if piece is None:
        place = field.start() + 1
        notes.append(Note("empty field", field=field[0].strip(), place=place))
        return [Piece(Kind.WORDS, field[1], place)], max(field.end(), place)
    exclusion = [_exclusion(signs)] if signs else []
    return [*filter(None, exclusion), piece], end


def _name(field: re.Match[str]) -> str:
    return _FIELD_NAMES[field[1].lower()]


def _exclusion(signs: re.Match[str]) -> Piece | None:
    is_not = sum(sign != "+" for sign in signs[0]) % 2
    return Piece(Kind.NOT, signs[0], signs.start() + 1) if is_not else None


def _piece(text: str, start: int, field: str | None, notes: list[Note]) -> tuple[Piece | None, int]:
    """The piece that begins here, None for signs that mean nothing, and where it ends."""
    place = start + 1
    if text.startswith("(", start):
        return Piece(Kind.OPEN, "(", place, field), place
    if text.startswith(")", start):
        return (None if field else Piece(Kind.CLOSE, ")", place)), start if field else place
    if quoted := _QUOTED.match(text, start):
        slop = int(quoted[2][:9] or 0) if quoted[2] else 0
        return Piece(Kind.PHRASE, quoted[1], place, field, slop), quoted.end()
    if text[start : start + 1] and text[start] in QUOTES:
        notes.append(Note("lone quote", place=place))
        return None, start + (0 if field else 1)
    if field == "published" and (days := _RANGE.match(text, start)):
        return Piece(Kind.RANGE, days[0], place, field), days.end()
    if not field and (signs := _SIGNS.match(text, start)):
        return _exclusion(signs), signs.end()
    run = _RUN.match(text, start)
    return _run(text, run, field, notes) if run else (None, start)


def _run(text: str, run: re.Match[str], field: str | None, notes: list[Note]) -> tuple[Piece | None, int]:
    operator = _OPERATORS.get(run[0])
    if operator and field and text[run.start() - 1] == ":" and run[0].isalpha():  # judul:DAN
        operator = None
    if operator and field:
        return None, run.start()
    if operator:
        return Piece(operator, run[0], run.start() + 1), run.end()
    follows = text[run.end() : run.end() + 1] or " "
    unknown = _UNKNOWN_FIELD.match(run[0] + ("x" if follows in f"({QUOTES}" else ""))
    if unknown and not field:
        notes.append(Note("unknown field", name=unknown[1], place=run.start() + 1))
    return Piece(Kind.WORDS, run[0], run.start() + 1, field), run.end()


# Parentheses


def _balanced(pieces: list[Piece], notes: list[Note]) -> list[Piece]:
    """The pieces without parentheses that lack their other half or lie too deep."""
    other: dict[int, int] = {}
    waiting: list[int] = []
    for number, piece in enumerate(pieces):
        if piece.kind is Kind.OPEN:
            waiting.append(number)
        elif piece.kind is Kind.CLOSE and waiting:
            other[waiting[-1]] = number
            other[number] = waiting.pop()
    kept, depth = [], 0
    for number, piece in enumerate(pieces):
        if piece.kind not in (Kind.OPEN, Kind.CLOSE):
            kept.append(piece)
        elif number in other:
            depth += piece.kind is Kind.OPEN
            kept += [piece] if depth <= MAX_DEPTH else []
            depth -= piece.kind is Kind.CLOSE
    _tell_parentheses(pieces, other, len(kept), notes)
    return kept


def _tell_parentheses(pieces: list[Piece], other: dict[int, int], kept: int, notes: list[Note]) -> None:
    alone = [
        piece.place
        for number, piece in enumerate(pieces)
        if piece.kind in (Kind.OPEN, Kind.CLOSE) and number not in other
    ]
    if alone:
        notes.append(Note("lone parenthesis", place=alone[0]))
    if kept < len(pieces) - len(alone):
        notes.append(Note("too deep", limit=MAX_DEPTH))
