"""Accounts: names and passwords, sessions, and too many wrong passwords."""

import os
import pty
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from conftest import NOW, PANTAU, pantau

from indexer import accounts
from indexer.accounts import (
    MAX_BY_ADDRESS,
    MAX_BY_NAME,
    MAX_EACH,
    SESSION,
    WINDOW,
    Entry,
    Rejected,
    Role,
    Throttled,
    User,
    add_user,
    all_users,
    end_session,
    log_in,
    network,
    session_of,
    sessions_of,
)
from indexer.errors import PantauError
from indexer.schema import login_failures, sessions, users
from indexer.store import Store

PASSWORD = "kata sandi panjang"
LATER = NOW + timedelta(minutes=1)


pytestmark = pytest.mark.usefixtures("cheap_hashes")


@pytest.fixture
def store(any_store: Store) -> Store:
    """What holds here holds for a record in SQLite and in PostgreSQL."""
    return any_store


@pytest.fixture
def ani(store: Store) -> User:
    return add_user(store, "ani", PASSWORD, Role.EDITOR, NOW)


def enter(
    store: Store, name: str = "ani", password: str = PASSWORD, address: str = "192.0.2.1", at: datetime = NOW
) -> str:
    return log_in(store, name, password, address, "Peramban/1.0", at).token


def failures(store: Store) -> int:
    with store.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(login_failures)) or 0


# Users


def test_an_account_is_kept_as_it_was_made(store: Store, ani: User) -> None:
    assert all_users(store) == [ani]
    assert (ani.name, ani.role, ani.created_at, ani.disabled_at) == ("ani", Role.EDITOR, NOW, None)


def test_each_role_may_what_those_before_it_may(ani: User) -> None:
    assert [role for role in Role if ani.may(role)] == [Role.READER, Role.EDITOR]


@pytest.mark.parametrize(
    "name", ["", "Ani", "a b", "-ani", "ani-", "a" * 41, "ani\n", "añi", "../etc", "a'--"]
)
def test_a_wrong_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(PantauError, match="no name for an account"):
        add_user(store, name, PASSWORD, Role.READER, NOW)
    assert all_users(store) == []


@pytest.mark.parametrize("password", ["", "pendek", "x" * 11, "x" * 1001])
def test_a_password_has_its_bounds(store: Store, password: str) -> None:
    with pytest.raises(PantauError, match="at least 12"):
        add_user(store, "ani", password, Role.READER, NOW)


def test_a_name_is_taken_once(store: Store, ani: User) -> None:
    with pytest.raises(PantauError, match="already"):
        add_user(store, "ani", PASSWORD, Role.ADMIN, NOW)
    assert all_users(store) == [ani]


@pytest.mark.parametrize(
    "change",
    [
        lambda store: accounts.set_password(store, "budi", PASSWORD),
        lambda store: accounts.set_role(store, "budi", Role.ADMIN),
        lambda store: accounts.disable(store, "budi", NOW),
        lambda store: accounts.enable(store, "budi"),
    ],
)
def test_an_account_that_there_is_not_cannot_be_changed(store: Store, change) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(PantauError, match="no account 'budi'"):
        change(store)


# Passwords and sessions


def test_the_right_password_begins_a_session(store: Store, ani: User) -> None:
    found = session_of(store, enter(store), LATER)
    assert found
    assert found.user == ani
    assert (found.created_at, found.expires_at, found.agent) == (NOW, NOW + SESSION, "Peramban/1.0")


def test_the_name_may_be_typed_in_capitals(store: Store, ani: User) -> None:
    assert session_of(store, enter(store, " Ani "), LATER)


@pytest.mark.parametrize(
    ("name", "password"), [("ani", "kata sandi salah"), ("ani", ""), ("budi", PASSWORD), ("", "")]
)
def test_anything_else_begins_none(store: Store, ani: User, name: str, password: str) -> None:
    with pytest.raises(Rejected):
        enter(store, name, password)
    assert sessions_of(store, ani, NOW) == []


