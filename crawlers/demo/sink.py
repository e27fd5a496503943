"""A mail server on loopback that delivers nowhere: it keeps what it takes, for the demo and for tests."""

import socket
from collections.abc import Callable
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    """A real SMTP server in a thread; use as a context manager."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        """Mails in the order they came."""
        self.answer_recipient: Callable[[str], str] = lambda _address: "250 OK"
        """What to say to a recipient's address; anything but 2xx refuses it."""
        self.answer_data = "250 OK"
        """What to say to a whole mail; anything but 2xx refuses it."""
        self._controller = Controller(self, hostname="127.0.0.1", port=_free_port())

    @property
    def url(self) -> str:
        """Its address as `PANTAU_SMTP_URL` takes it."""
        return f"smtp://127.0.0.1:{self._controller.port}"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    async def handle_RCPT(  # noqa: N802  # aiosmtpd calls it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        answer = self.answer_recipient(address)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take or refuse a mail."""
        content = envelope.content
        if self.answer_data.startswith("2") and isinstance(content, bytes):
            self.taken.append(BytesParser(EmailMessage, policy=default).parsebytes(content))
        return self.answer_data


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
