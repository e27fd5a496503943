"""Queries: what readers type, as a tree; no text is refused, and what was not understood is told."""

from datetime import UTC, date, datetime
from string import Formatter

import pytest
from conftest import NOW
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import query
from indexer.query import And, Fuzzy, Key, Node, Not, Note, Or, Phrase, Prefix, Query, Range, Word, describe
from indexer.query.notes import SENTENCES
from indexer.query.pieces import QUOTES

A, B, C = Word("a"), Word("b"), Word("c")


def read(text: str) -> Query:
    return query.parse(text, NOW)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("kemiskinan", Word("kemiskinan")),
        ("Kemiskinan BANTEN", And((Word("kemiskinan"), Word("banten")))),
        ("a b c", And((A, B, C))),
        ("a AND b", And((A, B))),
        ("a DAN b", And((A, B))),
        ("a && b", And((A, B))),
        ("a&&b", And((A, B))),
        ("a dan b", And((A, Word("dan"), B))),
        ("a OR b", Or((A, B))),
        ("a ATAU b", Or((A, B))),
        ("a || b", Or((A, B))),
        ("a b OR c", Or((And((A, B)), C))),
        ("a OR b c", Or((A, And((B, C))))),
        ("(a OR b) c", And((Or((A, B)), C))),
        ("a NOT b", And((A, Not(B)))),
        ("a BUKAN b", And((A, Not(B)))),
        ("a AND NOT b", And((A, Not(B)))),
        ("a OR NOT b c", Or((A, And((Not(B), C))))),
        ("a -b", And((A, Not(B)))),
        ("a !b", And((A, Not(B)))),
        ("+a -b", And((A, Not(B)))),
        ("a --b", And((A, B))),
        ("NOT NOT a", A),
        ("a -(b OR c)", And((A, Not(Or((B, C)))))),
        ("Serang - Banten", And((Word("serang"), Word("banten")))),
        ("apa?", Word("apa")),
        ("tolong!", Word("tolong")),
        ("((a))", A),
        ("() a", A),
    ],
)
def test_operators(text: str, tree: Node) -> None:
    assert read(text) == Query(text, tree)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('"rumah layak"', Phrase(("rumah", "layak"))),
        ("“rumah layak”", Phrase(("rumah", "layak"))),
        ("„rumah layak“", Phrase(("rumah", "layak"))),
        ("«rumah layak»", Phrase(("rumah", "layak"))),
        ('"rumah layak"~3', Phrase(("rumah", "layak"), slop=3)),
        ('"rumah"', Phrase(("rumah",))),
        ('"Rumah, LAYAK!"', Phrase(("rumah", "layak"))),
        ('a"b c"', And((A, Phrase(("b", "c"))))),
        ("covid-19", Phrase(("covid", "19"))),
        ("Rp1.000.000", Phrase(("rp1", "000", "000"))),
        ("2022/2023", Phrase(("2022", "2023"))),
        ("Jum'at", Phrase(("jum", "at"))),
        ("monyet-monyet", Word("monyet")),
        ("anak-anaknya", Word("anak")),
        ("tolong-menolong", Word("tolong")),
        ("19-19", Phrase(("19", "19"))),
        ("pukul 10:30", And((Word("pukul"), Phrase(("10", "30"))))),
        ("http://contoh.id/x", Phrase(("http", "contoh", "id", "x"))),
        ("stunt*", Prefix("stunt")),
        ("judul:stunt*", Prefix("stunt", "title")),
        ("muktabar~", Fuzzy("muktabar", distance=2)),
        ("penulis:siti~", Fuzzy("siti", "author", 1)),
        ("siti~2", Fuzzy("siti", distance=2)),
    ],
)
def test_leaves(text: str, tree: Node) -> None:
    assert read(text) == Query(text, tree)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("judul:a", Word("a", "title")),
        ("title:a", Word("a", "title")),
        ("JUDUL:a", Word("a", "title")),
        ("judul: a", Word("a", "title")),
        ("isi:a tempat:b", And((Word("a", "text"), Word("b", "place")))),
        ("judul:(a OR isi:b)", Or((Word("a", "title"), Word("b", "text")))),
        ('penulis:"siti aminah"', Phrase(("siti", "aminah"), "author")),
        ("tag:covid-19", Phrase(("covid", "19"), "tag")),
        ("-judul:a b", And((Not(Word("a", "title")), B))),
        ("judul:-a b", And((Not(Word("a", "title")), B))),
        ("judul:+a b", And((Word("a", "title"), B))),
        ("judul:--a", Word("a", "title")),
        ("judul:-(a b) c", And((Not(And((Word("a", "title"), Word("b", "title")))), C))),
        ("judul:(a -b)", And((Word("a", "title"), Not(Word("b", "title"))))),
        ("judul:DAN", Word("dan", "title")),
        ("sumber:antara", Word("antara", "source")),
        ("sumber:antara_banten", Key("antara_banten", "source")),
        ("wilayah:36", Key("36", "region")),
        ("wilayah:36.04", Key("36.04", "region")),
        ("wilayah:3604", Key("36.04", "region")),
        ('wilayah:"36.04"', Key("36.04", "region")),
        ("region:banten", Word("banten", "region")),
        ('wilayah:"kabupaten lebak"', Phrase(("kabupaten", "lebak"), "region")),
        ("topik:kemiskinan", Key("kemiskinan", "topic")),
        ("topic:kemiskinan", Key("kemiskinan", "topic")),
        ("Topik:Harga-Pangan", Key("harga-pangan", "topic")),
        ('topik:"harga pangan"', Key("harga-pangan", "topic")),
        ("topik:“Harga Pangan”", Key("harga-pangan", "topic")),
        (
            "topik:(kemiskinan OR korupsi) a",
            And((Or((Key("kemiskinan", "topic"), Key("korupsi", "topic"))), A)),
        ),
        ("a -topik:harga-pangan", And((A, Not(Key("harga-pangan", "topic"))))),
        ("topik:-korupsi a", And((Not(Key("korupsi", "topic")), A))),
        ("jenis:agency", Key("agency", "kind")),
        ("kind:PRESS a", And((Key("press", "kind"), A))),
        ("jenis:Pers", Key("press", "kind")),
        ("jenis:pemerintah", Key("government", "kind")),
        (
            'jenis:kantor-berita a jenis:"kantor berita"',
            And((Key("agency", "kind"), A, Key("agency", "kind"))),
        ),
        ("sumber:=tribunbanten", Key("tribunbanten", "source")),
        ("sumber:=Antara_Banten", Key("antara_banten", "source")),
        ("sumber:(=a OR =b)", Or((Key("a", "source"), Key("b", "source")))),
    ],
)
def test_fields(text: str, tree: Node) -> None:
    assert read(text) == Query(text, tree)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2022", "2022-01-01", "2022-12-31"),
        ("2022-02", "2022-02-01", "2022-02-28"),
        ("2024-2", "2024-02-01", "2024-02-29"),
        ("2022-12-01", "2022-12-01", "2022-12-01"),
        ("1/12/2022", "2022-12-01", "2022-12-01"),
        ("12/2022", "2022-12-01", "2022-12-31"),
        (">=2022-12-01", "2022-12-01", None),
        (">= 2022-12-01", "2022-12-01", None),
        ("< 2022", None, "2021-12-31"),
        (">2022-12", "2023-01-01", None),
        ("<=2022-12", None, "2022-12-31"),
        ("<2022", None, "2021-12-31"),
        ("[2022-01 TO 2022-06]", "2022-01-01", "2022-06-30"),
        ("[2022-01 SAMPAI 2022-06]", "2022-01-01", "2022-06-30"),
        ("{2022-01 TO 2022-06}", "2022-02-01", "2022-05-31"),
        ("[* TO 2022]", None, "2022-12-31"),
        ("[2022 TO *]", "2022-01-01", None),
        ("[* TO *]", None, None),
        ("7hari", "2026-11-17", None),
        ("7 hari", "2026-11-17", None),
        ("7-hari", "2026-11-17", None),
        ("7 Hari", "2026-11-17", None),
        ("7d", "2026-11-17", None),
        ("2minggu", "2026-11-10", None),
        ("9bulan", "2026-02-24", None),
        ("1tahun", "2025-11-24", None),
        ("hariini", "2026-11-24", "2026-11-24"),
        ("kemarin", "2026-11-23", "2026-11-23"),
    ],
)
def test_dates(text: str, since: str | None, until: str | None) -> None:
    found = read(f"terbit:{text}")
    assert found.tree == Range(day(since) if since else None, day(until) if until else None)
    assert found.notes == ()


