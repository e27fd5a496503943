"""Stories: copies of one text in several places, found by the word sequences they share."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

import sqlalchemy as sa

from indexer import language
from indexer.article import Article
from indexer.schema import articles, shingles
from indexer.store import Store, stored_article

WORDS = 5
"""Words of a shingle."""
SAMPLE = 8
"""One hash in so many is kept; the same for all texts, so that samples can be compared."""
CONTAINED = 0.5
"""Share of the shorter text's shingles that the other must hold; 0 false pairs in 169 measured articles."""
LEAST = 4
"""With fewer sampled shingles than this, chance decides too much: the article is its own story."""
NEAR = timedelta(days=30)
"""Copies appear within this time of each other."""


def assign(store: Store) -> int:
    """Give each article that has none its story, in order; returns how many were given one."""
    count = 0
    while True:
        with store.writing(turn="stories") as connection:  # two copies at once would not see each other
            row = connection.execute(
                sa.select(articles).where(articles.c.story_id.is_(None)).order_by(articles.c.id).limit(1)
            ).one_or_none()
            if row is None:
                return count
            article = stored_article(row).article
            sample = sampled_shingles(article)
            story = _story_of(connection, sample, article.published) or row.id
            connection.execute(sa.update(articles).where(articles.c.id == row.id).values(story_id=story))
            if sample:
                connection.execute(sa.insert(shingles), [{"hash": h, "article_id": row.id} for h in sample])
        count += 1


def sizes(store: Store, story_ids: Sequence[int]) -> dict[int, int]:
    """How many articles each of these stories has."""
    story = articles.c.story_id
    wanted = sa.select(story, sa.func.count()).where(story.in_(story_ids)).group_by(story)
    with store.reading() as connection:
        return {id: count for id, count in connection.execute(wanted)}


def sampled_shingles(article: Article) -> set[int]:
    """Hashes (64 bits, signed) of the sampled word sequences of a text."""
    words = language.words(article.text)
    sequences = (" ".join(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1))
    hashes = (int.from_bytes(blake2b(s.encode(), digest_size=8).digest(), signed=True) for s in sequences)
    return {h for h in hashes if h % SAMPLE == 0}


def _story_of(connection: sa.Connection, sample: set[int], published: datetime) -> int | None:
    if len(sample) < LEAST:
        return None
    shared = Counter[int]()
    hashes = sorted(sample)
    for start in range(0, len(hashes), 500):
        some = shingles.c.hash.in_(hashes[start : start + 500])
        shared.update(connection.scalars(sa.select(shingles.c.article_id).where(some)))
    for id, number in shared.most_common(20):
        size = connection.scalar(sa.select(sa.func.count()).where(shingles.c.article_id == id)) or 0
        other = connection.execute(sa.select(articles).where(articles.c.id == id)).one()
        is_near = abs(other.published - published) <= NEAR
        if is_near and min(size, len(sample)) >= LEAST and number >= CONTAINED * min(size, len(sample)):
            return int(other.story_id)
    return None
