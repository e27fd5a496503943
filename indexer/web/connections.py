"""Connections of strangers: how much they may send before they are answered, and how long they may take for anything.

uvicorn speaks HTTP, but waits without end for a request's headers and for a reader who does not read, and holds headers of
any size. This adds the bounds that a web server has, by the calls of httptools and asyncio that uvicorn's own class answers.
"""

import asyncio
from collections import Counter
from enum import Enum
from typing import cast

from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from indexer.accounts import network
from indexer.web.failures import last_answer

MAX_CONNECTIONS = 400
"""Open at once; processes may commonly have 1,024 files. Of more, those who are in no request make room."""
MAX_TARGET = 8_192
"""Bytes of an address; RFC 9110 (4.1) asks for 8,000 at least."""
MAX_HEAD = 32_768
"""Bytes of a request up to its body."""
MAX_HEADERS = 100
MAX_BODY = 1_048_576
"""Bytes of a body with all that may stand around its pieces; of the body itself `gate` takes less."""
VERSIONS = ("1.0", "1.1")
HEAD_SECONDS = 10.0
"""How long a request may take up to its body."""
IDLE_SECONDS = 15.0
"""How long a connection may be without a request."""
ANSWER_SECONDS = 1800.0
"""How long an answer may take in all: a file of 100,000 articles by a slow line."""
STUCK_SECONDS = 20.0
"""How long a reader may take for that many times LEAST."""
LEAST = 4_096
"""Bytes a second; who reads less holds the answer up."""
LAST_SECONDS = 2.0
"""How long is read on after an answer to what has not come as a whole: closed at once, the answer may be lost."""
TICK = 1.0
"""Seconds between looks at a connection."""


class Phase(Enum):
    """What a connection is about."""

    IDLE = "no request has begun"
    HEAD = "a request comes"
    BODY = "its body comes"
    ANSWER = "it is answered"
    REST = "it was answered before its body had come"
    OVER = "the last answer was given"


