"""Secret addresses of feeds, for feed readers, which cannot log in: making them, giving them up, and reading there.

A search's own address stays what people give to each other; a secret one is made only for who asks for it, is shown once,
and opens one search. Its token stands in the query, of which nothing is logged here.
"""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse, Response

from indexer import feed_keys
from indexer.feed_keys import MAX_ADDRESS, MAX_KEYS, FeedKey, TooMany
from indexer.web import asked as addresses
from indexer.web import feeds
from indexer.web.asked import Asked
from indexer.web.bounded import known_as
from indexer.web.failures import Refused
from indexer.web.feeds import Kind
from indexer.web.links import home
from indexer.web.site import Asking, Page

router = APIRouter()
NAMES = {Kind.RSS: "RSS", Kind.ATOM: "Atom"}


@dataclass(frozen=True)
class Shown:
    """A key as the list shows it."""

    key: FeedKey
    search: str
    """What it opens, as a query; empty if that is everything."""
    url: str


@router.get("/akun/umpan")
def list_keys(page: Asking) -> Response:
    """One's secret addresses, and the form that makes one for the search in this address."""
    return _listed(page, _first(addresses.read(page.request.query_params, page.texts)))


@router.post("/akun/umpan")
def make_key(page: Asking, address: Annotated[str, Form(alias="pencarian")] = "") -> Response:
    """Make a secret address for a search. It is in this answer, and never again."""
    assert page.user
    _ = page.texts.gettext
    asked = _first(addresses.read(QueryParams(address), page.texts))
    wanted = asked.query(page.now)
    if wanted.problem:
        raise Refused(wanted.problem.in_language(page.texts.language))
    if len(_address(asked)) > MAX_ADDRESS:
        raise Refused(_("This search is too long for a feed."))
    try:
        token = feed_keys.add_feed_key(page.site.store, page.user, _address(asked), page.now)
    except TooMany:
        raise Refused(
            _("You have {limit} secret addresses; revoke one first.", limit=MAX_KEYS), 409
        ) from None
    made = [(NAMES[each], f"{home(page.request)}/umpan-pribadi.{each}?kunci={token}") for each in Kind]
    return _listed(page, asked, made)


@router.post("/akun/umpan/{id}/cabut")
def revoke_key(page: Asking, id: int) -> Response:
    """Let a secret address open nothing any more."""
    assert page.user
    if not feed_keys.revoke_feed_key(page.site.store, page.user, id):
        raise Refused(page.texts.gettext("This address has been revoked already."), 404)
    return RedirectResponse("/akun/umpan", 303)


@router.get("/umpan-pribadi.rss")
def secret_rss(page: Asking) -> Response:
    """The search that the key in the address opens, as RSS."""
    return _read(page, Kind.RSS)


@router.get("/umpan-pribadi.atom")
def secret_atom(page: Asking) -> Response:
    """The search that the key in the address opens, as Atom."""
    return _read(page, Kind.ATOM)


def _read(page: Page, kind: Kind) -> Response:
    token = page.request.query_params.get("kunci", "")
    key = feed_keys.find_feed_key(page.site.store, token, page.now)
    if key is None:
        raise Refused(page.texts.gettext("This address opens no feed, or none any more."), 404)
    known_as(f"user {key.user_id}")
    response = feeds.answer(page, _asked(page, key.address), kind, is_secret=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _listed(page: Page, asked: Asked, made: list[tuple[str, str]] | None = None) -> Response:
    assert page.user
    content = {
        "search": asked.written(page.now),
        "url": asked.url(),
        "address": _address(asked),
        "open": [(NAMES[each], home(page.request) + asked.url(f"/umpan.{each}")) for each in Kind],
        "made": made or [],
        "shown": [_shown(page, each) for each in feed_keys.feed_keys_of(page.site.store, page.user)],
    }
    return page.render("feeds.html", content)


def _shown(page: Page, key: FeedKey) -> Shown:
    asked = _asked(page, key.address)
    return Shown(key, asked.written(page.now), asked.url())


def _asked(page: Page, address: str) -> Asked:
    return addresses.read(QueryParams(address), page.texts)


def _first(asked: Asked) -> Asked:
    """From its first page on, which is all that a feed has."""
    return replace(asked, after=None)


def _address(asked: Asked) -> str:
    return asked.url("").removeprefix("?")
