"""A site on loopback that may do anything: each path is answered by a function of the test."""

import gzip
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

ARTICLE = (
    "<html><head><meta charset='utf-8'></head><body>"
    '<header class="post-header"><h1 class="post-title">Judul {number}</h1><p class="simple-here">'
    '<span class="article-date">Selasa, 24 November 2026 10:0{number} WIB</span></p></header>'
    '<div class="post-content"><p>Serang (ANTARA) - Warga nomor {number} membaca “berita” hari ini.</p></div>'
    "</body></html>"
)
CARD = '<article class="simple-post simple-big"><h3><a href="/berita/{}/a">a</a></h3></article>'
ITEM = "<item><title>a</title><link>{}/berita/{}/a</link></item>"
BOMB = gzip.compress(bytes(1024 * 1024)) * 400
"""400 MB of zeros in 400 KB."""


class Visit(BaseHTTPRequestHandler):
    """One request, with the ways to answer it."""

    server: "_Server"
    protocol_version = "HTTP/1.1"
    timeout = 20

    def do_GET(self) -> None:
        self.server.site.answer(self)

    def log_message(self, *_: object) -> None:
        return

    def send(self, body: str | bytes, status: int = 200, kind: str = "text/html", **headers: str) -> None:
        """A proper answer; `_` in the names of headers stands for `-`."""
        content = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": kind, "Content-Length": str(len(content)), **headers}
        self.begin(status, **headers)
        self.wfile.write(content)

    def begin(self, status: int, **headers: str) -> None:
        """Status and headers; what follows is up to the test, and then the connection is closed."""
        self.send_response(status)
        for name, value in {"Connection": "close", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.close_connection = True

    def write(self, content: bytes) -> None:
        self.wfile.write(content)

    def hang(self) -> None:
        """Say nothing until the test ends."""
        self.server.site.ended.wait(20)


Answer = Callable[[Visit], None]


@dataclass
class Site:
    """`pages`: path → how it is answered; a feed, a listing page and two articles are there anyway."""

    pages: dict[str, Answer] = field(default_factory=dict)
    home: str = ""
    visits: list[tuple[float, str]] = field(default_factory=list)
    """When (monotonic clock) and which path."""
    agents: set[str] = field(default_factory=set)
    at_once: int = 0
    """Most requests that were under way at one time."""
    ended: Event = field(default_factory=Event)
    _open: int = 0
    _lock: Lock = field(default_factory=Lock)

    @property
    def paths(self) -> list[str]:
        return [path for _, path in self.visits]

    def answer(self, visit: Visit) -> None:
        with self._lock:
            self.visits.append((time.monotonic(), visit.path))
            self.agents.add(visit.headers.get("User-Agent", ""))
            self._open += 1
            self.at_once = max(self.at_once, self._open)
        try:
            self.pages.get(visit.path, self.usual)(visit)
        finally:
            with self._lock:
                self._open -= 1

    def usual(self, visit: Visit) -> None:
        """As a good site answers."""
        path = visit.path
        if path == "/rss/terkini.xml":
            items = "".join(ITEM.format(self.home, number) for number in (1, 2))
            visit.send(
                f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>", kind="text/xml"
            )
        elif path == "/terkini":
            visit.send("".join(CARD.format(number) for number in (1, 2)))
        elif path.startswith("/berita/"):
            visit.send(ARTICLE.format(number=path.split("/")[2]))
        else:
            visit.send("tidak ada", status=404)


class _Server(ThreadingHTTPServer):
    site: Site
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A crawler that hangs up is what we want to see."""


class _Server6(_Server):
    address_family = 10


@contextmanager
def serve(pages: Mapping[str, Answer] | None = None, host: str = "127.0.0.1") -> Iterator[Site]:
    """A site that answers until the end of the block."""
    site = Site(dict(pages or {}))
    server = (_Server6 if ":" in host else _Server)((host, 0), Visit)
    server.site = site
    named = f"[{host}]" if ":" in host else host
    site.home = f"http://{named}:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def redirect(to: str, status: int = 302) -> Answer:
    return lambda visit: visit.send("", status=status, Location=to)


def text(body: str | bytes, **how: Any) -> Answer:
    return lambda visit: visit.send(body, **how)


def hang(visit: Visit) -> None:
    visit.hang()


def bomb(visit: Visit) -> None:
    visit.send(BOMB, Content_Encoding="gzip")


def endless(visit: Visit) -> None:
    visit.begin(200, Content_Type="text/html")
    with suppress(OSError):
        while True:
            visit.write(b"<p>terus</p>" * 5000)


def endless_headers(visit: Visit) -> None:
    visit.write(b"HTTP/1.1 200 OK\r\n")
    with suppress(OSError):
        while True:
            visit.write(b"X-Terus: " + b"a" * 4000 + b"\r\n")


def huge(visit: Visit) -> None:
    """A body that is said to be of 2 GB."""
    visit.begin(200, Content_Type="text/html", Content_Length=str(2 * 1024**3))
    visit.hang()


def short(visit: Visit) -> None:
    """A body shorter than its Content-Length says."""
    visit.begin(200, Content_Type="text/html", Content_Length="5000")
    visit.write(b"<p>potong")


def drip(visit: Visit) -> None:
    """A byte now and then, so that no single wait is long."""
    visit.begin(200, Content_Type="text/html", Content_Length="5000")
    with suppress(OSError):
        while not visit.server.site.ended.wait(0.2):
            visit.write(b"a")


def hang_up(visit: Visit) -> None:
    """No answer at all."""
    visit.close_connection = True