def test_today_is_the_day_in_wib() -> None:
    late = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
    assert query.parse("terbit:hariini", late).tree == Range(day("2026-11-25"), day("2026-11-25"))


@pytest.mark.parametrize(
    ("text", "reads_as", "told"),
    [
        ('"a b', "a DAN b", "huruf ke-1 "),
        ('a "b', "a DAN b", "huruf ke-3 "),
        ("(a b", "a DAN b", "huruf ke-1 "),
        ("a) b", "a DAN b", "huruf ke-2 "),
        ("a AND", "a", "“AND” pada huruf ke-3"),
        ("OR a", "a", "“OR” pada huruf ke-1"),
        ("a OR OR b", "a ATAU b", "“OR” pada huruf ke-3"),
        ("a AND OR b", "a ATAU b", "“AND” pada huruf ke-3"),
        ("a NOT", "a", "“NOT” pada huruf ke-3"),
        ("DAN", "dan", "kata biasa"),
        ("foo:bar", '"foo bar"', "“foo” pada huruf ke-1 bukan nama kolom"),
        ('foo:"a b"', 'foo DAN "a b"', "“foo” pada huruf ke-1 bukan nama kolom"),
        ("judul:", "judul", "“judul:” pada huruf ke-1"),
        ("(judul:) a", "judul DAN a", "“judul:” pada huruf ke-2"),
        ("a judul: OR b", "(a DAN judul) ATAU b", "“judul:” pada huruf ke-3"),
        ("terbit:kemarau", "kemarau", "“kemarau” pada huruf ke-8 bukan tanggal"),
        ("terbit:2022-13", '"2022 13"', "bukan tanggal"),
        ("terbit:>9999", "9999", "bukan tanggal"),
        ("terbit:[2022 a", "2022 DAN a", "bukan tanggal"),
        ("terbit:7 harian", "7 DAN harian", "“7” pada huruf ke-8 bukan tanggal"),
        ("terbit:>= kemarau", "kemarau", "bukan tanggal"),
        (
            "topik:cuaca a",
            "cuaca DAN a",
            "Tidak ada topik “cuaca” (huruf ke-7); yang ada: kemiskinan, bansos, ",
        ),
        ("topik:kemiskinan*", "kemiskinan", "Tidak ada topik “kemiskinan*”"),
        ("topik:harga pangan", "harga DAN pangan", "Tidak ada topik “harga”"),
        ('topik:"cuaca buruk"', '"cuaca buruk"', "Tidak ada topik “cuaca buruk”"),
        ("topik:", "topik", "“topik:” pada huruf ke-1"),
        ("jenis:blog", "blog", "Tidak ada jenis “blog” (huruf ke-7); yang ada: government, press, agency."),
        ("judul:isi:a", "judul DAN isi:a", "“judul:” pada huruf ke-1"),
        ('judul:-"a b', "judul DAN BUKAN a DAN b", "“judul:” pada huruf ke-1"),
        ("*unting", "unting", "akhir kata"),
        ("*unting*", "unting*", "akhir kata"),
        ("a*b*c*", '"a b c"', "satu kata"),
        ("muktabar~3", "muktabar~2", "~3 pada huruf ke-1 terlalu besar"),
        ("siti~0.8", "siti~1", "~0.8 pada huruf ke-1 terlalu besar"),
        ('"muktabar"~2', '"muktabar"', "~2 pada huruf ke-1 terlalu besar"),
        ("st*", "st", "sekurangnya 3 huruf"),
        ("st~", "st", "sekurangnya 3 huruf"),
        ("covid-19*", '"covid 19"', "satu kata"),
        ("st*nting", '"st nting"', "akhir kata"),
        ("a 🙏", "a", "bukan kata"),
        ('"a b"~99', '"a b"~20', "terlalu besar"),
        ('"a b c d e f"~20', '"a b c d e f"~2', "terlalu besar"),
        ('"a b c"~20 "d e"~20', '"a b c"~6 DAN "d e"~1', "terlalu besar"),
    ],
)
def test_what_is_not_understood_is_read_as_plain_words_and_told(text: str, reads_as: str, told: str) -> None:
    found = read(text)
    assert describe(found.tree) == reads_as
    assert any(told in note for note in found.notes)
    assert found.notes[-1] == f"Dibaca sebagai: {reads_as}"


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_text_asks_for_everything(text: str) -> None:
    found = read(text)
    assert found.is_empty
    assert (found.problem, found.notes) == (None, ())


