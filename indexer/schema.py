"""The tables of the record, for SQLite and PostgreSQL alike."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """A moment: aware datetimes in and out, UTC in the database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs a zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


sources = sa.Table(
    "sources",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("home", sa.Text, nullable=False),
)

articles = sa.Table(
    "articles",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("url", sa.Text, nullable=False, unique=True),
    sa.Column("source", sa.Text, nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),  # paragraphs, a blank line between them
    sa.Column("published", UtcTime, nullable=False, index=True),
    sa.Column("utc_offset", sa.Integer, nullable=False),  # minutes; the zone the source states
    sa.Column("place", sa.Text),
    sa.Column("authors", sa.JSON, nullable=False),
    sa.Column("editor", sa.Text),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("image", sa.Text),
    sa.Column("attachments", sa.JSON, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("region", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("story_id", sa.Integer),  # the first article of its story; null until looked at
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("indexed_revision", sa.Integer, nullable=False, server_default="0"),
    sa.Column("matched_revision", sa.Integer, nullable=False, server_default="0"),
    sa.Column("added_at", UtcTime, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
)
for _name in ("indexed_revision", "matched_revision"):
    _behind = articles.c[_name] < articles.c.revision
    sa.Index(f"ix_articles_behind_{_name}", articles.c.id, sqlite_where=_behind, postgresql_where=_behind)

revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("article_id", sa.ForeignKey("articles.id", ondelete="CASCADE"), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("details", sa.JSON, nullable=False),  # the other fields a reader saw, by name
    sa.Column("replaced_at", UtcTime, nullable=False),
    sa.UniqueConstraint("article_id", "revision"),
)

shingles = sa.Table(
    "shingles",
    metadata,
    sa.Column("hash", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column(
        "article_id",
        sa.ForeignKey("articles.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    ),
)

pages = sa.Table(
    "pages",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("url", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),  # "listing" or "article"
    sa.Column("found_at", UtcTime, nullable=False),
    sa.Column("due_at", UtcTime),  # when to fetch it (again); null: not any more
    sa.Column("fetched_at", UtcTime),
    sa.Column("published", UtcTime),  # of the article; how young it is decides when to look again
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),  # in a row
)
sa.Index("ix_pages_due", pages.c.source, pages.c.due_at)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime),
    sa.Column("result", sa.Text),  # a value of store.Result; null while it runs
    *(
        sa.Column(name, sa.Integer, nullable=False, server_default="0")
        for name in ("pages", "new", "changed", "same", "failed")
    ),
)
sa.Index("ix_runs_source", runs.c.source, runs.c.id)

failures = sa.Table(
    "failures",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("rate", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),  # "active" or "unsubscribed"
    sa.Column("token", sa.Text, nullable=False, unique=True),  # opens the way out
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("ended_at", UtcTime),
)
_active = subscriptions.c.status == "active"
sa.Index(
    "uq_subscriptions_active",
    subscriptions.c.email,
    subscriptions.c.query,
    unique=True,
    sqlite_where=_active,
    postgresql_where=_active,
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("subscription_id", sa.ForeignKey("subscriptions.id"), nullable=False, index=True),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False, unique=True),
    sa.Column("message", sa.LargeBinary, nullable=False),  # as it goes over the wire
    sa.Column("status", sa.Text, nullable=False),  # a value of mail.Status
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_attempt_at", UtcTime, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("sent_at", UtcTime),
)
sa.Index("ix_outbox_due", outbox.c.status, outbox.c.next_attempt_at)

matches = sa.Table(
    "matches",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("subscription_id", sa.ForeignKey("subscriptions.id", ondelete="CASCADE"), nullable=False),
    sa.Column("story_id", sa.Integer, nullable=False),
    sa.Column("article_id", sa.ForeignKey("articles.id", ondelete="CASCADE"), nullable=False),
    sa.Column("matched_at", UtcTime, nullable=False),
    sa.Column("mail_id", sa.ForeignKey("outbox.id"), index=True),  # null until it is in a mail
    sa.UniqueConstraint("subscription_id", "story_id"),
)
