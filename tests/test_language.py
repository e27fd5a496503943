"""Words and stems: what is found together, what is kept apart."""

import importlib.util
import unicodedata
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import language
from indexer.language import Token, stem, stems, tokens, words

ROOT = Path(__file__).parents[1]


def _load_benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("stems_benchmark", ROOT / "benchmarks" / "stems.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BENCHMARK = _load_benchmark()
stems("é zzmembaca")  # loads the data before Hypothesis times anything
TEXTS = st.text(max_size=60) | st.text(
    alphabet="aeiouAnsx1 .-_½²ßİıſŉﷺﬁéé\u0301\u0308\u0345\u200b\u00ad\u0e33\u2060がᾳΣς①", max_size=25
)


# Words


def test_a_word_is_a_run_of_letters_and_digits() -> None:
    assert words("Rp1.500/kg: naik_turun, ke-3!") == ["rp1", "500", "kg", "naik", "turun", "ke", "3"]


def test_a_token_says_where_its_word_stands() -> None:
    text = "Di Serang, UMKM"
    assert [text[t.start : t.end] for t in tokens(text)] == ["Di", "Serang", "UMKM"]


def test_a_word_with_a_combining_accent_is_one_composed_word() -> None:
    assert tokens("cafe\u0301 x") == [Token("café", 0, 5), Token("x", 6, 7)]


@pytest.mark.parametrize("sign", ["\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"])
def test_an_invisible_sign_does_not_split_a_word(sign: str) -> None:
    assert tokens(f"ke{sign}miskinan") == [Token("kemiskinan", 0, 11)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [("ﬁnal", "final"), ("ＡＰＢＤ", "apbd"), ("m²", "m2"), ("1½", "1"), ("½", ""), ("Nabi ﷺ", "nabi")],
)
def test_compatible_signs_become_plain_letters_and_digits(written: str, expected: str) -> None:
    assert " ".join(words(written)) == expected


def test_a_text_without_words_has_none() -> None:
    assert tokens(" … — \u0301\u200b_ ") == []


@given(TEXTS)
def test_spans_of_any_text_lie_in_it_in_order(text: str) -> None:
    places = [place for token in tokens(text) for place in (token.start, token.end)]
    assert places == sorted(places)
    assert all(token.start < token.end <= len(text) for token in tokens(text))


@given(TEXTS)
def test_words_of_any_text_hold_only_letters_digits_and_their_marks(text: str) -> None:
    for word in words(text):
        assert word[0].isalnum()
        assert all(c.isalnum() or unicodedata.category(c).startswith("M") for c in word)


@given(TEXTS)
def test_words_of_any_text_do_not_depend_on_its_composition(text: str) -> None:
    assert words(unicodedata.normalize("NFC", text)) == words(unicodedata.normalize("NFD", text))


@given(TEXTS)
def test_words_of_any_text_are_words_again(text: str) -> None:
    assert words(" ".join(words(text))) == words(text)


@given(TEXTS)
def test_any_text_has_as_many_stems_as_words(text: str) -> None:
    assert len(stems(text)) == len(words(text)) == len(tokens(text))


# Stems


@given(st.text(max_size=30) | st.text(alphabet="abdegiklmnprstuy", max_size=14))
def test_any_word_has_a_stem(word: str) -> None:
    assert bool(stem(word)) == bool(word)


@given(st.sampled_from([word for family in BENCHMARK.read_families() for word in family]))
def test_a_stem_is_always_its_own_stem(word: str) -> None:
    assert stem(stem(word)) == stem(word)


@pytest.mark.parametrize(
    "family",
    [
        "miskin kemiskinan memiskinkan dimiskinkan",
        "pengangguran menganggur penganggur",
        "menteri kementerian kementeriannya",
        "ekonomi perekonomian",
        "penanganan ditangani menangani penanganannya",
        "beri berikan diberikan memberikannya",
    ],
)
def test_relatives_share_a_stem(family: str) -> None:
    assert len({stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("berikan", "ikan"),
        ("pengangguran", "anggur"),
        ("media", "dia"),
        ("masalah", "masa"),
        ("perdana", "dana"),
        ("ketua", "tua"),
        ("beri", "ikan"),
        ("pendapatan", "dapat"),
        ("peserta", "serta"),
    ],
)
def test_look_alikes_keep_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("memiskinkan", "miskin"),
        ("berikan", "beri"),
        ("sekolah", "sekolah"),
        ("disabilitas", "disabilitas"),
        ("keberlangsungannyalah", "langsung"),
        ("dikesampingkan", "samping"),
        ("mengecek", "cek"),
        ("menyosialisasikan", "sosialisasi"),
    ],
)
def test_affixes_come_off_to_a_word_that_exists(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_names_abbreviations_and_foreign_words_stay() -> None:
    text = """jakarta banten serang tangerang cilegon pandeglang lebak bekasi kediri maluku semarang muktabar
    dimyati apbd umkm stunting dprd bansos pilkada covid19 2025 trump singapore"""
    assert stems(text) == text.split()


def test_the_own_list_has_no_wrong_merge() -> None:
    assert BENCHMARK.score_families(BENCHMARK.read_families(), stem).merged_pairs == []


def test_the_own_list_misses_under_one_percent() -> None:
    assert BENCHMARK.score_families(BENCHMARK.read_families(), stem).missed < 0.01


def test_the_own_list_names_each_word_once() -> None:
    listed = [word for family in BENCHMARK.read_families() for word in family]
    assert len(listed) == len(set(listed)) >= 450


@pytest.mark.parametrize(("treebank", "least"), [("CSUI", 0.90), ("GSD", 0.88)])
def test_pairs_agree_with_the_lemmas_of_a_treebank(treebank: str, least: float) -> None:
    files = [BENCHMARK.CORPUS / name for name in BENCHMARK.TREEBANKS[treebank]]
    if not all(file.exists() for file in files):
        pytest.skip(f"the UD-{treebank} treebank is not in {BENCHMARK.CORPUS}")
    assert BENCHMARK.score(BENCHMARK.read_lemmas(*files), stem).f1 >= least


def test_no_word_is_corrected_to_two_stems() -> None:
    corrected = [word for line in language._lines("corrections.txt") for word in set(line)]
    assert len(corrected) == len(set(corrected))


def test_a_changed_list_changes_the_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in language.STEMS.glob("*.txt"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(language, "STEMS", tmp_path)
    assert language._version() == language.VERSION
    (tmp_path / "more.txt").write_text("baru terbarukan\n", encoding="utf-8")
    assert language._version() != language.VERSION
