"""So many searches at once as the machine can do, for nobody more than their share, and none begun too late.

A search cannot be broken off. So those of one request are counted against the time it has, and those of one caller against
what they may use: whoever asks heavy questions again and again has to wait, and nobody else.
"""

from collections import OrderedDict
from collections.abc import Collection
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from math import ceil
from threading import BoundedSemaphore, Lock
from time import monotonic

from indexer.errors import PantauError
from indexer.index import MAX_VALUES, Cursor, Hits, Interval, SearchIndex, Sort
from indexer.query import Query

AT_ONCE = 16
"""Searches under way; each holds a thread until the engine has answered."""
PATIENCE = 5.0
"""Seconds that a search waits for its turn."""
HEAVY_AT_ONCE = 4
"""Searches under way, beside those, of callers whose searches have been heavy lately."""
LIGHT = 2.0
"""Seconds of searching that a caller may use before they count as heavy; so long that no reader comes to it."""
BURST = 20.0
"""Seconds of searching that a caller may use before any has to wait."""
SHARE = 0.1
"""Seconds of searching that each caller gets back in a second."""
LONGEST = 120.0
"""Seconds that anybody has to wait at most."""
MAX_CALLERS = 10_000
"""Callers whose use is remembered; those who asked last."""


class Busy(PantauError):
    """No turn came in time."""


class TooMuch(PantauError):
    """A caller has used their share; `retry_after` is in how many seconds they may ask again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"There were too heavy searches; try again in {retry_after} seconds.")
        self.retry_after = retry_after


class TooSlow(PantauError):
    """A request has used all the time it has."""

    def __init__(self) -> None:
        super().__init__("This takes too long; a simpler search is faster.")


@dataclass
class Asking:
    """A request under way."""

    caller: str
    """Who asks: their address, or what is known of them later."""
    until: float
    """Up to when it may begin searches, on the clock of `monotonic`."""
    is_answering: bool = False
    """Whether the answer is being sent already; its end may take as long as it takes."""


asking: ContextVar[Asking | None] = ContextVar("asking", default=None)
"""The request that this thread or task works for."""


def known_as(caller: str) -> None:
    """Say who the caller is, where more than their address is known."""
    if request := asking.get():
        request.caller = caller


class Used:
    """How many seconds of searching each caller has used lately. May be shared between threads."""

    def __init__(self) -> None:
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, caller: str, now: float) -> int:
        """How many seconds a caller has to wait; 0 for one who need not."""
        with self._lock:
            return max(0, ceil((self._at(caller, now) - BURST) / SHARE))

    def is_heavy(self, caller: str, now: float) -> bool:
        """Whether a caller's searches have been heavy lately."""
        with self._lock:
            return self._at(caller, now) > LIGHT

    def add(self, caller: str, seconds: float, now: float) -> None:
        """Note what a search has taken."""
        with self._lock:
            used = min(BURST + LONGEST * SHARE, self._at(caller, now) + seconds)
            self._used[caller] = used, now
            self._used.move_to_end(caller)
            if len(self._used) > MAX_CALLERS:
                self._used.popitem(last=False)

    def _at(self, caller: str, now: float) -> float:
        seconds, then = self._used.get(caller, (0.0, now))
        return max(0.0, seconds - (now - then) * SHARE)


class BoundedIndex:
    """Another index, of which only `search` is bounded: a heavy query can slow others down, not hold up the server."""

    def __init__(
        self,
        index: SearchIndex,
        at_once: int = AT_ONCE,
        patience: float = PATIENCE,
        used: Used | None = None,
    ) -> None:
        """Without `used` callers have no share, as where only this machine is served."""
        self._turns, self._heavy_turns = BoundedSemaphore(at_once), BoundedSemaphore(HEAVY_AT_ONCE)
        self._patience, self._used = patience, used
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
        since: Collection[date] = (),
        among: Collection[int] | None = None,
        values: int = MAX_VALUES,
    ) -> Hits:
        """As the other; raises Busy, TooMuch and TooSlow for what they say."""
        request = asking.get()
        if request:
            self._check(request)
        turns = self._heavy_turns if request and self._is_heavy(request) else self._turns
        if not turns.acquire(timeout=self._patience):
            raise Busy("Too many searches are under way; try again in a moment.")
        begin = monotonic()
        try:
            return self._search(
                query,
                limit=limit,
                after=after,
                sort=sort,
                facets=facets,
                interval=interval,
                since=since,
                among=among,
                values=values,
            )
        finally:
            turns.release()
            if request and self._used:
                now = monotonic()
                self._used.add(request.caller, now - begin, now)

    def _is_heavy(self, request: Asking) -> bool:
        """A file that is sent already is not made to wait behind others."""
        return (
            self._used is not None
            and not request.is_answering
            and self._used.is_heavy(request.caller, monotonic())
        )

    def _check(self, request: Asking) -> None:
        now = monotonic()
        if request.is_answering:
            return
        if now > request.until:
            raise TooSlow
        if self._used and (wait := self._used.wait(request.caller, now)):
            raise TooMuch(wait)
