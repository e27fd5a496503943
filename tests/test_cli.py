"""The commands with wrong input and sites that are not well: a sentence, an exit status, and nothing lost."""

import json
import os
import socket
import sqlite3
import subprocess
from pathlib import Path

import pytest
from conftest import NOW, PANTAU, Site, make_article, pantau

from crawlers.demo.portal import Portal
from crawlers.demo.sink import Sink
from indexer.alerts.subscriptions import Rate, subscribe
from indexer.cli.crawling import _deliver
from indexer.config import Config
from indexer.store import Store

PAGE = (
    '<header class="post-header"><h1 class="post-title">Judul</h1><p class="simple-here">'
    '<span class="article-date">{date}</span></p></header><div class="post-content">Serang (ANTARA) - Isi.</div>'
)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "sources").mkdir()
    return {"PANTAU_DATA": str(tmp_path / "data"), "PANTAU_SOURCES": str(tmp_path / "sources")}


def add_source(tmp_path: Path, home: str, key: str = "situs") -> None:
    text = f'name = "Situs"\nhome = "{home}"\npreset = "antara"\ndelay = 0\nlocal = true\n'
    (tmp_path / "sources" / f"{key}.toml").write_text(text)


def complaint(done: subprocess.CompletedProcess[str], status: int = 1) -> str:
    """What was said on stderr: sentences, never a trace."""
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_help_names_every_command() -> None:
    shown = pantau("--help").stdout
    for command in ("crawl", "run", "status", "search", "subscribe", "subscriptions", "alerts", "demo"):
        assert command in shown


def test_wrong_usage_ends_with_2(environment: dict[str, str]) -> None:
    assert pantau("search", **environment).returncode == 2
    assert pantau("nope", **environment).returncode == 2
    assert pantau("search", "x", "--since", "yesterday", **environment).returncode == 2


def test_an_unknown_source_is_told(environment: dict[str, str]) -> None:
    assert "There is no source 'nope'" in complaint(pantau("crawl", "nope", **environment))


def test_a_source_file_that_cannot_be_read_is_named(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "sources" / "situs.toml").write_text('name = "X"\nhome = ')
    assert "situs.toml" in complaint(pantau("crawl", "situs", **environment))