class _Wrong(Exception):
    """Ends the reading of a request; the status is kept beside."""


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with bounds. Give it to `uvicorn.Config(http=Connection)`."""

    # What is called when something happens, as uvicorn has it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch; of too many connections another one has to go."""
        super().connection_made(transport)
        self.peer = network(self.client[0] if self.client else "")
        self._wrong = 400
        self._size = 0
        self._is_head = self._is_deaf = False
        self._is_whole = True
        self._unread, self._stuck = 0, 0.0
        self._enter(Phase.IDLE)
        self._tick = self.loop.call_later(TICK, self._look)
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        self._tick.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Give what was received to the parser, as long as it may say more."""
        if self._is_deaf:
            return
        before = (self._is_head, self._is_whole)
        super().data_received(data)
        if (self._is_head, self._is_whole) != before or self._is_deaf:
            return
        self._size += len(data)  # the parser keeps a header or trailer until it ends
        if self._is_head and self._size > MAX_HEAD:
            self.refuse(414 if not self.headers and len(self.url) > MAX_TARGET else 431)
        elif not self._is_whole and self._size > MAX_BODY:
            self.refuse(413)

    def send_400_response(self, msg: str) -> None:
        """What the parser does not understand, or `on_headers_complete` does not take."""
        self.refuse(self._wrong)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._is_head, self._size = True, 0
        if not self._is_answering:
            self._enter(Phase.HEAD)

    def on_headers_complete(self) -> None:
        """Only what is within all bounds is asked of the application."""
        status = self._status()
        if status:
            self._wrong = status
            raise _Wrong
        super().on_headers_complete()
        self._is_head, self._is_whole, self._size = False, False, 0
        if self.phase is Phase.HEAD:
            self._enter(Phase.BODY)

    def on_header(self, name: bytes, value: bytes) -> None:
        """What stands behind a body is nothing that anybody asks for."""
        if self._is_head:
            super().on_header(name, value)

    def on_message_complete(self) -> None:
        """A request is here as a whole."""
        super().on_message_complete()
        self._is_whole = True
        if self.phase is Phase.BODY:
            self._enter(Phase.ANSWER)
        elif self.phase is Phase.REST:
            self._enter(Phase.IDLE)

    def on_response_complete(self) -> None:
        """Go on with the next request, be it that it came already."""
        super().on_response_complete()
        if self._is_answering:
            self._enter(Phase.ANSWER)
        elif self._is_whole:
            self._enter(Phase.HEAD if self._is_head else Phase.IDLE)
        else:
            self._enter(Phase.REST)

    def resume_writing(self) -> None:
        """The reader has taken what there was."""
        self._unread, self._stuck = 0, 0.0
        super().resume_writing()

    # Bounds

    def refuse(self, status: int) -> None:
        """Give a last answer and close. What was asked before is answered first, and then this not at all."""
        self._is_deaf = True
        if self.transport.is_closing():
            return
        if self.phase is Phase.ANSWER:
            self.shutdown()
            return
        if self.phase is Phase.REST:
            self._enter(Phase.OVER)
            return
        if self.phase is Phase.BODY:  # the application waits for it, and has done nothing yet
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        app = cast(FastAPI, self.config.app)
        app.state.measures.requests.labels("other", "other", status).inc()
        is_begun = self.phase is not Phase.IDLE
        path = self.url.partition(b"?")[0] if is_begun and self.url.startswith(b"/api/") else b"/"
        cookies = [(name, value) for name, value in self.headers or [] if name == b"cookie"]
        self.transport.write(last_answer(app, status, path.decode("latin-1"), cookies if is_begun else []))
        self.transport.write_eof()
        self._unset_keepalive_if_required()
        self._enter(Phase.OVER)

    def _status(self) -> int | None:
        """What is wrong with a request whose headers are complete."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if self.parser.get_http_version() not in VERSIONS:
            return 505
        if len(self.url) > MAX_TARGET:
            return 414
        if size > MAX_HEAD or len(self.headers) > MAX_HEADERS:
            return 431
        if not self.url.startswith((b"/", b"*")):
            self._take_host_of_target()
        return None

    def _take_host_of_target(self) -> None:
        """Of `GET http://name/path` the name counts, whatever the Host header says (RFC 9112, 3.2.2)."""
        authority = self.url.partition(b"://")[2].partition(b"/")[0].partition(b"?")[0]
        self.headers[:] = [each for each in self.headers if each[0] != b"host"] + [(b"host", authority)]

    def _make_room(self) -> None:
        """If there are too many connections, close one that is in no request: the oldest of whoever has the most."""
        others = [
            each
            for each in self.connections
            if isinstance(each, Connection) and each is not self and not each.transport.is_closing()
        ]
        if len(others) < MAX_CONNECTIONS:
            return
        idle = [each for each in others if each.phase is not Phase.ANSWER]
        if idle:
            crowds = Counter(each.peer for each in others)
            max(idle, key=lambda each: (crowds[each.peer], -each.since)).transport.abort()
        else:
            self.refuse(503)

    def _look(self) -> None:
        """End what takes too long."""
        waiting = self.loop.time() - self.since
        if self._is_stuck() or (self.phase in (Phase.REST, Phase.OVER) and waiting > LAST_SECONDS):
            self.transport.abort()
        elif self.phase is Phase.HEAD and waiting > HEAD_SECONDS:
            self.refuse(408)
        elif self.phase is Phase.IDLE and waiting > IDLE_SECONDS:
            self.transport.close()  # nothing has been asked that could be answered
        elif self.phase in (Phase.BODY, Phase.ANSWER) and waiting > ANSWER_SECONDS:
            self.transport.abort()
        self._tick = self.loop.call_later(TICK, self._look)

    def _is_stuck(self) -> bool:
        """Whether the other side has read too little for so long."""
        unread = self.transport.get_write_buffer_size()
        if unread == 0 or self._unread - unread >= LEAST * STUCK_SECONDS:
            self._unread, self._stuck = unread, 0.0
        else:
            self._unread = max(self._unread, unread)
            self._stuck += TICK
        return self._stuck > STUCK_SECONDS

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _enter(self, phase: Phase) -> None:
        self.phase, self.since = phase, self.loop.time()
