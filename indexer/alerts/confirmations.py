"""Subscriptions that are asked for on the page: nothing is sent to an address before it has agreed, but the question.

Whoever asks gets the same answer whether or not the address is subscribed already, and cannot have an address written to
more than a few times a day. What they wrote is not in the mail: it would let strangers write to anybody in our name. It
only says how the search was read, in words without signs.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from indexer import query
from indexer.alerts import letters
from indexer.alerts.subscriptions import (
    TIME_TO_CONFIRM,
    Rate,
    Status,
    Subscription,
    forget_unconfirmed,
    new_token,
    row_of,
    subscription_of,
)
from indexer.config import Config
from indexer.schema import matches, outbox, subscriptions
from indexer.store import Store

DAY = timedelta(days=1)
MAX_A_DAY = 3
"""Questions to one address in a day."""
HOUR = timedelta(hours=1)
MAX_AN_HOUR = 60
"""Questions to all addresses together in an hour: so nobody can have many strangers written to."""
MAX_SHOWN = 300
"""Characters of a search in the question."""


class Busy(Exception):
    """Too many subscriptions were asked for; it can be tried again in an hour."""


def ask(
    store: Store, config: Config, web_url: str, email: str, text: str, name: str, rate: Rate, now: datetime
) -> None:
    """Ask an address whether it wants to be told what is new on a query; `web_url` is where the page is.

    Nothing happens if it is told already as often, or has been asked often enough. Raises PantauError for a wrong address
    or a query that finds nothing, and Busy.
    """
    row = row_of(email, text, name, rate, now)
    forget_unconfirmed(store, now)
    with store.writing(turn="subscribing") as connection:
        if _count(connection, now - HOUR) >= MAX_AN_HOUR:
            raise Busy
        if _is_told(connection, row["email"], row["query"], rate):
            return
        if _count(connection, now - DAY, row["email"]) >= MAX_A_DAY:
            return
        asked = _waiting(connection, row["email"], row["query"])
        if asked is None:
            new = row | {"status": Status.PENDING, "confirmation": new_token()}
            connection.execute(sa.insert(subscriptions).values(new))
            asked = connection.execute(
                sa.select(subscriptions).where(subscriptions.c.token == row["token"])
            ).one()
        else:
            renewed = {"created_at": now, "name": row["name"], "rate": rate}
            connection.execute(sa.update(subscriptions).where(subscriptions.c.id == asked.id).values(renewed))
        _put_question(connection, config, web_url, asked, now)


def asked_by(store: Store, confirmation: str, now: datetime) -> Subscription | None:
    """The subscription that waits for this token; None if none does, or no longer."""
    with store.reading() as connection:
        row = connection.execute(_asked(confirmation, now)).one_or_none()
    return subscription_of(row) if row else None


def confirm(store: Store, confirmation: str, now: datetime) -> Subscription | None:
    """Begin the subscription that waits for this token; None if none does, or no longer.

    Where the address is told of the same already, that subscription takes over the rate and the name.
    """
    asked = asked_by(store, confirmation, now)
    if asked is None:
        return None
    begun = {"status": Status.ACTIVE, "confirmation": None, "created_at": now}
    own = (subscriptions.c.id == asked.id) & (subscriptions.c.confirmation == confirmation)
    try:
        with store.writing() as connection:
            connection.execute(sa.update(subscriptions).where(own).values(begun))
    except IntegrityError:
        same = (subscriptions.c.email == asked.email) & (subscriptions.c.query == asked.query)
        active = same & (subscriptions.c.status == Status.ACTIVE)
        ended = {"status": Status.UNSUBSCRIBED, "confirmation": None, "ended_at": now}
        with store.writing() as connection:
            changed = sa.update(subscriptions).where(active).values(rate=asked.rate, name=asked.name)
            is_told = connection.execute(changed).rowcount > 0  # else that one has ended in this moment
            connection.execute(sa.update(subscriptions).where(own).values(ended if is_told else begun))
    return asked


def _asked(confirmation: str, now: datetime) -> sa.Select[Any]:
    waits = (subscriptions.c.status == Status.PENDING) & (subscriptions.c.created_at > now - TIME_TO_CONFIRM)
    return sa.select(subscriptions).where(subscriptions.c.confirmation == confirmation, waits)


def _is_told(connection: sa.Connection, email: str, text: str, rate: Rate) -> bool:
    """Whether there is nothing to ask; who was suspended is not asked, whatever the rate."""
    as_often = (subscriptions.c.status == Status.ACTIVE) & (subscriptions.c.rate == rate)
    is_told = as_often | (subscriptions.c.status == Status.SUSPENDED)
    same = sa.exists().where(_is_for(email), subscriptions.c.query == text, is_told)
    return bool(connection.scalar(sa.select(same)))


def _waiting(connection: sa.Connection, email: str, text: str) -> sa.Row[Any] | None:
    waits = subscriptions.c.status == Status.PENDING
    wanted = sa.select(subscriptions).where(_is_for(email), subscriptions.c.query == text, waits)
    return connection.execute(wanted.limit(1)).one_or_none()


def _is_for(email: str) -> sa.ColumnElement[bool]:
    return sa.func.lower(subscriptions.c.email) == email.lower()


def _count(connection: sa.Connection, since: datetime, email: str | None = None) -> int:
    """How many questions were put: the mails that tell of no article."""
    wanted = (
        sa.select(sa.func.count())
        .select_from(outbox)
        .where(outbox.c.created_at > since, ~sa.exists().where(matches.c.mail_id == outbox.c.id))
    )
    if email is not None:
        wanted = wanted.where(sa.func.lower(outbox.c.recipient) == email.lower())
    return connection.scalar(wanted) or 0


def _put_question(
    connection: sa.Connection,
    config: Config,
    web_url: str,
    asked: sa.Row[Any],
    now: datetime,
) -> None:
    search = query.describe(query.parse(asked.query, now).tree)
    content = {
        "search": search if len(search) <= MAX_SHOWN else search[: MAX_SHOWN - 1] + "…",
        "confirm": letters.page_to_confirm(web_url, asked.confirmation),
        "days": TIME_TO_CONFIRM.days,
    }
    headers = {"From": config.mail_from, "To": asked.email, "Subject": "Pantau: konfirmasi langganan Anda"}
    message_id = letters.new_message_id(config.mail_from)
    message = letters.write("confirmation", content, headers, message_id, now)
    letters.put(connection, asked.id, asked.email, message, now)
