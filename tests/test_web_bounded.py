"""A few heavy searches do not hold up the server."""

from threading import Event, Thread

import pytest

from indexer import query
from indexer.errors import PantauError
from indexer.index import Hits
from indexer.tantivy_index import TantivyIndex
from indexer.web.bounded import BoundedIndex


class Heavy(TantivyIndex):
    """Its first search goes on until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.is_under_way, self.may_end = Event(), Event()

    def search(self, *arguments: object, **options: object) -> Hits:
        if not self.is_under_way.is_set():
            self.is_under_way.set()
            assert self.may_end.wait(30)
        return super().search(*arguments, **options)  # type: ignore[arg-type]


def test_whoever_waits_too_long_is_told_and_later_ones_are_served() -> None:
    heavy = Heavy()
    index = BoundedIndex(heavy, at_once=1, patience=0.05)
    first = Thread(target=index.search, args=(query.parse("warga"),))
    first.start()
    assert heavy.is_under_way.wait(30)
    with pytest.raises(PantauError, match="try again in a moment"):
        index.search(query.parse("warga"))
    heavy.may_end.set()
    first.join()
    assert index.search(query.parse("warga")).total == 0
