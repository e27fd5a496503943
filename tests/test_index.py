"""The contract of every search engine, and the index as a copy of the record."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from conftest import NOW, WIB, make_article
from elasticsearch import Elasticsearch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import index as index_module
from indexer import language, query
from indexer.article import Article
from indexer.config import ElasticServer
from indexer.elastic_index import ElasticIndex
from indexer.errors import PantauError
from indexer.highlight import is_like
from indexer.index import Cursor, Hits, Interval, SearchIndex, Sort, analyse, rebuild, sync
from indexer.query import And, Fuzzy, Key, Node, Not, Or, Phrase, Prefix, Query, Range, Word
from indexer.store import Store, StoredArticle
from indexer.tantivy_index import TantivyIndex

SERVERS = {"elasticsearch 9": "elasticsearch_url", "elasticsearch 8.19": "elasticsearch8_url"}
"""By engine: the fixture that says where it answers."""
ENGINES = ("tantivy in a folder", "tantivy in memory", *SERVERS)


@contextmanager
def made(engine: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[SearchIndex]:
    """An empty index, which is taken away afterwards."""
    if engine not in SERVERS:
        index: SearchIndex = TantivyIndex(folder / "index" if "folder" in engine else None)
        with index.rebuilding():
            pass
        yield index
        index.close()
        return
    url = request.getfixturevalue(SERVERS[engine])
    server = ElasticServer(hosts=(url,), index=f"contract-{uuid4().hex[:12]}", replicas=0)
    index = ElasticIndex(server)
    index.clear()
    yield index
    index.close()
    client = Elasticsearch(url)
    for name in client.indices.get(index=f"{server.index}.*"):
        client.indices.delete(index=name)
    client.indices.delete_index_template(name=server.index)
    client.close()


@pytest.fixture(params=ENGINES, scope="module")
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    with made(request.param, request, tmp_path_factory.mktemp("engine")) as index:
        yield index


@pytest.fixture
def index(engine: SearchIndex) -> SearchIndex:
    """An empty index: one for all tests, since to make one takes Elasticsearch half a second."""
    held = engine.newest(10_000)
    if any(each.revision > 1 for each in held):  # whose first revision could not be put again for a while
        engine.clear()
    else:
        engine.remove([each.id for each in held])
    assert engine.info().articles == 0
    return engine


def stored(id: int, revision: int = 1, **fields: Any) -> StoredArticle:
    fields.setdefault("number", id)
    return StoredArticle(id, revision, None, NOW, make_article(**fields))


def text(id: int, *paragraphs: str, title: str = "Berita", **fields: Any) -> StoredArticle:
    fields = {"authors": (), "tags": (), "place": None, "region": None} | fields
    return stored(id, title=title, paragraphs=paragraphs, **fields)


def find(index: SearchIndex, wanted: str, **options: Any) -> list[int]:
    return list(index.search(query.parse(wanted, NOW), **options).ids)


# What a query finds

ARTICLES = [
    text(1, "Pemerintah memperkuat pengentasan warga miskin.", title="Program daerah"),
    text(2, "Kebijakan itu memiskinkan petani."),
    text(3, "Angka pengangguran turun di Lebak."),
    text(4, "Petani memanen anggur."),
    text(5, "Rumah tidak layak huni dibedah.", title="Bedah rumah"),
    text(6, "Rumah itu layak, tidak seperti huni lain.", title="Layak huni"),
    text(7, "Pasien COVID-19 pulih pada tahun ajaran 2022/2023."),
    text(8, "Bantuan Rp1.000.000 untuk 1.200 keluarga di Kab. Lebak."),
    text(9, "KH. Ma'ruf Amin dan Siti binti Abdullah hadir; juga Muhammad al-Fatih."),
    text(10, "Monyet-monyet turun ke desa 🙏, kata “warga”."),
    text(11, "خبر من بانتن و 新闻 万丹"),
    text(12, "Stunting turun; prevalensi stunted masih tinggi.", title="Stunting di Banten"),
    text(13, "Baris satu", "dua tiga.", title="Akhir judul"),
    text(14, "Petugas bertemu Miktabar di kantor."),
    text(15, "Media memberitakan masalah ketua perdana."),
    text(16, "Dia di masa tua dengan dana."),
    text(17, "Cafe\u0301 dan ﬁlm di SERANG"),
]


@pytest.fixture(params=ENGINES, scope="module")
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    with made(request.param, request, tmp_path_factory.mktemp("filled")) as index:
        index.put(ARTICLES)
        yield index


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        # stems
        ("kemiskinan", {1, 2}),
        ("miskin", {1, 2}),
        ('"miskin"', {1}),
        ('"kemiskinan"', set()),
        ("pengangguran", {3}),
        ("anggur", {4}),
        ("menganggur", {3}),
        ("media", {15}),
        ("dia", {16}),
        ("masalah", {15}),
        ("masa", {16}),
        ("perdana", {15}),
        ("dana", {16}),
        ("ketua", {15}),
        ("tua", {16}),
        # operators in both languages
        ("petani anggur", {4}),
        ("petani AND anggur", {4}),
        ("petani DAN anggur", {4}),
        ("petani && anggur", {4}),
        ("anggur OR pengangguran", {3, 4}),
        ("anggur ATAU pengangguran", {3, 4}),
        ("anggur || pengangguran", {3, 4}),
        ("petani NOT anggur", {2}),
        ("petani BUKAN anggur", {2}),
        ("petani -anggur", {2}),
        ("petani !anggur", {2}),
        ("petani +anggur", {4}),
        ("turun (lebak OR desa)", {3, 10}),
        ("turun -(lebak OR desa)", {12}),
        ("turun lebak OR anggur", {3, 4}),
        ("anggur OR (turun NOT lebak)", {4, 10, 12}),
        ("NOT NOT anggur", {4}),
        ("anggur OR NOT (petani OR turun OR NOT lebak)", {4, 8}),
        # phrases
        ('"rumah tidak layak huni"', {5}),
        ('"layak huni"', {5, 6}),
        ('"huni layak"', set()),
        ('"layak tidak"', {6}),
        ('"rumah layak"', set()),
        ('"rumah layak"~1', {5, 6}),
        ('"layak rumah"~2', set()),
        ('"rumah huni"~2', {5}),
        ('"rumah huni"~4', {5, 6}),
        ('"rumah tidak huni"~1', {5}),
        ("“layak huni”", {5, 6}),
        ("„layak huni“", {5, 6}),
        ("«layak huni»", {5, 6}),
        ("covid-19", {7}),
        ("COVID 19", {7}),
        ('"covid 19"', {7}),
        ("2022/2023", {7}),
        ('"2022-2023"', {7}),
        ("2023", {7}),
        ("Rp1.000.000", {8}),
        ("1.200", {8}),
        ("1200", set()),
        ('"kab lebak"', {8}),
        ("ma'ruf", {9}),
        ("“Ma’ruf Amin”", {9}),
        ('"siti binti abdullah"', {9}),
        ("al-fatih", {9}),
        ("monyet", {10}),
        ("monyet-monyet", {10}),
        ('"monyet monyet"', {10}),
        ("🙏 desa", {10}),
        ("warga", {1, 10}),
        ('"dua tiga"', {13}),
        ('"satu dua"', {13}),
        ('"judul baris"', set()),
        # other scripts and normal forms
        ("بانتن", {11}),
        ("新闻", {11}),
        ("café", {17}),
        ("CAFE\u0301", {17}),
        ("film", {17}),
        ("serang", {17}),
        # fields, prefixes, likeness
        ("judul:rumah", {5}),
        ("isi:rumah", {5, 6}),
        ("judul:(layak huni)", {6}),
        ('judul:"layak huni"', {6}),
        ("judul:layak isi:tidak", {6}),
        ("stunt*", {12}),
        ("judul:stunt*", {12}),
        ("isi:stunted*", {12}),
        ("peng*", {1, 3}),
        ("قبر*", set()),
        ("muktabar~", {14}),
        ("muktabar~1", {14}),
        ("miktabbar~1", {14}),
        ("imktabar~1", {14}),
        ("judul:muktabar~", set()),
        ("tidakadakata", set()),
    ],
)
def test_what_a_query_finds(filled: SearchIndex, wanted: str, found: set[int]) -> None:
    for sort in Sort:
        hits = filled.search(query.parse(wanted, NOW), limit=100, sort=sort)
        assert set(hits.ids) == found
        assert hits.total == len(found) == len(hits.ids)


def test_an_empty_query_finds_everything(filled: SearchIndex) -> None:
    assert len(find(filled, "", limit=100)) == len(ARTICLES)


# Fields that are no text

PLACES = [
    text(1, "a", place="Pandeglang", region="36", source="antara_banten", authors=("Siti Aminah", "Budi")),
    text(2, "b", place="Bandung", region="36", source="antara_banten", tags=("harga pangan", "beras")),
    text(3, "c", place="Negeri Jauh", region="36", source="antara_jabar", authors=("Aminah Budi",)),
    text(4, "d", place="Serang", region="36", source="detik", tags=("pangan beras",)),
    text(5, "e", place="Jakarta Selatan", region="36", source="antara_banten"),
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("wilayah:36", {1, 3, 4}),
        ("wilayah:banten", {1, 3, 4}),
        ("wilayah:36.01", {1}),
        ("wilayah:3601", {1}),
        ("wilayah:pandeglang", {1}),
        ('wilayah:"kabupaten serang"', {4}),
        ('wilayah:"kota serang"', {4}),
        ("wilayah:(kabupaten lebak)", set()),
        ("wilayah:32", {2}),
        ('wilayah:"jawa barat"', {2}),
        ("wilayah:jabar", {2}),
        ('wilayah:"bandung bandung"', set()),
        ("wilayah:jakarta", {5}),
        ("wilayah:jak*", {5}),
        ("tempat:bandung", {2}),
        ('tempat:"negeri jauh"', {3}),
        ("sumber:antara_banten", {1, 2, 5}),
        ("sumber:antara", {1, 2, 3, 5}),
        ("sumber:detik", {4}),
        ("sumber:antara_ban", set()),
        ("sumber:antara -wilayah:36", {2, 5}),
        ("penulis:aminah", {1, 3}),
        ('penulis:"siti aminah"', {1}),
        ('penulis:"aminah budi"', {3}),
        ("penulis:(aminah budi)", {1, 3}),
        ("tag:beras", {2, 4}),
        ('tag:"pangan beras"', {4}),
        ("bandung", set()),
    ],
)
def test_fields_that_are_no_text(index: SearchIndex, wanted: str, found: set[int]) -> None:
    index.put(PLACES)
    assert set(find(index, wanted, limit=100)) == found


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("terbit:2022-12", {2, 3}),
        ("terbit:2022-12-01", {2}),
        ("terbit:2022-12-31", {3}),
        ("terbit:2022", {1, 2, 3}),
        ("terbit:>=2022-12-01", {2, 3, 4, 5}),
        ("terbit:<2022-12", {1}),
        ("terbit:>2022-12", {4, 5}),
        ("terbit:<=2022-12-01", {1, 2}),
        ("terbit:[2022-11 TO 2022-12-30]", {1, 2}),
        ("terbit:[* TO *]", {1, 2, 3, 4, 5}),
        ("terbit:7hari", {5}),
        ("terbit:1d", {5}),
        ("-terbit:2022 warga", {4, 5}),
        ("terbit:9999", set()),
        ("terbit:0001", set()),
    ],
)
def test_dates_are_days_in_wib(index: SearchIndex, wanted: str, found: set[int]) -> None:
    moments = [
        "2022-11-30T23:59:59+07:00",
        "2022-11-30T17:00:00+00:00",
        "2023-01-01T01:59:59+09:00",
        "2023-01-01T00:00:00+07:00",
    ]
    index.put(
        [stored(id, published=at(moment)) for id, moment in enumerate(moments, 1)]
        + [stored(5, published=NOW)]
    )
    assert set(find(index, wanted)) == found


# Order, paging, totals


def test_the_newest_come_first_and_of_one_second_the_higher_id(index: SearchIndex) -> None:
    moments = [NOW, NOW - timedelta(days=1), NOW, NOW + timedelta(days=1), datetime(1969, 7, 20, tzinfo=UTC)]
    batch = [stored(id, published=moment) for id, moment in enumerate(moments, 1)]
    for each in reversed(batch):
        index.put([each])
    assert find(index, "warga") == [4, 3, 1, 2, 5]
    assert [page.ids for page in read_on(index, query.parse(""), 2, Sort.NEWEST)] == [(4, 3), (1, 2), (5,)]


def test_the_most_relevant_come_first_and_titles_count_more(index: SearchIndex) -> None:
    filler = [text(id, "Berita lain tentang panen padi.", published=NOW) for id in range(4, 20)]
    index.put(
        [
            text(1, "Stunting dan banyak hal lain di daerah ini.", title="Kabar hari ini", published=NOW),
            text(2, "Banyak hal lain di daerah ini dan itu.", title="Kabar stunting ini", published=NOW),
            text(3, "Stunting, stunting, stunting dan stunting.", title="Cegah stunting", published=NOW),
            *filler,
        ]
    )
    assert find(index, "stunting", sort=Sort.RELEVANCE) == [3, 2, 1]


def test_of_equally_relevant_ones_the_newest_come_first(index: SearchIndex) -> None:
    moments = {id: NOW + timedelta(minutes=id * 7 % 50) for id in range(1, 50)}
    for id, moment in moments.items():
        index.put([text(id, "Warga membaca.", published=moment)])
    newest = sorted(moments, key=lambda id: (moments[id], id), reverse=True)
    for wanted in ("warga", "terbit:2026", "warg*"):
        assert find(index, wanted, sort=Sort.RELEVANCE, limit=5) == newest[:5]
        pages = [*read_on(index, query.parse(wanted, NOW), 5, Sort.RELEVANCE)]
        assert [id for page in pages for id in page.ids] == newest


@pytest.mark.parametrize("sort", Sort)
def test_of_some_articles_those_that_answer_come_in_the_order_of_all(index: SearchIndex, sort: Sort) -> None:
    index.put([text(n, "banjir " * n + "kata " * (9 - n), title=f"Hari {n}") for n in range(1, 8)])
    index.put([text(8, "kering")])
    every = find(index, "banjir", sort=sort)
    assert len(every) == 7
    assert find(index, "banjir", sort=sort, among=[8, 99, 2, 5, 3]) == [id for id in every if id in (2, 3, 5)]
    assert find(index, "", sort=sort, among=[8, 2]) == [8, 2]
    assert find(index, "banjir", sort=sort, among=[]) == []
    assert index.search(query.parse("banjir", NOW), limit=0, among=[2, 8]).total == 1


def read_on(index: SearchIndex, wanted: Query, limit: int, sort: Sort) -> Iterator[Hits]:
    """All pages of hits."""
    after = None
    while True:
        hits = index.search(wanted, limit=limit, after=after, sort=sort)
        yield hits
        if hits.after is None:
            return
        after = Cursor.read(str(hits.after))


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize(("limit", "count"), [(0, 0), (-5, 0), (3, 3), (7, 7), (10**18, 7), (10**30, 7)])
def test_limits_of_every_size(index: SearchIndex, sort: Sort, limit: int, count: int) -> None:
    index.put([stored(id) for id in range(1, 8)])
    hits = index.search(query.parse("warga"), limit=limit, sort=sort)
    assert (len(hits.ids), hits.total) == (count, 7)
    assert (hits.after.sort if hits.after else None) == (sort if limit == 3 else None)


def test_a_search_by_relevance_in_which_none_is_more_relevant_can_be_paged(index: SearchIndex) -> None:
    index.put([stored(id, published=NOW + timedelta(minutes=id)) for id in range(1, 8)])
    pages = [*read_on(index, query.parse("terbit:2026"), 3, Sort.RELEVANCE)]
    assert [page.ids for page in pages] == [(7, 6, 5), (4, 3, 2), (1,)]
    assert {page.after.sort for page in pages if page.after} == {Sort.RELEVANCE}


@pytest.mark.parametrize("sort", Sort)
def test_pages_hold_all_hits_once_while_articles_arrive_and_change(index: SearchIndex, sort: Sort) -> None:
    index.put([text(id, "warga " * (id % 5 + 1), published=NOW - timedelta(hours=id)) for id in range(1, 21)])
    expected = list(index.search(query.parse("warga"), limit=100, sort=sort).ids)
    pages = read_on(index, query.parse("warga"), 3, sort)
    found = [*next(pages).ids]
    for number, page in enumerate(pages):
        found += page.ids
        index.put([text(100 + number, "warga warga warga", published=NOW)])
    assert found == expected


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor(Sort.NEWEST, 10**18, 10**18, 10**18),
        Cursor(Sort.NEWEST, 0, 0, -(10**18)),
        Cursor(Sort.RELEVANCE, 10**18, 10**18),
        Cursor(Sort.RELEVANCE, 0, 0),
    ],
    ids=str,
)
def test_cursors_from_nowhere_are_answered(index: SearchIndex, cursor: Cursor) -> None:
    index.put([text(1, "warga")])
    assert index.search(query.parse("warga"), after=cursor, sort=cursor.sort).total == 1


@pytest.mark.parametrize(
    "written", ["", "x", "n", "n1", "n1.2", "n1.2.3.4", "n-1.2.3", "q1.2.3", "n1.2.x", "n" * 99]
)
def test_what_is_no_cursor_is_told(written: str) -> None:
    with pytest.raises(PantauError, match="bukan penunjuk halaman"):
        Cursor.read(written)


def test_an_empty_index_finds_nothing(index: SearchIndex) -> None:
    for sort in Sort:
        assert index.search(query.parse("warga"), sort=sort) == Hits((), 0)


# Families of words and look-alikes, grouped by hand

FAMILIES = [
    words
    for line in (Path(__file__).parents[1] / "benchmarks" / "families.txt").read_text("utf-8").splitlines()
    if (words := line.partition("#")[0].split())
]


def test_each_word_finds_its_family_and_no_look_alike(index: SearchIndex) -> None:
    index.put([text(id, " ".join(words), title="x") for id, words in enumerate(FAMILIES, 1)])
    wrong = [
        (word, found)
        for id, words in enumerate(FAMILIES, 1)
        for word in words
        if (found := find(index, word)) != [id]
    ]
    assert len(FAMILIES) > 300
    assert wrong == []


# Counting

COUNTED = [
    text(1, "Warga miskin di desa.", published=NOW, place="Lebak", kind="government"),
    text(2, "Warga miskin di kota.", published=NOW - timedelta(days=1), place="Serang"),
    text(
        3, "Kemiskinan turun.", published=NOW - timedelta(days=31), source="detik", kind="press", place=None
    ),
    text(4, "Panen padi.", published=NOW - timedelta(days=400), place="Lebak", kind="government"),
]


def test_hits_are_counted_by_facet(index: SearchIndex) -> None:
    index.put(COUNTED)
    hits = index.search(query.parse("kemiskinan"), limit=1, facets=["source", "region", "kind", "topic"])
    assert (hits.total, hits.ids) == (3, (1,))
    assert hits.facets["source"] == {"antara_banten": 2, "detik": 1}
    assert list(hits.facets["source"]) == ["antara_banten", "detik"]
    assert hits.facets["kind"] == {"government": 1, "agency": 1, "press": 1}
    assert hits.facets["region"] == {"36": 2, "36.02": 1, "36.04": 1, "36.73": 1}
    assert hits.facets["topic"]["kemiskinan"] == 3


def test_all_values_and_all_words_are_looked_at(index: SearchIndex) -> None:
    words = [f"bant{one}{other}" for one in "abcdefghijklm" for other in "abcdefghijklm"]
    index.put([text(id, word, source=f"situs_{word}") for id, word in enumerate(words, 1)])
    for wanted in ("banten~2", "bant*", "ban*"):
        hits = index.search(query.parse(wanted), limit=1, facets=["source"])
        assert (hits.total, len(hits.facets["source"])) == (len(words), len(words))


def test_a_page_further_on_counts_all_hits_too(index: SearchIndex) -> None:
    index.put(COUNTED)
    first = index.search(query.parse("warga OR panen"), limit=2, facets=["kind"])
    second = index.search(query.parse("warga OR panen"), limit=2, facets=["kind"], after=first.after)
    assert (second.ids, second.total, second.facets) == ((4,), 3, first.facets)


@pytest.mark.parametrize(
    ("interval", "bars"),
    [
        (
            Interval.DAY,
            {date(2025, 10, 20): 1, date(2026, 10, 24): 1, date(2026, 11, 23): 1, date(2026, 11, 24): 1},
        ),
        (Interval.WEEK, {date(2025, 10, 20): 1, date(2026, 10, 19): 1, date(2026, 11, 23): 2}),
        (Interval.MONTH, {date(2025, 10, 1): 1, date(2026, 10, 1): 1, date(2026, 11, 1): 2}),
    ],
)
def test_hits_are_counted_over_time(index: SearchIndex, interval: Interval, bars: dict[date, int]) -> None:
    index.put(COUNTED)
    hits = index.search(query.parse(""), limit=0, interval=interval)
    assert hits.histogram == bars
    assert list(hits.histogram) == sorted(bars)


def test_days_begin_at_midnight_in_the_west(index: SearchIndex) -> None:
    midnight = datetime(2026, 11, 24, tzinfo=WIB)
    moments = (midnight, midnight - timedelta(seconds=1))
    index.put([text(id, "warga", published=moment) for id, moment in enumerate(moments, 1)])
    hits = index.search(query.parse("warga"), interval=Interval.DAY)
    assert hits.histogram == {date(2026, 11, 23): 1, date(2026, 11, 24): 1}


def test_only_the_most_frequent_values_are_told_if_so_many_are_asked_for(index: SearchIndex) -> None:
    index.put(COUNTED)
    every = index.search(query.parse(""), limit=0, facets=["source", "region"]).facets
    assert len(every["region"]) > 2
    told = index.search(query.parse(""), limit=0, facets=["source", "region"], values=1).facets
    assert told["source"] == dict([*every["source"].items()][:1])
    assert [*told["region"].values()] == [max(every["region"].values())]


def test_hits_are_counted_since_some_days(index: SearchIndex) -> None:
    index.put(COUNTED)
    days = [date(2026, 11, 24), date(2025, 10, 20), date(2026, 11, 23), date(2027, 1, 1)]
    hits = index.search(query.parse(""), limit=0, since=days, interval=Interval.MONTH)
    assert hits.since == {days[0]: 1, days[1]: 4, days[2]: 2, days[3]: 0}
    assert sum(hits.histogram.values()) == hits.total == 4
    assert index.search(query.parse("tidakada"), since=days).since == dict.fromkeys(days, 0)
    assert index.search(query.parse("")).since == {}


@pytest.mark.parametrize("interval", Interval)
def test_times_of_all_ages_are_counted(index: SearchIndex, interval: Interval) -> None:
    years = (1, 1969, 1970, 2026, 9999)
    index.put([text(year, "warga", published=datetime(year, 6, 1, tzinfo=WIB)) for year in years])
    hits = index.search(query.parse("warga"), interval=interval)
    assert sum(hits.histogram.values()) == len(years)
    assert [day.year for day in hits.histogram] == list(years)


def test_topics_can_be_searched(index: SearchIndex) -> None:
    index.put(COUNTED)
    assert find(index, "topik:kemiskinan") == [1, 2, 3]
    assert find(index, "topik:kemiskinan -kota") == [1, 3]


# Putting and removing


def test_putting_again_replaces(index: SearchIndex) -> None:
    index.put([stored(1, title="Panen padi"), stored(2)])
    index.put([stored(1, 2, title="Panen jagung")])
    assert (find(index, "padi"), find(index, "jagung")) == ([], [1])
    assert index.info().articles == 2


def test_an_article_twice_in_one_batch_is_kept_once(index: SearchIndex) -> None:
    index.put([stored(1, title="Panen padi"), stored(1, 2, title="Panen jagung")])
    assert (find(index, "padi"), find(index, "jagung"), index.info().articles) == ([], [1], 1)


def test_what_is_removed_is_not_found(index: SearchIndex) -> None:
    index.put([stored(id) for id in (1, 2, 3)])
    index.remove([2, 99])
    assert find(index, "warga") == [3, 1]
    index.clear()
    assert (find(index, ""), index.info().articles, index.info().version) == ([], 0, index_module.VERSION)
    index.put([stored(4)])
    assert find(index, "") == [4]


def test_monstrous_articles_are_kept(index: SearchIndex) -> None:
    index.put(
        [
            text(
                1,
                "x" * 100_000 + " " + "\x00\ufffe\u202e kata " * 1000,
                title="\x00",
                tags=("",),
                authors=("|",),
            )
        ]
    )
    assert find(index, "x" * 1000) == find(index, '"kata kata"') == [1]


HOSTILE = [
    "(" * 10_000,
    "a AND (" * 2_000,
    "-" * 3_000,
    '"' * 3_001,
    "a* " * 3_000,
    "aaa*" * 3_000,
    "*" * 3_000,
    " OR ".join(f"aa{letter}*" for letter in "abcdefghijklmnopqrstuvwxyz" * 3),
    " ".join(f"kata{number}~2" for number in range(200)),
    '"' + "a " * 190 + '"~20',
    '"a b c d e f g h"~20 ' * 10,
    "NOT " * 400 + "a",
    "a OR " * 400,
    "\x00\x01\x02\u202e\u200f مرحبا",
    "x" * 100_000,
    "terbit:[0001 TO 9999] terbit:999tahun terbit:999bulan",
    "terbit:<0001 OR terbit:>9999",
    "judul:judul:judul: isi:(((",
    "\ud800 a",
    "wilayah:99 sumber:x_y tag:\U0001f64f",
    "-a OR -b OR (-c -d)",
]


@pytest.mark.parametrize("wanted", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries_are_answered(filled: SearchIndex, wanted: str) -> None:
    for sort in Sort:
        filled.search(query.parse(wanted, NOW), sort=sort)


# Any documents and any query: the engine finds what a plain reader of the tree finds


def answers(node: Node, article: StoredArticle) -> bool:
    """The meaning of a query, read as plainly as can be from the analysed article."""
    fields = analyse(article)
    match node:
        case And(parts):
            return all(answers(part, article) for part in parts)
        case Or(parts):
            return any(answers(part, article) for part in parts)
        case Not(part):
            return not answers(part, article)
        case Key(key, "source"):
            return key == fields.source
        case Key(key, "region"):
            return key in fields.regions
        case Key(key, "kind"):
            return key == fields.kind
        case Key(key):
            return key in fields.topics
        case Range(since, until):
            day = article.article.published.astimezone(WIB).date()
            return (since is None or since <= day) and (until is None or day <= until)
    return any(_stands(node, field, fields) for field in ([node.field] if node.field else ["title", "text"]))


def _stands(leaf: Word | Phrase | Prefix | Fuzzy, field: str, fields: index_module.Fields) -> bool:
    words = fields.words[field]
    match leaf:
        case Word(word):
            return language.stem(word) in fields.stems[field] if field in fields.stems else word in words
        case Prefix(start):
            return any(word.startswith(start) for word in words)
        case Fuzzy(word, _, distance):
            return any(is_like(word, other, distance) for other in words)
        case Phrase(wanted, _, slop):
            return any(
                _follows(wanted[1:], words, begin, slop)
                for begin, word in enumerate(words)
                if word == wanted[0]
            )


def _follows(wanted: Sequence[str], words: Sequence[str], place: int, slop: int) -> bool:
    return not wanted or any(
        _follows(wanted[1:], words, place + 1 + gap, slop - gap)
        for gap in range(slop + 1)
        if words[place + 1 + gap : place + 2 + gap] == [wanted[0]]
    )


VOCABULARY = [
    *[
        "miskin",
        "kemiskinan",
        "memiskinkan",
        "anggur",
        "pengangguran",
        "rumah",
        "perumahan",
        "layak",
        "dan",
        "di",
    ],
    *[
        "banten",
        "lebak",
        "serang",
        "covid-19",
        "Rp1.000",
        "2022/2023",
        "anak-anak",
        "“warga”",
        "🙏",
        "新闻",
        "مرحبا",
        "ﬁlm",
    ],
]
PROSE = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=12).map(" ".join)
DAYS = st.dates(date(2022, 11, 28), date(2022, 12, 3))


MOST = 5
"""Articles that are made up at once."""


@st.composite
def _articles(draw: st.DrawFn) -> list[StoredArticle]:
    return [
        stored(
            id,
            title=draw(PROSE),
            paragraphs=tuple(draw(st.lists(PROSE, min_size=1, max_size=2))),
            published=datetime.combine(draw(DAYS), draw(st.times()), draw(st.sampled_from([WIB, UTC]))),
            source=draw(st.sampled_from(["antara_banten", "detik"])),
            kind=draw(st.sampled_from(["press", "agency"])),
            place=draw(st.sampled_from([None, "Lebak", "Serang", "Bandung", "Entah"])),
            authors=tuple(draw(st.lists(st.sampled_from(["Siti Aminah", "Budi", "Aminah"]), max_size=2))),
            tags=tuple(draw(st.lists(st.sampled_from(["kemiskinan", "rumah layak"]), max_size=2))),
        )
        for id in range(1, draw(st.integers(1, MOST)) + 1)
    ]


WORDS = st.sampled_from(
    sorted({word for each in VOCABULARY for word in query.words(each)} | {"aminah", "siti", "xyz"})
)
FIELDS = st.sampled_from([None, None, None, *index_module.WORDED])
LEAVES = st.one_of(
    st.builds(Word, WORDS, FIELDS),
    st.builds(Word, WORDS, FIELDS),
    st.builds(Phrase, st.lists(WORDS, min_size=1, max_size=4).map(tuple), FIELDS, st.integers(0, 3)),
    st.builds(Prefix, WORDS.map(lambda word: word[:3]), FIELDS),
    st.builds(Fuzzy, WORDS, FIELDS, st.integers(1, 2)),
    st.builds(Key, st.sampled_from(["36", "36.02", "32", "99"]), st.just("region")),
    st.builds(Key, st.sampled_from(["antara_banten", "detik", "antara"]), st.just("source")),
    st.builds(Key, st.sampled_from(["kemiskinan", "perumahan", "tiada"]), st.just("topic")),
    st.builds(Key, st.sampled_from(["press", "agency", "tiada"]), st.just("kind")),
    st.builds(Range, st.none() | DAYS, st.none() | DAYS),
)


def _compound(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(children, min_size=1, max_size=4).map(tuple)
    return st.builds(And, parts) | st.builds(Or, parts) | st.builds(Not, children)


TREES: st.SearchStrategy[Node] = st.recursive(LEAVES, _compound, max_leaves=8)


EXAMPLES = int(os.environ.get("PANTAU_EXAMPLES", 0))
"""How many sets of articles are made up, each with some queries; more than usual when something has changed."""
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


@given(_articles(), st.lists(TREES, min_size=1, max_size=8))
@settings(deadline=None, max_examples=EXAMPLES or 100, suppress_health_check=SLOW)
def test_any_query_finds_in_any_articles_what_a_plain_reader_finds(
    articles: list[StoredArticle], trees: list[Node]
) -> None:
    index = TantivyIndex()
    index.put(articles)
    for tree in trees:
        compare(tree, articles, [index])
    index.close()


@pytest.fixture(scope="module")
def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[SearchIndex]]:
    """An empty index in each version of Elasticsearch."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("servers")
        yield [stack.enter_context(made(engine, request, folder)) for engine in SERVERS]


