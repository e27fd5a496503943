"""How fast searches are: the embedded index beside SQLite's FTS5 and, where one is given, Elasticsearch.

    python benchmarks/search.py [--articles 10000 100000 1000000] [--corpus FILE.jsonl.gz] [--elasticsearch URL]

The articles are made of Indonesian words as frequent as they are (wordfreq), each of some 200 words, over five years and
sixty sources; with `--corpus` they are the real ones of a file of JSON lines with sumber, judul and isi_berita, again and
again. All engines get the same articles and answer the same questions, each a hundred times with other words; figures are
milliseconds, half of the answers (p50) and 95 of 100 (p95) are not slower. The peer holds the same stems in a table with
title and text, and answers with total, and facets where asked, as ours does.
"""

import argparse
import gzip
import json
import os
import random
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from statistics import quantiles

import wordfreq

from indexer import query, regions
from indexer.article import Article
from indexer.index import FACETS, Interval, SearchIndex, Sort, analyse
from indexer.store import StoredArticle
from indexer.tantivy_index import TantivyIndex

BATCH = 1000
WORDS = 200
RUNS = 100
ENOUGH = 20
"""Seconds after which a question that takes long has been asked often enough."""
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SOURCES = [f"portal_{number:02}" for number in range(60)]
CODES = [code for code in ("31", "32", "36") for _ in range(3)] + [
    "36.02",
    "36.01",
    "36.73",
    "32.04",
    "31.71",
]


@dataclass(frozen=True)
class Question:
    """What is asked again and again, with other words."""

    name: str
    ask: Callable[[random.Random], str]
    sort: Sort = Sort.NEWEST
    facets: Sequence[str] = ()
    interval: Interval | None = None


def main() -> None:
    options = _options()
    for count in options.articles:
        print(f"\n{count:,} articles")
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), count, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--elasticsearch", metavar="URL", default="")
    parser.add_argument("--no-peer", action="store_true")
    return parser.parse_args()


def _measure(folder: Path, count: int, options: argparse.Namespace) -> None:
    vocabulary = Vocabulary()
    ours = TantivyIndex(folder / "index")
    engines: dict[str, Answering | Peer] = {"ours": Answering(ours)}
    _fill(ours, "ours", _articles(count, vocabulary, options.corpus))
    if not options.no_peer:
        peer = Peer(folder / "peer.db")
        peer.fill(_articles(count, vocabulary, options.corpus))
        engines["FTS5"] = peer
    if options.elasticsearch:
        engines["Elasticsearch"] = Answering(_elasticsearch(options, count, vocabulary))
    print(
        f"{'p50 (p95) ms':<42}" + "".join(f"{name:>24}" for name in engines) + f"{'p50 of FTS5 / ours':>22}"
    )
    for question in _questions(vocabulary):
        found = {name: engine.measure(question) for name, engine in engines.items()}
        cells = "".join(f"{f'{p50:.1f} ({p95:.1f})':>24}" for p50, p95 in found.values())
        ratio = f"{found['FTS5'][0] / found['ours'][0]:>21.1f}x" if "FTS5" in found else ""
        print(f"{question.name:<42}{cells}{ratio}")


def _fill(index: SearchIndex, name: str, batches: Iterator[list[StoredArticle]]) -> None:
    seconds, count = 0.0, 0
    begin = time.perf_counter()
    with index.rebuilding() as new:
        seconds += time.perf_counter() - begin
        for batch in batches:
            begin = time.perf_counter()
            new.put(batch)
            seconds += time.perf_counter() - begin
            count += len(batch)
        begin = time.perf_counter()
    seconds += time.perf_counter() - begin
    size = index.info().size
    print(f"{name}: {count / seconds:,.0f} articles/s indexed, {size / 1e6:,.0f} MB")


# The articles


class Vocabulary:
    """Indonesian words by how frequent they are."""

    def __init__(self) -> None:
        frequencies = wordfreq.get_frequency_dict("id", wordlist="best")
        self.words = [word for word in frequencies if word.isalpha()]
        self.weights = [*accumulate(frequencies[word] for word in self.words)]

    def draw(self, chance: random.Random, count: int) -> list[str]:
        return chance.choices(self.words, cum_weights=self.weights, k=count)

    def among(self, chance: random.Random, begin: int, end: int) -> str:
        """A word of these ranks."""
        return chance.choice(self.words[begin:end])


