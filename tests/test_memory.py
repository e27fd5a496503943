"""Memory: what is fetched, when it is fetched again, and what is given up."""

from datetime import datetime, timedelta

import pytest
from conftest import NOW

from crawlers.memory import RECHECK_DAYS, RETRIES, Due, Memory, Validators, next_look
from indexer.store import Store

LIST = "https://x/terkini"
HOUR = timedelta(hours=1)


@pytest.fixture
def memory(store: Store) -> Memory:
    return Memory(store, "x")


def read(memory: Memory, url: str, validators: Validators, published: datetime, now: datetime) -> None:
    with memory._store.writing() as connection:
        memory.read(connection, [(url, validators, published)], now)


def due(memory: Memory, now: datetime, recheck: bool = False) -> list[str]:
    return [each.url for each in memory.due(now, recheck=recheck)]


def test_a_listing_gives_its_new_articles_once(memory: Memory) -> None:
    assert memory.listed(LIST, ["a", "b", "a"], Validators(), NOW) == ["a", "b"]
    assert memory.listed(LIST, ["c", "b"], Validators(), NOW) == ["c"]


def test_what_a_listing_named_stays_due_until_it_is_read(memory: Memory) -> None:
    memory.listed(LIST, ["a", "b"], Validators(), NOW)
    read(memory, "a", Validators(), NOW, NOW)
    assert due(memory, NOW) == ["b"]


def test_a_listing_is_remembered_with_its_validators(memory: Memory) -> None:
    memory.listed(LIST, ["a"], Validators('"1"', "Mon"), NOW)
    assert memory.validators(LIST) == Validators('"1"', "Mon")
    assert memory.validators("https://x/other") == Validators()


def test_each_source_has_its_own_memory(memory: Memory, store: Store) -> None:
    memory.listed(LIST, ["a"], Validators('"1"'), NOW)
    other = Memory(store, "y")
    assert not other.knows_any()
    assert other.validators(LIST) == Validators()
    assert other.listed(LIST, ["a"], Validators(), NOW) == ["a"]


def test_a_young_article_is_looked_at_again(memory: Memory) -> None:
    read(memory, "a", Validators(), NOW, NOW)
    assert due(memory, NOW) == []
    assert due(memory, NOW + HOUR) == ["a"]


def test_recheck_asks_for_all_that_are_followed(memory: Memory) -> None:
    read(memory, "young", Validators(), NOW, NOW)
    read(memory, "old", Validators(), NOW - timedelta(days=30), NOW)
    assert due(memory, NOW, recheck=True) == ["young"]


def test_looks_grow_rarer_with_age_and_end() -> None:
    waits = []
    now = NOW
    while (again := next_look(NOW, now)) is not None:
        waits.append(again - now)
        now = again
    assert waits == sorted(waits)
    assert 5 < len(waits) < 30
    assert now - NOW > timedelta(days=RECHECK_DAYS)


def test_an_unchanged_page_keeps_its_validators(memory: Memory) -> None:
    read(memory, "a", Validators('"1"'), NOW, NOW)
    memory.unchanged("a", NOW + HOUR)
    assert memory.validators("a") == Validators('"1"')
    assert due(memory, NOW + HOUR) == []


def test_a_failed_page_is_tried_at_the_next_crawl_then_later_and_later(memory: Memory) -> None:
    memory.listed(LIST, ["a"], Validators(), NOW)
    for wait in RETRIES:
        memory.failed("a", NOW)
        assert due(memory, NOW + wait) == ["a"]
        if wait:
            assert due(memory, NOW + wait - timedelta(seconds=1)) == []
    memory.failed("a", NOW)
    assert due(memory, NOW + timedelta(days=999)) == []


def test_what_is_gone_for_good_is_not_asked_for_again(memory: Memory) -> None:
    memory.listed(LIST, ["a"], Validators(), NOW)
    memory.failed("a", NOW, for_good=True)
    assert due(memory, NOW + timedelta(days=999)) == []
    assert memory.listed(LIST, ["a"], Validators(), NOW) == []


def test_articles_that_are_due_come_in_parts_and_none_twice(memory: Memory) -> None:
    memory.listed(LIST, ["c", "a"], Validators(), NOW)
    memory.listed(LIST, ["b"], Validators(), NOW + HOUR)
    found: list[Due] = []
    while part := memory.due(NOW + HOUR, after=found[-1] if found else None, limit=1):
        found += part
        memory.failed(part[0].url, NOW + HOUR)
    assert [each.url for each in found] == ["a", "c", "b"]
    assert due(memory, NOW + HOUR) == ["a", "c", "b"]


def test_an_article_that_is_due_again_is_asked_for_by_its_version(memory: Memory) -> None:
    read(memory, "a", Validators('"1"', "Mon"), NOW, NOW)
    (found,) = memory.due(NOW + HOUR)
    assert found.validators.headers == {"If-None-Match": '"1"', "If-Modified-Since": "Mon"}


def test_the_way_back_is_remembered_for_each_date(memory: Memory) -> None:
    since = NOW - timedelta(days=100)
    memory.listed(LIST, ["a"], Validators(), NOW)
    memory.page_back(LIST, f"{LIST}/2", since, NOW)
    assert memory.unread(since) == {f"{LIST}/2"}
    assert memory.unread(since - HOUR) == set()
    memory.page_back(f"{LIST}/2", f"{LIST}/3", since, NOW)
    assert memory.unread(since) == {f"{LIST}/3"}
    memory.page_back(f"{LIST}/3", None, since, NOW)
    assert memory.unread(since) == set()
    assert due(memory, NOW) == ["a"]


def test_more_addresses_are_known_than_one_statement_takes(memory: Memory) -> None:
    urls = [str(number) for number in range(1200)]
    assert memory.listed(LIST, urls, Validators(), NOW) == urls
    assert memory.listed(LIST, [*urls, "new"], Validators(), NOW) == ["new"]


def test_success_forgives_failures(memory: Memory) -> None:
    memory.failed("a", NOW)
    memory.failed("a", NOW)
    read(memory, "a", Validators(), NOW, NOW)
    memory.failed("a", NOW)
    assert due(memory, NOW) == ["a"]
