"""The schedule: when a source is due."""

from datetime import UTC, datetime, timedelta

import pytest
from conftest import NOW

from crawlers.schedule import Schedule, next_run
from crawlers.source import load_source
from indexer.store import Result, Store

SOURCE = load_source("antara_banten")


def run_row(store: Store, minutes_ago: int, result: Result | None) -> object:
    run = store.start_run(SOURCE.key, NOW - timedelta(minutes=minutes_ago))
    if result:
        store.finish_run(run, result, {}, NOW)
    return store.last_runs()[SOURCE.key]


def test_a_source_never_crawled_is_due() -> None:
    assert next_run(SOURCE, None, NOW) == NOW


@pytest.mark.parametrize("result", [Result.OK, Result.INCOMPLETE, Result.FAILED])
def test_a_source_is_due_an_interval_after_its_last_run_began(store: Store, result: Result) -> None:
    last = run_row(store, 5, result)
    assert next_run(SOURCE, last, NOW) == NOW + timedelta(minutes=SOURCE.every - 5)  # type: ignore[arg-type]


def test_a_missed_time_is_made_up_for_once(store: Store) -> None:
    assert next_run(SOURCE, run_row(store, 999, Result.OK), NOW) == NOW  # type: ignore[arg-type]


@pytest.mark.parametrize("result", [Result.INTERRUPTED, None])
def test_a_run_cut_short_goes_on_at_once(store: Store, result: Result | None) -> None:
    assert next_run(SOURCE, run_row(store, 1, result), NOW) == NOW  # type: ignore[arg-type]


def test_of_two_machines_one_crawls(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(Schedule, "begin", lambda _, source: begun.append(source.key))
    first, second = (Schedule([SOURCE], store, lambda stop: None) for _ in range(2))
    with store.exclusively(f"crawl-{SOURCE.key}"):
        first._begin_due()
    assert begun == []  # another one is at it
    first._begin_due()
    assert begun == [SOURCE.key]
    run = store.start_run(SOURCE.key, datetime.now(UTC))
    store.finish_run(run, Result.OK, {}, datetime.now(UTC))
    second._begin_due()
    assert begun == [SOURCE.key]


def test_a_crawl_that_fails_before_it_is_noted_is_not_begun_again_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(Schedule, "begin", lambda _, source: begun.append(source.key))
    schedule = Schedule([SOURCE], store, lambda stop: None)
    schedule._begin_due()
    schedule._begin_due()
    assert begun == [SOURCE.key]