def _articles(count: int, vocabulary: Vocabulary, corpus: Path | None) -> Iterator[list[StoredArticle]]:
    made = _real(corpus) if corpus else _made(vocabulary)
    numbered = (StoredArticle(id, 1, id, NOW, article) for id, article in enumerate(made, 1))
    rest = islice(numbered, count)
    while batch := [*islice(rest, BATCH)]:
        yield batch


def _made(vocabulary: Vocabulary) -> Iterator[Article]:
    chance = random.Random(7)
    number = 0
    while True:
        number += 1
        words = vocabulary.draw(chance, 8 + max(20, int(chance.gauss(WORDS, WORDS / 4))))
        sentences = [
            " ".join(words[begin : begin + 16]).capitalize() + "." for begin in range(8, len(words), 16)
        ]
        yield Article(
            source=chance.choice(SOURCES),
            url=f"https://portal.example/berita/{number}",
            title=" ".join(words[:8]).capitalize(),
            paragraphs=tuple(sentences),
            published=NOW - timedelta(seconds=chance.randrange(5 * 365 * 86400)),
            place=regions.names(chance.choice(CODES))[0],
            authors=(f"{vocabulary.among(chance, 500, 3000)} {vocabulary.among(chance, 500, 3000)}".title(),),
            tags=(vocabulary.among(chance, 100, 1000),),
            region="36",
            kind=chance.choice(["agency", "press", "government"]),
        )


def _real(corpus: Path) -> Iterator[Article]:
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    number = 0
    while True:
        for row in rows:
            number += 1
            yield Article(
                source=re.sub(r"\W+", "_", row["sumber"]) or "portal",
                url=f"https://portal.example/berita/{number}",
                title=row["judul"] or "Tanpa judul",
                paragraphs=tuple(each for each in row["isi_berita"].split("\n") if each.strip())
                or ("Kosong.",),
                published=NOW - timedelta(minutes=number),
                region="36",
            )


# The questions


def _questions(vocabulary: Vocabulary) -> list[Question]:
    def word(begin: int, end: int) -> Callable[[random.Random], str]:
        return lambda chance: vocabulary.among(chance, begin, end)

    def phrase(first: int, last: int) -> Callable[[random.Random], str]:
        among = vocabulary.among
        return lambda chance: f'"{among(chance, first, last)} {among(chance, first, last)}"'

    def boolean(chance: random.Random) -> str:
        a, b, c, d, e = (vocabulary.among(chance, begin, 10 * begin) for begin in (20, 50, 100, 200, 300))
        return f"({a} OR {b} OR {c}) {d} -{e}"

    def prefix(chance: random.Random) -> str:
        return vocabulary.among(chance, 500, 5000)[:4] + "*"

    def period(chance: random.Random) -> str:
        day = NOW - timedelta(days=chance.randrange(30, 1800))
        until = day + timedelta(days=30)
        source = chance.choice(SOURCES).split("_")[1]
        return f"sumber:{source} terbit:[{day:%Y-%m-%d} TO {until:%Y-%m-%d}]"

    common, all_facets = word(20, 60), FACETS
    return [
        Question("rare word, newest", word(15_000, 25_000)),
        Question("common word, newest, total and facets", common, facets=all_facets),
        Question("common word, relevance, total and facets", common, Sort.RELEVANCE, all_facets),
        Question("phrase of frequent words, newest", phrase(30, 1000)),
        Question("phrase of the 30 commonest, newest", phrase(0, 30)),
        Question("five terms, relevance", boolean, Sort.RELEVANCE),
        Question("prefix, newest", prefix),
        Question("a month of one source, newest", period),
        Question("common word, histogram by day", common, interval=Interval.DAY),
        Question("common word, histogram by month", common, interval=Interval.MONTH),
    ]


