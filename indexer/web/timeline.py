"""Hits over time, as bars: the counts, and the chart as pages draw it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from indexer.index import Interval
from indexer.web.asked import Asked
from indexer.web.texts import Texts

MAX_BARS = 400
"""Bars of a chart; what is older than these is left out, and said so."""
LONGEST = {Interval.DAY: timedelta(days=92), Interval.WEEK: timedelta(days=3 * 365)}
"""The longest time that is shown in bars of this length, if nobody asks for others."""


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
    match interval:
        case Interval.DAY:
            return texts.day(bar.first)
        case Interval.WEEK:
            return f"{texts.day(bar.first)} – {texts.day(bar.last)}"
    return texts.month(bar.first)


@dataclass(frozen=True)
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
    highest: str


def chart(days: Mapping[date, int], asked: Asked, texts: Texts) -> Chart:
    """The chart of the hits of a search, each bar with the address of the search for its own days."""
    interval, found = bars(days, asked.interval)
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
    return Chart(columns, tuple(ticks(found, interval, texts)), interval, texts.number(highest))


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