@given(_articles(), st.lists(TREES, min_size=1, max_size=20))
@settings(deadline=None, max_examples=EXAMPLES or 25, suppress_health_check=SLOW)
def test_any_query_finds_in_all_engines_what_a_plain_reader_finds(
    servers: list[SearchIndex], articles: list[StoredArticle], trees: list[Node]
) -> None:
    memory = TantivyIndex()
    engines = [memory, *servers]
    revision = next(REVISIONS)
    articles = [replace(each, revision=revision) for each in articles]
    for index in engines:
        assert index.put(articles) == {}
        index.remove(range(len(articles) + 1, MOST + 1))
    for tree in trees:
        compare(tree, articles, engines)
    memory.close()


REVISIONS = count(1)
"""Each example's articles take the place of those before."""


def compare(tree: Node, articles: list[StoredArticle], engines: Sequence[SearchIndex]) -> None:
    found = [each for each in articles if answers(tree, each)]
    expected = [
        each.id
        for each in sorted(found, key=lambda each: (index_module.seconds(each.article.published), each.id))
    ]
    for index in engines:
        newest, relevant = (index.search(Query("", tree), limit=10, sort=sort) for sort in Sort)
        assert (list(newest.ids), newest.total) == (expected[::-1], len(expected)), query.describe(tree)
        assert (sorted(relevant.ids), relevant.total) == (sorted(expected), len(expected)), query.describe(
            tree
        )


