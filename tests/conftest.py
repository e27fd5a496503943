"""What many tests need: a record in a temporary folder, articles, and a real SMTP server on loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from crawlers.demo.sink import Sink
from indexer.article import Article
from indexer.store import Store

WIB = timezone(timedelta(hours=7), "WIB")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=WIB)
SHARED = Path(__file__).parents[2] / "shared"
"""Real pages and texts of others; a test that needs them skips where they are absent."""
FEED = "<rss version='2.0'><channel><title>x</title>{items}</channel></rss>"
ITEM = "<item><title>a</title><link>{}</link></item>"
PANTAU = Path(sys.executable).parent / "pantau"

_ARTICLE = Article(
    source="antara_banten",
    url="https://banten.antaranews.com/berita/1/a",
    title="Lebak menekan angka kemiskinan",
    paragraphs=(
        "Pemerintah Kabupaten Lebak memperkuat pengentasan warga miskin tahun ini.",
        "Bupati mengatakan bantuan langsung tunai disalurkan kepada 1.200 keluarga.",
    ),
    published=NOW,
    place="Lebak",
    authors=("Siti Aminah",),
    editor="Budi Raharjo",
    tags=("kemiskinan", "lebak"),
    region="36",
    kind="agency",
)


def make_article(**fields: Any) -> Article:
    """An article; `number` makes its address, title and text its own."""
    number = fields.pop("number", None)
    if number is not None:
        fields.setdefault("url", f"https://banten.antaranews.com/berita/{number}/a")
        fields.setdefault("title", f"Berita nomor {number}")
        fields.setdefault("paragraphs", (f"Warga nomor {number} membaca berita.",))
    return replace(_ARTICLE, **fields)


class Site:
    """A site on loopback whose every answer a test decides: path → (content type, body)."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []
        answers, asked = self.answers, self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                kind, body = answers.get(self.path, ("text/html", b""))
                self.send_response(200 if self.path in answers else 404)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.home = f"http://127.0.0.1:{self.server.server_address[1]}"

    def feed(self, *paths: str) -> None:
        items = "".join(ITEM.format(self.home + path) for path in paths)
        self.answers["/rss/terkini.xml"] = ("application/rss+xml", FEED.format(items=items).encode())

    def page(self, path: str, body: str, kind: str = "text/html") -> None:
        self.answers[path] = (kind, body.encode())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/pantau.db").open()
    yield store
    store.close()


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


def pantau(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, in a pipe."""
    return subprocess.run(
        [str(PANTAU), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = Thread(target=site.server.serve_forever, args=(0.05,))
    thread.start()
    yield site
    site.server.shutdown()
    thread.join()
    site.server.server_close()
