"""Topics: the ready-made queries, how much each finds, and where."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from indexer import query
from indexer.index import Interval
from indexer.query import Key, Query, Range
from indexer.regions import name_of
from indexer.topics import Topic, topics
from indexer.web import timeline
from indexer.web.asked import Asked
from indexer.web.failures import Refused
from indexer.web.record import headlines, one_a_story
from indexer.web.shares import points, shares
from indexer.web.site import Asking, Page
from indexer.web.sources import source_names
from indexer.web.timeline import first_of

router = APIRouter()
SECONDS = 30
"""How long the counts of all topics are kept."""
RECENT = timedelta(days=30)
WEEKS = 26
"""Of the small lines in the list."""
NEWEST = 10


@dataclass(frozen=True)
class Counted:
    """How much a topic finds."""

    total: int
    recent: int
    """Of the last 30 days."""
    points: str
    """Of the line of the last weeks."""


@router.get("/topik")
def all_topics(page: Asking) -> HTMLResponse:
    """All topics with how much they find."""
    counted = page.site.kept.get("topics", SECONDS, lambda: _counted(page))
    return page.render("topics.html", {"topics": topics().values(), "counted": counted})


@router.get("/topik/{key}")
def one_topic(page: Asking, key: str) -> HTMLResponse:
    """A topic: its query, its articles over time and by source and region, and the newest."""
    topic = topics().get(key)
    if topic is None:
        raise Refused(page.texts.gettext("There is no such topic."), 404)
    asked = Asked(keys={"topic": (key,)})
    wanted, today = Query("", Key(key, "topic")), page.texts.today(page.now)
    how = {"limit": NEWEST, "facets": ["source", "region"]}
    hits, interval = timeline.search(page.site.index, wanted, asked, today, **how)
    names = source_names(page.site)
    return page.render(
        "topic.html",
        {
            "topic": topic,
            "query": _written(topic),
            "total": hits.total,
            "chart": timeline.chart(hits.histogram, interval, asked, page.texts),
            "sources": shares(
                hits.facets["source"],
                hits.total,
                page.texts,
                lambda source: names.get(source, source),
                lambda source: asked.toggled("source", source).url(),
            ),
            "regions": shares(
                hits.facets["region"],
                hits.total,
                page.texts,
                name_of,
                lambda code: asked.toggled("region", code).url(),
            ),
            "newest": one_a_story(headlines(page.site.store, hits.ids)),
            "names": names,
            "asked": asked,
        },
    )


def _written(topic: Topic) -> str:
    return " ".join(topic.query.text.split())


def _counted(page: Page) -> Mapping[str, Counted]:
    index, today = page.site.index, page.texts.today(page.now)
    total = index.search(Query("", None), limit=0, facets=["topic"]).facets["topic"]
    recent = Range(today - RECENT + timedelta(days=1), None)
    lately = index.search(Query("", recent), limit=0, facets=["topic"]).facets["topic"]
    monday = first_of(today, Interval.WEEK)
    weeks = [monday - timedelta(weeks=ago) for ago in range(WEEKS - 1, -1, -1)]
    found = {}
    for key in topics():
        tree = query.all_of([Key(key, "topic"), Range(weeks[0], None)])
        bars = index.search(Query("", tree), limit=0, interval=Interval.WEEK).histogram
        line = points([bars.get(week, 0) for week in weeks])
        found[key] = Counted(total.get(key, 0), lately.get(key, 0), line)
    return found
