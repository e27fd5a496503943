"""Indonesian dates and times as sites print them, into aware datetimes."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache

from crawlers.source import ZONES

LONGEST = 400
"""Characters of a text that are looked at; what states a date is shorter."""
YEARS = range(1900, 2101)
"""Years that a date can have; another is a misprint."""
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari jan january",
            "februari pebruari feb peb february",
            "maret mar mrt march",
            "april apr",
            "mei may",
            "juni jun june",
            "juli jul july",
            "agustus agu ags agt agst aug august",
            "september sep sept",
            "oktober okt oct october",
            "november nopember nov nop",
            "desember des dec december",
        ),
        1,
    )
    for name in names.split()
}
UNITS = {
    "detik": timedelta(seconds=1),
    "second": timedelta(seconds=1),
    "menit": timedelta(minutes=1),
    "mnt": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "jam": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "hari": timedelta(days=1),
    "day": timedelta(days=1),
    "minggu": timedelta(weeks=1),
    "pekan": timedelta(weeks=1),
    "week": timedelta(weeks=1),
    "bulan": timedelta(days=30),
    "month": timedelta(days=30),
    "tahun": timedelta(days=365),
    "year": timedelta(days=365),
}
"""What an age is counted in; months and years are as rough as the statement."""

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_ZONE = r"(?P<zone>WITA|WIB|WIT|(?:GMT|UTC)?\s?[+-]\d{1,2}(?::?\d{2})?(?!\d)|GMT|UTC|Z)(?![A-Z])"
_TIME = (
    r"(?<![\d.:])(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?(?!\d)"
    rf"(?:\s?(?P<half>[ap])\.?m\b\.?)?(?:\s?\(?{_ZONE})?"
)
_JOINT = r"(?:[\s,|/@·•–—-]|T(?=\d))*(?:\b(?:pukul|pkl|jam|at)\b[\s.:]*)?"
_WEEKDAY = r"(?:[a-z'’]+(?:\s[a-z]+)?,?\s+)?"
_CLOCK_AFTER = re.compile(_JOINT + _TIME, re.IGNORECASE)
_CLOCK_BEFORE = re.compile(rf"{_TIME}[\s,|/·•–—-]*{_WEEKDAY}$", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(?<!\d)(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?!\d{2})")
_COMPACT = re.compile(
    r"(?<!\d)(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
    r"T?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)(?:\.\d+)?(?P<zone>Z|[+-]\d\d:?\d\d)?(?!\d)"
)
_DAY_FIRST = re.compile(
    r"(?<![\d./-])(?P<day>\d{1,2})\s?([-/.])\s?(?P<month>\d{1,2})\s?\2\s?(?P<year>\d{4}|\d{2})(?![\d/-])"
)
_NAMED = re.compile(
    rf"(?<![\d.:])(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s./,-]*(?P<month>{_MONTH})\b[\s./,'’-]*(?P<year>\d{{4}})(?!\d)"
    rf"|\b(?P<month2>{_MONTH})\.?\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year2>\d{{4}})(?!\d)",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"\s*(\d{10})(?:\d{3})?\s*")
_AGO = re.compile(
    rf"(?<![\w.,])(?:(?P<count>\d{{1,5}})\s*|(?P<one>se|satu\s+|an?\s+))(?P<unit>{'|'.join(UNITS)})s?"
    r"\s+(?:(?:yang|yg)\s+)?(?:lalu|ago)\b",
    re.IGNORECASE,
)
_JUST_NOW = re.compile(
    r"\b(?:baru saja|barusan|just now|beberapa (?:detik|saat) (?:yang )?lalu)\b", re.IGNORECASE
)
_NEAR_DAY = re.compile(
    rf"\b(?P<name>kemarin lusa|kemarin|hari ini|yesterday|today)(?:{_JOINT}{_TIME}|\W*$)", re.IGNORECASE
)
_DAYS_BACK = {"kemarin lusa": 2, "kemarin": 1, "yesterday": 1, "hari ini": 0, "today": 0}
_COPYRIGHT = re.compile(r"(?:copyright|hak cipta|©|\(c\)).{0,60}?\b\d{4}\b", re.IGNORECASE)
_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_FOR_DATEPARSER = re.compile(rf"(?=.*\b\d{{4}}\b)(?=.*\b\d{{1,2}}\b).*\b(?:{_MONTH})\b", re.IGNORECASE)
_LONGEST_FOR_DATEPARSER = 60


def read_date(text: str, zone: str, now: datetime) -> datetime | None:
    """The moment that `text` states, in `zone` ("WIB") where it names none; None if it states none.

    Of several the first counts. "26 menit lalu" and "kemarin 21:40" are told from `now`, to the minute. A
    date without a time is its midnight. A date that cannot be, as of 31 February, is None. Never raises.
    """
    return _read(text, zone, now)


def read_absolute_date(text: str, zone: str) -> datetime | None:
    """The same for texts that cannot depend on the clock, as in feeds."""
    return _read(text, zone, None)


def _read(text: str, zone: str, now: datetime | None) -> datetime | None:
    plain = _plain(text)
    if not any(character.isalnum() for character in plain):
        return None
    try:
        moment = _find(plain, _zone(zone), now)
    except (ValueError, OverflowError):  # a date that cannot be
        return None
    return moment if moment and moment.year in YEARS else None


def _plain(text: str) -> str:
    folded = " ".join(unicodedata.normalize("NFKC", _INVISIBLE.sub("", text[:LONGEST])).split())
    return " ".join(_COPYRIGHT.sub(" ", folded.replace("−", "-")).split())


def _find(text: str, zone: tzinfo, now: datetime | None) -> datetime | None:
    """Raises ValueError or OverflowError for a date that cannot be."""
    if epoch := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(epoch[1]), UTC).astimezone(zone)
    if compact := _COMPACT.search(text):
        return _at(_day(compact), compact, zone)
    for pattern in (_YEAR_FIRST, _NAMED, _DAY_FIRST):
        if found := pattern.search(text):
            return _at(_day(found), _clock_beside(text, found), zone)
    moment = _relative(text, zone, now) if now else None
    return moment or _by_dateparser(text, zone)


def _day(found: re.Match[str]) -> datetime:
    parts = found.groupdict()
    day, month, year = (parts[name] or parts[f"{name}2"] for name in ("day", "month", "year"))
    number = int(year) if len(year) == 4 else 2000 + int(year)
    return datetime(number, MONTHS.get(month.lower()) or int(month), int(day))  # noqa: DTZ001 - _at adds it


def _clock_beside(text: str, date: re.Match[str]) -> re.Match[str] | None:
    """The time that stands behind a date or, with a zone, right before it."""
    if after := _CLOCK_AFTER.match(text, date.end()):
        return after
    before = _CLOCK_BEFORE.search(text, max(0, date.start() - 40), date.start())
    return before if before and before["zone"] else None


def _at(day: datetime, clock: re.Match[str] | None, zone: tzinfo) -> datetime:
    """The time `clock` on a day; midnight without one."""
    if clock is None:
        return day.replace(tzinfo=zone)
    parts = clock.groupdict()
    hour = int(parts["hour"])
    if half := parts.get("half"):
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    stated = _zone(parts["zone"]) if parts["zone"] else zone
    return day.replace(
        hour=hour, minute=int(parts["minute"]), second=int(parts["second"] or 0), tzinfo=stated
    )


def _relative(text: str, zone: tzinfo, now: datetime) -> datetime | None:
    today = now.astimezone(zone).replace(second=0, microsecond=0)
    if found := _AGO.search(text):
        age = UNITS[found["unit"].lower()] * int(found["count"] or 1)
        return (now.astimezone(zone) - age).replace(second=0, microsecond=0)
    if _JUST_NOW.search(text):
        return today
    if found := _NEAR_DAY.search(text):
        day = (today - timedelta(days=_DAYS_BACK[found["name"].lower()])).replace(tzinfo=None)
        return _at(day.replace(hour=0, minute=0), found if found["hour"] else None, zone)
    return None


def _by_dateparser(text: str, zone: tzinfo) -> datetime | None:
    """What `dateparser` reads, asked only where day, month by name and year are there and little else."""
    if len(text) > _LONGEST_FOR_DATEPARSER or not _FOR_DATEPARSER.match(text):
        return None
    moment = _dateparser()(text)
    return moment.replace(tzinfo=moment.tzinfo or zone) if moment else None


@cache
def _dateparser() -> Callable[[str], datetime | None]:
    from dateparser.date import DateDataParser  # type: ignore[import-untyped] # slow to import, seldom needed

    settings = {"STRICT_PARSING": True, "PARSERS": ["absolute-time"], "PREFER_DATES_FROM": "past"}
    parser = DateDataParser(languages=["id", "en"], settings=settings)
    return lambda text: parser.get_date_data(text).date_obj


@cache
def _zone(name: str) -> tzinfo:
    """The zone of "WITA", "GMT", "Z", "+07:00", "UTC+7"; raises ValueError for an offset that cannot be."""
    name = name.upper()
    if name in ZONES:
        return timezone(timedelta(hours=ZONES[name]), name)
    offset = re.search(r"([+-])(\d{1,2}?):?(\d{2})?$", name)
    if not offset:
        return UTC
    size = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
    return timezone(size if offset[1] == "+" else -size)
