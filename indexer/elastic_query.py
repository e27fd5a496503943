"""What a query means, said to Elasticsearch: the tree of a query → a query of Elasticsearch. It finds what tantivy finds.

Elasticsearch reads no query that is nested more than 30 deep; a deeper tree is made shallow first.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from indexer import language, query
from indexer.query import And, Fuzzy, Key, Node, Not, Or, Phrase, Prefix, Range, Word

Said = dict[str, Any]
"""A query of Elasticsearch."""

TITLE_BOOST = 2.0
KEYS = {"source": "source", "region": "regions", "kind": "kind", "topic": "topics"}
"""By what a `query.Key` or a facet is about: the field that holds it."""
MAX_DEPTH = 26
"""Nodes inside each other, leaves not counted, which become up to three levels of Elasticsearch's 30."""
_BOTH = ("title", "text")
_EPOCH = date(1970, 1, 1).toordinal()


def translated(tree: Node | None) -> Said:
    """The query that finds what the tree means; None is everything."""
    return _translated(shallow(tree, MAX_DEPTH)) if tree else {"match_all": {"boost": 0.0}}


def is_ranked(tree: Node | None) -> bool:
    """Whether some hits can be more relevant than others."""
    return any(isinstance(each, Word | Phrase) for each in query.sought(tree))


def clean(text: str) -> str:
    """The text as it can be sent: without halves of signs, which no encoding has."""
    return text.encode(errors="replace").decode()


def _translated(node: Node) -> Said:
    match node:
        case And(parts):
            return _all_of(parts)
        case Or(parts):
            return _any_of([_translated(part) for part in parts])
        case Not(part):
            return {"bool": {"must_not": [_translated(part)]}}
        case Key() | Range():
            return {"constant_score": {"filter": _kept(node), "boost": 0.0}}
    return _any_of([_in_field(node, field) for field in ((node.field,) if node.field else _BOTH)])


def _all_of(parts: Sequence[Node]) -> Said:
    """Keys and days only keep, without making anything more relevant."""
    clauses: dict[str, list[Said]] = {"must": [], "filter": [], "must_not": []}
    for part in parts:
        match part:
            case Key() | Range():
                clauses["filter"].append(_kept(part))
            case Not(excluded):
                clauses["must_not"].append(_translated(excluded))
            case _:
                clauses["must"].append(_translated(part))
    return {"bool": {name: found for name, found in clauses.items() if found}}


def _any_of(found: Sequence[Said]) -> Said:
    return found[0] if len(found) == 1 else {"bool": {"should": found, "minimum_should_match": 1}}


def _kept(leaf: Key | Range) -> Said:
    if isinstance(leaf, Key):
        return {"term": {KEYS[leaf.field]: clean(leaf.key)}}
    days = {}
    if leaf.since:
        days["gte"] = _midnight(leaf.since.toordinal())
    if leaf.until:
        days["lt"] = _midnight(leaf.until.toordinal() + 1)
    return {"range": {"published": days}} if days else {"match_all": {}}


def _midnight(day: int) -> str:
    """When a day begins in WIB, in seconds since 1970; a number would be taken for milliseconds."""
    return str((day - _EPOCH) * 86400 - 7 * 3600)


def _in_field(leaf: Word | Phrase | Prefix | Fuzzy, field: str) -> Said:
    words = f"{field}_words"
    boost = TITLE_BOOST if field == "title" else 1.0
    match leaf:
        case Word(word) if field in _BOTH:
            return {"term": {f"{field}_stems": {"value": language.stem(word), "boost": boost}}}
        case Word(word):
            return {"term": {words: {"value": word}}}
        case Phrase(found, _, slop):
            return _phrase(words, found, slop, boost)
        case Prefix(start):
            return {"prefix": {words: {"value": start}}}
        case Fuzzy(word, _, distance):  # with this rewriting it finds all such words, not just the 50 likest
            return {"fuzzy": {words: {"value": word, "fuzziness": distance, "rewrite": "constant_score"}}}


def _phrase(name: str, words: Sequence[str], slop: int, boost: float) -> Said:
    if len(words) == 1:
        return {"term": {name: {"value": words[0], "boost": boost}}}
    if not slop:
        return {"match_phrase": {name: {"query": " ".join(words), "boost": boost}}}
    terms = [{"span_term": {name: word}} for word in words]  # a loose match_phrase takes other orders too
    return {"span_near": {"clauses": terms, "slop": slop, "in_order": True, "boost": boost}}


# Deep trees


def shallow(node: Node, limit: int) -> Node:
    """A tree of the same meaning whose nodes lie at most so deep inside each other.

    Where a part is true or not, the rest is a smaller tree: whole = (part AND whole if it is true) OR whole if it is
    not. Cut in the middle of the deepest way down, both are half as deep.
    """
    if _depth(node) <= limit:
        return node
    node = _pushed(node)
    if _depth(node) <= limit:
        return node
    part = _middle(node)
    parts = [_and(part, _assuming(node, part, True)), _assuming(node, part, False)]
    options = [each for each in parts if not isinstance(each, bool)]
    return _merged(Or, [_shallow_parts(each, limit - 1) for each in options])


def _shallow_parts(node: Node, limit: int) -> Node:
    if isinstance(node, And):
        return _merged(And, [shallow(part, limit - 1) for part in node.parts])
    return shallow(node, limit)


def _and(part: Node, rest: Node | bool) -> Node:
    assert rest is not False  # a part that excludes all would lie under a Not, and none is left but at leaves
    return part if rest is True else And((part, rest))


def _depth(node: Node) -> int:
    match node:
        case And(parts) | Or(parts):
            return 1 + max(map(_depth, parts))
        case Not(part):
            return 1 + _depth(part)
    return 0


def _pushed(node: Node, is_excluded: bool = False) -> Node:
    """The same with Not only at leaves, and no And in an And or Or in an Or."""
    match node:
        case And(parts):
            return _merged(Or if is_excluded else And, [_pushed(part, is_excluded) for part in parts])
        case Or(parts):
            return _merged(And if is_excluded else Or, [_pushed(part, is_excluded) for part in parts])
        case Not(part):
            return _pushed(part, not is_excluded)
    return Not(node) if is_excluded else node


def _merged(kind: type[And] | type[Or], parts: Sequence[Node]) -> Node:
    merged = query.all_of(parts) if kind is And else query.any_of(parts)
    assert merged
    return merged


def _middle(node: Node) -> Node:
    """The node halfway down to the deepest leaf."""
    for _ in range(_depth(node) // 2):
        assert isinstance(node, And | Or)
        node = max(node.parts, key=_depth)
    return node


def _assuming(node: Node, part: Node, holds: bool) -> Node | bool:
    """What is left of a tree when a part of it is known to be true or not."""
    if node == part:
        return holds
    if not isinstance(node, And | Or):
        return node
    decisive = isinstance(node, Or)
    left = [_assuming(each, part, holds) for each in node.parts]
    if any(each is decisive for each in left):
        return decisive
    nodes = [each for each in left if not isinstance(each, bool)]
    return _merged(type(node), nodes) if nodes else not decisive
