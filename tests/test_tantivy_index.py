"""The embedded index in its folder: what damages it, who shares it, and that it is made anew."""

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tantivy
from conftest import NOW, make_article

from indexer import index as index_module
from indexer import query, tantivy_index
from indexer.errors import PantauError
from indexer.index import FACETS, Interval, UnusableIndex, analyse, rebuild, sync
from indexer.store import Store, StoredArticle
from indexer.tantivy_index import TantivyIndex


def stored(id: int, revision: int = 1, **fields: Any) -> StoredArticle:
    fields.setdefault("number", id)
    return StoredArticle(id, revision, None, NOW, make_article(**fields))


def find(index: TantivyIndex, wanted: str) -> list[int]:
    return list(index.search(query.parse(wanted, NOW)).ids)


def fill(store: Store, count: int = 3, **fields: Any) -> None:
    for number in range(1, count + 1):
        store.add(make_article(number=number, **fields), NOW)


def opened(store: Store, folder: Path) -> TantivyIndex:
    index = TantivyIndex(folder)
    sync(store, index)
    return index


def part(folder: Path) -> Path:
    return next(folder.glob(f"{tantivy_index.PART}*"))


def test_an_index_is_opened_again_as_it_was(store: Store, tmp_path: Path) -> None:
    fill(store)
    opened(store, tmp_path / "index").close()
    index = TantivyIndex(tmp_path / "index")
    assert (index.info().articles, sync(store, index)) == (3, 0)


def _delete(folder: Path) -> None:
    shutil.rmtree(folder)


