"""What a query means: a tree of words, phrases, keys and days, and how it is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from indexer import language

if TYPE_CHECKING:
    from indexer.query.notes import Note

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
    "kind": "jenis",
    "topic": "topik",
}
"""The fields a query can name, with what readers call them; the English names can be typed too."""


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
    """The exact key of a source, a kind or a topic, or the code of a region: its articles and those of the regions in it."""

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
    notes: "tuple[Note, ...]" = ()
    """Sentences for the reader about what was not understood, the last one telling how it was read."""
    problem: "Note | None" = None
    """A sentence for the reader: why this must not be searched. None if it may."""

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing in particular."""
        return self.tree is None


def narrow(
    query: Query,
    *,
    since: date | None = None,
    until: date | None = None,
    keys: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Query:
    """The same query, kept to days in WIB (both included) and to articles that have one of the `keys` of each field
    ("source", "region", "kind", "topic") that has any."""
    limits: list[Node | None] = [any_of(Key(key, field) for key in some) for field, some in keys.items()]
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


# Writing


def describe(tree: Node | None, language: str = "id") -> str:
    """A tree as a query, with Indonesian or English names; reading it gives the tree again, within the bounds."""
    signs = _SIGNS[language]
    match tree:
        case None:
            return ""
        case And(parts):
            return f" {signs['and']} ".join(_inner(part, language) for part in parts)
        case Or(parts):
            return f" {signs['or']} ".join(_inner(part, language) for part in parts)
        case Not(part):
            return f"{signs['not']} {_inner(part, language)}"
        case Range():
            return f"{signs['published']}:{_describe_range(tree)}"
    return (f"{signs[tree.field]}:" if tree.field else "") + _describe_leaf(tree)


_SIGNS = {
    "id": {"and": "DAN", "or": "ATAU", "not": "BUKAN", **FIELDS},
    "en": {"and": "AND", "or": "OR", "not": "NOT", **{name: name for name in FIELDS}},
}


def _inner(part: Node, language: str) -> str:
    described = describe(part, language)
    return f"({described})" if isinstance(part, And | Or) else described


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
        case Key(key, "source") if "_" not in key:
            return f"={key}"
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
