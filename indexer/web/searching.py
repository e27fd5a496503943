"""The search page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import HTMLResponse, JSONResponse

from indexer import query
from indexer.index import Hits, Interval, Sort
from indexer.language import stem
from indexer.query import And, Word
from indexer.regions import name_of
from indexer.topics import title_of
from indexer.web import asked as addresses
from indexer.web import drawn, timeline
from indexer.web.asked import FACETS, Asked
from indexer.web.drawn import Choice
from indexer.web.filters import kind_name, shortened
from indexer.web.hits import not_told_before, read_hits, suggest
from indexer.web.site import Asking, Page
from indexer.web.sources import source_names

router = APIRouter()
PER_PAGE = 20
SHOWN = 8
"""Values of a facet that are shown at once; the rest unfolds."""
FOLDED = 40
"""Values that unfold; the others are found by searching for them."""
PERIODS = (1, 7, 30, 365)
"""Days that can be chosen with one click."""
MAX_PARTS = 5
"""Parts of a query without which it is tried when nothing is found."""
EXPORTS = (
    ("/ekspor.csv", "CSV"),
    ("/ekspor.xlsx", "Excel"),
    ("/ekspor.jsonl", "JSON"),
    ("/umpan.rss", "RSS"),
    ("/umpan.atom", "Atom"),
)


@dataclass(frozen=True)
class Filter:
    """The values of a facet by which a search can be narrowed, as items of a list."""

    title: str
    chosen: Sequence[tuple[str, str, str]]
    """Name, count and address without it of each value that was chosen."""
    shown: Markup
    folded: Markup
    more: int
    """How many are folded."""


@router.get("/")
def search(page: Asking) -> HTMLResponse:
    """Hits, filters and timeline of the search in the address."""
    asked = addresses.read(page.request.query_params, page.texts)
    wanted = asked.query(page.now)
    content = _content(page, asked, wanted)
    if wanted.problem:
        return page.render("search.html", content)
    today = page.texts.today(page.now)
    begins = [_begin(days, today) for days in PERIODS]
    found, interval = timeline.search(
        page.site.index,
        wanted,
        asked,
        today,
        limit=PER_PAGE,
        after=asked.after,
        sort=asked.sort,
        facets=FACETS,
        values=SHOWN + FOLDED,
        since=begins,
    )
    names = source_names(page.site)
    told = read_hits(page.site.store, found.ids, wanted, names)
    shown = not_told_before(page.site.index, told, wanted, asked.sort, asked.after)
    return page.render(
        "search.html",
        content
        | {
            "hits": found,
            "shown": shown,
            "left_out": len(told) - len(shown),
            "names": names,
            "periods": _periods(page, asked, found),
            "filters": [_filter(page, asked, facet, title, found) for facet, title in _titles(page)],
            "chart": timeline.chart(found.histogram, interval, asked, page.texts),
            "help": None if found.total or asked.is_empty else _help(page, asked, wanted),
        },
    )


@router.get("/jumlah")
def count(page: Asking) -> JSONResponse:
    """How much the search in the address finds, in words, for the page's script to tell while one types."""
    asked = addresses.read(page.request.query_params, page.texts)
    wanted = asked.query(page.now)
    if wanted.problem:
        return JSONResponse({"total": None, "text": wanted.problem.in_language(page.texts.language)})
    total = page.site.index.search(wanted, limit=0).total
    return JSONResponse(
        {"total": total, "text": page.texts.ngettext("{count} article", "{count} articles", total)}
    )


def _content(page: Page, asked: Asked, wanted: query.Query) -> dict[str, object]:
    """What the page shows whether or not the query can be searched."""
    language = page.texts.language
    first = asked.further(None)
    return {
        "asked": asked,
        "hits": None,
        "notes": [note.in_language(language) for note in wanted.notes if note.key != "read as"],
        "recognised": _recognised(page, asked),
        "problem": wanted.problem.in_language(language) if wanted.problem else None,
        "chips": [*_chips(page, asked)],
        "everything": Asked(text=asked.text, sort=asked.sort).url(),
        "intervals": [*Interval],
        "sorts": [*Sort],
        "hidden": [(FACETS[facet], value) for facet, some in asked.keys.items() for value in some],
        "exports": [(name, first.url(path)) for path, name in EXPORTS],
        "first": first,
        "article_query": "?" + urlencode({"q": asked.text}) if asked.text else "",
    }


def _recognised(page: Page, asked: Asked) -> tuple[str, str] | None:
    """How the query was read, where that is not just what was typed, and of which of its words all forms are found."""
    tree = addresses.parsed(asked.text, page.now).tree
    described = query.describe(tree, page.texts.language) if tree else ""
    forms = {
        leaf.word: stem(leaf.word)
        for leaf in query.sought(tree)
        if isinstance(leaf, Word) and leaf.field in (None, "title", "text")
    }
    stems = ", ".join(f"{word} → {root}" for word, root in forms.items() if word != root)
    read_as = described if described.casefold() != asked.text.strip().casefold() else ""
    return (read_as, stems) if read_as or stems else None


# Filters


@dataclass(frozen=True)
class Period:
    """The last so many days, as a search can be kept to them."""

    days: int
    count: str
    url: str
    is_chosen: bool


