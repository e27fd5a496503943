"""Whether Pantau lives, whether it can serve, and figures for those who watch over it."""

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from indexer.errors import PantauError
from indexer.query import Query
from indexer.web import access, measured
from indexer.web.access import Need
from indexer.web.site import Asking, Page

router = APIRouter()
STORED = {"Cache-Control": "no-store"}


@router.get("/healthz")
def is_alive() -> Response:
    """The process answers."""
    return JSONResponse({"alive": True}, headers=STORED)


@router.get("/readyz")
def is_ready(page: Asking) -> Response:
    """Record and index answer; which of them does not, and why, is told to operators only."""
    troubles = {"record": _trouble_of_record(page), "index": _trouble_of_index(page)}
    is_good = not any(troubles.values())
    told: dict[str, object] = {"ready": is_good}
    if access.is_allowed(page, Need.OPERATING):
        told |= {name: trouble or "ok" for name, trouble in troubles.items()}
    return JSONResponse(told, 200 if is_good else 503, headers=STORED)


@router.get("/metrics")
def metrics(page: Asking) -> Response:
    """Figures in the text format of Prometheus."""
    text, kind = measured.text(page.request.app.state.measures, page.site.store)
    return Response(text, headers={"Content-Type": kind} | STORED)


def _trouble_of_record(page: Page) -> str:
    try:
        page.site.store.source_names()
    except PantauError as error:
        return str(error)
    return ""


def _trouble_of_index(page: Page) -> str:
    try:
        page.site.index.search(Query("", None), limit=1)
    except PantauError as error:
        return str(error)
    return ""
