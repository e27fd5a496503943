"""Accounts of those who work with the web page: their roles and passwords, and the sessions of their browsers.

A session is a random token in a cookie; the record only knows its hash. Passwords are hashed with Argon2id. A password
is not tried again after too many wrong ones for its name or from its address; what is tried is noted before it is
compared, so that trying many at once helps nobody.

So that strangers cannot shut out those they know the names of, a browser in which somebody has logged in keeps a mark
that says so, and what is tried with it counts for itself (OWASP calls that device cookies). A mark is signed with the hash
of the password, which nobody outside knows, and ends with it: the record need not keep any.
"""

import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from threading import BoundedSemaphore
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from indexer.database import insert_new
from indexer.errors import PantauError
from indexer.schema import login_failures, sessions, users
from indexer.store import MAX_ID, Store

SESSION = timedelta(hours=12)
"""How long a browser stays logged in: a working day, after which the password is asked for again."""
WINDOW = timedelta(minutes=15)
"""How long a wrong password counts."""
MAX_EACH, MAX_BY_ADDRESS, MAX_BY_NAME = 5, 20, 25
"""Wrong passwords in that time before no further one is looked at: for a name from one address, or from a browser known
to it; from an address; for a name from all strangers together."""
MARK = timedelta(days=180)
"""How long a browser is known after somebody has logged in."""
MIN_PASSWORD, MAX_PASSWORD = 12, 1000
"""Characters of a password."""
MAX_AGENT = 200
"""Characters that are kept of a browser's name for itself."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?")
_hasher = PasswordHasher()
_hashing = BoundedSemaphore(4)
"""Each hash takes 64 MB: not as many at once as there are requests."""


class Role(StrEnum):
    """What somebody may do; each may do what those before it may."""

    READER = "reader"
    """Search, and see what the team has saved."""
    EDITOR = "editor"
    """Save searches and subscribe others."""
    ADMIN = "admin"
    """Run the whole."""


@dataclass(frozen=True)
class User:
    """Somebody with an account."""

    id: int
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None

    def may(self, role: Role) -> bool:
        """Whether this user has a role, or one above it."""
        order = [*Role]
        return order.index(self.role) >= order.index(role)


@dataclass(frozen=True)
class Session:
    """A browser in which a user is logged in."""

    id: int
    user: User
    created_at: datetime
    expires_at: datetime
    agent: str
    """The browser's name for itself."""


@dataclass(frozen=True)
class Entry:
    """What a browser gets that has shown the right password."""

    token: str
    """Opens the session; known to nobody else."""
    mark: str
    """Says that the user has logged in with this browser before."""
    user: User


class Rejected(Exception):
    """Name and password do not go together, or the account is disabled; nobody is told which."""


class Throttled(Exception):
    """There were too many wrong passwords; `retry_after` is when another one is looked at."""

    def __init__(self, retry_after: datetime) -> None:
        super().__init__()
        self.retry_after = retry_after


# Users


def add_user(store: Store, name: str, password: str, role: Role, now: datetime) -> User:
    """Make an account; raises PantauError for a name that is taken or none, or a password too short."""
    if not _NAME.fullmatch(name):
        raise PantauError(
            f"{name!r} is no name for an account: up to 40 small letters, digits and the signs . _ - between them."
        )
    row = {"name": name, "password": _hashed(password), "role": role, "created_at": now}
    with store.writing() as connection:
        if not connection.execute(insert_new(connection.dialect.name, users), row).rowcount:
            raise PantauError(f"There is an account {name} already.")
        return _user(connection.execute(_named(name)).one())


def all_users(store: Store) -> list[User]:
    """All accounts by name."""
    with store.reading() as connection:
        return [_user(row) for row in connection.execute(sa.select(users).order_by(users.c.name))]


def set_password(store: Store, name: str, password: str) -> None:
    """Give an account another password and end all its sessions; raises PantauError if there is none."""
    _change(store, name, password=_hashed(password))


