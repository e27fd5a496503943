"""Topics: their file is right, and an article is of a topic exactly where the topic's query would find it."""

import gzip
import json
from datetime import timedelta

import pytest
from conftest import NOW, SHARED, make_article
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import language, query
from indexer.errors import PantauError
from indexer.query import And, Key, Node, Not, Or, Phrase, Prefix, Query, Word
from indexer.store import StoredArticle
from indexer.tantivy_index import TantivyIndex
from indexer.topics import FILE, answers, read, topics, topics_of, version_of

Fields = dict[str, list[str]]
NEWS = SHARED / "corpus" / "news-2025-06.jsonl.gz"


def analysed(title: str, text: str) -> tuple[Fields, Fields]:
    words = {"title": query.words(title), "text": query.words(text)}
    return words, {field: [*map(language.stem, found)] for field, found in words.items()}


def of(text: str, title: str = "Berita") -> tuple[str, ...]:
    return topics_of(*analysed(title, text))


# What the topics hold

HOLD = {
    "kemiskinan": [
        "Angka kemiskinan di Lebak turun.",
        "Bantuan bagi warga yang kurang mampu.",
        "DTSEN diperbarui.",
    ],
    "bansos": ["Penyaluran BLT Dana Desa rampung.", "PKH dan BPNT cair.", "Bansosnya belum diterima."],
    "stunting": ["Prevalensi stunting turun.", "Kader posyandu menimbang balita.", "Balita kekurangan gizi."],
    "pengangguran": ["Pengangguran terbuka 6 persen.", "Ratusan pencari kerja memenuhi job fair."],
    "ketenagakerjaan": [
        "Upah minimum kabupaten naik.",
        "Disnaker mendata korban PHK.",
        "Pekerja migran pulang.",
    ],
    "pendidikan": [
        "Dana BOS cair.",
        "Kartu Indonesia Pintar dibagikan.",
        "SPMB dibuka.",
        "Anak putus sekolah.",
    ],
    "kesehatan": ["Puskesmas tutup.", "Peserta BPJS Kesehatan dan JKN.", "Kasus demam berdarah naik."],
    "infrastruktur": ["Jalan rusak dibeton.", "Pembangunan jembatan gantung.", "Dinas PUPR menambal lubang."],
    "bencana": [
        "BPBD mengevakuasi warga.",
        "Tanah longsor menutup desa.",
        "Gempa bumi M 5,1.",
        "Karhutla meluas.",
    ],
    "harga-pangan": ["Harga cabai naik.", "TPID menggelar operasi pasar.", "Pasar murah di kelurahan."],
    "korupsi": [
        "KPK menangkap bupati.",
        "Didakwa menerima gratifikasi.",
        "Koruptor dihukum.",
        "Hakim disuap.",
    ],
    "lingkungan": [
        "Tempat pembuangan akhir penuh.",
        "Pencemaran sungai oleh pabrik.",
        "DLH menanam mangrove.",
    ],
    "disabilitas": [
        "Penyandang disabilitas mengurus KTP.",
        "Atlet difabel.",
        "Juru bahasa isyarat.",
        "Siswa SLB.",
    ],
    "pertanian": ["Pupuk bersubsidi terlambat.", "Kelompok tani.", "Petani menanti panen.", "Harga gabah."],
    "pemilu": ["Bawaslu mengawasi kampanye.", "KPU menetapkan calon.", "Pemungutan suara ulang."],
    "perumahan": ["Rumah tidak layak huni dibedah.", "Program Rutilahu.", "Rumah subsidi 18 meter."],
    "air-bersih": ["Warga kesulitan air bersih.", "Pelanggan PDAM.", "Sambungan air gratis.", "Pamsimas."],
    "perempuan-dan-anak": ["Korban KDRT melapor.", "Mencegah perkawinan anak.", "Kabupaten layak anak."],
    "anggaran-daerah": ["APBD disahkan.", "Pendapatan asli daerah naik.", "Opini wajar tanpa pengecualian."],
    "desa": ["BUMDes mengelola wisata.", "Dana desa cair.", "Perangkat desa dilatih."],
    "umkm": ["UMKM binaan bank.", "Kementerian Koperasi.", "Koperasi desa dibentuk."],
}


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, texts in HOLD.items() for text in texts])
def test_what_a_topic_holds(key: str, text: str) -> None:
    assert key in of(text)


