"""The sources that are followed: what each is, and whether it still brings news."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from indexer.query import Key, Query
from indexer.regions import name_of
from indexer.topics import title_of
from indexer.web import record, timeline
from indexer.web.asked import Asked
from indexer.web.failures import Refused
from indexer.web.freshness import WINDOW, Freshness, State, judge, sentence
from indexer.web.record import Followed, headlines
from indexer.web.shares import points, shares
from indexer.web.site import Asking, Page
from indexer.web.sources import source_names

router = APIRouter()
SECONDS = 30
"""How long what is known of the sources is kept."""
RECENT = timedelta(days=30)
NEWEST = 10


@dataclass(frozen=True)
class Source:
    """A source as its pages show it."""

    known: Followed
    freshness: Freshness
    sentence: str
    recent: int
    """Articles of the last 30 days."""
    points: str
    """Of the line of its last 60 days."""

    @property
    def is_well(self) -> bool:
        """Whether it brings what it usually does."""
        return self.freshness.state is State.FRESH

    @property
    def is_ill(self) -> bool:
        """Whether it has brought something before, and may be broken now."""
        return self.freshness.state in (State.QUIET, State.UNREADABLE)


@router.get("/sumber")
def sources(page: Asking) -> HTMLResponse:
    """All sources, those that may be broken told apart."""
    found = all_sources(page)
    return page.render(
        "sources.html", {"sources": found, "ill": sum(1 for each in found if not each.is_well)}
    )


@router.get("/sumber/{key}")
def source(page: Asking, key: str) -> HTMLResponse:
    """One source: its articles over time, about what, and the newest."""
    known = next((each for each in _followed(page) if each.key == key), None)
    if known is None:
        raise Refused(page.texts.gettext("There is no such source."), 404)
    asked = Asked(keys={"source": (key,)})
    wanted, today = Query("", Key(key, "source")), page.texts.today(page.now)
    how = {"limit": NEWEST, "facets": ["topic", "region"]}
    hits, interval = timeline.search(page.site.index, wanted, asked, today, **how)
    language = page.texts.language
    return page.render(
        "source.html",
        {
            "source": _source(page, known),
            "total": hits.total,
            "chart": timeline.chart(hits.histogram, interval, asked, page.texts),
            "topics": shares(
                hits.facets["topic"],
                hits.total,
                page.texts,
                lambda topic: title_of(topic, language),
                lambda topic: asked.toggled("topic", topic).url(),
            ),
            "regions": shares(
                hits.facets["region"],
                hits.total,
                page.texts,
                name_of,
                lambda code: asked.toggled("region", code).url(),
            ),
            "newest": headlines(page.site.store, hits.ids),
            "names": source_names(page.site),
            "asked": asked,
        },
    )


def all_sources(page: Page) -> list[Source]:
    """All sources by name."""
    return [_source(page, each) for each in _followed(page)]


def _followed(page: Page) -> list[Followed]:
    since = page.now - WINDOW
    return page.site.kept.get("sources", SECONDS, lambda: record.followed(page.site.store, since))


def _source(page: Page, known: Followed) -> Source:
    found = judge(known.days, known.last, bool(known.run and known.run.is_bad), page.now)
    today = page.texts.today(page.now)
    days = [today - timedelta(days=ago) for ago in range(WINDOW.days, -1, -1)]
    counts = [known.days.get(day, 0) for day in days]
    return Source(known, found, sentence(found, page.texts), sum(counts[-RECENT.days :]), points(counts))
