"""The front door: every command of Pantau, and the only module here that knows the crawlers."""

import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.live import Live

from indexer import query, tour
from indexer.alerts import mail, subscriptions
from indexer.alerts.digests import compose
from indexer.alerts.matching import match
from indexer.config import Config, load_config
from indexer.diff import compare
from indexer.errors import PantauError
from indexer.highlight import passage
from indexer.index import Sort, sync
from indexer.store import Result, Store, StoredArticle
from indexer.tantivy_index import open_index
from indexer.terminal import (
    ago,
    coloured,
    complain,
    out,
    say,
    show_article,
    show_diff,
    show_hits,
    show_outcomes,
    table,
)

if TYPE_CHECKING:
    from crawlers.prospect import Proposal
    from crawlers.schedule import Crawls, Outcome
    from crawlers.scout import Checked, Scouts
    from crawlers.source import Source

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Pantau watches the news of Indonesia's regions: crawl, search, alert by e-mail.",
)
logger = logging.getLogger(__name__)


class SourceKind(StrEnum):
    """What speaks in a source."""

    GOVERNMENT = "government"
    PRESS = "press"
    AGENCY = "agency"


def main() -> None:
    """Run the command; what goes wrong is told in one sentence on stderr with exit status 1."""
    is_debugging = "--debug" in sys.argv
    arguments = [each for each in sys.argv[1:] if each != "--debug"]
    try:
        _set_up_logging(logging.DEBUG if is_debugging else load_config().log_level)
        app(arguments, prog_name="pantau")
    except PantauError as error:
        _end(str(error), is_debugging)
    except Exception as error:  # noqa: BLE001  # the outermost place: a defect is told too, never shown as a trace to users
        _end(f"Pantau broke off: {error!r}. Run it again with --debug for the details.", is_debugging)


def _end(sentence: str, is_debugging: bool) -> None:
    if is_debugging:
        traceback.print_exc()
    complain(sentence)
    sys.exit(1)


def _set_up_logging(level: int | str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if level != logging.DEBUG:  # what goes wrong with a page is told by its run, once
        for name in ("scrapy", "trafilatura"):
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"pantau {version('pantau')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True)] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Log everything, show traces of errors.")] = False,
) -> None:
    """Settings are read from the environment, see README."""


# Crawling


Keys = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SOURCE]...", help="Keys of sources; none: all that are enabled."),
]


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

    _quiet_crawlers()
    wanted, problems = _sources(keys)
    require_contact(wanted)
    crawls = Crawls()

    async def run() -> "list[Outcome]":
        with _progress(crawls):
            return await crawls.crawl_all(wanted, _day(since), recheck)

    outcomes = in_reactor(run, crawls.stop)
    show_outcomes(outcomes)
    _tell_failures(outcomes)
    for problem in problems:
        complain(str(problem))
    if problems or any(each.error or each.result in (Result.FAILED, Result.INTERRUPTED) for each in outcomes):
        raise typer.Exit(1)


def _sources(keys: list[str] | None) -> "tuple[list[Source], list[PantauError]]":
    """The named sources, or all that are enabled and what is wrong with the files of others."""
    from crawlers.source import load_source, load_sources

    own = load_config().sources
    if keys:
        return [load_source(key, own) for key in dict.fromkeys(keys)], []
    sources, problems = load_sources(own)
    return [each for each in sources if each.enabled], problems


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
    store = _store()
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

    config, store = load_config(), _store()
    if config.archive_folder is None:
        raise PantauError("No pages are kept: PANTAU_ARCHIVE is off.")
    wanted = [load_source(key, config.sources) for key in keys or archived_sources(config.archive_folder)]
    done = [reread(store, each, config.archive_folder) for each in wanted]
    show_outcomes([outcome for outcome, _ in done])
    for outcome, failures in done:
        for failure in failures:
            complain(f"{outcome.source}: {failure.kind}: {failure.message}: {failure.url}")


@app.command()
def run(keys: Keys = None) -> None:
    """Crawl each source when it is due, and alert, until told to stop (Ctrl-C or SIGTERM)."""
    from crawlers.politeness import require_contact
    from crawlers.schedule import Schedule, in_reactor

    config, store = load_config(), _store()
    wanted, problems = _sources(keys)
    require_contact(wanted)
    for problem in problems:
        complain(str(problem))
    if not wanted:
        raise PantauError("No source is enabled.")
    schedule: list[Schedule] = []

    async def main() -> None:
        schedule.append(Schedule(wanted, store, lambda stop: _deliver(store, config, stop)))
        say(f"Watching {len(wanted)} sources; stop with Ctrl-C.")
        await schedule[0].run()

    async def stop() -> None:
        if schedule:
            await schedule[0].stop()

    in_reactor(main, stop)
    say("Stopped.")


