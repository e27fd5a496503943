"""What SQLite and PostgreSQL do differently: connecting, transactions, rights, and what their errors mean."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import psycopg
import sqlalchemy as sa
from psycopg import errors as postgresql_errors
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError

from indexer.errors import PantauError

BUSY_MILLISECONDS = 30_000
"""How long a writer waits for another one before it gives up."""
CONNECT_SECONDS = 10
MOST_CONNECTIONS = 40
"""To PostgreSQL at once, in one process: as many as a web page's threads may ask for."""
POLL_SECONDS = 0.1
"""How often a process that waits for a right asks for it."""
_SESSION = {
    "timezone": "UTC",
    # a machine that is cut off holds its rights and locks for a minute, not for two hours
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_CLIENT = {
    "connect_timeout": CONNECT_SECONDS,
    "client_encoding": "utf8",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "application_name": "pantau",
}
_AWAY = ("08", "28", "3D", "57P")
"""Beginnings of the SQLSTATEs of a server that cannot be reached, or does not let us in."""


class Database(Protocol):
    """A database that can hold the record."""

    @property
    def engine(self) -> sa.Engine:
        """Connects to it."""

    @property
    def reader(self) -> sa.Engine:
        """The same for reading: its transactions see one moment and wait for nobody."""

    @property
    def where(self) -> str:
        """How people are told of it; without passwords."""

    def right(self, work: str, wait: bool) -> AbstractContextManager[bool]:
        """See `Store.exclusively`."""

    def trouble(self, error: DBAPIError) -> str | None:
        """The rest of a sentence about the record; None for what is no trouble of the database but a defect."""


def connect(url: str) -> Database:
    """The database with this SQLAlchemy address; nothing is opened yet."""
    parsed = sa.make_url(url)
    return Sqlite(parsed) if parsed.get_backend_name() == "sqlite" else Postgresql(parsed)


@lru_cache
def insert_new(dialect: str, table: sa.Table) -> sa.Insert:
    """Inserts a row unless one with its key is there, as a concurrent transaction may have put it; see `rowcount`."""
    insert = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    return insert.on_conflict_do_nothing().inline().execution_options(preserve_rowcount=True)


class Sqlite:
    """A file of this machine."""

    def __init__(self, url: sa.URL) -> None:
        self.engine = self.reader = sa.create_engine(url)
        self._file = Path(url.database or "")
        self.where = str(self._file)
        sa.event.listen(self.engine, "connect", _set_up_sqlite)
        sa.event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def right(self, work: str, wait: bool) -> Iterator[bool]:
        """A lock on a file beside the record."""
        folder = self._file.parent / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / work).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                is_ours = False
            else:
                is_ours = True
            yield is_ours

    def trouble(self, error: DBAPIError) -> str | None:
        """See Database."""
        text = str(error.orig)
        if "not a database" in text or "malformed" in text:
            return f"is broken ({text}): restore it from a backup, or move it away"
        if not isinstance(error, OperationalError):
            return None
        if "locked" in text:
            return (
                f"cannot be used: another program has kept it locked for {BUSY_MILLISECONDS // 1000} seconds"
            )
        if "full" in text:
            return "cannot be used: the disk is full; nothing stored so far is lost"
        return f"cannot be used: {text}"


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not by the driver
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("writes"):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if options.get('durable') else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # the only writer; so nobody else's turn comes either


class Postgresql:
    """A server that several machines share."""

    def __init__(self, url: sa.URL) -> None:
        self.engine = sa.create_engine(
            url, pool_pre_ping=True, max_overflow=MOST_CONNECTIONS - 5, connect_args=_CLIENT
        )
        self.reader = self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self.where = url.set(query={}).render_as_string(hide_password=True)
        sa.event.listen(self.engine, "connect", _set_up_postgresql)
        sa.event.listen(self.engine, "begin", _begin_postgresql)

    @contextmanager
    def right(self, work: str, wait: bool) -> Iterator[bool]:
        """An advisory lock of a connection: it ends with the connection, and so with the process or its machine."""
        key = {"key": _key(work)}
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            take = sa.text("SELECT pg_try_advisory_lock(:key)")
            is_ours = bool(connection.scalar(take, key))
            while wait and not is_ours:
                time.sleep(POLL_SECONDS)
                is_ours = bool(connection.scalar(take, key))
            try:
                yield is_ours
            finally:
                if is_ours:
                    _give_back(connection, key)

    def trouble(self, error: DBAPIError) -> str | None:
        """See Database."""
        cause = error.orig
        if not isinstance(cause, psycopg.Error):
            return None
        text, state = " ".join(str(cause).split()), cause.sqlstate or ""
        if isinstance(cause, postgresql_errors.LockNotAvailable):
            return (
                f"cannot be used: another program has kept it locked for {BUSY_MILLISECONDS // 1000} seconds"
            )
        if isinstance(cause, postgresql_errors.DiskFull):
            return "cannot be used: the server's disk is full; nothing stored so far is lost"
        if isinstance(cause, postgresql_errors.DeadlockDetected):
            return "cannot be used: two processes have waited for each other; nothing is lost, try again"
        if error.connection_invalidated or state.startswith(_AWAY):
            return f"cannot be reached: {text}"
        if isinstance(error, OperationalError):
            return f"cannot be {'used' if state else 'reached'}: {text}"
        is_refusal = (postgresql_errors.InsufficientPrivilege, postgresql_errors.ReadOnlySqlTransaction)
        return f"cannot be used: {text}" if isinstance(cause, is_refusal) else None


def _set_up_postgresql(connection: psycopg.Connection[Any], _record: object) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise PantauError(
            f"The database {connection.info.dbname} is encoded in {encoding}; make one in UTF8."
        )
    connection.autocommit = True
    for name, value in {**_SESSION, "lock_timeout": str(BUSY_MILLISECONDS)}.items():
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))
    connection.autocommit = False


def _begin_postgresql(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if options.get("writes") and not options.get("durable"):
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
    if turn := options.get("turn"):
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key(f"turn {turn}")})


def _give_back(connection: sa.Connection, key: dict[str, int]) -> None:
    try:
        connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), key)
    except DBAPIError as error:
        if not error.connection_invalidated:  # else it ended with the connection
            raise


def _key(work: str) -> int:
    """The number by which all processes know a right; 64 bits, signed."""
    return int.from_bytes(sha256(work.encode()).digest()[:8], signed=True)
