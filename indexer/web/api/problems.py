"""What goes wrong in the API, told as application/problem+json (RFC 9457)."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from indexer.errors import PantauError
from indexer.web.api import models
from indexer.web.bounded import Busy, TooMuch, TooSlow

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20
"""Wrong parts that one answer tells of."""
RETRY_SECONDS = 30
SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address cannot be used with this method; the Allow header names those that it can be used with.",
}


class Refused(Exception):
    """A request that cannot be answered as it is; `detail` says why."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


def register(api: FastAPI) -> None:
    """Answer every failure of the API with a problem."""
    api.add_exception_handler(Refused, _refused)
    api.add_exception_handler(HTTPException, _refused_by_server)
    api.add_exception_handler(RequestValidationError, _not_understood)
    api.add_exception_handler(TooMuch, _too_much)
    api.add_exception_handler(TooSlow, _too_slow)
    api.add_exception_handler(PantauError, _unavailable)
    api.add_exception_handler(Exception, _broken)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses as FastAPI documents them."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": _title(status), "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, errors: Iterable[models.Error] = ()
) -> Response:
    """The answer."""
    told = models.Problem(
        type="about:blank", title=_title(status), status=status, detail=detail, errors=[*errors]
    )
    without = set() if told.errors else {"errors"}
    return Response(
        told.model_dump_json(exclude=without), status, {**(headers or {}), "Content-Type": MEDIA_TYPE}
    )


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return problem(error.status, error.detail, {**_left(request), **error.headers})


async def _refused_by_server(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = {**_left(request), **(error.headers or {})}
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request)) or "GET"
    return problem(error.status_code, SENTENCES.get(error.status_code, str(error.detail)), headers)


async def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [_error(each) for each in error.errors()[:MAX_ERRORS]]
    detail = "; ".join(f"{each.where}: {each.what}" for each in errors)
    return problem(422, f"The request is not as the API takes it: {detail}.", _left(request), errors)


async def _too_much(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooMuch)
    return problem(429, str(error), {**_left(request), "Retry-After": str(error.retry_after)})


async def _too_slow(request: Request, error: Exception) -> Response:
    return problem(503, str(error), {**_left(request), "Retry-After": str(RETRY_SECONDS)})


async def _unavailable(request: Request, error: Exception) -> Response:
    if not isinstance(error, Busy):  # which whoever asks much would fill the log with
        logger.error("%s: %s", request.url.path, error)
    headers = {**_left(request), "Retry-After": str(RETRY_SECONDS)}
    return problem(503, "This cannot be answered just now; please try again in a moment.", headers)


async def _broken(_request: Request, _error: Exception) -> Response:
    """The server logs the error."""
    return problem(500, "Something broke here. The operators can see what it was.")


def _left(request: Request) -> dict[str, str]:
    found: dict[str, str] = getattr(request.state, "limits", {})
    return found


def _error(found: Mapping[str, Any]) -> models.Error:
    """Never with what was sent: that need not be text that can be written."""
    is_unknown = found["type"] == "extra_forbidden"
    what = "There is no such name; see /api for those there are" if is_unknown else str(found["msg"])
    where = ".".join(str(each) for each in found["loc"])
    return models.Error(where=_writable(where), what=_writable(what))


def _writable(text: str) -> str:
    return text[:200].encode(errors="replace").decode()


def _methods(request: Request) -> list[str]:
    """All that an address can be used with; the framework only knows those of the first route that fits."""
    api: FastAPI = request.app
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    for template, operations in api.openapi()["paths"].items():
        if compile_path(template)[0].match(path):
            return sorted(map(str.upper, operations))
    return []


def _title(status: int) -> str:
    return HTTPStatus(status).phrase
