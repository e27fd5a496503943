"""The embedded search engine: tantivy, in a folder or in memory.

In the folder a file names the part that holds the index, so that a new one takes its place at once.

tantivy panics on a limit of 0 and on a phrase of one word, and takes memory for as many hits as it is asked
for: what comes from outside is brought into bounds here.
"""

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path
from threading import get_ident
from time import monotonic
from typing import Any, TypeVar
from uuid import uuid4

import tantivy
from tantivy import Occur

from indexer import language, query
from indexer.errors import PantauError
from indexer.index import (
    DEEPEST,
    MAX_VALUES,
    VERSION,
    WORDED,
    Cursor,
    Fields,
    Held,
    Hits,
    Info,
    Interval,
    Sort,
    UnusableIndex,
    analyse,
    in_order,
    seconds,
)
from indexer.query import And, Fuzzy, Key, Not, Or, Phrase, Prefix, Query, Range, Word
from indexer.store import StoredArticle

NAME = "pantau.json"
"""The file in the folder that says which part holds the index, and its version."""
PART = "part-"
"""Begins the names of the parts; everything else in the folder is somebody else's and stays."""
HEAP = 100_000_000
"""Bytes a writer may fill before it writes a segment."""
TITLE_BOOST = 2.0
SLOWEST = ("region",)
"""The facet that takes as long to count as all others, as articles have several."""
LATELY = 0.05
"""Seconds for which other threads are taken to be searching on."""
WINDOW = 500
"""Hits by relevance among which equal ones are put in order by date."""
_ID_BITS = 30
_MAX_SECONDS = (1 << (64 - _ID_BITS)) - 1
_EPOCH = date(1970, 1, 1).toordinal()
_MONDAY = 3
"""How many days after a Thursday, as 1 January 1970 was, the week that the days are counted in begins."""
_BOTH = ("title", "text")
T = TypeVar("T")
_IDENTITY = ("id", "revision", "published")
_KEYS = {"source": "source", "region": "regions", "kind": "kind", "topic": "topics"}
"""By what a `query.Key` or a facet is about: where the index keeps it."""


@dataclass(frozen=True)
class _Part:
    """An index that is open, and where."""

    index: tantivy.Index
    folder: Path | None
    version: str

    def changed(self) -> int:
        """When anything was last committed to it; the same for ever in memory."""
        try:
            return (self.folder / "meta.json").stat().st_mtime_ns if self.folder else 0
        except FileNotFoundError:
            return 0


