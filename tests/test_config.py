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
