"""What changed between two versions of a text, word by word."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum


class Kind(StrEnum):
    """Whether a piece stands in both versions, only in the old, or only in the new."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class Piece:
    """A run of words with its white space."""

    kind: Kind
    text: str


def compare(before: str, after: str) -> list[Piece]:
    """The pieces in order; those not added make `before`, those not removed make `after`."""
    old, new = re.findall(r"\S+\s*|\s+", before), re.findall(r"\S+\s*|\s+", after)
    pieces: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece(Kind.SAME, "".join(old[a:b])))
            continue
        if b > a:
            pieces.append(Piece(Kind.REMOVED, "".join(old[a:b])))
        if d > c:
            pieces.append(Piece(Kind.ADDED, "".join(new[c:d])))
    return pieces
