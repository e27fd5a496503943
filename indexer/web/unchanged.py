"""Answers that need not be sent again: ETags and what clients say they have (RFC 9110, section 13)."""

from collections.abc import MutableSequence
from hashlib import sha256

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT = ("cache-control", "content-location", "date", "etag", "expires", "last-modified", "vary", "link")
"""Headers that an answer without body has too; those of limits as well, which change with every request."""


def tag(body: bytes) -> str:
    """The ETag of a body. A weak one: what is between us and the client may pack the body."""
    return f'W/"{sha256(body).hexdigest()[:32]}"'


def is_known(headers: Headers, etag: str) -> bool:
    """Whether a client says that it has the answer with this ETag."""
    known = headers.get("if-none-match", "")
    own = etag.removeprefix("W/")
    return known.strip() == "*" or own in (each.strip().removeprefix("W/") for each in known.split(","))


class Tagged:
    """Gives answers to GET an ETag, and sends them without body where the client has them. For small ones: they are held
    until they are whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            if not held and message["type"] == "http.response.start" and message["status"] != 200:
                await send(message)
            elif held or message["type"] == "http.response.start":
                held.append(message)
                if not message.get("more_body", message is held[0]):
                    await _send_tagged(held, Headers(scope=scope), send)
            else:
                await send(message)

        await self._app(scope, receive, hold)


async def _send_tagged(held: MutableSequence[Message], asked: Headers, send: Send) -> None:
    start, *bodies = held
    body = b"".join(each.get("body", b"") for each in bodies)
    etag = tag(body)
    headers = MutableHeaders(scope=start)
    headers["ETag"] = etag
    if is_known(asked, etag):
        start["status"], body = 304, b""
        for name in [
            each for each in headers if each.lower() not in KEPT and not each.startswith("ratelimit")
        ]:
            del headers[name]
    await send(start)
    await send({"type": "http.response.body", "body": body})
