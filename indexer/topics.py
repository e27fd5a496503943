"""Topics: ready-made queries of public policy, and which of them an article answers.

The queries stand in `topics.toml`. An article's topics are found once, when it is analysed for the index; so
`topik:kemiskinan` is as quick as any other key, and finds what the topic's own query would find.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from indexer import language, query
from indexer.errors import PantauError
from indexer.query import And, Leaf, Node, Not, Or, Phrase, Prefix, Query, Word

FILE = Path(__file__).with_name("topics.toml")
RULES = 1
"""Number of the way trees are answered below; raise it when that changes."""
LANGUAGES = ("id", "en")

_BOTH = ("title", "text")
Fields = Mapping[str, Sequence[str]]
"""By the name of a field: its words, or the stems of them, in order."""


@dataclass(frozen=True)
class Topic:
    """A ready-made query."""

    key: str
    titles: Mapping[str, str]
    """By the code of a language, as the descriptions."""
    descriptions: Mapping[str, str]
    query: Query


@cache
def topics() -> Mapping[str, Topic]:
    """All topics by their keys, in the order of the file; raises PantauError naming one that is wrong."""
    return read(FILE.read_text(encoding="utf-8"))


def title_of(key: str, language: str) -> str:
    """What a topic is called; its key where there is none."""
    return topics()[key].titles[language] if key in topics() else key


def read(text: str) -> Mapping[str, Topic]:
    """Topics as they stand in the file; raises PantauError naming one that is wrong."""
    return MappingProxyType({key: _topic(key, row) for key, row in _rows(text).items()})


def topics_of(words: Fields, stems: Fields) -> tuple[str, ...]:
    """The keys of the topics that an analysed article answers, in the order of the file."""
    article = _Article.of(words, stems)
    return tuple(key for key, is_answered in _tests() if is_answered(article))


def answers(tree: Node, words: Fields, stems: Fields) -> bool:
    """Whether an analysed article answers a query of words, phrases and prefixes, as the engines decide it."""
    return _test(tree)(_Article.of(words, stems))


# Reading the file


def _rows(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PantauError(f"{FILE.name} is no TOML: {error}.") from error


def version_of(text: str) -> str:
    """Another one for other keys or queries; what topics are called and how they are told does not count."""
    asked = {key: row.get("query") if isinstance(row, dict) else row for key, row in _rows(text).items()}
    return f"{RULES}-{sha256(repr(asked).encode()).hexdigest()[:8]}"


VERSION = version_of(FILE.read_text(encoding="utf-8"))
"""Changes with the queries: articles may then be of other topics."""
_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def _topic(key: str, row: Any) -> Topic:
    if not _KEY.fullmatch(key):
        raise PantauError(f"Topic {key!r}: a key is small letters and digits with hyphens between.")
    if not isinstance(row, dict) or row.keys() != {"title", "description", "query"}:
        raise PantauError(f"Topic {key!r} must have title, description and query, and nothing else.")
    return Topic(
        key,
        _told(key, "title", row["title"]),
        _told(key, "description", row["description"]),
        _query(key, row),
    )


def _told(key: str, name: str, told: Any) -> Mapping[str, str]:
    is_complete = isinstance(told, dict) and {*told} == {*LANGUAGES}
    if not is_complete or not all(isinstance(each, str) and each.strip() for each in told.values()):
        raise PantauError(f"Topic {key!r}: its {name} must be told in {' and '.join(LANGUAGES)}.")
    return MappingProxyType(told)


def _query(key: str, row: Mapping[str, Any]) -> Query:
    if not isinstance(row["query"], str):
        raise PantauError(f"Topic {key!r}: its query must be a text.")
    found = query.parse(" ".join(row["query"].split()))
    if found.problem or found.notes or not found.tree:
        told = found.problem or " ".join(map(str, found.notes)) or "it is empty"
        raise PantauError(f"Topic {key!r}: its query cannot be read: {told}")
    for leaf in _leaves(found.tree):
        if not isinstance(leaf, Word | Phrase | Prefix) or leaf.field not in (None, *_BOTH):
            raise PantauError(
                f"Topic {key!r}: “{query.describe(leaf)}” is not a word, phrase or prefix in title or text."
            )
    return found


def _leaves(tree: Node) -> Iterator[Leaf]:
    match tree:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _leaves(part)
        case Not(part):
            yield from _leaves(part)
        case _:
            yield tree


# Answering


@dataclass(frozen=True, slots=True)
class _Article:
    """What tests look at, by field."""

    stems: Mapping[str, frozenset[str]]
    words: Mapping[str, frozenset[str]]
    texts: Mapping[str, str]
    """The words in order, with a space before and after each."""

    @classmethod
    def of(cls, words: Fields, stems: Fields) -> "_Article":
        return cls(
            {field: frozenset(stems[field]) for field in _BOTH},
            {field: frozenset(words[field]) for field in _BOTH},
            {field: f" {' '.join(words[field])} " for field in _BOTH},
        )


_Test = Callable[[_Article], bool]


@cache
def _tests() -> Sequence[tuple[str, _Test]]:
    return [(topic.key, _test(topic.query.tree)) for topic in topics().values() if topic.query.tree]


def _test(tree: Node) -> _Test:
    """A query made into a function, once: topics are asked of every article."""
    match tree:
        case And(parts):
            tests = [_test(part) for part in parts]
            return lambda article: all(test(article) for test in tests)
        case Or(parts):
            return _any_of(parts)
        case Not(part):
            test = _test(part)
            return lambda article: not test(article)
        case Word() | Phrase() | Prefix():
            return _any_of([tree])
    raise TypeError(f"{query.describe(tree)} cannot be answered here.")


def _any_of(parts: Sequence[Node]) -> _Test:
    """Words are looked up together; a phrase only where its longest word, mostly its rarest, occurs."""
    stems: dict[str, set[str]] = {field: set() for field in _BOTH}
    phrases: dict[str, dict[str, list[_Test]]] = {field: defaultdict(list) for field in _BOTH}
    others: list[_Test] = []
    for part in parts:
        match part:
            case Word(word, field):
                for each in _fields(field):
                    stems[each].add(language.stem(word))
            case Phrase(found, field, slop):
                for each in _fields(field):
                    phrases[each][max(found, key=len)].append(_phrase(found, each, slop))
            case Prefix(start, field):
                others += [_prefix(start, each) for each in _fields(field)]
            case _:
                others.append(_test(part))
    return _any_test(_frozen(stems), _frozen(phrases), phrases, others)


def _any_test(
    stems: Mapping[str, frozenset[str]],
    rarest: Mapping[str, frozenset[str]],
    phrases: Mapping[str, Mapping[str, Sequence[_Test]]],
    others: Sequence[_Test],
) -> _Test:
    def is_answered(article: _Article) -> bool:
        for field in _BOTH:
            if not stems[field].isdisjoint(article.stems[field]):
                return True
            for word in rarest[field] & article.words[field]:
                for test in phrases[field][word]:
                    if test(article):
                        return True
        return any(test(article) for test in others)

    return is_answered


def _frozen(found: Mapping[str, Iterable[str]]) -> Mapping[str, frozenset[str]]:
    return {field: frozenset(words) for field, words in found.items()}


def _fields(field: str | None) -> Sequence[str]:
    return (field,) if field else _BOTH


def _prefix(start: str, field: str) -> _Test:
    return lambda article: f" {start}" in article.texts[field]


def _phrase(found: Sequence[str], field: str, slop: int) -> _Test:
    if slop:
        needed = frozenset(found)
        return lambda article: (
            needed <= article.words[field] and _stands(found, article.texts[field].split(), slop)
        )
    together = f" {' '.join(found)} "
    return lambda article: together in article.texts[field]


def _stands(wanted: Sequence[str], words: Sequence[str], slop: int) -> bool:
    """Whether the words stand in this order with at most `slop` others between them in all."""
    return any(
        _follow(wanted[1:], words[begin + 1 : begin + len(wanted) + slop])
        for begin, word in enumerate(words)
        if word == wanted[0]
    )


def _follow(wanted: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the words stand in this order with any others between them."""
    rest = iter(words)
    return all(word in rest for word in wanted)
