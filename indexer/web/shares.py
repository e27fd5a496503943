"""How hits are divided among sources, regions and other values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from babel.numbers import format_percent

from indexer.web.texts import Texts

SHOWN = 10


@dataclass(frozen=True)
class Share:
    """What one value has of all hits."""

    name: str
    url: str
    count: str
    percent: str
    width: str
    """Of its bar, in percent of the longest."""


def shares(
    counts: Mapping[str, int],
    total: int,
    texts: Texts,
    name_of: Callable[[str], str],
    url_of: Callable[[str], str],
) -> list[Share]:
    """The values with most hits."""
    highest = max(counts.values(), default=0)
    return [
        Share(
            name_of(value),
            url_of(value),
            texts.number(count),
            format_percent(count / total, locale=texts.language) if total else "",
            f"{100 * count / highest:.1f}" if highest else "0",
        )
        for value, count in sorted(counts.items(), key=lambda each: -each[1])[:SHOWN]
    ]


def points(counts: Sequence[int], highest: int | None = None, height: float = 24) -> str:
    """Counts as the points of a line that is 100 wide, `highest` at its top; the highest of them if none is given."""
    top, step = highest or max(counts, default=0) or 1, 100 / max(1, len(counts) - 1)
    return " ".join(
        f"{place * step:.1f},{height - count / top * (height - 2) - 1:.1f}"
        for place, count in enumerate(counts)
    )
