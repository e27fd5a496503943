"""Which subscriptions new articles answer: the saved searches are run over the new articles alone."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from indexer import query, stories
from indexer.alerts.subscriptions import Status, Subscription, active_subscriptions
from indexer.database import insert_new
from indexer.schema import articles, matches, subscriptions
from indexer.store import Store, StoredArticle, mark
from indexer.tantivy_index import TantivyIndex

BATCH = 500


def match(store: Store, now: datetime) -> int:
    """Match what is new with all subscriptions; returns the number of new matches.

    A story matches a subscription once, however often this runs and wherever it is cut short. One process does it at
    a time; another one that comes meanwhile leaves it to the first, which looks once more after it has finished.
    """
    count = 0
    while _is_any_new(store):
        with store.exclusively("matching") as is_ours:
            if not is_ours:
                break
            while batch := _next_batch(store):
                count += _match(store, batch, now)
    return count


def _next_batch(store: Store) -> list[StoredArticle]:
    stories.assign(store)
    new = store.behind("matched_revision", BATCH)
    return [each for each in new if each.story_id is not None]  # not those that have come since


def _is_any_new(store: Store) -> bool:
    without_story = sa.exists().where(articles.c.story_id.is_(None))
    unmatched = sa.exists().where(articles.c.matched_revision < articles.c.revision)
    with store.reading() as connection:
        return bool(connection.scalar(sa.select(without_story | unmatched)))


def _match(store: Store, batch: Sequence[StoredArticle], now: datetime) -> int:
    found = _search(batch, active_subscriptions(store), now)
    with store.writing() as connection:
        there = _still_active(connection, {subscription for subscription, _ in found})
        count = sum(_add(connection, *pair, now) for pair in found if pair[0] in there)
        mark(connection, "matched_revision", batch)
    return count


def _still_active(connection: sa.Connection, ids: Collection[int]) -> set[int]:
    """Those that have not been ended meanwhile, and cannot be deleted before this transaction has ended."""
    is_active, ordered, found = subscriptions.c.status == Status.ACTIVE, sorted(ids), set[int]()
    for begin in range(0, len(ordered), BATCH):
        some = is_active & subscriptions.c.id.in_(ordered[begin : begin + BATCH])
        wanted = sa.select(subscriptions.c.id).where(some).with_for_update(read=True, key_share=True)
        found.update(connection.scalars(wanted))
    return found


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
    row = {"subscription_id": subscription, "story_id": story, "article_id": article, "matched_at": now}
    return connection.execute(insert_new(connection.dialect.name, matches), row).rowcount