@pytest.mark.parametrize("text", ["!!!", "...", "()", '""', "* ? *", "🙏"])
def test_a_text_without_words_is_a_problem(text: str) -> None:
    assert read(text).is_empty
    assert read(text).problem


@pytest.mark.parametrize(
    "text", ["-a", "NOT a", "-a -b", "NOT (a OR b)", "-a OR -b", "-topik:korupsi", "judul:-a"]
)
def test_a_query_of_only_nots_is_a_problem(text: str) -> None:
    assert "mengecualikan" in (read(text).problem or "")


@pytest.mark.parametrize("text", ["a -b", "a OR -b", "NOT NOT a", "terbit:2022 -a", "topik:korupsi -a"])
def test_a_query_that_looks_for_something_is_none(text: str) -> None:
    assert read(text).problem is None


# Bounds and bad input


def test_more_than_2000_characters_are_not_read() -> None:
    found = read("a " * 50_000)
    assert len(found.text) == 100_000
    assert any("2000 huruf" in note for note in found.notes)


def test_more_than_200_words_are_not_read() -> None:
    found = read(" ".join(f"k{number}" for number in range(300)))
    assert isinstance(found.tree, And)
    assert len(found.tree.parts) == query.MAX_WORDS
    assert len([note for note in found.notes if "200 kata" in note]) == 1


