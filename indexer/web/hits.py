"""Articles as pages show them: marked, with their source, and copies of one text folded together."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from indexer import highlight, query
from indexer.highlight import Passage
from indexer.index import Cursor, SearchIndex, Sort
from indexer.language import tokens
from indexer.query import Fuzzy, Query, Word
from indexer.schema import articles
from indexer.store import Store, zoned
from indexer.web.filters import LENGTH, shortened
from indexer.web.record import Headline, copies_of, one_a_story

MAX_SUGGESTED = 3
"""Words that are tried for others written nearly so."""
MAX_TEXT = 20_000
"""Characters of an article in which a passage is looked for."""
MAX_COPIES = 200
"""Copies of all hits of a page that are listed."""
_WANTED: sa.Select[Any] = sa.select(
    articles.c.id,
    articles.c.story_id,
    articles.c.source,
    articles.c.title,
    sa.func.substr(articles.c.text, 1, MAX_TEXT).label("text"),
    articles.c.published,
    articles.c.utc_offset,
    articles.c.place,
).where(articles.c.id.in_(sa.bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class Hit:
    """One article of a page of hits."""

    id: int
    title: Passage
    passage: Passage
    source: str
    place: str
    published: datetime
    copies: tuple[Headline, ...]
    """Other articles that tell the same text."""


def read_hits(store: Store, ids: Sequence[int], wanted: Query, names: Mapping[str, str]) -> list[Hit]:
    """The hits in their order, the sources by these names; of the articles of one story only the first is shown."""
    with store.reading() as connection:
        rows = {row.id: row for row in connection.execute(_WANTED, {"ids": [*ids]})}
        found = one_a_story([rows[id] for id in ids if id in rows])
        stories = {row.story_id: row.id for row in found if row.story_id}
        copies = copies_of(connection, [*stories], [*stories.values()], MAX_COPIES)
    others: dict[int, list[Headline]] = defaultdict(list)
    for each in copies:
        others[each.story_id or 0].append(each)
    return [_hit(row, wanted, names, others.get(row.story_id, ())) for row in found]


def not_told_before(
    index: SearchIndex, hits: Sequence[Hit], wanted: Query, sort: Sort, after: Cursor | None
) -> list[Hit]:
    """Of a page of hits those whose stories no page before has told: the first of the articles of a story that answer, in
    the order of the search, stands for all of them."""
    if after is None:
        return [*hits]
    earlier = {
        hit.id: [each.id for each in hit.copies if _may_stand_before(each, hit, after)] for hit in hits
    }
    asked = [id for hit in hits if earlier[hit.id] for id in (hit.id, *earlier[hit.id])]
    if not asked:
        return [*hits]
    order = index.search(wanted, limit=len(asked), sort=sort, among=asked).ids
    place = {id: number for number, id in enumerate(order)}
    last = len(order)
    return [
        hit for hit in hits if all(place.get(id, last) >= place.get(hit.id, last) for id in earlier[hit.id])
    ]


def _may_stand_before(copy: Headline, hit: Hit, after: Cursor) -> bool:
    """By relevance any that was there at the first page; by date those that are as new."""
    return copy.id <= after.id if after.sort == Sort.RELEVANCE else copy.published >= hit.published


def _hit(row: sa.Row[Any], wanted: Query, names: Mapping[str, str], story: Sequence[Headline]) -> Hit:
    title = shortened(row.title, LENGTH)
    return Hit(
        row.id,
        Passage(title, highlight.mark(title, wanted, "title")),
        highlight.passage(row.text, wanted),
        shortened(names.get(row.source, row.source)),
        shortened(row.place or ""),
        zoned(row.published, row.utc_offset),
        tuple(story),
    )


def suggest(store: Store, index: SearchIndex, wanted: Query) -> dict[str, str]:
    """For words of a query that no article has: the word written nearly so that most of the articles found by it have."""
    words = {leaf.word for leaf in query.sought(wanted.tree) if isinstance(leaf, Word) and leaf.field is None}
    unknown: list[str] = []
    for word in sorted(words)[: 4 * MAX_SUGGESTED]:
        if len(unknown) < MAX_SUGGESTED and not index.search(Query(word, Word(word)), limit=0).total:
            unknown.append(word)
    found = {word: _nearest(store, index, word) for word in unknown}
    return {word: other for word, other in found.items() if other}


def _nearest(store: Store, index: SearchIndex, word: str) -> str | None:
    for distance in (1, 2):
        if len(word) <= 2 * distance:
            return None
        hits = index.search(Query(word, Fuzzy(word, None, distance)), limit=20)
        with store.reading() as connection:
            rows = connection.execute(_WANTED, {"ids": [*hits.ids]}).all()
        counted = Counter(
            token.word
            for row in rows
            for token in tokens(f"{row.title} {row.text}")
            if highlight.is_like(word, token.word, distance)
        )
        if counted:
            return counted.most_common(1)[0][0]
    return None
