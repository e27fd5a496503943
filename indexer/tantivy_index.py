"""The embedded search engine: tantivy, in a folder or in memory.

tantivy panics on a limit of 0 and on a phrase of one word, and takes memory for as many hits as it is asked
for: what comes from outside is brought into bounds here.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from itertools import combinations
from math import floor
from pathlib import Path

import sqlalchemy as sa
import tantivy
from tantivy import Occur

from indexer import language, query
from indexer.errors import PantauError
from indexer.index import VERSION, Fields, Hits, Info, Sort, analyse
from indexer.query import And, Fuzzy, Key, Not, Or, Phrase, Prefix, Query, Range, Word
from indexer.schema import articles
from indexer.store import Store, StoredArticle

NAME = "pantau.json"
"""A file in the folder that says which version the index has; an index without it is made anew."""
HEAP = 50_000_000
"""Bytes a writer may fill before it writes a segment."""
TITLE_BOOST = 2.0
MAX_TIES = 10_000
"""Hits of equal relevance that are put in order by date; more lie as tantivy has them."""
SAMPLE = 20
"""Articles that are compared to see whether an index is a copy of a record."""
_ID_BITS = 30
_MAX_SECONDS = (1 << (64 - _ID_BITS)) - 1
_EPOCH = date(1970, 1, 1).toordinal()
_BOTH = ("title", "text")
_IDENTITY = ("id", "revision", "published")


class UnusableIndex(PantauError):
    """The folder holds no index of this version; it must be made anew."""


def open_index(store: Store, folder: Path) -> "TantivyIndex":
    """The index in a folder, emptied if it is no copy of this record or of another version.

    What is missing in it afterwards is sent by `sync`. While another process writes, it is taken as it is.
    """
    with store.exclusively("index") as is_ours:
        try:
            if not is_ours and not (folder / NAME).exists():
                raise UnusableIndex(f"There is no index in {folder} yet.")
            index = TantivyIndex(folder)
            if not is_ours or _is_copy(index, store):
                return index
        except UnusableIndex as error:
            if not is_ours:
                raise PantauError(
                    "Another process is making the index anew; try again in a moment."
                ) from error
        _empty(folder)
        store.forget_index()
        return TantivyIndex(folder)


class TantivyIndex:
    """A `SearchIndex` in a folder, or in memory without one."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._schema = _schema()
        if folder is None:
            self._index = tantivy.Index(self._schema)
        else:
            self._index = _open(self._schema, folder)
        spaces = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        self._index.register_tokenizer("spaces", spaces)
        self._seen = self._commit_time()

    def put(self, batch: Sequence[StoredArticle]) -> None:
        with self._writing() as writer:
            for each in batch:
                writer.delete_documents_by_term("id", each.id)
                writer.add_document(_document(analyse(each)))

    def remove(self, ids: Iterable[int]) -> None:
        with self._writing() as writer:
            for id in ids:
                writer.delete_documents_by_term("id", id)

    def clear(self) -> None:
        with self._writing() as writer:
            writer.delete_all_documents()

    def search(self, query: Query, *, limit: int = 10, offset: int = 0, sort: Sort = Sort.NEWEST) -> Hits:
        wanted = tantivy.Query.all_query() if query.tree is None else self._translated(query.tree)
        with self._reading() as searcher:
            begin = min(max(0, offset), searcher.num_docs)
            end = min(begin + max(0, limit), searcher.num_docs)
            if begin >= end:
                return Hits((), _total(searcher.search(wanted, limit=1)))
            if sort == Sort.RELEVANCE and any(isinstance(each, Word | Phrase) for each in _leaves(query)):
                return _by_relevance(searcher, wanted, begin, end)
            found = searcher.search(wanted, limit=end - begin, offset=begin, order_by_field="order")
            return Hits(tuple(_id(order) for order, _ in found.hits), _total(found))

    def info(self) -> Info:
        with self._reading() as searcher:
            return Info(searcher.num_docs, VERSION)

    def close(self) -> None:
        del self._index

    def newest(self, limit: int) -> list[tuple[int, int, int]]:
        """Id, revision and time of publishing, in seconds since 1970, of the newest articles."""
        with self._reading() as searcher:
            found = searcher.search(tantivy.Query.all_query(), limit=limit, order_by_field="order").hits
            columns = (searcher.fast_field_values(name, [each for _, each in found]) for name in _IDENTITY)
            return [
                (int(id or 0), int(revision or 0), int(at or 0))
                for id, revision, at in zip(*columns, strict=True)
            ]

    def count(self, ids: Sequence[int]) -> int:
        """How many of these articles the index holds."""
        with self._reading() as searcher:
            wanted = tantivy.Query.boolean_query([(Occur.Should, self._term("id", id)) for id in ids])
            return _total(searcher.search(wanted, limit=1))

    @contextmanager
    def _writing(self) -> Iterator[tantivy.IndexWriter]:
        """A writer whose work is durable when the block ends, and undone when the block raises."""
        try:
            writer = self._index.writer(HEAP, num_threads=1)
        except ValueError as error:
            if "LockBusy" in str(error):
                raise PantauError(
                    "Another process is writing to the index; try again in a moment."
                ) from error
            raise PantauError(f"The index in {self._folder} cannot be written: {error}") from error
        try:
            yield writer
            writer.commit()
        except (ValueError, OSError) as error:
            raise PantauError(
                f"The index in {self._folder or 'memory'} cannot be written: {error}"
            ) from error
        except BaseException as error:
            if not _is_panic(error):
                raise
            raise self._broken(error) from error
        finally:
            with suppress(ValueError):
                writer.wait_merging_threads()
        self._index.reload()

    @contextmanager
    def _reading(self) -> Iterator[tantivy.Searcher]:
        """A searcher that sees what any process committed."""
        try:
            commit = self._commit_time()
            if commit != self._seen:
                self._index.reload()
                self._seen = commit
            yield self._index.searcher()
        except (ValueError, OSError) as error:
            raise self._broken(error) from error
        except BaseException as error:
            if not _is_panic(error):
                raise
            raise self._broken(error) from error

    def _commit_time(self) -> int:
        """When the folder last changed; the same for ever in memory."""
        try:
            return (self._folder / "meta.json").stat().st_mtime_ns if self._folder else 0
        except FileNotFoundError:
            return 0

    def _broken(self, error: BaseException) -> UnusableIndex:
        """Sees to it that the index is made anew when it is opened next."""
        if self._folder:
            with suppress(OSError):
                (self._folder / NAME).unlink()
        return UnusableIndex(
            f"The index in {self._folder or 'memory'} is broken ({error}); it is made anew at the next start."
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
                return self._unscored(self._term("source" if field == "source" else "regions", known))
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
    for name in ("source", "regions"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for field in query.FIELDS:
        if field != "published":
            builder.add_text_field(f"{field}_words", tokenizer_name="spaces")
    for field in _BOTH:
        builder.add_text_field(f"{field}_stems", tokenizer_name="spaces", index_option="freq")
    return builder.build()


def _document(fields: Fields) -> tantivy.Document:
    document = tantivy.Document()
    document.add_integer("id", fields.id)
    document.add_integer("revision", fields.revision)
    document.add_integer("published", floor(fields.published.timestamp()))
    document.add_unsigned("order", _order(floor(fields.published.timestamp()), fields.id))
    document.add_text("source", fields.source)
    for code in fields.regions:
        document.add_text("regions", code)
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


def _by_relevance(searcher: tantivy.Searcher, wanted: tantivy.Query, begin: int, end: int) -> Hits:
    size = end + 1
    while True:  # until all that are as relevant as the last one wanted are among the hits
        found = searcher.search(wanted, limit=size)
        scores = [score for score, _ in found.hits]
        if len(scores) < size or scores[-1] < scores[end - 1] or size > end + MAX_TIES:
            break
        size *= 4
    orders = searcher.fast_field_values("order", [address for _, address in found.hits])
    ranked = sorted(zip(scores, map(int, filter(None, orders)), strict=True), reverse=True)
    return Hits(tuple(_id(order) for _, order in ranked[begin:end]), _total(found))


# The folder


def _open(schema: tantivy.Schema, folder: Path) -> tantivy.Index:
    """Open or make the index; raises UnusableIndex for what is not of this version."""
    _prepare(folder)
    try:
        if not (folder / "meta.json").exists() and not any(folder.iterdir()):
            index = tantivy.Index(schema, path=str(folder))
            _write_version(folder)
            return index
        if json.loads((folder / NAME).read_text(encoding="utf-8")) != {"version": VERSION}:
            raise UnusableIndex(f"The index in {folder} is of another version.")
        index = tantivy.Index(schema, path=str(folder))
        index.searcher()
        return index
    except UnusableIndex:
        raise
    except BaseException as error:
        if not (isinstance(error, ValueError | OSError) or _is_panic(error)):
            raise
        raise UnusableIndex(f"The index in {folder} is broken: {error}") from error


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise UnusableIndex(f"{folder} is no folder.") from error
    except OSError as error:
        raise PantauError(f"The index folder {folder} cannot be made: {error.strerror}.") from error


def _write_version(folder: Path) -> None:
    new = folder / f"{NAME}.new"
    new.write_text(json.dumps({"version": VERSION}), encoding="utf-8")
    new.replace(folder / NAME)


def _empty(folder: Path) -> None:
    try:
        if folder.is_dir():
            shutil.rmtree(folder)
        else:
            folder.unlink(missing_ok=True)
    except OSError as error:
        raise PantauError(f"The index folder {folder} cannot be emptied: {error}.") from error


def _is_copy(index: TantivyIndex, store: Store) -> bool:
    """Whether the index was made from this record: looks at the newest articles of both."""
    held = index.newest(SAMPLE)
    columns = (articles.c.id, articles.c.revision, articles.c.published)
    sent = sa.select(articles.c.id).where(articles.c.indexed_revision > 0).order_by(articles.c.id.desc())
    with store.reading() as connection:
        rows = connection.execute(
            sa.select(*columns).where(articles.c.id.in_([id for id, _, _ in held]))
        ).all()
        ids = connection.scalars(sent.limit(SAMPLE)).all()
    known = {row.id: (row.revision, floor(row.published.timestamp())) for row in rows}
    return index.count(ids) == len(ids) and all(
        id in known and (known[id] == (revision, seconds) or known[id][0] > revision)
        for id, revision, seconds in held
    )
