"""Commands for the accounts of those who work with the web page."""

import sys
from datetime import UTC, datetime
from getpass import getpass
from typing import Annotated

import typer

from indexer import accounts
from indexer.accounts import Role
from indexer.cli.chosen import open_store
from indexer.errors import PantauError
from indexer.terminal import out, say, table

app = typer.Typer(help="Accounts for the web page.", invoke_without_command=True)


@app.callback()
def list_users(context: typer.Context) -> None:
    """Who has an account, and what they may do; the commands below change that."""
    if context.invoked_subcommand:
        return
    rows = [
        (each.name, each.role.value, f"{each.created_at:%Y-%m-%d}", "disabled" if each.disabled_at else "")
        for each in accounts.all_users(open_store())
    ]
    out.print(table(("name", "role", "since", ""), rows))


@app.command("add")
def add_user(name: str, role: Annotated[Role, typer.Option()] = Role.READER) -> None:
    """Make an account; asks for its password, or reads it from a pipe."""
    store = open_store()
    made = accounts.add_user(store, name, _read_password(), role, datetime.now(UTC))
    say(f"{made.name} may log in as {made.role}.")


@app.command("password")
def set_password(name: str) -> None:
    """Give an account another password; whoever is logged in with the old one no longer is."""
    store = open_store()
    accounts.set_password(store, name, _read_password())
    say(f"{name} has another password; all sessions have ended.")


@app.command("role")
def set_role(name: str, role: Role) -> None:
    """Change what an account may do."""
    accounts.set_role(open_store(), name, role)
    say(f"{name} is {role} now.")


@app.command("disable")
def disable(name: str) -> None:
    """Let nobody in under this name; what they have saved stays."""
    accounts.disable(open_store(), name, datetime.now(UTC))
    say(f"{name} can no longer log in; all sessions have ended.")


@app.command("enable")
def enable(name: str) -> None:
    """Let a disabled account in again."""
    accounts.enable(open_store(), name)
    say(f"{name} can log in again.")


def _read_password() -> str:
    """Typed twice unseen on a terminal; a line of a pipe."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("Password: ")
    if getpass("Once more: ") != password:
        raise PantauError("The two passwords are not the same.")
    return password
