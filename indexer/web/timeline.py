"""Hits over time, as bars: the counts, and the chart as pages draw it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from indexer.index import Hits, Interval, SearchIndex
from indexer.query import Query
from indexer.web import drawn
from indexer.web.asked import Asked
from indexer.web.texts import Texts, texts

MAX_BARS = 400
"""Bars of a chart; what is older than these is left out, and said so."""
LENGTHS = (*Interval,)
"""The shortest first."""
LONGEST = {Interval.DAY: timedelta(days=92), Interval.WEEK: timedelta(days=3 * 365)}
"""The longest time that is shown in bars of this length, if nobody asks for others."""


def search(index: SearchIndex, wanted: Query, asked: Asked, today: date, **how: Any) -> tuple[Hits, Interval]:
    """Hits with their histogram, and the length of its bars: as asked for, else what suits the time there are hits from.

    Counts by month are had much sooner than those by day of many years. So a search over a long time is counted in long
    bars; only if its hits lie close together, which most often means that they are few, they are counted again.
    """
    interval = asked.interval or suitable([asked.since or date.min, asked.until or today])
    hits = index.search(wanted, interval=interval, **how)
    closer = asked.interval or suitable(hits.histogram)
    if LENGTHS.index(closer) < LENGTHS.index(interval):
        counted = index.search(wanted, limit=0, interval=closer)
        hits, interval = replace(hits, histogram=counted.histogram), closer
    return hits, asked.interval or (suitable(hits.histogram) if interval == Interval.DAY else interval)


@dataclass(frozen=True)
class Bar:
    """How many hits there are from one day to another, both included."""

    first: date
    last: date
    count: int


def bars(days: Mapping[date, int], interval: Interval | None = None) -> tuple[Interval, list[Bar]]:
    """Counts by day as bars without gaps, the latest `MAX_BARS`; of a length that suits if none is asked for."""
    chosen = interval or suitable(days)
    if not days:
        return chosen, []
    counts: Counter[date] = Counter()
    for day, count in days.items():
        counts[first_of(day, chosen)] += count
    firsts = [*_steps(min(counts), max(counts), chosen)][-MAX_BARS:]
    return chosen, [Bar(first, last_of(first, chosen), counts[first]) for first in firsts]


def suitable(days: Iterable[date]) -> Interval:
    """The length of bars that shows these days well."""
    known = [*days]
    length = max(known) - min(known) if known else timedelta()
    return next((interval for interval, longest in LONGEST.items() if length <= longest), Interval.MONTH)


@lru_cache(maxsize=1 << 14)
def first_of(day: date, interval: Interval) -> date:
    """The day that its bar begins with."""
    match interval:
        case Interval.DAY:
            return day
        case Interval.WEEK:
            return date.fromordinal(max(1, day.toordinal() - day.weekday()))
    return day.replace(day=1)


def last_of(first: date, interval: Interval) -> date:
    """The day that a bar which begins so ends with."""
    return date.fromordinal(min(date.max.toordinal(), _next(first, interval) - 1))


def label(bar: Bar, interval: Interval, texts: Texts) -> str:
    """What time a bar stands for."""
    return _label(bar.first, bar.last, interval, texts.language)


@lru_cache(maxsize=1 << 12)
def _label(first: date, last: date, interval: Interval, language: str) -> str:
    own = texts(language)
    match interval:
        case Interval.DAY:
            return own.day(first)
        case Interval.WEEK:
            return f"{own.day(first)} – {own.day(last)}"
    return own.month(first)


@dataclass(frozen=True, slots=True)
class Column:
    """A bar as it is drawn; places and sizes in percent of the chart."""

    label: str
    count: str
    name: str
    """Both together."""
    url: str
    """Of the search for what it stands for; empty if that finds nothing."""
    left: str
    width: str
    top: str
    height: str


@dataclass(frozen=True)
class Tick:
    """Where along a chart, in percent, a time is written, and how the text lies to that place."""

    label: str
    place: str
    anchor: str


@dataclass(frozen=True)
class Chart:
    """A timeline as it is drawn."""

    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    interval: Interval

    @property
    def bars(self) -> Markup:
        """The columns as they are drawn."""
        return drawn.bars(self.columns)

    @property
    def rows(self) -> Markup:
        """The columns as a table."""
        return drawn.rows(self.columns)


def chart(histogram: Mapping[date, int], interval: Interval, asked: Asked, texts: Texts) -> Chart:
    """The chart of the hits of a search, each bar with the address of the search for its own days."""
    _, found = bars(histogram, interval)
    step = 100 / len(found) if found else 0
    highest = max((bar.count for bar in found), default=0)
    base = asked.between(None, None).url()
    begin = f"{base}{'&' if '?' in base else '?'}dari="
    labels = [label(bar, interval, texts) for bar in found]
    columns = tuple(
        Column(
            labels[place],
            number,
            f"{labels[place]}: {number}",
            f"{begin}{bar.first}&sampai={bar.last}" if bar.count else "",
            f"{place * step:.3f}",
            f"{step:.3f}",
            f"{100 - (tall := bar.count / highest * 97 if highest else 0):.2f}",
            f"{tall:.2f}",
        )
        for place, bar in enumerate(found)
        for number in [texts.number(bar.count)]
    )
    return Chart(columns, tuple(ticks(found, interval, texts)), interval)


def ticks(found: Sequence[Bar], interval: Interval, texts: Texts) -> list[Tick]:
    """The times that are written under a chart: of its first bar, its last and the one between; of a week, its first day."""
    width = 100 / max(1, len(found))
    write = texts.month if interval == Interval.MONTH else texts.day
    places = sorted({0, (len(found) - 1) // 2, len(found) - 1}) if found else []
    return [_tick(write(found[place].first), (place + 0.5) * width, len(places)) for place in places]


def _tick(text: str, place: float, number: int) -> Tick:
    """A time that stays inside the chart."""
    if place < 15 and number > 1:
        return Tick(text, "0", "start")
    return Tick(text, "100", "end") if place > 85 else Tick(text, f"{place:.2f}", "middle")


def _steps(first: date, last: date, interval: Interval) -> Iterable[date]:
    ordinal, end = first.toordinal(), last.toordinal()
    while ordinal <= end:
        day = date.fromordinal(ordinal)
        yield day
        ordinal = _next(day, interval)


def _next(first: date, interval: Interval) -> int:
    """Ordinal of the day after a bar."""
    match interval:
        case Interval.DAY:
            return first.toordinal() + 1
        case Interval.WEEK:
            return first.toordinal() + 7
    if (first.year, first.month) == (date.max.year, 12):
        return date.max.toordinal() + 1
    return date(first.year + first.month // 12, first.month % 12 + 1, 1).toordinal()
