"""Stories: copies are found, and only copies."""

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa
from conftest import NOW, make_article

from indexer.schema import articles
from indexer.store import Store
from indexer.stories import assign


@pytest.fixture
def store(any_store: Store) -> Store:
    """What holds here holds for a record in SQLite and in PostgreSQL."""
    return any_store


VOCABULARY = [
    a + b + c for a in ("ba", "pe", "mi", "tu") for b in ("ra", "so", "li", "nu") for c in ("ng", "k", "t")
]


def text(seed: int, words: int = 150) -> str:
    chosen = random.Random(seed)
    return " ".join(chosen.choice(VOCABULARY) for _ in range(words))


def stories(store: Store) -> list[int]:
    assign(store)
    with store.reading() as connection:
        return list(connection.scalars(sa.select(articles.c.story_id).order_by(articles.c.id)))


def add(store: Store, number: int, body: str, **fields: object) -> None:
    store.add(make_article(number=number, paragraphs=(body,), **fields), NOW)


def test_each_text_is_its_own_story(store: Store) -> None:
    for number in range(1, 4):
        add(store, number, text(number))
    assert stories(store) == [1, 2, 3]


def test_an_edited_copy_joins_the_first(store: Store) -> None:
    add(store, 1, text(1))
    add(store, 2, "Jakarta melaporkan. " + text(1).replace("bara", "pera", 2) + " Demikian.")
    assert stories(store) == [1, 1]


def test_a_copy_of_a_copy_joins_the_first(store: Store) -> None:
    add(store, 1, text(1))
    add(store, 2, text(1)[40:])
    assign(store)
    add(store, 3, text(1)[60:])
    assert stories(store) == [1, 1, 1]


def test_a_shortened_copy_joins_the_first(store: Store) -> None:
    add(store, 1, text(1, 300))
    add(store, 2, " ".join(text(1, 300).split()[:120]))
    assert stories(store) == [1, 1]


def test_the_same_text_a_year_later_is_a_new_story(store: Store) -> None:
    add(store, 1, text(1))
    add(store, 2, text(1), published=NOW + timedelta(days=365))
    assert stories(store) == [1, 2]


def test_short_texts_are_not_judged_by_chance(store: Store) -> None:
    add(store, 1, "Warga Lebak membaca berita pagi ini.")
    add(store, 2, "Warga Lebak membaca berita pagi ini.")
    assert stories(store) == [1, 2]


def test_an_assigned_story_stays(store: Store) -> None:
    add(store, 1, text(1))
    assert (assign(store), assign(store)) == (1, 0)
