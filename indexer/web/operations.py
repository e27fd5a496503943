"""What those who run Pantau see and do: crawls, mails, subscribers, the index, accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from indexer import accounts
from indexer.alerts import mail, subscriptions
from indexer.alerts.subscriptions import Status
from indexer.crawl_requests import Request, request_crawl, waiting_requests
from indexer.errors import PantauError
from indexer.index import Info
from indexer.store import Result
from indexer.web import record
from indexer.web.accounts import role_name
from indexer.web.failures import Refused
from indexer.web.record import Reason
from indexer.web.site import Asking, Page
from indexer.web.source_pages import Source, all_sources

router = APIRouter(prefix="/operasi")
MOST = 100
"""Rows of a list; of more the first are shown, and said so."""
REASONS = 3
"""Kinds of failures of a run that are told at a glance."""
EARLIER = 20
"""Runs of a source that are listed beside one."""


@dataclass(frozen=True)
class Watched:
    """A source as those who run Pantau see it."""

    source: Source
    run: Any
    """Its last run, a row of `runs`; None if it never was crawled."""
    result: str
    """How that went, in the reader's language."""
    is_bad: bool
    reasons: Sequence[Reason]
    """Of what could not be read in that run."""
    request: Request | None
    """A crawl that was asked for and that nobody has begun."""


@router.get("")
def overview(page: Asking) -> Response:
    """Everything at a glance."""
    store = page.site.store
    watched = _watched(page)
    refused = store.refused()
    content = {
        "watched": watched,
        "bad": sum(each.is_bad for each in watched),
        "index": _index(page),
        "behind": store.count_behind(),
        "refused": refused[:MOST],
        "refused_count": len(refused),
        "outbox": [(_mail_status(page, state), count) for state, count in sorted(mail.counts(store).items())],
        "users": [(each, role_name(page, each.role)) for each in accounts.all_users(store)],
    }
    return page.render("operations.html", content)


@router.get("/proses/{id}")
def show_run(page: Asking, id: int) -> Response:
    """One run, and what went wrong in it."""
    run = record.run(page.site.store, id)
    if run is None:
        raise Refused(page.texts.gettext("There is no such run."), 404)
    failures = record.failures(page.site.store, id, MOST)
    name = page.site.store.source_names().get(run.source, run.source)
    earlier = record.last_runs_of(page.site.store, run.source, EARLIER)
    content = {
        "run": run,
        "name": name,
        "result": _result(page, run),
        "failures": failures,
        "others": [(each, _result(page, each)) for each in earlier if each.id != id],
    }
    return page.render("run.html", content)


@router.post("/sumber/{key}/jalankan")
def crawl_now(page: Asking, key: str) -> Response:
    """Ask for a crawl; `pantau run` begins it within seconds."""
    assert page.user
    if key not in page.site.store.source_names():
        raise Refused(page.texts.gettext("There is no such source."), 404)
    request_crawl(page.site.store, key, page.user.name, datetime.now(UTC))
    return RedirectResponse("/operasi#sumber", 303)


@router.post("/indeks/ulangi")
def retry(page: Asking) -> Response:
    """Send the index again what it refused."""
    page.site.store.retry_refused()
    return RedirectResponse("/operasi#indeks", 303)


@router.get("/surat")
def unsent(page: Asking) -> Response:
    """The mails that did not go out, and why."""
    found = mail.unsent(page.site.store, MOST)
    rows = [(each, _mail_status(page, each.status), _can_resend(each.status)) for each in found]
    return page.render("unsent.html", {"rows": rows, "most": MOST})


@router.post("/surat/{id}/kirim")
def resend(page: Asking, id: int) -> Response:
    """Let one go out once more."""
    if not mail.resend(page.site.store, id, datetime.now(UTC)):
        raise Refused(
            page.texts.gettext("This mail has neither failed nor is it unclear whether it went out."), 409
        )
    return RedirectResponse("/operasi/surat", 303)


