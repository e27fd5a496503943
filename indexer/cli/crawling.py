"""Commands that crawl, and what became of the crawls."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.live import Live

from indexer.alerts import mail
from indexer.cli.alerting import alert
from indexer.cli.chosen import Keys, day, open_store, quiet_crawlers, sources
from indexer.cli.serving import HOST, PORT, serving
from indexer.config import Config, load_config
from indexer.crawl_requests import take_requests
from indexer.engines import open_index
from indexer.errors import PantauError
from indexer.index import sync
from indexer.store import Result, Store
from indexer.terminal import ago, coloured, complain, out, say, show_outcomes, table

if TYPE_CHECKING:
    from crawlers.schedule import Crawls, Outcome, Schedule
    from crawlers.source import Source

app = typer.Typer()
logger = logging.getLogger(__name__)
ASKED_SECONDS = 2
"""How long a crawl that is asked for on the page waits at most."""


@app.command()
def crawl(
    keys: Keys = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Page back to this date.")
    ] = None,
    recheck: Annotated[bool, typer.Option(help="Look for changes in all articles of the last days.")] = False,
) -> None:
    """Crawl sources now: one, several, or all that are enabled."""
    from crawlers.politeness import require_contact
    from crawlers.schedule import Crawls, in_reactor

    quiet_crawlers()
    wanted, problems = sources(keys)
    require_contact(wanted)
    crawls = Crawls()

    async def run() -> "list[Outcome]":
        with _progress(crawls):
            return await crawls.crawl_all(wanted, day(since), recheck)

    outcomes = in_reactor(run, crawls.stop)
    show_outcomes(outcomes)
    _tell_failures(outcomes)
    for problem in problems:
        complain(str(problem))
    if problems or any(each.error or each.result in (Result.FAILED, Result.INTERRUPTED) for each in outcomes):
        raise typer.Exit(1)


@contextmanager
def _progress(crawls: "Crawls") -> Iterator[None]:
    """A live table on a terminal, nothing in a pipe."""
    from crawlers.schedule import outcome_of

    if not out.is_terminal:
        yield
        return
    begin = datetime.now(UTC)

    def counters() -> Any:
        seconds = (datetime.now(UTC) - begin).total_seconds()
        going = [outcome_of(key, crawler, seconds) for key, crawler in crawls.going.items()]
        rows = [(each.source, str(each.pages), str(each.new), str(each.failed)) for each in going]
        return table((f"{seconds:.0f} s", "pages", "new", "failed"), rows)

    with Live(get_renderable=counters, console=out, transient=True, refresh_per_second=5):
        yield


def _tell_failures(outcomes: "Sequence[Outcome]") -> None:
    store = open_store()
    runs = store.last_runs()
    for each in outcomes:
        if each.error:
            complain(f"{each.source}: {each.error}")
        for failure in store.failures(runs[each.source].id) if each.failed else ():
            complain(f"{each.source}: {failure.kind}: {failure.message}: {failure.url}")


@app.command("reread")
def reread_archive(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Keys of sources; none: all.")
    ] = None,
) -> None:
    """Read all archived pages again with today's selectors; what now reads otherwise is a revision."""
    from crawlers.archive import archived_sources
    from crawlers.reread import reread
    from crawlers.source import load_source

    config, store = load_config(), open_store()
    if config.archive_folder is None:
        raise PantauError("No pages are kept: PANTAU_ARCHIVE is off.")
    wanted = [load_source(key, config.sources) for key in keys or archived_sources(config.archive_folder)]
    done = [reread(store, each, config.archive_folder) for each in wanted]
    show_outcomes([outcome for outcome, _ in done])
    for outcome, failures in done:
        for failure in failures:
            complain(f"{outcome.source}: {failure.kind}: {failure.message}: {failure.url}")


@app.command()
def run(
    keys: Keys = None,
    web: Annotated[bool, typer.Option("--web", help="Serve the web page too.")] = False,
    host: Annotated[str, typer.Option(help="Address that the page listens on.")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535)] = PORT,
) -> None:
    """Crawl each source when it is due, and alert, until told to stop (Ctrl-C or SIGTERM)."""
    from crawlers.politeness import require_contact

    config, store = load_config(), open_store()
    wanted, problems = sources(keys)
    require_contact(wanted)
    for problem in problems:
        complain(str(problem))
    if not wanted:
        raise PantauError("No source is enabled.")
    with ExitStack() as beside:
        if web:
            address = beside.enter_context(serving(config, store, host, port))
            say(f"Pantau is at {address}.")
        _watch(config, store, wanted)
    say("Stopped.")


def _watch(config: Config, store: Store, wanted: "Sequence[Source]") -> None:
    from crawlers.schedule import Schedule, in_reactor

    schedule: list[Schedule] = []

    async def main() -> None:
        for each in wanted:  # so that admins can ask for the first crawl of one, too
            store.name_source(each.key, each.name, each.home)
        schedule.append(Schedule(wanted, store, lambda stop: _deliver(store, config, stop)))
        say(f"Watching {len(wanted)} sources; stop with Ctrl-C.")
        asked_for = asyncio.create_task(_begin_what_is_asked_for(schedule[0], store, wanted))
        await schedule[0].run()
        asked_for.cancel()

    async def stop() -> None:
        if schedule:
            await schedule[0].stop()

    in_reactor(main, stop)


async def _begin_what_is_asked_for(schedule: "Schedule", store: Store, wanted: "Sequence[Source]") -> None:
    """Begin the crawls that admins ask for on the page."""
    by_key = {each.key: each for each in wanted}
    while True:
        try:
            for key in await asyncio.to_thread(take_requests, store, by_key, datetime.now(UTC)):
                schedule.begin(by_key[key])
        except PantauError as error:  # told, and tried again in a moment
            logger.error("%s", error)
        await asyncio.sleep(ASKED_SECONDS)


def _deliver(store: Store, config: Config, stop: Callable[[], bool]) -> None:
    try:
        with closing(open_index(config)) as index:
            sync(store, index)
    except PantauError as error:  # alerts need no index; what is behind is sent once it can be used again
        logger.error("%s", error)
    alert(store, config, stop, logger.info)


@app.command()
def status() -> None:
    """Each source: last run and its result, last new article, next run."""
    from crawlers.schedule import next_run
    from crawlers.source import load_sources

    store, now = open_store(), datetime.now(UTC)
    sources, problems = load_sources(load_config().sources)
    runs, newest = store.last_runs(), store.last_articles()
    rows = []
    for source in sources:
        last, article = runs.get(source.key), newest.get(source.key)
        if not (source.enabled or last):
            continue
        again = ago(next_run(source, last, now), now) if source.enabled else "disabled"
        facts = (str(last.new), str(last.failed)) if last else ("", "")
        rows.append(
            (
                source.key,
                ago(last.started_at if last else None, now),
                coloured(_result(store, last)),
                *facts,
                str(article.articles if article else 0),
                ago(article.added_at if article else None, now),
                again,
            )
        )
    out.print(
        table(("source", "last run", "result", "new", "failed", "articles", "last new", "next run"), rows)
    )
    _tell_outbox(store)
    for problem in problems:
        complain(str(problem))


def _result(store: Store, run: Any) -> str:
    if run is None:
        return ""
    if run.result:
        return str(run.result)
    with store.exclusively(f"crawl-{run.source}") as free:
        return Result.INTERRUPTED if free else "running"


def _tell_outbox(store: Store) -> None:
    counts = mail.counts(store)
    say("outbox: ", ", ".join(f"{number} {state}" for state, number in counts.items()) or "empty")
