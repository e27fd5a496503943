"""The contract of every search engine, and the index as a copy of the record."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW, WIB, make_article
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import index as index_module
from indexer import language, query, tantivy_index
from indexer.article import Article
from indexer.errors import PantauError
from indexer.highlight import is_like
from indexer.index import SearchIndex, Sort, analyse, sync
from indexer.query import And, Fuzzy, Key, Node, Not, Or, Phrase, Prefix, Query, Range, Word
from indexer.store import Store, StoredArticle
from indexer.tantivy_index import TantivyIndex, UnusableIndex, open_index

ENGINES: dict[str, Callable[[Path], SearchIndex]] = {
    "tantivy in a folder": lambda folder: TantivyIndex(folder / "index"),
    "tantivy in memory": lambda _: TantivyIndex(),
}


@pytest.fixture(params=list(ENGINES))
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    index = ENGINES[request.param](tmp_path)
    yield index
    index.close()


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


@pytest.fixture(params=list(ENGINES), scope="module")
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    index = ENGINES[request.param](tmp_path_factory.mktemp("filled"))
    index.put(ARTICLES)
    yield index
    index.close()


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
    assert find(index, "", limit=2, offset=1) == [3, 1]


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
        assert find(index, wanted, sort=Sort.RELEVANCE, limit=5, offset=20) == newest[20:25]


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize(
    ("limit", "offset", "count"),
    [(0, 0, 0), (-5, 0, 0), (3, 0, 3), (10**18, 0, 7), (10**30, 10**30, 0), (3, 5, 2), (3, 7, 0), (3, -2, 3)],
)
def test_limits_of_every_size(index: SearchIndex, sort: Sort, limit: int, offset: int, count: int) -> None:
    index.put([stored(id) for id in range(1, 8)])
    hits = index.search(query.parse("warga"), limit=limit, offset=offset, sort=sort)
    assert (len(hits.ids), hits.total) == (count, 7)


def test_an_empty_index_finds_nothing(index: SearchIndex) -> None:
    for sort in Sort:
        assert index.search(query.parse("warga"), sort=sort) == index_module.Hits((), 0)


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
    assert (find(index, ""), index.info()) == ([], index_module.Info(0, index_module.VERSION))
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
        case Key(key):
            return key in fields.regions
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


@st.composite
def _articles(draw: st.DrawFn) -> list[StoredArticle]:
    return [
        stored(
            id,
            title=draw(PROSE),
            paragraphs=tuple(draw(st.lists(PROSE, min_size=1, max_size=2))),
            published=datetime.combine(draw(DAYS), draw(st.times()), draw(st.sampled_from([WIB, UTC]))),
            source=draw(st.sampled_from(["antara_banten", "detik"])),
            place=draw(st.sampled_from([None, "Lebak", "Serang", "Bandung", "Entah"])),
            authors=tuple(draw(st.lists(st.sampled_from(["Siti Aminah", "Budi", "Aminah"]), max_size=2))),
            tags=tuple(draw(st.lists(st.sampled_from(["kemiskinan", "rumah layak"]), max_size=2))),
        )
        for id in range(1, draw(st.integers(1, 5)) + 1)
    ]


WORDS = st.sampled_from(
    sorted({word for each in VOCABULARY for word in query.words(each)} | {"aminah", "siti", "xyz"})
)
FIELDS = st.sampled_from([None, None, None, *(field for field in query.FIELDS if field != "published")])
LEAVES = st.one_of(
    st.builds(Word, WORDS, FIELDS),
    st.builds(Word, WORDS, FIELDS),
    st.builds(Phrase, st.lists(WORDS, min_size=1, max_size=4).map(tuple), FIELDS, st.integers(0, 3)),
    st.builds(Prefix, WORDS.map(lambda word: word[:3]), FIELDS),
    st.builds(Fuzzy, WORDS, FIELDS, st.integers(1, 2)),
    st.builds(Key, st.sampled_from(["36", "36.02", "32", "99"]), st.just("region")),
    st.builds(Key, st.sampled_from(["antara_banten", "detik", "antara"]), st.just("source")),
    st.builds(Range, st.none() | DAYS, st.none() | DAYS),
)


def _compound(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(children, min_size=1, max_size=4).map(tuple)
    return st.builds(And, parts) | st.builds(Or, parts) | st.builds(Not, children)


TREES: st.SearchStrategy[Node] = st.recursive(LEAVES, _compound, max_leaves=8)


@given(_articles(), st.lists(TREES, min_size=1, max_size=8))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_query_finds_in_any_articles_what_a_plain_reader_finds(
    articles: list[StoredArticle], trees: list[Node]
) -> None:
    index = TantivyIndex()
    index.put(articles)
    for tree in trees:
        expected = {each.id for each in articles if answers(tree, each)}
        for sort in Sort:
            hits = index.search(Query("", tree), limit=10, sort=sort)
            assert (set(hits.ids), hits.total) == (expected, len(expected)), query.describe(tree)
    index.close()


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


def fill(store: Store, count: int = 3, **fields: Any) -> None:
    for number in range(1, count + 1):
        store.add(make_article(number=number, **fields), NOW)


def opened(store: Store, folder: Path) -> TantivyIndex:
    index = open_index(store, folder)
    sync(store, index)
    return index


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


def test_an_index_is_opened_again_as_it_was(store: Store, tmp_path: Path) -> None:
    fill(store)
    opened(store, tmp_path / "index").close()
    index = open_index(store, tmp_path / "index")
    assert (index.info().articles, sync(store, index)) == (3, 0)


def _delete(folder: Path) -> None:
    shutil.rmtree(folder)


def _empty_it(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def _make_a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("bukan indeks")


def _write(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        for path in folder.glob(name):
            path.write_bytes(content)

    return damage


def _truncate(folder: Path) -> None:
    for path in folder.iterdir():
        if path.suffix in (".store", ".term", ".idx", ".fast"):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _lose(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        for path in folder.glob(name):
            path.unlink()

    return damage


def _make_foreign(folder: Path) -> None:
    import tantivy

    shutil.rmtree(folder)
    folder.mkdir()
    tantivy.Index(tantivy.SchemaBuilder().build(), path=str(folder))


def _put_an_empty_one(folder: Path) -> None:
    shutil.rmtree(folder)
    TantivyIndex(folder).close()


DAMAGES = {
    "deleted": _delete,
    "emptied": _empty_it,
    "a file in its place": _make_a_file,
    "no meta": _lose("meta.json"),
    "broken meta": _write("meta.json", b"\x00{"),
    "other version": _write("pantau.json", json.dumps({"version": "0"}).encode()),
    "broken version": _write("pantau.json", b"\xff"),
    "no version": _lose("pantau.json"),
    "foreign": _make_foreign,
    "lost segments": _lose("*.term"),
    "truncated": _truncate,
    "empty of this version": _put_an_empty_one,
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


def test_an_index_of_another_record_is_made_anew(store: Store, tmp_path: Path) -> None:
    other = Store(f"sqlite:///{tmp_path}/other.db").open()
    fill(other, 3, published=NOW - timedelta(days=3))
    opened(other, tmp_path / "index").close()
    other.close()
    fill(store, 3, published=NOW)
    index = open_index(store, tmp_path / "index")
    assert index.info().articles == 0
    sync(store, index)
    assert find(index, "terbit:2026-11-24") == [3, 2, 1]


def test_an_index_of_an_older_backup_is_made_anew(store: Store, tmp_path: Path) -> None:
    fill(store, 2)
    opened(store, tmp_path / "index").close()
    shutil.copytree(tmp_path / "index", tmp_path / "backup")
    fill(store, 4)
    opened(store, tmp_path / "index").close()
    assert opened(store, tmp_path / "backup").info().articles == 4


def test_a_cut_between_put_and_mark_is_made_good(store: Store, tmp_path: Path) -> None:
    fill(store, 3)
    index = open_index(store, tmp_path / "index")
    index.put(store.behind("indexed_revision", 2))
    index.close()
    again = open_index(store, tmp_path / "index")
    assert again.info().articles == 2
    assert (sync(store, again), again.info().articles) == (3, 3)


def test_a_change_that_is_not_sent_yet_does_not_make_it_another_record(store: Store, tmp_path: Path) -> None:
    fill(store, 2)
    opened(store, tmp_path / "index").close()
    store.add(make_article(number=1, title="Kini", published=NOW + timedelta(days=1)), NOW)
    index = open_index(store, tmp_path / "index")
    assert (index.info().articles, sync(store, index)) == (2, 1)


def test_readers_see_what_another_wrote(store: Store, tmp_path: Path) -> None:
    fill(store, 1)
    reader, writer = open_index(store, tmp_path / "index"), open_index(store, tmp_path / "index")
    assert find(reader, "warga") == []
    sync(store, writer)
    assert find(reader, "warga") == [1]


def test_a_second_writer_is_told(tmp_path: Path) -> None:
    first, second = TantivyIndex(tmp_path), TantivyIndex(tmp_path)
    with first._writing(), pytest.raises(PantauError, match="Another process is writing"):
        second.put([stored(1)])
    second.put([stored(1)])
    assert find(first, "warga") == [1]


def test_while_another_makes_it_anew_it_is_told(store: Store, tmp_path: Path) -> None:
    (tmp_path / "index").write_text("bukan indeks")
    with store.exclusively("index"), pytest.raises(PantauError, match="try again"):
        open_index(store, tmp_path / "index")


def test_what_another_is_about_to_make_is_not_made_twice(store: Store, tmp_path: Path) -> None:
    with store.exclusively("index"), pytest.raises(PantauError, match="try again"):
        open_index(store, tmp_path / "index")
    assert not (tmp_path / "index").exists()


def test_an_index_that_breaks_while_it_is_used_is_told_and_made_anew(store: Store, tmp_path: Path) -> None:
    fill(store)
    index = opened(store, tmp_path / "index")
    (tmp_path / "index" / "meta.json").write_bytes(b"{")
    with pytest.raises(PantauError, match="is broken"):
        find(index, "warga")
    assert find(opened(store, tmp_path / "index"), "warga") == [3, 2, 1]


def test_a_batch_that_fails_leaves_the_index_as_it_was(
    index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_another_version_is_unusable_without_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    TantivyIndex(tmp_path).close()
    monkeypatch.setattr(tantivy_index, "VERSION", "other")
    with pytest.raises(UnusableIndex, match="another version"):
        TantivyIndex(tmp_path)


def test_analysis_keeps_values_apart() -> None:
    article: Article = replace(make_article(), authors=("A B", "C"), tags=(), place="Kota Serang")
    fields = analyse(StoredArticle(1, 2, None, NOW, article))
    assert fields.words["author"] == ["a", "b", "|", "c"]
    assert fields.words["region"] == ["banten", "|", "kota", "serang"]
    assert fields.regions == ("36", "36.73")
    assert fields.stems["title"] == ["lebak", "tekan", "angka", "miskin"]