@router.get("/pelanggan")
def subscribers(page: Asking) -> Response:
    """Who is told of what, by a part of the address."""
    part = page.request.query_params.get("alamat", "")[:254]
    found = subscriptions.with_address(page.site.store, part, MOST)
    rows = [(each, _status(page, each.status)) for each in found]
    content = {"rows": rows, "part": part, "most": MOST, "gone": page.request.query_params.get("terhapus")}
    return page.render("subscribers.html", content)


@router.post("/pelanggan/{id}/tangguhkan")
def suspend(page: Asking, id: int, part: Annotated[str, Form(alias="alamat")] = "") -> Response:
    """Send nothing on a subscription until it is resumed."""
    if not subscriptions.suspend(page.site.store, id):
        raise Refused(page.texts.gettext("This subscription is not active."), 409)
    return _to_subscribers(part)


@router.post("/pelanggan/{id}/lanjutkan")
def resume(page: Asking, id: int, part: Annotated[str, Form(alias="alamat")] = "") -> Response:
    """Serve a suspended subscription again."""
    if not subscriptions.resume(page.site.store, id):
        raise Refused(
            page.texts.gettext("This subscription is not suspended, or there is another one to the same."),
            409,
        )
    return _to_subscribers(part)


@router.post("/pelanggan/hapus")
def erase(
    page: Asking,
    email: Annotated[str, Form(alias="alamat")] = "",
    is_sure: Annotated[str, Form(alias="yakin")] = "",
) -> Response:
    """Delete an address and all about it for good."""
    _ = page.texts.gettext
    if not is_sure:
        raise Refused(_("Tick the box to say that you are sure; nothing was deleted."))
    if not subscriptions.erase(page.site.store, email):
        raise Refused(_("There is no subscription with this address."), 404)
    return RedirectResponse("/operasi/pelanggan?terhapus=1", 303)


def _to_subscribers(part: str) -> Response:
    return RedirectResponse(f"/operasi/pelanggan?{urlencode({'alamat': part[:254]})}", 303)


def _watched(page: Page) -> list[Watched]:
    store = page.site.store
    runs, requests = store.last_runs(), waiting_requests(store)
    reasons = record.reasons(store, [run.id for run in runs.values()])
    return [
        Watched(
            source=each,
            run=run,
            result=_result(page, run),
            is_bad=bool(run and run.result in (Result.FAILED, Result.INCOMPLETE)) or each.is_ill,
            reasons=reasons.get(run.id, [])[:REASONS] if run else [],
            request=requests.get(each.known.key),
        )
        for each in all_sources(page)
        for run in [runs.get(each.known.key)]
    ]


def _index(page: Page) -> Info | None:
    """What the index is; None if it cannot be used."""
    try:
        return page.site.index.info()
    except PantauError:
        return None


def _result(page: Page, run: Any) -> str:
    _ = page.texts.gettext
    if run is None:
        return _("never crawled")
    names = {
        None: _("under way, or cut off"),
        Result.OK: _("good"),
        Result.INCOMPLETE: _("incomplete"),
        Result.FAILED: _("failed"),
        Result.INTERRUPTED: _("interrupted"),
    }
    return names[run.result]


def _status(page: Page, status: Status) -> str:
    _ = page.texts.gettext
    return {
        Status.PENDING: _("not confirmed yet"),
        Status.ACTIVE: _("active"),
        Status.SUSPENDED: _("suspended"),
        Status.UNSUBSCRIBED: _("has left"),
    }[status]


def _mail_status(page: Page, status: str) -> str:
    _ = page.texts.gettext
    return {
        mail.Status.PENDING: _("waiting"),
        mail.Status.SENDING: _("being sent"),
        mail.Status.SENT: _("sent"),
        mail.Status.FAILED: _("failed"),
        mail.Status.UNCLEAR: _("unclear"),
    }[mail.Status(status)]


def _can_resend(status: str) -> bool:
    return status in (mail.Status.FAILED, mail.Status.UNCLEAR)