@given(st.text(max_size=200), st.text(max_size=60))
@settings(deadline=None)
def test_any_piece_of_a_title_finds_it(title: str, wanted: str) -> None:
    index = TantivyIndex()
    index.put([text(1, "isi", title=title or "x"), text(2, wanted or "x")])
    for tree in (query.parse(f'"{title}"').tree, query.parse(wanted).tree):
        if tree is None:
            continue
        expected = {
            each.id
            for each in (text(1, "isi", title=title or "x"), text(2, wanted or "x"))
            if answers(tree, each)
        }
        assert set(index.search(Query("", tree)).ids) == expected


# The index as a copy of the record


class Refusing(TantivyIndex):
    """Refuses one article, as an engine does that cannot map it."""

    refused = 2

    def put(self, batch: Sequence[StoredArticle]) -> Mapping[int, str]:
        super().put([each for each in batch if each.id != self.refused])
        return {each.id: "too odd" for each in batch if each.id == self.refused}


def test_what_the_engine_refuses_is_kept_with_the_reason_and_can_be_tried_again(store: Store) -> None:
    fill(store)
    index = Refusing()
    assert (sync(store, index), sync(store, index)) == (3, 0)
    assert [(each.id, each.index_error) for each in store.refused()] == [(2, "too odd")]
    index.refused = 0
    assert store.retry_refused() == 1
    assert (sync(store, index), store.refused(), find(index, "warga")) == (1, [], [3, 2, 1])


