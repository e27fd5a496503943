"""So many searches at once as the machine can do; whoever waits too long for their turn is told to come again."""

from collections.abc import Collection
from threading import BoundedSemaphore

from indexer.errors import PantauError
from indexer.index import Cursor, Hits, Interval, SearchIndex, Sort
from indexer.query import Query

AT_ONCE = 8
"""Searches under way; each holds a thread until the engine has answered, which cannot be broken off."""
PATIENCE = 5.0
"""Seconds that a search waits for its turn."""


class BoundedIndex:
    """Another index, of which only `search` is bounded: a heavy query can slow others down, not hold up the server."""

    def __init__(self, index: SearchIndex, at_once: int = AT_ONCE, patience: float = PATIENCE) -> None:
        self._turns = BoundedSemaphore(at_once)
        self._patience = patience
        self._search = index.search
        self.put, self.remove, self.clear = index.put, index.remove, index.clear
        self.newest, self.count, self.info = index.newest, index.count, index.info
        self.rebuilding, self.close = index.rebuilding, index.close

    def search(
        self,
        query: Query,
        *,
        limit: int = 10,
        after: Cursor | None = None,
        sort: Sort = Sort.NEWEST,
        facets: Collection[str] = (),
        interval: Interval | None = None,
    ) -> Hits:
        """As the other; raises PantauError when no turn came in time."""
        if not self._turns.acquire(timeout=self._patience):
            raise PantauError("Too many searches are under way; try again in a moment.")
        try:
            return self._search(query, limit=limit, after=after, sort=sort, facets=facets, interval=interval)
        finally:
            self._turns.release()
