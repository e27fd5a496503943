"""What `pantau demo` shows: one article's way from a page to a mail, step by step, with the real parts."""

import os
import shutil
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

from indexer import query
from indexer.alerts.digests import compose
from indexer.alerts.mail import send_due
from indexer.alerts.matching import match
from indexer.alerts.subscriptions import Rate, subscribe
from indexer.config import Config, load_config
from indexer.engines import open_index
from indexer.errors import PantauError
from indexer.index import sync
from indexer.store import Store
from indexer.terminal import complain, say, show_hits, show_outcomes

FOLDER = Path("demo-data")
MARK = ".pantau-demo"
"""A file that says that a folder is a demo's and may be thrown away."""
SUBSCRIPTIONS = (
    ("warga@example.org", "kemiskinan", "Kemiskinan"),
    ("rumah@example.org", '"rumah tidak layak huni"', "Rumah tidak layak huni"),
)
SEARCH = "kemiskinan wilayah:banten"
DAYS = 90
"""How far the first crawl pages back."""


class _Portal(Protocol):
    @property
    def address(self) -> str: ...

    def update(self) -> None: ...


class _Sink(Protocol):
    taken: list[EmailMessage]


def prepare(smtp_url: str) -> Config:
    """A fresh folder for the demo's data, and the settings that lead there."""
    if FOLDER.exists():
        if not (FOLDER / MARK).exists():
            raise PantauError(
                f"The folder {FOLDER.absolute()} is not of an earlier demo: move it away first."
            )
        shutil.rmtree(FOLDER)
    FOLDER.mkdir()
    (FOLDER / MARK).touch()
    for name in ("PANTAU_SOURCES", "PANTAU_ARCHIVE", "PANTAU_DATABASE_URL"):
        os.environ.pop(name, None)  # nothing of the demo goes where the reader's own data are
    os.environ.update(PANTAU_DATA=str(FOLDER), PANTAU_SMTP_URL=smtp_url, PANTAU_CONTACT="demo@example.org")
    return load_config()


class Tour:
    """The demo, as a guide would show it."""

    def __init__(
        self, config: Config, portal: _Portal, sink: _Sink, crawl: Callable[..., Awaitable[Any]]
    ) -> None:
        self._config, self._portal, self._sink, self._crawl = config, portal, sink, crawl
        self._store = Store(config.database_url).open()
        self._index = open_index(config)

    async def walk(self) -> None:
        """Every step; raises what a step raises."""
        _head("1. Two people subscribe")
        for email, text, name in SUBSCRIPTIONS:
            subscribe(self._store, email, text, name, Rate.IMMEDIATE, datetime.now(UTC))
            say(f"{email} wants to know of: {text}")
        _head(
            f"2. The portal {self._portal.address} is crawled, {DAYS} days back; some pages are broken on purpose"
        )
        await self._show_crawl(since=date.today() - timedelta(days=DAYS))  # noqa: DTZ011  # the reader's own day
        _head("3. Articles are matched, mails are sent")
        self._deliver()
        _head("4. The portal changes an article and publishes another; a second crawl fetches only that")
        self._portal.update()
        await self._show_crawl(recheck=True)
        self._deliver()
        _head(f"5. A search: pantau search '{SEARCH}'")
        self._show_search()
        _head("6. The first mail to " + SUBSCRIPTIONS[0][0])
        self._show_mail()
        self._show_what_next()

    async def _show_crawl(self, **options: Any) -> None:
        outcome = await self._crawl(**options)
        show_outcomes([outcome])
        if outcome.error:
            raise PantauError(outcome.error)
        for failure in self._store.failures(self._store.last_runs()[outcome.source].id):
            say(f"  {failure.kind}: {failure.message}: {failure.url}", style="yellow")

    def _deliver(self) -> None:
        sync(self._store, self._index)
        found = match(self._store, datetime.now(UTC))
        compose(self._store, self._config, datetime.now(UTC))
        before = len(self._sink.taken)
        delivery = send_due(self._store, self._config, lambda: datetime.now(UTC), lambda: False)
        for trouble in delivery.troubles:
            complain(trouble)
        say(f"{found} new matches, {delivery.sent} mails taken by the mail server:")
        for each in self._sink.taken[before:]:
            say(f"  {each['To']}: {each['Subject']}")

    def _show_search(self) -> None:
        wanted = query.parse(SEARCH)
        hits = self._index.search(wanted, limit=3)
        show_hits(self._store.articles(hits.ids), self._store.source_names(), wanted, hits.total)

    def _show_mail(self) -> None:
        message = next(each for each in self._sink.taken if each["To"] == SUBSCRIPTIONS[0][0])
        for name in ("From", "To", "Subject", "Message-ID", "List-Unsubscribe"):
            say(f"{name}: {message[name]}", style="dim")
        body = message.get_body(("plain",))
        for line in ["", *(body.get_content().splitlines() if body else ())]:
            say(line)

    def _show_what_next(self) -> None:
        _head("Where to look next")
        folder = FOLDER.absolute()
        _list(
            [
                f"The record and the index of this demo are in {folder}",
                f"PANTAU_DATA={FOLDER} .venv/bin/pantau search 'stunting'     search it yourself",
                f"PANTAU_DATA={FOLDER} .venv/bin/pantau serve                 search it in a browser",
                f"PANTAU_DATA={FOLDER} .venv/bin/pantau status                what ran, and how it went",
                ".venv/bin/pantau demo --keep-serving                   look at the portal in a browser",
                "README.md                                              point Pantau at the real portals",
            ]
        )


def _head(text: str) -> None:
    say("")
    say(text, style="bold cyan")


def _list(lines: Sequence[str]) -> None:
    for line in lines:
        say(f"  {line}")
