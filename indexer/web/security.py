"""What keeps strangers from using a reader's browser, or the server, against its owner.

Each is a plain ASGI middleware, so that it also holds for answers that are streamed.
"""

from collections.abc import Collection
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 65_536
"""Bytes of a request's body."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SafeHeaders:
    """Every answer says what browsers may do with it; pages are never kept by caches between."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                is_static = scope["path"].startswith("/static/") and message["status"] == 200
                forever = "public, max-age=31536000, immutable"
                headers.setdefault("Cache-Control", forever if is_static else "private, no-cache")
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)


class Hosts:
    """Only answers to its own names, so that nobody can have links made to another site."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = {name.lower() for name in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _host(Headers(scope=scope).get("host", "")) not in self._allowed:
            response = _refusal(scope, 421, "This is not a name of this site.")
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


class SameOrigin:
    """Changes are only taken from the site's own pages: browsers tell where a request comes from, and pages of
    others cannot forge that (Sec-Fetch-Site, and Origin for older ones)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] not in SAFE_METHODS
            and _is_foreign(Headers(scope=scope))
        ):
            response = _refusal(scope, 403, "This was not sent from a page of this site.")
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _refusal(scope: Scope, status: int, sentence: str) -> Response:
    """One line; for programs as RFC 9457 has it."""
    if not scope["path"].startswith("/api/"):
        return PlainTextResponse(f"{sentence}\n", status)
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": sentence}
    return JSONResponse(told, status, media_type="application/problem+json")


def _is_foreign(headers: Headers) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and origin.partition("://")[2].lower() != headers.get("host", "").lower()


def _host(header: str) -> str:
    """The name in a Host header, without port; brackets of an IPv6 address stay."""
    name = header.strip().lower()
    return name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]


class BodyLimit:
    """Refuses bodies that are larger than any form of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stated = Headers(scope=scope).get("content-length", "0")
        if not stated.isdigit() or int(stated[:20]) > MAX_BODY:
            await _refusal(scope, 413, "This is too large.")(scope, receive, send)
            return
        taken = 0

        async def receive_some() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MAX_BODY:
                return {"type": "http.disconnect"}
            return message

        await self._app(scope, receive_some, send)