def _empty_it(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _write(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        for path in folder.rglob(name):
            path.write_bytes(content)

    return damage


def _truncate(folder: Path) -> None:
    for path in part(folder).iterdir():
        if path.suffix in (".store", ".term", ".idx", ".fast"):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _lose(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        for path in folder.rglob(name):
            path.unlink()

    return damage


def _make_the_part_foreign(folder: Path) -> None:
    own = part(folder)
    shutil.rmtree(own)
    own.mkdir()
    tantivy.Index(tantivy.SchemaBuilder().build(), path=str(own))


def _empty_the_index(folder: Path) -> None:
    shutil.rmtree(folder)
    with TantivyIndex(folder).rebuilding():
        pass


def _lose_the_part(folder: Path) -> None:
    shutil.rmtree(part(folder))


DAMAGES = {
    "deleted": _delete,
    "emptied": _empty_it,
    "no part": _lose_the_part,
    "no meta": _lose("meta.json"),
    "broken meta": _write("meta.json", b"\x00{"),
    "no version": _write("pantau.json", json.dumps({"part": "part-1"}).encode()),
    "a list": _write("pantau.json", b"[]"),
    "broken version": _write("pantau.json", b"\xff"),
    "no name": _lose("pantau.json"),
    "foreign": _make_the_part_foreign,
    "lost segments": _lose("*.term"),
    "truncated": _truncate,
    "empty of this version": _empty_the_index,
    "empty files": _write("*.fast", b""),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_an_index_that_is_gone_or_broken_is_made_anew(
    store: Store, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    fill(store)
    opened(store, tmp_path / "index").close()
    damage(tmp_path / "index")
    index = opened(store, tmp_path / "index")
    assert find(index, "warga") == [3, 2, 1]
    assert index.info().articles == 3
    assert len([*(tmp_path / "index").glob(f"{tantivy_index.PART}*")]) == 1


def test_what_others_put_into_the_folder_stays(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    folder.mkdir()
    tantivy.Index(tantivy.SchemaBuilder().build(), path=str(folder))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    fill(store)
    index = opened(store, folder)
    rebuild(store, index)
    assert find(index, "warga") == [3, 2, 1]
    assert all((folder / name).read_bytes() == content for name, content in before.items())


def test_a_file_in_place_of_the_folder_is_told_and_stays(store: Store, tmp_path: Path) -> None:
    (tmp_path / "index").write_text("bukan indeks")
    with pytest.raises(PantauError, match="cannot be made"):
        opened(store, tmp_path / "index")
    assert (tmp_path / "index").read_text() == "bukan indeks"


def test_an_index_of_another_record_is_made_anew(store: Store, tmp_path: Path) -> None:
    other = Store(f"sqlite:///{tmp_path}/other.db").open()
    fill(other, 3, published=NOW - timedelta(days=3))
    opened(other, tmp_path / "index").close()
    other.close()
    fill(store, 3, published=NOW)
    index = opened(store, tmp_path / "index")
    assert (find(index, "terbit:2026-11-24"), index.info().articles) == ([3, 2, 1], 3)


def test_an_index_of_an_older_backup_is_made_anew(store: Store, tmp_path: Path) -> None:
    fill(store, 2)
    opened(store, tmp_path / "index").close()
    shutil.copytree(tmp_path / "index", tmp_path / "backup")
    fill(store, 4)
    opened(store, tmp_path / "index").close()
    assert opened(store, tmp_path / "backup").info().articles == 4


def test_a_cut_between_put_and_mark_is_made_good(store: Store, tmp_path: Path) -> None:
    index = opened(store, tmp_path / "index")
    fill(store, 3)
    index.put(store.behind("indexed_revision", 2))
    index.close()
    again = TantivyIndex(tmp_path / "index")
    assert again.info().articles == 2
    assert (sync(store, again), again.info().articles) == (3, 3)


def test_a_change_that_is_not_sent_yet_does_not_make_it_another_record(store: Store, tmp_path: Path) -> None:
    fill(store, 2)
    opened(store, tmp_path / "index").close()
    store.add(make_article(number=1, title="Kini", published=NOW + timedelta(days=1)), NOW)
    assert sync(store, TantivyIndex(tmp_path / "index")) == 1


def test_readers_see_what_another_wrote(store: Store, tmp_path: Path) -> None:
    reader, writer = opened(store, tmp_path / "index"), opened(store, tmp_path / "index")
    fill(store, 1)
    assert find(reader, "warga") == []
    sync(store, writer)
    assert find(reader, "warga") == [1]


def test_a_second_writer_is_told(store: Store, tmp_path: Path) -> None:
    first, second = opened(store, tmp_path / "index"), opened(store, tmp_path / "index")
    with first._writing(), pytest.raises(PantauError, match="Another process is writing"):
        second.put([stored(1)])
    second.put([stored(1)])
    assert find(first, "warga") == [1]


def test_an_index_that_breaks_while_it_is_used_is_told_and_made_anew(store: Store, tmp_path: Path) -> None:
    fill(store)
    index = opened(store, tmp_path / "index")
    (part(tmp_path / "index") / "meta.json").write_bytes(b"{")
    with pytest.raises(UnusableIndex, match="is broken"):
        find(index, "warga")
    assert sync(store, index) == 3
    assert find(index, "warga") == [3, 2, 1]


# Rebuilding


def test_the_present_index_is_searched_until_the_new_one_is_complete(store: Store, tmp_path: Path) -> None:
    fill(store)
    index, reader = opened(store, tmp_path / "index"), TantivyIndex(tmp_path / "index")
    old = part(tmp_path / "index")
    found: list[list[int]] = []
    assert rebuild(store, index, lambda _: found.append(find(reader, "warga"))) == 3
    assert found == [[3, 2, 1]]
    assert find(reader, "warga") == [3, 2, 1]
    assert part(tmp_path / "index") != old
    assert sync(store, index) == 0


def test_a_rebuild_that_is_cut_changes_nothing(store: Store, tmp_path: Path) -> None:
    fill(store)
    index = opened(store, tmp_path / "index")
    old = part(tmp_path / "index")

    def cut(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(store, index, cut)
    assert part(tmp_path / "index") == old
    assert (find(index, "warga"), sync(store, index)) == ([3, 2, 1], 0)


def test_what_a_killed_rebuild_left_is_swept_away(store: Store, tmp_path: Path) -> None:
    fill(store)
    index = opened(store, tmp_path / "index")
    left = tmp_path / "index" / f"{tantivy_index.PART}left"
    left.mkdir()
    rebuild(store, index)
    assert not left.exists()


def test_what_arrives_during_a_rebuild_is_sent_afterwards(store: Store, tmp_path: Path) -> None:
    fill(store)
    index = opened(store, tmp_path / "index")

    def arrive(_: int) -> None:
        store.add(make_article(number=2, title="Kini lain"), NOW)
        store.add(make_article(number=9), NOW)

    rebuild(store, index, arrive)
    assert sync(store, index) in (1, 2)
    assert (find(index, "kini"), index.info().articles) == ([2], 4)


def test_another_version_is_searched_until_it_is_rebuilt(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    opened(store, tmp_path / "index").close()
    for module in (index_module, tantivy_index):
        monkeypatch.setattr(module, "VERSION", "other")
    index = TantivyIndex(tmp_path / "index")
    assert (find(index, "warga"), index.info().version == "other") == ([3, 2, 1], False)
    assert sync(store, index) == 3
    assert (find(index, "warga"), index.info().version) == ([3, 2, 1], "other")


def test_two_do_not_rebuild_at_once(store: Store, tmp_path: Path) -> None:
    index = opened(store, tmp_path / "index")
    with store.exclusively("index"), pytest.raises(PantauError, match="Another process"):
        rebuild(store, index)


def test_while_another_makes_the_first_index_it_is_told(store: Store, tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path / "index")
    with store.exclusively("index"):
        assert sync(store, index) == 0
        with pytest.raises(UnusableIndex, match="no index"):
            find(index, "warga")
    assert not (tmp_path / "index").exists()


def test_a_batch_that_fails_leaves_the_index_as_it_was(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = opened(store, tmp_path / "index")
    index.put([stored(1)])

    def analyse_badly(each: StoredArticle) -> Any:
        if each.id == 3:
            raise RuntimeError("cut")
        return analyse(each)

    monkeypatch.setattr(tantivy_index, "analyse", analyse_badly)
    with pytest.raises(RuntimeError):
        index.put([stored(2), stored(3)])
    assert find(index, "") == [1]
    index.put([stored(4)])
    assert find(index, "") == [4, 1]


def test_searches_of_many_threads_never_wait_for_each_other() -> None:
    index = TantivyIndex()
    index.put([stored(id, title="Warga miskin", place="Lebak") for id in range(1, 30)])

    def search(_: int) -> int:
        wanted = query.parse("miskin")
        return sum(index.search(wanted, facets=FACETS, interval=Interval.MONTH).total for _ in range(40))

    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(search, number) for number in range(16)]
        assert [each.result(timeout=120) for each in waiting] == [29 * 40] * 16
