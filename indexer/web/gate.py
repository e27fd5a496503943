"""What keeps strangers from using a reader's browser, or the server, against its owner: who is turned away before any
page is asked. Each is a plain ASGI middleware, so that it also holds for answers that are streamed.
"""

import asyncio
import re
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.web.failures import refusal

MAX_BODY = 65_536
"""Bytes of a request's body; more than any form of ours has."""
BODY_SECONDS = 20.0
"""How long a body may take to arrive."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")


class Heads:
    """HEAD is answered as GET is, without the body (RFC 9110, 9.3.2); what would go on writing one is ended."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        is_over = False

        async def send_head(message: Message) -> None:
            nonlocal is_over
            if message["type"] == "http.response.start":
                await send(message)
            elif not is_over:
                is_over = True  # the server then tells whoever streams that the reader has gone
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        asked = {**scope, "method": "GET"}
        try:
            await self._app(asked, receive, send_head)
        finally:
            scope.update({**asked, "method": "HEAD"})  # which route it was


class Hosts:
    """Only answers to its own names, so that nobody can have links made to another site."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = {name.lower() for name in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = self._wrong(Headers(scope=scope).getlist("host")) if scope["type"] == "http" else None
        await (refusal(scope, status) if status else self._app)(scope, receive, send)

    def _wrong(self, named: list[str]) -> int | None:
        """The status for what a request says of whom it is for; None if that is well."""
        if len(named) > 1:
            return 400  # RFC 9112, 3.2
        found = _HOST.fullmatch(named[0].lower()) if named else None
        return None if found and found[1] in self._allowed else 421


class SameOrigin:
    """Changes are only taken from the site's own pages: browsers tell where a request comes from, and pages of
    others cannot forge that (Sec-Fetch-Site, and Origin for older ones)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_refused = (
            scope["type"] == "http"
            and scope["method"] not in SAFE_METHODS
            and _is_foreign(Headers(scope=scope))
        )
        await (refusal(scope, 403) if is_refused else self._app)(scope, receive, send)


def _is_foreign(headers: Headers) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and origin.partition("://")[2].lower() != headers.get("host", "").lower()


class WholeBody:
    """Takes a body as a whole before anything else is done for it: neither too large nor too slow a one holds more than
    its connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read(Headers(scope=scope), receive)
        except _TooLarge:
            await refusal(scope, 413)(scope, receive, send)
        except TimeoutError:
            await refusal(scope, 408)(scope, receive, send)
        else:
            if body is not None:
                await self._app(scope, _again(body, receive), send)


class _TooLarge(Exception):
    """More than MAX_BODY."""


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


async def _read(headers: Headers, receive: Receive) -> bytes | None:
    """The whole body; None if the reader has gone before its end."""
    if int(headers.get("content-length", "0")[:20]) > MAX_BODY:  # the server has seen that it is a number
        raise _TooLarge
    body, has_more = bytearray(), True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        has_more = message.get("more_body", False)
        if len(body) > MAX_BODY:
            raise _TooLarge
    return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read already, and then what else comes."""
    is_given = False

    async def receive_again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
