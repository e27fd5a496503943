"""What the API takes and answers, as pydantic models: they make its OpenAPI document too."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from indexer import regions
from indexer.alerts.subscriptions import MAX_NAME, MAX_QUERY, Rate, Status, Subscription
from indexer.highlight import mark, passage
from indexer.index import Interval, Sort, analyse
from indexer.query import Query
from indexer.store import StoredArticle
from indexer.web.asked import MAX_LENGTH, MAX_VALUES

MAX_LIMIT = 100
"""Entries of one answer."""
MAX_EMAIL = 320
CURSOR = r"^[nr][0-9]{1,18}\.[0-9]{1,18}\.-?[0-9]{1,18}$"
"""What `index.Cursor` writes."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _iso_day(value: object) -> object:
    """Only what is written as 2026-11-24: pydantic would take numbers and moments for days too."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("write a day as 2026-11-24")
    return value


Day = Annotated[date, BeforeValidator(_iso_day), WithJsonSchema({"type": "string", "format": "date"})]
Value = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]
Values = Annotated[list[Value], Field(max_length=MAX_VALUES)]
Facet = Literal["source", "region", "kind", "topic"]


class Strict(BaseModel):
    """What is sent to us: nothing is taken that is not named, so that a misspelt name is told of."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Strict):
    """No parameters."""


class SearchParameters(Strict):
    """What can be asked of a search."""

    q: str = Field(
        "",
        max_length=2000,
        description="What to look for, in the query language of the search page; empty: all articles.",
        examples=["kemiskinan wilayah:banten"],
    )
    since: Day | None = Field(None, description="From this day on (WIB).", examples=["2026-11-01"])
    until: Day | None = Field(None, description="To the end of this day (WIB).", examples=["2026-11-30"])
    source: Values = Field([], description="Only these sources, by key.", examples=[["antara_banten"]])
    region: Values = Field(
        [], description="Only about these regions, by code, with all that lies in them.", examples=[["36"]]
    )
    kind: Values = Field(
        [], description="Only sources of this kind: government, press or agency.", examples=[["press"]]
    )
    topic: Values = Field(
        [], description="Only what answers these ready-made queries, by key.", examples=[["kemiskinan"]]
    )
    sort: Sort = Field(
        Sort.NEWEST,
        description="By date there is no end to paging; by relevance it ends after 10,000 hits.",
    )
    limit: int = Field(20, ge=0, le=MAX_LIMIT, description="Hits of one answer; 0 only counts.")
    cursor: Annotated[str, Field(pattern=CURSOR)] | None = Field(
        None, description="Where to go on, as `next` of an answer says, with the same other parameters."
    )
    facets: list[Facet] = Field([], description="Count all hits by these.", examples=[["source", "region"]])
    interval: Interval | None = Field(None, description="Count all hits over time, by this.")


class Named(BaseModel):
    """Something with its name."""

    key: str = Field(examples=["antara_banten"])
    name: str = Field(examples=["ANTARA Banten"])


class Region(BaseModel):
    """A region by its code of the Ministry of Home Affairs."""

    code: str = Field(examples=["36.02"])
    name: str = Field(examples=["Kabupaten Lebak"])


class Passage(BaseModel):
    """A piece of a text with what answers the query."""

    text: str = Field(examples=["Pemerintah Kabupaten Lebak memperkuat pengentasan warga miskin tahun ini."])
    marks: list[tuple[int, int]] = Field(
        description="Begin and end of each word that answers, in characters (code points) of `text`.",
        examples=[[[49, 60]]],
    )


