"""What a reader types, as a tree."""

from dataclasses import dataclass

from indexer import language


@dataclass(frozen=True)
class Query:
    """A question to the index: all of its words."""

    words: tuple[str, ...]


def parse(text: str) -> Query:
    """Read a query; plain words mean all of them."""
    return Query(tuple(language.words(text)))
