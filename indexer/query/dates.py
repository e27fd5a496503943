"""What `terbit:` can be followed by: days, months and years, comparisons, ranges, and so many days ago."""

import re
from calendar import monthrange
from datetime import date, timedelta

from indexer.query.tree import Range


def range_of(text: str, today: date) -> Range | None:
    """The days that the value of `terbit:` means; None if it is no date."""
    try:
        if brackets := _BETWEEN.fullmatch(text):
            opening, first, last, closing = brackets.groups()
            return _between(opening, first, last, closing, today)
        if ago := _AGO.fullmatch(text):
            return Range(_before(today, int(ago[1]), ago[2].lower()), None)
        compared = _COMPARED.fullmatch(text.strip())
        return _compared(compared[1] or "", compared[2], today) if compared else None
    except (ValueError, OverflowError):
        return None


_BETWEEN = re.compile(r"([\[{])\s*(\S+)\s+(?:TO|SAMPAI|to|sampai)\s+(\S+?)\s*([\]}])")
_AGO = re.compile(r"(\d{1,3})(?:-|\s+)?(hari|h|d|minggu|w|bulan|b|m|tahun|t|y)", re.ASCII | re.IGNORECASE)
_COMPARED = re.compile(r"(>=|<=|>|<|=)?\s*(\S+)")
_DAY = timedelta(days=1)


def _between(opening: str, first: str, last: str, closing: str, today: date) -> Range:
    since = None if first == "*" else _period(first, today)[0 if opening == "[" else 1]
    until = None if last == "*" else _period(last, today)[1 if closing == "]" else 0]
    return Range(
        since + _DAY if since and opening == "{" else since,
        until - _DAY if until and closing == "}" else until,
    )


def _compared(operator: str, text: str, today: date) -> Range:
    first, last = _period(text, today)
    match operator:
        case ">=":
            return Range(first, None)
        case ">":
            return Range(last + _DAY, None)
        case "<=":
            return Range(None, last)
        case "<":
            return Range(None, first - _DAY)
    return Range(first, last)


def _before(today: date, number: int, unit: str) -> date:
    """So many days, weeks, months or years earlier."""
    if unit in ("hari", "h", "d"):
        return today - number * _DAY
    if unit in ("minggu", "w"):
        return today - 7 * number * _DAY
    months = number * (12 if unit in ("tahun", "t", "y") else 1)
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


_NAMED_DAYS = {"hariini": 0, "hari-ini": 0, "today": 0, "kemarin": 1, "yesterday": 1}
_ISO = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?", re.ASCII)
_DAY_FIRST = re.compile(r"(?:(\d{1,2})[-/.])?(\d{1,2})[-/.](\d{4})", re.ASCII)


def _period(text: str, today: date) -> tuple[date, date]:
    """First and last day of a year, month or day; raises ValueError if it is none."""
    if text.lower() in _NAMED_DAYS:
        day = today - _NAMED_DAYS[text.lower()] * _DAY
        return day, day
    if iso := _ISO.fullmatch(text):
        return _days(*iso.groups())
    if day_first := _DAY_FIRST.fullmatch(text):
        return _days(*reversed(day_first.groups()))
    raise ValueError(text)


def _days(year: str, month: str | None, day: str | None) -> tuple[date, date]:
    if month is None:
        return date(int(year), 1, 1), date(int(year), 12, 31)
    if day is None:
        first = date(int(year), int(month), 1)
        return first, first.replace(day=monthrange(first.year, first.month)[1])
    found = date(int(year), int(month), int(day))
    return found, found
