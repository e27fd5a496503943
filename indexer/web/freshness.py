"""Whether a source still brings news, told by how often it usually does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import pairwise

from indexer.web.texts import Texts

WINDOW = timedelta(days=60)
"""The time that tells what is usual."""
LEAST_DAYS = 7
LEAST_ARTICLES = 5
"""With less, nothing is known to be usual."""
PATIENCE = 2
"""A source is quiet when it has been silent for more than so many times its longest pause, and so many days."""


class State(Enum):
    """How a source is."""

    FRESH = "fresh"
    QUIET = "quiet"
    UNREADABLE = "unreadable"
    EMPTY = "empty"


@dataclass(frozen=True)
class Freshness:
    """How a source is, and what it is usually like."""

    state: State
    silent: int
    """Whole days since the last article; 0 if there is none."""
    usual: float | None
    """Articles a day; None if too little is known."""


def judge(days: Mapping[date, int], last: datetime | None, is_unreadable: bool, now: datetime) -> Freshness:
    """How a source is, by its articles on each day of the window, the time of the last one, and whether a visit failed."""
    if last is None:
        return Freshness(State.UNREADABLE if is_unreadable else State.EMPTY, 0, None)
    silent = max(0, (now - last).days)
    usual = _usual(days)
    if silent > max(PATIENCE, PATIENCE * _longest_pause(days)) and (usual or timedelta(silent) >= WINDOW):
        return Freshness(State.QUIET, silent, usual)
    return Freshness(State.UNREADABLE if is_unreadable else State.FRESH, silent, usual)


def sentence(found: Freshness, texts: Texts) -> str:
    """What readers are told."""
    _ = texts.gettext
    match found.state:
        case State.EMPTY:
            return _("Nothing has been read from it yet.")
        case State.UNREADABLE:
            return _("It could not be read at the last visit.")
        case State.FRESH:
            return rate(found, texts) or _("Too little is known yet.")
    silence = texts.ngettext("No news for {count} day", "No news for {count} days", found.silent)
    usual = rate(found, texts)
    return (
        _("{silence}; {usual}: the source may be broken.", silence=silence, usual=usual)
        if usual
        else f"{silence}."
    )


def rate(found: Freshness, texts: Texts) -> str:
    """How much is usual, in words; empty if that is not known."""
    if found.usual is None:
        return ""
    if found.usual >= 1:
        count = round(found.usual)
        return texts.ngettext("usually {count} article a day", "usually {count} articles a day", count)
    count = max(1, round(found.usual * 7))
    return texts.ngettext("usually {count} article a week", "usually {count} articles a week", count)


def _usual(days: Mapping[date, int]) -> float | None:
    """Articles a day, from the first day with one to the last."""
    known = [day for day, count in days.items() if count]
    length = (max(known) - min(known)).days + 1 if known else 0
    total = sum(days.values())
    return total / length if length >= LEAST_DAYS and total >= LEAST_ARTICLES else None


def _longest_pause(days: Mapping[date, int]) -> int:
    """Days from one with articles to the next one."""
    known = sorted(day for day, count in days.items() if count)
    return max(((later - earlier).days for earlier, later in pairwise(known)), default=0)