def test_the_record_knows_neither_password_nor_token(store: Store, ani: User) -> None:
    token = enter(store)
    with store.reading() as connection:
        kept = [
            *connection.scalars(sa.select(sessions.c.token)),
            *connection.scalars(sa.select(users.c.password)),
        ]
    assert token not in "".join(kept)
    assert PASSWORD not in "".join(kept)


def test_tokens_are_long_and_differ(store: Store, ani: User) -> None:
    tokens = {enter(store) for _ in range(5)}
    assert len(tokens) == 5
    assert all(len(each) == 43 for each in tokens)


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "\ud800", "\x00", "a" * 100_000])
def test_a_forged_token_opens_nothing(store: Store, ani: User, token: str) -> None:
    enter(store)
    assert session_of(store, token, LATER) is None


def test_a_session_ends_by_itself(store: Store, ani: User) -> None:
    token = enter(store)
    assert session_of(store, token, NOW + SESSION - timedelta(seconds=1))
    assert session_of(store, token, NOW + SESSION) is None
    enter(store, at=NOW + SESSION)
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(sessions)) == 1


def test_one_session_can_be_ended_and_the_others_go_on(store: Store, ani: User) -> None:
    first, second = enter(store), enter(store)
    ended = session_of(store, first, LATER)
    assert ended
    assert end_session(store, ani, ended.id)
    assert not end_session(store, ani, ended.id)
    assert session_of(store, first, LATER) is None
    assert session_of(store, second, LATER)


@pytest.mark.parametrize("id", [0, -1, 2**31, 2**63, 10**30])
def test_an_id_that_cannot_be_ends_no_session(store: Store, ani: User, id: int) -> None:
    enter(store)
    assert not end_session(store, ani, id)


def test_nobody_ends_the_session_of_another(store: Store, ani: User) -> None:
    budi = add_user(store, "budi", PASSWORD, Role.ADMIN, NOW)
    token = enter(store)
    found = session_of(store, token, LATER)
    assert found
    assert not end_session(store, budi, found.id)
    assert session_of(store, token, LATER)


def test_another_password_ends_all_sessions(store: Store, ani: User) -> None:
    token = enter(store)
    accounts.set_password(store, "ani", "kata sandi lain lagi")
    assert session_of(store, token, LATER) is None
    with pytest.raises(Rejected):
        enter(store)
    assert session_of(store, enter(store, password="kata sandi lain lagi"), LATER)


def test_who_is_disabled_is_out_at_once_until_enabled(store: Store, ani: User) -> None:
    token = enter(store)
    accounts.disable(store, "ani", LATER)
    assert session_of(store, token, LATER) is None
    with pytest.raises(Rejected):
        enter(store)
    accounts.enable(store, "ani")
    assert session_of(store, token, LATER) is None
    assert session_of(store, enter(store), LATER)


def test_another_role_holds_from_the_next_request_on(store: Store, ani: User) -> None:
    token = enter(store)
    accounts.set_role(store, "ani", Role.READER)
    found = session_of(store, token, LATER)
    assert found
    assert found.user.role == Role.READER