def test_there_is_an_example_for_every_topic() -> None:
    assert list(HOLD) == list(topics())


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("kemiskinan", "Tim ini miskin gol sepanjang musim, kemiskinan yang memalukan."),
        ("bansos", "Satgas Penertiban Kawasan Hutan (PKH) menyegel kebun."),
        ("stunting", "Makanan bergizi untuk pelari."),
        ("pengangguran", "Petani memanen anggur."),
        ("infrastruktur", "Aplikasi ini menjembatani penjual dan pembeli di jalan."),
        ("bencana", "Pemain itu banjir pujian seperti tsunami politik."),
        ("bencana", "Iklan membanjiri gawai kita."),
        ("harga-pangan", "Bank memakai operasi pasar terbuka."),
        ("korupsi", "Demi sesuap nasi."),
        ("lingkungan", "Dipidana karena pencemaran nama baik."),
        ("lingkungan", "Lingkungan kerja yang menyenangkan."),
        ("pertanian", "Kebun binatang memelihara ikan."),
        ("perumahan", "Ia dibawa ke ruang bedah rumah sakit."),
        ("umkm", "PLN mengoperasikan pembangkit."),
        ("perempuan-dan-anak", "Pesta pernikahan anak pertamanya meriah."),
    ],
)
def test_what_a_topic_does_not_hold(key: str, text: str) -> None:
    assert key not in of(text)


def test_an_article_can_be_of_many_topics_or_of_none() -> None:
    assert of("KPK menyita bansos bagi keluarga miskin.") == ("kemiskinan", "bansos", "korupsi")
    assert of("Konser musik digelar.") == of("", title="") == ()


def test_every_topic_is_told_in_both_languages() -> None:
    for key, topic in topics().items():
        assert topic.key == key
        assert {*topic.titles} == {*topic.descriptions} == {"id", "en"}
        assert all(told.endswith(".") for told in topic.descriptions.values()), key


def test_queries_know_the_topics_in_the_order_of_the_file() -> None:
    assert query.topic_keys() == tuple(topics())


# The file

RIGHT = """
[air]
title = { id = "Air", en = "Water" }
description = { id = "Air.", en = "Water." }
query = "air OR \\"air  bersih\\""
"""


def test_a_topic_is_read() -> None:
    topic = read(RIGHT)["air"]
    assert (topic.titles["en"], topic.descriptions["id"]) == ("Water", "Air.")
    assert topic.query == Query('air OR "air bersih"', Or((Word("air"), Phrase(("air", "bersih")))))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[air]", "[Air]", "'Air'.*small letters"),
        ("[air]", "['air_bersih']", "'air_bersih'.*small letters"),
        ("[air]", "[air]\nlain = 1", "'air' must have title, description and query, and nothing else"),
        ("query =", "kueri =", "'air' must have"),
        (', en = "Water" }', " }", "'air': its title must be told in id and en"),
        ('en = "Water."', 'en = " "', "'air': its description must be told"),
        ('"air OR', '"(air OR', "'air': its query cannot be read: Tanda kurung pada huruf ke-1"),
        ('query = "air OR', 'query = "-air NOT', "'air': its query cannot be read: .* mengecualikan"),
        ('"air OR \\"air  bersih\\""', '" "', "'air': its query cannot be read: it is empty"),
        ('"air OR \\"air  bersih\\""', "1", "'air': its query must be a text"),
        ('"air OR', '"wilayah:36 OR', "'air': “wilayah:36” is not a word, phrase or prefix"),
        ('"air OR', '"air -topik:kemiskinan OR', "'air': “topik:kemiskinan” is not"),
        ('"air OR', '"terbit:2022 OR', "'air': “terbit:"),
        ('"air OR', '"penulis:siti OR', "'air': “penulis:siti” is not"),
        ('"air OR', '"bersih~ OR', "'air': “bersih~1” is not"),
        ("[air]", "[air", "topics.toml is no TOML"),
    ],
)
def test_a_topic_that_is_wrong_is_named(old: str, new: str, told: str) -> None:
    assert old in RIGHT
    with pytest.raises(PantauError, match=told):
        read(RIGHT.replace(old, new, 1))


def test_an_index_is_made_anew_for_other_queries_only() -> None:
    version = version_of(RIGHT)
    assert version_of(RIGHT.replace("Water.", "All about water.")) == version
    assert version_of(RIGHT.replace("bersih", "minum")) != version
    assert version_of(RIGHT.replace("[air]", "[minum]")) != version
    assert version_of(RIGHT + RIGHT.replace("[air]", "[minum]")) != version


