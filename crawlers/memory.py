"""What is known of each page: whether it was read, when to look again, and how to ask for news only."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from indexer.schema import UtcTime, pages
from indexer.store import Store

Role = Literal["listing", "article"]
RECHECK_DAYS = 7
"""Articles older than this are not looked at again."""
FIRST_RECHECK = timedelta(hours=1)
RETRIES = (timedelta(0), timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3))
"""How long a page that failed is left alone, by the number of failures in a row; then it is given up."""

_TOGETHER = 500
"""Addresses that are asked for in one statement."""

_INSERT = sa.insert(pages)  # built once: building a statement costs more than running it
_UPDATE = sa.update(pages).where(
    pages.c.source == sa.bindparam("its_source"), pages.c.url == sa.bindparam("its_url")
)
_KNOWN = sa.select(pages.c.url).where(
    pages.c.source == sa.bindparam("its_source"), pages.c.url.in_(sa.bindparam("urls", expanding=True))
)


@dataclass(frozen=True)
class Validators:
    """What a server gave to recognise a version of a page by."""

    etag: str | None = None
    last_modified: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What to send so that a page is sent only if it is another version."""
        stated = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in stated.items() if value}


@dataclass(frozen=True)
class Due:
    """An article to fetch."""

    url: str
    found_at: datetime
    validators: Validators


class Memory:
    """The pages of one source, in the record."""

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._source = source

    def due(
        self, now: datetime, *, recheck: bool = False, after: Due | None = None, limit: int = _TOGETHER
    ) -> list[Due]:
        """The next articles to fetch behind `after`, first found first; with `recheck` all still followed."""
        place = sa.tuple_(pages.c.found_at, pages.c.url)
        wanted = (
            sa.select(pages.c.url, pages.c.found_at, pages.c.etag, pages.c.last_modified)
            .where(pages.c.source == self._source, pages.c.role == "article")
            .where(pages.c.due_at.is_not(None) if recheck else pages.c.due_at <= now)
            .order_by(pages.c.found_at, pages.c.url)
            .limit(limit)
        )
        if after:
            wanted = wanted.where(place > sa.tuple_(sa.literal(after.found_at, UtcTime), after.url))
        with self._store.reading() as connection:
            rows = connection.execute(wanted)
            return [Due(row.url, row.found_at, Validators(row.etag, row.last_modified)) for row in rows]

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
            known = self._known(connection, urls)
            new = [url for url in urls if url not in known]
            if new:
                connection.execute(_INSERT, [self._row(url, "article", now, due_at=now) for url in new])
            self._put(connection, listing, "listing", now, failures=0, **asdict(validators))
        return new

    def page_back(self, listing: str, following: str | None, since: datetime, now: datetime) -> None:
        """Note that a page of a listing was read on the way back to `since`, and which one is next, if any."""
        with self._store.writing() as connection:
            self._put(connection, listing, "listing", now, due_at=None)
            goal = {"due_at": now, "published": since}
            if following and not connection.execute(_UPDATE, self._at(following) | goal).rowcount:
                connection.execute(_INSERT, self._row(following, "listing", now, **goal))

    def unread(self, since: datetime) -> set[str]:
        """Pages of listings that were still to be read when a crawl back to `since` was cut short."""
        wanted = sa.select(pages.c.url).where(
            pages.c.source == self._source,
            pages.c.role == "listing",
            pages.c.due_at.is_not(None),
            pages.c.published == since,
        )
        with self._store.reading() as connection:
            return set(connection.scalars(wanted))

    def read(
        self, connection: sa.Connection, read: Sequence[tuple[str, Validators, datetime]], now: datetime
    ) -> None:
        """Note that articles were read, in the transaction that stores them; young ones are looked at again.

        Each is its page's address, what to know its version by, and when it was published.
        """
        rows = {
            url: {
                "published": published,
                "due_at": next_look(published, now),
                "failures": 0,
                **asdict(validators),
            }
            for url, validators, published in read
        }
        known = [self._at(url) | row | {"fetched_at": now} for url, row in rows.items()]
        if connection.execute(_UPDATE, known).rowcount < len(known):  # one was never listed
            for url, row in rows.items():
                self._put(connection, url, "article", now, **row)

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
        if not connection.execute(_UPDATE, self._at(url) | values).rowcount:
            connection.execute(_INSERT, self._row(url, role, now, **values))

    def _row(self, url: str, role: Role, now: datetime, **values: Any) -> dict[str, Any]:
        return {"source": self._source, "url": url, "role": role, "found_at": now, **values}

    def _known(self, connection: sa.Connection, urls: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for begin in range(0, len(urls), _TOGETHER):
            asked = {"its_source": self._source, "urls": urls[begin : begin + _TOGETHER]}
            found.update(connection.scalars(_KNOWN, asked))
        return found

    def _at(self, url: str) -> dict[str, Any]:
        return {"its_source": self._source, "its_url": url}

    def _is(self, url: str) -> sa.ColumnElement[bool]:
        return (pages.c.source == self._source) & (pages.c.url == url)


def next_look(published: datetime, now: datetime) -> datetime | None:
    """When to look at an article again for changes: its age halved, at least an hour; None once it is old."""
    age = now - published
    return None if age > timedelta(days=RECHECK_DAYS) else now + max(FIRST_RECHECK, age / 2)
