"""How every mail of Pantau is written, in text and HTML, and put in the outbox."""

from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime as rfc5322_time
from email.utils import parseaddr
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import sqlalchemy as sa
from babel.dates import format_datetime
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from indexer.alerts.mail import Status
from indexer.highlight import Passage
from indexer.schema import outbox

_templates = Environment(
    loader=PackageLoader("indexer.alerts"),
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


def write(
    template: str,
    content: Mapping[str, Any],
    headers: Mapping[str, str],
    message_id: str,
    now: datetime,
) -> EmailMessage:
    """A mail from `template`.txt and `template`.html; `headers` say from whom, to whom and about what."""
    message = EmailMessage(policy=SMTP)
    for name, value in headers.items():
        message[name] = value
    message["Date"] = rfc5322_time(now)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_templates.get_template(f"{template}.txt").render(content))
    message.add_alternative(_templates.get_template(f"{template}.html").render(content), subtype="html")
    return message


def put(
    connection: sa.Connection, subscription_id: int, recipient: str, message: EmailMessage, now: datetime
) -> int:
    """Put a mail in the outbox, inside its caller's transaction; returns its id there."""
    row = {
        "subscription_id": subscription_id,
        "recipient": recipient,
        "subject": message["Subject"],
        "message_id": message["Message-ID"],
        "message": message.as_bytes(),
        "status": Status.PENDING,
        "next_attempt_at": now,
        "created_at": now,
    }
    key = connection.execute(sa.insert(outbox).values(row)).inserted_primary_key
    assert key
    return int(key[0])


def new_message_id(sender: str) -> str:
    """A Message-ID that nobody else has."""
    return f"<{uuid4()}@{parseaddr(sender)[1].rpartition('@')[2]}>"


def mail_to_leave(sender: str, token: str) -> str:
    """The address of a mail that asks to be left alone."""
    return f"mailto:{parseaddr(sender)[1]}?subject={quote('berhenti ' + token)}"


def page_to_leave(web_url: str, token: str) -> str:
    """The address of the page on which a subscription is ended."""
    return f"{web_url}/langganan/berhenti/{token}"


def page_to_confirm(web_url: str, token: str) -> str:
    """The address of the page on which a subscription is confirmed."""
    return f"{web_url}/langganan/konfirmasi/{token}"


def indonesian_time(moment: datetime) -> str:
    """As "23 Januari 2026 15:32 WIB"."""
    return f"{format_datetime(moment, 'd MMMM y HH:mm', locale='id')} {moment:%Z}"


def starred(found: Passage) -> str:
    """A passage on one line, with asterisks around what is marked."""
    text = "".join(f"*{piece}*" if is_marked else piece for piece, is_marked in found.pieces())
    return " ".join(text.split())


_templates.filters |= {"starred": starred, "waktu": indonesian_time}