def test_the_file_is_read_as_it_stands() -> None:
    assert dict(read(FILE.read_text(encoding="utf-8"))) == dict(topics())


# Answers


@pytest.mark.parametrize(
    ("wanted", "is_answered"),
    [
        ("kemiskinan", True),
        ('"kemiskinan"', False),
        ("judul:miskin", False),
        ("judul:bupati isi:miskin", True),
        ('"warga miskin"', True),
        ('"miskin warga"', False),
        ('"warga bupati"', False),
        ('"bupati warga"', False),
        ('"warga misk"', False),
        ('"arga miskin"', False),
        ('"warga dibantu"~1', True),
        ('"warga lagi"~1', False),
        ('"warga lagi"~2', True),
        ('"lagi warga"~5', False),
        ('judul:"warga miskin"', False),
        ("bupa*", True),
        ("isi:bupa*", False),
        ("upati*", False),
        ("miskin -bupati", False),
        ("miskin -(bupati lurah)", True),
        ("lurah OR (miskin NOT lurah)", True),
    ],
)
def test_answers(wanted: str, is_answered: bool) -> None:
    tree = query.parse(wanted).tree
    assert tree
    assert answers(tree, *analysed("Lebak: bupati", "Warga miskin dibantu lagi")) is is_answered


def test_keys_cannot_be_answered_from_words() -> None:
    with pytest.raises(TypeError, match="wilayah:36"):
        answers(And((Word("a"), Key("36", "region"))), *analysed("a", "b"))


VOCABULARY = [
    "miskin",
    "kemiskinan",
    "anggur",
    "pengangguran",
    "rumah",
    "perumahan",
    "layak",
    "dan",
    "covid",
    "19",
]
PROSE = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=10).map(" ".join)
WORDS, FIELDS = st.sampled_from(VOCABULARY), st.sampled_from([None, None, "title", "text"])
LEAVES = (
    st.builds(Word, WORDS, FIELDS)
    | st.builds(Phrase, st.lists(WORDS, min_size=1, max_size=4).map(tuple), FIELDS, st.integers(0, 3))
    | st.builds(Prefix, WORDS.map(lambda word: word[:3]), FIELDS)
)


def _compound(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(children, min_size=1, max_size=4).map(tuple)
    return st.builds(And, parts) | st.builds(Or, parts) | st.builds(Not, children)


TREES: st.SearchStrategy[Node] = st.recursive(LEAVES, _compound, max_leaves=8)


def stored(id: int, title: str, text: str) -> StoredArticle:
    published = NOW - timedelta(minutes=id)
    return StoredArticle(
        id, 1, None, NOW, make_article(number=id, title=title, paragraphs=(text,), published=published)
    )


@given(st.lists(st.tuples(PROSE, PROSE), min_size=1, max_size=5), st.lists(TREES, min_size=1, max_size=8))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_query_is_answered_as_the_engine_answers_it(
    texts: list[tuple[str, str]], trees: list[Node]
) -> None:
    index = TantivyIndex()
    index.put([stored(id, *each) for id, each in enumerate(texts, 1)])
    for tree in trees:
        expected = {id for id, each in enumerate(texts, 1) if answers(tree, *analysed(*each))}
        assert set(index.search(Query("", tree), limit=10).ids) == expected, query.describe(tree)
    index.close()


@pytest.mark.skipif(not NEWS.exists(), reason="needs real news")
def test_articles_are_of_the_topics_whose_queries_find_them() -> None:
    with gzip.open(NEWS, "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["judul"] and row["isi_berita"]][:1500]
    batch = [stored(id, row["judul"], row["isi_berita"]) for id, row in enumerate(rows, 1)]
    index = TantivyIndex()
    index.put(batch)
    held = {each.id: topics_of(*analysed(each.article.title, each.article.text)) for each in batch}
    for key, topic in topics().items():
        found = set(index.search(topic.query, limit=len(batch)).ids)
        assert found == {id for id, keys in held.items() if key in keys}
        assert found == set(index.search(query.parse(f"topik:{key}"), limit=len(batch)).ids)
        assert 0 < len(found) < len(batch) / 5 or key == "air-bersih"
    index.close()
