"""Who may see and do what: one rule for each way in, and none gets in by a way that has no rule.

Searching is open to everybody as long as only this machine is served, or `PANTAU_PUBLIC_SEARCH` says so. Else it needs
an account; what changes or shows things of the team always does. Programs come in by /api, an application of its own,
whose keys are `api.callers`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from urllib.parse import quote

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import compile_path

from indexer import accounts, keys
from indexer.accounts import Role, Session
from indexer.keys import Scope
from indexer.web.bounded import known_as
from indexer.web.failures import Refused, not_in_this_way
from indexer.web.site import Page, read_page


class Need(Enum):
    """What somebody needs to get in."""

    NOTHING = "nothing"
    SEARCHING = "an account, where searching is not open to everybody"
    SUBSCRIBING = "an editor, where searching is not open to everybody"
    READER = Role.READER
    EDITOR = Role.EDITOR
    ADMIN = Role.ADMIN
    OPERATING = "an admin or a key for figures, or to ask from the machine itself where only that is served"


RULES: Mapping[str, Need] = {
    # what is found, in every form
    "GET /": Need.SEARCHING,
    "GET /jumlah": Need.SEARCHING,
    "GET /artikel/{id}": Need.SEARCHING,
    "GET /banding": Need.SEARCHING,
    "GET /cetak": Need.SEARCHING,
    "GET /ekspor.csv": Need.SEARCHING,
    "GET /ekspor.jsonl": Need.SEARCHING,
    "GET /ekspor.xlsx": Need.SEARCHING,
    "GET /sumber": Need.SEARCHING,
    "GET /sumber/{key}": Need.SEARCHING,
    "GET /topik": Need.SEARCHING,
    "GET /topik/{key}": Need.SEARCHING,
    "GET /umpan.atom": Need.SEARCHING,
    "GET /umpan.rss": Need.SEARCHING,
    "GET /umpan-pribadi.atom": Need.NOTHING,  # their keys are checked where they are answered
    "GET /umpan-pribadi.rss": Need.NOTHING,
    "GET /api": Need.SEARCHING,
    "POST /bahasa": Need.NOTHING,
    # accounts
    "GET /masuk": Need.NOTHING,
    "POST /masuk": Need.NOTHING,
    "POST /keluar": Need.NOTHING,
    "GET /akun": Need.READER,
    "POST /akun/sandi": Need.READER,
    "POST /akun/sesi/{id}/akhiri": Need.READER,
    "GET /akun/umpan": Need.READER,
    "POST /akun/umpan": Need.READER,
    "POST /akun/umpan/{id}/cabut": Need.READER,
    # what the team has saved
    "GET /tersimpan": Need.READER,
    "GET /simpan": Need.EDITOR,
    "POST /simpan": Need.EDITOR,
    "POST /tersimpan/{id}/buka": Need.READER,
    "POST /tersimpan/{id}/dilihat": Need.READER,
    "GET /tersimpan/{id}/ubah": Need.EDITOR,
    "POST /tersimpan/{id}/ubah": Need.EDITOR,
    "POST /tersimpan/{id}/geser": Need.EDITOR,
    "POST /tersimpan/{id}/hapus": Need.EDITOR,
    # subscribing; what a mail links to needs no account
    "GET /langganan": Need.SUBSCRIBING,
    "POST /langganan": Need.SUBSCRIBING,
    "GET /langganan/konfirmasi/{token}": Need.NOTHING,
    "POST /langganan/konfirmasi/{token}": Need.NOTHING,
    "GET /langganan/berhenti/{token}": Need.NOTHING,
    "POST /langganan/berhenti/{token}": Need.NOTHING,
    # operating
    "GET /operasi": Need.ADMIN,
    "GET /operasi/proses/{id}": Need.ADMIN,
    "POST /operasi/sumber/{key}/jalankan": Need.ADMIN,
    "GET /operasi/surat": Need.ADMIN,
    "POST /operasi/surat/{id}/kirim": Need.ADMIN,
    "GET /operasi/pelanggan": Need.ADMIN,
    "POST /operasi/pelanggan/{id}/tangguhkan": Need.ADMIN,
    "POST /operasi/pelanggan/{id}/lanjutkan": Need.ADMIN,
    "POST /operasi/pelanggan/hapus": Need.ADMIN,
    "POST /operasi/indeks/ulangi": Need.ADMIN,
    "GET /healthz": Need.NOTHING,
    "GET /readyz": Need.NOTHING,
    "GET /metrics": Need.OPERATING,
}
"""By method and path of a route."""


class AccountNeeded(Exception):
    """This page is for those who have logged in."""


async def check(request: Request) -> None:
    """The dependency of every route: finds out who asks, and whether they may. Only looking somebody up needs a thread."""
    page = read_page(request)
    if cookie_name(page) in request.cookies or "authorization" in request.headers:
        await run_in_threadpool(_check, page)
    else:
        _check(page)


def _check(page: Page) -> None:
    request = page.request
    request.state.session = _session(page)
    if page.user:
        known_as(f"user {page.user.id}")
    need = RULES.get(f"{request.method} {request.scope['route'].path}")
    if need is None:
        raise Refused(page.texts.gettext("There is no such page."), 404)
    if is_allowed(page, need):
        return
    if page.user is None:
        raise AccountNeeded
    raise Refused(page.texts.gettext("Your account may not do this."), 403)


def is_allowed(page: Page, need: Need) -> bool:
    """Whether whoever asks for a page has what is needed."""
    match need:
        case Need.NOTHING:
            return True
        case Need.SEARCHING:
            return page.site.is_search_open or page.may(Role.READER)
        case Need.SUBSCRIBING:
            return page.site.is_search_open or page.may(Role.EDITOR)
        case Need.OPERATING:
            return page.site.is_open or page.may(Role.ADMIN) or _has_key(page, Scope.METRICS)
        case Need.READER | Need.EDITOR | Need.ADMIN:
            return page.may(need.value)
    return False


def register(app: FastAPI) -> None:
    """Answer those who have to log in first."""
    app.add_exception_handler(AccountNeeded, _ask_to_log_in)
    app.add_exception_handler(405, _tell_ways)


async def _ask_to_log_in(request: Request, _error: Exception) -> Response:
    page = read_page(request)
    back = page.here if request.method == "GET" else "/"
    return RedirectResponse(f"/masuk?kembali={quote(back, safe='')}", 303)


async def _tell_ways(request: Request, _error: Exception) -> Response:
    response = not_in_this_way(request)
    response.headers["Allow"] = ", ".join(_methods(request.url.path))
    return response


def _methods(path: str) -> list[str]:
    """All that an address can be used with; the framework only knows those of the first route that fits."""
    ways = [way.split() for way in RULES]
    found = {method for method, route in ways if compile_path(route)[0].match(path)} or {"GET"}
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def cookie_name(page: Page) -> str:
    """Of the cookie with the token of the session; by https no other host's page can have set it."""
    return "__Host-sesi" if is_secure(page) else "sesi"


def mark_name(page: Page) -> str:
    """Of the cookie that says who has logged in with this browser before."""
    return "__Host-peramban" if is_secure(page) else "peramban"


def is_secure(page: Page) -> bool:
    """Whether the reader's browser asks by https, be it that a proxy takes it off."""
    return page.request.url.scheme == "https" or (
        page.site.config.is_secure and page.request.url.hostname not in ("localhost", "127.0.0.1", "::1")
    )


def _has_key(page: Page, scope: Scope) -> bool:
    kind, _, token = page.request.headers.get("authorization", "").partition(" ")
    key = keys.find_key(page.site.store, token, datetime.now(UTC)) if kind.lower() == "bearer" else None
    return key is not None and scope in key.scopes


def _session(page: Page) -> Session | None:
    token = page.request.cookies.get(cookie_name(page), "")
    return accounts.session_of(page.site.store, token, datetime.now(UTC)) if token else None
