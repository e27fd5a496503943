"""The front door: every command of Pantau, and the only place here that knows the crawlers."""

import logging
import sys
import traceback
from importlib.metadata import version
from typing import Annotated

import typer

from indexer.cli import alerting, crawling, demo, keys, searching, serving, sources, users
from indexer.config import load_config
from indexer.errors import PantauError
from indexer.terminal import complain, say

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Pantau watches the news of Indonesia's regions: crawl, search, alert by e-mail.",
)
for _part in (crawling, searching, alerting, serving, demo):
    app.add_typer(_part.app)
app.add_typer(sources.app, name="sources")
app.add_typer(users.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(searching.index_app, name="index")


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
    if level != logging.DEBUG:  # what goes wrong is told once, by our own sentences
        for name in ("scrapy", "trafilatura", "elastic_transport"):
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
