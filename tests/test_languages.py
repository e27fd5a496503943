"""The language of a text, told by its small words."""

from hypothesis import given
from hypothesis import strategies as st

from crawlers.reading.languages import LEAST, language_of

INDONESIAN = "Warga yang tidak dapat datang dengan alasan itu dan akan pergi ke desa untuk mereka."
ENGLISH = "The people who have been at the office said that they will be there for the day."


def test_two_languages_are_told() -> None:
    assert (language_of(INDONESIAN), language_of(ENGLISH)) == ("id", "en")


def test_few_words_tell_nothing() -> None:
    assert language_of(" ".join(["yang"] * (LEAST - 1))) is None
    assert language_of(" ".join(["yang"] * LEAST)) == "id"


def test_a_mixed_text_tells_nothing() -> None:
    assert language_of(f"{INDONESIAN} {ENGLISH}") is None


def test_an_english_quotation_leaves_an_indonesian_text_indonesian() -> None:
    assert language_of(f'{INDONESIAN} {INDONESIAN} {INDONESIAN} "The house is for the people."') == "id"


@given(st.text())
def test_any_text_is_in_a_language_or_in_none(text: str) -> None:
    assert language_of(text) in ("id", "en", None)