class TantivyIndex:
    """A `SearchIndex` in a folder, or in memory without one."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._schema = _schema()
        self._part = None if folder else _Part(_make(None), None, VERSION)
        self._named = 0
        self._seen = 0
        self._highest: int | None = None
        self._writer: tantivy.IndexWriter | None = None

    def put(self, batch: Sequence[StoredArticle]) -> Mapping[int, str]:
        documents = [(each.id, _document(analyse(each))) for each in batch]
        with self._writing() as writer, self._telling():
            for id, document in documents:
                writer.delete_documents_by_term("id", id)
                writer.add_document(document)
        return {}

    def remove(self, ids: Iterable[int]) -> None:
        with self._writing() as writer, self._telling():
            for id in ids:
                writer.delete_documents_by_term("id", id)

    def clear(self) -> None:
        with self._writing() as writer, self._telling():
            writer.delete_all_documents()

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
        wanted = tantivy.Query.all_query() if query.tree is None else self._translated(query.tree)
        if among is not None:
            these = self._unscored(tantivy.Query.term_set_query(self._schema, "id", [*among]))
            wanted = _boolean([(Occur.Must, wanted), (Occur.Must, these)])
        is_ranked = sort == Sort.RELEVANCE and any(isinstance(each, Word | Phrase) for each in _leaves(query))
        find = _by_relevance if is_ranked else _by_date
        with self._reading() as searcher:
            count = partial(_counted, searcher, wanted, values)
            # all parts are begun here: one that itself waited for another in the same threads could wait for ever
            apart = [each for each in facets if each in SLOWEST] if _cores.is_alone() and limit else []
            rest = [each for each in facets if each not in apart]
            parts = [partial(count, apart, None, ()), partial(count, rest, interval, since)] if apart else []
            counting = [_cores.meanwhile(part) for part in parts]
            orders = find(searcher, self._schema, wanted, min(max(0, limit), searcher.num_docs), after)
            counted = [each.result() for each in counting] or [count(facets, interval, since)]
            by_facet = {facet: counts for each in counted for facet, counts in each.facets.items()}
            ids = tuple(_id(order) for order in orders)
            hits = replace(counted[-1], ids=ids, facets={facet: by_facet[facet] for facet in facets})
            seen = (after.seen if after else 0) + len(orders)
            if not orders or seen >= hits.total or (is_ranked and seen >= DEEPEST):
                return hits
            if is_ranked:
                highest = after.id if after else self._highest_of(searcher)
                return replace(hits, after=Cursor(Sort.RELEVANCE, seen, highest))
            return replace(hits, after=Cursor(sort, seen, hits.ids[-1], orders[-1] >> _ID_BITS))

    def newest(self, limit: int) -> list[Held]:
        with self._reading() as searcher:
            found = searcher.search(tantivy.Query.all_query(), limit=limit, order_by_field="order").hits
            columns = (searcher.fast_field_values(name, [each for _, each in found]) for name in _IDENTITY)
            return [Held(*(int(value or 0) for value in values)) for values in zip(*columns, strict=True)]

    def count(self, ids: Sequence[int]) -> int:
        with self._reading() as searcher:
            wanted = tantivy.Query.boolean_query([(Occur.Should, self._term("id", id)) for id in ids])
            return _total(searcher.search(wanted, limit=1))

    @contextmanager
    def rebuilding(self) -> Iterator["TantivyIndex"]:
        if self._folder is None:
            new = TantivyIndex()
            with new._writing():
                yield new
            self._part = new._part
            return
        _prepare(self._folder)
        _sweep(self._folder, keep=_named(self._folder))
        name = f"{PART}{uuid4().hex}"
        new = TantivyIndex(self._folder)
        try:
            new._part = _Part(_make(self._folder / name), self._folder / name, VERSION)
            with new._writing():  # one commit for all that is put
                yield new
            _name(self._folder, name)
        finally:
            new.close()
            _sweep(self._folder, keep=_named(self._folder))

    def info(self) -> Info:
        with self._reading() as searcher:
            assert self._part
            files = self._part.folder.iterdir() if self._part.folder else ()
            size = sum(each.stat().st_size for each in files)
            return Info("tantivy", searcher.num_docs, self._part.version, size)

    def close(self) -> None:
        self._part = None

    @contextmanager
    def _writing(self) -> Iterator[tantivy.IndexWriter]:
        """A writer whose work is durable when the outermost block ends, and undone when it raises."""
        if self._writer:
            yield self._writer
            return
        part = self._opened()
        with self._telling():
            writer = self._writer = part.index.writer(HEAP, num_threads=1)
        try:
            yield writer
            with self._telling():
                writer.commit()
        finally:
            self._writer = None
            with suppress(ValueError):
                writer.wait_merging_threads()
        part.index.reload()
        self._highest = None

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tells in a sentence why tantivy cannot write."""
        try:
            yield
        except (ValueError, OSError) as error:
            if "LockBusy" in str(error):
                raise PantauError(
                    "Another process is writing to the index; try again in a moment."
                ) from error
            raise PantauError(
                f"The index in {self._folder or 'memory'} cannot be written: {error}"
            ) from error
        except BaseException as error:
            if not _is_panic(error):
                raise
            raise self._broken(error) from error

    @contextmanager
    def _reading(self) -> Iterator[tantivy.Searcher]:
        """A searcher that sees what any process committed."""
        part = self._opened()
        try:
            changed = part.changed()
            if changed != self._seen:
                part.index.reload()
                self._seen, self._highest = changed, None
            yield part.index.searcher()
        except (ValueError, OSError) as error:
            raise self._broken(error) from error
        except BaseException as error:
            if not _is_panic(error):
                raise
            raise self._broken(error) from error

    def _opened(self) -> _Part:
        """The part that the folder names now."""
        if self._folder is None or (self._part and not self._named):
            assert self._part  # in memory, or while it is built
            return self._part
        while self._part is None or self._named != (named := _changed(self._folder / NAME)):
            named = _changed(self._folder / NAME)
            try:
                self._part, self._named, self._seen = _open(self._folder), named, 0
                self._highest = None
            except UnusableIndex:
                if named == _changed(self._folder / NAME):  # else another one has taken its place meanwhile
                    raise
        return self._part

    def _highest_of(self, searcher: tantivy.Searcher) -> int:
        """The highest id in the index; looked for once after each commit, as all articles are gone through."""
        if self._highest is None:
            self._highest = _highest(searcher)
        return self._highest

    def _broken(self, error: BaseException) -> UnusableIndex:
        return UnusableIndex(
            f"The index in {self._folder or 'memory'} is broken ({error}); `pantau index rebuild` makes it anew."
        )

    def _translated(self, node: query.Node) -> tantivy.Query:
        match node:
            case And(parts):
                return _boolean((_occurrence(part), self._translated(_positive(part))) for part in parts)
            case Or(parts):
                return _boolean((Occur.Should, self._translated(part)) for part in parts)
            case Not(part):
                return _boolean([(Occur.MustNot, self._translated(part))])
            case Key(key, field):
                known = key.encode(errors="replace").decode()
                return self._unscored(self._term(_KEYS[field], known))
            case Range(since, until):
                return self._unscored(self._published(since, until))
        return _boolean((Occur.Should, self._in_field(node, field)) for field in _fields(node))

    def _in_field(self, leaf: Word | Phrase | Prefix | Fuzzy, field: str) -> tantivy.Query:
        words = f"{field}_words"
        match leaf:
            case Word(word) if field in _BOTH:
                return self._boosted(field, self._term(f"{field}_stems", language.stem(word)))
            case Word(word):
                return self._term(words, word)
            case Phrase(found, _, slop):
                return self._boosted(field, self._phrase(words, found, slop))
            case Prefix(start):
                return tantivy.Query.fuzzy_term_query(self._schema, words, start, 0, prefix=True)
            case Fuzzy(word, _, distance):
                return tantivy.Query.fuzzy_term_query(self._schema, words, word, distance)

    def _term(self, name: str, word: str | int) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, name, word)

    def _phrase(self, name: str, words: Sequence[str], slop: int) -> tantivy.Query:
        """The words at each of the distances `slop` allows; tantivy's own slop takes other orders too."""
        if len(words) == 1:
            return self._term(name, words[0])
        last = len(words) - 1
        arrangements = {(0, *places) for places in combinations(range(1, last + slop + 1), last)}
        return _boolean(
            (Occur.Should, tantivy.Query.phrase_query(self._schema, name, [*zip(places, words, strict=True)]))
            for places in sorted(arrangements)
        )

    def _published(self, since: date | None, until: date | None) -> tantivy.Query:
        if not (since or until):
            return tantivy.Query.all_query()
        return tantivy.Query.range_query(
            self._schema,
            "published",
            tantivy.FieldType.Integer,
            _midnight(since) if since else None,
            _midnight(until) + 86399 if until else None,
        )

    def _boosted(self, field: str, wanted: tantivy.Query) -> tantivy.Query:
        return tantivy.Query.boost_query(wanted, TITLE_BOOST) if field == "title" else wanted

    def _unscored(self, wanted: tantivy.Query) -> tantivy.Query:
        return tantivy.Query.const_score_query(wanted, 0.0)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in _IDENTITY:
        builder.add_integer_field(name, indexed=True, fast=True)
    builder.add_unsigned_field("order", fast=True)
    for name in ("day", "month"):  # since 1970, in WIB
        builder.add_integer_field(name, fast=True)
    for name in _KEYS.values():
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for field in WORDED:
        builder.add_text_field(f"{field}_words", tokenizer_name="spaces")
    for field in _BOTH:
        builder.add_text_field(f"{field}_stems", tokenizer_name="spaces", index_option="freq")
    return builder.build()


