"""The README names every command and every setting."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from indexer.cli import app
from indexer.config import Config

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def _names(app: typer.Typer, before: str = "") -> Iterator[str]:
    for group in app.registered_groups:
        inner = group.typer_instance
        assert inner
        yield from _names(inner, f"{before}{group.name} " if isinstance(group.name, str) else before)
        if isinstance(group.name, str):
            yield group.name
    for each in app.registered_commands:
        assert each.callback
        yield before + (each.name or each.callback.__name__)


COMMANDS = sorted(_names(app))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_names_the_command(command: str) -> None:
    assert f"`pantau {command}" in README


@pytest.mark.parametrize("name", Config.model_fields)
def test_the_readme_names_the_setting(name: str) -> None:
    assert f"`PANTAU_{name.upper()}`" in README


def test_there_are_commands_to_name() -> None:
    assert {"crawl", "sources", "sources new", "index rebuild"} <= set(COMMANDS)
