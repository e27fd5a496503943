"""A record in PostgreSQL: several machines at once, a server that goes away, and what people are told of it."""

import multiprocessing
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import machines
import pytest
import servers
import sqlalchemy as sa
from conftest import NOW, make_article, pantau
from servers import Server
from test_path import Place
from test_stories import text

from crawlers.demo.portal import Portal
from crawlers.demo.sink import Sink
from indexer.alerts import digests
from indexer.alerts.matching import match
from indexer.alerts.subscriptions import Rate, subscribe
from indexer.config import Config
from indexer.database import Postgresql, connect
from indexer.errors import PantauError
from indexer.schema import articles, revisions, runs
from indexer.store import Change, Store, add_article
from indexer.stories import assign

ADDRESSES = [f"warga{number}@example.org" for number in range(12)]
PASSWORD = "rahasia-sekali"


@pytest.fixture
def store(postgresql_url: str) -> Iterator[Store]:
    store = Store(postgresql_url).open()
    yield store
    store.close()


@pytest.fixture
def pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(6, multiprocessing.get_context("forkserver")) as pool:
        yield pool


def told(message: EmailMessage) -> list[str]:
    """Addresses of the articles in a mail."""
    body = message.get_body(("plain",))
    assert body
    return re.findall(r"https://\S+/berita/\d+/a", body.get_content())


def test_two_machines_that_store_the_same_articles_store_each_once(
    store: Store, postgresql_url: str, pool: ProcessPoolExecutor
) -> None:
    forwards = range(60)
    both = [pool.submit(machines.add, postgresql_url, numbers) for numbers in (forwards, forwards[::-1])]
    changes = [change for each in both for change in each.result()]
    assert Counter(changes) == {Change.NEW: 60, Change.SAME: 60}
    assert store.count_articles() == 60


def test_an_address_stored_by_another_machine_in_the_same_moment_is_no_error(
    store: Store, postgresql_url: str, pool: ProcessPoolExecutor
) -> None:
    with store.writing() as connection:
        assert add_article(connection, make_article(number=1, title="Warga miskin 1"), NOW) == Change.NEW
        other = pool.submit(machines.add, postgresql_url, [1])
        wait_until_one_waits(store)  # it found nothing, and inserts what we have not committed yet
    assert other.result() == [Change.SAME]


def wait_until_one_waits(store: Store) -> None:
    blocked = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    while True:
        with store.reading() as connection:
            if connection.scalar(blocked):
                return


def test_many_processes_alert_each_subscriber_of_each_article_once(
    store: Store, postgresql_url: str, pool: ProcessPoolExecutor
) -> None:
    for address in ADDRESSES:
        subscribe(store, address, "kemiskinan", "", Rate.IMMEDIATE, NOW)
    with Sink() as sink:
        alerting = [pool.submit(machines.alert, postgresql_url, sink.url, 25) for _ in range(4)]
        adding = [pool.submit(machines.add, postgresql_url, range(n, 48, 2), pause=0.05) for n in (0, 1)]
        assert [len(each.result()) for each in adding] == [24, 24]
        sent = [each.result() for each in alerting]
        sent.append(machines.alert(postgresql_url, sink.url, 1))
        assert sum(sent) == len(sink.taken)
        got = Counter((message["To"], url) for message in sink.taken for url in told(message))
    everything = {make_article(number=number).url for number in range(48)}  # no more than one mail lists
    assert got == Counter((address, url) for address in ADDRESSES for url in everything)


def test_matches_that_wait_are_put_in_one_mail_by_many_processes(
    store: Store, postgresql_url: str, pool: ProcessPoolExecutor
) -> None:
    for number in range(100):
        subscribe(store, f"warga{number}@example.org", "kemiskinan", "", Rate.IMMEDIATE, NOW)
    store.add(make_article(), NOW)
    assert match(store, NOW) == 100
    composing = [pool.submit(machines.compose_all, postgresql_url) for _ in range(4)]
    assert sum(each.result() for each in composing) == 100
    with Sink() as sink:
        sending = [pool.submit(machines.alert, postgresql_url, sink.url, 1) for _ in range(4)]
        assert sum(each.result() for each in sending) == 100
        assert len({each["To"] for each in sink.taken}) == len(sink.taken) == 100


def test_a_match_that_comes_while_a_mail_is_written_waits_for_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(store, "warga@example.org", "kemiskinan", "", Rate.IMMEDIATE, NOW)
    store.add(make_article(number=1, title="Warga miskin"), NOW)
    match(store, NOW)
    late, write = [make_article(number=2, title="Warga miskin lagi")], digests.write_mail

    def write_while_another_comes(*arguments: Any) -> EmailMessage:
        while late:
            store.add(late.pop(), NOW)
            match(store, NOW)
        return write(*arguments)

    monkeypatch.setattr(digests, "write_mail", write_while_another_comes)
    assert [digests.compose(store, Config(), NOW) for _ in range(3)] == [1, 1, 0]


