"""The searches that the team has saved, and how much each finds that the reader has not seen."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse, Response

from indexer import saved
from indexer.accounts import Role
from indexer.saved import Saved, TooMany
from indexer.web import asked as addresses
from indexer.web.asked import Asked
from indexer.web.failures import Refused
from indexer.web.site import Asking, Page

router = APIRouter()
MOST = 500
"""New articles that are counted; of more it is said that there are more."""


@dataclass(frozen=True)
class Shown:
    """A saved search as the list shows it."""

    saved: Saved
    search: str
    """What it looks for, as a query."""
    url: str
    new: int | None
    """How many articles it finds that the reader has not seen, at most `MOST`; None if that cannot be told."""


@router.get("/tersimpan")
def list_saved(page: Asking) -> Response:
    """All saved searches in the team's order."""
    assert page.user
    found = saved.saved_for(page.site.store, page.user)
    content = {"shown": [_shown(page, each) for each in found], "most": MOST}
    return page.render("saved.html", content | {"may_edit": page.may(Role.EDITOR)})


@router.get("/simpan")
def save_page(page: Asking) -> Response:
    """The form that saves the search in the address."""
    asked = _kept(addresses.read(page.request.query_params, page.texts))
    if asked.is_empty:
        raise Refused(page.texts.gettext("A search that asks for everything cannot be saved."))
    content = {"search": asked.written(page.now), "address": _address(asked), "saved": None}
    return page.render(
        "save.html", content | {"name": asked.text.strip() or asked.written(page.now), "note": ""}
    )


@router.post("/simpan")
def save(
    page: Asking,
    name: Annotated[str, Form(alias="nama")] = "",
    note: Annotated[str, Form(alias="catatan")] = "",
    address: Annotated[str, Form(alias="pencarian")] = "",
) -> Response:
    """Save it at the end of the list."""
    assert page.user
    _ = page.texts.gettext
    asked = _kept(addresses.read(QueryParams(address), page.texts))
    kept = _address(asked)
    if asked.is_empty or len(kept) > saved.MAX_ADDRESS:
        raise Refused(_("This search cannot be saved."))
    try:
        saved.save(
            page.site.store, page.user, _named(name, asked.written(page.now)), note.strip(), kept, page.now
        )
    except TooMany:
        raise Refused(
            _("The team has saved {limit} searches; delete one first.", limit=saved.MAX_SAVED), 409
        ) from None
    return RedirectResponse("/tersimpan", 303)


@router.post("/tersimpan/{id}/buka")
def open_saved(page: Asking, id: int) -> Response:
    """Go to the search, and note that the reader has seen what it finds."""
    found = _noted(page, id)
    return RedirectResponse(f"/?{found.address}", 303)


@router.post("/tersimpan/{id}/dilihat")
def mark_seen(page: Asking, id: int) -> Response:
    """Note that the reader has seen what a search finds, without going there."""
    _noted(page, id)
    return RedirectResponse("/tersimpan", 303)


@router.get("/tersimpan/{id}/ubah")
def change_page(page: Asking, id: int) -> Response:
    """The form for its name and note."""
    found = _found(page, id)
    content = {"search": _asked(page, found).written(page.now), "address": found.address, "saved": found}
    return page.render("save.html", content | {"name": found.name, "note": found.note})


@router.post("/tersimpan/{id}/ubah")
def change(
    page: Asking,
    id: int,
    name: Annotated[str, Form(alias="nama")] = "",
    note: Annotated[str, Form(alias="catatan")] = "",
) -> Response:
    """Give it another name and note."""
    found = _found(page, id)
    saved.change(page.site.store, id, _named(name, found.name), note.strip())
    return RedirectResponse("/tersimpan", 303)


@router.post("/tersimpan/{id}/geser")
def move(page: Asking, id: int, direction: Annotated[str, Form(alias="ke")] = "") -> Response:
    """Move it by one place, up or down."""
    _found(page, id)
    saved.move(page.site.store, id, -1 if direction == "atas" else 1)
    return RedirectResponse(f"/tersimpan#simpanan-{id}", 303)


@router.post("/tersimpan/{id}/hapus")
def remove(page: Asking, id: int) -> Response:
    """Delete it for everybody."""
    _found(page, id)
    saved.remove(page.site.store, id)
    return RedirectResponse("/tersimpan", 303)


def _found(page: Page, id: int) -> Saved:
    assert page.user
    found = saved.find(page.site.store, page.user, id)
    if found is None:
        raise Refused(page.texts.gettext("There is no such saved search any more."), 404)
    return found


def _noted(page: Page, id: int) -> Saved:
    found = _found(page, id)
    assert page.user
    saved.note_look(page.site.store, page.user, id, page.now)
    return found


def _shown(page: Page, each: Saved) -> Shown:
    asked = _asked(page, each)
    return Shown(each, asked.written(page.now), asked.url(), _new(page, asked, each.seen))


def _new(page: Page, asked: Asked, seen: int | None) -> int | None:
    """How many of its newest hits have come since the reader looked."""
    wanted = asked.query(page.now)
    if seen is None or wanted.problem:
        return None
    return sum(id > seen for id in page.site.index.search(wanted, limit=MOST).ids)


def _asked(page: Page, each: Saved) -> Asked:
    return addresses.read(QueryParams(each.address), page.texts)


def _kept(asked: Asked) -> Asked:
    """Of a search what is worth keeping: from its first page on."""
    return replace(asked, after=None)


def _address(asked: Asked) -> str:
    return asked.url("").removeprefix("?")


def _named(name: str, otherwise: str) -> str:
    return " ".join(name.split()) or otherwise
