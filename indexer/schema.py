"""The tables of the record, for SQLite and PostgreSQL alike."""

import re
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


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Text as every database keeps it: PostgreSQL takes no NUL, and no half of a surrogate pair can be written as UTF-8."""
    return _UNSTORABLE.sub("\ufffd", text)


class Text(TypeDecorator[str]):
    """Text; what cannot be stored is replaced, so that no site's bytes keep a page from being noted."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else clean(value)


class UtcTime(TypeDecorator[datetime]):
    """A moment: aware datetimes in and out, UTC in the database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs a zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


sources = sa.Table(
    "sources",
    metadata,
    sa.Column("key", Text, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("home", Text, nullable=False),
)

articles = sa.Table(
    "articles",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("url", Text, nullable=False, unique=True),
    sa.Column("source", Text, nullable=False),
    sa.Column("title", Text, nullable=False),
    sa.Column("text", Text, nullable=False),  # paragraphs, a blank line between them
    sa.Column("published", UtcTime, nullable=False, index=True),
    sa.Column("utc_offset", sa.Integer, nullable=False),  # minutes; the zone the source states
    sa.Column("place", Text),
    sa.Column("authors", sa.JSON, nullable=False),
    sa.Column("editor", Text),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("image", Text),
    sa.Column("attachments", sa.JSON, nullable=False),
    sa.Column("language", Text, nullable=False),
    sa.Column("region", Text),
    sa.Column("kind", Text, nullable=False),
    sa.Column("digest", Text, nullable=False),
    sa.Column("story_id", sa.Integer, index=True),  # the first article of its story; null until looked at
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("indexed_revision", sa.Integer, nullable=False, server_default="0"),
    sa.Column("index_error", Text),  # why the index refused the article as it is; null if it did not
    sa.Column("matched_revision", sa.Integer, nullable=False, server_default="0"),
    sa.Column("added_at", UtcTime, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
)
for _name in ("indexed_revision", "matched_revision"):
    _behind = articles.c[_name] < articles.c.revision
    sa.Index(f"ix_articles_behind_{_name}", articles.c.id, sqlite_where=_behind, postgresql_where=_behind)

sa.Index("ix_articles_source_published", articles.c.source, articles.c.published)
_without_story = articles.c.story_id.is_(None)
sa.Index(
    "ix_articles_without_story", articles.c.id, sqlite_where=_without_story, postgresql_where=_without_story
)

revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("article_id", sa.ForeignKey("articles.id", ondelete="CASCADE"), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("title", Text, nullable=False),
    sa.Column("text", Text, nullable=False),
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
    sa.Column("source", Text, primary_key=True),
    sa.Column("url", Text, primary_key=True),
    sa.Column("role", Text, nullable=False),  # "listing" or "article"
    sa.Column("found_at", UtcTime, nullable=False),
    sa.Column("due_at", UtcTime),  # when to fetch it (again); null: not any more
    sa.Column("fetched_at", UtcTime),
    sa.Column("published", UtcTime),  # of the article; how young it is decides when to look again
    sa.Column("etag", Text),
    sa.Column("last_modified", Text),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),  # in a row
)
sa.Index("ix_pages_due", pages.c.source, pages.c.due_at)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", Text, nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime),
    sa.Column("result", Text),  # a value of store.Result; null while it runs
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
    sa.Column("url", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("message", Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", Text, nullable=False),
    sa.Column("query", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("rate", Text, nullable=False),
    sa.Column("status", Text, nullable=False),  # a value of subscriptions.Status
    sa.Column("token", Text, nullable=False, unique=True),  # opens the way out
    sa.Column("confirmation", Text),  # token that confirms the address; null once it has
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
sa.Index("uq_subscriptions_confirmation", subscriptions.c.confirmation, unique=True)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("subscription_id", sa.ForeignKey("subscriptions.id"), nullable=False, index=True),
    sa.Column("recipient", Text, nullable=False),
    sa.Column("subject", Text, nullable=False),
    sa.Column("message_id", Text, nullable=False, unique=True),
    sa.Column("message", sa.LargeBinary, nullable=False),  # as it goes over the wire
    sa.Column("status", Text, nullable=False),  # a value of mail.Status
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_attempt_at", UtcTime, nullable=False),
    sa.Column("error", Text),
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

crawl_requests = sa.Table(
    "crawl_requests",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", Text, nullable=False),
    sa.Column("requested_at", UtcTime, nullable=False),
    sa.Column("requested_by", Text, nullable=False),
    sa.Column("taken_at", UtcTime),  # when a process began the crawl; null until then
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", Text, nullable=False, unique=True),
    sa.Column("password", Text, nullable=False),  # hashed
    sa.Column("role", Text, nullable=False),  # a value of accounts.Role
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("disabled_at", UtcTime),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("token", Text, nullable=False, unique=True),  # hashed
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("agent", Text, nullable=False),  # the browser, as it names itself
)

login_failures = sa.Table(
    "login_failures",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", Text, nullable=False, index=True),
    sa.Column("address", Text, nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False, index=True),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("token", Text, nullable=False, unique=True),  # hashed
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("used_at", UtcTime),
    sa.Column("revoked_at", UtcTime),
)

feed_keys = sa.Table(
    "feed_keys",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("token", Text, nullable=False, unique=True),  # hashed
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("address", Text, nullable=False),  # of the search: what follows "?" in it
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("used_at", UtcTime),
)

saved_searches = sa.Table(
    "saved_searches",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("note", Text, nullable=False),
    sa.Column("address", Text, nullable=False),  # of the search: what follows "?" in it
    sa.Column("place", sa.Integer, nullable=False),  # in the list, from 1
    sa.Column("created_by", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    sa.Column("created_at", UtcTime, nullable=False),
)

looks = sa.Table(
    "looks",
    metadata,
    sa.Column(
        "saved_search_id",
        sa.ForeignKey("saved_searches.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column(
        "user_id",
        sa.ForeignKey("users.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    ),
    sa.Column("article_id", sa.Integer, nullable=False),  # the highest there was at the last look
    sa.Column("looked_at", UtcTime, nullable=False),
)