def test_copies_that_two_processes_look_at_at_once_are_one_story(
    store: Store, postgresql_url: str, pool: ProcessPoolExecutor
) -> None:
    for number in range(40):
        store.add(make_article(number=number, paragraphs=(text(number // 2),)), NOW)
    both = [pool.submit(machines.assign_stories, postgresql_url) for _ in range(2)]
    assert sum(each.result() for each in both) == 40
    with store.reading() as connection:
        sizes = sa.select(sa.func.count(articles.c.id)).group_by(articles.c.story_id)
        assert connection.scalars(sizes).all() == [2] * 20


# A server that goes away


def test_a_record_that_goes_away_is_told_and_comes_back(own_postgresql: Server) -> None:
    store = Store(own_postgresql.url).open()
    store.add(make_article(number=1), NOW)
    own_postgresql.stop()
    with pytest.raises(PantauError, match=r"cannot be reached: .*onnection") as caught:
        store.add(make_article(number=2), NOW)
    assert f":{own_postgresql.password}@" not in str(caught.value)
    own_postgresql.start()
    assert store.add(make_article(number=2), NOW) == Change.NEW
    assert store.count_articles() == 2
    store.close()


def test_a_crash_of_the_server_ends_transactions_and_rights(own_postgresql: Server) -> None:
    store, other = Store(own_postgresql.url).open(), Store(own_postgresql.url)
    with store.exclusively("work") as is_ours:
        assert is_ours
        with pytest.raises(PantauError, match="cannot be reached"), store.writing() as connection:
            connection.execute(sa.select(1))
            own_postgresql.stop(crash=True)
            connection.execute(sa.select(1))
        own_postgresql.start()
        with other.exclusively("work") as is_theirs:  # whoever had it cannot know
            assert is_theirs
    assert assign(store) == 0
    store.close()
    other.close()


# What people are told


def trouble(url: str) -> str:
    store = Store(url)
    with pytest.raises(PantauError) as caught:
        store.open()
    store.close()
    return str(caught.value)


def test_a_wrong_password_is_told_and_not_shown(postgresql: Server) -> None:
    sentence = trouble(postgresql.url.replace(f":{postgresql.password}@", f":{PASSWORD}@"))
    assert "cannot be reached" in sentence
    assert "password authentication failed" in sentence
    assert PASSWORD not in sentence
    assert "\n" not in sentence


def test_a_database_that_does_not_exist_is_told(postgresql: Server) -> None:
    assert 'database "nope" does not exist' in trouble(postgresql.url.rpartition("/")[0] + "/nope")


def test_a_database_that_cannot_hold_all_texts_is_told(postgresql: Server) -> None:
    with servers.connect(postgresql) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        assert "is encoded in LATIN1" in trouble(postgresql.url.rpartition("/")[0] + "/latin")
        connection.execute("DROP DATABASE latin WITH (FORCE)")


def test_a_user_who_may_not_make_tables_is_told(postgresql: Server, postgresql_url: str) -> None:
    database = connect(postgresql_url)
    with database.engine.begin() as connection:
        connection.execute(sa.text(f"CREATE ROLE tamu LOGIN PASSWORD '{PASSWORD}'"))
    url = postgresql_url.replace(f"{postgresql.user}:{postgresql.password}@", f"tamu:{PASSWORD}@")
    assert "cannot be used: permission denied" in trouble(url)
    with database.engine.begin() as connection:
        connection.execute(sa.text("DROP ROLE tamu"))
    database.engine.dispose()


def test_options_of_an_address_are_not_shown() -> None:
    database = connect(f"postgresql+psycopg://a:{PASSWORD}@localhost/x?sslpassword={PASSWORD}")
    assert isinstance(database, Postgresql)
    assert database.where == "postgresql+psycopg://a:***@localhost/x"


# The commands


def test_the_commands_work_on_the_record_that_the_setting_names(
    store: Store, postgresql_url: str, tmp_path: Path
) -> None:
    store.name_source("antara_banten", "ANTARA Banten", "https://banten.antaranews.com")
    store.add(make_article(), NOW)
    environment = {"PANTAU_DATABASE_URL": postgresql_url, "PANTAU_DATA": str(tmp_path)}
    with Sink() as sink:
        environment["PANTAU_SMTP_URL"] = sink.url
        for arguments, answer in (
            (("subscribe", "warga@example.org", "kemiskinan"), "warga@example.org"),
            (("subscriptions",), "kemiskinan"),
            (("search", "kemiskinan"), "Lebak menekan"),
            (("article", "1"), "Pemerintah Kabupaten Lebak"),
            (("alerts",), "1 sent"),
            (("outbox",), "status"),
            (("status",), "1 sent"),
        ):
            done = pantau(*arguments, **environment)
            assert (done.returncode, done.stderr) == (0, ""), arguments
            assert answer in done.stdout
        assert [each["To"] for each in sink.taken] == ["warga@example.org"]


def test_a_crawl_fills_the_record_and_only_one_at_a_time(
    store: Store, postgresql_url: str, tmp_path: Path
) -> None:
    with Portal() as portal, Sink() as sink:
        place = Place(tmp_path, portal, sink)
        place.environment["PANTAU_DATABASE_URL"] = postgresql_url
        with store.exclusively("crawl-contoh"):
            refused = place.run("crawl", "contoh")
        assert "is being crawled by another process" in refused.stderr
        assert place.run("crawl", "contoh", "--since", "2020-01-01").returncode == 0
        portal.update()
        place.run("crawl", "contoh", "--recheck")
    with store.reading() as connection:
        stored = connection.scalars(sa.select(articles.c.url)).all()
        changed = connection.scalars(sa.select(revisions.c.id)).all()
        results = connection.scalars(sa.select(runs.c.result).order_by(runs.c.id)).all()
    assert sorted(stored) == sorted(each.url for each in portal.articles)
    assert len(changed) == 1
    assert results == ["incomplete", "incomplete"]


def test_a_record_that_is_away_is_told_in_a_sentence(tmp_path: Path) -> None:
    url = f"postgresql://a:{PASSWORD}@127.0.0.1:1/x"
    done = pantau("status", PANTAU_DATABASE_URL=url, PANTAU_DATA=str(tmp_path))
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert PASSWORD not in done.stdout + done.stderr
