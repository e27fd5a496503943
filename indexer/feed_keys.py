"""Keys of feeds: each opens one search as a feed, and nothing else, to a feed reader, which cannot log in.

They belong to an account and open nothing while it is disabled. As with `keys`, a token is told once, and the record
only knows its hash.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from indexer.accounts import User
from indexer.errors import PantauError
from indexer.keys import MAX_TOKEN, fingerprint, is_to_be_noted, new_token
from indexer.schema import feed_keys, users
from indexer.store import MAX_ID, Store

MAX_KEYS = 100
"""Of one account."""
MAX_ADDRESS = 8000
"""Characters of a search's address."""


class TooMany(PantauError):
    """The account has as many keys as it may have."""


@dataclass(frozen=True)
class FeedKey:
    """A key as the record knows it, without its token."""

    id: int
    user_id: int
    """Of its owner."""
    address: str
    """Of the search that it opens: what follows "?" in it."""
    created_at: datetime
    used_at: datetime | None


def add_feed_key(store: Store, user: User, address: str, now: datetime) -> str:
    """Make a key that opens this search; returns its token, which nobody can be told again. Raises TooMany, and
    PantauError for an address that is too long."""
    if len(address) > MAX_ADDRESS:
        raise PantauError(f"The address of a feed's search has at most {MAX_ADDRESS} characters.")
    token = new_token()
    own = sa.select(sa.func.count()).where(feed_keys.c.user_id == user.id)
    row = {"token": fingerprint(token), "user_id": user.id, "address": address, "created_at": now}
    with store.writing(turn="feed keys") as connection:
        if connection.scalars(own).one() >= MAX_KEYS:
            raise TooMany(f"An account has at most {MAX_KEYS} keys of feeds.")
        connection.execute(sa.insert(feed_keys).values(row))
    return token


def feed_keys_of(store: Store, user: User) -> list[FeedKey]:
    """Somebody's keys, the latest first."""
    wanted = sa.select(feed_keys).where(feed_keys.c.user_id == user.id).order_by(feed_keys.c.id.desc())
    with store.reading() as connection:
        return [_feed_key(row) for row in connection.execute(wanted)]


def find_feed_key(store: Store, token: str, now: datetime) -> FeedKey | None:
    """The key that a token belongs to, None if it opens nothing; notes that it was used."""
    wanted = (
        sa.select(feed_keys)
        .join(users)
        .where(feed_keys.c.token == fingerprint(token[:MAX_TOKEN]), users.c.disabled_at.is_(None))
    )
    with store.reading() as connection:
        row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    if is_to_be_noted(row.used_at, now):
        with store.writing(durable=False) as connection:
            connection.execute(sa.update(feed_keys).where(feed_keys.c.id == row.id).values(used_at=now))
    return _feed_key(row)


def revoke_feed_key(store: Store, user: User, id: int) -> bool:
    """Let one of a user's own keys open nothing any more, from the next request on; False if there is none."""
    own = (feed_keys.c.user_id == user.id) & (feed_keys.c.id == (id if 0 < id <= MAX_ID else 0))
    with store.writing() as connection:
        return connection.execute(sa.delete(feed_keys).where(own)).rowcount == 1


def _feed_key(row: sa.Row[Any]) -> FeedKey:
    return FeedKey(row.id, row.user_id, row.address, row.created_at, row.used_at)
