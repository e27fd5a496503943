"""Runs the alerts of a record and kills the process before its Nth step, as a power cut would."""

import os
import smtplib
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from indexer import language
from indexer.alerts.digests import compose
from indexer.alerts.mail import send_due
from indexer.alerts.matching import match
from indexer.config import Config
from indexer.store import Store

language.stem("memuat")  # loads its data once, before processes are forked from this one


def alert(database_url: str, smtp_url: str, killed_before: int) -> None:
    """Match, compose and send; a step is a commit or a piece sent to the mail server. 0 lets it end."""
    steps = _Steps(killed_before)
    sa.event.listen(sa.Engine, "commit", lambda connection: steps.next())
    steps.watch_smtp()
    store, config = Store(database_url).open(), Config(smtp_url=smtp_url)
    match(store, datetime.now(UTC))
    compose(store, config, datetime.now(UTC))
    send_due(store, config, lambda: datetime.now(UTC), lambda: False)


class _Steps:
    def __init__(self, killed_before: int) -> None:
        self._left = killed_before

    def next(self) -> None:
        self._left -= 1
        if self._left == 0:
            os._exit(137)

    def watch_smtp(self) -> None:
        send: Any = smtplib.SMTP.send

        def counted(connection: smtplib.SMTP, data: Any) -> None:
            self.next()
            send(connection, data)

        setattr(smtplib.SMTP, "send", counted)  # noqa: B010
