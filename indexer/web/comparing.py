"""Topics and queries beside each other over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from indexer import query
from indexer.index import Interval
from indexer.query import Query
from indexer.topics import title_of, topics
from indexer.web.asked import Asked
from indexer.web.shares import points
from indexer.web.site import Asking, Page
from indexer.web.timeline import Bar, bars, label, ticks

router = APIRouter()
MOST = 4
"""Lines that can be told apart in one chart."""
PERIODS = {"30": 30, "90": 90, "365": 365, "semua": None}
"""By their names in addresses: days that are compared."""
USUAL = "90"
GAP = 8.0
"""Percent of the chart's height that the letters of two lines are apart at least."""


@dataclass(frozen=True)
class Compared:
    """What is asked for by one line."""

    name: str
    asked: Asked
    query: Query


@dataclass(frozen=True)
class Line:
    """A line as it is drawn."""

    letter: str
    name: str
    url: str
    total: int
    points: str
    end: str
    """Where its letter stands, in percent of the height."""


@router.get("/banding")
def compare(page: Asking) -> HTMLResponse:
    """Up to four topics or queries over time in one chart."""
    values = page.request.query_params
    period = values.get("waktu", USUAL)
    period = period if period in PERIODS else USUAL
    texts = [text for text in dict.fromkeys(each.strip() for each in values.getlist("q")) if text]
    keys = [key for key in dict.fromkeys(values.getlist("topik")) if key in topics()]
    unknown = [key for key in dict.fromkeys(values.getlist("topik")) if key and key not in topics()]
    wanted = [*(_topic(page, key) for key in keys), *(_text(page, text) for text in texts[: MOST + 1])]
    fitting = [each for each in wanted if not each.query.problem][:MOST]
    return page.render(
        "comparison.html",
        {
            "texts_asked": texts[:MOST],
            "rows": range(MOST),
            "chosen": set(keys),
            "topics": topics().values(),
            "period": period,
            "notes": [*_notes(page, wanted), *_unknown(page, unknown)],
            "is_too_many": len(wanted) > MOST,
            "most": MOST,
            **_drawn(page, fitting, PERIODS[period]),
        },
    )


def _topic(page: Page, key: str) -> Compared:
    asked = Asked(keys={"topic": (key,)})
    return Compared(title_of(key, page.texts.language), asked, asked.query(page.now))


def _text(page: Page, text: str) -> Compared:
    asked = Asked(text=text[: query.MAX_LENGTH])
    return Compared(text, asked, asked.query(page.now))


def _notes(page: Page, wanted: Sequence[Compared]) -> list[str]:
    """What was not understood, and why some are not shown."""
    language = page.texts.language
    return [
        f"{each.name[:60]}: {note.in_language(language)}"
        for each in wanted
        for note in (*each.query.notes, *([each.query.problem] if each.query.problem else []))
    ]


def _unknown(page: Page, keys: Sequence[str]) -> list[str]:
    _ = page.texts.gettext
    return [_("There is no topic “{key}”.", key=key[:60]) for key in keys[:MOST]]


def _drawn(page: Page, wanted: Sequence[Compared], days: int | None) -> Mapping[str, object]:
    """The lines, the rows of their table, the times below and the highest count."""
    today = page.texts.today(page.now)
    since = today - timedelta(days=days - 1) if days else None
    found = [_counts(page, each, since) for each in wanted]
    ends = {since: 0, today: 0} if since and found else {}
    interval, axis = bars(ends | {day: 1 for counts in found for day in counts})
    tables = [_by_bar(counts, axis, interval) for counts in found]
    highest = max((count for counts in tables for count in counts), default=0)
    labels = [label(bar, interval, page.texts) for bar in axis]
    letters = _apart([99 - counts[-1] / (highest or 1) * 98 if counts else 99.0 for counts in tables])
    lines = [
        Line(
            "ABCD"[place],
            each.name,
            each.asked.between(since, None).url(),
            sum(counts),
            points(counts, highest, 100),
            f"{letters[place]:.1f}",
        )
        for place, (each, counts) in enumerate(zip(wanted, tables, strict=True))
    ]
    return {
        "lines": lines,
        "table": [*zip(labels, zip(*tables, strict=True), strict=False)][::-1],
        "ticks": ticks(axis, interval, page.texts),
        "is_open_ended": interval != Interval.DAY,
        "highest": page.texts.number(highest),
    }


def _counts(page: Page, wanted: Compared, since: date | None) -> Mapping[date, int]:
    kept = query.narrow(wanted.query, since=since)
    return page.site.index.search(kept, limit=0, interval=Interval.DAY).histogram


def _by_bar(counts: Mapping[date, int], axis: Sequence[Bar], interval: Interval) -> list[int]:
    """The counts along the axis of all lines."""
    known = {bar.first: bar.count for bar in bars(counts, interval)[1]}
    return [known.get(bar.first, 0) for bar in axis]


def _apart(heights: Sequence[float]) -> list[float]:
    """Heights, in percent from the top, moved so that letters there do not cover each other."""
    found, order = [*heights], sorted(range(len(heights)), key=lambda place: heights[place])
    free = 2.0
    for place in order:
        found[place] = max(found[place], free)
        free = found[place] + GAP
    free = 99.0
    for place in reversed(order):
        found[place] = min(found[place], free)
        free = found[place] - GAP
    return found
