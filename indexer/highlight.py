"""Where a text answers a query: the words to mark, and the passages to show. One way for every engine."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from indexer import language, query
from indexer.query import Fuzzy, Key, Leaf, Node, Phrase, Prefix, Query, Word
from indexer.topics import topics

LENGTH = 240
"""Characters of a passage."""
MAX_PHRASE = 120
"""Characters of a phrase that is marked as one; in a longer one each word is."""
MAX_STEMS = 1 << 17
"""Written words of which the stem is kept."""
MAX_KNOWN = 20_000
"""Words of which it is kept which patterns of a query they answer."""
Field = Literal["title", "text"]
Span = tuple[int, int]


@dataclass(frozen=True)
class Passage:
    """A piece of a text with the spans of words that answer, as offsets into `text`."""

    text: str
    marks: tuple[Span, ...]
    start: int = 0
    """Where it begins in the whole text."""
    has_before: bool = False
    """Whether text stands before it."""
    has_after: bool = False
    """Whether text follows it."""

    def pieces(self) -> list[tuple[str, bool]]:
        """The text in order, each piece with whether it is marked; "…" stands for what was cut off."""
        found, position = [("… ", False)] * self.has_before, 0
        for start, end in self.marks:
            found += [(self.text[position:start], False), (self.text[start:end], True)]
            position = end
        found += [(self.text[position:], False), *([(" …", False)] * self.has_after)]
        return [piece for piece in found if piece[0]]


@dataclass(frozen=True, slots=True)
class _Hit:
    """A span that answers the leaf of the query with this number; all words of a topic answer one."""

    start: int
    end: int
    leaf: int


def mark(text: str, query: Query, field: Field = "text") -> tuple[Span, ...]:
    """The spans of a whole text that answer, in order and apart; `field` says what of its article it is."""
    return _apart((hit.start, hit.end) for hit in _hits(text, query, field))


def passage(text: str, query: Query, length: int = LENGTH) -> Passage:
    """The passage of a text that answers most of the query; its beginning if none does."""
    return passages(text, query, length, limit=1)[0]


def passages(text: str, query: Query, length: int = LENGTH, limit: int = 3) -> list[Passage]:
    """Passages that do not overlap, best first: with most of what the query asks, then marks, then first.

    Where nothing answers it is the beginning of the text; so there is always one.
    """
    hits = _hits(text, query, "text")
    taken: list[Span] = []
    for start, end in _windows(hits, length):
        if len(taken) == limit:
            break
        window = _widened(text, start, end, length)
        if all(window[1] <= other[0] or other[1] <= window[0] for other in taken):
            taken.append(window)
    marks = _apart((hit.start, hit.end) for hit in hits)
    return [_cut(text, window, marks) for window in taken or [_widened(text, 0, 0, length)]]


# Hits


def _hits(text: str, wanted: Query, field: Field) -> list[_Hit]:
    """All that answers, by place."""
    marker = _marker(wanted.tree, field)
    hits = [*marker.word_hits(text), *marker.phrase_hits(text)]
    return sorted(hits, key=lambda hit: (hit.start, hit.end)) if len(hits) > 1 else hits


@lru_cache(maxsize=64)
def _marker(tree: Node | None, field: Field) -> "_Marker":
    leaves = [
        (number, leaf)
        for number, asked in enumerate(dict.fromkeys(query.sought(tree)))
        for leaf in _meant(asked)
        if isinstance(leaf, Word | Phrase | Prefix | Fuzzy) and leaf.field in (None, field)
    ]
    return _Marker(leaves)


def _meant(leaf: Leaf) -> Iterable[Leaf]:
    """A topic stands for all that its own query seeks, any other leaf for itself."""
    if isinstance(leaf, Key) and leaf.field == "topic" and leaf.key in topics():
        return query.sought(topics()[leaf.key].query.tree)
    return (leaf,)


class _Marker:
    """What a query seeks in a field. Patterns look at each distinct word of all the texts once."""

    def __init__(self, leaves: Sequence[tuple[int, Leaf]]) -> None:
        stems: dict[str, set[int]] = defaultdict(set)
        for number, leaf in leaves:
            if isinstance(leaf, Word):
                stems[language.stem(leaf.word)].add(number)
        self._of_stem = {stem: tuple(numbers) for stem, numbers in stems.items()}
        self._tests = [(number, test) for number, leaf in leaves if (test := _test(leaf))]
        self._phrases = [(number, leaf) for number, leaf in leaves if isinstance(leaf, Phrase)]
        self._needed = {word for _, phrase in self._phrases for word in phrase.words}
        self._answers: dict[str, tuple[int, ...]] = {}

    def word_hits(self, text: str) -> list[_Hit]:
        """Words by stem, prefix and likeness. Where they stand is only looked up if there are any: that costs most."""
        if not (self._of_stem or self._tests):
            return []
        written = language.written(text)
        sought = self._of_stem
        if self._tests:
            answering = {run: found for run in {*written} if (found := self._tested(run))}
        else:
            answering = {run: sought[_stem_of[run]] for run in written if _stem_of[run] in sought}
        return [
            _Hit(start, start + len(run), number)
            for run, found in answering.items()
            for start in _places(run, written.count(run), text)
            for number in found
        ]

    def _tested(self, run: str) -> tuple[int, ...]:
        """What a word answers, as it is written, by its stem or by a pattern."""
        found = self._answers.get(run)
        if found is None:
            word = query.shorten(language.normalise(run))
            by_pattern = {number for number, test in self._tests if test(word)}
            found = tuple(by_pattern.union(self._of_stem.get(_stem_of[run], ())))
            if len(self._answers) < MAX_KNOWN:
                self._answers[run] = found
        return found

    def phrase_hits(self, text: str) -> Iterator[_Hit]:
        """Phrases as they are written."""
        if not self._needed:
            return
        runs = [*language.runs(text)]
        places: dict[str, list[int]] = defaultdict(list)
        for number, run in enumerate(runs):
            if (word := query.shorten(language.normalise(run[0]))) in self._needed:
                places[word].append(number)
        for leaf, phrase in self._phrases:
            for found in _runs(phrase, places):
                first, last = runs[found[0]], runs[found[-1]]
                if last.end() - first.start() <= MAX_PHRASE and found[-1] - found[0] == len(found) - 1:
                    yield _Hit(first.start(), last.end(), leaf)
                else:
                    yield from (_Hit(runs[n].start(), runs[n].end(), leaf) for n in found)


def _places(run: str, number: int, text: str) -> Iterator[int]:
    """Where a word stands that is written so, so many times. Looking at each word of the text takes longest: that is only
    needed where the letters also stand inside of others."""
    if text.count(run) != number:
        yield from (each.start() for each in language.runs(text) if each[0] == run)
        return
    place = -1
    for _ in range(number):
        place = text.index(run, place + 1)
        yield place


class _Stems(dict[str, str]):
    """The stems of words as they are written, as the index has them: a page looks up thousands."""

    def __missing__(self, run: str) -> str:
        if len(self) >= MAX_STEMS:
            self.clear()
        stem = self[run] = language.stem(query.shorten(language.normalise(run)))
        return stem


_stem_of = _Stems()


def _test(leaf: Leaf) -> Callable[[str], bool] | None:
    match leaf:
        case Prefix(start):
            return lambda other: other.startswith(start)
        case Fuzzy(word, _, distance):
            return lambda other: is_like(word, other, distance)
    return None


def is_like(word: str, other: str, distance: int) -> bool:
    """Whether a word becomes the other by at most `distance` letters changed, added, left out or swapped."""
    if abs(len(word) - len(other)) > distance:
        return False
    last: list[int] = []
    before: list[int] = []
    row: list[int] = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        last, before, row = before, row, [i]
        for j, own in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != own))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == own:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1] <= distance


def _runs(phrase: Phrase, places: dict[str, list[int]]) -> Iterator[list[int]]:
    """Where a phrase stands: the places of its words, each run beginning behind the one before."""
    free = 0
    for begin in places[phrase.words[0]]:
        if begin >= free and (run := _run(phrase, places, begin)):
            yield run
            free = run[-1] + 1


def _run(phrase: Phrase, places: dict[str, list[int]], begin: int) -> list[int] | None:
    """The phrase from this place on, each word at the first place that follows; None if it is not there."""
    run = [begin]
    for word in phrase.words[1:]:
        following = places[word]
        position = bisect_left(following, run[-1] + 1)
        if position == len(following):
            return None
        run.append(following[position])
        if run[-1] - begin - len(run) + 1 > phrase.slop:
            return None
    return run


# Passages


def _windows(hits: Sequence[_Hit], length: int) -> list[Span]:
    """From each hit to the last one within `length`: the best first."""
    scored = []
    counts: Counter[int] = Counter()
    behind = 0
    for number, first in enumerate(hits):
        while behind < len(hits) and (behind <= number or hits[behind].end - first.start <= length):
            counts[hits[behind].leaf] += 1
            behind += 1
        scored.append((-len(counts), number - behind, first.start, hits[behind - 1].end))
        counts[first.leaf] -= 1
        if not counts[first.leaf]:
            del counts[first.leaf]
    scored.sort()
    return [(start, end) for _, _, start, end in scored]


def _widened(text: str, start: int, end: int, length: int) -> Span:
    """A window around a span, at borders of words."""
    begin = _beginning(text, start, end, length)
    finish = min(len(text), max(end, begin + length))
    if finish < len(text):
        finish = next((n for n in range(finish, end, -1) if text[n].isspace()), end or finish)
    return begin, finish


def _beginning(text: str, start: int, end: int, length: int) -> int:
    """With the text if that is near, else with the span's own sentence, else some words before the span."""
    if end <= length:
        return 0
    early = min(start, end - length * 3 // 4)
    if sentences := [*_SENTENCE.finditer(text, early, start)]:
        return sentences[-1].end()
    some = start - max(0, length - (end - start)) // 3
    return next((n + 1 for n in range(some - 1, start) if text[n].isspace()), start)


_SENTENCE = re.compile(r"[.!?][”\"]?\s+|\n+")


def _cut(text: str, window: Span, marks: Sequence[Span]) -> Passage:
    piece = text[slice(*window)]
    start = window[0] + len(piece) - len(piece.lstrip())
    piece = piece.strip()
    end = start + len(piece)
    inside = marks[bisect_left(marks, (start, 0)) : bisect_left(marks, (end, 0))]
    return Passage(
        piece,
        tuple((a - start, b - start) for a, b in inside if b <= end),
        start,
        bool(text[:start].strip()),
        bool(text[end:].strip()),
    )


def _apart(spans: Iterator[Span]) -> tuple[Span, ...]:
    """Spans in order, those that overlap made one."""
    found: list[Span] = []
    for start, end in spans:
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return tuple(found)
