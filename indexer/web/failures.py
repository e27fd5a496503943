"""What went wrong, told as a page; to programs, which ask for /api, as RFC 9457 has it."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Scope

from indexer.errors import PantauError
from indexer.web.bounded import Busy, TooMuch, TooSlow
from indexer.web.security import HEADERS
from indexer.web.site import read_page
from indexer.web.texts import Texts, texts

RETRY_SECONDS = 30
logger = logging.getLogger(__name__)


class Refused(Exception):
    """A request that cannot be answered as it is; `sentence` tells the reader why, in their language."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.sentence, self.status = sentence, status


def register(app: FastAPI) -> None:
    """Answer every failure of the application with a page."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _refused_by_server)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(TooMuch, _too_much)
    app.add_exception_handler(TooSlow, _too_slow)
    app.add_exception_handler(PantauError, _unavailable)
    app.add_exception_handler(Exception, _broken)


# What is turned away before a page is asked


def refusal(scope: Scope, status: int) -> Response:
    """The answer to a request that is turned away with this status, whatever it asks for."""
    if scope["path"].startswith("/api/"):
        title, sentence = HTTPStatus(status).phrase, _sentence(status, texts("en"))
        told = {"type": "about:blank", "title": title, "status": status, "detail": sentence}
        response: Response = JSONResponse(told, status, media_type="application/problem+json")
    else:
        only = [(name, value) for name, value in scope["headers"] if name == b"cookie"]
        request = Request({**scope, "headers": only})  # of the others some may be what is wrong
        response = _page(request, status, _sentence(status, read_page(request).texts))
    if status == 503:
        response.headers["Retry-After"] = f"{RETRY_SECONDS}"
    return response


def last_answer(app: FastAPI, status: int, path: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The same as it goes over the wire, for a connection that is closed then; `headers` are those of the request."""
    scope = {
        "type": "http",
        "app": app,
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": headers,
    }
    response = refusal(scope, status)
    response.headers.update(HEADERS | {"Cache-Control": "private, no-cache", "Connection": "close"})
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
    lines += [name + b": " + value for name, value in response.raw_headers]
    return b"\r\n".join([*lines, b"", bytes(response.body)])


def _sentence(status: int, texts: Texts) -> str:
    _ = texts.gettext
    return {
        400: _("This is not a request that a browser would send."),
        403: _("This was not sent from a page of this site."),
        408: _("Your request took too long to arrive; please try again."),
        413: _("This is too large."),
        414: _("This address is too long."),
        421: _("This is not a name of this site."),
        431: _("Your browser sends too much with each request; deleting the cookies of this site may help."),
        503: _("This cannot be answered just now; please try again in a moment."),
        505: _("This version of HTTP is not spoken here."),
    }[status]


# What goes wrong while a page is written


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _page(request, error.status, error.sentence)


async def _refused_by_server(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    _ = read_page(request).texts.gettext
    sentence = _("There is no such page.") if error.status_code == 404 else _("This cannot be done.")
    response = _page(request, error.status_code, sentence)
    response.headers.update(error.headers or {})
    return response


def not_in_this_way(request: Request) -> Response:
    """What is answered to a method that an address cannot be used with."""
    _ = read_page(request).texts.gettext
    return _page(request, 405, _("This address cannot be used in this way."))


async def _not_understood(request: Request, _error: Exception) -> Response:
    _ = read_page(request).texts.gettext
    return _page(request, 400, _("The address of this page is not understood."))


async def _too_much(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooMuch)
    sentence = read_page(request).texts.ngettext(
        "You have asked for much in a short time. Please try again in {count} second.",
        "You have asked for much in a short time. Please try again in {count} seconds.",
        error.retry_after,
    )
    response = _page(request, 429, sentence)
    response.headers["Retry-After"] = f"{error.retry_after}"
    return response


async def _too_slow(request: Request, _error: Exception) -> Response:
    return too_slow(request)


def too_slow(request: Request) -> Response:
    """What is answered to a request that took all its time."""
    _ = read_page(request).texts.gettext
    response = _page(
        request, 503, _("This search takes too long; one with fewer words or phrases is faster.")
    )
    response.headers["Retry-After"] = f"{RETRY_SECONDS}"
    return response


async def _unavailable(request: Request, error: Exception) -> Response:
    if not isinstance(error, Busy):  # which whoever asks much would fill the log with
        logger.error("%s: %s", request.url.path, error)
    _ = read_page(request).texts.gettext
    response = _page(request, 503, _("This cannot be answered just now; please try again in a moment."))
    response.headers["Retry-After"] = f"{RETRY_SECONDS}"
    return response


async def _broken(request: Request, _error: Exception) -> Response:
    _ = read_page(request).texts.gettext
    response = _page(request, 500, _("Something broke here. The operators can see what it was."))
    response.headers.update(HEADERS)  # it is sent from outside all middleware; the server logs the error
    return response


def _page(request: Request, status: int, sentence: str) -> Response:
    if request.url.path.startswith("/umpan-pribadi."):  # links of a page would tell the address, a secret
        return PlainTextResponse(f"{sentence}\n", status)
    return read_page(request).render("failure.html", {"sentence": sentence}, status)
