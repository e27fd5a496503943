"""Commands for the keys of programs that use the API."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from indexer.cli.chosen import open_store
from indexer.errors import PantauError
from indexer.keys import Scope, add_key, all_keys, revoke_key
from indexer.terminal import ago, out, say, table

app = typer.Typer(help="Keys for programs that use the API.")


@app.callback(invoke_without_command=True)
def list_keys(context: typer.Context) -> None:
    """Keys for programs that use the API; without a command: all there are."""
    if context.invoked_subcommand:
        return
    now = datetime.now(UTC)
    rows = [
        (
            str(each.id),
            each.name,
            ", ".join(sorted(each.scopes)),
            f"{each.created_at:%Y-%m-%d}",
            ago(each.used_at, now),
            f"revoked {each.revoked_at:%Y-%m-%d}" if each.revoked_at else "",
        )
        for each in all_keys(open_store())
    ]
    out.print(table(("id", "name", "scopes", "made", "used", ""), rows))


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Who or what uses it.")],
    scope: Annotated[list[Scope], typer.Option(help="What it opens; may be repeated.")],
) -> None:
    """Make a key and print its token: this once, it is not kept."""
    key, token = add_key(open_store(), name, scope, datetime.now(UTC))
    say(f"Key {key.id} for {key.name}: {', '.join(sorted(key.scopes))}. Send it as")
    say(f"Authorization: Bearer {token}")


@app.command()
def revoke(id: int) -> None:
    """Let a key open nothing any more."""
    if not revoke_key(open_store(), id, datetime.now(UTC)):
        raise PantauError(f"There is no key {id} that could be revoked.")
    say(f"Key {id} opens nothing any more.")
