"""So many requests at once as there are threads for, of nobody more than a few; the others wait, which holds no thread.

The time that a request has ends with a page that says so, although the work behind it, which cannot be broken off, goes on
and keeps its turn until it ends.
"""

import asyncio
from collections import Counter, deque
from contextlib import suppress
from time import monotonic

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.accounts import network
from indexer.web.bounded import Asking, Used, asking
from indexer.web.failures import refusal, too_slow

AT_ONCE = 24
"""Requests that are worked on; less than there are threads (40), some of which write files."""
AT_ONCE_EACH = 3
"""Of them, those from one address."""
AT_ONCE_HEAVY = 8
"""Of them, those from all addresses together whose searches have been heavy lately."""
WAITING_EACH = 100
"""Requests from one address that wait; more are turned away."""
PATIENCE = 10.0
"""Seconds that a request waits for its turn."""
DEADLINE = 20.0
"""Seconds after which a request is answered, be it that it could not be."""
FREE = ("/static/", "/healthz")
"""Beginnings of what needs no turn."""


class Turns:
    """Gives each request its turn and its time."""

    def __init__(self, app: ASGIApp, used: Used | None = None) -> None:
        """Without `used` nobody counts as heavy."""
        self._app = app
        self._queue = _Queue(used)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(FREE):
            await self._app(scope, receive, send)
            return
        peer = network(scope["client"][0] if scope.get("client") else "")
        if await self._queue.wait(peer, PATIENCE):
            await self._answer(peer, scope, receive, send)
        else:
            await refusal(scope, 503)(scope, receive, send)

    async def _answer(self, peer: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Have it answered. The turn ends where the answer begins: what is left is for the reader to take."""
        request = Asking(peer, monotonic() + DEADLINE)
        is_late = False

        async def send_in_time(message: Message) -> None:
            if is_late:
                return
            if not request.is_answering:
                request.is_answering = True
                self._queue.leave(peer)
            await send(message)

        asking.set(request)
        work = asyncio.ensure_future(self._app(scope, receive, send_in_time))
        try:
            await asyncio.wait({work}, timeout=DEADLINE)
            if not work.done() and not request.is_answering:
                is_late = True
                response = refusal(scope, 503) if _is_api(scope) else too_slow(Request(scope))
                await response(scope, receive, send)
            await work
        except asyncio.CancelledError:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
            raise
        finally:
            if not request.is_answering:
                self._queue.leave(peer)


def _is_api(scope: Scope) -> bool:
    return bool(scope["path"].startswith("/api/"))


class _Queue:
    """Who has a turn and who waits for one, within one event loop."""

    def __init__(self, used: Used | None) -> None:
        self._used = used
        self._at_work: Counter[str] = Counter()
        self._waiting: deque[tuple[str, asyncio.Future[None]]] = deque()

    async def wait(self, peer: str, seconds: float) -> bool:
        """Take a turn; False if none came in that time, or too many wait already."""
        if self._is_free(peer):
            self._at_work[peer] += 1
            return True
        if sum(other == peer for other, _ in self._waiting) >= WAITING_EACH:
            return False
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((peer, turn))
        try:
            await asyncio.wait({turn}, timeout=seconds)
        except asyncio.CancelledError:
            if turn.done():
                self.leave(peer)
            raise
        finally:
            with suppress(ValueError):  # who got a turn is not there any more
                self._waiting.remove((peer, turn))
        return turn.done()

    def leave(self, peer: str) -> None:
        """Give a turn back, to the first whom it helps."""
        self._at_work[peer] -= 1
        if not self._at_work[peer]:
            del self._at_work[peer]
        for waiting in self._waiting:
            if self._is_free(waiting[0]):
                self._waiting.remove(waiting)
                self._at_work[waiting[0]] += 1
                waiting[1].set_result(None)
                return

    def _is_free(self, peer: str) -> bool:
        if self._at_work.total() >= AT_ONCE or self._at_work[peer] >= AT_ONCE_EACH:
            return False
        if not self._is_heavy(peer):
            return True
        heavy = sum(number for other, number in self._at_work.items() if self._is_heavy(other))
        return heavy < AT_ONCE_HEAVY

    def _is_heavy(self, peer: str) -> bool:
        return self._used is not None and self._used.is_heavy(peer, monotonic())
