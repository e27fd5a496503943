"""What a reader prefers, kept in their browser."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse

from indexer.web import access
from indexer.web.site import LANGUAGE_COOKIE, Asking
from indexer.web.texts import DEFAULT, LANGUAGES

router = APIRouter()
YEAR = 365 * 86400
MAX_PATH = 4_000
"""Characters of an address that is gone back to."""


@router.post("/bahasa")
def choose_language(
    page: Asking,
    language: Annotated[str, Form(alias="bahasa")],
    back: Annotated[str, Form(alias="kembali")] = "/",
) -> RedirectResponse:
    """Keep the language and go back to where the reader was."""
    response = RedirectResponse(own_path(back), 303)
    chosen = language if language in LANGUAGES else DEFAULT
    response.set_cookie(
        LANGUAGE_COOKIE, chosen, max_age=YEAR, httponly=True, samesite="lax", secure=access.is_secure(page)
    )
    return response


def own_path(path: str) -> str:
    """A path of this site, whatever a form said; the start page for anything else."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_own and len(path) <= MAX_PATH else "/"