class Answering:
    """An index of ours, asked."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index

    def measure(self, question: Question) -> tuple[float, float]:
        return _timed(question, lambda text: self._ask(text, question))

    def _ask(self, text: str, question: Question) -> None:
        self._index.search(
            query.parse(text, NOW),
            limit=20,
            sort=question.sort,
            facets=question.facets,
            interval=question.interval,
        )


def _timed(question: Question, ask: Callable[[str], object]) -> tuple[float, float]:
    chance = random.Random(11)
    texts = [question.ask(chance) for _ in range(RUNS + 10)]
    took = []
    for text in texts:
        begin = time.perf_counter()
        ask(text)
        took.append(1000 * (time.perf_counter() - begin))
        if sum(took) > 1000 * ENOUGH and len(took) >= RUNS // 4:
            break
    cuts = quantiles(took[10:], n=20)  # the first ones only warm up
    return cuts[9], cuts[18]


def _elasticsearch(options: argparse.Namespace, count: int, vocabulary: Vocabulary) -> SearchIndex:
    os.environ["PANTAU_ELASTICSEARCH_URL"] = options.elasticsearch
    os.environ["PANTAU_ELASTICSEARCH_INDEX"] = "pantau-benchmark"
    from indexer.config import load_config
    from indexer.engines import open_index

    index = open_index(load_config())
    _fill(index, "Elasticsearch", _articles(count, vocabulary, options.corpus))
    return index


# The peer


class Peer:
    """SQLite's FTS5 over the same stems, with the same facts in a table beside it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._database = sqlite3.connect(file)
        self._database.executescript(
            "CREATE VIRTUAL TABLE texts USING fts5(title, text, content='', tokenize=\"unicode61 remove_diacritics 0\");"
            "CREATE TABLE facts (id INTEGER PRIMARY KEY, published INTEGER, day INTEGER, source, region, kind);"
            "CREATE INDEX facts_published ON facts (source, published);"
        )

    def fill(self, batches: Iterator[list[StoredArticle]]) -> None:
        seconds, count = 0.0, 0
        for batch in batches:
            begin = time.perf_counter()
            for each in batch:
                self._add(each)
            self._database.commit()
            seconds += time.perf_counter() - begin
            count += len(batch)
        print(f"FTS5: {count / seconds:,.0f} articles/s indexed, {self._file.stat().st_size / 1e6:,.0f} MB")

    def _add(self, stored: StoredArticle) -> None:
        fields = analyse(stored)
        at = int(fields.published.timestamp())
        row = (stored.id, " ".join(fields.stems["title"]), " ".join(fields.stems["text"]))
        self._database.execute("INSERT INTO texts (rowid, title, text) VALUES (?, ?, ?)", row)
        facts = (
            stored.id,
            at,
            at // 86400,
            fields.source,
            fields.regions[-1] if fields.regions else "",
            fields.kind,
        )
        self._database.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)", facts)

    def measure(self, question: Question) -> tuple[float, float]:
        return _timed(question, lambda text: self._ask(text, question))

    def _ask(self, text: str, question: Question) -> None:
        match, facts, values = _for_fts(query.parse(text, NOW).tree)
        source = "facts JOIN texts ON texts.rowid = facts.id" if match else "facts"
        where = " AND ".join([*(["texts MATCH ?"] if match else []), *facts]) or "1"
        given = [*([match] if match else []), *values]
        order = "bm25(texts, 2.0, 1.0)" if question.sort == Sort.RELEVANCE else "published DESC"
        run = self._database.execute
        run(f"SELECT facts.id FROM {source} WHERE {where} ORDER BY {order} LIMIT 20", given).fetchall()
        run(f"SELECT count(*) FROM {source} WHERE {where}", given).fetchall()
        columns = [
            *(each for each in question.facets if each != "topic"),
            *(["day"] if question.interval else []),
        ]
        for column in columns:
            run(f"SELECT {column}, count(*) FROM {source} WHERE {where} GROUP BY 1", given).fetchall()


def _for_fts(node: query.Node | None) -> tuple[str, list[str], list[int | str]]:
    """The words as FTS5 writes them; conditions on facts, and their values."""
    if isinstance(node, query.And):
        parts = [_for_fts(part) for part in node.parts if not isinstance(part, query.Not)]
        words = " AND ".join(f"({match})" for match, _, _ in parts if match)
        without = [_for_fts(part.part)[0] for part in node.parts if isinstance(part, query.Not)]
        match = f"({words}) NOT ({without[0]})" if without else words
        return (
            match,
            [fact for _, facts, _ in parts for fact in facts],
            [each for _, _, v in parts for each in v],
        )
    if isinstance(node, query.Or):
        return " OR ".join(_for_fts(part)[0] for part in node.parts), [], []
    if isinstance(node, query.Range):
        assert node.since and node.until
        begin, end = (
            datetime.combine(day, datetime.min.time(), UTC).timestamp() for day in (node.since, node.until)
        )
        return "", ["published BETWEEN ? AND ?"], [int(begin), int(end)]
    if isinstance(node, query.Word) and node.field == "source":
        return "", ["source = ?"], [f"portal_{node.word}"]
    return _leaf(node), [], []


def _leaf(node: query.Node | None) -> str:
    from indexer.language import stem

    match node:
        case query.Word(word):
            return f'"{stem(word)}"'
        case query.Phrase(words):
            return f'"{" ".join(map(stem, words))}"'
        case query.Prefix(start):
            return f'"{start}"*'
    raise ValueError(node)


if __name__ == "__main__":
    main()
