"""Where a text answers a query: the words to mark, and the passages to show. One way for every engine."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from indexer import language, query
from indexer.language import Token
from indexer.query import Fuzzy, Leaf, Phrase, Prefix, Query, Word

LENGTH = 240
"""Characters of a passage."""
MAX_PHRASE = 120
"""Characters of a phrase that is marked as one; in a longer one each word is."""
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
    """A span that answers the leaf with this number."""

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
    leaves = [leaf for leaf in dict.fromkeys(query.sought(wanted.tree)) if _may_stand(leaf, field)]
    if not leaves:
        return []
    tokens = language.tokens(text)
    phrases = [(n, leaf) for n, leaf in enumerate(leaves) if isinstance(leaf, Phrase)]
    hits = [*_word_hits(tokens, leaves), *_phrase_hits(tokens, phrases)]
    return sorted(hits, key=lambda hit: (hit.start, hit.end))


def _may_stand(leaf: Leaf, field: Field) -> bool:
    return isinstance(leaf, Word | Phrase | Prefix | Fuzzy) and leaf.field in (None, field)


def _word_hits(tokens: Sequence[Token], leaves: Sequence[Leaf]) -> Iterator[_Hit]:
    """Words by stem, prefix and likeness; each distinct word of the text is looked at once."""
    tests = [(number, test) for number, leaf in enumerate(leaves) if (test := _test(leaf))]
    answers: dict[str, tuple[int, ...]] = {}
    for token in tokens if tests else ():
        found = answers.get(token.word)
        if found is None:
            word = query.shorten(token.word)
            found = answers[token.word] = tuple(number for number, test in tests if test(word))
        for number in found:
            yield _Hit(token.start, token.end, number)


def _test(leaf: Leaf) -> Callable[[str], bool] | None:
    match leaf:
        case Word(word):
            stem = language.stem(word)
            return lambda other: bool(language.stem(other) == stem)
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


def _phrase_hits(tokens: Sequence[Token], phrases: Sequence[tuple[int, Phrase]]) -> Iterator[_Hit]:
    needed = {word for _, phrase in phrases for word in phrase.words}
    places: dict[str, list[int]] = defaultdict(list)
    for number, token in enumerate(tokens if needed else ()):
        if (word := query.shorten(token.word)) in needed:
            places[word].append(number)
    for leaf, phrase in phrases:
        for run in _runs(phrase, places):
            first, last = tokens[run[0]], tokens[run[-1]]
            if last.end - first.start <= MAX_PHRASE and run[-1] - run[0] == len(run) - 1:
                yield _Hit(first.start, last.end, leaf)
            else:
                yield from (_Hit(tokens[n].start, tokens[n].end, leaf) for n in run)


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
