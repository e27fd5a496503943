"""The record: articles and their revisions, runs and their failures. The truth that the index copies."""

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import DatabaseError, OperationalError

from indexer.article import Article
from indexer.errors import PantauError
from indexer.schema import articles, failures, revisions, runs, sources

_INSERT = sa.insert(articles)  # built once: building a statement costs more than running it
_BY_URL = sa.select(articles).where(articles.c.url == sa.bindparam("wanted")).with_for_update()
BUSY_SECONDS = 30
"""How long a writer waits for another one before it gives up."""
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
        self._url = sa.make_url(url)
        self._engine = sa.create_engine(self._url)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _set_up_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)

    def open(self) -> "Store":
        """Make the folder, bring the schema up to date; raises PantauError where that cannot be."""
        with _told(self._url):
            with self.exclusively("migration", wait=True):
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
        with _told(self._url), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, durable: bool = True) -> Iterator[sa.Connection]:
        """One transaction that is the only writer; rolled back when the block raises.

        One that is not `durable` may be undone by a power cut, though never by a crash of the process, and never
        without all that was written after it: for what would then be fetched again.
        """
        options = {"writes": True, "durable": durable}
        with _told(self._url), self._engine.connect().execution_options(**options) as connection:
            with connection.begin():
                yield connection

    @contextmanager
    def exclusively(self, work: str, wait: bool = False) -> Iterator[bool]:
        """Take the right to do `work`, which only one process may do; yields whether it is ours.

        The right ends with the block or with the process, however that ends.
        """
        with _told(self._url):
            folder = Path(self._url.database or "").parent / "locks"
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / work).open("w")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

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
            rows = connection.execute(sa.select(articles).where(articles.c.id.in_(ids)))
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

    def mark_indexed(self, done: Sequence[StoredArticle]) -> None:
        """Note that the index holds these articles at these revisions."""
        with self.writing() as connection:
            mark(connection, "indexed_revision", done)

    def forget_index(self) -> None:
        """Mark every article as not indexed, so that the next sync sends all."""
        with self.writing() as connection:
            connection.execute(sa.update(articles).values(indexed_revision=0))

    def name_source(self, key: str, name: str, home: str) -> None:
        """Keep what readers are told of a source."""
        values = {"name": name, "home": home}
        with self.writing() as connection:
            if not connection.execute(sa.update(sources).where(sources.c.key == key).values(values)).rowcount:
                connection.execute(sa.insert(sources).values(key=key, **values))

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
    known = connection.execute(_BY_URL, {"wanted": article.url}).one_or_none()
    values = _values(article)
    if known is None:
        new = {"revision": 1, "matched_revision": 0 if is_news else 1, "added_at": now, "changed_at": now}
        connection.execute(_INSERT, new | values)
        return Change.NEW
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
        [{"row_id": each.id, "reached": each.revision} for each in done],
    )


def stored_article(row: sa.Row[Any]) -> StoredArticle:
    """A row of `articles` as an object."""
    offset = timedelta(minutes=row.utc_offset)
    zone = timezone(offset, ZONES[offset]) if offset in ZONES else timezone(offset)
    article = Article(
        source=row.source,
        url=row.url,
        title=row.title,
        paragraphs=tuple(row.text.split("\n\n")),
        published=row.published.astimezone(zone),
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


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not by the driver
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("writes"):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if options.get('durable') else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(engine: sa.Engine, config: AlembicConfig) -> None:
    options = {"writes": True, "durable": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _told(url: sa.URL) -> Iterator[None]:
    where = url.database if url.drivername.startswith("sqlite") else url.render_as_string()
    try:
        yield
    except CommandError as error:
        raise PantauError(f"The record {where} was made by a newer version of Pantau: {error}.") from error
    except OSError as error:
        raise PantauError(f"The record {where} cannot be opened: {error.strerror or error}.") from error
    except OperationalError as error:
        raise PantauError(f"The record {where} cannot be used: {_reason(error)}.") from error
    except DatabaseError as error:
        if "not a database" in str(error.orig) or "malformed" in str(error.orig):
            raise PantauError(
                f"The record {where} is broken ({error.orig}): restore it from a backup, or move it away."
            ) from error
        raise


def _reason(error: OperationalError) -> str:
    text = str(error.orig)
    if "locked" in text:
        return f"another program has kept it locked for {BUSY_SECONDS} seconds"
    if "full" in text:
        return "the disk is full; nothing stored so far is lost"
    return text
