"""Being told of what is new on a search: asking for it, confirming the address, and leaving again.

The links in mails only open a page with a button: mail servers open links to look at what is behind them.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.datastructures import QueryParams
from starlette.responses import Response

from indexer import query
from indexer.alerts import confirmations, subscriptions
from indexer.alerts.confirmations import Busy
from indexer.alerts.subscriptions import MAX_NAME, MAX_QUERY, Rate, Status, Unfit
from indexer.store import StoredArticle
from indexer.web import asked as addresses
from indexer.web.asked import Asked
from indexer.web.failures import Refused
from indexer.web.links import home
from indexer.web.site import Asking, Page

router = APIRouter()
RATES = {"langsung": Rate.IMMEDIATE, "harian": Rate.DAILY, "mingguan": Rate.WEEKLY}
"""What forms call them."""
WEEKS = 4
"""So many weeks are looked back to say how much a search finds."""


@dataclass(frozen=True)
class Estimate:
    """How much a subscription would bring, by what there was lately."""

    weekly: int
    """Articles in a week, rounded."""
    last: StoredArticle | None
    """The newest that answers."""


@router.get("/langganan")
def subscribe_page(page: Asking) -> Response:
    """The search as it would be kept, how much it finds, and the form."""
    asked = replace(addresses.read(page.request.query_params, page.texts), after=None)
    return _form(page, asked)


@router.post("/langganan")
def subscribe(
    page: Asking,
    address: Annotated[str, Form(alias="pencarian")] = "",
    email: Annotated[str, Form(alias="surel")] = "",
    name: Annotated[str, Form(alias="nama")] = "",
    often: Annotated[str, Form(alias="kali")] = "",
) -> Response:
    """Ask the address whether it wants this; the answer is the same whatever is known of it."""
    asked = replace(addresses.read(QueryParams(address), page.texts), after=None)
    text, rate = _kept(page, asked), RATES.get(often, Rate.IMMEDIATE)
    try:
        email = subscriptions.checked_address(email[:1000])
    except Unfit:
        problem = page.texts.gettext("This is not an e-mail address.")
        return _form(page, asked, problem, email[:1000], name[:MAX_NAME], rate, 422)
    now = datetime.now(UTC)
    try:
        site = page.site
        confirmations.ask(site.store, site.config, home(page.request), email, text, name, rate, now)
    except Busy:
        sentence = page.texts.gettext("Too many subscriptions were asked for; please try again in an hour.")
        return _form(page, asked, sentence, email, name[:MAX_NAME], rate, 429)
    return page.render("subscription-asked.html", {"email": email, "back": asked.url()})


@router.get("/langganan/konfirmasi/{token}")
def confirm_page(page: Asking, token: str) -> Response:
    """A button that confirms; nothing is changed by coming here."""
    found = confirmations.asked_by(page.site.store, token, page.now)
    if found is None:
        raise _unknown(page)
    return page.render("subscription-confirm.html", {"subscription": found, "is_done": False})


@router.post("/langganan/konfirmasi/{token}")
def confirm(page: Asking, token: str) -> Response:
    """Begin the subscription."""
    found = confirmations.confirm(page.site.store, token, page.now)
    if found is None:
        raise _unknown(page)
    return page.render("subscription-confirm.html", {"subscription": found, "is_done": True})


@router.get("/langganan/berhenti/{token}")
def leave_page(page: Asking, token: str) -> Response:
    """A button that ends the subscription; nothing is changed by coming here."""
    return _leaving(page, token)


@router.post("/langganan/berhenti/{token}")
def leave(page: Asking, token: str) -> Response:
    """End the subscription: for readers, and for mail programs with a button of their own (RFC 8058)."""
    subscriptions.unsubscribe(page.site.store, token, page.now)
    return _leaving(page, token)


def _leaving(page: Page, token: str) -> Response:
    found = subscriptions.opened_by(page.site.store, token)
    if found is None:
        raise _unknown(page)
    is_done = found.status == Status.UNSUBSCRIBED
    return page.render("subscription-leave.html", {"subscription": found, "is_done": is_done})


def _unknown(page: Page) -> Refused:
    return Refused(
        page.texts.gettext(
            "This link is not valid any more: it has been used, has expired, or was not copied whole."
        ),
        404,
    )


def _form(
    page: Page,
    asked: Asked,
    problem: str = "",
    email: str = "",
    name: str = "",
    rate: Rate = Rate.IMMEDIATE,
    status: int = 200,
) -> Response:
    text = _kept(page, asked)
    content = {
        "search": text,
        "estimate": _estimate(page, asked),
        "address": asked.url("").removeprefix("?"),
        "back": asked.url(),
        "problem": problem,
        "email": email,
        "name": name,
        "limit": MAX_NAME,
        "rates": RATES,
        "rate": rate,
    }
    return page.render("subscribe.html", content, status)


def _kept(page: Page, asked: Asked) -> str:
    """The search as a subscription keeps it; refuses what cannot be kept so that it finds the same."""
    _ = page.texts.gettext
    wanted = asked.query(page.now)
    if wanted.is_empty or wanted.problem:
        raise Refused(_("Search for something first: a subscription needs at least one word or choice."))
    text = asked.written(page.now)
    if len(text.encode(errors="replace")) > MAX_QUERY or query.parse(text, page.now).tree != wanted.tree:
        raise Refused(
            _("This search is too long, or too unusual, to be subscribed to; please make it simpler.")
        )
    return text


def _estimate(page: Page, asked: Asked) -> Estimate:
    wanted, index = asked.query(page.now), page.site.index
    since = page.texts.today(page.now) - timedelta(days=7 * WEEKS - 1)
    lately = index.search(query.narrow(wanted, since=since), limit=0).total
    newest = index.search(wanted, limit=1).ids
    last = page.site.store.article(newest[0]) if newest else None
    return Estimate(round(lately / WEEKS), last)
