"""What went wrong, told as a page."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from indexer.errors import PantauError
from indexer.web.security import HEADERS
from indexer.web.site import read_page

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
    app.add_exception_handler(PantauError, _unavailable)
    app.add_exception_handler(Exception, _broken)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _page(request, error.status, error.sentence)


async def _refused_by_server(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    _ = read_page(request).texts.gettext
    sentences = {
        404: _("There is no such page."),
        405: _("This address cannot be used in this way."),
    }
    response = _page(request, error.status_code, sentences.get(error.status_code, _("This cannot be done.")))
    response.headers.update(error.headers or {})
    return response


async def _not_understood(request: Request, _error: Exception) -> Response:
    _ = read_page(request).texts.gettext
    return _page(request, 400, _("The address of this page is not understood."))


async def _unavailable(request: Request, error: Exception) -> Response:
    logger.error("%s: %s", request.url.path, error)
    _ = read_page(request).texts.gettext
    response = _page(request, 503, _("This cannot be answered just now; please try again in a moment."))
    response.headers["Retry-After"] = "30"
    return response


async def _broken(request: Request, _error: Exception) -> Response:
    _ = read_page(request).texts.gettext
    response = _page(request, 500, _("Something broke here. The operators can see what it was."))
    response.headers.update(HEADERS)  # it is sent from outside all middleware; the server logs the error
    return response


def _page(request: Request, status: int, sentence: str) -> Response:
    return read_page(request).render("failure.html", {"sentence": sentence}, status)
