"""The record: articles and their revisions, runs and their failures. The truth that the index copies."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from itertools import islice
from typing import Any, Literal

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from indexer import database
from indexer.article import Article
from indexer.database import insert_new
from indexer.errors import PantauError
from indexer.schema import articles, clean, failures, revisions, runs, sources

# statements built once: building one costs more than running it
_REBUILT = (
    sa.update(articles)
    .where(articles.c.id == sa.bindparam("row_id"))
    .values(indexed_revision=sa.bindparam("reached"))
)
MARKED_AT_ONCE = 5_000
"""Rows that one transaction marks."""
_CLEAR_ERRORS = sa.update(articles).where(articles.c.index_error.is_not(None)).values(index_error=None)
_BY_URL = sa.select(articles).where(articles.c.url == sa.bindparam("wanted")).with_for_update(key_share=True)
MAX_ID = 2**31 - 1
"""The highest id that PostgreSQL's integers hold; asking for more is an error there."""
ZONES = {timedelta(hours=hours): name for hours, name in ((7, "WIB"), (8, "WITA"), (9, "WIT"))}
"""Names of Indonesia's zones by their distance from UTC."""
_DETAILS = ("place", "authors", "editor", "tags", "attachments")


class Change(StrEnum):
    """What `Store.add` found."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


class Result(StrEnum):
    """How a run ended."""

    OK = "ok"
    INCOMPLETE = "incomplete"  # some pages could not be read
    FAILED = "failed"  # nothing that names articles could be read
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class StoredArticle:
    """An article with its place in the record."""

    id: int
    revision: int
    story_id: int | None
    added_at: datetime
    article: Article


@dataclass(frozen=True)
class Revision:
    """What an article said before it was changed."""

    revision: int
    title: str
    text: str
    replaced_at: datetime


@dataclass(frozen=True)
class Failure:
    """One page that a run could not turn into an article, or one listing it could not read."""

    url: str
    kind: str
    message: str


class Store:
    """The record in one database. Safe to share between threads; one per process is enough."""

    def __init__(self, url: str) -> None:
        self._database = database.connect(url)
        self._engine = self._database.engine

    def open(self) -> "Store":
        """Make the folder, bring the schema up to date; raises PantauError where that cannot be."""
        with self._told(), self.exclusively("migration", wait=True):
            config = AlembicConfig()
            config.set_main_option("script_location", "indexer:migrations")
            wanted = ScriptDirectory.from_config(config).get_current_head()
            with self.reading() as connection:
                found = MigrationContext.configure(connection).get_current_revision()
            if found != wanted:  # else nobody has to wait for a writer
                _migrate(self._engine, config)
        return self

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that sees one moment of the record and waits for nobody."""
        with self._told(), self._database.reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, durable: bool = True, turn: str | None = None) -> Iterator[sa.Connection]:
        """One transaction, rolled back when the block raises. In SQLite it is the only writer.

        One that is not `durable` may be undone by a power cut, though never by a crash of the process, and never
        without all that was written after it: for what would then be fetched again. Of those with the same `turn`
        each begins after the one before has ended.
        """
        options = {"writes": True, "durable": durable, "turn": turn}
        with self._told(), self._engine.connect().execution_options(**options) as connection:
            with connection.begin():
                yield connection

    @contextmanager
    def exclusively(self, work: str, wait: bool = False) -> Iterator[bool]:
        """Take the right to do `work`, which only one process may do; yields whether it is ours.

        The right ends with the block or with the process, however that ends. In PostgreSQL it also ends when its
        connection is lost, which the block does not notice: what it guards must be safe, if wasteful, done twice.
        """
        with ExitStack() as stack:
            with self._told():
                is_ours = stack.enter_context(self._database.right(work, wait))
            yield is_ours

    @contextmanager
    def _told(self) -> Iterator[None]:
        where = self._database.where
        try:
            yield
        except CommandError as error:
            raise PantauError(
                f"The record {where} was made by a newer version of Pantau: {error}."
            ) from error
        except OSError as error:
            raise PantauError(f"The record {where} cannot be opened: {error.strerror or error}.") from error
        except DBAPIError as error:
            trouble = self._database.trouble(error)
            if trouble is None:
                raise
            raise PantauError(f"The record {where} {trouble}.") from error

    def add(self, article: Article, now: datetime, *, is_news: bool = True) -> Change:
        """Store an article in one transaction; a changed one keeps what it said before as a revision.

        One that is no news (read from the past) is never matched with subscriptions.
        """
        with self.writing() as connection:
            return add_article(connection, article, now, is_news=is_news)

    def article(self, id: int) -> StoredArticle | None:
        """The article with this id, None if there is none."""
        return next(iter(self.articles([id])), None)

    def articles(self, ids: Sequence[int]) -> list[StoredArticle]:
        """The articles with these ids, in their order; unknown ids are left out."""
        with self.reading() as connection:
            known = [id for id in ids if 0 < id <= MAX_ID]
            rows = connection.execute(sa.select(articles).where(articles.c.id.in_(known)))
            found = {row.id: stored_article(row) for row in rows}
        return [found[id] for id in ids if id in found]

    def revisions(self, article_id: int) -> list[Revision]:
        """What an article said before, the oldest first; without what it says now."""
        wanted = (
            sa.select(revisions).where(revisions.c.article_id == article_id).order_by(revisions.c.revision)
        )
        with self.reading() as connection:
            return [
                Revision(row.revision, row.title, row.text, row.replaced_at)
                for row in connection.execute(wanted)
            ]

    def behind(
        self, column: Literal["indexed_revision", "matched_revision"], limit: int
    ) -> list[StoredArticle]:
        """Articles whose `column` has not reached their revision, the oldest rows first."""
        late = articles.c[column] < articles.c.revision
        with self.reading() as connection:
            rows = connection.execute(sa.select(articles).where(late).order_by(articles.c.id).limit(limit))
            return [stored_article(row) for row in rows]

    def batches(self, size: int) -> Iterator[list[StoredArticle]]:
        """All articles in batches, the oldest rows first, each batch as it is when it is read."""
        last = 0
        while True:
            wanted = sa.select(articles).where(articles.c.id > last).order_by(articles.c.id).limit(size)
            with self.reading() as connection:
                batch = [stored_article(row) for row in connection.execute(wanted)]
            if not batch:
                return
            yield batch
            last = batch[-1].id

    def mark_indexed(self, done: Sequence[StoredArticle], refused: Mapping[int, str]) -> None:
        """Note that the index was sent these articles at these revisions, and why it refused some."""
        with self.writing() as connection:
            mark(connection, "indexed_revision", done)
            connection.execute(_CLEAR_ERRORS.where(articles.c.id.in_([each.id for each in done])))
            _mark_refused(connection, refused)

    def mark_rebuilt(self, held: Iterable[tuple[int, int]], refused: Mapping[int, str]) -> None:
        """Note that a new index holds these pairs of id and revision, by ascending id, and what it refused."""
        rest = iter(held)
        while some := [*islice(rest, MARKED_AT_ONCE)]:  # so that other writers get their turn
            with self.writing() as connection:
                connection.execute(_REBUILT, [{"row_id": id, "reached": revision} for id, revision in some])
        with self.writing() as connection:
            connection.execute(_CLEAR_ERRORS)
            _mark_refused(connection, refused)

    def last_indexed(self, limit: int) -> list[int]:
        """Ids of the latest rows that an index holds."""
        is_held = (articles.c.indexed_revision > 0) & articles.c.index_error.is_(None)
        with self.reading() as connection:
            wanted = sa.select(articles.c.id).where(is_held).order_by(articles.c.id.desc()).limit(limit)
            return [*connection.scalars(wanted)]

    def refused(self) -> list[sa.Row[Any]]:
        """Id, address and reason of the articles that the index refused."""
        wanted = sa.select(articles.c.id, articles.c.url, articles.c.index_error)
        with self.reading() as connection:
            rows = connection.execute(
                wanted.where(articles.c.index_error.is_not(None)).order_by(articles.c.id)
            )
            return [*rows]

    def retry_refused(self) -> int:
        """Let the next sync send what the index refused; returns how many these are."""
        values = {"indexed_revision": 0, "index_error": None}
        with self.writing() as connection:
            is_refused = articles.c.index_error.is_not(None)
            return connection.execute(sa.update(articles).where(is_refused).values(values)).rowcount

    def count_articles(self) -> int:
        """How many articles there are."""
        with self.reading() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(articles)) or 0

    def count_behind(self) -> int:
        """How many articles the index has not been sent yet."""
        late = articles.c.indexed_revision < articles.c.revision
        with self.reading() as connection:
            return connection.scalar(sa.select(sa.func.count()).where(late)) or 0

    def name_source(self, key: str, name: str, home: str) -> None:
        """Keep what readers are told of a source."""
        row = {"key": key, "name": name, "home": home}
        with self.writing() as connection:
            if not connection.execute(insert_new(connection.dialect.name, sources), row).rowcount:
                connection.execute(sa.update(sources).where(sources.c.key == key).values(row))

    def source_names(self) -> dict[str, str]:
        """Names of the sources by key."""
        with self.reading() as connection:
            return {row.key: row.name for row in connection.execute(sa.select(sources))}

    def start_run(self, source: str, now: datetime) -> int:
        """Note that a run begins and return its id; runs of the source left open by a crash are closed."""
        with self.writing() as connection:
            left_open = (runs.c.source == source) & runs.c.finished_at.is_(None)
            connection.execute(
                sa.update(runs).where(left_open).values(finished_at=now, result=Result.INTERRUPTED)
            )
            return _inserted_id(connection, sa.insert(runs).values(source=source, started_at=now))

    def add_failure(self, run_id: int, failure: Failure, now: datetime) -> None:
        """Keep what went wrong with one page of a run."""
        row = {
            "run_id": run_id,
            "url": failure.url,
            "kind": failure.kind,
            "message": failure.message,
            "at": now,
        }
        with self.writing() as connection:
            connection.execute(sa.insert(failures).values(row))

    def finish_run(self, run_id: int, result: Result, counts: Mapping[str, int], now: datetime) -> None:
        """Close a run with its counts by column name."""
        with self.writing() as connection:
            connection.execute(
                sa.update(runs).where(runs.c.id == run_id).values(finished_at=now, result=result, **counts)
            )

    def last_runs(self) -> dict[str, sa.Row[Any]]:
        """The latest run of each source, by source."""
        latest = sa.select(sa.func.max(runs.c.id)).group_by(runs.c.source)
        with self.reading() as connection:
            return {
                row.source: row for row in connection.execute(sa.select(runs).where(runs.c.id.in_(latest)))
            }

    def failures(self, run_id: int) -> list[Failure]:
        """What went wrong in a run, in order."""
        wanted = sa.select(failures).where(failures.c.run_id == run_id).order_by(failures.c.id)
        with self.reading() as connection:
            return [Failure(row.url, row.kind, row.message) for row in connection.execute(wanted)]

    def last_articles(self) -> dict[str, sa.Row[Any]]:
        """By source: number of articles, time of the newest, and when the last one was added."""
        wanted = sa.select(
            articles.c.source,
            sa.func.count().label("articles"),
            sa.func.max(articles.c.published).label("published"),
            sa.func.max(articles.c.added_at).label("added_at"),
        ).group_by(articles.c.source)
        with self.reading() as connection:
            return {row.source: row for row in connection.execute(wanted)}