def _document(fields: Fields) -> tantivy.Document:
    document = tantivy.Document()
    document.add_integer("id", fields.id)
    document.add_integer("revision", fields.revision)
    document.add_integer("published", seconds(fields.published))
    document.add_unsigned("order", _order(seconds(fields.published), fields.id))
    day = fields.published.astimezone(query.WIB)
    document.add_integer("day", day.toordinal() - _EPOCH)
    document.add_integer("month", day.year * 12 + day.month - 1)
    document.add_text("source", fields.source)
    document.add_text("kind", fields.kind)
    for code in fields.regions:
        document.add_text("regions", code)
    for topic in fields.topics:
        document.add_text("topics", topic)
    for field, words in fields.words.items():
        document.add_text(f"{field}_words", " ".join(words))
    for field, stems in fields.stems.items():
        document.add_text(f"{field}_stems", " ".join(stems))
    return document


def _order(seconds: int, id: int) -> int:
    """One number that is higher for what is newer, of one second for the higher id."""
    return min(max(0, seconds), _MAX_SECONDS) << _ID_BITS | id


def _id(order: int) -> int:
    return order & ((1 << _ID_BITS) - 1)


def _midnight(day: date) -> int:
    """When a day begins in WIB, in seconds since 1970."""
    return (day.toordinal() - _EPOCH) * 86400 - 7 * 3600


