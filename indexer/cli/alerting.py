"""Commands that tell people what is new on what they asked for."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from indexer.alerts import mail, subscriptions
from indexer.alerts.digests import compose
from indexer.alerts.matching import match
from indexer.cli.chosen import open_store
from indexer.config import Config, load_config
from indexer.errors import PantauError
from indexer.store import Store
from indexer.terminal import out, say, table

app = typer.Typer()


@app.command()
def subscribe(
    email: str,
    text: Annotated[str, typer.Argument(metavar="QUERY")],
    name: Annotated[str, typer.Option(help="What mails call it; the query if not given.")] = "",
    rate: Annotated[subscriptions.Rate, typer.Option()] = subscriptions.Rate.IMMEDIATE,
) -> None:
    """Send an address what is new on a query, from now on."""
    made = subscriptions.subscribe(open_store(), email, text, name, rate, datetime.now(UTC))
    say(f"{made.email} is told of what is new on: {made.query}")


@app.command()
def unsubscribe(token: str) -> None:
    """End the subscription whose token stands in its mails."""
    ended = subscriptions.unsubscribe(open_store(), token, datetime.now(UTC))
    if ended is None:
        raise PantauError("No active subscription has this token.")
    say(f"{ended.email} is no longer told of: {ended.query}")


@app.command("subscriptions")
def list_subscriptions() -> None:
    """Who is told of what."""
    rows = [
        (str(each.id), each.email, each.name, each.query, each.rate.value)
        for each in subscriptions.active_subscriptions(open_store())
    ]
    out.print(table(("id", "address", "name", "query", "rate"), rows))


@app.command()
def alerts() -> None:
    """Match what is new with the subscriptions, and send what is due."""
    alert(open_store(), load_config(), lambda: False, say)


@app.command()
def outbox(
    resend: Annotated[int | None, typer.Option(metavar="ID", help="Let this mail go out once more.")] = None,
) -> None:
    """The mails that did not go out, or of which it is unclear whether they did."""
    store = open_store()
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


def alert(store: Store, config: Config, stop: Callable[[], bool], tell: Callable[[str], None]) -> None:
    subscriptions.forget_unconfirmed(store, datetime.now(UTC))
    found = match(store, datetime.now(UTC))
    written = compose(store, config, datetime.now(UTC))
    delivery = mail.send_due(store, config, lambda: datetime.now(UTC), stop)
    tell(f"{found} new matches, {written} mails written, {delivery.sent} sent")
    if delivery.troubles:
        raise PantauError("\n".join(delivery.troubles))
