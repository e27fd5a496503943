"""Searches that a team has saved for itself, in an order of its own, and what each of them has seen of each.

A look is the highest id there was when somebody last opened a search: what was added later is new to them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from indexer.accounts import User
from indexer.errors import PantauError
from indexer.schema import articles, looks, saved_searches, users
from indexer.store import MAX_ID, Store

MAX_SAVED = 100
"""Searches that a team may save; each is counted when the list is shown."""
MAX_NAME, MAX_NOTE, MAX_ADDRESS = 200, 2000, 8000
"""Characters."""


class TooMany(PantauError):
    """There are as many saved searches as there may be."""


@dataclass(frozen=True)
class Saved:
    """A search that was saved."""

    id: int
    name: str
    note: str
    address: str
    """What follows "?" in the address of its page."""
    created_by: str | None
    """Name of the account, None if it is no more."""
    created_at: datetime
    seen: int | None
    """The highest id that the user had seen who asks; None if they never looked."""


def saved_for(store: Store, user: User) -> list[Saved]:
    """All saved searches in their order, with what a user has seen of them."""
    with store.reading() as connection:
        return [_saved(row) for row in connection.execute(_wanted(user))]


def find(store: Store, user: User, id: int) -> Saved | None:
    """A saved search, None if there is none with this id."""
    with store.reading() as connection:
        row = connection.execute(_wanted(user).where(saved_searches.c.id == _possible(id))).one_or_none()
    return _saved(row) if row else None


def save(store: Store, user: User, name: str, note: str, address: str, now: datetime) -> int:
    """Save a search at the end of the list; what there is now counts as seen by who saves it. Returns its id."""
    row = {
        "name": name[:MAX_NAME],
        "note": note[:MAX_NOTE],
        "address": address[:MAX_ADDRESS],
        "created_by": user.id,
        "created_at": now,
    }
    with store.writing(turn="saved searches") as connection:
        count, last = connection.execute(
            sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(saved_searches.c.place), 0))
        ).one()
        if count >= MAX_SAVED:
            raise TooMany(f"At most {MAX_SAVED} searches can be saved.")
        made = connection.execute(sa.insert(saved_searches).values(row | {"place": last + 1}))
        assert made.inserted_primary_key
        id = int(made.inserted_primary_key[0])
        _look(connection, id, user, now)
        return id


def change(store: Store, id: int, name: str, note: str) -> bool:
    """Give a saved search another name and note; False if there is none."""
    values = {"name": name[:MAX_NAME], "note": note[:MAX_NOTE]}
    with store.writing() as connection:
        wanted = sa.update(saved_searches).where(saved_searches.c.id == _possible(id))
        return connection.execute(wanted.values(values)).rowcount == 1


def remove(store: Store, id: int) -> bool:
    """Delete a saved search for everybody; False if there is none."""
    with store.writing() as connection:
        connection.execute(sa.delete(looks).where(looks.c.saved_search_id == _possible(id)))
        gone = sa.delete(saved_searches).where(saved_searches.c.id == _possible(id))
        return connection.execute(gone).rowcount == 1


def move(store: Store, id: int, by: int) -> bool:
    """Move a saved search `by` places down, or up if it is negative; False if there is none."""
    with store.writing(turn="saved searches") as connection:
        order = [
            *connection.scalars(
                sa.select(saved_searches.c.id).order_by(saved_searches.c.place, saved_searches.c.id)
            )
        ]
        if id not in order:
            return False
        place = order.index(id)
        order.insert(max(0, min(len(order) - 1, place + by)), order.pop(place))
        for number, each in enumerate(order, 1):
            connection.execute(
                sa.update(saved_searches).where(saved_searches.c.id == each).values(place=number)
            )
        return True


def note_look(store: Store, user: User, id: int, now: datetime) -> bool:
    """Note that a user has seen what a saved search finds now; False if there is none."""
    with store.writing() as connection:
        known = sa.select(saved_searches.c.id).where(saved_searches.c.id == _possible(id)).with_for_update()
        if connection.scalar(known) is None:
            return False
        _look(connection, id, user, now)
        return True


def _look(connection: sa.Connection, id: int, user: User, now: datetime) -> None:
    own = (looks.c.saved_search_id == id) & (looks.c.user_id == user.id)
    connection.execute(sa.delete(looks).where(own))
    row = {
        "saved_search_id": id,
        "user_id": user.id,
        "article_id": _highest(connection),
        "looked_at": now,
    }
    connection.execute(sa.insert(looks).values(row))


def _highest(connection: sa.Connection) -> int:
    """The highest id up to which all articles have been sent to the index, so can have been seen."""
    is_unsent = (articles.c.indexed_revision == 0) & articles.c.index_error.is_(None)
    first = connection.scalar(sa.select(sa.func.min(articles.c.id)).where(is_unsent))
    if first is not None:
        return int(first) - 1
    return int(connection.scalar(sa.select(sa.func.max(articles.c.id))) or 0)


def _wanted(user: User) -> sa.Select[Any]:
    own = (looks.c.saved_search_id == saved_searches.c.id) & (looks.c.user_id == user.id)
    return (
        sa.select(saved_searches, users.c.name.label("author"), looks.c.article_id)
        .outerjoin(users, users.c.id == saved_searches.c.created_by)
        .outerjoin(looks, own)
        .order_by(saved_searches.c.place, saved_searches.c.id)
        .limit(MAX_SAVED)
    )


def _saved(row: sa.Row[Any]) -> Saved:
    return Saved(row.id, row.name, row.note, row.address, row.author, row.created_at, row.article_id)


def _possible(id: int) -> int:
    """An id that every database can be asked for."""
    return id if 0 < id <= MAX_ID else 0
