"""What readers see, in their language: sentences from the catalogues in `locale/`, numbers and times by Babel.

Sentences stand in English in code and templates; a catalogue `locale/LANGUAGE.po` has them in another language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Literal

from babel.dates import format_timedelta, get_month_names
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, get_group_symbol
from babel.support import NullTranslations, Translations

from indexer.query import WIB

LANGUAGES = {"id": "Bahasa Indonesia", "en": "English"}
DEFAULT = "id"


@dataclass(frozen=True)
class Texts:
    """One language."""

    language: str
    _catalogue: NullTranslations

    def gettext(self, sentence: str, **values: object) -> str:
        """The sentence in this language, its gaps `{name}` filled."""
        found = self._catalogue.ugettext(sentence)
        return found.format_map(values) if values else found

    def ngettext(self, one: str, many: str, count: int, **values: object) -> str:
        """The sentence for a number of things; `{count}` is the number."""
        found = self._catalogue.ungettext(one, many, count)
        return found.format_map(values | {"count": self.number(count)})

    def number(self, value: float) -> str:
        """As people write it: 1.234 or 1,234."""
        if isinstance(value, int):  # a page writes hundreds of them, and Babel takes its time
            return f"{value:,}".replace(",", _group_symbol(self.language))
        return format_decimal(value, locale=self.language)

    def moment(self, moment: datetime) -> str:
        """Day and time with the zone: 24 November 2026 10.00 WIB."""
        month = _months(self.language, "wide")[moment.month]
        return f"{moment.day} {month} {moment.year} {moment:%H:%M} {moment.tzname() or ''}".rstrip()

    def day(self, day: date) -> str:
        """A day: 24 Nov 2026."""
        return f"{day.day} {self.month(day)}"

    def month(self, day: date) -> str:
        """A month: Nov 2026."""
        return f"{_months(self.language, 'abbreviated')[day.month]} {day.year}"

    def ago(self, moment: datetime, now: datetime) -> str:
        """How long ago: 3 jam yang lalu."""
        passed = int((moment - now).total_seconds())
        for unit in (86400, 60):  # what is smaller makes no difference
            if abs(passed) > unit:
                passed = round(passed / unit) * unit
        return _ago(self.language, passed)

    def today(self, now: datetime) -> date:
        """The day it is in the west of Indonesia."""
        return now.astimezone(WIB).date()


@lru_cache(maxsize=4096)
def _ago(language: str, seconds: int) -> str:
    return format_timedelta(timedelta(seconds=seconds), add_direction=True, locale=language)


@cache
def _group_symbol(language: str) -> str:
    return get_group_symbol(language)


@cache
def _months(language: str, width: Literal["wide", "abbreviated"]) -> Mapping[int, str]:
    return dict(get_month_names(width, locale=language))


@cache
def _texts(language: str) -> Texts:
    return Texts(language, NullTranslations() if language == "en" else _catalogue(language))


def texts(language: str) -> Texts:
    """The texts of a language; of the default one for a language that there is not."""
    return _texts(language if language in LANGUAGES else DEFAULT)


def _catalogue(language: str) -> Translations:
    source = files("indexer.web").joinpath("locale", f"{language}.po").read_bytes()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source), locale=language))
    compiled.seek(0)
    return Translations(compiled)