def test_parentheses_deeper_than_50_are_not_read() -> None:
    found = read("(" * 60 + "a" + ")" * 60 + " b")
    assert found.tree == And((A, B))
    assert any("50 tingkat" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "reads_as"),
    [
        ("(" * 10_000, ""),
        (")" * 10_000, ""),
        ("a " + "-(" * 10_000, "a"),
        ("(" * 900 + "a" + ")" * 900 + "b" * 10_000, "a DAN " + "b" * 100),
        ("NOT " * 400 + "a", "a"),
        ("*a" * 10_000, " DAN ".join("a" * query.MAX_WORDS)),
        ("a* b* c* " * 3_000, " DAN ".join((["a", "b", "c"] * 67)[: query.MAX_WORDS])),
        ("aaa*" * 3_000, " DAN ".join(["aaa"] * query.MAX_WORDS)),
        ("aaa*~" * 3_000, " DAN ".join(["aaa"] * query.MAX_WORDS)),
        ('"' * 3_001, ""),
        ("judul:" * 3_000, " DAN ".join(["judul"] * query.MAX_WORDS)),
        ("terbit:>= " * 3_000, " DAN ".join(["terbit"] * query.MAX_WORDS)),
        ("\x00\u202e" * 50_000, ""),
    ],
    ids=range(13),
)
def test_monstrous_texts_are_read(text: str, reads_as: str) -> None:
    found = read(text)
    assert describe(found.tree) == reads_as
    assert len(found.notes) <= query.MAX_NOTES + 1


def test_a_long_word_is_cut() -> None:
    assert read("x" * 1500).tree == Word("x" * query.MAX_WORD)


BROKEN = '(judul:"rumah layak"~3 DAN -(stunt* ATAU muktabar~2)) wilayah:36.04 terbit:[2022-01 TO 2022-06] &&'