class Hit(BaseModel):
    """An article that was found."""

    id: int = Field(examples=[1])
    title: str = Field(examples=["Lebak menekan angka kemiskinan"])
    title_marks: list[tuple[int, int]] = Field(description="As `marks` of the passage, in the title.")
    source: Named
    kind: str = Field(description="What speaks: government, press or agency.", examples=["agency"])
    published: datetime = Field(
        description="In the zone the source states.", examples=["2026-11-24T12:00:00+07:00"]
    )
    place: str | None = Field(description="Of the dateline.", examples=["Lebak"])
    regions: list[Region] = Field(description="It is about, with those they lie in.")
    topics: list[str] = Field(
        description="Keys of the ready-made queries it answers.", examples=[["kemiskinan"]]
    )
    authors: list[str] = Field(examples=[["Siti Aminah"]])
    editor: str | None = Field(examples=["Budi Raharjo"])
    tags: list[str] = Field(examples=[["kemiskinan", "lebak"]])
    url: str = Field(
        description="Address at its publisher.", examples=["https://banten.antaranews.com/berita/1/a"]
    )
    revision: int = Field(description="Counts from 1; higher after each change.", examples=[1])
    story: int | None = Field(description="The same for all articles that tell one text.", examples=[1])
    passage: Passage


class Exported(Hit):
    """A line of an export."""

    text: str = Field(description="Paragraphs with a blank line between them.")


class Article(BaseModel):
    """A whole article."""

    id: int = Field(examples=[1])
    title: str = Field(examples=["Lebak menekan angka kemiskinan"])
    source: Named
    kind: str
    published: datetime
    place: str | None
    regions: list[Region]
    topics: list[str]
    authors: list[str]
    editor: str | None
    tags: list[str]
    url: str
    revision: int
    story: int | None
    text: str = Field(description="Paragraphs with a blank line between them.")
    language: str = Field(description="ISO 639-1.", examples=["id"])
    attachments: list[str] = Field(description="Addresses of documents that the page offers.")
    added: datetime = Field(description="When Pantau read it first.")


class Count(BaseModel):
    """How many of all hits have a value."""

    value: str = Field(examples=["antara_banten"])
    name: str = Field(examples=["ANTARA Banten"])
    count: int = Field(examples=[12])


class Bar(BaseModel):
    """How many of all hits were published in a day, week or month."""

    first: date = Field(description="The first day of it.", examples=["2026-11-01"])
    count: int = Field(examples=[3])


class Found(BaseModel):
    """A page of hits."""

    query: str = Field(description="As it was sent.", examples=["kemiskinan"])
    read_as: str = Field(description="How it was understood.", examples=["kemiskinan"])
    notes: list[str] = Field(description="What was not understood, and how it was read instead.")
    total: int = Field(examples=[1])
    hits: list[Hit]
    facets: dict[Facet, list[Count]] = Field(description="Those asked for; the most frequent values first.")
    histogram: list[Bar] = Field(description="If asked for; what has no hits is left out.")
    next: str | None = Field(description="Address of the next page; null on the last one.")


class Revision(BaseModel):
    """What an article said before it was changed."""

    revision: int = Field(examples=[1])
    title: str
    text: str
    replaced: datetime = Field(description="When Pantau saw the change.")


class Revisions(BaseModel):
    """How an article changed."""

    article: int = Field(examples=[1])
    revision: int = Field(description="Of what it says now.", examples=[2])
    earlier: list[Revision] = Field(description=f"The latest first; at most {MAX_LIMIT}.")


class Source(BaseModel):
    """A site that is followed."""

    key: str = Field(examples=["antara_banten"])
    name: str = Field(examples=["ANTARA Banten"])
    home: str = Field(examples=["https://banten.antaranews.com/"])
    articles: int
    last_published: datetime | None = Field(description="Of its newest article.")


class Sources(BaseModel):
    """All sources, by name."""

    sources: list[Source]


class Topic(BaseModel):
    """A ready-made query."""

    key: str = Field(examples=["kemiskinan"])
    titles: dict[str, str] = Field(description="By language.")
    descriptions: dict[str, str] = Field(description="By language.")
    query: str
    articles: int


class Topics(BaseModel):
    """All topics."""

    topics: list[Topic]


