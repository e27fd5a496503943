"""The record: new, changed and same; revisions; runs; and the sentences for a record that cannot be used."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from conftest import NOW, make_article

from indexer.errors import PantauError
from indexer.schema import articles, metadata, pages, revisions, runs, sources
from indexer.store import Change, Failure, Result, Store


@pytest.fixture
def store(any_store: Store) -> Store:
    """What holds here holds for a record in SQLite and in PostgreSQL."""
    return any_store


def only(store: Store) -> sa.Row[tuple[object, ...]]:
    with store.reading() as connection:
        return connection.execute(sa.select(articles)).one()


def test_an_unknown_address_is_new(store: Store) -> None:
    assert store.add(make_article(), NOW) == Change.NEW


def test_the_same_article_is_same(store: Store) -> None:
    store.add(make_article(), NOW)
    assert store.add(make_article(), NOW) == Change.SAME
    assert only(store).revision == 1


def test_a_changed_text_is_changed_and_keeps_the_old_one(store: Store) -> None:
    store.add(make_article(), NOW)
    assert store.add(make_article(paragraphs=("Baru.",)), NOW + timedelta(hours=1)) == Change.CHANGED
    with store.reading() as connection:
        kept = connection.execute(sa.select(revisions)).one()
    assert (kept.revision, kept.text) == (1, make_article().text)
    assert (only(store).revision, only(store).text) == (2, "Baru.")


def test_a_photo_nobody_reads_is_taken_over_without_a_revision(store: Store) -> None:
    store.add(make_article(), NOW)
    assert store.add(make_article(image="https://x/y.jpg"), NOW) == Change.SAME
    assert only(store).image == "https://x/y.jpg"
    with store.reading() as connection:
        assert connection.execute(sa.select(revisions)).all() == []


def test_an_article_comes_back_as_it_went_in(store: Store) -> None:
    store.add(make_article(), NOW)
    stored = store.article(1)
    assert stored
    assert stored.article == make_article()
    assert stored.article.published.utcoffset() == timedelta(hours=7)


def test_articles_come_in_the_order_asked_for(store: Store) -> None:
    for number in range(3):
        store.add(make_article(number=number), NOW)
    assert [each.id for each in store.articles([3, 1, 99])] == [3, 1]


def test_new_and_changed_articles_are_behind_until_they_are_marked(store: Store) -> None:
    store.add(make_article(), NOW)
    first = store.behind("indexed_revision", 10)
    store.mark_indexed(first, {})
    assert store.behind("indexed_revision", 10) == []
    store.add(make_article(title="Lain"), NOW)
    assert [each.revision for each in store.behind("indexed_revision", 10)] == [2]


def test_a_late_mark_does_not_hide_a_newer_revision(store: Store) -> None:
    store.add(make_article(), NOW)
    first = store.behind("indexed_revision", 10)
    store.add(make_article(title="Lain"), NOW)
    store.mark_indexed(first, {})
    assert [each.revision for each in store.behind("indexed_revision", 10)] == [2]


def test_what_is_no_news_is_not_matched_but_indexed(store: Store) -> None:
    store.add(make_article(), NOW, is_news=False)
    assert store.behind("matched_revision", 10) == []
    assert len(store.behind("indexed_revision", 10)) == 1


def test_a_run_that_a_crash_left_open_is_closed_by_the_next(store: Store) -> None:
    store.start_run("a", NOW)
    second = store.start_run("a", NOW)
    store.finish_run(second, Result.OK, {"pages": 3, "new": 2}, NOW)
    with store.reading() as connection:
        assert list(connection.scalars(sa.select(runs.c.result).order_by(runs.c.id))) == ["interrupted", "ok"]
    assert (store.last_runs()["a"].pages, store.last_runs()["a"].new) == (3, 2)


def test_failures_of_a_run_are_kept_in_order(store: Store) -> None:
    run = store.start_run("a", NOW)
    for url in ("x", "y"):
        store.add_failure(run, Failure(url, "dns", "unknown"), NOW)
    assert [each.url for each in store.failures(run)] == ["x", "y"]


def test_a_source_can_be_renamed(store: Store) -> None:
    store.name_source("a", "A", "https://a")
    store.name_source("a", "B", "https://a")
    assert store.source_names() == {"a": "B"}


def test_only_one_has_a_right_at_a_time(store: Store) -> None:
    with store.exclusively("work") as first, store.exclusively("work") as second:
        assert (first, second) == (True, False)
    with store.exclusively("work") as again:
        assert again


def test_migrations_make_the_schema_that_the_code_expects(store: Store) -> None:
    with store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_opening_twice_changes_nothing(store: Store, database_url: str) -> None:
    store.add(make_article(), NOW)
    Store(database_url).open().close()
    assert only(store).id == 1


def test_opening_waits_for_no_writer(store: Store, database_url: str) -> None:
    with store.writing() as connection:
        connection.execute(sa.insert(sources).values(key="a", name="A", home="https://a"))
        Store(database_url).open().close()


def test_a_record_of_a_newer_pantau_is_told_in_a_sentence(store: Store, database_url: str) -> None:
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    newer = Store(database_url)
    with pytest.raises(PantauError, match="newer version of Pantau"):
        newer.open()
    newer.close()


OPEN = "import sys; from indexer.store import Store; Store(sys.argv[1]).open().close()"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_many_processes_may_open_a_new_record_at_once(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = (
        f"sqlite:///{tmp_path}/new/pantau.db"
        if kind == "sqlite"
        else request.getfixturevalue("postgresql_url")
    )
    started = [subprocess.Popen([sys.executable, "-c", OPEN, url]) for _ in range(4)]
    assert [each.wait() for each in started] == [0, 0, 0, 0]


def test_a_locked_record_is_told_in_a_sentence(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.database.BUSY_MILLISECONDS", 1)
    hasty = Store(database_url)
    store.add(make_article(), NOW)
    with store.writing() as connection:
        connection.execute(sa.update(articles).values(title="Lain"))
        with pytest.raises(PantauError, match="another program has kept it locked"):
            hasty.add(make_article(), NOW)
    hasty.close()


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "pantau.db").write_bytes(b"no database, just bytes" * 100)
    with pytest.raises(PantauError, match="is broken"):
        Store(f"sqlite:///{tmp_path}/pantau.db").open()


def test_a_full_disk_is_told_in_a_sentence_and_loses_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/pantau.db"
    full = Store(url).open()
    full.add(make_article(), NOW)
    full.close()
    sa.event.listen(full._engine, "connect", lambda each, _: each.execute("PRAGMA max_page_count = 1"))
    with pytest.raises(PantauError, match="the disk is full"):  # SQLite's own answer, at a limit we set
        full.add(make_article(number=2, paragraphs=("panjang " * 100_000,)), NOW)
    full.close()
    assert len(Store(url).articles([1, 2])) == 1


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PantauError, match="cannot be opened"):
        Store(f"sqlite:///{tmp_path}/file/pantau.db").open()


def test_a_broken_transaction_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.writing() as connection:
        connection.execute(sa.insert(pages).values(source="a", url="b", role="article", found_at=NOW))
        raise RuntimeError
    with store.reading() as connection:
        assert connection.execute(sa.select(pages)).all() == []


HOSTILE = "a\x00b\ud800c"


def test_what_no_database_keeps_as_text_is_replaced_and_the_article_stays_the_same(store: Store) -> None:
    hostile = make_article(
        url=f"https://x/{HOSTILE}", title=HOSTILE, paragraphs=(HOSTILE,), authors=(HOSTILE,), editor=HOSTILE
    )
    assert [store.add(hostile, NOW) for _ in range(2)] == [Change.NEW, Change.SAME]
    stored = store.article(1)
    assert stored
    assert {stored.article.title, stored.article.text, *stored.article.authors, stored.article.editor} == {
        "a\ufffdb\ufffdc"
    }
    assert stored.article.digest == only(store).digest


def test_a_failure_with_hostile_bytes_is_kept(store: Store) -> None:
    run = store.start_run("a", NOW)
    store.add_failure(run, Failure(HOSTILE, "layout", HOSTILE), NOW)
    assert store.failures(run) == [Failure("a\ufffdb\ufffdc", "layout", "a\ufffdb\ufffdc")]


@pytest.mark.parametrize("id", [0, -1, 2**31, 2**63, 10**30])
def test_an_id_that_no_article_can_have_is_unknown(store: Store, id: int) -> None:
    assert store.article(id) is None


def test_a_right_ends_with_its_process(store: Store, database_url: str) -> None:
    code = (
        "import sys, time; from indexer.store import Store\n"
        "with Store(sys.argv[1]).exclusively('work') as is_ours: print(is_ours, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, database_url], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"True\n"
        with store.exclusively("work") as is_ours:
            assert not is_ours
        holder.kill()
    with store.exclusively("work", wait=True) as is_ours:  # the server may notice a moment later
        assert is_ours


def test_a_reader_sees_one_moment(store: Store) -> None:
    with store.reading() as connection:
        before = connection.scalar(sa.select(sa.func.count()).select_from(articles))
        store.add(make_article(), NOW)
        assert connection.scalar(sa.select(sa.func.count()).select_from(articles)) == before
    assert only(store).id == 1
