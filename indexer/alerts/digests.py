"""From matches to mails: one mail with all that is new for a subscription, put in the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa

from indexer import query
from indexer.alerts import letters
from indexer.alerts.subscriptions import Status, Subscription, active_subscriptions
from indexer.config import Config
from indexer.highlight import Passage, mark, passage
from indexer.schema import articles, matches, subscriptions
from indexer.store import Store, StoredArticle, stored_article

MAX_ARTICLES = 50
"""Articles in one mail; the rest is counted."""


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
    """Put a mail in the outbox for each subscription that is due and has matches which are in none; returns their number."""
    names, waiting = store.source_names(), _waiting(store)
    wanted = [each for each in active_subscriptions(store) if each.id in waiting]
    return sum(_compose_one(store, config, each, names, now) for each in wanted)


def _waiting(store: Store) -> set[int]:
    """Subscriptions with matches that are in no mail."""
    wanted = sa.select(matches.c.subscription_id).where(matches.c.mail_id.is_(None)).distinct()
    with store.reading() as connection:
        return set(connection.scalars(wanted))


def _compose_one(
    store: Store, config: Config, subscription: Subscription, names: dict[str, str], now: datetime
) -> int:
    with store.writing() as connection:
        rows = _take_waiting(connection, subscription, now)
        if not rows:
            return 0
        found = [stored_article(row) for row in rows]
        message = write_mail(
            subscription, found, names, config, letters.new_message_id(config.mail_from), now
        )
        mail_id = letters.put(connection, subscription.id, subscription.email, message, now)
        told = matches.c.id.in_([row.match_id for row in rows])  # not those that have come since
        connection.execute(sa.update(matches).where(told).values(mail_id=mail_id))
    return 1


def _take_waiting(
    connection: sa.Connection, subscription: Subscription, now: datetime
) -> Sequence[sa.Row[Any]]:
    """The articles that are due, newest first; what another process is just putting in a mail is not among them."""
    is_due = matches.c.matched_at <= subscription.rate.before(now)
    waiting = (matches.c.subscription_id == subscription.id) & matches.c.mail_id.is_(None) & is_due
    wanted = (
        sa.select(articles, matches.c.id.label("match_id"))
        .join(matches, matches.c.article_id == articles.c.id)
        .join(subscriptions, matches.c.subscription_id == subscriptions.c.id)
        .where(waiting, subscriptions.c.status == Status.ACTIVE)  # nobody who has just left
        .order_by(articles.c.published.desc(), articles.c.id)
        .with_for_update(of=(matches, subscriptions), key_share=True, skip_locked=True)
    )
    return connection.execute(wanted).all()


def write_mail(
    subscription: Subscription,
    found: Sequence[StoredArticle],
    names: dict[str, str],
    config: Config,
    message_id: str,
    now: datetime,
) -> EmailMessage:
    """The mail about these articles, in text and HTML."""
    wanted = query.parse(subscription.query, now)
    entries = [_entry(each, wanted, names) for each in found[:MAX_ARTICLES]]
    ways_out = _ways_out(config, subscription.token)
    content = {
        "name": subscription.name,
        "query": subscription.query,
        "total": len(found),
        "entries": entries,
        "more": len(found) - len(entries),
        "leave": ways_out[0],
    }
    headers = {
        "From": config.mail_from,
        "To": subscription.email,
        "Subject": f"Pantau: {len(found)} berita baru tentang {subscription.name}",
        "List-Unsubscribe": ", ".join(f"<{each}>" for each in ways_out),
    }
    if config.is_secure:  # RFC 8058 asks for https
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return letters.write("digest", content, headers, message_id, now)


def _ways_out(config: Config, token: str) -> list[str]:
    """Where a subscription can be ended: on the page, if others can reach that, and by mail."""
    by_mail = letters.mail_to_leave(config.mail_from, token)
    return [letters.page_to_leave(config.web_url, token), by_mail] if config.web_url else [by_mail]


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
