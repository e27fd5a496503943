"""Matching: a story answers a subscription once, exactly where a search would find it."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import NOW, make_article

from indexer import stories
from indexer.alerts import matching
from indexer.alerts.matching import match
from indexer.alerts.subscriptions import Rate, erase, subscribe, unsubscribe
from indexer.schema import matches
from indexer.store import Store


@pytest.fixture
def store(any_store: Store) -> Store:
    """What holds here holds for a record in SQLite and in PostgreSQL."""
    return any_store


TEXT = tuple(
    f"Kalimat nomor {n} menceritakan pengentasan warga miskin di Kabupaten Lebak oleh pemerintah daerah setempat."
    for n in range(12)
)


def erase_warga(store: Store, _token: str) -> None:
    erase(store, "warga@example.org")


def add_subscription(store: Store, text: str = "kemiskinan") -> str:
    return subscribe(store, "warga@example.org", text, "", Rate.IMMEDIATE, NOW).token


def matched(store: Store) -> list[int]:
    with store.reading() as connection:
        return list(connection.scalars(sa.select(matches.c.article_id).order_by(matches.c.id)))


def test_an_article_that_answers_is_matched_by_stem(store: Store) -> None:
    add_subscription(store)
    store.add(make_article(title="Warga miskin", number=1), NOW)
    store.add(make_article(title="Pesta panen", number=2), NOW)
    assert match(store, NOW) == 1
    assert matched(store) == [1]


def test_matching_again_finds_nothing(store: Store) -> None:
    add_subscription(store)
    store.add(make_article(), NOW)
    assert (match(store, NOW), match(store, NOW)) == (1, 0)


def test_a_change_is_matched_but_a_story_only_once(store: Store) -> None:
    add_subscription(store)
    store.add(make_article(number=1), NOW)
    assert match(store, NOW) == 0
    store.add(make_article(number=1, title="Kini tentang kemiskinan"), NOW)
    assert match(store, NOW) == 1
    store.add(make_article(number=1, title="Lagi tentang kemiskinan"), NOW)
    assert match(store, NOW) == 0


def test_a_copy_under_another_address_is_the_same_story(store: Store) -> None:
    add_subscription(store)
    store.add(make_article(number=1, paragraphs=TEXT), NOW)
    store.add(make_article(number=2, paragraphs=(*TEXT[1:], "Demikian laporan dari Serang.")), NOW)
    assert match(store, NOW) == 1


def test_a_copy_that_comes_later_is_no_news(store: Store) -> None:
    add_subscription(store)
    store.add(make_article(number=1, paragraphs=TEXT), NOW)
    match(store, NOW)
    store.add(make_article(number=2, paragraphs=TEXT[2:]), NOW)
    assert match(store, NOW) == 0


def test_each_subscriber_of_one_query_is_served(store: Store) -> None:
    for address in ("a@example.org", "b@example.org"):
        subscribe(store, address, "kemiskinan", "", Rate.IMMEDIATE, NOW)
    store.add(make_article(), NOW)
    assert match(store, NOW) == 2


def test_who_has_left_is_not_matched(store: Store) -> None:
    token = add_subscription(store)
    unsubscribe(store, token, NOW)
    store.add(make_article(), NOW)
    assert match(store, NOW) == 0


def test_what_was_matched_before_a_subscription_is_not_news_to_it(store: Store) -> None:
    store.add(make_article(), NOW)
    match(store, NOW)
    add_subscription(store)
    assert match(store, NOW) == 0


def test_more_than_one_batch_is_matched(store: Store, monkeypatch: object) -> None:
    add_subscription(store, "warga")
    for number in range(7):
        store.add(make_article(number=number), NOW)
    import indexer.alerts.matching as module

    module.BATCH, before = 3, module.BATCH
    try:
        assert match(store, NOW) == 7
    finally:
        module.BATCH = before


def test_what_comes_while_matching_waits_for_its_story(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_subscription(store)
    store.add(make_article(number=1, title="Warga miskin"), NOW)
    late, assign = [make_article(number=2, title="Warga miskin lagi")], stories.assign

    def assign_before_another_comes(store: Store) -> int:
        count = assign(store)
        while late:
            store.add(late.pop(), NOW)
        return count

    monkeypatch.setattr(stories, "assign", assign_before_another_comes)
    assert match(store, NOW) == 2


@pytest.mark.parametrize("leave", [lambda store, token: unsubscribe(store, token, NOW), erase_warga])
def test_who_leaves_while_matching_is_not_matched(
    store: Store, leave: Callable[[Store, str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = add_subscription(store)
    subscribe(store, "lain@example.org", "kemiskinan", "", Rate.IMMEDIATE, NOW)
    store.add(make_article(), NOW)
    search = matching._search

    def search_before_somebody_leaves(*arguments: Any) -> list[tuple[int, int]]:
        found = search(*arguments)
        leave(store, token)
        return found

    monkeypatch.setattr(matching, "_search", search_before_somebody_leaves)
    assert match(store, NOW) == 1


def test_matching_is_left_to_the_process_that_is_at_it(store: Store) -> None:
    add_subscription(store)
    store.add(make_article(), NOW)
    with store.exclusively("matching"):
        assert match(store, NOW) == 0
    assert match(store, NOW) == 1