def test_a_hash_made_with_other_values_is_renewed(
    store: Store, ani: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    accounts._nobodys_password.cache_clear()
    enter(store)
    with store.reading() as connection:
        assert "m=16,t=2" in (connection.scalar(sa.select(users.c.password)) or "")
    enter(store)


def test_hashes_are_argon2id_with_the_values_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert accounts._hasher.hash(PASSWORD).startswith("$argon2id$")
    assert accounts._hasher._parameters == PasswordHasher()._parameters


# Too many wrong passwords


def fail(store: Store, name: str, address: str, at: datetime = NOW) -> None:
    with pytest.raises(Rejected):
        enter(store, name, "kata sandi salah", address, at)


def fail_as_many(store: Store, name: str = "ani", at: datetime = NOW) -> None:
    """So often, from different addresses, that strangers may not try any more."""
    for number in range(MAX_BY_NAME):
        fail(store, name, f"192.0.2.{number // MAX_EACH}", at)


def test_too_many_for_a_name_from_an_address_are_not_looked_at(store: Store, ani: User) -> None:
    for _ in range(MAX_EACH):
        fail(store, "ani", "192.0.2.7")
    with pytest.raises(Throttled) as throttled:
        enter(store, address="192.0.2.7")
    assert throttled.value.retry_after == NOW + WINDOW
    assert enter(store, address="192.0.2.8")
    assert session_of(store, enter(store, address="192.0.2.7", at=NOW + WINDOW), NOW + WINDOW)


def test_too_many_for_a_name_from_all_strangers_are_not_looked_at(store: Store, ani: User) -> None:
    fail_as_many(store)
    with pytest.raises(Throttled) as throttled:
        enter(store, address="192.0.2.99")
    assert throttled.value.retry_after == NOW + WINDOW
    assert session_of(store, enter(store, at=NOW + WINDOW), NOW + WINDOW)


def enter_with(store: Store, mark: str, password: str = PASSWORD, name: str = "ani") -> Entry:
    """Log in with a browser that has this mark, from where strangers have tried before."""
    return log_in(store, name, password, "192.0.2.0", "Peramban/1.0", NOW, mark)


def test_strangers_shut_out_nobody_whose_browser_is_known(store: Store, ani: User) -> None:
    mark = enter_with(store, "").mark
    fail_as_many(store)
    with pytest.raises(Throttled):
        enter(store, address="192.0.2.0")
    assert enter_with(store, mark).user == ani


def test_nor_by_trying_many_names_from_the_same_address(store: Store, ani: User) -> None:
    mark = enter_with(store, "").mark
    for number in range(MAX_BY_ADDRESS):
        fail(store, f"orang{number}", "192.0.2.0")
    assert enter_with(store, mark).user == ani


def test_a_known_browser_may_not_guess_for_ever_and_bars_no_other(store: Store, ani: User) -> None:
    stolen, own = enter_with(store, "").mark, enter_with(store, "").mark
    for _ in range(MAX_EACH):
        with pytest.raises(Rejected):
            enter_with(store, stolen, "kata sandi salah")
    with pytest.raises(Throttled):
        enter_with(store, stolen)
    assert enter_with(store, own)
    assert enter(store)


def test_a_mark_ends_with_the_password(store: Store, ani: User) -> None:
    old = enter_with(store, "").mark
    new = accounts.change_password(store, ani, PASSWORD, "kata sandi lain lagi", "192.0.2.1", NOW)
    fail_as_many(store)
    with pytest.raises(Throttled):
        enter_with(store, old, "kata sandi lain lagi")
    assert enter_with(store, new, "kata sandi lain lagi").user == ani


def test_no_other_mark_makes_a_browser_known(store: Store, ani: User) -> None:
    add_user(store, "budi", PASSWORD, Role.READER, NOW)
    mark = enter_with(store, "").mark
    browser, _, signature = mark.partition(".")
    fail_as_many(store)
    fail_as_many(store, "budi")
    forged = [
        "",
        ".",
        "x",
        f"x.{signature}",
        f"{browser}.",
        f"{browser}.{signature[:-1]}",
        "\ud800.é",
        "x" * 9000,
    ]
    for each in forged:
        with pytest.raises(Throttled):
            enter_with(store, each)
    with pytest.raises(Throttled):
        enter_with(store, mark, name="budi")


def test_too_many_from_an_address_are_not_looked_at(store: Store, ani: User) -> None:
    for number in range(MAX_BY_ADDRESS):
        fail(store, f"orang{number}", "192.0.2.7")
    with pytest.raises(Throttled):
        enter(store, address="192.0.2.7")
    assert enter(store, address="192.0.2.8")


def test_a_name_that_there_is_not_is_throttled_just_so(store: Store) -> None:
    fail_as_many(store, "siapa")
    with pytest.raises(Throttled):
        enter(store, "siapa", address="192.0.2.99")


def test_a_right_password_does_not_count(store: Store, ani: User) -> None:
    for _ in range(MAX_BY_NAME + 1):
        enter(store)
    assert failures(store) == 0


def test_old_failures_are_forgotten(store: Store, ani: User) -> None:
    fail(store, "ani", "192.0.2.1")
    fail(store, "ani", "192.0.2.1", NOW + WINDOW)
    assert failures(store) == 1


def test_trying_many_at_once_helps_nobody(store: Store, ani: User) -> None:
    def attempt(number: int) -> type[Exception]:
        try:
            enter(store, "ani", f"kata sandi salah {number}", f"192.0.2.{number}")
        except (Rejected, Throttled) as error:
            return type(error)
        raise AssertionError

    with ThreadPoolExecutor(8) as pool:
        outcomes = [*pool.map(attempt, range(40))]
    assert outcomes.count(Rejected) == MAX_BY_NAME


def test_a_name_without_account_is_compared_with_a_hash_too(
    store: Store, ani: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []

    class Watching(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            compared.append(str(hash).split("$p=")[0])
            return super().verify(hash, password)

    monkeypatch.setattr(accounts, "_hasher", Watching(time_cost=1, memory_cost=8, parallelism=1))
    fail(store, "ani", "192.0.2.1")
    fail(store, "siapa", "192.0.2.1")
    accounts.disable(store, "ani", NOW)
    fail(store, "ani", "192.0.2.1")
    assert len(compared) == 3
    assert len({each.rpartition("$")[0].rpartition("$")[0] for each in compared}) == 1


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("x" * 200, "x" * 100),
    ],
)
def test_who_has_many_addresses_counts_once(address: str, counted: str) -> None:
    assert network(address) == counted


# The commands


@pytest.fixture
def data(tmp_path: Path) -> Iterator[str]:
    yield str(tmp_path / "data")


def with_password(data: str, *arguments: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PANTAU), "users", *arguments],
        env={"PANTAU_DATA": data},
        input=f"{password}\nbaris kedua\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_accounts_are_made_listed_and_changed_by_command(data: str) -> None:
    assert with_password(data, "add", "ani", "--role", "admin").returncode == 0
    assert with_password(data, "password", "ani", password="kata sandi yang lain").returncode == 0
    assert pantau("users", "role", "ani", "editor", PANTAU_DATA=data).returncode == 0
    assert pantau("users", "disable", "ani", PANTAU_DATA=data).returncode == 0
    listed = pantau("users", PANTAU_DATA=data).stdout
    assert [word in listed for word in ("ani", "editor", "disabled")] == [True] * 3
    assert pantau("users", "enable", "ani", PANTAU_DATA=data).returncode == 0
    assert "disabled" not in pantau("users", PANTAU_DATA=data).stdout
    store = Store(f"sqlite:///{data}/pantau.db").open()
    with store.reading() as connection:
        hashed = connection.scalar(sa.select(users.c.password))
    assert PasswordHasher().verify(hashed or "", "kata sandi yang lain")
    store.close()


