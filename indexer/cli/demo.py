"""The command that shows the whole job."""

from contextlib import suppress
from functools import partial
from threading import Event
from typing import Annotated

import typer

from indexer import tour
from indexer.cli.chosen import quiet_crawlers
from indexer.terminal import say

app = typer.Typer()


@app.command()
def demo(
    keep_serving: Annotated[bool, typer.Option(help="Leave the portal running until Ctrl-C.")] = False,
) -> None:
    """Show the whole job on a made-up portal on this machine: no network, no server needed."""
    from crawlers.demo.portal import PORT, Portal
    from crawlers.demo.sink import Sink
    from crawlers.schedule import Crawls, in_reactor
    from crawlers.source import load_source

    quiet_crawlers()
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
