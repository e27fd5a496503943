"""What pages ask of the record, in SQLite and in PostgreSQL."""

from datetime import date, timedelta

import pytest
from conftest import NOW, make_article

from indexer import stories
from indexer.store import Result, Store
from indexer.web.record import copies, copies_of, followed, headlines, one_a_story, versions

TEXT = tuple(f"Warga desa nomor {number} di Lebak menerima bantuan tunai pagi ini." for number in range(9))


@pytest.fixture
def store(any_store: Store) -> Store:
    return any_store


def test_headlines_come_in_the_order_asked_for(store: Store) -> None:
    for number in range(3):
        store.add(make_article(number=number), NOW)
    assert [each.title for each in headlines(store, [3, 1, 99, 2])] == [
        f"Berita nomor {n}" for n in (2, 0, 1)
    ]
    assert headlines(store, []) == []


def test_a_headline_keeps_the_zone_of_its_source(store: Store) -> None:
    store.add(make_article(), NOW)
    [found] = headlines(store, [1])
    assert (found.published, found.published.tzname(), found.place) == (NOW, "WIB", "Lebak")


def test_copies_are_the_others_of_the_story(store: Store) -> None:
    for number in range(4):
        published = NOW - timedelta(hours=number)
        store.add(make_article(number=number, paragraphs=TEXT, published=published), NOW)
    stories.assign(store)
    assert [each.id for each in copies(store, 2, 1, 10)] == [4, 3, 1]
    assert [each.id for each in copies(store, 2, 1, 1)] == [4]
    assert copies(store, 2, None, 10) == []
    with store.reading() as connection:
        assert [each.id for each in copies_of(connection, [1], [3], 10)] == [4, 2, 1]


def test_of_each_story_the_first_stays_in_its_place(store: Store) -> None:
    for number, text in enumerate((TEXT, ("Lain sama sekali.",), TEXT, ("Yang ketiga.",))):
        store.add(make_article(number=number, paragraphs=text), NOW)
    stories.assign(store)
    assert [each.id for each in one_a_story(headlines(store, [1, 2, 3, 4]))] == [1, 2, 4]
    assert [each.id for each in one_a_story(headlines(store, [4, 3, 2, 1]))] == [4, 3, 2]


def test_versions_come_the_latest_first(store: Store) -> None:
    for number in range(4):
        store.add(make_article(title=f"Judul {number}", editor=f"E{number}"), NOW)
    assert [each.title for each in versions(store, 1, 2)] == ["Judul 2", "Judul 1"]
    assert versions(store, 1, 1)[0].details["editor"] == "E2"


def test_what_is_known_of_sources(store: Store) -> None:
    store.name_source("a_b", "Zebra", "https://a.example")
    store.name_source("c_d", "Anoa", "https://c.example")
    for number, ago in enumerate((0, 0, 3, 90)):
        published = NOW - timedelta(days=ago)
        store.add(make_article(number=number, source="a_b", published=published, kind="press"), NOW)
    store.finish_run(store.start_run("a_b", NOW), Result.FAILED, {}, NOW)
    first, second = followed(store, NOW - timedelta(days=60))
    assert (first.name, first.articles, first.last, first.days, first.run) == ("Anoa", 0, None, {}, None)
    assert (second.name, second.articles, second.last, second.kind) == ("Zebra", 4, NOW, "press")
    assert second.days == {date(2026, 11, 24): 2, date(2026, 11, 21): 1}
    assert second.run
    assert second.run.is_bad
