"""Crawls that were asked for on the page; whichever process watches the source takes them, one process each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from indexer.schema import crawl_requests
from indexer.store import Store

_waiting = crawl_requests.c.taken_at.is_(None)


@dataclass(frozen=True)
class Request:
    """A wish for a crawl that nobody has taken yet."""

    source: str
    requested_at: datetime
    requested_by: str


def request_crawl(store: Store, source: str, by: str, now: datetime) -> bool:
    """Ask for a crawl of a source; False if one is waiting already."""
    row = {"source": source, "requested_at": now, "requested_by": by}
    with store.writing(turn="crawl requests") as connection:
        same = sa.select(crawl_requests.c.id).where(_waiting, crawl_requests.c.source == source)
        if connection.scalar(same.limit(1)) is not None:
            return False
        connection.execute(sa.insert(crawl_requests).values(row))
        return True


def waiting_requests(store: Store) -> dict[str, Request]:
    """What waits, by source."""
    with store.reading() as connection:
        rows = connection.execute(sa.select(crawl_requests).where(_waiting))
        return {row.source: Request(row.source, row.requested_at, row.requested_by) for row in rows}


def take_requests(store: Store, sources: Collection[str], now: datetime) -> list[str]:
    """Take what waits for these sources; what one process has taken no other one gets."""
    found = [each for each in waiting_requests(store) if each in sources]
    return [each for each in found if _take(store, each, now)]


def _take(store: Store, source: str, now: datetime) -> bool:
    with store.writing() as connection:
        wanted = sa.update(crawl_requests).where(_waiting, crawl_requests.c.source == source)
        return connection.execute(wanted.values(taken_at=now)).rowcount > 0
