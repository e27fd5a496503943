"""How well regions are recognised in sentences labelled by hand, and how fast, beside a plain look-up of names.

    python benchmarks/regions.py [--show development] [--corpus FOLDER]

The labels are in `regions.toml`: made sentences, many of them hard, those of the demo's portal, and real ones, of
which only the place in the folder shared/corpus beside the project is kept. By the first sign of its SHA-256 the
faults in a sentence were looked at while the rules were made (development) or not (held out). Two later draws were
labelled after the rules had been written and looked at after they had been measured once.
A region's parents are not counted: they come with it.
"""

import argparse
import gzip
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

from indexer import regions
from indexer.article import Article

LABELS = Path(__file__).with_suffix(".toml")
CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
NEWS = "news-2025-06.jsonl.gz"
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")

Recogniser = Callable[["Labelled"], tuple[str, ...]]


@dataclass(frozen=True)
class Labelled:
    """A sentence, as a title or as text, with the codes it names."""

    group: str
    codes: frozenset[str]
    title: str = ""
    text: str = ""
    source: str = ""

    @property
    def half(self) -> str:
        """Which half it is in, or which later draw."""
        if self.group in ("second", "third"):
            return self.group
        return "held out" if int(_digest(self.title + self.text)[0], 16) % 2 else "development"


class Score(NamedTuple):
    """Shares from 0 to 1 of codes, and of sentences answered without a fault."""

    precision: float
    recall: float
    exact: float


def read_labels(file: Path = LABELS, corpus: Path = CORPUS) -> list[Labelled]:
    """All labelled sentences that are there; real ones are left out where the corpus is absent."""
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    found = [_labelled(group, row) for group in ("written", "demo") for row in table[group]]
    for group in ("corpus", "second", "third"):
        found += [_referred(group, row, corpus) for row in table[group] if (corpus / row["file"]).exists()]
    return found


def score(labelled: list[Labelled], recogniser: Recogniser) -> Score:
    """Precision and recall over all codes of all sentences."""
    pairs = [(_without_parents(each.codes), _without_parents(recogniser(each))) for each in labelled]
    right = sum(len(codes & found) for codes, found in pairs)
    all_found, all_codes = (sum(map(len, side)) for side in zip(*[(f, c) for c, f in pairs], strict=True))
    return Score(
        right / max(all_found, 1),
        right / max(all_codes, 1),
        sum(codes == found for codes, found in pairs) / len(pairs),
    )


def ours(labelled: Labelled) -> tuple[str, ...]:
    """Pantau's recognition."""
    return regions.recognise(labelled.title, "", labelled.text, labelled.source)


def plain(labelled: Labelled) -> tuple[str, ...]:
    """Every name of the table that stands in the text as it is written in the table, the longest first."""
    found = _plain_pattern().findall(labelled.title + labelled.text)
    return tuple(dict.fromkeys(code for name in found for code in _plain_names()[name]))


def _labelled(group: str, row: dict[str, Any]) -> Labelled:
    return Labelled(group, **{**row, "codes": frozenset(row["codes"])})


def _referred(group: str, row: dict[str, Any], corpus: Path) -> Labelled:
    """A real sentence by its place; a file that changed since is told."""
    news, file = row["file"] == NEWS, corpus / row["file"]
    sentence = _news(file)[row["record"]][row["sentence"]] if news else _treebank(file)[row["id"]]
    if not _digest(sentence).startswith(row["sha256"]):
        raise SystemExit(f"{row['file']} is not the file that was labelled: {row}")
    is_title = news and row["sentence"] == 0
    return Labelled(group, frozenset(row["codes"]), **{"title": sentence} if is_title else {"text": sentence})


