"""Keys of programs: their tokens are told once and kept as hashes, and they open what their scopes say."""

from datetime import timedelta
from pathlib import Path

import pytest
from conftest import NOW, pantau

from indexer.errors import PantauError
from indexer.keys import NOTED, PREFIX, Scope, add_key, all_keys, find_key, revoke_key
from indexer.store import Store


def test_a_token_finds_its_key(any_store: Store) -> None:
    key, token = add_key(any_store, "dashboard", [Scope.SEARCH], NOW)
    assert token.startswith(PREFIX)
    found = find_key(any_store, token, NOW)
    assert found
    assert (found.id, found.name, found.scopes) == (key.id, "dashboard", frozenset({Scope.SEARCH}))


def test_another_token_finds_none(any_store: Store) -> None:
    _, token = add_key(any_store, "dashboard", [Scope.SEARCH], NOW)
    for other in ("", "x", token + "x", token[:-1], token.upper(), "\ud800", "x" * 100_000):
        assert find_key(any_store, other, NOW) is None


def test_the_record_does_not_know_the_token(store: Store, tmp_path: Path) -> None:
    _, token = add_key(store, "dashboard", [Scope.SEARCH], NOW)
    store.close()
    held = b"".join(path.read_bytes() for path in tmp_path.glob("pantau.db*"))
    assert b"dashboard" in held
    assert token.encode() not in held
    assert token.removeprefix(PREFIX).encode() not in held


def test_a_revoked_key_opens_nothing(any_store: Store) -> None:
    key, token = add_key(any_store, "dashboard", [Scope.SEARCH], NOW)
    assert revoke_key(any_store, key.id, NOW)
    assert find_key(any_store, token, NOW) is None
    assert not revoke_key(any_store, key.id, NOW)
    assert [each.revoked_at for each in all_keys(any_store)] == [NOW]


@pytest.mark.parametrize("id", [0, -1, 2**31, 10**30])
def test_a_key_that_there_is_not_cannot_be_revoked(any_store: Store, id: int) -> None:
    assert not revoke_key(any_store, id, NOW)


def test_it_is_noted_about_when_a_key_was_used(any_store: Store) -> None:
    _, token = add_key(any_store, "dashboard", [Scope.SEARCH], NOW)
    soon, later = NOW + timedelta(minutes=1), NOW + NOTED + timedelta(minutes=1)
    noted = []
    for moment in (NOW, soon, later):
        find_key(any_store, token, moment)
        noted.append(all_keys(any_store)[0].used_at)
    assert noted == [NOW, NOW, later]


@pytest.mark.parametrize("name", ["", " \n", "x" * 101, "a\x00b", "a\x1b[31mb"])
def test_a_name_must_be_one_that_can_be_shown(store: Store, name: str) -> None:
    with pytest.raises(PantauError, match="name"):
        add_key(store, name, [Scope.SEARCH], NOW)


def test_a_key_opens_something(store: Store) -> None:
    with pytest.raises(PantauError, match="scope"):
        add_key(store, "dashboard", [], NOW)


def test_the_command_tells_the_token_once(tmp_path: Path) -> None:
    made = pantau(
        "keys", "add", "dasbor", "--scope", "search", "--scope", "subscriptions", PANTAU_DATA=str(tmp_path)
    )
    token = made.stdout.split("Bearer ")[1].strip()
    listed = pantau("keys", PANTAU_DATA=str(tmp_path))
    assert "dasbor" in listed.stdout
    assert "search, subscriptions" in listed.stdout
    assert token not in listed.stdout
    store = Store(f"sqlite:///{tmp_path}/pantau.db")
    assert find_key(store, token, NOW)
    revoked = pantau("keys", "revoke", "1", PANTAU_DATA=str(tmp_path))
    assert revoked.returncode == 0
    assert find_key(store, token, NOW) is None
    store.close()
    assert pantau("keys", "revoke", "1", PANTAU_DATA=str(tmp_path)).returncode == 1