def set_role(store: Store, name: str, role: Role) -> None:
    """Give an account another role, from the next request on."""
    _change(store, name, role=role)


def disable(store: Store, name: str, now: datetime) -> None:
    """Let nobody in under this name, and end all sessions under it."""
    _change(store, name, disabled_at=now)


def enable(store: Store, name: str) -> None:
    """Let a disabled account in again."""
    _change(store, name, disabled_at=None)


def _change(store: Store, name: str, **values: Any) -> None:
    with store.writing() as connection:
        row = connection.execute(_named(name)).one_or_none()
        if row is None:
            raise PantauError(f"There is no account {name!r}.")
        connection.execute(sa.update(users).where(users.c.id == row.id).values(**values))
        if "role" not in values:
            connection.execute(sa.delete(sessions).where(sessions.c.user_id == row.id))


def _named(name: str) -> sa.Select[Any]:
    return sa.select(users).where(users.c.name == name)


def _user(row: sa.Row[Any]) -> User:
    return User(row.id, row.name, Role(row.role), row.created_at, row.disabled_at)


def _hashed(password: str) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise PantauError(f"A password needs at least {MIN_PASSWORD} characters, and at most {MAX_PASSWORD}.")
    with _hashing:
        return _hasher.hash(password)


# Logging in


def log_in(
    store: Store, name: str, password: str, address: str, agent: str, now: datetime, mark: str = ""
) -> Entry:
    """Begin a session. `mark` is what the browser got when somebody logged in there before, if so.

    Raises Rejected for a wrong name or password and Throttled after too many; both take as long for a name that there
    is not as for one that there is.
    """
    name = name.strip().lower()[:100]
    nobodys_password = _nobodys_password()
    with store.reading() as connection:
        row = connection.execute(_named(name)).one_or_none()
    hashed = row.password if row else nobodys_password
    attempt = _note_attempt(store, name, network(address), _known(mark, name, hashed), now)
    is_right = _is_right(hashed, password[: MAX_PASSWORD + 1])
    if row is None or row.disabled_at or not is_right:
        raise Rejected
    token = secrets.token_urlsafe(32)
    begun = {
        "token": _fingerprint(token),
        "user_id": row.id,
        "created_at": now,
        "expires_at": now + SESSION,
        "agent": agent[:MAX_AGENT],
    }
    is_old_hash = _hasher.check_needs_rehash(row.password)
    with store.writing() as connection:
        connection.execute(sa.delete(login_failures).where(login_failures.c.id == attempt))
        connection.execute(sa.delete(sessions).where(sessions.c.expires_at <= now))
        unchanged = _named(name).where(users.c.password == row.password, users.c.disabled_at.is_(None))
        if connection.execute(unchanged.with_for_update()).one_or_none() is None:
            raise Rejected  # it was changed in this moment
        if is_old_hash:
            hashed = _hashed(password)
            connection.execute(sa.update(users).where(users.c.id == row.id).values(password=hashed))
        connection.execute(sa.insert(sessions).values(begun))
    return Entry(token, _mark(name, hashed), _user(row))


def change_password(
    store: Store, user: User, current: str, new: str, address: str, now: datetime, mark: str = ""
) -> str:
    """Give a user who knows the current password another one, and end all their sessions; returns this browser's new mark.

    Raises Rejected and Throttled as `log_in`, PantauError for a new password out of bounds.
    """
    hashed = _hashed(new)
    with store.reading() as connection:
        row = connection.execute(_named(user.name)).one()
    attempt = _note_attempt(store, user.name, network(address), _known(mark, user.name, row.password), now)
    if not _is_right(row.password, current[: MAX_PASSWORD + 1]):
        raise Rejected
    with store.writing() as connection:
        connection.execute(sa.delete(login_failures).where(login_failures.c.id == attempt))
    _change(store, user.name, password=hashed)
    return _mark(user.name, hashed)