def test_a_dead_host_is_told(tmp_path: Path, environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        add_source(tmp_path, f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert "situs: refused: the server refuses connections" in complaint(
        pantau("crawl", "situs", **environment)
    )


def test_a_host_that_does_not_exist_is_told(tmp_path: Path, environment: dict[str, str]) -> None:
    add_source(tmp_path, "http://tidak-ada.invalid")
    assert "situs: dns: the host name is not known" in complaint(pantau("crawl", "situs", **environment))


def test_a_dead_source_leaves_the_others_alone(
    tmp_path: Path, environment: dict[str, str], site: Site
) -> None:
    site.feed("/berita/1/a")
    site.page("/berita/1/a", PAGE.format(date="Selasa, 24 November 2026 10:00 WIB"))
    add_source(tmp_path, site.home)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        add_source(tmp_path, f"http://127.0.0.1:{unused.getsockname()[1]}", "mati")
    done = pantau("crawl", "situs", "mati", **environment)
    assert "mati: refused" in complaint(done)
    assert json.loads(pantau("search", "isi", "--json", **environment).stdout)["total"] == 1


@pytest.mark.parametrize(
    ("page", "kind", "told"),
    [
        ("%PDF-1.4\x00\x01\x02\x03" * 9, "application/pdf", "not a page of text"),
        ("bukan halaman", "text/html", "no title"),
        (PAGE.format(date="entah kapan"), "text/html", "no date"),
        (PAGE.format(date="31 Februari 2026"), "text/html", "no date"),
        (
            PAGE.format(date="24 November 2026 10:00").replace("Isi.", "").replace("Serang (ANTARA) - ", ""),
            "text/html",
            "no text",
        ),
    ],
)
def test_a_page_that_is_no_article_is_told_and_not_stored(
    tmp_path: Path, environment: dict[str, str], site: Site, page: str, kind: str, told: str
) -> None:
    site.feed("/berita/1/a")
    site.page("/berita/1/a", page, kind)
    add_source(tmp_path, site.home)
    assert f"layout: {told}" in complaint(pantau("crawl", "situs", **environment), status=0)
    assert json.loads(pantau("search", "serang OR judul", "--json", **environment).stdout)["total"] == 0


def test_an_empty_feed_is_told(tmp_path: Path, environment: dict[str, str], site: Site) -> None:
    site.feed()
    add_source(tmp_path, site.home)
    assert "the feed names no article" in complaint(pantau("crawl", "situs", **environment))


def test_a_feed_that_is_a_web_page_is_told(tmp_path: Path, environment: dict[str, str], site: Site) -> None:
    site.page("/rss/terkini.xml", "<html><body>Mohon tunggu</body></html>")
    add_source(tmp_path, site.home)
    assert "this is no feed" in complaint(pantau("crawl", "situs", **environment))


def test_a_broken_record_is_told(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "pantau.db").write_bytes(b"rusak" * 1000)
    for command in (("search", "x"), ("alerts",), ("status",), ("crawl", "demo")):
        assert "is broken" in complaint(pantau(*command, **environment))


def test_a_full_disk_ends_a_crawl_with_a_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    """The limit on a file's size stands for the disk: SQLite meets the same refusal to grow."""
    with Portal() as portal:
        add_source(tmp_path, portal.address)
        command = f"ulimit -f 400; exec {PANTAU} crawl situs --since 2020-01-01"
        done = subprocess.run(
            ["bash", "-c", command],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "cannot be used" in complaint(done)
        again = pantau("crawl", "situs", "--since", "2020-01-01", **environment)
        assert again.returncode == 0, again.stderr
        total = json.loads(pantau("search", "", "--json", **environment).stdout)["total"]
        assert total == len(portal.articles)


def test_a_wrong_address_is_told(environment: dict[str, str]) -> None:
    assert "is no e-mail address" in complaint(
        pantau("subscribe", "bukan-alamat", "kemiskinan", **environment)
    )


def test_a_mail_server_that_is_away_is_told_and_costs_nothing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    pantau("subscribe", "warga@example.org", "kemiskinan", **environment)
    store = Store(f"sqlite:///{tmp_path}/data/pantau.db")
    store.add(make_article(), NOW)
    store.close()
    with socket.create_server(("127.0.0.1", 0)) as unused:
        nobody = f"smtp://127.0.0.1:{unused.getsockname()[1]}"
    assert "cannot be used" in complaint(pantau("alerts", PANTAU_SMTP_URL=nobody, **environment))
    assert "1 pending" in pantau("status", **environment).stdout
    with Sink() as sink:
        assert pantau("alerts", PANTAU_SMTP_URL=sink.url, **environment).returncode == 0
        assert len(sink.taken) == 1


def test_a_wrong_setting_is_told(environment: dict[str, str]) -> None:
    assert "PANTAU_SMTP_URL" in complaint(
        pantau("status", **{**environment, "PANTAU_SMTP_URL": "localhost:25"})
    )


def test_a_trace_is_shown_only_with_debug(environment: dict[str, str], tmp_path: Path) -> None:
    pantau("status", **environment)
    with sqlite3.connect(tmp_path / "data" / "pantau.db") as connection:
        connection.execute("DROP TABLE runs")
    assert "no such table" in complaint(pantau("status", **environment))
    assert "Traceback" in pantau("status", "--debug", **environment).stderr


def test_leaving_with_the_token_of_the_record(environment: dict[str, str], tmp_path: Path) -> None:
    pantau("subscribe", "warga@example.org", "kemiskinan", **environment)
    with sqlite3.connect(tmp_path / "data" / "pantau.db") as connection:
        (token,) = connection.execute("SELECT token FROM subscriptions").fetchone()
    assert pantau("unsubscribe", token, **environment).returncode == 0
    assert "warga@example.org" not in pantau("subscriptions", **environment).stdout
    assert "token" in complaint(pantau("unsubscribe", token, **environment))


def test_alerts_go_out_while_the_index_cannot_be_used(store: Store, tmp_path: Path) -> None:
    subscribe(store, "warga@example.org", "kemiskinan", "", Rate.IMMEDIATE, NOW)
    store.add(make_article(), NOW)
    (tmp_path / "data").write_text("a file where the folder of the index should be made")
    with Sink() as sink:
        _deliver(store, Config(data=tmp_path / "data", smtp_url=sink.url), lambda: False)
        assert len(sink.taken) == 1
    assert len(store.behind("indexed_revision", 10)) == 1
