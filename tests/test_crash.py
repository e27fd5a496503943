"""A process killed between any two steps loses nothing and sends nothing twice."""

import multiprocessing
import os
from contextlib import ExitStack
from pathlib import Path

import crash
import pytest
import sqlalchemy as sa
from conftest import NOW, copied_database, make_article

from crawlers.demo.sink import Sink
from indexer.alerts.mail import Status
from indexer.alerts.subscriptions import Rate, subscribe
from indexer.schema import outbox
from indexer.store import Store

SURVIVED, KILLED = 0, 137
MAX_STEPS = 100
os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # where the fork server finds what it loads ahead
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["crash"])


def run(url: str, sink: Sink, killed_before: int = 0) -> int | None:
    process = _processes.Process(target=crash.alert, args=(url, sink.url, killed_before))
    process.start()
    process.join(60)
    return process.exitcode


def prepare(url: str) -> str:
    store = Store(url).open()
    for address in ("a@example.org", "b@example.org"):
        subscribe(store, address, "kemiskinan", "", Rate.IMMEDIATE, NOW)
    for number in (1, 2):
        store.add(make_article(number=number, title=f"Warga miskin {number}"), NOW)
    store.close()
    return url


def unclear(url: str) -> list[str]:
    store = Store(url)
    with store.reading() as connection:
        found = list(
            connection.scalars(sa.select(outbox.c.recipient).where(outbox.c.status == Status.UNCLEAR))
        )
    store.close()
    return found


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[int, list[str], list[str]]]:
    """For each step: its number, the recipients the server took mail for, and those held as unclear."""
    found = []
    for step in range(1, MAX_STEPS):
        with ExitStack() as stack:
            if request.param == "sqlite":
                url = f"sqlite:///{tmp_path_factory.mktemp('crash')}/pantau.db"
            else:
                url = stack.enter_context(copied_database(request.getfixturevalue("migrated"))).url
            prepare(url)
            sink = stack.enter_context(Sink())
            ending = run(url, sink, killed_before=step)
            assert run(url, sink) == SURVIVED
            assert run(url, sink) == SURVIVED
            found.append((step, sorted(each["To"] for each in sink.taken), unclear(url)))
        if ending == SURVIVED:
            break
    return found


def test_every_step_was_cut(outcomes: list[tuple[int, list[str], list[str]]]) -> None:
    assert 15 < len(outcomes) < MAX_STEPS - 1


def test_no_cut_sends_anything_twice(outcomes: list[tuple[int, list[str], list[str]]]) -> None:
    assert [step for step, taken, _ in outcomes if len(taken) != len(set(taken))] == []


def test_no_cut_loses_a_mail(outcomes: list[tuple[int, list[str], list[str]]]) -> None:
    everyone = {"a@example.org", "b@example.org"}
    assert [step for step, taken, held in outcomes if set(taken) | set(held) != everyone] == []


def test_only_a_cut_around_the_last_line_is_unclear(outcomes: list[tuple[int, list[str], list[str]]]) -> None:
    """Two mails, each with two such moments: before its last line goes out and before the answer is noted."""
    assert len([step for step, _, held in outcomes if held]) == 4


def test_two_at_once_send_each_mail_once(database_url: str) -> None:
    url = prepare(database_url)
    with Sink() as sink:
        both = [_processes.Process(target=crash.alert, args=(url, sink.url, 0)) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join(60)
        assert [each.exitcode for each in both] == [0, 0]
        assert run(url, sink) == SURVIVED
        assert sorted(each["To"] for each in sink.taken) == ["a@example.org", "b@example.org"]
