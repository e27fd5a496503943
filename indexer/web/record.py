"""What pages ask of the record beside whole articles: bounded, and only the columns they show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from indexer import schema
from indexer.schema import articles, revisions, runs, sources
from indexer.store import MAX_ID, Result, Store, zoned


class Told(Protocol):
    """An article that may tell the same as others."""

    @property
    def id(self) -> int: ...
    @property
    def story_id(self) -> int | None: ...


T = TypeVar("T", bound=Told)


@dataclass(frozen=True)
class Headline:
    """An article as a list names it."""

    id: int
    story_id: int | None
    source: str
    title: str
    published: datetime
    place: str | None


@dataclass(frozen=True)
class Version:
    """What an article said before it was changed."""

    number: int
    title: str
    text: str
    details: Mapping[str, Any]
    """The other fields a reader saw, by name; the time as ISO 8601."""
    replaced_at: datetime


@dataclass(frozen=True)
class Followed:
    """What the record knows of a source."""

    key: str
    name: str
    home: str
    articles: int
    """How many there are in all."""
    last: datetime | None
    """When the newest was published."""
    days: Mapping[date, int]
    """How many were published on each day (UTC) of the time asked for."""
    run: "Run | None"
    kind: str | None
    """Of the article added last."""
    region: str | None
    """Code of what the source reports on, by the article added last."""


@dataclass(frozen=True)
class Run:
    """The last crawl of a source."""

    started_at: datetime
    result: str | None
    """A value of `store.Result`; None while it goes on."""

    @property
    def is_bad(self) -> bool:
        """Whether nothing could be read."""
        return self.result == Result.FAILED


@dataclass(frozen=True)
class Reason:
    """Why pages of a run could not be read."""

    kind: str
    count: int
    message: str
    """The last one."""


_HEADLINE: tuple[sa.Column[Any], ...] = (
    articles.c.id,
    articles.c.story_id,
    articles.c.source,
    articles.c.title,
    articles.c.published,
    articles.c.utc_offset,
    articles.c.place,
)
_BY_IDS: sa.Select[Any] = sa.select(*_HEADLINE).where(articles.c.id.in_(sa.bindparam("ids", expanding=True)))
_BY_STORIES: sa.Select[Any] = (
    sa.select(*_HEADLINE)
    .where(
        articles.c.story_id.in_(sa.bindparam("stories", expanding=True)),
        articles.c.id.not_in(sa.bindparam("known", expanding=True)),
    )
    .order_by(articles.c.published, articles.c.id)
    .limit(sa.bindparam("most"))
)


def headlines(store: Store, ids: Sequence[int]) -> list[Headline]:
    """The articles with these ids, in their order; unknown ids are left out."""
    with store.reading() as connection:
        found = {row.id: _headline(row) for row in connection.execute(_BY_IDS, {"ids": [*ids]})}
    return [found[id] for id in ids if id in found]


def one_a_story(found: Sequence[T]) -> list[T]:
    """Of articles those that are the first of their story."""
    stories: dict[int, T] = {}
    for each in found:
        stories.setdefault(each.story_id or -each.id, each)
    return [*stories.values()]


def copies(store: Store, id: int, story_id: int | None, limit: int) -> list[Headline]:
    """The other articles that tell the same text, the first published first."""
    if story_id is None:
        return []
    wanted: sa.Select[Any] = (
        sa.select(*_HEADLINE)
        .where(articles.c.story_id == story_id, articles.c.id != id)
        .order_by(articles.c.published, articles.c.id)
        .limit(limit)
    )
    with store.reading() as connection:
        return [_headline(row) for row in connection.execute(wanted)]


def copies_of(
    connection: sa.Connection, stories: Sequence[int], known: Sequence[int], limit: int
) -> list[Headline]:
    """The articles that tell these stories, the first published first, without those that are known."""
    if not stories:
        return []
    asked = {"stories": [*stories], "known": [*known], "most": limit}
    return [_headline(row) for row in connection.execute(_BY_STORIES, asked)]


def versions(store: Store, id: int, limit: int) -> list[Version]:
    """What an article said before, the latest first."""
    wanted = (
        sa.select(revisions)
        .where(revisions.c.article_id == id)
        .order_by(revisions.c.revision.desc())
        .limit(limit)
    )
    with store.reading() as connection:
        return [
            Version(row.revision, row.title, row.text, row.details, row.replaced_at)
            for row in connection.execute(wanted)
        ]


def followed(store: Store, since: datetime) -> list[Followed]:
    """All sources that are named in the record or have articles, by name; articles by day from `since` on."""
    day = sa.func.date(articles.c.published)
    totals = sa.select(articles.c.source, sa.func.count(), sa.func.max(articles.c.published)).group_by(
        articles.c.source
    )
    by_day = (
        sa.select(articles.c.source, day, sa.func.count())
        .where(articles.c.published >= since)
        .group_by(articles.c.source, day)
    )
    latest = sa.select(sa.func.max(runs.c.id)).group_by(runs.c.source)
    added_last = sa.select(sa.func.max(articles.c.id)).group_by(articles.c.source)
    described = sa.select(articles.c.source, articles.c.kind, articles.c.region).where(
        articles.c.id.in_(added_last)
    )
    with store.reading() as connection:
        named = {row.key: row for row in connection.execute(sa.select(sources))}
        counted = {source: (count, last) for source, count, last in connection.execute(totals)}
        days: dict[str, dict[date, int]] = {}
        for source, found, count in connection.execute(by_day):
            days.setdefault(source, {})[_as_date(found)] = count
        last_runs = {
            row.source: row for row in connection.execute(sa.select(runs).where(runs.c.id.in_(latest)))
        }
        about = {source: (kind, region) for source, kind, region in connection.execute(described)}
    followed = [
        Followed(
            key=key,
            name=named[key].name if key in named else key,
            home=named[key].home if key in named else "",
            articles=counted.get(key, (0, None))[0],
            last=counted.get(key, (0, None))[1],
            days=days.get(key, {}),
            run=Run(last_runs[key].started_at, last_runs[key].result) if key in last_runs else None,
            kind=about.get(key, (None, None))[0],
            region=about.get(key, (None, None))[1],
        )
        for key in {*named, *counted}
    ]
    return sorted(followed, key=lambda each: (each.name.casefold(), each.key))


def run(store: Store, id: int) -> sa.Row[Any] | None:
    """The run with this id, None if there is none."""
    wanted = sa.select(runs).where(runs.c.id == (id if 0 < id <= MAX_ID else 0))
    with store.reading() as connection:
        return connection.execute(wanted).one_or_none()


def failures(store: Store, run_id: int, limit: int) -> list[sa.Row[Any]]:
    """What went wrong in a run, in order."""
    own = schema.failures.c.run_id == run_id
    wanted = sa.select(schema.failures).where(own).order_by(schema.failures.c.id).limit(limit)
    with store.reading() as connection:
        return [*connection.execute(wanted)]


def reasons(store: Store, run_ids: Sequence[int]) -> dict[int, list[Reason]]:
    """Why runs had failures, by run: each kind with how often and its last message, the most frequent first."""
    own = schema.failures
    kinds = (
        sa.select(sa.func.count().label("number"), sa.func.max(own.c.id).label("last"))
        .where(own.c.run_id.in_(run_ids))
        .group_by(own.c.run_id, own.c.kind)
        .subquery()
    )
    wanted = (
        sa.select(own.c.run_id, own.c.kind, own.c.message, kinds.c.number)
        .join(kinds, kinds.c.last == own.c.id)
        .order_by(kinds.c.number.desc(), own.c.id)
    )
    found: dict[int, list[Reason]] = {}
    with store.reading() as connection:
        for row in connection.execute(wanted):
            found.setdefault(row.run_id, []).append(Reason(row.kind, row.number, row.message))
    return found


def last_runs_of(store: Store, source: str, limit: int) -> list[sa.Row[Any]]:
    """The runs of a source, the latest first."""
    wanted = sa.select(runs).where(runs.c.source == source).order_by(runs.c.id.desc()).limit(limit)
    with store.reading() as connection:
        return [*connection.execute(wanted)]


def _headline(row: sa.Row[Any]) -> Headline:
    moment = zoned(row.published, row.utc_offset)
    return Headline(row.id, row.story_id, row.source, row.title, moment, row.place)


def _as_date(value: date | str) -> date:
    """A day as databases give it: SQLite knows no dates."""
    return date.fromisoformat(value) if isinstance(value, str) else value
