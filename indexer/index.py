"""Search in the copy of the record: what every engine offers, and keeping the copy up to date."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from indexer.query import Query
from indexer.store import Store, StoredArticle

BATCH = 500


@dataclass(frozen=True)
class Hits:
    """The ids of the articles found, best first, and how many there are in all."""

    ids: tuple[int, ...]
    total: int


class SearchIndex(Protocol):
    """A search engine."""

    def put(self, batch: Sequence[StoredArticle]) -> None:
        """Add or replace articles, durably."""

    def search(self, query: Query, *, limit: int = 10, sort: str = "newest") -> Hits:
        """The articles that answer."""


def sync(store: Store, index: SearchIndex) -> int:
    """Send what is behind; returns how many articles were sent."""
    sent = 0
    while batch := store.behind("indexed_revision", BATCH):
        index.put(batch)
        store.mark_indexed(batch)
        sent += len(batch)
    return sent
