"""Regions: codes and names, and which region a dateline names."""

import re

import pytest
from conftest import make_article

from indexer import regions


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
        ("Bandung, Jawa Barat", ("32", "32.04", "32.73")),
        ("Serang, Banten", ("36", "36.04", "36.73")),
        ("Depok/Bogor", ("32", "32.01", "32.71", "32.76")),
        ("Banten", ("36",)),
        ("Provinsi Banten", ("36",)),
        ("Surabaya", ("35",)),
        ("Sumatra Utara", ("12",)),
        ("Papua Barat Daya", ("96",)),
    ],
)
def test_a_dateline_names_its_region_and_those_it_lies_in(place: str, codes: tuple[str, ...]) -> None:
    assert regions.regions_of(make_article(place=place, region="51")) == codes


@pytest.mark.parametrize("place", [None, "", "Negeri Antah Berantah", "🙏"])
def test_without_a_known_place_it_is_the_region_of_the_source(place: str | None) -> None:
    assert regions.regions_of(make_article(place=place, region="36")) == ("36",)
    assert regions.regions_of(make_article(place=place, region="36.02")) == ("36", "36.02")
    assert regions.regions_of(make_article(place=place, region=None)) == ()


def test_a_regency_has_its_name_and_a_province_its_other_names() -> None:
    assert regions.names("36.02") == ("Kabupaten Lebak",)
    assert regions.names("31")[1:] == ("DKI Jakarta", "Jakarta", "DKI")
    assert regions.names("99") == ()


def test_the_table_is_whole() -> None:
    codes = list(regions._names())
    assert len([code for code in codes if len(code) == 2]) == 38
    counts = {parent: sum(code.startswith(f"{parent}.") for code in codes) for parent in ("31", "32", "36")}
    assert counts == {"31": 6, "32": 27, "36": 8}
    assert codes == sorted(codes, key=lambda code: (len(code), code))
    assert all(re.fullmatch(r"\d\d(\.\d\d)?", code) for code in codes)


def test_every_name_finds_its_own_region() -> None:
    for code in regions._names():
        for name in regions.names(code):
            assert code in regions.find_region(name), name
