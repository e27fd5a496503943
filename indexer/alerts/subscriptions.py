"""Subscriptions: saved searches with an address."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.exc import IntegrityError

from indexer import query
from indexer.errors import PantauError
from indexer.schema import subscriptions
from indexer.store import Store

MAX_NAME = 200
"""Characters of a subscription's name."""


class Rate(StrEnum):
    """How often a subscriber is written to."""

    IMMEDIATE = "immediate"


@dataclass(frozen=True)
class Subscription:
    """A saved search with an address."""

    id: int
    email: str
    query: str
    name: str
    rate: Rate
    token: str
    created_at: datetime


def subscribe(store: Store, email: str, text: str, name: str, rate: Rate, now: datetime) -> Subscription:
    """Save a search for an address; raises PantauError for a wrong address or a query that finds nothing."""
    address = _address(email)
    parsed = query.parse(text)
    if parsed.is_empty or parsed.problem:
        raise PantauError(parsed.problem or "A subscription needs at least one word to look for.")
    row = {
        "email": address,
        "query": text.strip(),
        "name": _line(name or text),
        "rate": rate,
        "status": "active",
        "token": secrets.token_hex(24),
        "created_at": now,
    }
    try:
        with store.writing() as connection:
            connection.execute(sa.insert(subscriptions).values(row))
            return _subscription(
                connection.execute(_active().where(subscriptions.c.token == row["token"])).one()
            )
    except IntegrityError:
        raise PantauError(f"{address} is already subscribed to {text.strip()!r}.") from None


def active_subscriptions(store: Store) -> list[Subscription]:
    """All that are to be served, in order of their ids."""
    with store.reading() as connection:
        return [_subscription(row) for row in connection.execute(_active().order_by(subscriptions.c.id))]


def unsubscribe(store: Store, token: str, now: datetime) -> Subscription | None:
    """End the subscription that a token opens and return it; None if the token opens none."""
    with store.writing() as connection:
        row = connection.execute(_active().where(subscriptions.c.token == token)).one_or_none()
        if row is None:
            return None
        ended = sa.update(subscriptions).where(subscriptions.c.id == row.id)
        connection.execute(ended.values(status="unsubscribed", ended_at=now))
        return _subscription(row)


def _active() -> sa.Select[Any]:
    return sa.select(subscriptions).where(subscriptions.c.status == "active")


def _subscription(row: sa.Row[Any]) -> Subscription:
    return Subscription(row.id, row.email, row.query, row.name, Rate(row.rate), row.token, row.created_at)


def _address(email: str) -> str:
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise PantauError(f"{email!r} is no e-mail address: {error}") from None


def _line(text: str) -> str:
    """One printable line: what a reader wrote must not break out of a mail's subject."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_NAME]