class NewSubscription(Strict):
    """Whom to tell of what."""

    email: str = Field(
        min_length=3, max_length=MAX_EMAIL, description="Of who is told.", examples=["warga@example.org"]
    )
    query: str = Field(
        min_length=1,
        max_length=MAX_QUERY,
        description="As `q` of a search.",
        examples=["kemiskinan wilayah:banten"],
    )
    name: str = Field("", max_length=MAX_NAME, description="What mails call it; the query if empty.")
    rate: Rate = Field(Rate.IMMEDIATE, description="How often.")


class Subscribed(BaseModel):
    """A subscription that goes on."""

    id: int = Field(examples=[7])
    email: str = Field(examples=["warga@example.org"])
    query: str = Field(examples=["kemiskinan wilayah:banten"])
    name: str = Field(examples=["Kemiskinan di Banten"])
    rate: Rate
    status: Status = Field(description="Nothing is sent on a suspended one.")
    created: datetime


class SubscriptionParameters(Strict):
    """Which subscriptions are wanted."""

    limit: int = Field(MAX_LIMIT, ge=1, le=MAX_LIMIT, description="Entries of one answer.")
    cursor: int = Field(0, ge=0, le=2**31 - 1, description="Where to go on, as `next` of an answer says.")


class Subscriptions(BaseModel):
    """A page of subscriptions, the oldest first."""

    subscriptions: list[Subscribed]
    next: str | None = Field(description="Address of the next page; null on the last one.")


class Error(BaseModel):
    """One part of a request that is wrong."""

    where: str = Field(
        description="Its place: query, path, body or header, then names.", examples=["query.limit"]
    )
    what: str = Field(examples=["Input should be less than or equal to 100"])


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(description="What the status means.", examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(description="A sentence on this very request.")
    errors: list[Error] = Field(default=[], description="The parts of the request that are wrong.")


# From the record


def _shared(stored: StoredArticle, names: dict[str, str]) -> dict[str, Any]:
    article, analysed = stored.article, analyse(stored)
    return {
        "id": stored.id,
        "title": article.title,
        "source": Named(key=article.source, name=names.get(article.source, article.source)),
        "kind": article.kind,
        "published": article.published,
        "place": article.place,
        "regions": [Region(code=code, name=regions.name_of(code)) for code in analysed.regions],
        "topics": list(analysed.topics),
        "authors": list(article.authors),
        "editor": article.editor,
        "tags": list(article.tags),
        "url": article.url,
        "revision": stored.revision,
        "story": stored.story_id,
    }


def _found(stored: StoredArticle, names: dict[str, str], wanted: Query) -> dict[str, Any]:
    article = stored.article
    best = passage(article.text, wanted)
    return _shared(stored, names) | {
        "title_marks": list(mark(article.title, wanted, "title")),
        "passage": Passage(text=best.text, marks=list(best.marks)),
    }


def hit(stored: StoredArticle, names: dict[str, str], wanted: Query) -> Hit:
    """An article as a hit of a search; `names` are those of sources by key."""
    return Hit(**_found(stored, names, wanted))


def exported(stored: StoredArticle, names: dict[str, str], wanted: Query) -> Exported:
    """An article as a line of an export."""
    return Exported(**_found(stored, names, wanted), text=stored.article.text)


def whole(stored: StoredArticle, names: dict[str, str]) -> Article:
    """An article with all that is known of it."""
    article = stored.article
    return Article(
        **_shared(stored, names),
        text=article.text,
        language=article.language,
        attachments=list(article.attachments),
        added=stored.added_at,
    )


def subscribed(made: Subscription) -> Subscribed:
    """A subscription without its token, which would open the way out to whoever reads it."""
    return Subscribed(
        id=made.id,
        email=made.email,
        query=made.query,
        name=made.name,
        rate=made.rate,
        status=made.status,
        created=made.created_at,
    )
