"""What changed in an article, version by version, as its page tells it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, takewhile
from typing import Any

from indexer.article import Article
from indexer.diff import Kind, Piece, compare
from indexer.web.record import Version

MAX_PAIRS = 300_000
"""Pairs of equal words in two texts; with more, comparing them word by word would take seconds."""
MAX_CHARACTERS = 4_000
"""Of a change that are shown."""
CONTEXT = 80
"""Characters shown before and after what changed."""
DETAILS = ("place", "authors", "editor", "tags", "attachments")


@dataclass(frozen=True)
class Detail:
    """Another field that a reader sees, before and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """From one version to the next."""

    at: datetime
    title: list[Piece]
    """Before and after; empty if it stayed the same."""
    text: list[Piece] | None
    """With what stands around the changes; empty if it stayed the same, None if it is too long to compare."""
    details: list[Detail]
    published: tuple[datetime, datetime] | None
    """The stated time before and after, if that changed."""
    is_cut: bool
    """Whether more was changed than is shown."""


def changes(versions: Sequence[Version], article: Article) -> list[Change]:
    """What changed, the latest change first; `versions` as the record gives them, the latest first."""
    now = {name: getattr(article, name) for name in DETAILS} | {"published": article.published.isoformat()}
    states = [
        (article.title, article.text, now),
        *((each.title, each.text, each.details) for each in versions),
    ]
    return [
        _change(version.replaced_at, before, after)
        for version, (after, before) in zip(versions, pairwise(states), strict=True)
    ]


_State = tuple[str, str, Mapping[str, Any]]


def _change(at: datetime, before: _State, after: _State) -> Change:
    title = [Piece(Kind.REMOVED, before[0]), Piece(Kind.ADDED, after[0])] if before[0] != after[0] else []
    found = differences(before[1], after[1]) if before[1] != after[1] else []
    text = found and folded(found)
    shown = text and [*_cut(text)]
    details = [*_details(before[2], after[2])]
    return Change(at, [*_cut(title)], shown, details, _published(before[2], after[2]), shown != text)


def differences(before: str, after: str) -> list[Piece] | None:
    """The pieces of two texts, as paragraphs that each end in a blank line; None where finding them would take too long."""
    old, new = _paragraphs(before), _paragraphs(after)
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    if _pairs(old_middle, new_middle) > MAX_PAIRS:
        return None
    same_head = [Piece(Kind.SAME, "".join(old[:head]))] if head else []
    same_tail = [Piece(Kind.SAME, "".join(old[len(old) - tail :]))] if tail else []
    return [*same_head, *compare("".join(old_middle), "".join(new_middle)), *same_tail]


def _paragraphs(text: str) -> list[str]:
    return [f"{paragraph}\n\n" for paragraph in text.split("\n\n")]


def folded(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with what stayed the same cut down to what stands around the changes."""
    found = []
    for place, piece in enumerate(pieces):
        begin = CONTEXT if place else 0
        end = CONTEXT if place < len(pieces) - 1 else 0
        is_long = piece.kind == Kind.SAME and len(piece.text) > begin + end + 20
        found.append(Piece(piece.kind, _around(piece.text, begin, end)) if is_long else piece)
    return found


def _around(text: str, begin: int, end: int) -> str:
    head = text[:begin].rpartition(" ")[0] + " " if begin else ""
    tail = " " + text[len(text) - end :].partition(" ")[2] if end else ""
    return f"{head}…{tail}"


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many paragraphs are the same from the beginning on."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _pairs(old: Sequence[str], new: Sequence[str]) -> int:
    first, second = (Counter(word for each in some for word in each.split()) for some in (old, new))
    return sum(number * second[word] for word, number in first.items()) + first.total() + second.total()


def _cut(pieces: Sequence[Piece]) -> Iterator[Piece]:
    left = MAX_CHARACTERS
    for piece in pieces:
        if left <= 0:
            return
        yield piece if len(piece.text) <= left else Piece(piece.kind, piece.text[:left] + "…")
        left -= len(piece.text)


def _details(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Detail]:
    for name in DETAILS:
        old, new = (_told(details.get(name)) for details in (before, after))
        if old != new:
            yield Detail(name, old, new)


def _told(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")
    return text if len(text) <= 500 else text[:500] + "…"


def _published(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    old, new = (details.get("published") for details in (before, after))
    if not (old and new):
        return None
    first, second = datetime.fromisoformat(old), datetime.fromisoformat(new)
    is_same = first.replace(second=0, microsecond=0) == second.replace(second=0, microsecond=0)
    return None if is_same else (first.astimezone(second.tzinfo), second)
