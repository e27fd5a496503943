"""Elasticsearch as a search engine: what is its own, on real servers. The contract of all engines is in test_index.py."""

import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from conftest import NOW, Site, make_article, pantau
from elasticsearch import Elasticsearch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from servers import Server

from indexer import elastic_index, query
from indexer import index as index_module
from indexer.config import Config, ElasticServer, load_config
from indexer.elastic_index import ElasticIndex
from indexer.elastic_query import MAX_DEPTH, shallow, translated
from indexer.errors import PantauError
from indexer.index import VERSION, Sort, UnusableIndex, rebuild, sync
from indexer.query import And, Node, Not, Or, Phrase, Query, Word
from indexer.store import Store, StoredArticle

BOTH = ("elasticsearch_url", "elasticsearch8_url")


def stored(id: int, revision: int = 1, **fields: Any) -> StoredArticle:
    fields.setdefault("number", id)
    return StoredArticle(id, revision, None, NOW, make_article(**fields))


def find(index: ElasticIndex, wanted: str, **options: Any) -> list[int]:
    return list(index.search(query.parse(wanted, NOW), **options).ids)


def fill(store: Store, count: int = 3, **fields: Any) -> None:
    for number in range(1, count + 1):
        store.add(make_article(number=number, **fields), NOW)


class Place:
    """A server, and a name in it that only one test uses."""

    def __init__(self, url: str) -> None:
        self.client = Elasticsearch(url)
        self.server = ElasticServer(hosts=(url,), index=f"t-{uuid4().hex[:12]}", replicas=0)
        self.name = self.server.index
        self.opened: list[ElasticIndex] = []

    def index(self, **settings: Any) -> ElasticIndex:
        index = ElasticIndex(replace(self.server, **settings))
        self.opened.append(index)
        return index

    def names(self) -> list[str]:
        """Of all indices that bear our name."""
        return [*self.client.indices.get(index=f"{self.name}*", expand_wildcards=["open", "closed"])]

    def aliases(self) -> dict[str, list[str]]:
        found = self.client.indices.get_alias(index=f"{self.name}*")
        return {name: sorted(each["aliases"]) for name, each in found.items()}

    def set(self, **settings: Any) -> None:
        self.client.indices.put_settings(index=f"{self.name}.*", settings=settings)

    def forget(self) -> None:
        for name in self.names():
            self.client.indices.delete(index=name)
        self.client.options(ignore_status=404).indices.delete_index_template(name=self.name)
        self.client.close()
        for index in self.opened:
            index.close()


@pytest.fixture
def place(elasticsearch_url: str) -> Iterator[Place]:
    place = Place(elasticsearch_url)
    yield place
    place.forget()


@pytest.fixture(params=BOTH)
def any_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    place = Place(request.getfixturevalue(request.param))
    yield place
    place.forget()


@pytest.fixture
def index(any_place: Place) -> ElasticIndex:
    """An empty index, in either version."""
    index = any_place.index()
    index.clear()
    return index


# Made, filled, made anew


def test_without_an_index_it_is_told_and_sync_makes_one(any_place: Place, store: Store) -> None:
    index = any_place.index()
    asking: list[Callable[[], Any]] = [
        lambda: find(index, "warga"),
        index.info,
        lambda: index.newest(3),
        lambda: index.count([1]),
        lambda: index.put([stored(1)]),
        lambda: index.remove([1]),
    ]
    for ask in asking:
        with pytest.raises(UnusableIndex, match=f"There is no index {any_place.name}"):
            ask()
    assert any_place.names() == []
    fill(store)
    assert (sync(store, index), sync(store, index)) == (3, 0)
    assert find(index, "warga") == [3, 2, 1]
    [(name, aliases)] = any_place.aliases().items()
    assert name.startswith(f"{any_place.name}.2")
    assert aliases == [any_place.name, f"{any_place.name}.write"]


def test_it_says_what_it_is(index: ElasticIndex, any_place: Place) -> None:
    index.put([stored(1), stored(2)])
    info = index.info()
    assert info.engine == f"Elasticsearch {any_place.client.info()['version']['number']}"
    assert (info.articles, info.version) == (2, VERSION)
    assert info.size > 1000
    newest = index.newest(1)
    assert [(each.id, each.revision, each.published) for each in newest] == [(2, 1, int(NOW.timestamp()))]
    assert index.newest(0) == []
    assert index.count([1, 2, 3]) == 2
    assert index.count([]) == 0


def test_settings_of_an_index(place: Place) -> None:
    index = place.index(shards=3, replicas=1)
    with index.rebuilding() as new:
        [name] = place.names()
        during = place.client.indices.get_settings(index=name)[name]["settings"]["index"]
        new.put([stored(1)])
    after = place.client.indices.get_settings(index=name)[name]["settings"]["index"]
    assert (during["number_of_replicas"], during["refresh_interval"]) == ("0", "-1")
    assert (after["number_of_shards"], after["number_of_replicas"]) == ("3", "1")
    assert "refresh_interval" not in after
    index.put([stored(id) for id in range(2, 20)])
    assert find(index, "warga", limit=5) == [19, 18, 17, 16, 15]
    ranked = index.search(query.parse("warga"), limit=5, sort=Sort.RELEVANCE)
    assert (ranked.ids, ranked.total) == ((19, 18, 17, 16, 15), 19)