def test_what_is_wrong_is_told_in_a_sentence(data: str) -> None:
    short = with_password(data, "add", "ani", password="pendek")
    assert (short.returncode, "at least 12" in short.stderr) == (1, True)
    unknown = pantau("users", "disable", "ani", PANTAU_DATA=data)
    assert (unknown.returncode, "no account 'ani'" in unknown.stderr) == (1, True)
    assert pantau("users", "add", "ani", "--role", "raja", PANTAU_DATA=data).returncode == 2


@pytest.mark.parametrize(("again", "status"), [(PASSWORD, 0), ("kata sandi lain lagi", 1)])
def test_on_a_terminal_the_password_is_typed_twice_unseen(data: str, again: str, status: int) -> None:
    process, terminal = pty.fork()
    if process == 0:
        os.execve(PANTAU, [str(PANTAU), "users", "add", "ani"], os.environ | {"PANTAU_DATA": data})
    shown = b""
    with os.fdopen(terminal, "r+b", buffering=0) as screen:
        for question, answer in ((b"Password: ", PASSWORD), (b"Once more: ", again)):
            while not shown.endswith(question):
                shown += screen.read(1)
            screen.write(f"{answer}\n".encode())
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == status
    assert PASSWORD.encode() not in shown
    listed = pantau("users", PANTAU_DATA=data).stdout
    assert ("ani" in listed) == (status == 0)