def _deliver(store: Store, config: Config, stop: Callable[[], bool]) -> None:
    try:
        index = open_index(store, config.index_folder)
        sync(store, index)
        index.close()
    except PantauError as error:  # alerts need no index; what is behind is sent once it can be used again
        logger.error("%s", error)
    _alert(store, config, stop, logger.info)


sources_app = typer.Typer(invoke_without_command=True)
app.add_typer(sources_app, name="sources")


@sources_app.callback()
def list_sources(context: typer.Context) -> None:
    """The sources that are known, and what is uncertain about them; new ones, and how well they are read."""
    from crawlers.source import load_sources

    if context.invoked_subcommand:
        return
    sources, problems = load_sources(load_config().sources)
    rows = []
    for each in sources:
        doubts = [*([] if each.enabled else ["not enabled"]), *([] if each.verified else ["unverified"])]
        remarks = "; ".join([*doubts, *([each.note] if each.note else [])])
        rows.append((each.key, each.name, each.kind, each.region or "", f"{each.every} min", remarks))
    out.print(table(("source", "name", "kind", "region", "every", "remarks"), rows))
    for problem in problems:
        complain(str(problem))


@sources_app.command("new")
def new_source(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Home page of the site.")],
    key: Annotated[str, typer.Option(help="Name of its file; from the host name if not given.")] = "",
    name: Annotated[str, typer.Option(help="What people call it; what the site says if not given.")] = "",
    region: Annotated[str, typer.Option(help='Official code of its region, as "36" for Banten.')] = "",
    kind: Annotated[SourceKind | None, typer.Option(help="What speaks there.")] = None,
    local: Annotated[bool, typer.Option(help="The site is on this machine or in a private network.")] = False,
    into: Annotated[Path | None, typer.Option(help="Folder for the sample pages.")] = None,
) -> None:
    """Look at a site, write a file for it as a source, and tell what is uncertain."""
    from crawlers.politeness import require_contact
    from crawlers.prospect import propose, source_for, write_new
    from crawlers.schedule import in_reactor
    from crawlers.scout import Scouts, save_samples

    _quiet_crawlers()
    config, now = load_config(), datetime.now(UTC)
    source = source_for(address, key, local, config.sources)
    require_contact([source])
    stated = {"name": name, "region": region, "kind": kind and kind.value}
    facts = {field: value for field, value in stated.items() if value}
    scouts = Scouts()

    async def run() -> "Proposal":
        with _scouting(scouts):
            return await scouts.send(source, lambda fetch: propose(fetch, source, address, facts, now))

    proposal = in_reactor(run, scouts.stop)
    path, written = write_new(proposal, config.sources)
    saved = save_samples(proposal.pages, written, into or config.data / "samples", now)
    _show_proposal(proposal)
    say(f"Written: {path}", style="bold")
    say(proposal.toml)
    _tell_saved(saved)


@sources_app.command("check")
def check_sources(keys: Keys = None) -> None:
    """Read a few new articles of each source, store nothing, and report each field."""
    from crawlers.politeness import require_contact
    from crawlers.proposal import FIELDS, counts_of
    from crawlers.schedule import in_reactor
    from crawlers.scout import Scouts

    _quiet_crawlers()
    wanted, problems = _sources(keys)
    require_contact(wanted)
    scouts = Scouts()

    async def run() -> "list[Checked]":
        with _scouting(scouts):
            return await scouts.check_all(wanted)

    checked = in_reactor(run, scouts.stop)
    rows = []
    for each in checked:
        counts, total = counts_of(each.readings), each.articles
        found = (f"{counts[field]}/{total}" if total else "" for field in FIELDS)
        rows.append((each.source.key, f"{total} of {len(each.readings)}", *found))
    out.print(table(("source", "read", *FIELDS), rows))
    for each in checked:
        for doubt in each.doubts():
            complain(f"{each.source.key}: {doubt}")
        if not each.articles:
            complain(f"{each.source.key}: no article could be read.")
    for problem in problems:
        complain(str(problem))
    if problems or not all(each.articles for each in checked):
        raise typer.Exit(1)


