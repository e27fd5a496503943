"""Highlighting: what is marked, and which passages are shown."""

import pytest
from conftest import NOW
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import language, query
from indexer.highlight import Field, Passage, is_like, mark, passage, passages
from indexer.query import Key, Or, Query, Word

TEXT = (
    "Bupati Lebak menekan kemiskinan. Rumah tidak layak huni milik warga miskin dibedah; rumah lain menunggu."
)


def read(text: str) -> Query:
    return query.parse(text, NOW)


def marked(text: str, wanted: str, field: Field = "text") -> list[str]:
    return [text[start:end] for start, end in mark(text, read(wanted), field)]


def marks_of(found: Passage) -> list[str]:
    return [found.text[start:end] for start, end in found.marks]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("miskin", ["kemiskinan", "miskin"]),
        ("kemiskinan", ["kemiskinan", "miskin"]),
        ('"miskin"', ["miskin"]),
        ('"rumah tidak layak huni"', ["Rumah tidak layak huni"]),
        ('"rumah layak"', []),
        ('"rumah layak"~1', ["Rumah", "layak"]),
        ('"rumah tidak" OR rumah', ["Rumah tidak", "rumah"]),
        ("layak*", ["layak"]),
        ("lay*", ["layak"]),
        ("lebek~", ["Lebak"]),
        ("miskin -rumah", ["kemiskinan", "miskin"]),
        ("judul:rumah", []),
        ("isi:huni judul:rumah", ["huni"]),
        ("wilayah:lebak sumber:lebak terbit:2022", []),
        ("wilayah:36 sumber:antara_banten jenis:agency", []),
        ("topik:kemiskinan", ["kemiskinan", "warga miskin"]),
        ("topik:perumahan", ["tidak layak huni"]),
        ("topik:kemiskinan OR topik:perumahan", ["kemiskinan", "tidak layak huni", "warga miskin"]),
        ("bupati topik:kemiskinan", ["Bupati", "kemiskinan", "warga miskin"]),
        ("bupati -topik:kemiskinan", ["Bupati"]),
        ("", []),
    ],
)
def test_marks_in_a_text(wanted: str, found: list[str]) -> None:
    assert marked(TEXT, wanted) == found


def test_a_topic_marks_in_titles_what_it_seeks_there() -> None:
    assert marked("Keluarga termiskin di Lebak", "topik:kemiskinan", "title") == ["termiskin"]
    assert marked("Keluarga termiskin di Lebak", "topik:kemiskinan", "text") == []


def test_a_topic_that_is_no_more_marks_nothing() -> None:
    assert mark(TEXT, Query("", Or((Key("dahulu", "topic"), Word("huni"))))) == mark(TEXT, read("huni"))


def test_words_of_a_topic_answer_one_thing() -> None:
    text = (
        "KPK menyita gratifikasi dan suap. " + "Kalimat lain. " * 40 + "Bupati ditahan KPK. " + "Lalu. " * 80
    )
    assert marks_of(passage(text, read("topik:korupsi bupati"), length=100)) == ["Bupati", "KPK"]


def test_a_title_is_marked_whole_with_what_is_asked_of_titles() -> None:
    assert marked("Warga miskin di Lebak", "judul:kemiskinan isi:lebak", "title") == ["miskin"]


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("Rp1.000.000 untuk warga", "Rp1.000.000", ["Rp1.000.000"]),
        ("pasien COVID-19 pulih", "covid-19", ["COVID-19"]),
        ("tahun 2022/2023 ini", '"2022 2023"', ["2022/2023"]),
        ("“Layak,” katanya", "layak", ["Layak"]),
        ("🙏 doa 🙏 bersama", "doa bersama", ["doa", "bersama"]),
        ("monyet-monyet lari", "monyet", ["monyet", "monyet"]),
        ("خبر من بانتن", "بانتن", ["بانتن"]),
        ("a a a", '"a a"', ["a a"]),
    ],
)
def test_marks_over_signs_and_scripts(text: str, wanted: str, found: list[str]) -> None:
    assert marked(text, wanted) == found


def test_the_best_passage_answers_most_of_the_query() -> None:
    text = "miskin " * 5 + "lalu " * 200 + "warga miskin dan bupati " + "lalu " * 200
    found = passage(text, read("miskin bupati warga"))
    assert marks_of(found) == ["warga", "miskin", "bupati"]
    assert found.text.startswith("lalu")
    assert (found.has_before, found.has_after) == (True, True)
    assert text[found.start :].startswith(found.text)


