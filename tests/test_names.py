"""Names in credits and bylines."""

import pytest

from crawlers.reading.names import credited_authors, credited_editors, single_name, single_names, unique


@pytest.mark.parametrize(
    ("credits", "authors", "editors"),
    [
        ("Pewarta: Siti\nEditor: Budi", ["Siti"], ["Budi"]),
        ("Penulis : Siti Editor : Budi", ["Siti"], ["Budi"]),
        ("Oleh: Siti Copyright © ANTARA 2026", ["Siti"], []),
        ("Redaktur: Budi", [], ["Budi"]),
        ("Warga: Siti", [], []),
    ],
)
def test_credits_name_who_did_what(credits: str, authors: list[str], editors: list[str]) -> None:
    assert (credited_authors(credits), credited_editors(credits)) == (authors, editors)


@pytest.mark.parametrize(
    "text", ["Siti dan Budi", "Siti, Budi", "Siti/Budi", "Oleh Siti & Budi", "by Siti | Budi"]
)
def test_several_names_are_single_ones(text: str) -> None:
    assert single_names(text) == ["Siti", "Budi"]


def test_a_name_that_holds_the_word_and_stays_whole() -> None:
    assert single_names("Ramadan Sandang") == ["Ramadan Sandang"]


@pytest.mark.parametrize("text", ["Penulis:  Siti\n Aminah ", "(Siti Aminah)", "oleh Siti Aminah -"])
def test_a_name_is_without_labels_and_signs(text: str) -> None:
    assert single_name(text) == "Siti Aminah"


def test_names_are_kept_once_in_their_order_whatever_their_case() -> None:
    assert unique(["Siti", "", "BUDI", "siti", "Budi"]) == ("Siti", "BUDI")
