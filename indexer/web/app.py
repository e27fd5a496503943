"""The web application: what it is made of, and how it is put together."""

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from indexer.config import Config
from indexer.index import SearchIndex
from indexer.store import Store
from indexer.web import (
    access,
    accounts,
    articles,
    comparing,
    exporting,
    failures,
    feed_keys,
    feeds,
    health,
    operations,
    preferences,
    saved,
    searching,
    source_pages,
    subscribing,
    topic_pages,
)
from indexer.web.api import create_api, documented
from indexer.web.bounded import BoundedIndex, Used
from indexer.web.gate import Heads, Hosts, SameOrigin, WholeBody
from indexer.web.measured import Measured, Measures
from indexer.web.security import SafeHeaders
from indexer.web.site import Site
from indexer.web.turns import Turns

PARTS = (
    searching.router,
    articles.router,
    topic_pages.router,
    comparing.router,
    source_pages.router,
    preferences.router,
    accounts.router,
    saved.router,
    subscribing.router,
    operations.router,
    health.router,
    documented.router,
    exporting.router,
    feeds.router,
    feed_keys.router,
)


def create_app(config: Config, store: Store, index: SearchIndex, is_open: bool) -> FastAPI:
    """The application over an open record and index, which stay their owner's; `is_open` if it only serves this machine."""
    measures = Measures()
    used = None if is_open else Used()
    app = FastAPI(
        title="Pantau",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(access.check)],
        middleware=[
            Middleware(Measured, measures=measures),
            Middleware(SafeHeaders),
            Middleware(Hosts, allowed=config.hosts),
            Middleware(SameOrigin),
            Middleware(WholeBody),
            Middleware(Heads),
            Middleware(Turns, used=used),
        ],
    )
    bounded = BoundedIndex(index, used=used)
    app.state.site = Site(config, store, bounded, is_open=is_open)
    app.state.measures = measures
    failures.register(app)
    access.register(app)
    for router in PARTS:
        app.include_router(router)
    app.state.api = create_api(app.state.site)
    app.mount("/api", app.state.api)
    app.mount("/static", StaticFiles(packages=[("indexer.web", "static")]), name="static")
    return app
