"""Diffs: nothing is lost between the versions, and only what changed is marked."""

from hypothesis import given
from hypothesis import strategies as st

from indexer.diff import Kind, Piece, compare

TEXTS = st.text("ab \n", max_size=30)


def test_a_changed_word_is_removed_and_added() -> None:
    assert compare("warga miskin turun", "warga miskin naik") == [
        Piece(Kind.SAME, "warga miskin "),
        Piece(Kind.REMOVED, "turun"),
        Piece(Kind.ADDED, "naik"),
    ]


def test_equal_texts_are_one_piece() -> None:
    assert compare("a b", "a b") == [Piece(Kind.SAME, "a b")]


@given(TEXTS, TEXTS)
def test_both_versions_can_be_read_from_any_diff(before: str, after: str) -> None:
    pieces = compare(before, after)
    assert "".join(each.text for each in pieces if each.kind != Kind.ADDED) == before
    assert "".join(each.text for each in pieces if each.kind != Kind.REMOVED) == after
