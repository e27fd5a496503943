"""Search in the copy of the record: what every engine offers, and keeping the copy up to date.

The record is the truth. An index may be deleted at any moment: what it held is sent again by `sync`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from indexer import language, query, regions
from indexer.query import Query
from indexer.store import Store, StoredArticle

BATCH = 500
SCHEMA = 1
"""Number of what `analyse` makes of an article and how engines keep it; raise it when that changes."""
VERSION = f"{SCHEMA}-{language.VERSION}-{regions.VERSION}"
"""An index made with another version must be made anew."""
BREAK = "|"
"""Stands between the values of a field, so that no phrase reaches from one into the next; never a word."""


class Sort(StrEnum):
    """In which order articles are found; of equals the newest comes first."""

    NEWEST = "newest"
    RELEVANCE = "relevance"


@dataclass(frozen=True)
class Hits:
    """The ids of the articles found, best first, and how many there are in all."""

    ids: tuple[int, ...]
    total: int


@dataclass(frozen=True)
class Info:
    """How many articles an index holds, and the version it was made with."""

    articles: int
    version: str


@dataclass(frozen=True)
class Fields:
    """An article as every engine keeps it."""

    id: int
    revision: int
    published: datetime
    source: str
    regions: tuple[str, ...]
    """Codes, each with those of the regions it lies in."""
    words: Mapping[str, Sequence[str]]
    """By the name of the field, as `query.FIELDS`: words as written, in order."""
    stems: Mapping[str, Sequence[str]]
    """The stems of title and text."""


class SearchIndex(Protocol):
    """A search engine. Every method raises PantauError when the engine cannot serve."""

    def put(self, batch: Sequence[StoredArticle]) -> None:
        """Add or replace articles, durably."""

    def remove(self, ids: Iterable[int]) -> None:
        """Take articles out, durably; unknown ids are no error."""

    def clear(self) -> None:
        """Take all articles out."""

    def search(self, query: Query, *, limit: int = 10, offset: int = 0, sort: Sort = Sort.NEWEST) -> Hits:
        """The articles that answer; `limit` 0 only counts them."""

    def info(self) -> Info:
        """What the index holds."""

    def close(self) -> None:
        """Give back what it uses; afterwards it must not be used."""


def sync(store: Store, index: SearchIndex, progress: Callable[[int], None] | None = None) -> int:
    """Send what is behind; returns how many articles were sent, as `progress` is told after each batch.

    A second process that comes while one is at it sends nothing: its searches find what is there.
    """
    sent = 0
    with store.exclusively("index") as is_ours:
        while is_ours and (batch := store.behind("indexed_revision", BATCH)):
            index.put(batch)
            store.mark_indexed(batch)
            sent += len(batch)
            if progress:
                progress(sent)
    return sent


def analyse(stored: StoredArticle) -> Fields:
    """What all engines keep of an article, so that all find the same."""
    article = stored.article
    codes = regions.regions_of(article)
    title, text = query.words(article.title), query.words(article.text)
    return Fields(
        id=stored.id,
        revision=stored.revision,
        published=article.published,
        source=article.source,
        regions=codes,
        words={
            "title": title,
            "text": text,
            "source": query.words(article.source.replace("_", " ")),
            "region": _values(name for code in codes for name in regions.names(code)),
            "author": _values(article.authors),
            "tag": _values(article.tags),
            "place": query.words(article.place or ""),
        },
        stems={"title": [*map(language.stem, title)], "text": [*map(language.stem, text)]},
    )


def _values(values: Iterable[str]) -> list[str]:
    found: list[str] = []
    for value in values:
        found += [BREAK] * bool(found) + query.words(value)
    return found
