"""Datelines, where they are not seen in whole articles (tests/test_extract.py)."""

import pytest

from crawlers.reading.datelines import without_dateline


def test_a_text_of_nothing_but_a_dateline_is_empty() -> None:
    assert without_dateline(["Serang, Banten (ANTARA) - "]) == ("Serang", [])


def test_a_dateline_is_looked_for_in_the_first_three_paragraphs_only() -> None:
    paragraphs = ["Satu.", "Dua.", "Tiga.", "Serang (ANTARA) - Empat."]
    assert without_dateline(paragraphs) == (None, paragraphs)


@pytest.mark.parametrize(
    ("dateline", "place"),
    [
        ("NTB (ANTARA) - ", "NTB"),
        ("TANJUNG PINANG – ", "Tanjung Pinang"),
        ("KOTA DI YOGYAKARTA – ", "Kota DI Yogyakarta"),
    ],
)
def test_a_place_in_capitals_is_set_in_title_case_but_for_its_initials(dateline: str, place: str) -> None:
    assert without_dateline([f"{dateline}Warga membaca."]) == (place, ["Warga membaca."])


def test_nothing_has_no_dateline() -> None:
    assert without_dateline([]) == (None, [])
