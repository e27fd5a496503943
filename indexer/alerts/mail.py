"""The outbox: mails wait in the record until the server has taken them, and go out once.

pending → sending → sent. A mail is `sending` from just before the last line of its text goes out until the
server's answer is noted. Cut in that moment, nobody can know whether the server took it: it becomes
`unclear`, is not sent again by itself, and can be told apart by its Message-ID.
"""

import random
import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from indexer.config import Config
from indexer.schema import outbox
from indexer.store import MAX_ID, Store

LANES = 8
"""Into how many parts the outbox is divided, and so how many processes can send at once."""
_lane = outbox.c.id % LANES
TIMEOUT = 15
"""Seconds to wait for the mail server."""
RETRIES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720, 1440))
"""How long to wait after each refusal that may pass; then the mail has failed."""


class Status(StrEnum):
    """Where a mail is on its way."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCLEAR = "unclear"


@dataclass
class Delivery:
    """What sending came to: numbers of mails, and a sentence for each trouble."""

    sent: int = 0
    postponed: int = 0
    failed: int = 0
    unclear: int = 0
    troubles: tuple[str, ...] = ()

    def trouble(self, sentence: str) -> None:
        """Add a sentence, once."""
        if sentence not in self.troubles:
            self.troubles += (sentence,)


class Refused(Exception):
    """The server's answer to a mail: an SMTP code of 400 or more and its text."""

    def __init__(self, code: int, text: bytes) -> None:
        self.code = code
        super().__init__(f"{code} {text.decode(errors='replace')}")


def send_due(
    store: Store, config: Config, clock: Callable[[], datetime], stop: Callable[[], bool]
) -> Delivery:
    """Send the mails that are due until none is left or `stop()`.

    Any number of processes may do so at once. The outbox has lanes; each process takes those that are free, and looks
    again after it has given one back, so that what another one passed over meanwhile is not left.
    """
    sender = _Sender(store, config, clock, stop)
    with closing(sender):
        while not sender.is_ended and any([_serve(store, lane, sender) for lane in _lanes(store, clock())]):
            continue
    return sender.delivery


def _lanes(store: Store, now: datetime) -> list[int]:
    """The lanes with mails that are due or were cut off, in an order that differs between processes."""
    has_work = (outbox.c.status == Status.SENDING) | _is_due(now)
    with store.reading() as connection:
        found = list(connection.scalars(sa.select(_lane).where(has_work).distinct()))
    random.shuffle(found)
    return found


def _serve(store: Store, lane: int, sender: "_Sender") -> bool:
    """Send what is due in a lane; False if another process has it."""
    with store.exclusively(f"outbox-{lane}") as is_ours:
        if is_ours:
            _settle_cut_off(store, lane, sender.delivery)
            while not sender.is_ended and (mail := _next(store, lane, sender.clock())):
                sender.send(mail)
        return is_ours


class _Sender:
    """A process's way to the mail server: a connection, opened when there is a mail."""

    def __init__(
        self, store: Store, config: Config, clock: Callable[[], datetime], stop: Callable[[], bool]
    ) -> None:
        self._store, self._config, self.clock, self._stop = store, config, clock, stop
        self._connection: smtplib.SMTP | None = None
        self._is_away = False
        self.delivery = Delivery()

    @property
    def is_ended(self) -> bool:
        """Whether nothing more is to be sent: told to stop, or the mail server is away."""
        return self._is_away or self._stop()

    def send(self, mail: sa.Row[Any]) -> None:
        """Send one mail and note how it went."""
        try:
            self._connection = self._connection or _connect(self._config)
        except (OSError, smtplib.SMTPException) as error:
            self._is_away = True
            self.delivery.trouble(
                f"The mail server {self._config.smtp} cannot be used: {error}. Mails wait in the outbox."
            )
            return
        if not _send(self._store, self._connection, mail, self.delivery, self.clock):
            self.close()

    def close(self) -> None:
        """Say goodbye to the mail server."""
        if self._connection:
            _quit(self._connection)
            self._connection = None


def counts(store: Store) -> dict[str, int]:
    """Numbers of mails by status."""
    wanted = sa.select(outbox.c.status, sa.func.count().label("mails")).group_by(outbox.c.status)
    with store.reading() as connection:
        return {row.status: row.mails for row in connection.execute(wanted)}


def unsent(store: Store, limit: int | None = None) -> list[sa.Row[Any]]:
    """The mails that did not go out, or of which nobody knows, the oldest first."""
    wanted = sa.select(outbox).where(outbox.c.status != Status.SENT).order_by(outbox.c.id).limit(limit)
    with store.reading() as connection:
        return list(connection.execute(wanted))


def resend(store: Store, id: int, now: datetime) -> bool:
    """Let a mail that failed or is unclear go out once more, under its Message-ID; False if it is neither."""
    if not 0 < id <= MAX_ID:
        return False
    again = outbox.c.status.in_((Status.FAILED, Status.UNCLEAR))
    values = {"status": Status.PENDING, "attempts": 0, "next_attempt_at": now, "error": None}
    with store.writing() as connection:
        changed = connection.execute(sa.update(outbox).where(outbox.c.id == id, again).values(values))
    return changed.rowcount == 1


