"""Matching: a story answers a subscription once, exactly where a search would find it."""

import sqlalchemy as sa
from conftest import NOW, make_article

from indexer.alerts.matching import match
from indexer.alerts.subscriptions import Rate, subscribe, unsubscribe
from indexer.schema import matches
from indexer.store import Store

TEXT = tuple(
    f"Kalimat nomor {n} menceritakan pengentasan warga miskin di Kabupaten Lebak oleh pemerintah daerah setempat."
    for n in range(12)
)


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
