"""What a reader asks for, as it stands in the address of a search: so every search is a link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from indexer import query
from indexer.errors import PantauError
from indexer.index import Cursor, Interval, Sort
from indexer.query import Query
from indexer.web.failures import Refused
from indexer.web.texts import Texts

FACETS = {"source": "sumber", "region": "wilayah", "kind": "jenis", "topic": "topik"}
"""By facet: its name in addresses."""
SORTS = {Sort.NEWEST: "terbaru", Sort.RELEVANCE: "relevan"}
INTERVALS = {Interval.DAY: "hari", Interval.WEEK: "minggu", Interval.MONTH: "bulan"}
MAX_VALUES = 50
"""Values of one facet that can be chosen at once."""
MAX_LENGTH = 100
"""Characters of such a value."""


@dataclass(frozen=True)
class Asked:
    """A search as a reader put it together."""

    text: str = ""
    since: date | None = None
    until: date | None = None
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By facet: the values chosen, one of which an article must have."""
    sort: Sort = Sort.NEWEST
    interval: Interval | None = None
    """Length of a bar of the timeline; None: what suits the time there are hits from."""
    after: Cursor | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing in particular."""
        return not (self.text.strip() or self.since or self.until or any(self.keys.values()))

    def query(self, now: datetime, without: str | None = None) -> Query:
        """What is asked of the index; `without` leaves the choice of one facet out."""
        keys = {facet: values for facet, values in self.keys.items() if facet != without}
        return query.narrow(parsed(self.text, now), since=self.since, until=self.until, keys=keys)

    def written(self, now: datetime) -> str:
        """The search as one query, as a subscription keeps it: what the reader wrote, as far as that can be put beside
        what they chose; else how it was read."""
        chosen = [
            query.any_of(query.Key(value, facet) for value in some) for facet, some in self.keys.items()
        ]
        if self.since or self.until:
            chosen.append(query.Range(self.since, self.until))
        limits = query.describe(query.all_of(node for node in chosen if node))
        text = self.text.strip()
        wanted = self.query(now).tree
        ways = [f"{text} {limits}", f"({text}) {limits}"] if text and limits else [text or limits]
        return next((way for way in ways if parsed(way, now).tree == wanted), query.describe(wanted))

    def url(self, path: str = "/") -> str:
        """The address of this search on a page."""
        values: list[tuple[str, str]] = [("q", self.text)] if self.text else []
        values += [("dari", f"{self.since}")] if self.since else []
        values += [("sampai", f"{self.until}")] if self.until else []
        values += [(FACETS[facet], value) for facet, some in self.keys.items() for value in some]
        values += [("urut", SORTS[self.sort])] if self.sort != Sort.NEWEST else []
        values += [("per", INTERVALS[self.interval])] if self.interval else []
        values += [("lanjut", str(self.after))] if self.after else []
        return f"{path}?{urlencode(values)}" if values else path

    def toggled(self, facet: str, value: str) -> "Asked":
        """With a value chosen that was not, or the other way round."""
        some = self.keys.get(facet, ())
        changed = tuple(each for each in some if each != value) if value in some else (*some, value)
        keys = {**self.keys, facet: changed}
        return replace(self, keys={name: values for name, values in keys.items() if values}, after=None)

    def between(self, since: date | None, until: date | None) -> "Asked":
        """Kept to these days."""
        return replace(self, since=since, until=until, after=None)

    def sorted(self, sort: Sort) -> "Asked":
        """In another order."""
        return replace(self, sort=sort, after=None)

    def per(self, interval: Interval) -> "Asked":
        """With a timeline of other bars."""
        return replace(self, interval=interval, after=None)

    def further(self, after: Cursor | None) -> "Asked":
        """The next page."""
        return replace(self, after=after)

    def is_chosen(self, facet: str, value: str) -> bool:
        """Whether only articles with this value, or another chosen one, are asked for."""
        return value in self.keys.get(facet, ())


@lru_cache(maxsize=64)
def parsed(text: str, now: datetime) -> Query:
    """What a reader wrote, parsed once for a page."""
    return query.parse(text, now)


def read(values: QueryParams, texts: Texts) -> Asked:
    """The search in an address; raises Refused, in the reader's language, for what cannot be one."""
    _ = texts.gettext
    sorts = {name: sort for sort, name in SORTS.items()}
    intervals = {name: interval for interval, name in INTERVALS.items()}
    since, until = (_day(values.get(name, ""), texts) for name in ("dari", "sampai"))
    if since and until and since > until:
        raise Refused(_("The first day lies after the last one."))
    sort = values.get("urut", "")
    after = values.get("lanjut", "")
    try:
        cursor = Cursor.read(after) if after else None
    except PantauError:
        raise Refused(_("This is not an address of a page of hits.")) from None
    chosen = sorts.get(sort, Sort.NEWEST)
    if cursor and cursor.sort != chosen:
        raise Refused(_("This is not an address of a page of hits."))
    return Asked(
        text=values.get("q", ""),
        since=since,
        until=until,
        keys={facet: some for facet in FACETS if (some := _chosen(values.getlist(FACETS[facet]), texts))},
        sort=chosen,
        interval=intervals.get(values.get("per", "")),
        after=cursor,
    )


def _chosen(values: Sequence[str], texts: Texts) -> tuple[str, ...]:
    some = tuple(dict.fromkeys(value.strip() for value in values if value.strip()))
    if len(some) > MAX_VALUES or any(len(value) > MAX_LENGTH for value in some):
        raise Refused(
            texts.gettext("Too much was chosen at once: at most {limit} of a kind.", limit=MAX_VALUES)
        )
    return some


def _day(text: str, texts: Texts) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refused(
            texts.gettext("“{text}” is not a day; write it as 2026-11-24.", text=text[:40])
        ) from None
