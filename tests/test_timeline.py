"""Bars over time: all of the counts, without gaps, and each leading to its own articles."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.index import Interval
from indexer.web.asked import Asked
from indexer.web.texts import texts
from indexer.web.timeline import MAX_BARS, Bar, bars, chart, first_of, label, last_of, suitable, ticks

DAYS = st.dictionaries(st.dates(date(2019, 1, 1), date(2026, 12, 31)), st.integers(1, 50), max_size=30)
ENGLISH = texts("en")


def test_days_without_hits_are_bars_too() -> None:
    found = bars({date(2026, 1, 1): 2, date(2026, 1, 3): 1})
    assert found == (
        Interval.DAY,
        [Bar(day, day, count) for day, count in zip(span(1, 3), (2, 0, 1), strict=True)],
    )


def span(first: int, last: int) -> list[date]:
    return [date(2026, 1, day) for day in range(first, last + 1)]


def test_weeks_begin_on_monday() -> None:
    _, found = bars({date(2026, 11, 24): 1, date(2026, 11, 29): 2}, Interval.WEEK)
    assert found == [Bar(date(2026, 11, 23), date(2026, 11, 29), 3)]


def test_months_end_with_the_year() -> None:
    _, found = bars({date(2025, 12, 31): 1, date(2026, 1, 1): 1}, Interval.MONTH)
    assert found == [
        Bar(date(2025, 12, 1), date(2025, 12, 31), 1),
        Bar(date(2026, 1, 1), date(2026, 1, 31), 1),
    ]


@pytest.mark.parametrize(
    ("length", "interval"),
    [(0, Interval.DAY), (92, Interval.DAY), (93, Interval.WEEK), (1200, Interval.MONTH)],
)
def test_long_times_have_long_bars(length: int, interval: Interval) -> None:
    assert suitable([date(2022, 1, 1), date(2022, 1, 1) + timedelta(days=length)]) is interval


@given(DAYS, st.sampled_from([None, *Interval]))
def test_any_counts_are_in_the_bars_that_follow_each_other(
    days: dict[date, int], interval: Interval | None
) -> None:
    _, found = bars(days, interval)
    assert len(found) <= MAX_BARS
    for earlier, later in pairwise(found):
        assert later.first == earlier.last + timedelta(days=1)
    shown = sum(count for day, count in days.items() if found and day >= found[0].first)
    assert sum(bar.count for bar in found) == shown
    if len(found) < MAX_BARS:
        assert shown == sum(days.values())


@given(st.dates(), st.sampled_from([*Interval]))
def test_any_day_lies_in_its_bar(day: date, interval: Interval) -> None:
    first = first_of(day, interval)
    assert first <= day <= last_of(first, interval)


def test_nothing_has_no_bars() -> None:
    assert bars({}) == (Interval.DAY, [])
    assert chart({}, Interval.DAY, Asked(), ENGLISH).columns == ()


def test_bars_are_called_by_their_time() -> None:
    bar = Bar(date(2026, 11, 23), date(2026, 11, 29), 1)
    assert label(bar, Interval.DAY, ENGLISH) == "23 Nov 2026"
    assert label(bar, Interval.WEEK, ENGLISH) == "23 Nov 2026 – 29 Nov 2026"
    assert label(bar, Interval.MONTH, texts("id")) == "Nov 2026"


def test_a_column_leads_to_its_days_of_the_same_search() -> None:
    asked = Asked(text="a b", keys={"kind": ("press",)}, since=date(2020, 1, 1))
    found = chart({date(2026, 11, 23): 5, date(2026, 11, 25): 10}, Interval.DAY, asked, ENGLISH)
    assert [column.url for column in found.columns] == [
        "/?q=a+b&jenis=press&dari=2026-11-23&sampai=2026-11-23",
        "",
        "/?q=a+b&jenis=press&dari=2026-11-25&sampai=2026-11-25",
    ]
    assert (
        chart({date(2026, 11, 23): 5}, Interval.DAY, Asked(), ENGLISH).columns[0].url
        == "/?dari=2026-11-23&sampai=2026-11-23"
    )


def test_columns_fill_the_chart() -> None:
    found = chart({date(2026, 11, 23): 5, date(2026, 11, 24): 10}, Interval.DAY, Asked(), ENGLISH).columns
    assert [(each.left, each.width) for each in found] == [("0.000", "50.000"), ("50.000", "50.000")]
    assert [float(each.top) + float(each.height) for each in found] == [100, 100]
    assert float(found[0].height) * 2 == float(found[1].height)


def test_the_ends_and_the_middle_are_named_inside_the_chart() -> None:
    _, found = bars({date(2026, 11, 2): 1, date(2026, 11, 24): 1}, Interval.WEEK)
    written = [(tick.label, tick.place, tick.anchor) for tick in ticks(found, Interval.WEEK, ENGLISH)]
    assert written == [
        ("2 Nov 2026", "0", "start"),
        ("9 Nov 2026", "37.50", "middle"),
        ("23 Nov 2026", "100", "end"),
    ]


def test_one_bar_is_named_in_its_middle() -> None:
    _, found = bars({date(2026, 11, 2): 1})
    assert [tick.place for tick in ticks(found, Interval.DAY, ENGLISH)] == ["50.00"]
    assert ticks([], Interval.DAY, ENGLISH) == []
