"""Commands on the sources: which there are, new ones, and how well they are read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.live import Live

from indexer.cli.chosen import Keys, quiet_crawlers, sources
from indexer.config import load_config
from indexer.errors import PantauError
from indexer.terminal import complain, out, say, table

if TYPE_CHECKING:
    from crawlers.prospect import Proposal
    from crawlers.scout import Checked, Scouts

app = typer.Typer(invoke_without_command=True)


class SourceKind(StrEnum):
    """What speaks in a source."""

    GOVERNMENT = "government"
    PRESS = "press"
    AGENCY = "agency"


@app.callback()
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


@app.command("new")
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

    quiet_crawlers()
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


@app.command("check")
def check_sources(keys: Keys = None) -> None:
    """Read a few new articles of each source, store nothing, and report each field."""
    from crawlers.politeness import require_contact
    from crawlers.proposal import FIELDS, counts_of
    from crawlers.schedule import in_reactor
    from crawlers.scout import Scouts

    quiet_crawlers()
    wanted, problems = sources(keys)
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


@app.command("sample")
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

    quiet_crawlers()
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
