"""Keys for programs that use the API: what each may do. A token is shown once, when its key is made; the record only
knows its hash.

Tokens are 256 random bits, so a plain SHA-256 keeps them: there is nothing to guess that a slow hash would protect.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from indexer.errors import PantauError
from indexer.schema import api_keys
from indexer.store import MAX_ID, Store

PREFIX = "pantau_"
"""Begins every token, so that people and programs that look for lost secrets know what it is."""
NOTED = timedelta(minutes=10)
"""How exactly it is noted when a key was used: a write for every request would cost more than it tells."""
MAX_NAME = 100
"""Characters of a key's name."""
MAX_TOKEN = 200
"""Characters that are looked at of what is given as a token."""


class Scope(StrEnum):
    """What a key opens."""

    SEARCH = "search"
    """Search, articles, sources, topics."""
    SUBSCRIPTIONS = "subscriptions"
    """Who is told of what: see, add and end it."""
    METRICS = "metrics"
    """The figures of /metrics."""


@dataclass(frozen=True)
class Key:
    """A key as the record knows it, without its token."""

    id: int
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


def add_key(store: Store, name: str, scopes: Collection[Scope], now: datetime) -> tuple[Key, str]:
    """Make a key; returns it with its token, which nobody can be told again. Raises PantauError without name or scope."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise PantauError(f"A key needs a name of up to {MAX_NAME} characters, to know it by.")
    if not scopes:
        raise PantauError(f"A key needs at least one scope: {' or '.join(Scope)}.")
    token = new_token()
    row = {
        "name": name,
        "token": fingerprint(token),
        "scopes": sorted(set(scopes)),
        "created_at": now,
    }
    with store.writing() as connection:
        connection.execute(sa.insert(api_keys).values(row))
        return _key(connection.execute(_with_token(token)).one()), token


def all_keys(store: Store) -> list[Key]:
    """All keys, revoked ones too, the oldest first."""
    with store.reading() as connection:
        return [_key(row) for row in connection.execute(sa.select(api_keys).order_by(api_keys.c.id))]


def find_key(store: Store, token: str, now: datetime) -> Key | None:
    """The key that a token belongs to, unless it was revoked; notes that it was used."""
    with store.reading() as connection:
        row = connection.execute(_with_token(token[:MAX_TOKEN])).one_or_none()
    if row is None or row.revoked_at:
        return None
    if is_to_be_noted(row.used_at, now):
        with store.writing(durable=False) as connection:
            connection.execute(sa.update(api_keys).where(api_keys.c.id == row.id).values(used_at=now))
    return _key(row)


def revoke_key(store: Store, id: int, now: datetime) -> bool:
    """Let a key open nothing any more, from the next request on; False if there is none that did."""
    open_key = (api_keys.c.id == (id if 0 < id <= MAX_ID else 0)) & api_keys.c.revoked_at.is_(None)
    with store.writing() as connection:
        return connection.execute(sa.update(api_keys).where(open_key).values(revoked_at=now)).rowcount == 1


def new_token() -> str:
    """A token that nobody has or can guess."""
    return PREFIX + secrets.token_urlsafe(32)


def fingerprint(token: str) -> str:
    """What the record knows of a token."""
    return sha256(token.encode(errors="replace")).hexdigest()


def is_to_be_noted(used_at: datetime | None, now: datetime) -> bool:
    """Whether it is worth a write that a key, of which it was noted then, is used now."""
    return used_at is None or now - used_at > NOTED


def _with_token(token: str) -> sa.Select[Any]:
    return sa.select(api_keys).where(api_keys.c.token == fingerprint(token))


def _key(row: sa.Row[Any]) -> Key:
    scopes = frozenset(scope for scope in Scope if scope in row.scopes)
    return Key(row.id, row.name, scopes, row.created_at, row.used_at, row.revoked_at)
