"""Searching by the API: hits, articles, sources and topics."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from indexer import query
from indexer.index import Cursor, Hits
from indexer.keys import Scope
from indexer.regions import name_of
from indexer.store import MAX_ID, StoredArticle
from indexer.topics import title_of, topics
from indexer.web import record
from indexer.web.api import models
from indexer.web.api.callers import needs
from indexer.web.api.problems import Refused, documented
from indexer.web.asked import Asked
from indexer.web.links import home
from indexer.web.site import Site

KEPT = 60
"""Seconds for which the list of sources is not counted anew."""
OPEN: dict[str, Any] = {"security": [{}]}
"""Where searching is open to everybody no key is needed."""
REFUSALS = documented(400, 401, 403, 422, 429, 503)
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "Nothing has changed since the answer with this ETag."}
}
router = APIRouter(
    prefix="/v1",
    tags=["search"],
    dependencies=[Depends(needs(Scope.SEARCH))],
    responses={**REFUSALS, **NOT_MODIFIED},
)
Id = Annotated[int, Path(ge=1, le=MAX_ID, description="Number of an article.", examples=[1])]
NoParameters = Annotated[models.Nothing, Query()]


@router.get("/search", openapi_extra=OPEN, operation_id="search")
def search(
    request: Request, response: Response, asked: Annotated[models.SearchParameters, Query()]
) -> models.Found:
    """Find articles, a page at a time.

    The query language is that of the search page: plain words mean all of them in any form, `"…"` exact words,
    `AND OR NOT`, `judul:…`, `wilayah:…`, `terbit:…`, `stunt*`. Any text can be read; `notes` say what was not understood.
    A further page is at `next` (also in the `Link` header). By date what arrives meanwhile moves nothing.
    """
    site: Site = request.app.state.site
    state = _state(asked)
    wanted = state.query(datetime.now(query.WIB))
    if wanted.problem:
        raise Refused(400, wanted.problem.in_language("en"))
    found = site.index.search(
        wanted,
        limit=asked.limit,
        after=state.after,
        sort=asked.sort,
        facets=dict.fromkeys(asked.facets),
        interval=asked.interval,
    )
    names = site.store.source_names()
    further = _next(request, found)
    if further:
        response.headers["Link"] = f'<{further}>; rel="next"'
    return models.Found(
        query=asked.q,
        read_as=query.describe(wanted.tree, "en"),
        notes=[note.in_language("en") for note in wanted.notes],
        total=found.total,
        hits=[models.hit(each, names, wanted) for each in site.store.articles(found.ids)],
        facets={facet: _counts(facet, found, names) for facet in dict.fromkeys(asked.facets)},
        histogram=[models.Bar(first=day, count=count) for day, count in found.histogram.items()],
        next=further,
    )


def _state(asked: models.SearchParameters) -> Asked:
    if asked.since and asked.until and asked.since > asked.until:
        raise Refused(400, "since lies after until.")
    after = Cursor.read(asked.cursor) if asked.cursor else None
    if after and after.sort != asked.sort:
        raise Refused(400, "This cursor belongs to a search with another sort.")
    keys = {
        name: tuple(dict.fromkeys(getattr(asked, name))) for name in ("source", "region", "kind", "topic")
    }
    return replace(
        Asked(asked.q, asked.since, asked.until, {name: some for name, some in keys.items() if some}),
        sort=asked.sort,
        after=after,
    )


def _next(request: Request, found: Hits) -> str | None:
    if found.after is None:
        return None
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{home(request)}/api/v1/search?{urlencode([*asked, ('cursor', str(found.after))])}"


def _counts(facet: models.Facet, found: Hits, names: dict[str, str]) -> list[models.Count]:
    def name(value: str) -> str:
        match facet:
            case "source":
                return names.get(value, value)
            case "region":
                return name_of(value)
            case "topic":
                return title_of(value, "id")
        return value

    return [
        models.Count(value=value, name=name(value), count=count)
        for value, count in found.facets[facet].items()
    ]


@router.get("/articles/{id}", openapi_extra=OPEN, operation_id="article", responses=documented(404))
def article(request: Request, id: Id, _: NoParameters) -> models.Article:
    """An article with its whole text."""
    site: Site = request.app.state.site
    return models.whole(_stored(site, id), site.store.source_names())


@router.get(
    "/articles/{id}/revisions", openapi_extra=OPEN, operation_id="revisions", responses=documented(404)
)
def revisions(request: Request, id: Id, _: NoParameters) -> models.Revisions:
    """What an article said before its publisher changed it."""
    site: Site = request.app.state.site
    stored = _stored(site, id)
    earlier = [
        models.Revision(revision=each.number, title=each.title, text=each.text, replaced=each.replaced_at)
        for each in record.versions(site.store, id, models.MAX_LIMIT)
    ]
    return models.Revisions(article=id, revision=stored.revision, earlier=earlier)


def _stored(site: Site, id: int) -> StoredArticle:
    stored = site.store.article(id)
    if stored is None:
        raise Refused(404, f"There is no article {id}.")
    return stored


@router.get("/sources", openapi_extra=OPEN, operation_id="sources")
def sources(request: Request, _: NoParameters) -> models.Sources:
    """The sites that are followed."""
    site: Site = request.app.state.site
    now = datetime.now(query.WIB)
    followed = site.kept.get("sources of the API", KEPT, lambda: record.followed(site.store, now))
    return models.Sources(
        sources=[
            models.Source(
                key=each.key, name=each.name, home=each.home, articles=each.articles, last_published=each.last
            )
            for each in followed
        ]
    )


@router.get("/topics", openapi_extra=OPEN, operation_id="topics")
def list_topics(request: Request, _: NoParameters) -> models.Topics:
    """The ready-made queries: `topic=KEY` in a search, `topik:KEY` in a query."""
    site: Site = request.app.state.site
    counts = site.index.search(Asked().query(datetime.now(query.WIB)), limit=0, facets=["topic"])
    return models.Topics(
        topics=[
            models.Topic(
                key=each.key,
                titles=dict(each.titles),
                descriptions=dict(each.descriptions),
                query=each.query.text,
                articles=counts.facets["topic"].get(each.key, 0),
            )
            for each in topics().values()
        ]
    )