@sources_app.command("sample")
def sample_source(
    key: Annotated[str, typer.Argument(metavar="SOURCE", help="Key of the source.")],
    number: Annotated[int, typer.Option(min=1, max=50, help="How many articles.")] = 3,
    into: Annotated[Path | None, typer.Option(help="Folder for the pages.")] = None,
) -> None:
    """Save pages of the newest articles, with what is read from them now, to become tests."""
    from crawlers.politeness import require_contact
    from crawlers.schedule import in_reactor
    from crawlers.scout import Scouts, save_samples
    from crawlers.source import load_source

    _quiet_crawlers()
    config = load_config()
    source = load_source(key, config.sources)
    require_contact([source])
    scouts = Scouts()

    async def run() -> "Checked":
        with _scouting(scouts):
            return await scouts.check(source, number)

    checked = in_reactor(run, scouts.stop)
    for doubt in checked.doubts():
        complain(f"{key}: {doubt}")
    if not checked.pages:
        raise PantauError(f"{key}: no page could be saved.")
    _tell_saved(save_samples(checked.pages, source, into or config.data / "samples", datetime.now(UTC)))


def _quiet_crawlers() -> None:
    logging.getLogger("crawlers").setLevel(logging.ERROR)  # what goes wrong with pages follows the tables


def _show_proposal(proposal: "Proposal") -> None:
    from crawlers.proposal import FIELDS, counts_of, example_of

    ways = [
        (way.name, way.address, f"{len(way.links)} articles" if way.links else f"{way.kind}: {way.problem}")
        for way in proposal.ways
    ]
    out.print(table(("way", "address", "names"), ways))
    counts = counts_of(proposal.readings)
    read = sum(each.article is not None for each in proposal.readings)
    say("")
    say(f"It looks like {proposal.system}; read best by the preset {proposal.preset}.")
    fields = [(field, f"{counts[field]} of {read}", example_of(proposal.readings, field)) for field in FIELDS]
    out.print(table(("field", "found in", "example"), fields))
    say("")
    say("Uncertain:", style="bold")
    for sentence in proposal.unsure:
        say(f"- {sentence}", style="yellow")
    say("")


def _tell_saved(saved: "Sequence[Path]") -> None:
    for path in saved:
        answer = path.with_suffix(".expected.json")
        say(
            f"Saved: {path}",
            f", and what is read from it: {answer.name}" if answer.exists() else ", not readable",
        )
    say("Read each answer against its page and correct it. The pages are their publishers' text: do not")
    say("commit them to a public project.")


@contextmanager
def _scouting(scouts: "Scouts") -> Iterator[None]:
    """A live table on a terminal, nothing in a pipe."""
    if not out.is_terminal:
        yield
        return

    def counters() -> Any:
        return table(("looking at", "answers"), [(key, str(pages)) for key, pages in scouts.pages()])

    with Live(get_renderable=counters, console=out, transient=True, refresh_per_second=5):
        yield


@app.command()
def status() -> None:
    """Each source: last run and its result, last new article, next run."""
    from crawlers.schedule import next_run
    from crawlers.source import load_sources

    store, now = _store(), datetime.now(UTC)
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


# Searching