def test_a_passage_begins_with_its_sentence() -> None:
    text = "Kalimat lain yang panjang. " * 20 + "Angka kemiskinan turun. " + "Kalimat lain. " * 20
    assert passage(text, read("miskin")).text.startswith("Angka kemiskinan turun. Kalimat")


def test_a_passage_near_the_beginning_begins_with_the_text() -> None:
    text = "Pemerintah. Provinsi Banten menekan kemiskinan. " + "Kalimat lain. " * 20
    assert passage(text, read("miskin")).start == 0


def test_of_equal_passages_the_first_is_shown() -> None:
    text = "miskin " + "lalu " * 200 + "miskin"
    assert passage(text, read("miskin")).start == 0


def test_several_passages_do_not_overlap() -> None:
    text = ("warga miskin " + "lalu " * 100) * 3
    found = passages(text, read("miskin"), length=100, limit=5)
    assert [each.start > 0 for each in found] == [False, True, True]
    assert all(marks_of(each) == ["miskin"] for each in found)


def test_where_nothing_answers_it_is_the_beginning() -> None:
    found = passage("satu dua tiga empat lima", read("judul:enam"), length=12)
    assert (found.text, found.marks, found.start) == ("satu dua", (), 0)
    assert (found.has_before, found.has_after) == (False, True)


def test_a_short_text_is_shown_whole() -> None:
    found = passage("  satu dua\n\n", read("dua"))
    assert (found.text, found.start, found.has_before, found.has_after) == ("satu dua", 2, False, False)
    assert marks_of(found) == ["dua"]


def test_no_text_is_no_error() -> None:
    assert passage("", read("a")) == Passage("", ())


WORDS = [
    "kemiskinan",
    "miskin",
    "warga",
    "covid-19",
    "Rp1.000",
    "rumah",
    "layak",
    "🙏",
    "مرحبا",
    "新闻",
    "…",
    "x" * 50,
]
TEXTS = st.lists(st.sampled_from([*WORDS, "\n\n", "- ", "“"]) | st.text(max_size=8), max_size=60).map(
    " ".join
)
QUERIES = st.lists(
    st.sampled_from(
        ["miskin", '"rumah layak"', '"layak rumah"~3', "war*", "rumha~", "-warga", "OR", "covid-19", "新闻"]
    ),
    max_size=5,
).map(" ".join)


@given(TEXTS, QUERIES, st.integers(1, 200))
@settings(deadline=None)
def test_any_passage_is_a_piece_with_marks_in_order_inside(text: str, wanted: str, length: int) -> None:
    found = passages(text, read(wanted), length)
    whole = mark(text, read(wanted))
    assert 1 <= len(found) <= 3
    for each in found:
        assert text[each.start : each.start + len(each.text)] == each.text == each.text.strip()
        ends = [0, *(end for span in each.marks for end in span), len(each.text)]
        assert ends == sorted(ends)
        assert {(a + each.start, b + each.start) for a, b in each.marks} <= set(whole)
    assert bool(found[0].marks) == bool(whole)


@given(TEXTS, QUERIES)
@settings(deadline=None)
def test_any_mark_begins_and_ends_with_a_word(text: str, wanted: str) -> None:
    tokens = language.tokens(text)
    starts, ends = {token.start for token in tokens}, {token.end for token in tokens}
    assert all(start in starts and end in ends for start, end in mark(text, read(wanted)))


@given(TEXTS, st.integers(10, 100))
@settings(deadline=None)
def test_any_passage_begins_and_ends_at_the_border_of_a_word(text: str, length: int) -> None:
    found = passage(text, read("miskin"), length)
    inside = {n for token in language.tokens(text) for n in range(token.start + 1, token.end)}
    assert not found.marks or found.start not in inside
    if found.marks:
        assert found.start + len(found.text) not in inside


@pytest.mark.parametrize(
    ("word", "other", "distance", "alike"),
    [
        ("muktabar", "miktabar", 1, True),
        ("siti", "sitti", 1, True),
        ("siti", "sit", 1, True),
        ("siti", "isti", 1, True),
        ("siti", "sata", 1, False),
        ("siti", "sata", 2, True),
        ("muhammad", "mohamad", 2, True),
        ("ca", "abc", 2, False),
    ],
)
def test_likeness_of_words(word: str, other: str, distance: int, alike: bool) -> None:
    assert is_like(word, other, distance) is alike


def test_ten_megabytes_are_searched() -> None:
    text = "Pemerintah menekan kemiskinan di daerah. " * 250_000
    found = passage(text, read('kemiskinan "di daerah" pem* daerha~'))
    assert len(marks_of(found)) > 5