def network(address: str) -> str:
    """What one person has of addresses: an IPv4 address, or the network of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _note_attempt(store: Store, name: str, address: str, known: str | None, now: datetime) -> int:
    """Count this attempt as wrong until it turns out to be right; returns its id. From a browser that is known, it counts
    neither for the address nor for the name, but for the browser."""
    failures = login_failures
    if known:
        name, address = f"{name} {known}", ""  # no name has a space
    by_name, by_address = failures.c.name == name, failures.c.address == address
    bounds: list[tuple[sa.ColumnElement[bool], int]] = [(by_name & by_address, MAX_EACH)]
    if not known:
        bounds += [(by_address, MAX_BY_ADDRESS), (by_name, MAX_BY_NAME)]
    with store.writing(turn="login") as connection:
        connection.execute(sa.delete(failures).where(failures.c.at <= now - WINDOW))
        for counted_ones, most in bounds:
            recent = sa.select(failures.c.at).where(counted_ones).order_by(failures.c.at.desc())
            counted = [*connection.scalars(recent.limit(most))]
            if len(counted) == most:
                raise Throttled(counted[-1] + WINDOW)
        made = connection.execute(sa.insert(failures).values(name=name, address=address, at=now))
        assert made.inserted_primary_key
        return int(made.inserted_primary_key[0])


def _mark(name: str, hashed: str) -> str:
    """A mark for a browser of a user whose password has this hash."""
    browser = secrets.token_urlsafe(16)
    return f"{browser}.{_signature(browser, name, hashed)}"


def _known(mark: str, name: str, hashed: str) -> str | None:
    """Which browser it is, if its mark was made for this user since the password was changed last."""
    browser, _, signature = mark[:200].partition(".")
    is_ours = hmac.compare_digest(
        signature.encode(errors="replace"), _signature(browser, name, hashed).encode()
    )
    return browser if is_ours else None


def _signature(browser: str, name: str, hashed: str) -> str:
    return hmac.new(hashed.encode(), f"{browser} {name}".encode(errors="replace"), sha256).hexdigest()


def _is_right(hashed: str, password: str) -> bool:
    with _hashing:
        try:
            return _hasher.verify(hashed, password)
        except VerifyMismatchError:
            return False


@cache
def _nobodys_password() -> str:
    """Compared with what is given for a name that there is not, so that it takes as long."""
    return _hasher.hash(secrets.token_urlsafe(32))


# Sessions


def session_of(store: Store, token: str, now: datetime) -> Session | None:
    """The session that a token opens; None if it has ended, or never was."""
    wanted = _sessions(now).where(sessions.c.token == _fingerprint(token), users.c.disabled_at.is_(None))
    with store.reading() as connection:
        row = connection.execute(wanted).one_or_none()
    return _session(row) if row else None


def sessions_of(store: Store, user: User, now: datetime) -> list[Session]:
    """The browsers in which somebody is logged in, the latest first."""
    wanted = _sessions(now).where(sessions.c.user_id == user.id).order_by(sessions.c.id.desc()).limit(100)
    with store.reading() as connection:
        return [_session(row) for row in connection.execute(wanted)]


def end_session(store: Store, user: User, id: int) -> bool:
    """End one of a user's own sessions; False if there is none with this id."""
    own = (sessions.c.user_id == user.id) & (sessions.c.id == (id if 0 < id <= MAX_ID else 0))
    with store.writing() as connection:
        return connection.execute(sa.delete(sessions).where(own)).rowcount == 1


def _sessions(now: datetime) -> sa.Select[Any]:
    columns = (sessions.c.id.label("session_id"), sessions.c.expires_at, sessions.c.agent)
    begun = sessions.c.created_at.label("begun_at")
    return sa.select(users, *columns, begun).join(sessions).where(sessions.c.expires_at > now)


def _session(row: sa.Row[Any]) -> Session:
    return Session(row.session_id, _user(row), row.begun_at, row.expires_at, row.agent)


def _fingerprint(token: str) -> str:
    return sha256(token.encode(errors="replace")).hexdigest()
