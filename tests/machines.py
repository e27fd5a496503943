"""What each of several machines does with a record that they share."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from conftest import NOW, make_article

from indexer.alerts.digests import compose
from indexer.alerts.mail import send_due
from indexer.alerts.matching import match
from indexer.config import Config
from indexer.store import Change, Store
from indexer.stories import assign


def add(database_url: str, numbers: Sequence[int], pause: float = 0) -> list[Change]:
    """Store articles about poverty, a pause after each."""
    store, changes = Store(database_url), []
    for number in numbers:
        changes.append(store.add(make_article(number=number, title=f"Warga miskin {number}"), NOW))
        time.sleep(pause)
    store.close()
    return changes


def assign_stories(database_url: str) -> int:
    """Give all articles their stories."""
    store = Store(database_url)
    count = assign(store)
    store.close()
    return count


def compose_all(database_url: str) -> int:
    """Put what waits in mails."""
    store = Store(database_url)
    count = compose(store, Config(), NOW)
    store.close()
    return count


def alert(database_url: str, smtp_url: str, rounds: int) -> int:
    """Match, compose and send, again and again; returns how many mails were sent."""
    store, config, sent = Store(database_url), Config(smtp_url=smtp_url), 0
    for _ in range(rounds):
        match(store, datetime.now(UTC))
        compose(store, config, datetime.now(UTC))
        sent += send_due(store, config, lambda: datetime.now(UTC), lambda: False).sent
        time.sleep(0.05)
    store.close()
    return sent