def _boolean(parts: Iterable[tuple[Occur, tantivy.Query]]) -> tantivy.Query:
    found = [*parts]
    if len(found) == 1 and found[0][0] != Occur.MustNot:
        return found[0][1]
    if all(occur == Occur.MustNot for occur, _ in found):
        everything = tantivy.Query.const_score_query(tantivy.Query.all_query(), 0.0)
        found.append((Occur.Must, everything))
    return tantivy.Query.boolean_query(found)


def _occurrence(part: query.Node) -> Occur:
    return Occur.MustNot if isinstance(part, Not) else Occur.Must


def _positive(part: query.Node) -> query.Node:
    return part.part if isinstance(part, Not) else part


def _fields(leaf: Word | Phrase | Prefix | Fuzzy) -> tuple[str, ...]:
    return (leaf.field,) if leaf.field else _BOTH


def _leaves(wanted: Query) -> Iterator[query.Leaf]:
    return query.sought(wanted.tree)


def _is_panic(error: BaseException) -> bool:
    """Whether it comes from a panic in Rust, which is no Exception."""
    return type(error).__name__ == "PanicException"


def _total(found: tantivy.SearchResult) -> int:
    return int(found.count or 0)  # type: ignore[attr-defined]  # missing in tantivy's stubs


# Counting and finding


def _counted(
    searcher: tantivy.Searcher,
    wanted: tantivy.Query,
    values: int,
    facets: Collection[str],
    interval: Interval | None,
    since: Collection[date],
) -> Hits:
    """What is told of all hits, without the hits themselves."""
    asked: dict[str, Any] = {
        facet: {"terms": {"field": _KEYS[facet], "size": values, "segment_size": MAX_VALUES}}
        for facet in facets
    }
    if interval:
        asked["histogram"] = {"histogram": _HISTOGRAMS[interval] | {"min_doc_count": 1}}
    days = sorted(each.toordinal() - _EPOCH for each in {*since})
    if days:  # ranges must not overlap
        parts = [{"from": begin, "to": end} for begin, end in pairwise(days)]
        asked["since"] = {"range": {"field": "day", "ranges": [*parts, {"from": days[-1]}]}}
    if not asked:
        return Hits((), _total(searcher.search(wanted, limit=1)))
    if not interval:  # else the bars tell
        asked["total"] = {"value_count": {"field": "id"}}
    told = searcher.aggregate(wanted, asked)
    counted = {facet: {each["key"]: each["doc_count"] for each in told[facet]["buckets"]} for facet in facets}
    bars, parts = (told.get(name, {"buckets": ()})["buckets"] for name in ("histogram", "since"))
    histogram = in_order((_first_day(interval, int(each["key"])), each["doc_count"]) for each in bars)
    begun = {int(each["from"]): each["doc_count"] for each in parts if "from" in each}
    later = {
        date.fromordinal(day + _EPOCH): sum(begun.get(other, 0) for other in days if other >= day)
        for day in days
    }
    total = sum(each["doc_count"] for each in bars) if interval else int(told["total"]["value"])
    return Hits((), total, None, counted, histogram, later)


class _Cores:
    """Lends a search that is alone another core, as tantivy works without the interpreter's lock. Beside others each does
    its own work on its own core: to share it out would cost more than it saves."""

    def __init__(self) -> None:
        self._others = ThreadPoolExecutor(os.cpu_count(), "counting")
        self._last = (0, 0.0)

    def is_alone(self) -> bool:
        """Whether no other thread has searched a moment ago; notes that this one does."""
        (thread, then), self._last = self._last, (get_ident(), monotonic())
        return thread == self._last[0] or self._last[1] - then > LATELY

    def meanwhile(self, work: Callable[[], T]) -> Future[T]:
        """Begin work that is done beside."""
        return self._others.submit(work)


_cores = _Cores()


_HISTOGRAMS: dict[Interval, dict[str, Any]] = {
    Interval.DAY: {"field": "day", "interval": 1},
    Interval.WEEK: {"field": "day", "interval": 7, "offset": -_MONDAY},
    Interval.MONTH: {"field": "month", "interval": 1},
}