def test_a_changed_article_is_sent_again_though_it_was_refused(store: Store) -> None:
    fill(store)
    index = Refusing()
    sync(store, index)
    index.refused = 0
    store.add(make_article(number=2, title="Kini lain"), NOW)
    assert (sync(store, index), store.refused(), find(index, "kini")) == (1, [], [2])


def test_a_rebuild_keeps_what_is_refused_too(store: Store) -> None:
    fill(store)
    index = TantivyIndex()

    class Rebuilding(Refusing):
        @contextmanager
        def rebuilding(self) -> Iterator[TantivyIndex]:
            new = Refusing()
            yield new
            self._part = new._part

    index = Rebuilding()
    assert rebuild(store, index) == 3
    assert [each.id for each in store.refused()] == [2]
    assert (sync(store, index), store.count_behind()) == (0, 0)


def fill(store: Store, count: int = 3, **fields: Any) -> None:
    for number in range(1, count + 1):
        store.add(make_article(number=number, **fields), NOW)


def test_sync_sends_what_is_behind_and_tells(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "BATCH", 2)
    fill(store, 5)
    index = TantivyIndex()
    told: list[int] = []
    assert sync(store, index, told.append) == 5
    assert told == [2, 4, 5]
    assert sync(store, index, told.append) == 0
    store.add(make_article(number=2, title="Kini lain"), NOW)
    assert (sync(store, index), find(index, "kini")) == (1, [2])


def test_a_second_process_sends_nothing_meanwhile(store: Store) -> None:
    fill(store)
    with store.exclusively("index"):
        assert sync(store, TantivyIndex()) == 0
    assert sync(store, TantivyIndex()) == 3


def test_analysis_keeps_values_apart() -> None:
    article: Article = replace(make_article(), authors=("A B", "C"), tags=(), place="Kota Serang")
    fields = analyse(StoredArticle(1, 2, None, NOW, article))
    assert fields.words["author"] == ["a", "b", "|", "c"]
    assert fields.words["region"] == ["banten", "|", "kabupaten", "lebak", "|", "kota", "serang"]
    assert fields.regions == ("36", "36.02", "36.73")
    assert fields.stems["title"] == ["lebak", "tekan", "angka", "miskin"]
