"""One article's whole way, over real HTTP and SMTP, with the commands a user types."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import PANTAU, pantau

from crawlers.demo.portal import Portal
from crawlers.demo.sink import Sink
from indexer.schema import articles, matches, revisions, runs
from indexer.store import Store


class Place:
    """A folder with the portal as its only own source, and the commands that work there."""

    def __init__(self, folder: Path, portal: Portal, sink: Sink) -> None:
        self.folder, self.portal, self.sink = folder, portal, sink
        (folder / "sources").mkdir()
        self.write_source("contoh", portal.address)
        self.environment = {
            "PANTAU_DATA": str(folder / "data"),
            "PANTAU_SOURCES": str(folder / "sources"),
            "PANTAU_SMTP_URL": sink.url,
        }

    def write_source(self, key: str, home: str, more: str = "") -> None:
        text = f'name = "Contoh"\nhome = "{home}"\npreset = "antara"\nregion = "36"\ndelay = 0\nlocal = true\n{more}'
        (self.folder / "sources" / f"{key}.toml").write_text(text)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return pantau(*arguments, **self.environment)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {**os.environ, **self.environment}
        return subprocess.Popen(
            [str(PANTAU), *arguments],
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def scalars(self, wanted: sa.Select[tuple[str]]) -> list[str]:
        store = Store(f"sqlite:///{self.folder}/data/pantau.db").open()
        try:
            with store.reading() as connection:
                return list(connection.scalars(wanted))
        finally:
            store.close()

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not is_so():
            assert time.monotonic() < end, "it did not come to that within a minute"
            time.sleep(0.05)

    def has_asked_for(self, number: int, process: subprocess.Popen[str]) -> bool:
        """Whether so many article pages were asked for, or the process has ended."""
        return len(self.article_requests()) >= number or process.poll() is not None

    def article_requests(self) -> list[str]:
        return [path for path, _ in self.portal.requests if path.startswith(("/berita/", "/rilis-pers/"))]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Portal() as portal, Sink() as sink:
        yield Place(tmp_path, portal, sink)


SINCE = ("--since", "2020-01-01")


def test_an_article_goes_from_the_portal_to_a_mail_and_only_once(place: Place) -> None:
    assert place.run("subscribe", "warga@example.org", "kemiskinan").returncode == 0
    crawled = place.run("crawl", "contoh", *SINCE)
    assert crawled.returncode == 0, crawled.stderr
    assert f"{len(place.portal.articles)}" in crawled.stdout

    found = json.loads(place.run("search", "kemiskinan", "--json", "--limit", "100").stdout)
    assert found["total"] == len(found["hits"]) > 5

    alerted = place.run("alerts")
    assert (alerted.returncode, alerted.stderr) == (0, "")
    (message,) = place.sink.taken
    body = message.get_body(("plain",))
    assert body
    assert "miskin*" in body.get_content()
    assert place.run("alerts").returncode == 0
    assert len(place.sink.taken) == 1


def test_all_readable_articles_are_stored_and_the_broken_ones_told(place: Place) -> None:
    crawled = place.run("crawl", "contoh", *SINCE)
    stored = place.scalars(sa.select(articles.c.url))
    assert sorted(stored) == sorted(each.url for each in place.portal.articles)
    for address in place.portal.broken:
        assert address in crawled.stderr
    assert "Traceback" not in crawled.stderr


def test_a_second_crawl_fetches_only_what_is_new(place: Place) -> None:
    place.run("crawl", "contoh")
    before = len(place.portal.requests)
    place.run("crawl", "contoh")
    again = place.portal.requests[before:]
    read = {path for path, status in again if status == 200 and path.startswith("/berita/")}
    good = {each.url.removeprefix(place.portal.address) for each in place.portal.articles}
    assert read & good == set()
    assert {status for path, status in again if path == "/rss/terkini.xml"} == {304}


def test_a_change_is_a_revision_and_what_is_new_is_told(place: Place) -> None:
    place.run("subscribe", "warga@example.org", "kemiskinan")
    place.run("crawl", "contoh")
    place.run("alerts")
    place.portal.update()
    crawled = place.run("crawl", "contoh", "--recheck")
    row = next(line.split() for line in crawled.stdout.splitlines() if line.startswith("contoh"))
    assert row[2:4] == ["1", "1"]
    assert len(place.scalars(sa.select(revisions.c.title))) == 1
    place.run("alerts")
    assert len(place.sink.taken) == 2


def test_scrapy_works_from_the_checkout_and_exports_articles(place: Place) -> None:
    checkout = Path(__file__).parents[1]
    command = [
        str(Path(sys.executable).parent / "scrapy"),
        "crawl",
        "contoh",
        "-O",
        f"{place.folder}/out.jsonl",
    ]
    environment = {**os.environ, **place.environment}
    subprocess.run(command, cwd=checkout, env=environment, check=True, capture_output=True, timeout=120)
    rows = [json.loads(line) for line in (place.folder / "out.jsonl").read_text().splitlines()]
    assert {row["url"] for row in rows} == set(place.scalars(sa.select(articles.c.url)))
    assert all(row["published"].endswith("+07:00") and row["paragraphs"] for row in rows)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [("antara_banten", "Set PANTAU_CONTACT to an e-mail"), ("nope", "There is no source 'nope'")],
)
def test_scrapy_tells_in_a_sentence_why_it_does_not_crawl(place: Place, key: str, sentence: str) -> None:
    command = [str(Path(sys.executable).parent / "scrapy"), "crawl", key]
    environment = {**os.environ, **place.environment, "PANTAU_CONTACT": ""}
    checkout = Path(__file__).parents[1]
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    (told,) = done.stderr.splitlines()
    assert told.startswith(sentence)


def test_a_crawl_killed_again_and_again_loses_nothing(place: Place) -> None:
    for stop_after in (3, 8, 15, 25):
        process = place.start("crawl", "contoh", *SINCE)
        place.wait_until(partial(place.has_asked_for, stop_after, process))
        process.kill()
        process.communicate()
    assert place.run("crawl", "contoh", *SINCE).returncode == 0
    stored = place.scalars(sa.select(articles.c.url))
    assert sorted(stored) == sorted(each.url for each in place.portal.articles)
    assert set(place.scalars(sa.select(runs.c.result))) <= {"interrupted", "incomplete"}


def test_two_crawls_of_one_source_do_not_run_at_once(place: Place) -> None:
    with_delay = (place.folder / "sources" / "contoh.toml").read_text().replace("delay = 0", "delay = 1")
    (place.folder / "sources" / "contoh.toml").write_text(with_delay)
    first = place.start("crawl", "contoh")
    place.wait_until(lambda: len(place.portal.requests) > 0)
    second = place.run("crawl", "contoh")
    first.kill()
    first.communicate()
    assert second.returncode == 1
    assert "is being crawled by another process" in second.stderr


def test_run_keeps_the_path_going_until_sigterm(place: Place) -> None:
    place.run("subscribe", "warga@example.org", "kemiskinan")
    process = place.start("run", "contoh")
    place.wait_until(lambda: len(place.sink.taken) > 0)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "Stopped." in out
    assert place.scalars(sa.select(runs.c.result)) == ["incomplete"]
    status = place.run("status").stdout
    assert "incomplete" in status
    assert "in 59 min" in status or "in 1 h" in status


def test_run_carries_on_after_a_kill(place: Place) -> None:
    place.run("subscribe", "warga@example.org", "kemiskinan")
    for stop_after in (5, 12):
        process = place.start("run", "contoh")
        place.wait_until(partial(place.has_asked_for, stop_after, process))
        process.kill()
        process.communicate()
    process = place.start("run", "contoh")
    place.wait_until(lambda: len(place.sink.taken) > 0)
    process.terminate()
    process.communicate(timeout=30)
    place.run("crawl", "contoh")
    place.run("alerts")
    stories = place.scalars(sa.select(matches.c.story_id))
    assert len(stories) == len(set(stories))
    assert len({each["Message-ID"] for each in place.sink.taken}) == len(place.sink.taken)


def test_a_search_can_be_narrowed_and_sorted(place: Place) -> None:
    place.run("crawl", "contoh", *SINCE)

    def total(*options: str) -> int:
        return int(json.loads(place.run("search", "pemerintah", "--json", *options).stdout)["total"])

    today = f"{place.portal.now:%Y-%m-%d}"
    week_ago = f"{place.portal.now - timedelta(days=7):%Y-%m-%d}"
    everything = total()
    assert 0 < total("--since", week_ago) < everything
    assert (
        total("--since", week_ago) + total("--until", f"{place.portal.now - timedelta(days=8):%Y-%m-%d}")
        == everything
    )
    assert (
        total("--source", "contoh") == total("--until", today) == total("--sort", "relevance") == everything
    )
    assert place.run("search", "x", "--source", "nope").returncode == 1


def test_a_search_shows_date_source_title_passage_and_address(place: Place) -> None:
    place.run("crawl", "contoh", *SINCE)
    shown = place.run("search", 'kemiskinan wilayah:banten OR "tidak ditutup', "--limit", "1").stdout
    assert "Dibaca sebagai" in shown
    assert "*kemiskinan*" in shown.lower()
    assert place.portal.address in shown
    assert re.search(r"^\d+ articles$", shown, re.MULTILINE)


def test_an_article_and_its_changes_can_be_read(place: Place) -> None:
    place.run("crawl", "contoh", *SINCE)
    place.portal.update()
    place.run("crawl", "contoh", "--recheck")
    found = json.loads(place.run("search", "", "--json", "--limit", "100").stdout)["hits"]
    changed = next(str(each["id"]) for each in found if each["url"] == place.portal.changed)
    diff = place.run("article", changed, "--diff").stdout
    assert "[-" in diff
    assert "{+" in diff
    assert "published" in place.run("article", changed).stdout
    assert place.run("article", "9999").returncode == 1


def test_archived_pages_can_be_read_again(place: Place) -> None:
    place.run("crawl", "contoh", *SINCE)
    again = place.run("reread", "contoh")
    row = next(line.split() for line in again.stdout.splitlines() if line.startswith("contoh"))
    assert row[2:5] == ["0", "0", str(len(place.portal.articles))]