def add_article(
    connection: sa.Connection, article: Article, now: datetime, *, is_news: bool = True
) -> Change:
    """`Store.add` inside a transaction that its caller has begun."""
    article = _storable(article)
    wanted, values = {"wanted": article.url}, _values(article)
    known = connection.execute(_BY_URL, wanted).one_or_none()
    if known is None:
        new = {"revision": 1, "matched_revision": 0 if is_news else 1, "added_at": now, "changed_at": now}
        if connection.execute(insert_new(connection.dialect.name, articles), new | values).rowcount:
            return Change.NEW
        known = connection.execute(_BY_URL, wanted).one()  # another machine has stored it in this moment
    if all(getattr(known, name) == value for name, value in values.items()):
        return Change.SAME
    update = (
        sa.update(articles).where(articles.c.id == known.id).values(revision=known.revision + 1, **values)
    )
    if known.digest == article.digest:  # only what readers do not see, as the photo's address
        connection.execute(update)
        return Change.SAME
    _keep_revision(connection, known, now)
    connection.execute(update.values(changed_at=now))
    return Change.CHANGED


def mark(
    connection: sa.Connection,
    column: Literal["indexed_revision", "matched_revision"],
    done: Sequence[StoredArticle],
) -> None:
    """Set `column` to the revision that was handled, never back and never past it."""
    if not done:
        return
    connection.execute(
        sa.update(articles)
        .where(articles.c.id == sa.bindparam("row_id"), articles.c[column] < sa.bindparam("reached"))
        .values({column: sa.bindparam("reached")}),
        [
            {"row_id": each.id, "reached": each.revision}
            for each in sorted(done, key=lambda each: each.id)  # in one order, so that nobody waits in a ring
        ],
    )


