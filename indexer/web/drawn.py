"""Items of which a page has hundreds, written as markup in one go: a template would take several times as long for them.

All that is not a constant here goes through `escape`.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote_plus

from markupsafe import Markup, escape

from indexer.highlight import Passage
from indexer.web.texts import Texts

if TYPE_CHECKING:
    from indexer.web.timeline import Column


class Choice(NamedTuple):
    """A value by which a search can be narrowed."""

    value: str
    label: str
    number: str
    """Of its hits."""


def choices(some: Iterable[Choice], begin: str) -> Markup:
    """Items of a list, each a link with its count; the address is this beginning with the value after it."""
    start = f'<li><a href="{escape(begin)}'
    return Markup(
        "".join(
            f'{start}{_quoted(value)}">{_escaped(label)}</a> <span class="count">{_escaped(number)}</span></li>'
            for value, label, number in some
        )
    )


def bars(columns: Iterable["Column"]) -> Markup:
    """The bars of a timeline inside its SVG; each leads to the search for its own time."""
    return Markup(
        "".join(
            f'<a href="{escape(each.url)}"><title>{escape(each.name)}</title>'
            f'<svg x="{each.left}%" width="{each.width}%"><rect class="back" width="100%" height="100%"/>'
            f'<rect class="bar" y="{each.top}%" width="100%" height="{each.height}%"/></svg></a>\n'
            for each in columns
            if each.url
        )
    )


def rows(columns: Iterable["Column"]) -> Markup:
    """The same as rows of a table."""
    return Markup(
        "".join(
            f'<tr><th scope="row">{_escaped(each.label)}</th><td class="number">{_escaped(each.count)}</td></tr>\n'
            for each in columns
            if each.url
        )
    )


def marked(passage: Passage) -> Markup:
    """A passage with what answers the query marked."""
    return Markup(
        "".join(
            f"<mark>{escape(text)}</mark>" if is_marked else escape(text)
            for text, is_marked in passage.pieces()
        )
    )


def exact_time(moment: datetime, texts: Texts, now: datetime) -> Markup:
    """When something was, exactly and how long ago."""
    told, ago = escape(texts.moment(moment)), escape(texts.ago(moment, now))
    return Markup(f'<time datetime="{moment.isoformat()}">{told}</time> <span class="ago">({ago})</span>')


@lru_cache(maxsize=1 << 13)
def _escaped(text: str) -> Markup:
    """For what is written on many pages."""
    return escape(text)


@lru_cache(maxsize=1 << 12)
def _quoted(value: str) -> Markup:
    """A value as the end of an address."""
    return escape(quote_plus(value))