def _periods(page: Page, asked: Asked, found: Hits) -> list[Period]:
    counts = found.since
    if asked.since or asked.until:  # any other can be chosen instead
        anytime = asked.between(None, None).query(page.now)
        counts = page.site.index.search(anytime, limit=0, since=counts.keys()).since
    return [
        Period(
            days,
            page.texts.number(counts[since]),
            asked.between(since, None).url(),
            asked.since == since and not asked.until,
        )
        for days in PERIODS
        for since in [_begin(days, page.texts.today(page.now))]
    ]


def _begin(days: int, today: date) -> date:
    """The first of so many days."""
    return today - timedelta(days=days - 1)


def _titles(page: Page) -> list[tuple[str, str]]:
    _ = page.texts.gettext
    return [("source", _("Source")), ("region", _("Region")), ("kind", _("Kind")), ("topic", _("Topic"))]


def _filter(page: Page, asked: Asked, facet: str, title: str, found: Hits) -> Filter:
    """The values of a facet with how many hits each would give; chosen ones first."""
    counts = found.facets[facet]
    chosen = asked.keys.get(facet, ())
    if chosen:  # the others of this facet can be added to what is chosen
        unchosen = asked.query(page.now, without=facet)
        counts = page.site.index.search(unchosen, limit=0, facets=[facet]).facets[facet]
    label, number = _labels(page, facet), page.texts.number
    base = asked.further(None).url()
    begin = f"{base}{'&' if '?' in base else '?'}{FACETS[facet]}="
    first = [
        (label(value), number(counts.get(value, 0)), asked.toggled(facet, value).url()) for value in chosen
    ]
    rest = [value for value in counts if value not in chosen][: max(0, SHOWN + FOLDED - len(first))]
    choices = [Choice(value, label(value), number(counts[value])) for value in rest]
    at_once = max(0, SHOWN - len(first))
    shown, folded = choices[:at_once], choices[at_once:]
    return Filter(title, first, drawn.choices(shown, begin), drawn.choices(folded, begin), len(folded))


def _labels(page: Page, facet: str) -> Callable[[str], str]:
    """What the values of a facet are called."""
    texts = page.texts
    match facet:
        case "source":
            names = source_names(page.site)
            return lambda value: shortened(names.get(value, value))
        case "region":
            return name_of
        case "topic":
            return lambda value: title_of(value, texts.language)
    return lambda value: kind_name(value, texts)


def _chips(page: Page, asked: Asked) -> Iterator[tuple[str, str]]:
    """What was chosen, and the address of the search without it."""
    _, texts = page.texts.gettext, page.texts
    if asked.since and asked.since == asked.until:
        yield texts.day(asked.since), asked.between(None, None).url()
    elif asked.since or asked.until:
        since, until = (texts.day(each) if each else "" for each in (asked.since, asked.until))
        told = f"{since} – {until}" if since and until else ""
        told = told or (_("from {day}", day=since) if since else _("up to {day}", day=until))
        yield told, asked.between(None, None).url()
    titles = dict(_titles(page))
    for facet, some in asked.keys.items():
        label = _labels(page, facet)
        for value in some:
            yield f"{titles[facet]}: {label(value)}", asked.toggled(facet, value).url()


# An empty result helps


@dataclass(frozen=True)
class Help:
    """What to try when nothing was found."""

    words: list[tuple[str, str, str]]
    """Words that no article has, one written nearly so, and the address of the search with it."""
    without: list[tuple[str, int, str]]
    """What can be left out, how many hits that gives, and its address."""


def _help(page: Page, asked: Asked, wanted: query.Query) -> Help:
    index = page.site.index
    counted = [
        (way, index.search(other.query(page.now), limit=0).total, other.url())
        for way, other in [*_ways(page, asked), *_shorter(page, asked)]
    ]
    near = suggest(page.site.store, index, wanted)
    words = [
        (word, other, replace(asked, text=_replaced(asked.text, word, other), after=None).url())
        for word, other in near.items()
    ]
    return Help(words, [each for each in counted if each[1]])


def _ways(page: Page, asked: Asked) -> list[tuple[str, Asked]]:
    """The search without one of its filters, and without any."""
    _ = page.texts.gettext
    names = {
        "source": _("without the choice of sources"),
        "region": _("without the choice of regions"),
        "kind": _("without the choice of kinds"),
        "topic": _("without the choice of topics"),
    }
    ways = [(names[facet], replace(asked, keys=_without(asked, facet), after=None)) for facet in asked.keys]
    if asked.since or asked.until:
        ways.append((_("at any time"), asked.between(None, None)))
    return (
        [*ways, (_("without all of these"), Asked(text=asked.text, sort=asked.sort))]
        if len(ways) > 1
        else ways
    )


def _shorter(page: Page, asked: Asked) -> Iterator[tuple[str, Asked]]:
    """The search without one of the parts that an article must all have."""
    tree = addresses.parsed(asked.text, page.now).tree
    parts = tree.parts if isinstance(tree, And) else ()
    for part in parts[:MAX_PARTS]:
        rest = query.describe(query.all_of(each for each in parts if each is not part))
        told = query.describe(part, page.texts.language)
        yield page.texts.gettext("without “{part}”", part=told), replace(asked, text=rest, after=None)


def _without(asked: Asked, facet: str) -> dict[str, tuple[str, ...]]:
    return {name: values for name, values in asked.keys.items() if name != facet}


def _replaced(text: str, word: str, other: str) -> str:
    """The query with another word in place of one, as far as it stands there as such."""
    place = text.lower().find(word)
    return text[:place] + other + text[place + len(word) :] if place >= 0 else f"{text} {other}"