def _settle_cut_off(store: Store, lane: int, delivery: Delivery) -> None:
    """With the right to a lane in our hands, what is still `sending` in it was cut off with its process."""
    cut_off = (outbox.c.status == Status.SENDING) & (_lane == lane)
    with store.writing() as connection:
        delivery.unclear += connection.execute(
            sa.update(outbox)
            .where(cut_off)
            .values(status=Status.UNCLEAR, error="cut off while the server answered")
        ).rowcount


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    return (outbox.c.status == Status.PENDING) & (outbox.c.next_attempt_at <= now)


def _next(store: Store, lane: int, now: datetime) -> sa.Row[Any] | None:
    wanted = sa.select(outbox).where(_is_due(now), _lane == lane).order_by(outbox.c.id).limit(1)
    with store.reading() as connection:
        return connection.execute(wanted).one_or_none()


def _connect(config: Config) -> smtplib.SMTP:
    server = config.smtp
    context = ssl.create_default_context()
    if server.security == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=TIMEOUT, context=context
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    try:
        connection.ehlo_or_helo_if_needed()
        if server.security == "smtp+starttls":
            connection.starttls(context=context)
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _quit(connection: smtplib.SMTP) -> None:
    with suppress(OSError, smtplib.SMTPException):  # all answers are noted; this is a farewell
        connection.quit()


def _send(
    store: Store,
    connection: smtplib.SMTP,
    mail: sa.Row[Any],
    delivery: Delivery,
    clock: Callable[[], datetime],
) -> bool:
    """Send one mail and note how it went; returns whether the connection can go on being used."""
    handed_over = False
    try:
        _offer(connection, mail)
        if not _hand_over(store, mail):
            connection.close()  # before the last line: the server delivers nothing
            return False
        handed_over = True
        _finish(connection)
    except Refused as refusal:
        _refused(store, mail, refusal, delivery, clock())
        return _reset(connection)
    except (OSError, smtplib.SMTPException) as error:
        connection.close()
        if handed_over:
            _note(store, mail, status=Status.UNCLEAR, error=str(error))
            delivery.unclear += 1
            delivery.trouble(
                f"The mail server broke off while it took the mail to {mail.recipient}: {error}."
            )
        else:
            _postpone(store, mail, str(error), delivery, clock())
        return False
    _note(store, mail, status=Status.SENT, sent_at=clock(), error=None)
    delivery.sent += 1
    return True


def _hand_over(store: Store, mail: sa.Row[Any]) -> bool:
    """Note that the mail is about to go out; False if it is no longer waiting.

    So a mail goes out once even where the right to its lane was lost, and taken by another process, meanwhile.
    """
    waits = (outbox.c.id == mail.id) & (outbox.c.status == Status.PENDING)
    values = {"status": Status.SENDING, "attempts": mail.attempts + 1}
    with store.writing() as connection:
        return connection.execute(sa.update(outbox).where(waits).values(values)).rowcount == 1


def _offer(connection: smtplib.SMTP, mail: sa.Row[Any]) -> None:
    """Everything up to the last line of the mail: until that has gone out, no server may deliver it."""
    sender = parseaddr(_header(mail.message, b"From"))[1]
    for expected, answer in (
        (250, connection.mail(sender)),
        (250, connection.rcpt(mail.recipient)),
        (354, connection.docmd("DATA")),
    ):
        if answer[0] // 10 != expected // 10:
            raise Refused(*answer)
    text = re.sub(rb"(?m)^\.", b"..", mail.message)
    connection.send(text if text.endswith(b"\r\n") else text + b"\r\n")


def _finish(connection: smtplib.SMTP) -> None:
    connection.send(b".\r\n")
    code, text = connection.getreply()
    if code != 250:
        raise Refused(code, text)


def _refused(store: Store, mail: sa.Row[Any], refusal: Refused, delivery: Delivery, now: datetime) -> None:
    if refusal.code >= 500:
        _note(store, mail, status=Status.FAILED, attempts=mail.attempts + 1, error=str(refusal))
        delivery.failed += 1
        delivery.trouble(f"The mail server refused the mail to {mail.recipient}: {refusal}.")
    else:
        _postpone(store, mail, str(refusal), delivery, now)


def _postpone(store: Store, mail: sa.Row[Any], error: str, delivery: Delivery, now: datetime) -> None:
    attempts = mail.attempts + 1
    if attempts > len(RETRIES):
        _note(store, mail, status=Status.FAILED, attempts=attempts, error=error)
        delivery.failed += 1
    else:
        again = now + RETRIES[attempts - 1]
        _note(store, mail, status=Status.PENDING, attempts=attempts, next_attempt_at=again, error=error)
        delivery.postponed += 1
    delivery.trouble(f"The mail to {mail.recipient} was not taken: {error}.")


def _reset(connection: smtplib.SMTP) -> bool:
    try:
        return bool(connection.rset()[0] == 250)
    except (OSError, smtplib.SMTPException):
        return False


def _note(store: Store, mail: sa.Row[Any], **values: Any) -> None:
    with store.writing() as connection:
        connection.execute(sa.update(outbox).where(outbox.c.id == mail.id).values(values))


def _header(message: bytes, name: bytes) -> str:
    found = re.search(rb"(?mi)^" + name + rb": (.*)\r$", message)
    return found[1].decode() if found else ""