def _mark_refused(connection: sa.Connection, refused: Mapping[int, str]) -> None:
    for id, reason in refused.items():
        connection.execute(sa.update(articles).where(articles.c.id == id).values(index_error=reason))


def stored_article(row: sa.Row[Any]) -> StoredArticle:
    """A row of `articles` as an object."""
    article = Article(
        source=row.source,
        url=row.url,
        title=row.title,
        paragraphs=tuple(row.text.split("\n\n")),
        published=zoned(row.published, row.utc_offset),
        place=row.place,
        authors=tuple(row.authors),
        editor=row.editor,
        tags=tuple(row.tags),
        image=row.image,
        attachments=tuple(row.attachments),
        language=row.language,
        region=row.region,
        kind=row.kind,
    )
    return StoredArticle(row.id, row.revision, row.story_id, row.added_at, article)


def zoned(moment: datetime, minutes: int) -> datetime:
    """A moment in the zone so far from UTC, by the name Indonesians know it by."""
    offset = timedelta(minutes=minutes)
    return moment.astimezone(timezone(offset, ZONES[offset]) if offset in ZONES else timezone(offset))


def _storable(article: Article) -> Article:
    """The article without what no database keeps as text, so that it comes back as it went in."""
    given = {each.name: getattr(article, each.name) for each in fields(article)}
    cleaned = {name: _cleaned(value) for name, value in given.items()}
    return article if cleaned == given else replace(article, **cleaned)


