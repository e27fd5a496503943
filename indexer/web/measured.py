"""Figures for those who watch over Pantau, in the text format of Prometheus: how the page answers, and how the record is.

Requests are counted in this process; what the record holds is looked up when somebody asks.
"""

from collections.abc import Iterator
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.alerts import mail
from indexer.store import Result, Store

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Bounds of the classes of durations."""
disable_created_metrics()  # type: ignore[no-untyped-call]  # a line more for each figure, which nobody asks for


class Measures:
    """The counters of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "pantau_requests",
            "Requests to the page by method, route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "pantau_request_seconds",
            "Seconds until an answer was sent, by route.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )


def text(measures: Measures, store: Store) -> tuple[bytes, str]:
    """All figures, and the content type of that."""
    looked_up = CollectorRegistry()
    looked_up.register(_Record(store))
    return generate_latest(measures.registry) + generate_latest(looked_up), CONTENT_TYPE_LATEST


class Measured:
    """Counts every answer; the routes are those of the application, never what somebody typed."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app, self._measures = app, measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status = perf_counter(), 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            route = _route(scope)
            self._measures.requests.labels(method, route, status).inc()
            self._measures.seconds.labels(route).observe(perf_counter() - begin)


def _route(scope: Scope) -> str:
    route = scope.get("route")
    path = getattr(route, "path", "")
    if scope["path"].startswith("/static/"):
        return "/static"
    return f"{scope.get('root_path', '')}{path}" if path else "other"


class _Record(Collector):
    """What the record holds at this moment."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        store = self._store
        yield GaugeMetricFamily("pantau_articles", "Articles in the record.", store.count_articles())
        yield GaugeMetricFamily(
            "pantau_articles_behind", "Articles that the index has not been sent.", store.count_behind()
        )
        mails = GaugeMetricFamily("pantau_mails", "Mails in the outbox by status.", labels=["status"])
        counts = mail.counts(store)
        for status in mail.Status:
            mails.add_metric([status], counts.get(status, 0))
        yield mails
        yield from _runs(store)


def _runs(store: Store) -> Iterator[Metric]:
    good = GaugeMetricFamily(
        "pantau_run_ok", "1 if the last run of a source was good, else 0.", labels=["source"]
    )
    begun = GaugeMetricFamily(
        "pantau_run_started_seconds", "When the last run of a source began, since 1970.", labels=["source"]
    )
    for source, run in sorted(store.last_runs().items()):
        if run.result is not None:
            good.add_metric([source], float(run.result == Result.OK))
        begun.add_metric([source], run.started_at.timestamp())
    yield good
    yield begun
