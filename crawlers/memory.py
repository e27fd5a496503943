"""What is known of each page: whether it was read, when to look again, and how to ask for news only."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from indexer.schema import pages
from indexer.store import Store

Role = Literal["listing", "article"]
RECHECK_DAYS = 7
"""Articles older than this are not looked at again."""
FIRST_RECHECK = timedelta(hours=1)
RETRIES = (timedelta(0), timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3))
"""How long a page that failed is left alone, by the number of failures in a row; then it is given up."""

_INSERT = sa.insert(pages)  # built once: building a statement costs more than running it
_UPDATE = sa.update(pages).where(
    pages.c.source == sa.bindparam("its_source"), pages.c.url == sa.bindparam("its_url")
)
_KNOWN = sa.select(1).where(
    pages.c.source == sa.bindparam("its_source"), pages.c.url == sa.bindparam("its_url")
)


@dataclass(frozen=True)
class Validators:
    """What a server gave to recognise a version of a page by."""

    etag: str | None = None
    last_modified: str | None = None


class Memory:
    """The pages of one source, in the record."""

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._source = source

    def due(self, now: datetime, recheck: bool = False) -> list[str]:
        """Addresses of articles to fetch, first found first; with `recheck` all that are still followed."""
        is_due = pages.c.due_at.is_not(None) if recheck else pages.c.due_at <= now
        wanted = (
            sa.select(pages.c.url)
            .where(pages.c.source == self._source, pages.c.role == "article", is_due)
            .order_by(pages.c.found_at, pages.c.url)
        )
        with self._store.reading() as connection:
            return list(connection.scalars(wanted))

    def validators(self, url: str) -> Validators:
        """What to send so that an unchanged page is not sent again."""
        wanted = sa.select(pages.c.etag, pages.c.last_modified).where(self._is(url))
        with self._store.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return Validators(row.etag, row.last_modified) if row else Validators()

    def knows_any(self) -> bool:
        """Whether this source was ever listed."""
        wanted = (
            sa.select(pages.c.url).where(pages.c.source == self._source, pages.c.role == "article").limit(1)
        )
        with self._store.reading() as connection:
            return connection.execute(wanted).first() is not None

    def listed(self, listing: str, urls: Iterable[str], validators: Validators, now: datetime) -> list[str]:
        """Keep the articles that a listing names, then that it was read; returns those not known before.

        One transaction: a listing counts as read only together with what it led to.
        """
        urls = list(dict.fromkeys(urls))
        with self._store.writing() as connection:
            new = [url for url in urls if not self._knows(connection, url)]
            if new:
                connection.execute(_INSERT, [self._row(url, "article", now, due_at=now) for url in new])
            self._put(connection, listing, "listing", now, failures=0, **asdict(validators))
        return new

    def read(
        self, connection: sa.Connection, url: str, validators: Validators, published: datetime, now: datetime
    ) -> None:
        """Note that an article was read, in the transaction that stores it; young ones are looked at again."""
        values = {"published": published, "due_at": next_look(published, now), **asdict(validators)}
        self._put(connection, url, "article", now, failures=0, **values)

    def healed(self, url: str, published: datetime, now: datetime) -> None:
        """Note that an article was read from an archived copy; when it was fetched stays as it was."""
        healthy = {"published": published, "due_at": next_look(published, now), "failures": 0}
        with self._store.writing() as connection:
            connection.execute(sa.update(pages).where(self._is(url)).values(healthy))

    def unchanged(self, url: str, now: datetime) -> None:
        """Note that the server says a page is as it was."""
        with self._store.writing() as connection:
            row = connection.execute(sa.select(pages).where(self._is(url))).one()
            due_at = next_look(row.published, now) if row.published else None
            self._put(connection, url, row.role, now, failures=0, due_at=due_at)

    def failed(self, url: str, now: datetime, for_good: bool = False) -> None:
        """Note that an article could not be read: tried again later and later, given up after some tries."""
        with self._store.writing() as connection:
            row = connection.execute(sa.select(pages.c.failures).where(self._is(url))).one_or_none()
            failures = (row.failures if row else 0) + 1
            given_up = for_good or failures > len(RETRIES)
            due_at = None if given_up else now + RETRIES[failures - 1]
            self._put(connection, url, "article", now, due_at=due_at, failures=failures)

    def _put(self, connection: sa.Connection, url: str, role: Role, now: datetime, **values: Any) -> None:
        values["fetched_at"] = now
        known = {"its_source": self._source, "its_url": url}
        if not connection.execute(_UPDATE, known | values).rowcount:
            connection.execute(_INSERT, self._row(url, role, now, **values))

    def _row(self, url: str, role: Role, now: datetime, **values: Any) -> dict[str, Any]:
        return {"source": self._source, "url": url, "role": role, "found_at": now, **values}

    def _knows(self, connection: sa.Connection, url: str) -> bool:
        known = {"its_source": self._source, "its_url": url}
        return connection.execute(_KNOWN, known).first() is not None

    def _is(self, url: str) -> sa.ColumnElement[bool]:
        return (pages.c.source == self._source) & (pages.c.url == url)


def next_look(published: datetime, now: datetime) -> datetime | None:
    """When to look at an article again for changes: its age halved, at least an hour; None once it is old."""
    age = now - published
    return None if age > timedelta(days=RECHECK_DAYS) else now + max(FIRST_RECHECK, age / 2)
