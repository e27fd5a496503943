"""Every setting of Pantau, from the environment, validated once."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from indexer.errors import PantauError

SMTP_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def _smtp_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in SMTP_PORTS or not parts.hostname:
        raise ValueError(
            "must look like smtp://host:25, smtp+starttls://user:password@host:587 or smtps://host"
        )
    _ = parts.port  # urlsplit reads the number only when asked, and raises for a wrong one
    return value


class Config(BaseSettings):
    """What ops may set. Each field NAME is read from the environment variable `PANTAU_NAME`."""

    model_config = SettingsConfigDict(env_prefix="PANTAU_", frozen=True, extra="ignore")

    data: Path = Path("data")
    """Folder of the record and the index."""
    archive: str = ""
    """Folder of the WARC files; by default beside the record; "off" keeps no pages."""
    sources: Path | None = None
    """Folder with source files of your own, beside those that come with Pantau."""
    smtp_url: Annotated[str, AfterValidator(_smtp_url)] = "smtp://localhost:25"
    """Mail server: smtp://, smtp+starttls:// or smtps://, with user:password@ where it asks for them."""
    mail_from: str = "Pantau <pantau@localhost>"
    """Sender of alert mails."""
    contact: str = ""
    """Address or web page for site owners; part of the crawler's user agent."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @property
    def database_url(self) -> str:
        """SQLAlchemy address of the record."""
        return f"sqlite:///{self.data / 'pantau.db'}"

    @property
    def archive_folder(self) -> Path | None:
        """Folder of the WARC files, None where no pages are kept."""
        if self.archive == "off":
            return None
        return Path(self.archive) if self.archive else self.data / "archive"

    @property
    def index_folder(self) -> Path:
        """Folder of the embedded index."""
        return self.data / "index"

    @cached_property
    def smtp(self) -> "SmtpServer":
        """The mail server, taken apart."""
        parts = urlsplit(self.smtp_url)
        return SmtpServer(
            host=parts.hostname or "localhost",
            port=parts.port or SMTP_PORTS[parts.scheme],
            security=parts.scheme,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password or ""),
        )


class SmtpServer:
    """Where mail is handed over: host, port, security (a key of SMTP_PORTS), user and password."""

    def __init__(self, host: str, port: int, security: str, user: str | None, password: str) -> None:
        self.host, self.port, self.security = host, port, security
        self.user, self.password = user, password

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def load_config() -> Config:
    """Read the environment; raises PantauError naming each variable that is wrong."""
    try:
        return Config()
    except ValidationError as error:
        wrong = [f"PANTAU_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()]
        raise PantauError("; ".join(wrong)) from None
