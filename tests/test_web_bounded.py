"""A few heavy searches do not hold up the server."""

from contextvars import copy_context
from threading import Event, Thread
from time import monotonic

import pytest

from indexer import query
from indexer.errors import PantauError
from indexer.index import Hits
from indexer.tantivy_index import TantivyIndex
from indexer.web import bounded
from indexer.web.bounded import (
    BURST,
    LIGHT,
    LONGEST,
    SHARE,
    Asking,
    BoundedIndex,
    Busy,
    TooMuch,
    TooSlow,
    Used,
    asking,
)


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


def test_what_was_used_comes_back_with_time() -> None:
    used = Used()
    assert used.wait("ani", 0) == 0
    used.add("ani", BURST, 0)
    assert used.wait("ani", 0) == 0
    used.add("ani", 1, 0)
    assert used.wait("ani", 0) == 1 / SHARE
    assert used.wait("ani", 1 / SHARE) == 0
    assert used.wait("budi", 0) == 0


def test_nobody_waits_longer_than_the_longest() -> None:
    used = Used()
    used.add("ani", 10_000, 0)
    assert used.wait("ani", 0) == LONGEST


def test_the_callers_who_asked_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "MAX_CALLERS", 2)
    used = Used()
    for caller in ("ani", "budi", "ani", "candra"):
        used.add(caller, BURST, 0)
    assert [used.wait(caller, 0) > 0 for caller in ("ani", "budi", "candra")] == [True, False, False]


def searching(index: BoundedIndex, request: Asking) -> None:
    """Search for a request, in a context of its own as each has."""

    def search() -> None:
        asking.set(request)
        index.search(query.parse("warga"))

    copy_context().run(search)


def test_no_search_begins_after_the_time_of_a_request() -> None:
    with pytest.raises(TooSlow):
        searching(BoundedIndex(TantivyIndex()), Asking("192.0.2.1", until=monotonic() - 1))


def test_nor_one_of_whom_it_is_who_has_used_their_share() -> None:
    used = Used()
    used.add("192.0.2.1", 2 * BURST, monotonic())
    index = BoundedIndex(TantivyIndex(), used=used)
    late = monotonic() + 60
    with pytest.raises(TooMuch) as refused:
        searching(index, Asking("192.0.2.1", late))
    assert 0 < refused.value.retry_after <= LONGEST
    searching(index, Asking("user 7", late))
    searching(BoundedIndex(TantivyIndex()), Asking("192.0.2.1", late))


def test_a_file_that_is_sent_already_is_finished() -> None:
    used = Used()
    used.add("192.0.2.1", 2 * BURST, monotonic())
    request = Asking("192.0.2.1", until=monotonic() - 1, is_answering=True)
    searching(BoundedIndex(TantivyIndex(), used=used), request)


def test_a_search_is_counted_for_who_asks() -> None:
    used = Used()
    request = Asking("192.0.2.1", monotonic() + 60)
    searching(BoundedIndex(TantivyIndex(), used=used), request)
    assert [*used._used] == ["192.0.2.1"]
    searching(BoundedIndex(TantivyIndex(), used=used), Asking("user 7", monotonic() + 60))
    assert [*used._used] == ["192.0.2.1", "user 7"]


def test_those_who_ask_heavy_questions_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "HEAVY_AT_ONCE", 1)
    used, heavy = Used(), Heavy()
    index = BoundedIndex(heavy, patience=0.05, used=used)
    for caller in ("ani", "budi"):
        used.add(caller, 2 * LIGHT, monotonic())
    late = monotonic() + 60
    first = Thread(target=searching, args=(index, Asking("ani", late)))
    first.start()
    assert heavy.is_under_way.wait(30)
    with pytest.raises(Busy):
        searching(index, Asking("budi", late))
    searching(index, Asking("candra", late))
    searching(index, Asking("budi", late, is_answering=True))
    heavy.may_end.set()
    first.join()
    searching(index, Asking("budi", late))
