"""Which subscriptions new articles answer: the saved searches are run over the new articles alone."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from indexer import query, stories
from indexer.alerts.subscriptions import Subscription, active_subscriptions
from indexer.schema import articles, matches
from indexer.store import Store, StoredArticle, mark
from indexer.tantivy_index import TantivyIndex

BATCH = 500


def match(store: Store, now: datetime) -> int:
    """Match what is new with all subscriptions; returns the number of new matches.

    A story matches a subscription once, however often this runs and wherever it is cut short.
    """
    stories.assign(store)
    count = 0
    while batch := store.behind("matched_revision", BATCH):
        found = _search(batch, active_subscriptions(store), now)
        with store.writing() as connection:
            for subscription, article_id in found:
                count += _add(connection, subscription, article_id, now)
            mark(connection, "matched_revision", batch)
    return count


def _search(
    batch: Sequence[StoredArticle], wanted: Sequence[Subscription], now: datetime
) -> list[tuple[int, int]]:
    """Pairs of subscription and article that go together; each distinct query is run once."""
    by_query = defaultdict(list)
    for subscription in wanted:
        by_query[subscription.query].append(subscription.id)
    index = TantivyIndex()
    index.put(batch)
    return [
        (subscription, article)
        for text, ids in by_query.items()
        for article in index.search(query.parse(text, now), limit=len(batch)).ids
        for subscription in ids
    ]


def _add(connection: sa.Connection, subscription: int, article: int, now: datetime) -> int:
    story = connection.scalar(sa.select(articles.c.story_id).where(articles.c.id == article))
    known = (matches.c.subscription_id == subscription) & (matches.c.story_id == story)
    if connection.execute(sa.select(1).where(known)).first():
        return 0
    row = {"subscription_id": subscription, "story_id": story, "article_id": article, "matched_at": now}
    connection.execute(sa.insert(matches).values(row))
    return 1
