"""Subscriptions: saved searches with an address.

pending → active → unsubscribed. What staff enter is active at once; what is asked for on the page is pending until the
address has confirmed it, and forgotten if it does not. An active one can be suspended and resumed by an admin.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.exc import IntegrityError

from indexer import query
from indexer.alerts import mail
from indexer.errors import PantauError
from indexer.schema import clean, matches, outbox, subscriptions
from indexer.store import MAX_ID, Store

MAX_NAME = 200
"""Characters of a subscription's name."""
MAX_QUERY = 2000
"""Bytes of its query; more do not fit in the index that keeps subscriptions apart."""
MORNING = 6
"""Hour in WIB at which those are written to who are not told at once."""
TIME_TO_CONFIRM = timedelta(days=7)
"""How long a subscription that was asked for waits for its address to confirm."""


class Unfit(PantauError):
    """An address or a query that no subscription can have."""


class AlreadySubscribed(PantauError):
    """The address is told of the same already."""


class Status(StrEnum):
    """How far a subscription has come."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    UNSUBSCRIBED = "unsubscribed"


class Rate(StrEnum):
    """How often a subscriber is written to."""

    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"

    def before(self, now: datetime) -> datetime:
        """Up to when an article must have been matched to be told now: for those who are written to at a set time, the last
        such time that has passed, 6 o'clock WIB each morning or on Mondays."""
        if self == Rate.IMMEDIATE:
            return now
        morning = now.astimezone(query.WIB).replace(hour=MORNING, minute=0, second=0, microsecond=0)
        passed = morning if morning <= now else morning - timedelta(days=1)
        return passed if self == Rate.DAILY else passed - timedelta(days=passed.weekday())


@dataclass(frozen=True)
class Subscription:
    """A saved search with an address."""

    id: int
    email: str
    query: str
    name: str
    rate: Rate
    token: str
    """Opens the way out."""
    created_at: datetime
    status: Status = Status.ACTIVE


def subscribe(store: Store, email: str, text: str, name: str, rate: Rate, now: datetime) -> Subscription:
    """Save a search for an address; raises Unfit for a wrong address or a query that finds nothing, and
    AlreadySubscribed."""
    row = row_of(email, text, name, rate, now) | {"status": Status.ACTIVE}
    try:
        with store.writing() as connection:
            connection.execute(sa.insert(subscriptions).values(row))
            return subscription_of(
                connection.execute(_active().where(subscriptions.c.token == row["token"])).one()
            )
    except IntegrityError:
        raise AlreadySubscribed(f"{row['email']} is already subscribed to {row['query']!r}.") from None


def row_of(email: str, text: str, name: str, rate: Rate, now: datetime) -> dict[str, Any]:
    """A new subscription but for its status; raises Unfit for a wrong address or a query that finds nothing."""
    address = checked_address(email)
    parsed = query.parse(text, now)
    if parsed.is_empty or parsed.problem:
        raise Unfit(parsed.problem or "A subscription needs at least one word to look for.")
    if len(text.strip().encode(errors="replace")) > MAX_QUERY:
        raise Unfit(f"A subscription's query can have {MAX_QUERY} bytes at most.")
    return {
        "email": address,
        "query": text.strip(),
        "name": _line(name or text),
        "rate": rate,
        "token": new_token(),
        "created_at": now,
    }


def new_token() -> str:
    """What only the address is told: letters and digits, so that it is safe in commands, addresses and headers."""
    return secrets.token_hex(24)


def active_subscriptions(store: Store) -> list[Subscription]:
    """All that are to be served, in order of their ids."""
    with store.reading() as connection:
        return [subscription_of(row) for row in connection.execute(_active().order_by(subscriptions.c.id))]


def opened_by(store: Store, token: str) -> Subscription | None:
    """The subscription that a token opens the way out of, ended or not; None if it opens none."""
    with store.reading() as connection:
        row = connection.execute(sa.select(subscriptions).where(_opens(token))).one_or_none()
    return subscription_of(row) if row else None


def unsubscribe(store: Store, token: str, now: datetime) -> Subscription | None:
    """End the subscription that a token opens and return it; None if the token opens none that goes on."""
    goes_on = subscriptions.c.status.in_((Status.ACTIVE, Status.SUSPENDED))
    with store.writing() as connection:
        wanted = sa.select(subscriptions).where(_opens(token), goes_on).with_for_update()
        row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        _withdraw_mails(connection, row.id)
        ended = sa.update(subscriptions).where(subscriptions.c.id == row.id)
        connection.execute(ended.values(status=Status.UNSUBSCRIBED, ended_at=now))
        return subscription_of(row)