def _cleaned(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(clean, value))
    return clean(value) if isinstance(value, str) else value


def _values(article: Article) -> dict[str, Any]:
    offset = article.published.utcoffset() or timedelta()
    return {
        "url": article.url,
        "source": article.source,
        "title": article.title,
        "text": article.text,
        "published": article.published,
        "utc_offset": int(offset.total_seconds() // 60),
        "place": article.place,
        "authors": list(article.authors),
        "editor": article.editor,
        "tags": list(article.tags),
        "image": article.image,
        "attachments": list(article.attachments),
        "language": article.language,
        "region": article.region,
        "kind": article.kind,
        "digest": article.digest,
    }


def _keep_revision(connection: sa.Connection, known: sa.Row[Any], now: datetime) -> None:
    details = {name: getattr(known, name) for name in _DETAILS}
    details["published"] = known.published.isoformat()
    row = {
        "article_id": known.id,
        "revision": known.revision,
        "title": known.title,
        "text": known.text,
        "details": details,
        "replaced_at": now,
    }
    connection.execute(sa.insert(revisions).values(row))


def _inserted_id(connection: sa.Connection, insert: sa.Insert) -> int:
    key = connection.execute(insert).inserted_primary_key
    assert key is not None
    return int(key[0])


def _migrate(engine: sa.Engine, config: AlembicConfig) -> None:
    options = {"writes": True, "durable": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