def _first_day(interval: Interval | None, key: int) -> date:
    if interval == Interval.MONTH:
        return date(key // 12, key % 12 + 1, 1)
    return date.fromordinal(max(1, key + _EPOCH))


def _by_date(
    searcher: tantivy.Searcher,
    schema: tantivy.Schema,
    wanted: tantivy.Query,
    limit: int,
    after: Cursor | None,
) -> list[int]:
    """The orders of the newest hits after the cursor."""
    if not limit:
        return []
    if after:
        below = max(0, _order(after.seconds, after.id) - 1)
        older = tantivy.Query.range_query(schema, "order", tantivy.FieldType.Unsigned, None, below)
        wanted = _boolean([(Occur.Must, wanted), (Occur.Must, older)])
    found = searcher.search(wanted, limit=limit, count=False, order_by_field="order")
    return [int(order) for order, _ in found.hits]


def _by_relevance(
    searcher: tantivy.Searcher,
    schema: tantivy.Schema,
    wanted: tantivy.Query,
    limit: int,
    after: Cursor | None,
) -> list[int]:
    """The orders of the most relevant hits after the cursor, those of equal relevance by date."""
    begin = after.seen if after else 0
    end = min(begin + limit, DEEPEST)
    if begin >= end:
        return []
    if after:
        known = tantivy.Query.range_query(schema, "id", tantivy.FieldType.Integer, None, after.id)
        unscored = tantivy.Query.const_score_query(known, 0.0)
        wanted = _boolean([(Occur.Must, wanted), (Occur.Must, unscored)])
    orders: list[int] = []
    found = searcher.search(wanted, limit=-(-end // WINDOW) * WINDOW, count=False).hits
    for start in range(begin // WINDOW * WINDOW, len(found), WINDOW):
        hits = found[start : start + WINDOW]
        dates = searcher.fast_field_values("order", [address for _, address in hits])
        ranked = sorted(
            ((score, int(date or 0)) for (score, _), date in zip(hits, dates, strict=True)), reverse=True
        )
        orders += [order for _, order in ranked]
    skipped = begin - begin // WINDOW * WINDOW
    return orders[skipped : skipped + end - begin]


def _highest(searcher: tantivy.Searcher) -> int:
    """The highest id in the index."""
    found = searcher.search(tantivy.Query.all_query(), limit=1, count=False, order_by_field="id").hits
    return int(found[0][0]) if found else 0


# The folder


def _make(folder: Path | None) -> tantivy.Index:
    if folder is None:
        return _with_spaces(tantivy.Index(_schema()))
    try:
        folder.mkdir(parents=True)
        return _with_spaces(tantivy.Index(_schema(), path=str(folder)))
    except OSError as error:
        raise PantauError(f"The index folder {folder} cannot be made: {error.strerror}.") from error


def _open(folder: Path) -> _Part:
    """The part that the folder names; raises UnusableIndex if there is none, or it is broken or too old."""
    try:
        named = json.loads((folder / NAME).read_text(encoding="utf-8"))
        part, version = folder / named["part"], str(named["version"])
        if not (part / "meta.json").exists():
            raise UnusableIndex(f"The index in {folder} is broken: {part.name} is missing.")
        index = _with_spaces(tantivy.Index(_schema(), path=str(part)))
        index.searcher()
        return _Part(index, part, version)
    except (FileNotFoundError, NotADirectoryError):
        raise UnusableIndex(f"There is no index in {folder} yet.") from None
    except (UnusableIndex, MemoryError):
        raise
    except BaseException as error:
        if not (isinstance(error, ValueError | OSError | TypeError | KeyError) or _is_panic(error)):
            raise
        raise UnusableIndex(f"The index in {folder} is broken or of another version: {error}") from error


def _with_spaces(index: tantivy.Index) -> tantivy.Index:
    spaces = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer("spaces", spaces)
    return index


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PantauError(f"The index folder {folder} cannot be made: {error.strerror}.") from error


def _name(folder: Path, part: str) -> None:
    """From now on the folder's index is this part."""
    new = folder / f"{NAME}.new"
    new.write_text(json.dumps({"part": part, "version": VERSION}), encoding="utf-8")
    new.replace(folder / NAME)


def _named(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / NAME).read_text(encoding="utf-8"))["part"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _sweep(folder: Path, keep: str | None) -> None:
    """Remove the parts that are not in use any more."""
    for each in folder.glob(f"{PART}*"):
        if each.name != keep:
            shutil.rmtree(each, ignore_errors=True)


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return -1
