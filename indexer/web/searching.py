"""The search page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import quote_plus, urlencode

from fastapi import APIRouter
from starlette.responses import HTMLResponse, JSONResponse

from indexer import query
from indexer.index import Hits, Interval, Sort
from indexer.query import And
from indexer.regions import name_of
from indexer.topics import title_of
from indexer.web import asked as addresses
from indexer.web.asked import FACETS, Asked
from indexer.web.filters import kind_name, shortened
from indexer.web.hits import read_hits, suggest
from indexer.web.site import Asking, Page
from indexer.web.sources import source_names
from indexer.web.timeline import chart

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
class Choice:
    """A value by which a search can be narrowed."""

    label: str
    count: str
    is_chosen: bool
    url: str


@router.get("/")
def search(page: Asking) -> HTMLResponse:
    """Hits, filters and timeline of the search in the address."""
    asked = addresses.read(page.request.query_params, page.texts)
    wanted = asked.query(page.now)
    content = _content(page, asked, wanted)
    if wanted.problem:
        return page.render("search.html", content)
    found = page.site.index.search(
        wanted, limit=PER_PAGE, after=asked.after, sort=asked.sort, facets=FACETS, interval=Interval.DAY
    )
    names = source_names(page.site)
    return page.render(
        "search.html",
        content
        | {
            "hits": found,
            "shown": read_hits(page.site.store, found.ids, wanted, names),
            "names": names,
            "filters": [(title, _choices(page, asked, facet, found)) for facet, title in _titles(page)],
            "chart": chart(found.histogram, asked, page.texts),
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
    today = page.texts.today(page.now)
    first = asked.further(None)
    return {
        "asked": asked,
        "hits": None,
        "notes": [note.in_language(language) for note in wanted.notes],
        "problem": wanted.problem.in_language(language) if wanted.problem else None,
        "periods": [
            (days, since, asked.between(since, None).url())
            for days in PERIODS
            for since in [today - timedelta(days=days - 1)]
        ],
        "chips": [*_chips(page, asked)],
        "everything": Asked(text=asked.text, sort=asked.sort).url(),
        "intervals": [*Interval],
        "sorts": [*Sort],
        "hidden": [(FACETS[facet], value) for facet, some in asked.keys.items() for value in some],
        "exports": [(name, first.url(path)) for path, name in EXPORTS],
        "first": first,
        "shown_values": SHOWN,
        "article_query": "?" + urlencode({"q": asked.text}) if asked.text else "",
    }


# Filters


def _titles(page: Page) -> list[tuple[str, str]]:
    _ = page.texts.gettext
    return [("source", _("Source")), ("region", _("Region")), ("kind", _("Kind")), ("topic", _("Topic"))]


def _choices(page: Page, asked: Asked, facet: str, found: Hits) -> list[Choice]:
    """The values of a facet with how many hits each would give; chosen ones first."""
    counts = found.facets[facet]
    chosen = asked.keys.get(facet, ())
    if chosen:  # the others of this facet can be added to what is chosen
        others = page.site.index.search(asked.query(page.now, without=facet), limit=0, facets=[facet])
        counts = others.facets[facet]
    label, number = _labels(page, facet), page.texts.number
    base = asked.further(None).url()
    begin = f"{base}{'&' if '?' in base else '?'}{FACETS[facet]}="
    first = [
        Choice(label(value), number(counts.get(value, 0)), True, asked.toggled(facet, value).url())
        for value in chosen
    ]
    rest = [value for value in counts if value not in chosen][: SHOWN + FOLDED - len(first)]
    return first + [
        Choice(label(value), number(counts[value]), False, begin + quote_plus(value)) for value in rest
    ]


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
    tree = query.parse(asked.text, page.now).tree
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