@cache
def _treebank(file: Path) -> dict[str, str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    ids = [line.split("=", 1)[1].strip() for line in lines if line.startswith("# sent_id")]
    return dict(
        zip(
            ids,
            (line.split("=", 1)[1].strip() for line in lines if line.startswith("# text =")),
            strict=True,
        )
    )


@cache
def _news(file: Path) -> list[list[str]]:
    """Of each record its title and the sentences of its text."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        [row["judul"], *(s.strip() for s in _SENTENCE_END.split(row["isi_berita"] or "") if s.strip())]
        for row in rows
    ]


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _without_parents(codes: tuple[str, ...] | frozenset[str]) -> set[str]:
    return {code for code in codes if not any(other.startswith(f"{code}.") for other in codes)}


@cache
def _plain_names() -> dict[str, set[str]]:
    table: defaultdict[str, set[str]] = defaultdict(set)
    towns = tomllib.loads(regions.FILE.read_text(encoding="utf-8"))["towns"]
    for code in regions.all_codes():
        for name in (*regions.names(code), *towns.get(code, ())):
            table[name].add(code)
            table[re.sub("^((Kabupaten|Kota) (Administrasi )?)", "", name)].add(code)
    return dict(table)


@cache
def _plain_pattern() -> re.Pattern[str]:
    names = sorted(_plain_names(), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")


def _print_scores(labelled: list[Labelled]) -> None:
    recognisers: dict[str, Recogniser] = {"Pantau": ours, "plain look-up": plain}
    parts: dict[str, list[Labelled]] = {"all": labelled}
    for each in labelled:
        for name in {each.half, each.group}:
            parts.setdefault(name, []).append(each)
    print(f"{'':<14}{'sentences':>9}{'':>6}" + "".join(f"{name:<30}" for name in recognisers))
    print(f"{'':<29}" + f"{'precision  recall  exact':<30}" * 2)
    for name in ("all", "development", "held out", "second", "third", "written", "demo", "corpus"):
        if part := parts.get(name):
            scores = [score(part, recogniser) for recogniser in recognisers.values()]
            cells = [f"{s.precision:>9.3f}{s.recall:>8.3f}{s.exact:>7.3f}".ljust(30) for s in scores]
            print(f"{name:<14}{len(part):>9}{'':>6}" + "".join(cells))


def _show_faults(labelled: list[Labelled], half: str) -> None:
    for each in labelled:
        codes, found = _without_parents(each.codes), _without_parents(ours(each))
        if each.half == half and codes != found:
            print(
                f"  {each.group}: false {sorted(found - codes)} missed {sorted(codes - found)}: {each.title}{each.text}"
            )


def _articles(corpus: Path) -> Iterator[Article]:
    """Real articles of 250 to 350 words, or made ones where the corpus is absent."""
    file = corpus / NEWS
    if file.exists():
        for title, *sentences in _news(file):
            if title and 250 <= sum(len(sentence.split()) for sentence in sentences) <= 350:
                yield _article(title, *sentences)
    else:
        made = " ".join(each.text for each in read_labels(corpus=corpus) if each.group == "demo").split()
        yield from [_article("Lebak menekan angka kemiskinan", " ".join(made[:300]))] * 500


def _article(title: str, *paragraphs: str) -> Article:
    published = datetime(2025, 6, 18, tzinfo=UTC)
    return Article(
        source="x",
        url="https://x.example/1",
        title=title,
        paragraphs=paragraphs,
        published=published,
        place="Jakarta",
        region="36",
    )


def _print_speed(corpus: Path) -> None:
    articles = list(_articles(corpus))[:1000]
    regions.regions_of(articles[0])  # the table is read before anything is timed
    took = min(_time(articles) for _ in range(3))
    print(
        f"\n{len(articles):,} articles of some 300 words: {len(articles) / took:,.0f} a second of CPU, "
        f"{1000 * took / len(articles):.3f} ms each"
    )


def _time(articles: list[Article]) -> float:
    began = process_time()
    for article in articles:
        regions.regions_of(article)
    return process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="folder of the real sentences")
    parser.add_argument(
        "--show", choices=("development", "held out", "second", "third"), help="faults of one part"
    )
    options = parser.parse_args()
    labelled = read_labels(corpus=options.corpus)
    _print_scores(labelled)
    if options.show:
        _show_faults(labelled, options.show)
    _print_speed(options.corpus)


if __name__ == "__main__":
    main()