@pytest.mark.parametrize("cut", range(len(BROKEN)))
def test_a_query_broken_at_any_place_is_read(cut: int) -> None:
    for text in (
        BROKEN[:cut],
        BROKEN[cut:],
        BROKEN[:cut] + '"' + BROKEN[cut:],
        BROKEN[:cut] + ")" + BROKEN[cut:],
    ):
        found = read(text)
        assert read(describe(found.tree)).tree == found.tree


PIECES = [
    *'()"“”-+!~*:[]{}&|<>= \n\t\x00\u202e\u200d',
    *(" AND ", " ATAU ", " NOT ", "judul:", "terbit:", "wilayah:", "sumber:", "2022-12", "7hari", "36"),
    *("topik:", "jenis:", "harga-pangan", "agency", "sumber:=a", "jenis:pers", "7 hari", ">= ", " TO "),
    *("kemiskinan", "stunt*", "b~", "covid-19", "a_b", "🙏", "مرحبا", "新闻"),
]
SYNTAX = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@given(SYNTAX | st.text(max_size=300))
@settings(deadline=None, max_examples=1000)
def test_any_text_is_read_and_its_description_is_read_the_same(text: str) -> None:
    found = read(text)
    for language in ("id", "en"):
        again = read(describe(found.tree, language))
        assert again.tree == found.tree
        assert again.notes == ()


@given(st.text(max_size=60))
def test_any_text_as_a_phrase_holds_all_its_words(text: str) -> None:
    inside = "".join(sign for sign in text if sign not in QUOTES)
    found = read(f'"{inside}"').tree
    assert list(found.words if isinstance(found, Phrase) else ()) == query.words(inside)


# What readers are told


def test_notes_are_told_in_both_languages() -> None:
    found = read("judul:(a OR b) -topik:banjir terbit:kemarau")
    assert found.notes[0] == found.notes[0].in_language("id")
    assert found.notes[0].startswith("Tidak ada topik “banjir” (huruf ke-23); yang ada: kemiskinan, ")
    assert (
        found.notes[0]
        .in_language("en")
        .startswith("There is no topic “banjir” (character 23); there are: kem")
    )
    assert [note.in_language("en") for note in found.notes[1:]] == [
        "“kemarau” at character 37 is not a date.",
        "Read as: (title:a OR title:b) AND NOT banjir AND kemarau",
    ]
    problem = read("-a").problem
    assert problem
    assert problem.in_language("en") == "This query only excludes; add at least one word to look for."


def test_every_sentence_has_the_same_gaps_in_both_languages() -> None:
    for key, told in SENTENCES.items():
        gaps = [
            sorted(name for _, name, _, _ in Formatter().parse(told[each]) if name) for each in ("id", "en")
        ]
        assert gaps[0] == gaps[1], key


def test_a_note_repeats_what_was_typed_shortly_and_without_hidden_signs() -> None:
    note = read("terbit:" + "x\u202e\x1b" * 300).notes[0]
    assert note == f"“{'x' * 59}…” pada huruf ke-8 bukan tanggal."
    assert "{place}" in Note("no date", text="{place}", place=1)


def test_of_many_notes_the_first_are_told() -> None:
    found = read("foo:a " * 50)
    assert len(found.notes) == query.MAX_NOTES + 1
    assert "huruf ke-1 " in found.notes[0]
    assert found.notes[-1].startswith("Dibaca sebagai: ")


# What is made of a query


def test_a_query_is_narrowed() -> None:
    narrowed = query.narrow(read("a OR b"), since=day("2022-01-01"), keys={"source": ["x", "y_z"]})
    limits = Or((Key("x", "source"), Key("y_z", "source")))
    assert narrowed.tree == And((Or((A, B)), limits, Range(day("2022-01-01"), None)))
    assert query.narrow(read("a")) == read("a")
    assert query.narrow(read(""), until=day("2022-01-01")).tree == Range(None, day("2022-01-01"))


def test_what_is_excluded_is_not_sought() -> None:
    assert [*query.sought(read("a -b (c OR NOT d)").tree)] == [A, C]
