"""Logging in and out, and what an account's owner sees of it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from indexer import accounts
from indexer.accounts import MARK, MAX_PASSWORD, MIN_PASSWORD, SESSION, Rejected, Role, Throttled
from indexer.web import access
from indexer.web.failures import Refused
from indexer.web.preferences import own_path
from indexer.web.site import Asking, Page

router = APIRouter()


@router.get("/masuk")
def login_page(page: Asking) -> Response:
    """The form; who is logged in already goes on."""
    back = own_path(page.request.query_params.get("kembali", "/"))
    if page.user:
        return RedirectResponse(back, 303)
    return _form(page, back)


@router.post("/masuk")
def log_in(
    page: Asking,
    name: Annotated[str, Form(alias="nama")] = "",
    password: Annotated[str, Form(alias="sandi")] = "",
    back: Annotated[str, Form(alias="kembali")] = "/",
) -> Response:
    """Begin a session and go to where the reader wanted to be."""
    _ = page.texts.gettext
    agent = page.request.headers.get("user-agent", "")
    now = datetime.now(UTC)
    try:
        entry = accounts.log_in(page.site.store, name, password, _address(page), agent, now, _mark(page))
    except Rejected:
        return _form(page, own_path(back), name, _("Name or password is wrong."), 401)
    except Throttled as throttled:
        response = _form(page, own_path(back), name, _wait_sentence(page, throttled, now), 429)
        response.headers["Retry-After"] = f"{_seconds(throttled, now)}"
        return response
    response = RedirectResponse(own_path(back), 303)
    _set_cookie(page, response, access.cookie_name(page), entry.token, SESSION)
    _set_cookie(page, response, access.mark_name(page), entry.mark, MARK)
    return response


@router.post("/keluar")
def log_out(page: Asking) -> Response:
    """End this browser's session."""
    if page.session:
        accounts.end_session(page.site.store, page.session.user, page.session.id)
    response = RedirectResponse("/masuk", 303)
    _set_cookie(page, response, access.cookie_name(page), "", timedelta())
    return response


@router.get("/akun")
def account(page: Asking) -> Response:
    """Who one is here, and the browsers in which one is logged in."""
    return _account(page)


@router.post("/akun/sandi")
def change_password(
    page: Asking,
    current: Annotated[str, Form(alias="sandi")] = "",
    new: Annotated[str, Form(alias="sandi_baru")] = "",
    again: Annotated[str, Form(alias="sandi_ulang")] = "",
) -> Response:
    """Take another password; whoever is logged in with the old one, here too, has to log in again."""
    assert page.user
    _, now = page.texts.gettext, datetime.now(UTC)
    if not MIN_PASSWORD <= len(new) <= MAX_PASSWORD:
        return _account(
            page, _("The new password needs at least {least} characters.", least=MIN_PASSWORD), 422
        )
    if new != again:
        return _account(page, _("The two new passwords are not the same."), 422)
    try:
        mark = accounts.change_password(
            page.site.store, page.user, current, new, _address(page), now, _mark(page)
        )
    except Rejected:
        return _account(page, _("The current password is wrong."), 401)
    except Throttled as throttled:
        return _account(page, _wait_sentence(page, throttled, now), 429)
    response = RedirectResponse("/masuk", 303)
    _set_cookie(page, response, access.mark_name(page), mark, MARK)
    return response


@router.post("/akun/sesi/{id}/akhiri")
def end_session(page: Asking, id: int) -> Response:
    """End a session of one's own, as of a browser that was left behind."""
    assert page.user
    if not accounts.end_session(page.site.store, page.user, id):
        raise Refused(page.texts.gettext("This session has ended already."), 404)
    return RedirectResponse("/akun", 303)


def role_name(page: Page, role: Role) -> str:
    """What a reader calls a role."""
    _ = page.texts.gettext
    return {Role.READER: _("Reader"), Role.EDITOR: _("Editor"), Role.ADMIN: _("Admin")}[role]


def _address(page: Page) -> str:
    return page.request.client.host if page.request.client else ""


def _mark(page: Page) -> str:
    return page.request.cookies.get(access.mark_name(page), "")


def _wait_sentence(page: Page, throttled: Throttled, now: datetime) -> str:
    return page.texts.ngettext(
        "Too many wrong passwords. Please try again in {count} minute.",
        "Too many wrong passwords. Please try again in {count} minutes.",
        -(-_seconds(throttled, now) // 60),
    )


def _seconds(throttled: Throttled, now: datetime) -> int:
    return max(1, round((throttled.retry_after - now).total_seconds()))


def _account(page: Page, problem: str = "", status: int = 200) -> Response:
    assert page.user
    content = {
        "sessions": accounts.sessions_of(page.site.store, page.user, page.now),
        "role": role_name(page, page.user.role),
        "least": MIN_PASSWORD,
        "problem": problem,
    }
    return page.render("account.html", content, status)


def _form(page: Page, back: str, name: str = "", problem: str = "", status: int = 200) -> Response:
    return page.render("login.html", {"back": back, "name": name[:100], "problem": problem}, status)


def _set_cookie(page: Page, response: Response, name: str, value: str, age: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(age.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=access.is_secure(page),
    )