def test_while_it_is_made_anew_the_old_one_is_searched(index: ElasticIndex, any_place: Place) -> None:
    reader = any_place.index()
    index.put([stored(1, title="Lama")])
    old = any_place.names()
    assert find(index, "lama") == [1]
    with index.rebuilding() as new:
        new.put([stored(2, title="Baru"), stored(3, title="Baru juga")])
        assert find(reader, "lama") == find(index, "lama") == [1]
        assert find(new, "baru") == [3, 2]
    assert find(reader, "lama") == find(index, "lama") == []
    assert find(reader, "baru") == find(index, "baru") == [3, 2]
    assert len(any_place.names()) == 1
    assert any_place.names() != old


def test_a_reader_looks_up_which_index_it_is_from_time_to_time(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, reader = place.index(), place.index()
    index.clear()
    index.put([stored(1)])
    assert find(reader, "warga") == [1]
    [old] = place.names()
    place.client.indices.create(
        index=f"{place.name}.lain",
        mappings=place.client.indices.get_mapping(index=old)[old]["mappings"],
    )
    place.client.indices.update_aliases(
        actions=[
            {"add": {"index": f"{place.name}.lain", "alias": place.name}},
            {"remove": {"index": old, "alias": place.name}},
        ]
    )  # as by a rebuild that is killed before the old one is deleted
    monkeypatch.setattr(elastic_index, "PLACE_SECONDS", 0)
    assert find(reader, "warga") == []


def test_a_rebuild_that_fails_changes_nothing(index: ElasticIndex, any_place: Place) -> None:
    index.put([stored(1)])
    before = any_place.aliases()
    with pytest.raises(KeyboardInterrupt), index.rebuilding() as new:
        new.put([stored(2)])
        raise KeyboardInterrupt
    assert any_place.aliases() == before
    assert find(index, "warga") == [1]


KILLED = """
import os, sys
from indexer.config import ElasticServer
from indexer.elastic_index import ElasticIndex
with ElasticIndex(ElasticServer(hosts=(sys.argv[1],), index=sys.argv[2], replicas=0)).rebuilding():
    os.kill(os.getpid(), 9)
"""


def test_what_a_killed_rebuild_left_the_next_one_removes(place: Place, store: Store) -> None:
    fill(store)
    index = place.index()
    sync(store, index)
    killed = subprocess.run([sys.executable, "-c", KILLED, *place.server.hosts, place.name], check=False)
    assert killed.returncode == -9
    assert len(place.names()) == 2
    assert (sync(store, index), find(index, "warga")) == (0, [3, 2, 1])
    assert rebuild(store, index) == 3
    assert len(place.names()) == 1
    assert find(index, "warga") == [3, 2, 1]


def test_another_version_is_searched_until_sync_makes_it_anew(
    place: Place, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    with monkeypatch.context() as earlier:
        earlier.setattr(elastic_index, "VERSION", "0-earlier")
        rebuild(store, place.index())
    index = place.index()
    assert (index.info().version, find(index, "warga")) == ("0-earlier", [3, 2, 1])
    assert (sync(store, index), index.info().version) == (3, VERSION)


def test_another_schema_is_unusable_until_sync_makes_it_anew(
    place: Place, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    with monkeypatch.context() as earlier:
        earlier.setattr(elastic_index, "SCHEMA", 0)
        rebuild(store, place.index())
    index = place.index()
    with pytest.raises(UnusableIndex, match="another version of Pantau"):
        find(index, "warga")
    assert (sync(store, index), find(index, "warga")) == (3, [3, 2, 1])


# Names that are taken


@pytest.mark.parametrize("suffix", ["", ".write"])
@pytest.mark.parametrize("is_alias", [False, True])
def test_an_index_of_somebody_else_is_never_touched(
    place: Place, store: Store, suffix: str, is_alias: bool
) -> None:
    name = place.name + suffix
    theirs = f"{place.name}-theirs" if is_alias else name
    place.client.indices.create(index=theirs, aliases={name: {}} if is_alias else None)
    place.client.index(index=theirs, id="1", document={"theirs": True}, refresh=True)
    before = place.client.indices.get(index=f"{place.name}*").body
    fill(store)
    index = place.index()
    asking: list[Callable[[], Any]] = [lambda: sync(store, index), index.clear]
    asking.append((lambda: index.put([stored(1)])) if suffix else (lambda: find(index, "warga")))
    for ask in asking:
        with pytest.raises(PantauError, match=r"is not Pantau's; PANTAU_ELASTICSEARCH_INDEX may") as caught:
            ask()
        assert not isinstance(caught.value, UnusableIndex)
    assert place.client.indices.get(index=f"{place.name}*").body == before
    assert place.client.count(index=theirs)["count"] == 1
    assert store.count_behind() == 3


def test_an_index_template_of_somebody_else_is_never_touched(place: Place) -> None:
    place.client.indices.put_index_template(name=place.name, index_patterns=["theirs-*"], meta={"a": 1})
    with pytest.raises(PantauError, match=r"index template .* is not Pantau's"):
        place.index().clear()
    kept = place.client.indices.get_index_template(name=place.name)["index_templates"]
    assert kept[0]["index_template"]["index_patterns"] == ["theirs-*"]


def test_names_that_begin_alike_do_not_meet(place: Place) -> None:
    mine, longer = place.index(), place.index(index=f"{place.name}-2")
    for each in (mine, longer):
        each.clear()
    longer.put([stored(1)])
    mine.clear()
    assert (find(mine, ""), find(longer, "")) == ([], [1])
    place.client.indices.delete_index_template(name=f"{place.name}-2")


def test_what_is_late_makes_no_index(place: Place) -> None:
    index = place.index()
    with pytest.raises(UnusableIndex), index.rebuilding() as new:
        for name in place.names():
            place.client.indices.delete(index=name)
        new.put([stored(1)])
    assert place.names() == []
    index.clear()
    [name] = place.names()
    place.client.indices.update_aliases(actions=[{"remove": {"index": name, "alias": f"{place.name}.write"}}])
    with pytest.raises(UnusableIndex, match="There is no index"):
        index.put([stored(1)])
    assert place.names() == [name]


# Putting and removing


def test_an_earlier_revision_cannot_win(index: ElasticIndex) -> None:
    assert index.put([stored(1, 2, title="Kini")]) == {}
    assert index.put([stored(1, 1, title="Dulu")]) == {}
    assert index.put([stored(1, 2, title="Kini")]) == {}
    assert (find(index, "kini"), find(index, "dulu"), index.info().articles) == ([1], [], 1)
    assert index.newest(1)[0].revision == 2


def test_what_was_removed_can_be_put_again(index: ElasticIndex) -> None:
    index.put([stored(1, 3), stored(2)])
    for _ in range(2):
        index.remove([1, 99])
        assert (find(index, "warga"), index.count([1])) == ([2], 0)
        assert index.put([stored(1, 3)]) == {}
        assert find(index, "warga") == [2, 1]


def test_what_it_cannot_keep_is_refused_with_the_reason_and_can_be_tried_again(
    any_place: Place, store: Store
) -> None:
    index = any_place.index()
    fill(store, 2)
    store.add(make_article(number=3, source="x" * 40_000), NOW)
    assert sync(store, index) == 3
    [refused] = store.refused()
    assert refused.id == 3
    assert "immense term" in refused.index_error
    assert len(refused.index_error) < 450
    assert (find(index, "warga"), sync(store, index)) == ([2, 1], 0)
    assert store.retry_refused() == 1
    assert (sync(store, index), len(store.refused())) == (1, 1)
    store.add(make_article(number=3, source="detik"), NOW)
    assert (sync(store, index), store.refused(), find(index, "warga")) == (1, [], [3, 2, 1])


def test_nothing_but_articles_can_be_put_into_it(index: ElasticIndex, any_place: Place) -> None:
    with pytest.raises(Exception, match="strict_dynamic_mapping_exception"):
        any_place.client.index(index=f"{any_place.name}.write", document={"lain": 1})


def test_people_find_by_the_analyzer_for_indonesian(index: ElasticIndex, any_place: Place) -> None:
    index.put([stored(1, title="Pemberdayaan petani", tags=("harga pangan",))])
    for wanted in ({"match": {"title": "memberdayakan"}}, {"term": {"tags": "harga pangan"}}):
        assert any_place.client.count(index=any_place.name, query=wanted)["count"] == 1


def test_long_and_odd_values_are_kept(index: ElasticIndex) -> None:
    article = make_article(
        number=1,
        title="Judul \x00 \U0001f64f " + "sangat " * 20_000,
        url="https://x.id/" + "u" * 50_000,
        image="https://x.id/" + "i" * 50_000,
        authors=("a" * 40_000, "", "|"),
        tags=("t" * 40_000,),
        editor="e" * 40_000,
        place="p" * 40_000,
        language="",
    )
    assert index.put([StoredArticle(1, 1, None, NOW, article)]) == {}
    assert index.put([stored(2, title="belah \ud800 dua", tags=("\udfff",))]) == {}
    assert find(index, "sangat") == [1]
    assert find(index, '"belah dua"') == [2]


def test_more_than_fits_into_one_request_is_sent_in_several(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elastic_index, "CHUNK_BYTES", 50_000)
    assert index.put([stored(id, paragraphs=(f"n{id} " + "kata " * 9_000,)) for id in range(1, 10)]) == {}
    assert find(index, "kata") == [9, 8, 7, 6, 5, 4, 3, 2, 1]


class Doorkeeper:
    """Stands before Elasticsearch and refuses requests of more than a million bytes, as web servers do.

    `refusals` are statuses that the next bulk requests are answered with.
    """

    limit = 1_000_000

    def __init__(self, url: str) -> None:
        self.refusals: list[int] = []
        limit, behind, refusals = self.limit, urlsplit(url), self.refusals

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if len(body) > limit:
                    return self.answer(413, b"<h1>413 Request Entity Too Large</h1>", {})
                if refusals and "_bulk" in self.path:
                    return self.answer(refusals.pop(), b"<h1>Not now</h1>", {})
                connection = HTTPConnection(behind.hostname or "", behind.port)
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                kept = ("Content-Type", "X-Elastic-Product")
                self.answer(
                    answer.status, answer.read(), {name: answer.headers.get(name, "") for name in kept}
                )
                return connection.close()

            do_GET = do_POST = do_PUT = do_DELETE = pass_on  # noqa: N815

            def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in (headers or {"Content-Type": "text/html"}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def doorkeeper(elasticsearch_url: str) -> Iterator[Doorkeeper]:
    doorkeeper = Doorkeeper(elasticsearch_url)
    thread = Thread(target=doorkeeper.server.serve_forever, args=(0.05,))
    thread.start()
    yield doorkeeper
    doorkeeper.server.shutdown()
    thread.join()
    doorkeeper.server.server_close()


def test_of_too_large_a_request_only_what_is_too_large_itself_is_refused(
    place: Place, doorkeeper: Doorkeeper
) -> None:
    index = place.index(hosts=(doorkeeper.url,))
    index.clear()
    batch = [stored(id, paragraphs=("kata " * 30_000 * (9 if id == 4 else 1),)) for id in range(1, 9)]
    refused = index.put(batch)
    assert refused == {4: "<h1>413 Request Entity Too Large</h1>"}
    assert find(index, "kata") == [8, 7, 6, 5, 3, 2, 1]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_where_there_is_no_room_it_is_tried_again_for_a_while(
    place: Place, store: Store, doorkeeper: Doorkeeper, status: int, impatient: None
) -> None:
    index = place.index(hosts=(doorkeeper.url,))
    index.clear()
    doorkeeper.refusals += [status] * elastic_index.RETRIES
    assert index.put([stored(1)]) == {}
    assert (doorkeeper.refusals, find(index, "warga")) == ([], [1])
    doorkeeper.refusals += [status] * (elastic_index.RETRIES + 1)
    with pytest.raises(PantauError, match=r"\(<h1>Not now</h1>\); try again in a moment"):
        index.put([stored(2)])
    assert (doorkeeper.refusals, find(index, "warga")) == ([], [1])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again at once."""
    monkeypatch.setattr(elastic_index, "PAUSE", 0)


@pytest.mark.parametrize("block", ["read_only_allow_delete", "read_only", "write"])
def test_where_the_disk_is_full_nothing_is_lost(
    any_place: Place, store: Store, block: str, impatient: None
) -> None:
    index = any_place.index()
    fill(store, 2)
    sync(store, index)
    any_place.set(**{f"index.blocks.{block}": True})
    fill(store, 5)
    with pytest.raises(PantauError, match=r"takes no changes, perhaps its disk is full.*nothing is lost"):
        sync(store, index)
    assert (find(index, "warga"), store.count_behind(), store.refused()) == ([2, 1], 3, [])
    any_place.set(**{f"index.blocks.{block}": False})
    assert (sync(store, index), find(index, "warga")) == (3, [5, 4, 3, 2, 1])


# Reading


def test_by_date_there_is_no_end(index: ElasticIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elastic_index, "WINDOW", 5)
    index.put([stored(id, published=NOW + timedelta(minutes=id % 7)) for id in range(1, 24)])
    expected = sorted(range(1, 24), key=lambda id: (id % 7, id), reverse=True)
    for limit in (4, 5, 6, 10, 22, 23, 24, 10**20):
        hits = index.search(query.parse("warga"), limit=limit, facets=["kind"])
        assert list(hits.ids) == expected[:limit]
        assert (hits.total, hits.facets) == (23, {"kind": {"agency": 23}})
        assert (hits.after is None) == (limit >= 23)


def test_more_than_ten_thousand(place: Place) -> None:
    number = elastic_index.WINDOW + 50
    index = place.index()
    with index.rebuilding() as new:
        new.put([stored(id, title="Kata", paragraphs=("kata",)) for id in range(1, number + 1)])
    for sort in Sort:
        hits = index.search(query.parse("kata"), limit=10, sort=sort)
        assert (hits.ids, hits.total) == (tuple(range(number, number - 10, -1)), number)
    assert find(index, "kata", limit=10**9) == list(range(number, 0, -1))
    assert len(find(index, "kata", limit=10**9, sort=Sort.RELEVANCE)) == elastic_index.WINDOW
    ids = list(range(1, number + 1))
    assert (index.count(ids), len(index.newest(number)), index.info().articles) == (
        number,
        elastic_index.WINDOW,
        number,
    )
    index.remove(ids[:-1])
    assert find(index, "") == [number]


def test_by_relevance_there_is_an_end(index: ElasticIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elastic_index, "DEEPEST", 7)
    index.put([stored(id) for id in range(1, 12)])
    first = index.search(query.parse("warga"), limit=5, sort=Sort.RELEVANCE)
    second = index.search(query.parse("warga"), limit=5, sort=Sort.RELEVANCE, after=first.after)
    assert (first.ids, second.ids) == ((11, 10, 9, 8, 7), (6, 5))
    assert first.after
    assert (second.after, second.total) == (None, 11)


def test_a_shard_that_is_missing_is_told(place: Place) -> None:
    index = place.index()
    index.clear()
    [(name, made)] = place.client.indices.get(index=place.name).items()
    place.client.indices.delete(index=name)
    place.client.indices.create(
        index=name,
        mappings=made["mappings"],
        aliases=made["aliases"],
        settings={"routing.allocation.require.box": "none"},  # no server has it
        wait_for_active_shards="0",
    )
    with pytest.raises(PantauError, match="is not ready") as caught:
        find(index, "warga")
    assert not isinstance(caught.value, UnusableIndex)


# What a query becomes


def deep(levels: int) -> str:
    """A query with parentheses so deep inside each other, with And and Or by turns, and here and there a Not."""
    opening = [f"w{n} {'OR ' if n % 2 else ''}{'-' if n % 3 == 0 else ''}(" for n in range(levels)]
    return "".join(opening) + "w99" + ")" * levels


def test_the_deepest_query_is_answered(index: ElasticIndex) -> None:
    texts = [f"w{n} w{n + 1} w{n * 3 % 50} w{50 - n}" for n in range(51)] + ["w99", "w0 w1 w99", "w0 w2 w4"]
    batch = [stored(id, title="x", paragraphs=(each,)) for id, each in enumerate(texts, 1)]
    index.put(batch)
    wanted = query.parse(deep(query.MAX_DEPTH))
    assert wanted.tree
    assert not wanted.notes
    expected = {each.id for each in batch if holds(wanted.tree, {*each.article.text.split()})}
    assert 0 < len(expected) < len(batch)
    for sort in Sort:
        assert set(index.search(wanted, limit=100, sort=sort).ids) == expected
    slack = Phrase(("w1", "w2"), None, 3)
    for tree in (nested(slack, 26), nested(slack, 27), nested(slack, 200)):
        assert index.search(Query("", tree)).total in range(len(batch) + 1)


def nested(leaf: Node, levels: int) -> Node:
    node = leaf
    for n in range(levels):
        parts = (Word(f"w{n % 50}"), node)
        node = And(parts) if n % 2 else Or(parts)
    return node


def holds(node: Node, true: set[str]) -> bool:
    match node:
        case And(parts):
            return all(holds(part, true) for part in parts)
        case Or(parts):
            return any(holds(part, true) for part in parts)
        case Not(part):
            return not holds(part, true)
        case Word(word):
            return word in true
    raise TypeError(node)


def depth(node: Node) -> int:
    match node:
        case And(parts) | Or(parts):
            return 1 + max(map(depth, parts))
        case Not(part):
            return 1 + depth(part)
    return 0


LETTERS = "abcd"
WORDS = st.sampled_from(LETTERS).map(Word)
LEVELS = st.lists(st.tuples(st.sampled_from([And, Or, Not]), WORDS, st.booleans()), max_size=60)


@given(LEVELS, LEVELS, st.integers(8, 20))
@settings(deadline=None)
def test_any_tree_made_shallow_means_the_same(one: list[Any], other: list[Any], limit: int) -> None:
    tree: Node = And((grown(one), grown(other)))
    made = shallow(tree, limit)
    assert depth(made) <= limit
    for chosen in product([False, True], repeat=len(LETTERS)):
        true = {letter for letter, is_true in zip(LETTERS, chosen, strict=True) if is_true}
        assert holds(made, true) == holds(tree, true)


def grown(levels: list[tuple[Any, Word, bool]]) -> Node:
    node: Node = Word("a")
    for kind, word, is_first in levels:
        node = Not(node) if kind is Not else kind((word, node) if is_first else (node, word))
    return node


def test_a_shallow_tree_stays_as_it_is() -> None:
    tree = Not(And((Word("a"), Not(Or((Word("b"), Word("c")))))))
    assert shallow(tree, MAX_DEPTH) is tree


def test_keys_and_days_make_nothing_more_relevant() -> None:
    said = translated(query.parse("warga sumber:antara_banten terbit:2026 -topik:kemiskinan").tree)
    assert [*said["bool"]] == ["must", "filter", "must_not"]
    assert said["bool"]["filter"][0] == {"term": {"source": "antara_banten"}}


# What can go wrong with the server


def test_one_of_several_hosts_may_be_away(place: Place, store: Store) -> None:
    fill(store)
    index = place.index(hosts=(*place.server.hosts, closed_port(), closed_port()))
    assert sync(store, index) == 3
    for _ in range(10):
        assert find(index, "warga") == [3, 2, 1]


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def told(server: ElasticServer, ask: Callable[[ElasticIndex], Any] | None = None) -> str:
    """The sentence for what goes wrong, which holds no secret, in whatever form it is looked at."""
    index = ElasticIndex(server)
    with pytest.raises(PantauError) as caught:
        (ask or (lambda index: find(index, "warga")))(index)
    index.close()
    assert not isinstance(caught.value, UnusableIndex)
    shown = [str(caught.value), repr(caught.value), repr(server), *traceback.format_exception(caught.value)]
    secrets = {server.password.get_secret_value(), server.api_key.get_secret_value()} - {""}
    assert not any(secret in text for secret in secrets for text in shown)
    assert str(caught.value).endswith(".")
    return str(caught.value)


def test_when_it_is_away_it_is_told() -> None:
    url = closed_port()
    server = ElasticServer(hosts=(url,), user="pantau", password=SecretStr("rahasia-sekali"))
    sentence = told(server)
    assert sentence == f"Elasticsearch at {url} cannot be reached: [Errno 111] Connection refused."
    assert told(server, ElasticIndex.clear) == told(server, lambda index: index.put([stored(1)])) == sentence


def test_when_its_name_is_not_known_it_is_told() -> None:
    server = ElasticServer(hosts=("http://tidak-ada.invalid:9200",))
    assert (
        told(server)
        == "Elasticsearch at http://tidak-ada.invalid:9200 cannot be reached: its name is not known."
    )


@pytest.mark.parametrize("hosts", [1, 2, 3])
def test_when_it_is_silent_it_is_told_and_two_are_tried(monkeypatch: pytest.MonkeyPatch, hosts: int) -> None:
    monkeypatch.setattr(elastic_index, "SEARCH_SECONDS", 0.4)
    silent = [socket.create_server(("127.0.0.1", 0)) for _ in range(hosts)]
    urls = tuple(f"http://127.0.0.1:{each.getsockname()[1]}" for each in silent)
    assert told(ElasticServer(hosts=urls)).endswith("does not answer in time.")
    assert sum(map(was_asked, silent)) == min(2, hosts)


def was_asked(listener: socket.socket) -> bool:
    with listener:
        listener.setblocking(False)
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True


def test_one_of_several_hosts_may_be_silent(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    index = place.index()
    index.clear()
    index.put([stored(1)])
    monkeypatch.setattr(elastic_index, "SEARCH_SECONDS", 3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hosts = (f"http://127.0.0.1:{silent.getsockname()[1]}", *place.server.hosts)
        several = place.index(hosts=hosts)
        for _ in range(4):
            assert find(several, "warga") == [1]


def test_another_program_in_its_place_is_told(site: Site) -> None:
    site.answers["/"] = ("application/json", b'{"version": {"number": "7.10.2"}}')
    expected = f"At {site.home} there is another program; Elasticsearch 8.19 or 9 is needed."
    server = ElasticServer(hosts=(site.home,))
    assert told(server) == expected
    assert told(server, ElasticIndex.clear) == expected


class Earlier:
    """Answers as an Elasticsearch of an earlier version does."""

    def __init__(self, status: int, body: bytes) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("X-Elastic-Product", "Elasticsearch")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


REFUSED = (
    b'{"error": {"root_cause": [{"type": "media_type_header_exception", "reason": "Invalid media-type"}]}}'
)


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (200, b'{"version": {"number": "8.5.0"}}', "Elasticsearch 8.5.0"),
        (400, REFUSED, "another version of Elasticsearch"),
        (406, REFUSED, "another version of Elasticsearch"),
    ],
)
def test_an_earlier_version_is_told(status: int, body: bytes, found: str) -> None:
    server = Earlier(status, body).server
    url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        sentence = told(ElasticServer(hosts=(url,)), ElasticIndex.clear)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert sentence == f"At {url} there is {found}; Elasticsearch 8.19 or 9 is needed."


def secured(server: Server, **fields: Any) -> ElasticServer:
    return replace(
        ElasticServer(
            hosts=(server.url,),
            index=f"t-{uuid4().hex[:12]}",
            replicas=0,
            user=server.user,
            password=SecretStr(server.password),
            ca=server.authority,
        ),
        **fields,
    )


def key(server: Server, **rights: Any) -> SecretStr:
    """A new API key with these rights only; with all of them without."""
    client = Elasticsearch(
        server.url, basic_auth=(server.user, server.password), ca_certs=str(server.authority)
    )
    made = client.security.create_api_key(
        name=uuid4().hex, role_descriptors={"pantau": rights} if rights else None
    )
    client.close()
    return SecretStr(made["encoded"])


RIGHTS = {
    "cluster": ["monitor", "manage_index_templates"],
    "indices": [{"names": ["t-*"], "privileges": ["all"]}],
}


def test_with_password_and_with_key(secured_elasticsearch: Server, store: Store) -> None:
    fill(store)
    by_key = {"user": "", "password": SecretStr(""), "api_key": key(secured_elasticsearch, **RIGHTS)}
    for ways in ({}, by_key):
        server = secured(secured_elasticsearch, **ways)
        index = ElasticIndex(server)
        assert (rebuild(store, index), find(index, "warga")) == (3, [3, 2, 1])
        assert index.put([stored(4)]) == {}
        index.remove([1])
        assert (find(index, "warga"), index.info().articles) == ([4, 3, 2], 3)
        index.clear()
        index.close()


def test_who_is_not_known_or_may_not_is_told(secured_elasticsearch: Server) -> None:
    url = secured_elasticsearch.url
    unknown = f"Elasticsearch at {url} knows no such user, password or key."
    wrong = SecretStr("c2FsYWg6c2FsYWgtc2VrYWxp")
    assert told(secured(secured_elasticsearch, password=SecretStr("salah-sekali"))) == unknown
    assert told(secured(secured_elasticsearch, user="", api_key=wrong)) == unknown
    reading = key(
        secured_elasticsearch,
        cluster=["monitor"],
        indices=[{"names": ["t-*"], "privileges": ["read", "view_index_metadata"]}],
    )
    reader = secured(secured_elasticsearch, user="", api_key=reading)
    sentence = told(reader, ElasticIndex.clear)
    assert sentence.startswith(f"Elasticsearch at {url} does not allow this user or key: action [")


def test_a_certificate_that_is_not_trusted_is_told(secured_elasticsearch: Server, tmp_path: Path) -> None:
    url = secured_elasticsearch.url
    for authority in (None, another_authority(tmp_path)):
        sentence = told(secured(secured_elasticsearch, ca=authority))
        assert sentence.startswith(f"Elasticsearch at {url} shows a certificate that is not trusted (")
        assert sentence.endswith("); PANTAU_ELASTICSEARCH_CA names who signed it.")


def another_authority(folder: Path) -> Path:
    file = folder / "other.crt"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(folder / "key")]
    subprocess.run([*command, "-out", str(file), "-subj", "/CN=lain"], check=True, capture_output=True)
    return file


def test_a_certificate_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("-----BEGIN CERTIFICATE-----\nrusak\n-----END CERTIFICATE-----\n")
    with pytest.raises(PantauError, match=r"ca\.crt holds no certificate that can be read"):
        ElasticIndex(ElasticServer(hosts=("https://a.x:9200",), ca=tmp_path / "ca.crt"))


def test_http_and_https_that_are_mixed_up_are_told(
    secured_elasticsearch: Server, elasticsearch_url: str
) -> None:
    plain = secured_elasticsearch.url.replace("https", "http")
    assert told(ElasticServer(hosts=(plain,))).startswith(f"Elasticsearch at {plain} cannot be reached: ")
    safe = elasticsearch_url.replace("http", "https")
    assert told(ElasticServer(hosts=(safe,))).startswith(
        f"Elasticsearch at {safe} cannot be reached by https: "
    )


def test_a_crash_in_the_middle_loses_nothing(
    own_elasticsearch: Server, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "BATCH", 20)
    monkeypatch.setattr(elastic_index, "CHUNK_BYTES", 2_000)
    fill(store, 1)
    index = ElasticIndex(ElasticServer(hosts=(own_elasticsearch.url,), index="pantau", replicas=0))
    sync(store, index)
    fill(store, 400)
    stopping = Thread(target=own_elasticsearch.stop, kwargs={"crash": True})

    def stop_soon(sent: int) -> None:
        if sent == 100:
            stopping.start()

    with pytest.raises(PantauError, match="cannot be reached"):
        sync(store, index, stop_soon)
    stopping.join()
    left = store.count_behind()
    assert 0 < left <= 300
    with pytest.raises(PantauError, match="cannot be reached"):
        find(index, "warga")
    own_elasticsearch.start()
    wait_for_shards(own_elasticsearch)
    assert (
        index.info().articles >= 400 - left
    )  # what was put is there, though nothing was written down on closing
    assert sync(store, index) == left
    assert sorted(find(index, "warga", limit=1000)) == list(range(1, 401))
    assert (index.info().articles, store.count_behind()) == (400, 0)
    with pytest.raises(PantauError, match="cannot be reached"), index.rebuilding() as new:
        new.put([stored(1)])
        own_elasticsearch.stop()
        new.put([stored(2)])
    own_elasticsearch.start()  # a connection that was kept open is closed now
    wait_for_shards(own_elasticsearch)
    assert index.info().articles == 400
    assert rebuild(store, index) == 400
    index.close()
    client = Elasticsearch(own_elasticsearch.url)
    assert len(client.indices.get(index="pantau*")) == 1
    client.close()


def wait_for_shards(server: Server) -> None:
    client = Elasticsearch(server.url, request_timeout=60)
    client.cluster.health(wait_for_status="yellow", timeout="60s")
    client.close()


# Several processes

SYNC = """
import sys
from indexer.config import ElasticServer
from indexer.elastic_index import ElasticIndex
from indexer.index import sync
from indexer.store import Store
store = Store(sys.argv[3]).open()
print(sync(store, ElasticIndex(ElasticServer(hosts=(sys.argv[1],), index=sys.argv[2], replicas=0))))
"""


def test_two_processes_send_everything_once(place: Place, store: Store, tmp_path: Path) -> None:
    fill(store, 300)
    command = [
        sys.executable,
        "-c",
        SYNC,
        *place.server.hosts,
        place.name,
        f"sqlite:///{tmp_path}/pantau.db",
    ]
    reader = place.index()
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(subprocess.run, command, capture_output=True, text=True) for _ in range(3)]
    ended = [run.result() for run in runs]
    assert [each.stderr for each in ended] == ["", "", ""]
    assert sum(int(each.stdout) for each in ended) == 300
    assert reader.info().articles == 300
    store.add(make_article(number=7, title="Kini lain"), NOW)
    subprocess.run(command, check=True, capture_output=True)
    assert find(reader, "kini") == [7]


def test_threads_share_an_index(index: ElasticIndex) -> None:
    index.put([stored(id) for id in range(1, 6)])
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda _: find(index, "warga"), range(100))
    assert all(each == [5, 4, 3, 2, 1] for each in found)


def test_readers_notice_no_rebuild(index: ElasticIndex, any_place: Place) -> None:
    batch = [stored(id) for id in range(1, 6)]
    index.put(batch)
    reader, is_over = any_place.index(), Event()

    def read() -> int:
        number = 0
        while not is_over.is_set():
            assert find(reader, "warga") == [5, 4, 3, 2, 1]
            number += 1
        return number

    with ThreadPoolExecutor(4) as pool:
        reading = [pool.submit(read) for _ in range(4)]
        for _ in range(4):
            with index.rebuilding() as new:
                new.put(batch)
        is_over.set()
    assert all(each.result() for each in reading)


def test_without_its_address_nothing_of_it_is_loaded() -> None:
    code = "import sys, indexer.cli, indexer.engines; sys.exit('elasticsearch' in sys.modules)"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PANTAU_")}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


def test_the_commands_use_it_where_its_address_is_set(place: Place, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/pantau.db").open()
    fill(store)
    store.close()
    environment = {
        "PANTAU_DATA": str(tmp_path),
        "PANTAU_ELASTICSEARCH_URL": place.server.hosts[0],
        "PANTAU_ELASTICSEARCH_INDEX": place.name,
    }
    found = pantau("search", "warga", **environment)
    assert (found.returncode, found.stderr) == (0, "")
    assert "Berita nomor 3" in found.stdout
    assert "Elasticsearch 9" in pantau("index", "status", **environment).stdout
    assert not (tmp_path / "index").exists()
    away = pantau("search", "warga", **environment | {"PANTAU_ELASTICSEARCH_URL": closed_port()})
    assert away.returncode == 1
    assert "cannot be reached" in away.stderr
    assert "Traceback" not in away.stderr


# Settings


def config(monkeypatch: pytest.MonkeyPatch, **values: str) -> Config:
    for name, value in values.items():
        monkeypatch.setenv(f"PANTAU_ELASTICSEARCH_{name.upper()}", value)
    return load_config()


def test_without_an_address_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PANTAU_ELASTICSEARCH_URL", raising=False)
    assert load_config().elasticsearch is None
    assert config(monkeypatch, url=" ").elasticsearch is None


def test_settings_say_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://pantau:p%40%2C%3A@a.x:9200, https://pantau:p%40%2C%3A@b.x:9201/es/"
    found = config(monkeypatch, url=url, index="uji-1", shards="3", replicas="0")
    server = found.elasticsearch
    assert server
    assert server.hosts == ("https://a.x:9200", "https://b.x:9201/es")
    assert (server.user, server.password.get_secret_value()) == ("pantau", "p@,:")
    assert (server.index, server.shards, server.replicas, server.ca) == ("uji-1", 3, 0, None)
    for shown in (repr(found), str(found), repr(server), str(server), found.model_dump_json()):
        assert "p@" not in shown
        assert "p%40" not in shown


def test_a_key_and_an_authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("-----BEGIN CERTIFICATE-----\n")
    found = config(monkeypatch, url="https://a.x:9200", api_key="VuaCfGcBCdbkQm", ca=str(tmp_path / "ca.crt"))
    assert found.elasticsearch
    assert found.elasticsearch.api_key.get_secret_value() == "VuaCfGcBCdbkQm"
    assert found.elasticsearch.ca == tmp_path / "ca.crt"
    assert "VuaC" not in repr(found) + repr(found.elasticsearch)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("url", "localhost:9200", "must look like http://host:9200"),
        ("url", "http://localhost", "must look like"),
        ("url", "ftp://rahasia@localhost:9200", "must look like"),
        ("url", "http://a:rahasia@b:99999", "must look like"),
        ("url", "http://a:rahasia@b:x", "must look like"),
        ("url", "http://a:rahasia@[b:9200", "must look like"),
        ("url", "http://a:raha/sia@b:9200", "must look like"),
        ("url", "http://b:9200?x=rahasia", "must look like"),
        ("url", "http://a:rahasia@b:9200,http://b:9200", "the same scheme, user and password"),
        ("url", "http://b:9200,https://b:9200", "the same scheme, user and password"),
        ("url", "http://rahasia@b:9200", "a user needs a password"),
        ("index", "Pantau", "must be small letters"),
        ("index", "pantau.a", "must be small letters"),
        ("index", "", "must be small letters"),
        ("index", "_a", "must be small letters"),
        ("shards", "0", "greater than or equal to 1"),
        ("shards", "banyak", "valid integer"),
        ("replicas", "-1", "greater than or equal to 0"),
        ("ca", "/tidak/ada", "/tidak/ada cannot be read: No such file or directory"),
        ("ca", os.devnull, "holds no certificate"),
        ("api_key", "rahasia\n", "is no key"),
    ],
)
def test_a_wrong_setting_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv("PANTAU_ELASTICSEARCH_URL", "https://a.x:9200")
    with pytest.raises(PantauError, match=rf"PANTAU_ELASTICSEARCH_{name.upper()}: .*{sentence}") as caught:
        config(monkeypatch, **{name: value})
    shown = "".join([repr(caught.value), *traceback.format_exception(caught.value)])
    assert "rahasia" not in shown.replace("ahasia\\n", "")


def test_settings_that_exclude_each_other_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PantauError, match=r"PANTAU_ELASTICSEARCH_API_KEY: .*leave one of them out"):
        config(monkeypatch, url="https://a:b@a.x:9200", api_key="abc")
    monkeypatch.delenv("PANTAU_ELASTICSEARCH_API_KEY")
    with pytest.raises(PantauError, match=r"PANTAU_ELASTICSEARCH_CA: .*only with https://"):
        config(monkeypatch, url="http://a.x:9200", ca=__file__)
