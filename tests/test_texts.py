"""The page in two languages: every sentence is translated, and none is left that nobody says."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from indexer.query import WIB
from indexer.web.texts import DEFAULT, LANGUAGES, texts

WEB = Path(__file__).parents[1] / "indexer" / "web"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}


def said() -> Iterator[str]:
    """The sentences in templates and code, plural forms by the first of them."""
    ways = {"*.py": "python", "*.html": "jinja2.ext:babel_extract", "*.txt": "jinja2.ext:babel_extract"}
    for pattern, method in ways.items():
        for path in WEB.rglob(pattern):
            for _, message, _, _ in extract_from_file(method, path, KEYWORDS, options={"trimmed": "true"}):
                yield message if isinstance(message, str) else message[0]


SAID = sorted(set(said()))
CATALOGUES = {language: WEB / "locale" / f"{language}.po" for language in LANGUAGES if language != "en"}


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_sentence_is_translated(language: str) -> None:
    catalogue = read_po(BytesIO(CATALOGUES[language].read_bytes()), locale=language)
    known = {message.id if isinstance(message.id, str) else message.id[0]: message for message in catalogue}
    missing = [each for each in SAID if each not in known or not all(known[each].string or [""])]
    assert missing == []


@pytest.mark.parametrize("language", CATALOGUES)
def test_no_translation_is_left_over(language: str) -> None:
    catalogue = read_po(BytesIO(CATALOGUES[language].read_bytes()), locale=language)
    known = {
        message.id if isinstance(message.id, str) else message.id[0] for message in catalogue if message.id
    }
    assert known - set(SAID) == set()


@pytest.mark.parametrize("language", CATALOGUES)
def test_translations_fill_the_same_gaps(language: str) -> None:
    catalogue = read_po(BytesIO(CATALOGUES[language].read_bytes()), locale=language)
    for message in catalogue:
        if message.id:
            *_, last = message.id if isinstance(message.id, list | tuple) else [message.id]
            *_, told = message.string if isinstance(message.string, list | tuple) else [message.string]
            assert _gaps(told or "") == _gaps(last)


def _gaps(sentence: str) -> set[str]:
    return {part.partition("}")[0] for part in sentence.split("{")[1:]}


def test_there_are_sentences() -> None:
    assert len(SAID) > 50


def test_a_language_that_there_is_not_is_the_default() -> None:
    assert texts("xx") is texts(DEFAULT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_times_and_numbers_are_written_as_babel_writes_them(language: str) -> None:
    told = texts(language)
    for month in range(1, 13):
        moment = datetime(2026, month, month, 7, 5, tzinfo=WIB)
        assert told.moment(moment) == f"{format_datetime(moment, 'd MMMM y HH:mm', locale=language)} WIB"
        assert told.day(moment) == format_date(moment, "d MMM y", locale=language)
        assert told.month(moment) == format_date(moment, "MMM y", locale=language)
    for number in (0, 999, 1000, 1234567, -12345, 1.5):
        assert told.number(number) == format_decimal(number, locale=language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "seconds", [0, 7, 61, 300, 3600, 7200, 86400, 3 * 86400, 30 * 86400, 800 * 86400, -600]
)
def test_how_long_ago_is_told_as_babel_tells_it(language: str, seconds: int) -> None:
    now = datetime(2026, 11, 24, tzinfo=WIB)
    passed = timedelta(seconds=-seconds)
    assert texts(language).ago(now + passed, now) == format_timedelta(
        passed, add_direction=True, locale=language
    )