def _opens(token: str) -> sa.ColumnElement[bool]:
    return (subscriptions.c.token == token) & (subscriptions.c.status != Status.PENDING)


def _withdraw_mails(connection: sa.Connection, id: int) -> None:
    """Take back what waits in the outbox for somebody who wants nothing more."""
    waiting = (outbox.c.subscription_id == id) & (outbox.c.status == mail.Status.PENDING)
    _forget_mails(connection, waiting)


def _forget_mails(connection: sa.Connection, some: sa.ColumnElement[bool]) -> None:
    ids = sa.select(outbox.c.id).where(some)
    connection.execute(sa.update(matches).where(matches.c.mail_id.in_(ids)).values(mail_id=None))
    connection.execute(sa.delete(outbox).where(some))


# What admins do


def with_address(store: Store, part: str, limit: int) -> list[Subscription]:
    """Subscriptions whose address has this in it, the latest first; of any status."""
    has_part = sa.func.lower(subscriptions.c.email).contains(
        clean(part.strip().lower())[:254], autoescape=True
    )
    wanted = sa.select(subscriptions).where(has_part).order_by(subscriptions.c.id.desc()).limit(limit)
    with store.reading() as connection:
        return [subscription_of(row) for row in connection.execute(wanted)]


def suspend(store: Store, id: int) -> bool:
    """Send nothing on a subscription until it is resumed; False if it is not active."""
    with store.writing() as connection:
        if not _step(connection, id, Status.ACTIVE, Status.SUSPENDED):
            return False
        _withdraw_mails(connection, id)
        return True


def resume(store: Store, id: int) -> bool:
    """Serve a suspended subscription again; False if it is not suspended, or there is another one to the same."""
    try:
        with store.writing() as connection:
            return _step(connection, id, Status.SUSPENDED, Status.ACTIVE)
    except IntegrityError:
        return False


def erase(store: Store, email: str) -> int:
    """Delete all there is about an address for good: its subscriptions, what they matched, and the mails to it.

    Returns the number of subscriptions.
    """
    own = sa.func.lower(subscriptions.c.email) == clean(email.strip().lower())
    with store.writing() as connection:
        return _delete(connection, own)


def forget_unconfirmed(store: Store, now: datetime) -> int:
    """Delete what was asked for and never confirmed, with its address; returns how many."""
    has_waited = subscriptions.c.created_at <= now - TIME_TO_CONFIRM
    with store.writing() as connection:
        return _delete(connection, has_waited & (subscriptions.c.status == Status.PENDING))


def _step(connection: sa.Connection, id: int, before: Status, after: Status) -> bool:
    wanted = (subscriptions.c.id == (id if 0 < id <= MAX_ID else 0)) & (subscriptions.c.status == before)
    return connection.execute(sa.update(subscriptions).where(wanted).values(status=after)).rowcount == 1


def _delete(connection: sa.Connection, some: sa.ColumnElement[bool]) -> int:
    ids = sa.select(subscriptions.c.id).where(some)
    connection.execute(ids.with_for_update())  # so that nothing comes to them any more
    connection.execute(sa.delete(matches).where(matches.c.subscription_id.in_(ids)))
    connection.execute(sa.delete(outbox).where(outbox.c.subscription_id.in_(ids)))
    return connection.execute(sa.delete(subscriptions).where(some)).rowcount


def _active() -> sa.Select[Any]:
    return sa.select(subscriptions).where(subscriptions.c.status == Status.ACTIVE)


def subscription_of(row: sa.Row[Any]) -> Subscription:
    """A row of `subscriptions` as an object."""
    return Subscription(
        row.id, row.email, row.query, row.name, Rate(row.rate), row.token, row.created_at, Status(row.status)
    )


def checked_address(email: str) -> str:
    """An e-mail address as it is kept; raises Unfit for what is none."""
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise Unfit(f"{email!r} is no e-mail address: {error}") from None


def _line(text: str) -> str:
    """One printable line: what a reader wrote must not break out of a mail's subject."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_NAME]
