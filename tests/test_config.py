"""Settings: from the environment, and a sentence for what is wrong."""

from pathlib import Path

import pytest

from indexer.config import Config, load_config
from indexer.errors import PantauError


def test_without_a_setting_data_is_beside_where_one_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PANTAU_DATA", raising=False)
    config = load_config()
    assert (config.data, config.database_url) == (Path("data"), "sqlite:///data/pantau.db")


def test_data_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANTAU_DATA", "/srv/pantau")
    assert load_config().database_url == "sqlite:////srv/pantau/pantau.db"


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANTAU_SMTP_URL", "localhost")
    with pytest.raises(PantauError, match=r"PANTAU_SMTP_URL.*smtp://host:25"):
        load_config()


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "password"),
    [
        ("smtp://mail.x", "mail.x", 25, None, ""),
        ("smtps://mail.x", "mail.x", 465, None, ""),
        ("smtp+starttls://a%40x:p%2Fw@mail.x:2525", "mail.x", 2525, "a@x", "p/w"),
    ],
)
def test_the_mail_server_is_taken_apart(
    url: str, host: str, port: int, user: str | None, password: str
) -> None:
    server = Config(smtp_url=url).smtp
    assert (server.host, server.port, server.user, server.password) == (host, port, user, password)


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("postgresql://a:b@db.x/pantau", "postgresql+psycopg://a:b@db.x/pantau"),
        ("postgres://a:b@db.x:5433/pantau", "postgresql+psycopg://a:b@db.x:5433/pantau"),
        ("postgresql+psycopg://a:p%40%2Fw@[::1]/x", "postgresql+psycopg://a:p%40%2Fw@[::1]/x"),
        ("postgresql://db.x/x?sslmode=verify-full", "postgresql+psycopg://db.x/x?sslmode=verify-full"),
    ],
)
def test_the_record_can_be_in_postgresql(
    given: str, understood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANTAU_DATABASE_URL", given)
    assert load_config().database_url == understood


@pytest.mark.parametrize(
    "url",
    [
        "rahasia",
        "mysql://a:rahasia@db.x/x",
        "sqlite:///rahasia.db",
        "postgresql://a:rahasia@db.x",
        "postgresql://a:rahasia@/x",
        "postgresql://a:rahasia@db.x:port/x",
        "postgresql+psycopg2://a:rahasia@db.x/x",
        "postgresql://a@db.x/x?password=rahasia",
        "postgresql://a:rahasia@db.x/x?nope=1",
        "postgresql://a:rahasia@db.x:99999999/x",
    ],
)
def test_a_wrong_address_of_the_record_is_told_without_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANTAU_DATABASE_URL", url)
    with pytest.raises(PantauError, match="PANTAU_DATABASE_URL") as caught:
        load_config()
    assert "rahasia" not in str(caught.value)


def test_an_empty_address_of_the_record_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANTAU_DATABASE_URL", "")
    monkeypatch.setenv("PANTAU_DATA", "x")
    assert load_config().database_url == "sqlite:///x/pantau.db"


def test_settings_that_are_printed_show_no_password() -> None:
    config = Config(database_url="postgresql://a:rahasia@db.x/x")
    assert "rahasia" not in repr(config)
