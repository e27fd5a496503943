"""The front door: every command of Pantau."""

import json
import sys
from datetime import UTC, date, datetime
from typing import Annotated, Optional

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from indexer import query
from indexer.alerts import digests, mail, matching, subscriptions
from indexer.config import Config, load_config
from indexer.errors import PantauError
from indexer.highlight import passage
from indexer.index import sync
from indexer.store import Store
from indexer.tantivy_index import TantivyIndex

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
out = Console()


def main() -> None:
    """Run the command; what goes wrong is told in one sentence on stderr with exit status 1."""
    try:
        app()
    except PantauError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(1)


@app.command()
def crawl(keys: Annotated[Optional[list[str]], typer.Argument(metavar="SOURCE…")] = None) -> None:
    """Crawl sources now."""
    from crawlers import schedule
    from crawlers.source import load_source, load_sources

    wanted = [load_source(key) for key in keys] if keys else [s for s in load_sources()[0] if s.enabled]
    crawls: list[schedule.Crawls] = []

    async def run() -> list[schedule.Outcome]:
        crawls.append(schedule.Crawls())
        return await schedule.crawl_all(crawls[0], wanted)

    for outcome in schedule.in_reactor(run, lambda: crawls[0].stop()):
        out.print(outcome)


@app.command()
def search(text: str, limit: int = 10) -> None:
    """Search."""
    config = load_config()
    store = Store(config.database_url).open()
    index = TantivyIndex(config.index_folder)
    sync(store, index)
    wanted = query.parse(text)
    hits = index.search(wanted, limit=limit)
    for each in store.articles(hits.ids):
        out.print(each.article.title, each.article.url, passage(each.article.text, wanted))


@app.command()
def subscribe(email: str, text: str, name: str = "") -> None:
    """Subscribe."""
    store = Store(load_config().database_url).open()
    out.print(subscriptions.subscribe(store, email, text, name, subscriptions.Rate.IMMEDIATE, datetime.now(UTC)))


@app.command()
def alerts() -> None:
    """Match, compose, send."""
    config = load_config()
    store = Store(config.database_url).open()
    matching.match(store, datetime.now(UTC))
    digests.compose(store, config, datetime.now(UTC))
    out.print(mail.send_due(store, config, lambda: datetime.now(UTC), lambda: False))
