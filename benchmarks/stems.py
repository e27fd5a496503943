"""How well stems gather related words and keep others apart, beside other free stemmers.

Measured on pairs of word types: recall is the share of pairs with one lemma that also have one stem,
precision the share of pairs with one stem that also have one lemma. The lemmas are those of two treebanks,
read from the folder shared/corpus beside the project; the families of news words are Pantau's own.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from indexer.language import stem

FAMILIES = Path(__file__).with_name("families.txt")
CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
TREEBANKS = {
    "GSD": ("id_gsd-ud-dev.conllu", "id_gsd-ud-test.conllu"),
    "CSUI": ("id_csui-ud-train.conllu", "id_csui-ud-test.conllu"),
}
NO_WORDS = {"PROPN", "PUNCT", "NUM", "SYM", "X"}
"""Parts of speech that are left out: names, signs, numbers and foreign words have no stem to find."""

Stemmer = Callable[[str], str]


class Score(NamedTuple):
    """Shares of pairs, from 0 to 1."""

    recall: float
    precision: float
    f1: float


class FamilyScore(NamedTuple):
    """Pairs within families that got different stems, as a share, and families that got one stem."""

    missed: float
    missed_pairs: list[tuple[str, str]]
    merged_pairs: list[tuple[str, str]]


def read_lemmas(*files: Path) -> dict[str, str]:
    """The lemma that each word of CoNLL-U files has most often, both in lower case."""
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            match line.split("\t"):
                case [number, form, lemma, kind, *_] if (
                    number.isdigit() and form.isalpha() and kind not in NO_WORDS
                ):
                    seen[form.lower()][lemma.lower()] += 1
    return {word: lemmas.most_common(1)[0][0] for word, lemmas in seen.items() if word.isalpha()}


def score(lemmas: dict[str, str], stemmer: Stemmer) -> Score:
    """Recall, precision and F1 of the pairs that a stemmer brings together."""
    stem_of = {word: stemmer(word) for word in lemmas}
    both = _count_pairs((lemmas[word], stem_of[word]) for word in lemmas)
    recall = both / _count_pairs(lemmas.values())
    precision = both / max(_count_pairs(stem_of.values()), 1)
    return Score(recall, precision, 2 * recall * precision / max(recall + precision, 1e-9))


def _count_pairs(keys: Iterable[object]) -> int:
    return sum(n * (n - 1) // 2 for n in Counter(keys).values())


def read_families(file: Path = FAMILIES) -> list[list[str]]:
    """The families, each a list of words."""
    lines = (line.partition("#")[0].split() for line in file.read_text(encoding="utf-8").splitlines())
    return [family for family in lines if family]


def score_families(families: list[list[str]], stemmer: Stemmer) -> FamilyScore:
    """Which pairs of a family a stemmer misses, and which words of two families it merges."""
    pairs = [pair for family in families for pair in combinations(family, 2)]
    missed = [(one, other) for one, other in pairs if stemmer(one) != stemmer(other)]
    words = [(word, number) for number, family in enumerate(families) for word in family]
    by_stem: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for word, number in words:
        by_stem[stemmer(word)].append((word, number))
    merged = [
        (one, other)
        for group in by_stem.values()
        for (one, first), (other, second) in combinations(group, 2)
        if first != second
    ]
    return FamilyScore(len(missed) / len(pairs), missed, merged)


def _stemmers() -> dict[str, Stemmer]:
    import simplemma
    import Stemmer as snowball  # noqa: N813 (PyStemmer)

    return {
        "Pantau": stem,
        "simplemma": lambda word: simplemma.lemmatize(word, "id").lower(),
        "PyStemmer": snowball.Stemmer("indonesian").stemWord,
        "no stemming": lambda word: word,
    }


def _print_treebanks(stemmers: dict[str, Stemmer], corpus: Path) -> None:
    for name, files in TREEBANKS.items():
        paths = [corpus / file for file in files]
        absent = [str(path) for path in paths if not path.exists()]
        if absent:
            print(f"\nUD-{name}: skipped, not there: {', '.join(absent)}")
            continue
        lemmas = read_lemmas(*paths)
        print(f"\nUD-{name}, {len(lemmas):,} words         recall  precision  F1")
        for label, stemmer in stemmers.items():
            result = score(lemmas, stemmer)
            print(f"  {label:<28}{result.recall:>6.3f}{result.precision:>11.3f}{result.f1:>7.3f}")


def _print_families(stemmers: dict[str, Stemmer]) -> None:
    families = read_families()
    count = sum(map(len, families))
    print(f"\nOwn list, {count:,} words in {len(families)} families   pairs missed  wrong merges")
    for label, stemmer in stemmers.items():
        result = score_families(families, stemmer)
        print(f"  {label:<38}{result.missed:>9.1%}{len(result.merged_pairs):>14}")
    ours = score_families(families, stem)
    for title, found in (("missed", ours.missed_pairs), ("wrong merge", ours.merged_pairs)):
        for one, other in found:
            print(f"  {title} by Pantau: {one} / {other}")


def _print_speed(stemmers: dict[str, Stemmer]) -> None:
    words = [word for family in read_families() for word in family]
    print("\nMicroseconds a word, first time and repeated (caches of the stemmers as they come)")
    for label, stemmer in stemmers.items():
        if label == "Pantau":
            stem.cache_clear()
        first, again = (_time(stemmer, words) for _ in range(2))
        print(f"  {label:<28}{first:>8.2f}{again:>8.2f}")


def _time(stemmer: Stemmer, words: list[str]) -> float:
    began = perf_counter()
    for word in words:
        stemmer(word)
    return (perf_counter() - began) / len(words) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="folder of the treebanks")
    corpus = parser.parse_args().corpus
    stemmers = _stemmers()
    for stemmer in stemmers.values():
        stemmer("zzmembaca")  # the data is loaded before anything is timed
    _print_treebanks(stemmers, corpus)
    _print_families(stemmers)
    _print_speed(stemmers)


if __name__ == "__main__":
    main()
