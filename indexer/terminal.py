"""What the commands print: in colour on a terminal, plain in a pipe."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from indexer import regions, topics
from indexer.article import Article
from indexer.diff import Kind, Piece
from indexer.highlight import Passage, mark, passage
from indexer.index import Hits
from indexer.query import Query
from indexer.store import StoredArticle

PIPE_WIDTH = 200
"""Columns for tables in a pipe, where nothing says how wide the reader's window is."""
out = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
err = Console(stderr=True, highlight=False)
COLOURS = {"ok": "green", "incomplete": "yellow", "failed": "red", "interrupted": "yellow"}
STYLES = {
    Kind.SAME: ("", "{}"),
    Kind.REMOVED: ("red strike", "[-{}-]"),
    Kind.ADDED: ("green underline", "{{+{}+}}"),
}
BAR = 40
"""Columns of the longest bar."""
COUNTS = ("pages", "new", "changed", "same", "failed")


def say(*parts: str | Text, style: str | None = None) -> None:
    """One line on standard output, never wrapped, never read as markup."""
    line = Text(style=style or "")
    for part in parts:
        line.append_text(part if isinstance(part, Text) else Text(part))
    out.print(line, soft_wrap=True)


def complain(sentence: str) -> None:
    """One sentence on standard error."""
    err.print(Text(sentence, style="red"), soft_wrap=True)


def marked(passage: Passage) -> Text:
    """A passage on one line, what answers marked: by colour, in a pipe by asterisks."""
    line = Text()
    for piece, is_marked in passage.pieces():
        text = re.sub(r"\s+", " ", piece)
        if not is_marked:
            line.append(text)
        else:
            line.append(text if out.is_terminal else f"*{text}*", style="bold yellow")
    return line


def show_hit(article: Article, source: str, wanted: Query) -> None:
    """A hit: date, source, title, passage and address."""
    facts = [f"{article.published:%Y-%m-%d %H:%M}", source, *([article.place] if article.place else [])]
    title = Passage(article.title, mark(article.title, wanted, "title"))
    say(Text("  ".join(facts), style="dim"))
    say(Text.assemble(marked(title), style="bold"))
    say(Text.assemble("  ", marked(passage(article.text, wanted))))
    say(Text(f"  {article.url}", style="blue"))
    say("")


def show_hits(found: Sequence[StoredArticle], names: Mapping[str, str], wanted: Query, total: int) -> None:
    """How the query was read if that is in doubt, hits, then how many there are in all."""
    for note in wanted.notes:
        say(note, style="yellow")
    for each in found:
        article = each.article
        show_hit(article, names.get(article.source, article.source), wanted)
    say(f"{total} articles" if total != 1 else "1 article", style="bold")


def show_counts(hits: Hits, sources: Mapping[str, str]) -> None:
    """Facets and histogram of hits, where they were asked for."""
    for facet, counts in hits.facets.items():
        rows = [(key, _name(facet, key, sources), f"{count:,}") for key, count in counts.items()]
        say("")
        out.print(table((facet, "name", "articles"), rows))
    if hits.histogram:
        most = max(hits.histogram.values())
        rows = [
            (day.isoformat(), "█" * ceil(BAR * count / most), f"{count:,}")
            for day, count in hits.histogram.items()
        ]
        say("")
        out.print(table(("from", "", "articles"), rows))


def _name(facet: str, key: str, sources: Mapping[str, str]) -> str:
    match facet:
        case "source":
            return sources.get(key, "")
        case "region":
            return regions.name_of(key)
        case "topic":
            return topics.title_of(key, "en")
    return ""


def show_article(stored: StoredArticle, source: str) -> None:
    """A whole article."""
    article = stored.article
    for name, value in (
        ("source", source),
        ("published", f"{article.published:%Y-%m-%d %H:%M %Z}"),
        ("place", article.place),
        ("authors", ", ".join(article.authors)),
        ("editor", article.editor),
        ("tags", ", ".join(article.tags)),
        ("address", article.url),
        ("revision", str(stored.revision)),
    ):
        if value:
            say(Text(f"{name:<10}", style="dim"), value)
    say("")
    say(Text(article.title, style="bold"))
    for paragraph in article.paragraphs:
        say("")
        say(paragraph)


def show_diff(pieces: Iterable[Piece]) -> None:
    """What changed: by colour, in a pipe as [-removed-] and {+added+}."""
    line = Text()
    for piece in pieces:
        style, frame = STYLES[piece.kind]
        line.append(piece.text if out.is_terminal else frame.format(piece.text), style=style)
    say(line)


def show_outcomes(outcomes: Iterable[Any]) -> None:
    """The table a crawl ends with: source, pages, new, changed, same, failed, seconds."""
    out.print(table(("source", *COUNTS, "seconds", "result"), [_outcome(each) for each in outcomes]))


def table(titles: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> Table:
    """A plain table; columns of numbers stand to the right."""
    found = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for number, title in enumerate(titles):
        is_number = bool(found) and all(row[number].plain.replace(".", "").isdigit() for row in found)
        made.add_column(title, justify="right" if is_number else "left", overflow="fold")
    for row in found:
        made.add_row(*row)
    return made


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago, or in how long, in the largest whole unit: "3 h ago", "in 5 min"; "never" for None."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= size:
            number = int(abs(seconds) // size)
            return f"{number} {unit} ago" if seconds > 0 else f"in {number} {unit}"
    return "now"


def coloured(result: str) -> Text:
    """A run's result in its colour."""
    return Text(result, style=COLOURS.get(result, ""))


def _outcome(each: Any) -> list[str | Text]:
    counts = [str(getattr(each, name)) for name in COUNTS]
    return [each.source, *counts, f"{each.seconds:.1f}", coloured(each.result)]
