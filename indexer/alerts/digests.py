"""From matches to mails: one mail with all that is new for a subscription, put in the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime as rfc5322_time
from email.utils import parseaddr
from urllib.parse import quote
from uuid import uuid4

import sqlalchemy as sa
from babel.dates import format_datetime
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from indexer import query
from indexer.alerts.mail import Status
from indexer.alerts.subscriptions import Subscription, active_subscriptions
from indexer.config import Config
from indexer.highlight import Passage, mark, passage
from indexer.schema import articles, matches, outbox
from indexer.store import Store, StoredArticle, stored_article

MAX_ARTICLES = 50
"""Articles in one mail; the rest is counted."""

_templates = Environment(
    loader=PackageLoader("indexer.alerts"),
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


@dataclass(frozen=True)
class Entry:
    """One article as a mail shows it."""

    title: Passage
    source: str
    place: str | None
    published: datetime
    passage: Passage
    url: str


def compose(store: Store, config: Config, now: datetime) -> int:
    """Put a mail in the outbox for each subscription with matches that are in none; returns their number."""
    names = store.source_names()
    return sum(_compose_one(store, config, each, names, now) for each in active_subscriptions(store))


def _compose_one(
    store: Store, config: Config, subscription: Subscription, names: dict[str, str], now: datetime
) -> int:
    waiting = (matches.c.subscription_id == subscription.id) & matches.c.mail_id.is_(None)
    with store.writing() as connection:
        rows = connection.execute(
            sa.select(articles)
            .join(matches, matches.c.article_id == articles.c.id)
            .where(waiting)
            .order_by(articles.c.published.desc(), articles.c.id)
        ).all()
        if not rows:
            return 0
        found = [stored_article(row) for row in rows]
        message_id = f"<{uuid4()}@{parseaddr(config.mail_from)[1].rpartition('@')[2]}>"
        message = write_mail(subscription, found, names, config.mail_from, message_id, now)
        row = {
            "subscription_id": subscription.id,
            "recipient": subscription.email,
            "subject": message["Subject"],
            "message_id": message_id,
            "message": message.as_bytes(),
            "status": Status.PENDING,
            "next_attempt_at": now,
            "created_at": now,
        }
        mail_id = connection.execute(sa.insert(outbox).values(row)).inserted_primary_key
        assert mail_id
        connection.execute(sa.update(matches).where(waiting).values(mail_id=mail_id[0]))
    return 1


def write_mail(
    subscription: Subscription,
    found: Sequence[StoredArticle],
    names: dict[str, str],
    sender: str,
    message_id: str,
    now: datetime,
) -> EmailMessage:
    """The mail about these articles, in text and HTML."""
    wanted = query.parse(subscription.query, now)
    entries = [_entry(each, wanted, names) for each in found[:MAX_ARTICLES]]
    leave = f"mailto:{parseaddr(sender)[1]}?subject={quote('berhenti ' + subscription.token)}"
    content = {
        "name": subscription.name,
        "query": subscription.query,
        "total": len(found),
        "entries": entries,
        "more": len(found) - len(entries),
        "leave": leave,
    }
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = subscription.email
    message["Subject"] = f"Pantau: {len(found)} berita baru tentang {subscription.name}"
    message["Date"] = rfc5322_time(now)
    message["Message-ID"] = message_id
    message["List-Unsubscribe"] = f"<{leave}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_templates.get_template("digest.txt").render(content))
    message.add_alternative(_templates.get_template("digest.html").render(content), subtype="html")
    return message


def _entry(stored: StoredArticle, wanted: query.Query, names: dict[str, str]) -> Entry:
    article = stored.article
    return Entry(
        title=Passage(article.title, mark(article.title, wanted, "title")),
        source=names.get(article.source, article.source),
        place=article.place,
        published=article.published,
        passage=passage(article.text, wanted),
        url=article.url,
    )


def indonesian_time(moment: datetime) -> str:
    """As "23 Januari 2026 15:32 WIB"."""
    return f"{format_datetime(moment, 'd MMMM y HH:mm', locale='id')} {moment:%Z}"


def starred(found: Passage) -> str:
    """A passage on one line, with asterisks around what is marked."""
    text = "".join(f"*{piece}*" if is_marked else piece for piece, is_marked in found.pieces())
    return " ".join(text.split())


_templates.filters |= {"starred": starred, "waktu": indonesian_time}
