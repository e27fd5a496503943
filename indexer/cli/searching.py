"""Commands that search, and that look after the index."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from indexer import query, topics
from indexer.cli.chosen import day, open_store
from indexer.config import load_config
from indexer.diff import compare
from indexer.engines import open_index
from indexer.errors import PantauError
from indexer.highlight import passage
from indexer.index import (
    FACETS,
    VERSION,
    Cursor,
    Hits,
    Interval,
    SearchIndex,
    Sort,
    Unreachable,
    UnusableIndex,
    rebuild,
    sync,
)
from indexer.store import Store, StoredArticle
from indexer.terminal import (
    complain,
    err,
    out,
    say,
    show_article,
    show_counts,
    show_diff,
    show_hits,
    table,
)

app = typer.Typer()
index_app = typer.Typer(no_args_is_help=True, help="The index: how it stands, and making it anew.")


@app.command(context_settings={"ignore_unknown_options": True})  # a query may begin with "-"
def search(
    text: Annotated[str, typer.Argument(metavar="QUERY")],
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 10,
    sort: Annotated[Sort, typer.Option()] = Sort.NEWEST,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="To this day.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be repeated.")] = None,
    after: Annotated[str, typer.Option(metavar="CURSOR", help="Go on where a page ended.")] = "",
    facets: Annotated[
        bool, typer.Option("--facets", help="Count by source, region, kind and topic.")
    ] = False,
    by: Annotated[Interval | None, typer.Option(help="Count over time.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Find articles: words by their stem, "phrases" as written, AND OR NOT, field:word, word*."""
    store = open_store()
    asked = query.parse(text)
    if asked.problem:
        raise PantauError(asked.problem)
    names = store.source_names()
    for key in source or ():
        if key not in names:
            raise PantauError(f"There are no articles of a source {key!r}, only of: {', '.join(names)}.")
    wanted = query.narrow(asked, since=day(since), until=day(until), keys={"source": source or ()})
    hits = _search(store, wanted, limit, Cursor.read(after) if after else None, sort, facets, by)
    found = store.articles(hits.ids)
    if as_json:
        answer = {
            "query": text,
            "notes": [str(note) for note in asked.notes],
            "total": hits.total,
            "after": str(hits.after) if hits.after else None,
            "facets": hits.facets,
            "histogram": {day.isoformat(): count for day, count in hits.histogram.items()},
            "hits": [_as_json(each, asked) for each in found],
        }
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    show_hits(found, names, asked, hits.total)
    show_counts(hits, names)
    if hits.after:
        say(f"Further hits: --after {hits.after}")


def _search(
    store: Store,
    wanted: query.Query,
    limit: int,
    after: Cursor | None,
    sort: Sort,
    facets: bool,
    interval: Interval | None,
) -> Hits:
    """The hits among all that is stored; what cannot be sent to the index is told, and does not keep from searching."""
    index = open_index(load_config())
    trouble = ""
    try:
        _keep_up(store, index)
    except Unreachable:
        raise
    except PantauError as error:
        trouble = str(error)
    asked = FACETS if facets else ()
    hits = index.search(wanted, limit=limit, after=after, sort=sort, facets=asked, interval=interval)
    if trouble:
        complain(f"{trouble} What is new may be missing here.")
    return hits


def _keep_up(store: Store, index: SearchIndex) -> int:
    with _bar("indexing", store.count_behind()) as progress:
        return sync(store, index, progress)


@contextmanager
def _bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing in a pipe; takes how many articles are done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done, total=max(total, done))


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
    store = open_store()
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


@app.command("topics")
def list_topics() -> None:
    """The ready-made queries: `topik:KEY` stands for one in any query."""
    rows = [
        (each.key, each.titles["id"], each.titles["en"], each.query.text) for each in topics.topics().values()
    ]
    out.print(table(("key", "title", "in English", "query"), rows))


# The index


@index_app.command("status")
def index_status() -> None:
    """What the index holds, what it still lacks and what it refused."""
    store, index = open_store(), open_index(load_config())
    behind, refused = store.count_behind(), store.refused()
    try:
        info = index.info()
    except UnusableIndex as error:
        say(f"{error} `pantau index sync` makes it.")
    else:
        age = "" if info.version == VERSION else "; made by another version, the next sync makes it anew"
        say(f"{info.engine}: {info.articles:,} articles, {info.size / 1e6:,.1f} MB{age}")
    say(f"{behind:,} articles wait to be sent")
    say(
        f"{len(refused):,} articles were refused{'; `pantau index retry` sends them again' if refused else ''}"
    )
    if refused:
        out.print(
            table(("id", "address", "why"), [(str(each.id), each.url, each.index_error) for each in refused])
        )


@index_app.command("sync")
def sync_index() -> None:
    """Send to the index what it lacks."""
    store = open_store()
    say(f"{_keep_up(store, open_index(load_config())):,} articles sent")


@index_app.command("rebuild")
def rebuild_index() -> None:
    """Make the index anew from the record; the present one is searched until then."""
    store = open_store()
    with _bar("rebuilding", store.count_articles()) as progress:
        say(f"{rebuild(store, open_index(load_config()), progress):,} articles indexed")


@index_app.command("retry")
def retry_refused() -> None:
    """Send again what the index refused."""
    store = open_store()
    retried = store.retry_refused()
    _keep_up(store, open_index(load_config()))
    say(f"{retried:,} articles sent again, {len(store.refused()):,} refused")
