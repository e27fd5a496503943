"""The demo portal over real HTTP: `with Portal() as portal: …`, or `python -m crawlers.demo.portal`."""

import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from urllib.parse import parse_qs, unquote, urlsplit

from crawlers.demo.articles import WIB, Manuscript, changed_id, read_manuscripts, updated
from crawlers.demo.pages import Page, Site
from indexer.errors import PantauError

HOST = "127.0.0.1"
PORT = 8610
"""Where `demo.toml` expects it."""


@dataclass(frozen=True)
class PortalArticle:
    """The right answer for one page: what a crawler should make of it."""

    url: str
    """Canonical address."""
    title: str
    paragraphs: tuple[str, ...]
    """Without dateline and junk."""
    published: datetime
    """In WIB, to the minute."""
    place: str | None
    authors: tuple[str, ...]
    editor: str | None
    tags: tuple[str, ...]
    image: str | None


class Portal:
    """A news portal whose "now" stands still, so that its pages stay the same until `update`."""

    def __init__(self, port: int = 0, now: datetime | None = None) -> None:
        """Port 0 takes a free one. `now` needs a zone; publication times derive from it."""
        self.now = now or datetime.now(WIB)
        if self.now.tzinfo is None:
            raise ValueError("the portal's now needs a zone")
        self._wanted_port = port
        self._lock = Lock()
        self._requests: list[tuple[str, int]] = []
        self._site = _site(self.now.astimezone(WIB))
        self._server: _Server | None = None
        self._thread: Thread | None = None

    def start(self) -> None:
        """Serve until `stop`; raises PantauError if the port is taken."""
        try:
            self._server = _Server(self, self._wanted_port)
        except OSError as error:
            raise PantauError(
                f"The demo portal cannot use port {self._wanted_port}: {error.strerror or error}."
            ) from error
        self._site = replace(self._site, address=f"http://{HOST}:{self._server.server_address[1]}")
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="portal", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End cleanly: answer what has begun, then give the port back. Harmless if it is not running."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server and thread:
            server.shutdown()
            thread.join()
            server.server_close()

    def __enter__(self) -> "Portal":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Home of the site, as "http://127.0.0.1:8610"; known from `start` on."""
        if not self._site.address:
            raise RuntimeError("the portal has no address before it is started")
        return self._site.address

    @property
    def articles(self) -> tuple[PortalArticle, ...]:
        """What can be read from its article pages, newest first."""
        return tuple(self._answer(known) for known in self._site.manuscripts if not known.broken)

    @property
    def broken(self) -> Mapping[str, str]:
        """Addresses in its feed and listing pages from which nothing can be read, and why."""
        return {self.address + known.path: known.broken for known in self._site.manuscripts if known.broken}

    @property
    def requests(self) -> tuple[tuple[str, int], ...]:
        """(path with query, status) of each request so far, in order."""
        with self._lock:
            return tuple(self._requests)

    @property
    def changed(self) -> str:
        """Address of the article that `update` changes."""
        return next(self.address + known.path for known in self._site.manuscripts if known.id == changed_id())

    def update(self) -> None:
        """Change the text of one article and publish a new one; a second call does nothing."""
        with self._lock:
            if self._site.touched:
                return
            before = {known.id for known in self._site.manuscripts}
            manuscripts = updated(self._site.manuscripts)
            added = {known.id for known in manuscripts} - before
            touched = frozenset({changed_id(), *added})
            self._site = replace(self._site, manuscripts=manuscripts, touched=touched)

    def answer(self, target: str) -> Page:
        """The page for a request's target, as "/terkini/2" or "/berita/1/x?bentuk=br"."""
        parts = urlsplit(target)
        shape = parse_qs(parts.query).get("bentuk", [None])[0]
        return self._site.page(unquote(parts.path), shape)

    def note(self, target: str, status: int) -> None:
        """Remember a request."""
        with self._lock:
            self._requests.append((target, status))

    def _answer(self, known: Manuscript) -> PortalArticle:
        return PortalArticle(
            url=self.address + known.path,
            title=known.title,
            paragraphs=known.clean_paragraphs,
            published=known.published(self.now),
            place=known.place,
            authors=known.reporters,
            editor=known.editor,
            tags=known.tags,
            image=self._site.image(known),
        )


def _site(now: datetime) -> Site:
    manuscripts = read_manuscripts()
    readable = (known for known in manuscripts if not known.broken)
    return Site("", now, manuscripts, beside=tuple(sorted(readable, key=lambda known: known.id)))


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for what has begun

    def __init__(self, portal: Portal, port: int) -> None:
        self.portal = portal
        super().__init__((HOST, port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader that went away is no error; anything else is told as usual."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "PantauDemo"
    timeout = 5

    def do_GET(self) -> None:
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        self._send(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: `Portal.requests` is the log."""

    def _send(self, with_body: bool) -> None:
        page = self.server.portal.answer(self.path)
        status = 304 if page.status == 200 and _is_known(page, self.headers) else page.status
        self.server.portal.note(self.path, status)
        self.send_response(status)
        if page.modified:
            self.send_header("ETag", page.etag)
            self.send_header("Last-Modified", format_datetime(page.modified.astimezone(UTC), usegmt=True))
        if status != 304:
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        if with_body and status != 304:
            self.wfile.write(page.body)


def _is_known(page: Page, headers: Message) -> bool:
    """Whether the reader's copy is still good; its ETag counts more than its date (RFC 9110, 13.2.2)."""
    if page.modified is None:
        return False
    if (tags := headers.get("If-None-Match")) is not None:
        known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return page.etag in known or known == ["*"]
    since = headers.get("If-Modified-Since")
    if since is None:
        return False
    with suppress(ValueError):
        return page.modified.replace(microsecond=0) <= _as_utc(parsedate_to_datetime(since))
    return False


def _as_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def main() -> int:
    """Serve until Ctrl-C."""
    parser = ArgumentParser("python -m crawlers.demo.portal", description="A made-up news portal.")
    parser.add_argument("--port", type=int, default=PORT, help="port to listen on (default: %(default)s)")
    portal = Portal(parser.parse_args().port)
    try:
        portal.start()
    except PantauError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"The demo portal is at {portal.address} (Ctrl-C ends it).\n")
    sys.stdout.flush()
    with suppress(KeyboardInterrupt):
        Event().wait()
    portal.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
