"""Search in the copy of the record: what every engine offers, and keeping the copy up to date.

The record is the truth. An index may be deleted at any moment: what it held is sent again by `sync`.
"""

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from math import floor
from typing import Protocol

from indexer import language, query, regions, topics
from indexer.errors import PantauError
from indexer.query import Query
from indexer.store import Store, StoredArticle

BATCH = 1000
"""Articles that are sent to an engine at once."""
SCHEMA = 2
"""Number of what `analyse` makes of an article and how engines keep it; raise it when that changes."""
VERSION = f"{SCHEMA}-{language.VERSION}-{regions.VERSION}-{topics.VERSION}"
"""An index made with another version must be made anew."""
BREAK = "|"
"""Stands between the values of a field, so that no phrase reaches from one into the next; never a word."""
FACETS = ("source", "region", "kind", "topic")
"""What hits can be counted by."""
WORDED = ("title", "text", "source", "region", "author", "tag", "place")
"""The fields whose words are kept; what readers call them is in `query.FIELDS`."""
MAX_VALUES = 2_000
"""Values of a facet that are counted; there are fewer sources, regions and topics."""
DEEPEST = 10_000
"""How many hits by relevance can be paged through; by date there is no end."""
SAMPLE = 20
"""Articles that are compared to see whether an index is a copy of a record."""


class UnusableIndex(PantauError):
    """The index is missing, broken or of another version: `sync` makes it anew."""


class Unreachable(PantauError):
    """The engine does not answer, or not as ours does; asking again at once is of no use."""


class Sort(StrEnum):
    """In which order articles are found; of equals the newest comes first."""

    NEWEST = "newest"
    RELEVANCE = "relevance"


class Interval(StrEnum):
    """How long a bar of a histogram is; weeks begin on Monday, all in WIB."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Cursor:
    """Where a page of hits ended. `str` writes it, `Cursor.read` reads it.

    By date it names the last article, so that what arrives meanwhile moves nothing. By relevance, which new articles
    change, it keeps to the articles that were there at the first page, and counts; of a query that makes no article more
    relevant than another the hits come by date, whatever was asked.
    """

    sort: Sort
    seen: int
    """Hits up to here."""
    id: int
    """By date: of the last article; by relevance: the highest that takes part."""
    seconds: int = 0
    """By date: when the last article was published, since 1970."""

    def __str__(self) -> str:
        return f"{self.sort.value[0]}{self.seen}.{self.id}.{self.seconds}"

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """The cursor that was written so; raises PantauError for anything else."""
        sorts = {each.value[0]: each for each in Sort}
        numbers = text[1:].split(".")
        try:
            seen, id, seconds = (int(number) for number in numbers if len(number) < 20 and number.isascii())
            sort = sorts[text[:1]]
        except (ValueError, KeyError):
            raise PantauError(f"“{text[:60]}” bukan penunjuk halaman.") from None
        if seen < 0 or not 0 <= id < 2**63:
            raise PantauError(f"“{text[:60]}” bukan penunjuk halaman.")
        return cls(sort, seen, id, seconds)


@dataclass(frozen=True)
class Hits:
    """What was found."""

    ids: tuple[int, ...]
    """Of the articles on this page, best first."""
    total: int
    """How many there are in all."""
    after: Cursor | None = None
    """Where the next page begins; None on the last one."""
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By facet: how many of all hits each value has, the most frequent first. An article counts for each of its regions,
    for those these lie in, and for each of its topics."""
    histogram: Mapping[date, int] = field(default_factory=dict)
    """How many of all hits each bar has, by its first day, in order; what has none is left out."""
    since: Mapping[date, int] = field(default_factory=dict)
    """How many of all hits were published on each of the days asked for, or later."""


@dataclass(frozen=True)
class Info:
    """What an index is."""

    engine: str
    articles: int
    version: str
    """That it was made with."""
    size: int
    """Bytes."""


@dataclass(frozen=True)
class Held:
    """An article as an index holds it."""

    id: int
    revision: int
    published: int
    """Seconds since 1970."""


@dataclass(frozen=True)
class Fields:
    """An article as every engine keeps it."""

    id: int
    revision: int
    published: datetime
    source: str
    kind: str
    regions: tuple[str, ...]
    """Codes, each with those of the regions it lies in."""
    topics: tuple[str, ...]
    """Keys of the topics it answers."""
    words: Mapping[str, Sequence[str]]
    """By the name of the field, as `query.FIELDS`: words as written, in order."""
    stems: Mapping[str, Sequence[str]]
    """The stems of title and text."""


