"""What a search for each word finds: Elasticsearch's own `indonesian` analyzer beside ours, by the lemmas of treebanks.

    python tests/servers.py start elasticsearch DIR        # prints an address
    python benchmarks/parity.py --elasticsearch ADDRESS

Each word of a treebank becomes a text of its own, indexed in one field by the server's analyzer and in another by our
stems. Each word is then searched in both: recall is the share of the texts with its lemma that are found, precision the
share of the texts found that have its lemma, its own text not counted; both over all words together.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch, helpers
from stems import CORPUS, TREEBANKS, read_lemmas

from indexer.language import stem

INDEX = "pantau-parity"
FIELDS = {"own": "Elasticsearch's indonesian", "ours": "Pantau"}
AT_ONCE = 500
EXAMPLES = 12


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--elasticsearch", metavar="ADDRESS", required=True)
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="folder of the treebanks")
    options = parser.parse_args()
    with Elasticsearch(options.elasticsearch, request_timeout=60) as server:
        for name, files in TREEBANKS.items():
            lemmas = read_lemmas(*(options.corpus / file for file in files))
            print(f"\nUD-{name}, {len(lemmas):,} words{'recall':>25}{'precision':>11}{'F1':>7}")
            _fill(server, lemmas)
            try:
                found = {field: _search(server, lemmas, field) for field in FIELDS}
            finally:
                server.indices.delete(index=INDEX)
            for field, label in FIELDS.items():
                print(f"  {label:<38}{_scored(lemmas, found[field])}")
            _print_examples(lemmas, found)


def _fill(server: Elasticsearch, lemmas: Mapping[str, str]) -> None:
    server.options(ignore_status=404).indices.delete(index=INDEX)
    fields = {"own": {"type": "text", "analyzer": "indonesian"}, "ours": {"type": "keyword"}}
    server.indices.create(index=INDEX, mappings={"properties": fields}, settings={"number_of_replicas": 0})
    words = ({"_index": INDEX, "_id": word, "own": word, "ours": stem(word)} for word in lemmas)
    helpers.bulk(server, words, refresh=True)


def _search(server: Elasticsearch, lemmas: Mapping[str, str], field: str) -> dict[str, set[str]]:
    """By each word: the words whose texts are found."""
    found: dict[str, set[str]] = {}
    words = iter(lemmas)
    while some := [*islice(words, AT_ONCE)]:
        answers = server.msearch(index=INDEX, searches=[*_searches(some, field)])["responses"]
        for word, answer in zip(some, answers, strict=True):
            found[word] = {hit["_id"] for hit in answer["hits"]["hits"]} - {word}
    return found


def _searches(words: Sequence[str], field: str) -> Iterator[dict[str, Any]]:
    for word in words:
        wanted = {"match": {"own": word}} if field == "own" else {"term": {"ours": stem(word)}}
        yield {}
        yield {"query": wanted, "size": 1000, "_source": False}


def _families(lemmas: Mapping[str, str]) -> dict[str, set[str]]:
    families: defaultdict[str, set[str]] = defaultdict(set)
    for word, lemma in lemmas.items():
        families[lemma].add(word)
    return {word: families[lemma] - {word} for word, lemma in lemmas.items()}


def _scored(lemmas: Mapping[str, str], found: Mapping[str, set[str]]) -> str:
    wanted = _families(lemmas)
    right = sum(len(found[word] & wanted[word]) for word in lemmas)
    recall = right / sum(map(len, wanted.values()))
    precision = right / max(1, sum(map(len, found.values())))
    return f"{recall:>6.3f}{precision:>11.3f}{2 * recall * precision / (recall + precision):>7.3f}"


def _print_examples(lemmas: Mapping[str, str], found: Mapping[str, Mapping[str, set[str]]]) -> None:
    """Some words for which the server misses most that we find, and the other way round."""
    wanted = _families(lemmas)
    for better, worse in (("ours", "own"), ("own", "ours")):
        gained = {word: (found[better][word] - found[worse][word]) & wanted[word] for word in lemmas}
        total = sum(map(len, gained.values()))
        print(f"  found by {FIELDS[better]} and missed by {FIELDS[worse]}: {total:,} pairs")
        for word in sorted(gained, key=lambda word: (-len(gained[word]), word))[:EXAMPLES]:
            if gained[word]:
                print(f"    {word}: {' '.join(sorted(gained[word])[:6])}")


if __name__ == "__main__":
    main()
