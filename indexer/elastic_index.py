"""The search engine for many machines: Elasticsearch 8.19 or 9.

The articles lie in an index of its own name, `pantau.20261124120000-3f2a1c`. The alias `pantau` says which one is searched,
`pantau.write` which one is written to; a rebuild fills a new one and moves both at once. What an index is, is kept with
its mapping: whose, of which schema and version. What bears our names but not this mark is somebody else's and is never
touched.
"""

import logging
import ssl
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from secrets import token_hex
from time import monotonic
from typing import Any, TypeVar
from zlib import crc32

from elasticsearch import (
    ApiError,
    ConnectionError,
    ConnectionTimeout,
    Elasticsearch,
    NotFoundError,
    SSLError,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch.helpers import streaming_bulk

from indexer.config import ElasticServer
from indexer.elastic_query import KEYS, clean, is_ranked, translated
from indexer.errors import PantauError
from indexer.index import (
    DEEPEST,
    MAX_VALUES,
    SCHEMA,
    VERSION,
    WORDED,
    Cursor,
    Fields,
    Held,
    Hits,
    Info,
    Interval,
    Sort,
    Unreachable,
    UnusableIndex,
    analyse,
    in_order,
    seconds,
)
from indexer.query import Query, Range
from indexer.store import StoredArticle

OLDEST = (8, 19)
"""The oldest version of Elasticsearch that is supported."""
SEARCH_SECONDS = 2.8
"""How long a reader waits in all, the second try on another host included."""
CONNECTIONS = 64
"""To each host, more than a web server has threads: one that waits for a connection would wait longer than that."""
PLACE_SECONDS = 30
"""How long a reader takes it that the alias names the same index, as long as that one can be searched."""
WRITE_SECONDS = 60
"""How long a request that changes something may take; all of them can be repeated."""
RETRIES = 4
"""How often articles are sent again that Elasticsearch has no room for at the moment."""
PAUSE = 0.5
"""Seconds before the first time, twice as many before each further one."""
CHUNK_BYTES = 5_000_000
"""About how much is sent at once."""
WINDOW = 10_000
"""Hits that Elasticsearch gives in one answer, at most."""
MAX_REASON = 200
"""Letters of each thing that Elasticsearch says about an error that are repeated."""
_T = TypeVar("_T")
_MARK = "pantau"
_EPOCH = date(1970, 1, 1).toordinal()
_FURTHEST = 2**62
_BY_DATE = ({"published": "desc"}, {"id": "desc"})
_BUSY = (429, 502, 503, 504)

# Each failed try is a warning with a traceback there; here the last one is raised, and told once.
logging.getLogger("elastic_transport.transport").setLevel(logging.ERROR)


@dataclass(frozen=True)
class _Place:
    """The index that holds the articles."""

    name: str
    version: str
    seen: float = field(compare=False)
    """When the alias named it, by the clock `monotonic`."""


class ElasticIndex:
    """A `SearchIndex` in Elasticsearch. Safe to share between threads; one per process is enough."""

    def __init__(self, server: ElasticServer) -> None:
        self._server = server
        self._read, self._write = server.index, f"{server.index}.write"
        self._where = ", ".join(server.hosts)
        self._built: str | None = None
        self._place: _Place | None = None
        self._client = Elasticsearch(
            [*server.hosts],
            request_timeout=SEARCH_SECONDS / min(2, len(server.hosts)),
            connections_per_node=CONNECTIONS,
            max_retries=len(server.hosts),  # the last once more: its server may have closed a kept connection
            **_secrets(server),
        )
        self._writer = self._client.options(
            request_timeout=WRITE_SECONDS,
            max_retries=max(2, len(server.hosts)),
            retry_on_timeout=len(server.hosts) > 1,
            retry_on_status=(),  # else it would ask again at once, each time that is waited for below
        )

    def put(self, batch: Sequence[StoredArticle]) -> Mapping[int, str]:
        articles = [_action(each) for each in batch]
        with self._told():
            target = self._target()
            refused = self._send(target, articles)
            if not self._built:
                self._writer.indices.refresh(index=target)
        return refused

    def remove(self, ids: Iterable[int]) -> None:
        names = [str(id) for id in ids]
        with self._told():
            target = self._target()
            for begin in range(0, len(names), WINDOW):
                self._remove(target, names[begin : begin + WINDOW])
            self._writer.indices.refresh(index=target)

    def clear(self) -> None:
        with self.rebuilding():
            pass

    def search(
        self,
        query: Query,
        *,
        limit: int = 10,
        after: Cursor | None = None,
        sort: Sort = Sort.NEWEST,
        facets: Collection[str] = (),
        interval: Interval | None = None,
        since: Collection[date] = (),
        among: Collection[int] | None = None,
        values: int = MAX_VALUES,
    ) -> Hits:
        ranked = sort == Sort.RELEVANCE and is_ranked(query.tree)
        wanted = translated(query.tree)
        if among is not None:
            wanted = {"bool": {"must": wanted, "filter": {"terms": {"id": [*among]}}}}
        asked = {"query": wanted, "aggs": _counting(facets, values, interval, since)}
        with self._told():
            if ranked:
                found, rows, highest = self._by_relevance(asked, limit, after, query.text)
            else:
                found, rows = self._by_date(asked, limit, after)
                highest = 0
        total, seen = _total(found), (after.seen if after else 0) + len(rows)
        ids = tuple(int(row[-1]) for row in rows)
        told = found.get("aggregations", {})
        counted = {facet: _counts(told[facet]) for facet in facets}
        histogram = in_order((_day(int(key)), count) for key, count in _counts(told.get("histogram")).items())
        last: Cursor | None = None
        if ids and ranked and seen < min(total, DEEPEST):
            last = Cursor(Sort.RELEVANCE, seen, highest)
        elif ids and not ranked and seen < total:
            last = Cursor(sort, seen, ids[-1], int(rows[-1][0]) // 1000)
        later = {day: told["since"]["buckets"][f"{day}"]["doc_count"] for day in since}
        return Hits(ids, total, last, counted, histogram, later)

    def newest(self, limit: int) -> list[Held]:
        with self._told():
            size = min(max(0, limit), WINDOW)
            found = self._ask(size=size, sort=_BY_DATE, docvalue_fields=["revision"])["hits"]["hits"]
        return [
            Held(each["sort"][1], each["fields"]["revision"][0], each["sort"][0] // 1000) for each in found
        ]

    def count(self, ids: Sequence[int]) -> int:
        with self._told():
            parts = (ids[begin : begin + WINDOW] for begin in range(0, len(ids), WINDOW))
            return sum(_total(self._ask(size=0, query={"terms": {"id": part}})) for part in parts)

    @contextmanager
    def rebuilding(self) -> Iterator["ElasticIndex"]:
        with self._told():
            self._check_version()
            self._ours()
            new = copy(self)
            new._built, new._place = self._make(), None
        try:
            yield new
            with self._told():
                old = self._take_over(new._built)
        except BaseException:
            with suppress(ApiError, TransportError):  # what is left of it, the next rebuild removes
                self._writer.indices.delete(index=new._built, ignore_unavailable=True)
            raise
        with self._told():
            for name in old:
                self._writer.indices.delete(index=name, ignore_unavailable=True)

    def info(self) -> Info:
        with self._told():
            self._place = self._find()
            articles = _total(self._ask(size=0))
            stats = self._client.indices.stats(index=self._place.name, metric="store")
            size = stats["_all"]["primaries"]["store"]["size_in_bytes"]
            return Info(f"Elasticsearch {self._check_version()}", articles, self._place.version, size)

    def close(self) -> None:
        self._client.close()

    # Writing

    def _target(self) -> str:
        """The name to write to, once it is seen that it is ours."""
        if self._built:
            return self._built
        self._find(self._write, self._writer)
        return self._write

    def _send(self, target: str, actions: Sequence[dict[str, Any]]) -> dict[int, str]:
        """Put or delete; returns what is refused for good."""
        refused: dict[int, str] = {}
        too_large: list[dict[str, Any]] = []
        by_id = {each["_id"]: each for each in actions}
        for id, status, error in self._answers(target, actions):
            if status == 413 and len(actions) > 1:
                too_large.append(by_id[id])  # of those sent together it may be another one
            elif status in (400, 413):
                refused[int(id)] = _reason(error)
            elif status == 404:
                raise UnusableIndex(f"There is no index {target} at {self._where} any more.")
            elif status != 409:  # a conflict: it holds a later revision already
                raise self._explained(status, error)
        for each in too_large:
            refused |= self._send(target, [each])
        return refused

    def _answers(self, target: str, actions: Iterable[dict[str, Any]]) -> Iterator[tuple[str, int, Any]]:
        """Id, status and error of each that was not taken."""
        answers = streaming_bulk(
            self._writer,
            actions,
            index=target,
            require_alias=not self._built,
            max_chunk_bytes=CHUNK_BYTES,
            max_retries=RETRIES,
            initial_backoff=PAUSE,
            retry_on_status=_BUSY,
            raise_on_error=False,
            raise_on_exception=False,
            yield_ok=False,
        )
        for _, answer in answers:
            for told in answer.values():
                if told.get("result") != "not_found":  # to delete what is not there is no error
                    error = told["exception"].body if "exception" in told else told["error"]
                    yield told["_id"], told["status"], error

    def _remove(self, target: str, names: Sequence[str]) -> None:
        """Delete the revisions that are there, so that these and later ones may be put again.

        Elasticsearch remembers for a while which version was deleted. Deleting without a version would count as one
        later than that of the article, which could not be put again.
        """
        known = self._writer.mget(index=target, ids=names, source=False)["docs"]
        actions = [
            {
                "_op_type": "delete",
                "_id": each["_id"],
                "version": each["_version"],
                "version_type": "external_gte",
            }
            for each in known
            if each.get("found")
        ]
        self._send(target, actions)

    # Reading

    def _by_date(
        self, asked: dict[str, Any], limit: int, after: Cursor | None
    ) -> tuple[Mapping[str, Any], list[Sequence[Any]]]:
        """The answer, and of each hit the milliseconds and the id; by several requests where they are many."""
        left = max(0, limit)
        options = asked | {"sort": _BY_DATE}
        if after:
            since = max(-_FURTHEST, min(after.seconds * 1000, _FURTHEST))
            options["search_after"] = (since, after.id)
        first = self._ask(size=min(left, WINDOW), **options)
        rows = _rows(first)
        while len(rows) < left and len(rows) % WINDOW == 0 and rows:
            options |= {"search_after": rows[-1], "aggs": None, "track_total_hits": False}
            more = _rows(self._ask(size=min(left - len(rows), WINDOW), **options))
            if not more:
                break
            rows += more
        return first, rows

    def _by_relevance(
        self, asked: dict[str, Any], limit: int, after: Cursor | None, text: str
    ) -> tuple[Mapping[str, Any], list[Sequence[Any]], int]:
        """The answer, of each hit the score, the milliseconds and the id, and the highest id that takes part.

        That bounds the hits and not what is counted.
        """
        begin = min(after.seen, DEEPEST) if after else 0
        options = asked | {"sort": ({"_score": "desc"}, *_BY_DATE), "search_type": "dfs_query_then_fetch"}
        if after:
            known = {"range": {"id": {"lte": after.id}}}
            options |= {"post_filter": known, "aggs": asked["aggs"] | {"total": _COUNT}}
        else:
            options["aggs"] = asked["aggs"] | {"highest": {"max": {"field": "id"}}}
        found = self._ask(
            size=min(max(0, limit), DEEPEST - begin),
            from_=begin,
            preference=f"query-{crc32(clean(text).encode())}",  # copies score differently: all pages from one
            **options,
        )
        highest = after.id if after else int(found["aggregations"]["highest"]["value"] or 0)
        return found, _rows(found), highest

    def _ask(self, **asked: Any) -> Mapping[str, Any]:
        """Search in the index that the alias names; if that has changed, in the one it names now."""
        if self._built:
            self._writer.indices.refresh(index=self._built)
        place = self._place
        if place is None or monotonic() - place.seen > PLACE_SECONDS:
            place = self._place = self._patiently(self._find)
        options: dict[str, Any] = {
            "allow_partial_search_results": False,
            "track_total_hits": True,
            "source": False,
            "stored_fields": "_none_",
        }
        options |= {name: value for name, value in asked.items() if value is not None and value != {}}
        try:
            return self._patiently(lambda: dict(self._client.search(index=place.name, **options)))
        except ApiError:
            now = self._place = self._find()
            if now == place:
                raise
            return dict(self._client.search(index=now.name, **options))

    def _patiently(self, ask: Callable[[], _T]) -> _T:
        """Ask once more where a host is silent and there are others; the silent one is left out for a while then."""
        try:
            return ask()
        except ConnectionTimeout:
            if len(self._server.hosts) == 1:
                raise
            return ask()

    def _find(self, alias: str | None = None, client: Elasticsearch | None = None) -> _Place:
        """The index that the alias names; raises UnusableIndex if there is none of this schema."""
        alias = self._built or alias or self._read
        found = _Found.read(client or self._client, alias)
        ours = {name: each.mark for name, each in found.items() if self._is_ours(name, each)}
        self._refuse_foreign({*found} - {*ours}, alias)
        if len(ours) != 1:
            problem = f"There are {len(ours)} indices" if ours else "There is no index"
            raise UnusableIndex(f"{problem} {alias} at {self._where}{'' if ours else ' yet'}.")
        [(name, mark)] = ours.items()
        if mark["schema"] != SCHEMA:
            raise UnusableIndex(f"The index {alias} at {self._where} was made by another version of Pantau.")
        return _Place(name, str(mark["version"]), monotonic())

    # Rebuilding

    def _ours(self) -> list[str]:
        """All indices of ours, those left by a crash too; raises PantauError if others have our names."""
        found = _Found.read(self._writer, f"{self._read},{self._write},{self._read}.*")
        taken = {self._read, self._write}
        foreign = {
            name
            for name, each in found.items()
            if not self._is_ours(name, each) and taken & {name, *each.aliases}
        }
        self._refuse_foreign(foreign, self._read)
        return [name for name, each in found.items() if self._is_ours(name, each)]

    def _make(self) -> str:
        """A new index, empty."""
        settings = {
            "number_of_shards": self._server.shards,
            "number_of_replicas": 0,  # copied once, when it is complete
            "refresh_interval": "-1",
        }
        mark = {_MARK: {"index": self._read, "schema": SCHEMA, "version": VERSION}}
        mappings = {"_meta": mark, **_MAPPINGS}
        templates = self._writer.options(ignore_status=404).indices.get_index_template(name=self._read)
        for each in templates.get("index_templates", ()):
            if _MARK not in each["index_template"].get("_meta", {}):
                raise PantauError(
                    f"The index template {self._read} at {self._where} is not Pantau's; "
                    "PANTAU_ELASTICSEARCH_INDEX may give another name."
                )
        self._writer.indices.put_index_template(
            name=self._read,
            index_patterns=[f"{self._read}.*"],
            priority=1000,
            allow_auto_create=False,  # else a late write would make one that lacks all this
            meta=mark,
            template={"settings": settings, "mappings": mappings},
        )
        name = f"{self._read}.{datetime.now(UTC):%Y%m%d%H%M%S}-{token_hex(3)}"
        self._writer.indices.create(index=name, settings=settings, mappings=mappings)
        return name

    def _take_over(self, new: str) -> list[str]:
        """Let the new index be searched and written to from now on; returns the old ones.

        These must go later than their aliases: a reader whom one fails then finds the new one.
        """
        settings = {"number_of_replicas": self._server.replicas, "refresh_interval": None}
        self._writer.indices.put_settings(index=new, settings=settings)
        self._writer.indices.refresh(index=new)
        aliases = [self._read, self._write]
        old = [name for name in self._ours() if name != new]
        actions: list[dict[str, Any]] = [{"add": {"index": new, "aliases": aliases}}]
        actions += [{"remove": {"index": name, "aliases": aliases, "must_exist": False}} for name in old]
        self._writer.indices.update_aliases(actions=actions)
        self._place = None
        return old

    def _is_ours(self, name: str, found: "_Found") -> bool:
        return name.startswith(f"{self._read}.") and found.mark.get("index") == self._read

    def _refuse_foreign(self, names: Collection[str], taken: str) -> None:
        if names:
            raise PantauError(
                f"The name {taken} at {self._where} is taken by the index {min(names)}, which is not Pantau's; "
                "PANTAU_ELASTICSEARCH_INDEX may give another name."
            )

    def _check_version(self) -> str:
        version = str(self._client.info()["version"]["number"])
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
            raise self._wrong_version(f"Elasticsearch {version}")
        return version

    # Errors

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Every error of Elasticsearch as one sentence, without user, password or key."""
        try:
            yield
        except UnsupportedProductError as error:
            raise self._wrong_version("another program") from error
        except ApiError as error:
            if not _is_from_elasticsearch(error):
                raise self._wrong_version("another program") from error
            if isinstance(error, NotFoundError):
                raise UnusableIndex(f"There is no index {self._read} at {self._where} any more.") from error
            raise self._explained(error.status_code, error.body) from error
        except ConnectionTimeout as error:
            raise Unreachable(f"Elasticsearch at {self._where} does not answer in time.") from error
        except SSLError as error:
            raise Unreachable(self._about_certificate(str(error.message))) from error
        except ConnectionError as error:
            message = str(error.message)
            reason = "its name is not known" if "resolve" in message else message.rpartition(": ")[2]
            raise Unreachable(f"Elasticsearch at {self._where} cannot be reached: {reason}.") from error
        except TransportError as error:
            raise self._wrong_version("something else") from error

    def _explained(self, status: int, error: Any) -> PantauError:
        """What an answer with this status means."""
        reason = _reason(error)
        kind = _kind(error)
        where = f"Elasticsearch at {self._where}"
        if kind == "media_type_header_exception":
            return self._wrong_version("another version of Elasticsearch")
        if kind == "cluster_block_exception" and status != 503:
            return PantauError(
                f"{where} takes no changes, perhaps its disk is full ({reason}); nothing is lost, they are sent later."
            )
        if status == 401:
            return PantauError(f"{where} knows no such user, password or key.")
        if status == 403:
            return PantauError(f"{where} does not allow this user or key: {reason}.")
        if status == 429:
            return PantauError(f"{where} has too much to do ({reason}); try again in a moment.")
        if status in _BUSY:
            return PantauError(f"{where} is not ready ({reason}); try again in a moment.")
        return PantauError(f"{where} answers with error {status}: {reason}.")

    def _wrong_version(self, what: str) -> PantauError:
        return Unreachable(f"At {self._where} there is {what}; Elasticsearch 8.19 or 9 is needed.")

    def _about_certificate(self, message: str) -> str:
        where = f"Elasticsearch at {self._where}"
        if "CERTIFICATE_VERIFY_FAILED" not in message:
            return f"{where} cannot be reached by https: {_shortened(message)}."
        reason = message.partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or message
        return f"{where} shows a certificate that is not trusted ({reason}); PANTAU_ELASTICSEARCH_CA names who signed it."


@dataclass(frozen=True)
class _Found:
    """What an index says of itself."""

    aliases: Collection[str]
    mark: Mapping[str, Any]

    @classmethod
    def read(cls, client: Elasticsearch, names: str) -> "Mapping[str, _Found]":
        """The indices that these names, aliases and patterns stand for."""
        try:
            found = client.indices.get(
                index=names,
                features=["aliases", "mappings"],
                ignore_unavailable=True,
                expand_wildcards=["open", "closed"],
            )
        except NotFoundError as error:
            if _is_from_elasticsearch(error):
                return {}
            raise
        return {
            name: cls([*each["aliases"]], each["mappings"].get("_meta", {}).get(_MARK, {}))
            for name, each in found.items()
        }


def _secrets(server: ElasticServer) -> dict[str, Any]:
    """Arguments that say who asks, and whom to trust."""
    return {
        "basic_auth": (server.user, server.password.get_secret_value()) if server.user else None,
        "api_key": server.api_key.get_secret_value() or None,
        "ssl_context": _trust(server.ca) if server.hosts[0].startswith("https") else None,
    }


def _trust(authority: Path | None) -> ssl.SSLContext:
    """Trusts this authority, without one those that the system knows."""
    try:
        context = ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise PantauError(f"{authority} holds no certificate that can be read: {error}.") from error
    context.verify_flags &= (
        ~ssl.VERIFY_X509_STRICT
    )  # Elasticsearch's own authorities do not say what they are for
    return context


# An article


_KEYWORD = {"type": "keyword"}
_WORDS = {"type": "text", "analyzer": "whitespace"}
_STEMS = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
_FOR_PEOPLE = {"type": "text", "analyzer": "indonesian"}
_NAME = {"type": "keyword", "ignore_above": 1000}
_ADDRESS = {"type": "keyword", "index": False, "doc_values": False}
_MAPPINGS: dict[str, Any] = {
    "dynamic": "strict",
    "_source": {"excludes": ["*_words", "*_stems"]},
    "properties": {
        "id": {"type": "long"},
        "revision": {"type": "long"},
        "published": {"type": "date", "format": "epoch_second"},
        **{name: _KEYWORD for name in KEYS.values()},
        **{f"{name}_words": _WORDS for name in WORDED},
        **{f"{name}_stems": _STEMS for name in ("title", "text")},
        # what follows is for people, in Kibana
        **{name: _FOR_PEOPLE for name in ("title", "text")},
        **{name: _NAME for name in ("url", "place", "authors", "editor", "tags", "language")},
        **{name: _ADDRESS for name in ("image", "attachments")},
    },
}


def _action(stored: StoredArticle) -> dict[str, Any]:
    """An article as it is sent. One at the same revision is sent again without harm, an earlier one cannot win."""
    return {
        "_id": str(stored.id),
        "version": stored.revision,
        "version_type": "external_gte",
        "_source": _document(stored, analyse(stored)),
    }


def _document(stored: StoredArticle, fields: Fields) -> dict[str, Any]:
    article = stored.article
    return {
        "id": fields.id,
        "revision": fields.revision,
        "published": seconds(fields.published),
        "source": clean(fields.source),
        "kind": clean(fields.kind),
        "regions": fields.regions,
        "topics": fields.topics,
        **{f"{name}_words": " ".join(words) for name, words in fields.words.items()},
        **{f"{name}_stems": " ".join(stems) for name, stems in fields.stems.items()},
        "title": clean(article.title),
        "text": clean(article.text),
        "url": clean(article.url),
        "place": clean(article.place or ""),
        "authors": [*map(clean, article.authors)],
        "editor": clean(article.editor or ""),
        "tags": [*map(clean, article.tags)],
        "language": clean(article.language),
        "image": clean(article.image or ""),
        "attachments": [*map(clean, article.attachments)],
    }


# Answers

_COUNT = {"value_count": {"field": "id"}}


def _counting(
    facets: Collection[str], values: int, interval: Interval | None, since: Collection[date]
) -> dict[str, Any]:
    asked: dict[str, Any] = {
        facet: {"terms": {"field": KEYS[facet], "size": values, "shard_size": MAX_VALUES}} for facet in facets
    }
    if interval:
        asked["histogram"] = {
            "date_histogram": {
                "field": "published",
                "calendar_interval": interval.value,
                "time_zone": "+07:00",
                "min_doc_count": 1,
            }
        }
    if since:
        later = {f"{day}": translated(Range(day, None)) for day in since}
        asked["since"] = {"filters": {"filters": later}}
    return asked


def _total(found: Mapping[str, Any]) -> int:
    if counted := found.get("aggregations", {}).get("total"):
        return int(counted["value"])
    return int(found["hits"]["total"]["value"])


def _rows(found: Mapping[str, Any]) -> list[Sequence[Any]]:
    """What each hit was sorted by."""
    return [each["sort"] for each in found["hits"]["hits"]]


def _counts(found: Mapping[str, Any] | None) -> dict[Any, int]:
    return {each["key"]: each["doc_count"] for each in found["buckets"]} if found else {}


def _day(milliseconds: int) -> date:
    """The day in WIB that a moment lies in; the first of all for earlier ones."""
    return date.fromordinal(max(1, (milliseconds // 1000 + 7 * 3600) // 86400 + _EPOCH))


def _is_from_elasticsearch(error: ApiError) -> bool:
    """Whether it is Elasticsearch that answers so, or something before it that may."""
    is_signed = error.meta.headers.get("x-elastic-product") == "Elasticsearch"
    return is_signed or error.status_code in (401, 403, 413, *_BUSY)


def _kind(error: Any) -> str:
    """What kind of error it is, as Elasticsearch names it."""
    told = error.get("error", error) if isinstance(error, Mapping) else None
    roots = (told.get("root_cause") or [told]) if isinstance(told, Mapping) else [{}]
    return str(roots[0].get("type", ""))


def _reason(error: Any) -> str:
    """What Elasticsearch says about an error, the cause included."""
    told = error.get("error", error) if isinstance(error, Mapping) else error
    if not isinstance(told, Mapping):
        return _shortened(str(told))
    roots = told.get("root_cause") or [told]
    causes = [str(roots[0].get("reason", "")), str((told.get("caused_by") or {}).get("reason", ""))]
    return ", ".join(_shortened(each) for each in dict.fromkeys(causes) if each) or _kind(error)


def _shortened(text: str) -> str:
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]}…"
