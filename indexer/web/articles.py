"""The page of an article: what it says, about what, what changed in it, where else it stands."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from html import escape

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from indexer import highlight, query
from indexer.highlight import Passage, Span
from indexer.index import analyse
from indexer.store import StoredArticle
from indexer.web.changes import changes
from indexer.web.failures import Refused
from indexer.web.filters import shortened
from indexer.web.record import copies, versions
from indexer.web.similar import similar
from indexer.web.site import Asking, Page
from indexer.web.sources import source_names

router = APIRouter()
MAX_BYTES = 40_000
"""Of the text as HTML that are shown; the rest is read where it was published."""
MAX_MARKS = 500
MAX_TITLE = 500
"""Characters of a title."""
MAX_NAMES = 30
"""Tags, authors, attachments."""
MAX_COPIES = 50
MAX_CHANGES = 5


@router.get("/artikel/{id}")
def article(page: Asking, id: str) -> HTMLResponse:
    """The article with this id, marked where it answers the query one came with."""
    stored = _stored(page, id)
    wanted = query.parse(page.request.query_params.get("q", ""), page.now)
    told, is_cut = shown(stored.article.paragraphs, MAX_BYTES)
    title = shortened(stored.article.title, MAX_TITLE)
    short = replace(stored, article=replace(stored.article, paragraphs=told, title=title))
    fields = analyse(short)
    older = versions(page.site.store, stored.id, MAX_CHANGES)
    return page.render(
        "article.html",
        {
            "stored": stored,
            "article": stored.article,
            "wanted": wanted,
            "title": Passage(title, highlight.mark(title, wanted, "title")),
            "paragraphs": split(
                short.article.text, highlight.mark(short.article.text, wanted, "text")[:MAX_MARKS]
            ),
            "is_cut": is_cut,
            "names": source_names(page.site),
            "regions": fields.regions,
            "topics": fields.topics,
            "max_names": MAX_NAMES,
            "changes": changes(older, stored.article),
            "earlier": stored.revision - 1 - len(older),
            "copies": copies(page.site.store, stored.id, stored.story_id, MAX_COPIES),
            "similar": similar(page.site.store, page.site.index, stored.id, stored.story_id, fields),
        },
    )


def _stored(page: Page, id: str) -> StoredArticle:
    is_number = id.isascii() and id.isdigit() and len(id) < 20
    found = page.site.store.article(int(id)) if is_number else None
    if found is None:
        raise Refused(page.texts.gettext("There is no such article."), 404)
    return found


def shown(paragraphs: Sequence[str], limit: int) -> tuple[tuple[str, ...], bool]:
    """The paragraphs that are at most so many bytes as HTML, and whether any text is left out; never nothing."""
    found: list[str] = []
    for paragraph in paragraphs:
        limit -= len('<p dir="auto"></p>\n')
        if limit <= 0:
            return tuple(found), True
        piece = paragraph if len(paragraph) * 6 < limit else _fitting(paragraph, limit)
        found.append(piece)
        if len(piece) < len(paragraph):
            return tuple(found), True
        limit -= _bytes(piece)
    return tuple(found), False


def _fitting(text: str, limit: int) -> str:
    """The beginning of a text that is at most so many bytes as HTML."""
    piece = text[:limit]
    while piece and _bytes(piece) > limit:
        piece = piece[: len(piece) * 3 // 4]
    return piece


def _bytes(text: str) -> int:
    return len(escape(text).encode())


def split(text: str, marks: Sequence[Span]) -> list[Passage]:
    """A marked text by its paragraphs."""
    found, start = [], 0
    for paragraph in text.split("\n\n"):
        end = start + len(paragraph)
        first = max(0, bisect_left(marks, (start, 0)) - 1)  # the one before may reach into it
        inside = marks[first : bisect_left(marks, (end, 0))]
        clipped = ((max(a, start) - start, min(b, end) - start) for a, b in inside if b > start)
        found.append(Passage(paragraph, tuple(clipped)))
        start = end + 2
    return found
