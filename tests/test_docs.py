"""The README names every command and every setting."""

from pathlib import Path

import pytest

from indexer.cli import app, sources_app
from indexer.config import Config

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    *(each.name or each.callback.__name__ for each in app.registered_commands if each.callback),
    *(str(each.name) for each in app.registered_groups),
    *(f"sources {each.name}" for each in sources_app.registered_commands),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_names_the_command(command: str) -> None:
    assert f"`pantau {command}" in README


@pytest.mark.parametrize("name", Config.model_fields)
def test_the_readme_names_the_setting(name: str) -> None:
    assert f"`PANTAU_{name.upper()}`" in README


def test_there_are_commands_to_name() -> None:
    assert {"crawl", "sources", "sources new"} <= set(COMMANDS)
