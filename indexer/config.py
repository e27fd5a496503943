"""Every setting of Pantau, from the environment, validated once."""

import re
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, unquote, urlsplit

import sqlalchemy as sa
from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from indexer.errors import PantauError

POSTGRESQL = ("postgres", "postgresql", "postgresql+psycopg")
"""How its addresses may begin; the last one is SQLAlchemy's."""
SMTP_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_NO_SECRET = SecretStr("")


def _smtp_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in SMTP_PORTS or not parts.hostname:
        raise ValueError(
            "must look like smtp://host:25, smtp+starttls://user:password@host:587 or smtps://host"
        )
    _ = parts.port  # urlsplit reads the number only when asked, and raises for a wrong one
    return value


def _elastic_urls(value: SecretStr) -> list[SplitResult]:
    return [urlsplit(each.strip()) for each in value.get_secret_value().split(",") if each.strip()]


def _elasticsearch_url(value: SecretStr) -> SecretStr:
    """Says nothing of what it holds: that may be a password."""
    try:
        urls = _elastic_urls(value)
        are_complete = all(
            url.scheme in ("http", "https")
            and url.hostname
            and url.port
            and not url.query
            and not url.fragment
            for url in urls
        )
    except ValueError:
        are_complete = False
    if not are_complete:
        raise ValueError(
            "must look like http://host:9200 or https://user:password@host:9200, several with commas between; "
            "signs as @ : / , in a password are written as %40 %3A %2F %2C"
        )
    if len({(url.scheme, url.username, url.password) for url in urls}) > 1:
        raise ValueError("all hosts must have the same scheme, user and password")
    if urls and bool(urls[0].username) != bool(urls[0].password):
        raise ValueError("a user needs a password, and a password a user")
    return value


def _without_secrets(url: SplitResult) -> str:
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path.rstrip('/')}"


def _index_name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,99}", value):
        raise ValueError(
            "must be small letters, digits, _ and -, up to 100, and begin with a letter or digit"
        )
    return value


def _database_url(value: str, info: ValidationInfo) -> str:
    """SQLAlchemy's address of the record; says nothing of what a wrong one holds: that may be a password."""
    if not value:
        return f"sqlite:///{info.data.get('data', Path()) / 'pantau.db'}"
    try:
        url = sa.make_url(value)
    except (sa.exc.ArgumentError, ValueError):
        url = sa.URL.create("wrong")
    is_complete = url.drivername in POSTGRESQL and url.host and url.database
    if not is_complete or not 0 < (url.port or 5432) < 2**16:
        raise ValueError(
            "must look like postgresql://user:password@host:5432/database; "
            "signs as @ : / in a password are written as %40 %3A %2F"
        )
    _refuse_unknown_options(url)
    return url.set(drivername=POSTGRESQL[-1]).render_as_string(hide_password=False)


def _refuse_unknown_options(url: sa.URL) -> None:
    from psycopg import ProgrammingError, conninfo

    if "password" in url.query:
        raise ValueError("must have the password before the host, not among the options")
    try:
        for name, value in url.query.items():
            conninfo.make_conninfo(**{name: str(value)})
    except ProgrammingError:
        raise ValueError(f"has an option that PostgreSQL does not know: {', '.join(url.query)}") from None


def _networks(value: str) -> str:
    try:
        for each in filter(None, map(str.strip, value.split(","))):
            ip_network(each)
    except ValueError:
        raise ValueError(
            "must be addresses or networks, as 127.0.0.1 or 10.0.0.0/8, with commas between"
        ) from None
    return value


LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Names of this machine for itself."""


def _web_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (
        parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query
    ):
        raise ValueError("must look like https://pantau.example.org, without a path")
    return value.rstrip("/")


class Config(BaseSettings):
    """What ops may set. Each field NAME is read from the environment variable `PANTAU_NAME`."""

    model_config = SettingsConfigDict(env_prefix="PANTAU_", frozen=True, extra="ignore")

    data: Path = Path("data")
    """Folder of the record and the index."""
    database_url: Annotated[str, AfterValidator(_database_url), Field(repr=False)] = ""
    """PostgreSQL that keeps the record, as postgresql://user:password@host:5432/database. Empty: a file in the data
    folder."""
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
    elasticsearch_url: Annotated[SecretStr, AfterValidator(_elasticsearch_url)] = _NO_SECRET
    """Where Elasticsearch 8.19 or 9 answers: http://host:9200 or https://user:password@host:9200, several with commas
    between. Empty: articles are searched in the embedded index."""
    elasticsearch_api_key: SecretStr = _NO_SECRET
    """Key for Elasticsearch (the "encoded" form), in place of user and password."""
    elasticsearch_ca: Path | None = None
    """File with the certificate of the authority that signed Elasticsearch's, where the system does not know it."""
    elasticsearch_index: Annotated[str, AfterValidator(_index_name)] = "pantau"
    """Name of the alias that is searched, and beginning of the names of the indices."""
    elasticsearch_shards: Annotated[int, Field(ge=1, le=1000)] = 1
    """Into how many parts an index is divided; for the next rebuild."""
    elasticsearch_replicas: Annotated[int, Field(ge=0, le=100)] = 1
    """How many copies of each part other machines keep; for the next rebuild."""
    web_url: Annotated[str, AfterValidator(_web_url)] = ""
    """Address under which readers see the page, as https://pantau.example.org; needed where it is served to others than
    this machine. Its name is the only one that is answered, and links in mails and feeds begin with it."""
    web_proxies: Annotated[str, AfterValidator(_networks)] = ""
    """Addresses or networks of reverse proxies whose word on the reader's address, and on https, is taken, with commas
    between."""
    public_search: bool = False
    """Whether people without an account may search and subscribe where the page is served to others than this machine."""
    api_requests: Annotated[int, Field(ge=1, le=1_000_000)] = 120
    """How many requests a minute the API answers for each key or, without one, each address."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @field_validator("elasticsearch_api_key")
    @classmethod
    def _one_way_to_be_known(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        urls = _elastic_urls(info.data.get("elasticsearch_url", _NO_SECRET))
        if key.get_secret_value() and any(url.username for url in urls):
            raise ValueError(
                "is not used together with a user in PANTAU_ELASTICSEARCH_URL; leave one of them out"
            )
        if not (key.get_secret_value().isascii() and key.get_secret_value().isprintable()):
            raise ValueError("is no key; it has letters, digits and the signs + / = - _ only")
        return key

    @field_validator("elasticsearch_ca")
    @classmethod
    def _readable(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file is None:
            return None
        if any(
            url.scheme != "https" for url in _elastic_urls(info.data.get("elasticsearch_url", _NO_SECRET))
        ):
            raise ValueError("is of use only with https:// in PANTAU_ELASTICSEARCH_URL")
        try:
            is_certificate = b"-----BEGIN CERTIFICATE-----" in file.read_bytes()
        except OSError as error:
            raise ValueError(f"{file} cannot be read: {error.strerror}") from None
        if not is_certificate:
            raise ValueError(f"{file} holds no certificate (-----BEGIN CERTIFICATE-----)")
        return file

    @property
    def elasticsearch(self) -> "ElasticServer | None":
        """The search engine for many machines, None where the embedded one is used."""
        urls = _elastic_urls(self.elasticsearch_url)
        if not urls:
            return None
        first = urls[0]
        return ElasticServer(
            hosts=tuple(dict.fromkeys(_without_secrets(url) for url in urls)),
            index=self.elasticsearch_index,
            shards=self.elasticsearch_shards,
            replicas=self.elasticsearch_replicas,
            user=unquote(first.username or ""),
            password=SecretStr(unquote(first.password or "")),
            api_key=self.elasticsearch_api_key,
            ca=self.elasticsearch_ca,
        )

    @property
    def hosts(self) -> frozenset[str]:
        """The names of the web page."""
        named = urlsplit(self.web_url).hostname
        return LOOPBACK | ({named} if named else set())

    @property
    def is_secure(self) -> bool:
        """Whether readers come to the web page by https."""
        return self.web_url.startswith("https:")

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


@dataclass(frozen=True)
class ElasticServer:
    """Where Elasticsearch answers, how it knows us, and how it is to keep the articles."""

    hosts: tuple[str, ...]
    """Addresses without user and password."""
    index: str = "pantau"
    shards: int = 1
    replicas: int = 1
    user: str = ""
    password: SecretStr = _NO_SECRET
    api_key: SecretStr = _NO_SECRET
    ca: Path | None = None


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
