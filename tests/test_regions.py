"""Regions: codes and names, which region a dateline names, and which ones an article does."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from conftest import SHARED, make_article
from hypothesis import given
from hypothesis import strategies as st

from indexer import regions
from indexer.regions import table

ROOT = Path(__file__).parents[1]


def regions_of(text: str = "Warga membaca berita.", **fields: str | None) -> tuple[str, ...]:
    return regions.regions_of(
        make_article(**{"title": "Berita", "paragraphs": (text,), "place": None, "region": None} | fields)
    )


def named(text: str, source: str = "") -> set[str]:
    return set(regions.recognise("", "", text, source))


def in_title(title: str, source: str = "") -> set[str]:
    return set(regions.recognise(title, "", "", source))


# Datelines


@pytest.mark.parametrize(
    ("place", "codes"),
    [
        ("Pandeglang", ("36", "36.01")),
        ("Lebak", ("36", "36.02")),
        ("Kabupaten Lebak", ("36", "36.02")),
        ("Kab. Lebak", ("36", "36.02")),
        ("LEBAK", ("36", "36.02")),
        ("Rangkasbitung", ("36", "36.02")),
        ("Serang", ("36", "36.04", "36.73")),
        ("Kota Serang", ("36", "36.73")),
        ("Kabupaten Serang", ("36", "36.04")),
        ("Tangerang", ("36", "36.03", "36.71")),
        ("Tangerang Selatan", ("36", "36.74")),
        ("Tangsel", ("36", "36.74")),
        ("Jakarta", ("31",)),
        ("DKI Jakarta", ("31",)),
        ("Jakarta Selatan", ("31", "31.74")),
        ("Kepulauan Seribu", ("31", "31.01")),
        ("Bandung", ("32", "32.04", "32.73")),
        ("Bandung Barat", ("32", "32.17")),
        ("Cibinong", ("32", "32.01")),
        ("Cibinong, Bogor", ("32", "32.01")),
        ("Bandung, Jawa Barat", ("32", "32.04", "32.73")),
        ("Serang, Banten", ("36", "36.04", "36.73")),
        ("Depok/Bogor", ("32", "32.01", "32.71", "32.76")),
        ("Banjar, Jawa Barat", ("32", "32.79")),
        ("Banten", ("36",)),
        ("Provinsi Banten", ("36",)),
        ("Surabaya", ("35", "35.78")),
        ("Sumatra Utara", ("12",)),
        ("Solo", ("33", "33.72")),
        ("Jambi", ("15",)),
        ("Kota Jambi", ("15", "15.71")),
        ("Gorontalo", ("75",)),
        ("Papua Barat Daya", ("96",)),
        ("Labuan Bajo", ("53", "53.15")),
    ],
)
def test_a_dateline_names_its_region_and_those_it_lies_in(place: str, codes: tuple[str, ...]) -> None:
    assert regions_of(place=place, region="51") == codes


def test_a_place_of_two_regions_keeps_the_one_that_the_text_does_not_name() -> None:
    assert regions_of("Wali Kota Depok hadir.", place="Depok/Bogor") == ("32", "32.01", "32.71", "32.76")


@pytest.mark.parametrize("place", [None, "", "Negeri Antah Berantah", "🙏"])
def test_without_a_known_place_it_is_the_region_of_the_source(place: str | None) -> None:
    assert regions_of(place=place, region="36") == ("36",)
    assert regions_of(place=place, region="36.02") == ("36", "36.02")
    assert regions_of(place=place, region=None) == ()


# An article


def test_what_dateline_title_and_text_name_is_taken_together() -> None:
    found = regions_of(
        "Rombongan bertolak ke Cilegon.", title="Lebak kirim beras", place="Serang", region="36"
    )
    assert found == ("36", "36.02", "36.04", "36.72", "36.73")


def test_the_order_is_that_of_reading() -> None:
    found = regions.recognise("Lebak kirim beras", "Kota Serang", "Truk tiba di Cilegon.", "36")
    assert found == ("36.73", "36.02", "36.72")


def test_the_region_of_the_source_stands_beside_what_only_the_text_names() -> None:
    assert regions_of("Menteri di Jakarta memuji warga.", region="36") == ("31", "36")


def test_a_dateline_or_title_elsewhere_leaves_no_place_for_the_region_of_the_source() -> None:
    assert regions_of("Menteri memuji warga.", place="Jakarta", region="36") == ("31",)
    assert regions_of("Menteri memuji warga.", title="Menteri puji warga Jakarta", region="36") == ("31",)


def test_a_name_alone_is_the_namesake_that_the_article_names_in_full() -> None:
    assert regions_of("Pemerintah Kota Serang membuka pasar.", place="Serang") == ("36", "36.73")
    assert regions_of("Bupati Serang membuka pasar di Serang.", place="Serang") == ("36", "36.04")


# Names in running text


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Bupati Lebak meninjau jembatan.", {"36.02"}),
        ("Sebanyak 40 warga Kab. Lebak mengungsi.", {"36.02"}),
        ("Ia pulang ke Lebak kemarin.", {"36.02"}),
        ("Jalan rusak di Lebak, Banten, diperbaiki.", {"36.02", "36"}),
        ("Wali Kota Serang hadir.", {"36.73"}),
        ("Kabupaten/Kota Serang diminta siaga.", {"36.04", "36.73"}),
        ("Kota dan Kabupaten Serang diminta siaga.", {"36.04", "36.73"}),
        ("Kapolresta Serang Kota memimpin apel.", {"36.73"}),
        ("Kabupaten Pandeglang, Lebak, dan Serang kering.", {"36.01", "36.02", "36.04"}),
        ("Kejati Banten menahan dua orang.", {"36"}),
        ("Pemkot Jambi membatasi truk.", {"15.71"}),
        ("Kabut menutupi Jambi hari ini.", {"15"}),
        ("Kota Batu ramai.", {"35.79"}),
        ("Kabupaten Banjar kebanjiran.", {"63.03"}),
        ("Camat Rangkasbitung hadir.", {"36.02"}),
        ("Korban dirawat di RSUD Dr. Soetomo Surabaya.", {"35.78"}),
        ("Truk melintasi Jalan Raya Serang-Pandeglang.", {"36.04", "36.73", "36.01"}),
        ("Nelayan Kabupaten Pangkajene dan Kepulauan melaut.", {"73.10"}),
        ("Kapal singgah di Bau-Bau dan Parepare.", {"74.72", "73.72"}),
    ],
)
def test_a_text_names_a_region(text: str, codes: set[str]) -> None:
    assert named(text) == codes


@pytest.mark.parametrize(
    "text",
    [
        "Hama itu menyerang, lalu serang lagi.",
        "Sawah lebak terlambat kering.",
        "Hakim mengetuk palu di padang yang malang.",
        "Bapak Serang Dakko menyumbang tanah.",
        "Ibu Siti Banten menerima penghargaan.",
        "Menurut Dr. Padang Pangestu, vaksin itu aman.",
        "Wakil Menteri Bima Arya hadir.",
        "Kereta berhenti di Lebak Bulus.",
        "Presiden tiba di ibu kota.",
        "Ibu Kota Nusantara dibangun.",
        "Pemain Persib Bandung cedera.",
        "Pelatih Malut United diganti.",
        "Saham Bank Banten naik.",
        "Ia makan sate Padang dan nasi goreng Aceh.",
        "Kantor itu di Jalan Bandung.",
        "Rumah itu di Jalan Raya Bogor.",
        "Dosen Universitas Lampung meneliti air.",
        "Ia membaca The Jakarta Post dan Radar Banten.",
        "Desa Lebak Wangi menerima pompa.",
        "Wakil Polda Metro Jaya hadir.",
        "Bahasa Bali diajarkan.",
        "Pasukan Papua Nugini berjaga.",
        "Ia mendaki ke Puncak kemarin.",
        "Dari Sabang sampai Merauke.",
    ],
)
def test_what_bears_the_name_of_a_region_and_is_none(text: str) -> None:
    assert named(text) == set()


def test_a_place_before_another_province_is_in_that_one() -> None:
    assert named("Akad digelar di kawasan Kuningan, Jakarta Selatan, kemarin.") == {"31.74"}
    assert named("Hujan turun di Kuningan, Jakarta, dan Serang.") == {"32.08", "31", "36.04", "36.73"}


def test_a_verb_in_a_headline_is_no_place_even_for_a_source_of_that_place() -> None:
    assert in_title("Kawanan Tawon Serang Pelajar", "36") == set()
    assert in_title("ISRAEL SERANG IRAN", "36") == set()
    assert in_title("Serang Siapkan Posko", "36") == {"36.04", "36.73"}
    assert in_title("Kebakaran di Serang") == {"36.04", "36.73"}


def test_a_word_at_the_head_is_a_place_if_the_source_or_the_article_is_of_its_province() -> None:
    assert named("Medan terjal bagi tim pencari.") == set()
    assert named("Medan banjir lagi.", "12") == {"12.71"}
    assert named("Medan banjir. Gubernur Sumatera Utara datang.") == {"12.71", "12"}


def test_a_name_of_two_provinces_is_the_one_the_article_is_about() -> None:
    assert named("Pasar di Banjar ramai.") == set()
    assert named("Pasar di Banjar ramai.", "32") == {"32.79"}
    assert named("Pasar di Banjar ramai, kata Gubernur Kalimantan Selatan.") == {"63.03", "63"}


# The table


def test_a_regency_has_its_name_and_a_province_its_other_names() -> None:
    assert regions.names("36.02") == ("Kabupaten Lebak",)
    assert regions.names("31")[1:] == ("DKI Jakarta", "Jakarta", "DKI")
    assert regions.names("99") == ()


def test_the_table_is_whole() -> None:
    codes = list(regions.all_codes())
    assert len([code for code in codes if len(code) == 2]) == 38
    assert sum(code[3:4] in ("0", "1", "2", "3", "4", "5", "6") for code in codes) == 416
    assert sum(code[3:4] in ("7", "8", "9") for code in codes) == 98
    counts = {
        parent: sum(code.startswith(f"{parent}.") for code in codes) for parent in ("31", "32", "36", "96")
    }
    assert counts == {"31": 6, "32": 27, "36": 8, "96": 6}
    assert codes == sorted(codes, key=lambda code: (len(code), code))
    assert all(re.fullmatch(r"\d\d(\.\d\d)?", code) for code in codes)
    assert {code[:2] for code in codes} == {code for code in codes if len(code) == 2}


def test_a_regency_is_named_as_its_code_says() -> None:
    for code in regions.all_codes():
        kind = {"": "", "7": "Kota "}.get(code[3:4], "Kabupaten ")
        assert regions.names(code)[0].startswith(kind), code


def test_every_name_finds_its_own_region() -> None:
    for code in regions.all_codes():
        for name in regions.names(code):
            found = regions.find_region(name)
            assert code in found, name


def test_every_full_name_is_recognised_in_a_sentence() -> None:
    for code in regions.all_codes():
        kind = "Provinsi " if len(code) == 2 else ""
        assert code in named(f"Bantuan tiba di {kind}{regions.names(code)[0]} kemarin."), code


def test_names_in_doubt_and_towns_are_those_of_regions() -> None:
    doubted = {name for names in table.content()["doubt"].values() for name in names}
    assert {name for name in doubted if not regions.find_region(name)} == set()
    assert {*table.content()["towns"], *table.content()["aliases"]} <= {*regions.all_codes()}


def test_the_version_changes_with_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    before = regions.VERSION
    with monkeypatch.context() as patch:
        patch.setattr("indexer.regions.recognition.RULES", -1)
        assert before != importlib.reload(regions).VERSION
    assert before == importlib.reload(regions).VERSION


# Any text

NAMES = [name for code in regions.all_codes() for name in regions.names(code)]
PIECES = st.sampled_from(
    [
        *NAMES,
        "Kota",
        "Kabupaten",
        "Kab.",
        "Bapak",
        "di",
        "dan",
        ",",
        " (",
        "-",
        "/",
        "Persib",
        "\n",
        ". ",
        "Serang",
    ]
)
TEXTS = st.text() | st.lists(PIECES, max_size=12).map(" ".join) | st.lists(PIECES, max_size=12).map("".join)


@given(TEXTS, TEXTS, TEXTS, st.sampled_from([None, "36", "36.02", "32"]))
def test_any_article_has_known_regions_closed_under_parents(
    title: str, place: str, text: str, source: str | None
) -> None:
    codes = regions_of(text or "x", title=title or "x", place=place, region=source)
    assert set(codes) <= {*regions.all_codes()}
    assert codes == regions.with_parents(codes)


@given(TEXTS)
def test_any_text_in_small_letters_names_nothing(text: str) -> None:
    assert named(text.lower()) == set()


# The labelled sentences


def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("regions_benchmark", ROOT / "benchmarks" / "regions.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_labelled_sentences_are_answered_well() -> None:
    measure = benchmark()
    labelled = measure.read_labels()
    assert len(labelled) >= 150
    result = measure.score(labelled, measure.ours)
    assert result.precision >= 0.95
    assert result.recall >= 0.9
    assert result.precision > measure.score(labelled, measure.plain).precision


@pytest.mark.skipif(not SHARED.exists(), reason="the real sentences are kept beside the project")
def test_the_real_sentences_are_those_that_were_labelled() -> None:
    groups = [each.group for each in benchmark().read_labels()]
    assert {groups.count(name) > 100 for name in ("corpus", "second", "third")} == {True}
