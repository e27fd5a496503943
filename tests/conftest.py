"""What many tests need: a record in a temporary folder, articles, and a real SMTP server on loopback."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import requests
import servers
from argon2 import PasswordHasher
from psycopg import sql
from servers import Server

from crawlers.demo.sink import Sink
from indexer import accounts, index, stories
from indexer.article import Article
from indexer.config import Config
from indexer.index import SearchIndex
from indexer.store import Store
from indexer.tantivy_index import TantivyIndex

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


# Servers: started when the first test asks for them, ended with the last; where there can be none, tests are skipped


@contextmanager
def _server(kind: str, name: str, password: str = "") -> Iterator[Server]:
    with _needed(), servers.shared(kind, name, password) as server:
        yield server


@contextmanager
def _needed() -> Iterator[None]:
    """A server or browser that cannot be had is a reason to skip a test, in CI to fail it."""
    try:
        yield
    except servers.Missing as missing:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs all servers: {missing}")
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def elasticsearch_url(testrun_uid: str) -> Iterator[str]:
    """Elasticsearch 9 without security, one for the whole run: take names of indices that are your own."""
    with _server("elasticsearch", f"{testrun_uid}-elasticsearch") as server:
        yield server.url


@pytest.fixture(scope="session")
def elasticsearch8_url(testrun_uid: str) -> Iterator[str]:
    """The same as an Elasticsearch 8."""
    with _server("elasticsearch8", f"{testrun_uid}-elasticsearch8") as server:
        yield server.url


@pytest.fixture(scope="session")
def secured_elasticsearch(testrun_uid: str) -> Iterator[Server]:
    """Elasticsearch 9 that asks for a name and speaks TLS: see its url, user, password and authority."""
    with _server("elasticsearch", f"{testrun_uid}-secured", "rahasia-sekali") as server:
        yield server


@pytest.fixture
def own_elasticsearch() -> Iterator[Server]:
    """An Elasticsearch 9 for one test, which may stop() and start() it."""
    with _server("elasticsearch", str(uuid4())) as server:
        yield server


@pytest.fixture
def own_postgresql() -> Iterator[Server]:
    """A PostgreSQL for one test, which may stop() and start() it."""
    with _server("postgresql", str(uuid4())) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql(testrun_uid: str) -> Iterator[Server]:
    """One PostgreSQL for the whole run."""
    with _server("postgresql", f"{testrun_uid}-postgresql") as server:
        yield server


@contextmanager
def copied_database(server: Server) -> Iterator[Server]:
    """A new database like the one that a server names; dropped at the end."""
    name = f"test_{uuid4().hex}"
    with servers.connect(server) as connection:
        names = map(sql.Identifier, (name, server.database))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    yield replace(server, database=name)
    with servers.connect(server) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def postgresql_url(postgresql: Server) -> Iterator[str]:
    """An empty database in PostgreSQL."""
    with copied_database(replace(postgresql, database="template1")) as server:
        yield server.url


@pytest.fixture(scope="session")
def migrated(postgresql: Server) -> Iterator[Server]:
    """A database with the tables of the record; copying it is faster than making them."""
    with copied_database(replace(postgresql, database="template1")) as server:
        Store(server.url).open().close()
        yield server


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end what was not tested, and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(each.longrepr[2].removeprefix("Skipped: ") for each in skipped)
    for reason, number in sorted(reasons.items()):
        terminalreporter.write_line(f"not tested: {number} tests: {reason}")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of either kind for an empty record."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/pantau.db"
        return
    migrated = request.getfixturevalue("migrated")
    with copied_database(migrated) as server:
        yield server.url


@pytest.fixture
def any_store(database_url: str) -> Iterator[Store]:
    """A record of either kind."""
    store = Store(database_url).open()
    yield store
    store.close()


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost next to nothing; what the real ones cost has a test of its own."""
    monkeypatch.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    accounts._nobodys_password.cache_clear()


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


# The web page, served as it is to readers


@dataclass(frozen=True)
class Web:
    """The pages of a record on loopback, and a reader without JavaScript who keeps cookies: `web.get("/artikel/1")`."""

    url: str
    config: Config
    store: Store
    index: SearchIndex
    reader: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.reader.get(self.url + path, timeout=60, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> requests.Response:
        return self.reader.post(self.url + path, data, timeout=60, **options)

    def add(self, *articles: Article, now: datetime = NOW) -> list[int]:
        """Store articles, tell their stories and send them to the index; returns the ids of all there are."""
        for article in articles:
            self.store.add(article, now)
        stories.assign(self.store)
        index.sync(self.store, self.index)
        return [each.id for batch in self.store.batches(1000) for each in batch]


@contextmanager
def serving(config: Config, store: Store, index: SearchIndex, is_open: bool = True) -> Iterator[Web]:
    """Serve the pages of a record on a free port; `is_open` as if only to this machine."""
    from indexer.cli.serving import web_server  # here, since most tests need no pages
    from indexer.web.app import create_app

    with socket.socket() as listening, requests.Session() as reader:
        reader.trust_env = False
        listening.bind(("127.0.0.1", 0))
        application = create_app(config, store, index, is_open)
        server = web_server(application, config, log_config=None, lifespan="off")
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield Web(f"http://127.0.0.1:{listening.getsockname()[1]}", config, store, index, reader)
        reader.close()  # else the server waits for its connection
        server.should_exit = True
        thread.join()


@pytest.fixture
def web(store: Store, tmp_path: Path) -> Iterator[Web]:
    """The pages of `store`, an empty record, with an index in memory."""
    index = TantivyIndex()
    with serving(Config(data=tmp_path), store, index) as web:
        yield web
    index.close()


def _chromium() -> str:
    """The system's browser, installed where that is possible."""
    names = ("chromium", "chromium-browser", "google-chrome")
    if not any(map(shutil.which, names)):
        servers.install("chromium")
    return next(filter(None, map(shutil.which, names)), names[0])


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium; not for the whole run, since its loop would be in the way of others."""
    from playwright.sync_api import sync_playwright  # here, since most tests need no browser

    with _needed():
        program = _chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()
