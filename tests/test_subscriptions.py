"""Subscriptions: who may subscribe to what, and the way out."""

import pytest
from conftest import NOW

from indexer.alerts.subscriptions import (
    MAX_QUERY,
    Rate,
    Subscription,
    active_subscriptions,
    subscribe,
    unsubscribe,
)
from indexer.errors import PantauError
from indexer.store import Store


@pytest.fixture
def store(any_store: Store) -> Store:
    """What holds here holds for a record in SQLite and in PostgreSQL."""
    return any_store


def add(
    store: Store, email: str = "warga@example.org", text: str = "kemiskinan", name: str = ""
) -> Subscription:
    return subscribe(store, email, text, name, Rate.IMMEDIATE, NOW)


def test_a_subscription_is_kept_as_it_was_made(store: Store) -> None:
    made = add(store, name="Kemiskinan di Lebak")
    assert active_subscriptions(store) == [made]
    assert (made.query, made.name, made.created_at) == ("kemiskinan", "Kemiskinan di Lebak", NOW)


def test_without_a_name_it_is_called_by_its_query(store: Store) -> None:
    assert add(store).name == "kemiskinan"


@pytest.mark.parametrize(
    "email", ["", "warga", "warga@", "@example.org", "a b@example.org", "a@b@c.org", "a@x\nBcc: b"]
)
def test_a_wrong_address_is_told_in_a_sentence(store: Store, email: str) -> None:
    with pytest.raises(PantauError, match="is no e-mail address"):
        add(store, email)
    assert active_subscriptions(store) == []


@pytest.mark.parametrize("text", ["", "   ", "!!!"])
def test_a_query_that_looks_for_nothing_is_refused(store: Store, text: str) -> None:
    with pytest.raises(PantauError):
        add(store, text=text)


def test_a_query_is_bounded_by_what_can_be_kept(store: Store) -> None:
    longest = "".join(chr(0x4E00 + 7919 * n % 20_000) for n in range(MAX_QUERY // 3))  # cannot be compressed
    assert add(store, text=longest).query == longest
    with pytest.raises(PantauError, match="2000 bytes at most"):
        add(store, text=longest + "kata")


def test_a_second_subscription_to_the_same_is_refused(store: Store) -> None:
    add(store)
    with pytest.raises(PantauError, match="already subscribed"):
        add(store)


def test_a_name_cannot_break_out_of_its_line(store: Store) -> None:
    assert add(store, name="x\r\nBcc: y\u2028z").name == "x Bcc: y z"


def test_the_token_ends_the_subscription_and_it_can_be_made_anew(store: Store) -> None:
    made = add(store)
    ended = unsubscribe(store, made.token, NOW)
    assert ended
    assert ended.id == made.id
    assert active_subscriptions(store) == []
    assert unsubscribe(store, made.token, NOW) is None
    assert add(store).token != made.token


def test_an_unknown_token_opens_nothing(store: Store) -> None:
    add(store)
    assert unsubscribe(store, "x" * 32, NOW) is None
    assert len(active_subscriptions(store)) == 1


def test_a_token_is_safe_in_a_command_an_address_and_a_header(store: Store) -> None:
    tokens = {add(store, f"warga{number}@example.org").token for number in range(20)}
    assert len(tokens) == 20
    assert all(token.isalnum() and len(token) == 48 for token in tokens)
