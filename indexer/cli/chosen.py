"""What many commands begin with: the record, and the sources that were named."""

import logging
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from indexer.config import load_config
from indexer.errors import PantauError
from indexer.store import Store

if TYPE_CHECKING:
    from crawlers.source import Source

Keys = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SOURCE]...", help="Keys of sources; none: all that are enabled."),
]


def sources(keys: list[str] | None) -> "tuple[list[Source], list[PantauError]]":
    """The named sources, or all that are enabled and what is wrong with the files of others."""
    from crawlers.source import load_source, load_sources

    own = load_config().sources
    if keys:
        return [load_source(key, own) for key in dict.fromkeys(keys)], []
    sources, problems = load_sources(own)
    return [each for each in sources if each.enabled], problems


def quiet_crawlers() -> None:
    logging.getLogger("crawlers").setLevel(logging.ERROR)  # what goes wrong with pages follows the tables


def open_store() -> Store:
    """The record that the settings name."""
    return Store(load_config().database_url).open()


def day(moment: datetime | None) -> date | None:
    """The day of an option that is one."""
    return moment.date() if moment else None