@app.command(context_settings={"ignore_unknown_options": True})  # a query may begin with "-"
def search(
    text: Annotated[str, typer.Argument(metavar="QUERY")],
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 10,
    sort: Annotated[Sort, typer.Option()] = Sort.NEWEST,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="To this day.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Find articles: words by their stem, "phrases" as written, AND OR NOT, field:word, word*."""
    store = _store()
    asked = query.parse(text)
    if asked.problem:
        raise PantauError(asked.problem)
    names = store.source_names()
    for key in source or ():
        if key not in names:
            raise PantauError(f"There are no articles of a source {key!r}, only of: {', '.join(names)}.")
    index = open_index(store, load_config().index_folder)
    sync(store, index)
    wanted = query.narrow(asked, since=_day(since), until=_day(until), sources=source or ())
    hits = index.search(wanted, limit=limit, sort=sort)
    found = store.articles(hits.ids)
    if as_json:
        rows = [_as_json(each, asked) for each in found]
        answer = {"query": text, "notes": asked.notes, "total": hits.total, "hits": rows}
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        show_hits(found, names, asked, hits.total)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _as_json(stored: StoredArticle, wanted: query.Query) -> dict[str, Any]:
    article = stored.article
    found = passage(article.text, wanted)
    return {
        "id": stored.id,
        "url": article.url,
        "source": article.source,
        "title": article.title,
        "published": article.published.isoformat(),
        "place": article.place,
        "authors": article.authors,
        "editor": article.editor,
        "tags": article.tags,
        "passage": {"text": found.text, "marks": found.marks},
    }


@app.command()
def article(
    id: int, diff: Annotated[bool, typer.Option("--diff", help="What was changed, and when.")] = False
) -> None:
    """Show an article by its number (`search --json` tells it), and how its text changed."""
    store = _store()
    stored = store.article(id)
    if stored is None:
        raise PantauError(f"There is no article {id}.")
    if not diff:
        show_article(stored, store.source_names().get(stored.article.source, stored.article.source))
        return
    versions = [(each.text, each.title, each.replaced_at) for each in store.revisions(id)]
    if not versions:
        say("Its text was never changed.")
    later = [*versions[1:], (stored.article.text, stored.article.title, None)]
    for (text, title, replaced_at), (new_text, new_title, _) in zip(versions, later, strict=True):
        say(f"changed {replaced_at.astimezone():%Y-%m-%d %H:%M %Z}", style="bold")
        show_diff(compare(f"{title}\n\n{text}", f"{new_title}\n\n{new_text}"))
        say("")


# Alerting


@app.command()
def subscribe(
    email: str,
    text: Annotated[str, typer.Argument(metavar="QUERY")],
    name: Annotated[str, typer.Option(help="What mails call it; the query if not given.")] = "",
    rate: Annotated[subscriptions.Rate, typer.Option()] = subscriptions.Rate.IMMEDIATE,
) -> None:
    """Send an address what is new on a query, from now on."""
    made = subscriptions.subscribe(_store(), email, text, name, rate, datetime.now(UTC))
    say(f"{made.email} is told of what is new on: {made.query}")


@app.command()
def unsubscribe(token: str) -> None:
    """End the subscription whose token stands in its mails."""
    ended = subscriptions.unsubscribe(_store(), token, datetime.now(UTC))
    if ended is None:
        raise PantauError("No active subscription has this token.")
    say(f"{ended.email} is no longer told of: {ended.query}")


@app.command("subscriptions")
def list_subscriptions() -> None:
    """Who is told of what."""
    rows = [
        (str(each.id), each.email, each.name, each.query, each.rate.value)
        for each in subscriptions.active_subscriptions(_store())
    ]
    out.print(table(("id", "address", "name", "query", "rate"), rows))


@app.command()
def alerts() -> None:
    """Match what is new with the subscriptions, and send what is due."""
    _alert(_store(), load_config(), lambda: False, say)


@app.command()
def outbox(
    resend: Annotated[int | None, typer.Option(metavar="ID", help="Let this mail go out once more.")] = None,
) -> None:
    """The mails that did not go out, or of which it is unclear whether they did."""
    store = _store()
    if resend is not None:
        if not mail.resend(store, resend, datetime.now(UTC)):
            raise PantauError(f"No mail {resend} has failed or is unclear.")
        say(f"Mail {resend} goes out with the next `pantau alerts` or `pantau run`.")
        return
    rows = [
        (str(each.id), each.status, each.recipient, each.subject, each.message_id, each.error or "")
        for each in mail.unsent(store)
    ]
    out.print(table(("id", "status", "to", "subject", "Message-ID", "why"), rows))


def _alert(store: Store, config: Config, stop: Callable[[], bool], tell: Callable[[str], None]) -> None:
    found = match(store, datetime.now(UTC))
    written = compose(store, config, datetime.now(UTC))
    delivery = mail.send_due(store, config, lambda: datetime.now(UTC), stop)
    tell(f"{found} new matches, {written} mails written, {delivery.sent} sent")
    if delivery.troubles:
        raise PantauError("\n".join(delivery.troubles))


@app.command()
def demo(
    keep_serving: Annotated[bool, typer.Option(help="Leave the portal running until Ctrl-C.")] = False,
) -> None:
    """Show the whole job on a made-up portal on this machine: no network, no server needed."""
    from crawlers.demo.portal import PORT, Portal
    from crawlers.demo.sink import Sink
    from crawlers.schedule import Crawls, in_reactor
    from crawlers.source import load_source

    _quiet_crawlers()
    with Portal(PORT if keep_serving else 0) as portal, Sink() as sink:
        config = tour.prepare(sink.url)
        crawls = Crawls()
        source = load_source("demo").model_copy(update={"home": portal.address})
        guide = tour.Tour(config, portal, sink, partial(crawls.crawl, source))
        in_reactor(guide.walk, crawls.stop)
        if keep_serving:
            say(f"The portal goes on at {portal.address}; stop with Ctrl-C.")
            with suppress(KeyboardInterrupt):
                Event().wait()


def _store() -> Store:
    return Store(load_config().database_url).open()
