"""Keys of feeds: each opens one search, for as long as its owner's account is open, and its token is told once."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import NOW

from indexer import accounts, feed_keys
from indexer.accounts import Role, User, add_user
from indexer.errors import PantauError
from indexer.feed_keys import MAX_ADDRESS, TooMany, add_feed_key, feed_keys_of, find_feed_key, revoke_feed_key
from indexer.keys import NOTED, PREFIX, find_key
from indexer.schema import users
from indexer.store import Store

SEARCH = "q=miskin&wilayah=36"


def make_user(store: Store, name: str = "ani") -> User:
    return add_user(store, name, "kata sandi panjang", Role.READER, NOW)


def opened(store: Store, token: str) -> str | None:
    """The search that a token opens."""
    key = find_feed_key(store, token, NOW)
    return key.address if key else None


def test_a_token_opens_its_search(any_store: Store) -> None:
    user = make_user(any_store)
    token = add_feed_key(any_store, user, SEARCH, NOW)
    other = add_feed_key(any_store, user, "", NOW)
    assert token.startswith(PREFIX)
    assert opened(any_store, token) == SEARCH
    assert opened(any_store, other) == ""
    assert [each.address for each in feed_keys_of(any_store, user)] == ["", SEARCH]


def test_another_token_opens_nothing(any_store: Store) -> None:
    token = add_feed_key(any_store, make_user(any_store), SEARCH, NOW)
    for other in ("", "x", token + "x", token[:-1], token.upper(), "\ud800", "x" * 100_000):
        assert opened(any_store, other) is None


def test_it_is_no_key_of_a_program(any_store: Store) -> None:
    token = add_feed_key(any_store, make_user(any_store), SEARCH, NOW)
    assert find_key(any_store, token, NOW) is None


def test_the_record_does_not_know_the_token(store: Store, tmp_path: Path) -> None:
    token = add_feed_key(store, make_user(store), SEARCH, NOW)
    store.close()
    held = b"".join(path.read_bytes() for path in tmp_path.glob("pantau.db*"))
    assert SEARCH.encode() in held
    assert token.removeprefix(PREFIX).encode() not in held


def test_only_its_owner_revokes_it(any_store: Store) -> None:
    owner, other = make_user(any_store), make_user(any_store, "budi")
    token = add_feed_key(any_store, owner, SEARCH, NOW)
    [key] = feed_keys_of(any_store, owner)
    assert feed_keys_of(any_store, other) == []
    assert not revoke_feed_key(any_store, other, key.id)
    assert opened(any_store, token) == SEARCH
    assert revoke_feed_key(any_store, owner, key.id)
    assert opened(any_store, token) is None
    assert not revoke_feed_key(any_store, owner, key.id)


@pytest.mark.parametrize("id", [0, -1, 2**31, 10**30])
def test_a_key_that_there_is_not_cannot_be_revoked(any_store: Store, id: int) -> None:
    assert not revoke_feed_key(any_store, make_user(any_store), id)


def test_it_opens_nothing_while_the_account_is_disabled(any_store: Store) -> None:
    token = add_feed_key(any_store, make_user(any_store), SEARCH, NOW)
    accounts.disable(any_store, "ani", NOW)
    assert opened(any_store, token) is None
    accounts.enable(any_store, "ani")
    assert opened(any_store, token) == SEARCH


def test_it_ends_with_the_account(any_store: Store) -> None:
    user = make_user(any_store)
    token = add_feed_key(any_store, user, SEARCH, NOW)
    with any_store.writing() as connection:
        connection.execute(sa.delete(users).where(users.c.id == user.id))
    assert opened(any_store, token) is None
    assert feed_keys_of(any_store, user) == []


def test_it_is_noted_about_when_it_was_used(any_store: Store) -> None:
    user = make_user(any_store)
    token = add_feed_key(any_store, user, SEARCH, NOW)
    soon, later = NOW + timedelta(minutes=1), NOW + NOTED + timedelta(minutes=1)
    noted = [feed_keys_of(any_store, user)[0].used_at]
    for moment in (NOW, soon, later):
        find_feed_key(any_store, token, moment)
        noted.append(feed_keys_of(any_store, user)[0].used_at)
    assert noted == [None, NOW, NOW, later]


def test_an_account_has_so_many_at_most(any_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_keys, "MAX_KEYS", 2)
    user, other = make_user(any_store), make_user(any_store, "budi")
    for _ in range(2):
        add_feed_key(any_store, user, SEARCH, NOW)
    with pytest.raises(TooMany):
        add_feed_key(any_store, user, SEARCH, NOW)
    assert len(feed_keys_of(any_store, user)) == 2
    assert add_feed_key(any_store, other, SEARCH, NOW)


def test_a_search_has_its_bounds(store: Store) -> None:
    with pytest.raises(PantauError, match="characters"):
        add_feed_key(store, make_user(store), "q" * (MAX_ADDRESS + 1), NOW)