class SearchIndex(Protocol):
    """A search engine. Every method raises PantauError when the engine cannot serve, UnusableIndex for want of an index."""

    def put(self, batch: Sequence[StoredArticle]) -> Mapping[int, str]:
        """Add or replace articles, durably; returns those that the engine refuses for good, with the reason."""

    def remove(self, ids: Iterable[int]) -> None:
        """Take articles out, durably; unknown ids are no error."""

    def clear(self) -> None:
        """Take all articles out."""

    def search(
        self,
        query: Query,
        *,
        limit: int = 10,
        after: Cursor | None = None,
        sort: Sort = Sort.NEWEST,
        facets: Collection[str] = (),
        interval: Interval | None = None,
        since: Collection[date] = (),
        among: Collection[int] | None = None,
        values: int = MAX_VALUES,
    ) -> Hits:
        """The articles that answer, from `after` on; `limit` 0 only counts. Facets, each with so many `values` at most, a
        histogram and counts since some days (WIB) if they are asked for. With `among` only those of these articles, in the
        order they have among all."""

    def newest(self, limit: int) -> Sequence[Held]:
        """The articles published last."""

    def count(self, ids: Sequence[int]) -> int:
        """How many of these articles the index holds."""

    def rebuilding(self) -> "AbstractContextManager[SearchIndex]":
        """A new, empty index of today's version, which is searched from the end of the block on; until then, and if the
        block raises, the present one is."""

    def info(self) -> Info:
        """What the index holds."""

    def close(self) -> None:
        """Give back what it uses; afterwards it must not be used."""


def sync(store: Store, index: SearchIndex, progress: Callable[[int], None] | None = None) -> int:
    """Send what is behind; an index that is missing, broken, of another version or no copy of the record is rebuilt.

    Returns how many articles were sent, as `progress` is told after each batch. A second process that comes while one
    is at it sends nothing: its searches find what is there.
    """
    with store.exclusively("index") as is_ours:
        if not is_ours:
            return 0
        if not _is_copy(index, store):
            return _rebuild(store, index, progress)
        sent = 0
        while batch := store.behind("indexed_revision", BATCH):
            store.mark_indexed(batch, index.put(batch))
            sent += len(batch)
            if progress:
                progress(sent)
        return sent


def rebuild(store: Store, index: SearchIndex, progress: Callable[[int], None] | None = None) -> int:
    """Make the index anew beside the present one, which is searched until the new one is complete.

    Returns the number of articles. Raises PantauError while another process is at it.
    """
    with store.exclusively("index") as is_ours:
        if not is_ours:
            raise PantauError("Another process is writing to the index; try again in a moment.")
        return _rebuild(store, index, progress)


def _rebuild(store: Store, index: SearchIndex, progress: Callable[[int], None] | None) -> int:
    ids, revisions, refused = array("q"), array("q"), dict[int, str]()
    with index.rebuilding() as new:
        for batch in store.batches(BATCH):
            refused |= new.put(batch)
            ids.extend(each.id for each in batch)
            revisions.extend(each.revision for each in batch)
            if progress:
                progress(len(ids))
    store.mark_rebuilt(zip(ids, revisions, strict=True), refused)  # not before it is searched
    return len(ids)


def _is_copy(index: SearchIndex, store: Store) -> bool:
    """Whether the index is of today's version and was made from this record: looks at the newest articles of both."""
    try:
        if index.info().version != VERSION:
            return False
        held = index.newest(SAMPLE)
        known = {each.id: each for each in store.articles([each.id for each in held])}
        sent = store.last_indexed(SAMPLE)
        return index.count(sent) == len(sent) and all(_is_same(each, known.get(each.id)) for each in held)
    except UnusableIndex:
        return False


def _is_same(held: Held, known: StoredArticle | None) -> bool:
    if known is None or known.revision < held.revision:
        return False
    return known.revision > held.revision or seconds(known.article.published) == held.published


def seconds(moment: datetime) -> int:
    """A moment as engines keep it: whole seconds since 1970."""
    return floor(moment.timestamp())


def analyse(stored: StoredArticle) -> Fields:
    """What all engines keep of an article, so that all find the same."""
    article = stored.article
    codes = regions.regions_of(article)
    words = {
        "title": query.words(article.title),
        "text": query.words(article.text),
        "source": query.words(article.source.replace("_", " ")),
        "region": _values(name for code in codes for name in regions.names(code)),
        "author": _values(article.authors),
        "tag": _values(article.tags),
        "place": query.words(article.place or ""),
    }
    stems = {name: [*map(language.stem, words[name])] for name in ("title", "text")}
    return Fields(
        id=stored.id,
        revision=stored.revision,
        published=article.published,
        source=article.source,
        kind=article.kind,
        regions=codes,
        topics=topics.topics_of(words, stems),
        words=words,
        stems=stems,
    )


def _values(values: Iterable[str]) -> list[str]:
    found: list[str] = []
    for value in values:
        found += [BREAK] * bool(found) + query.words(value)
    return found


def in_order(counts: Iterable[tuple[date, int]]) -> dict[date, int]:
    """A histogram in order, without empty bars."""
    return {day: number for day, number in sorted(counts) if number}
