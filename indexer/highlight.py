"""Where a text answers a query."""

from dataclasses import dataclass

from indexer import language
from indexer.query import Query


@dataclass(frozen=True)
class Passage:
    """A piece of a text with the spans of words that answer, as offsets into `text`."""

    text: str
    marks: tuple[tuple[int, int], ...]


def passage(text: str, query: Query, length: int = 240) -> Passage:
    """The beginning of the text where the query is first answered."""
    stems = {language.stem(word) for word in query.words}
    spans = [(t.start, t.end) for t in language.tokens(text) if language.stem(t.word) in stems]
    start = max(0, spans[0][0] - length // 3) if spans else 0
    piece = text[start : start + length]
    marks = tuple((a - start, b - start) for a, b in spans if a >= start and b <= start + length)
    return Passage(piece, marks)
