"""Who we say we are, how long we wait, and what we read of robots.txt: rules, without a network."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import Request, Response
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.settings import Settings

from crawlers import settings as project
from crawlers.failures import NotFetched
from crawlers.politeness import is_challenge, require_contact, retry_after, user_agent
from crawlers.robots import AGENT, MOST_BYTES, rules_in
from crawlers.source import load_source
from crawlers.spiders.portal import spider_for
from indexer.errors import PantauError

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "contact",
    ["ops@example.org", "https://example.org/pantau", "http://example.org:8080/~a?b=c", "a+b@kemkes.go.id"],
)
def test_the_user_agent_names_us_and_a_contact(contact: str) -> None:
    assert user_agent(contact).startswith("Pantau/")
    assert user_agent(contact).endswith(f" (news monitoring; {contact})")


@pytest.mark.parametrize(
    "contact",
    [
        *(
            "ops",
            "ops@",
            "@example.org",
            "ops@example",
            "http://",
            "https://localhost",
            "ftp://example.org",
            "a b@c.id",
        ),
        *(
            "ops@example.org\r\nX-Evil: 1",
            "ops@example.org\n",
            "ops@example.org) Mozilla/5.0 (",
            "https://a.id/(x)",
        ),
        *(
            "https://a.id/\x00",
            "https://a.id/é",
            "öps@example.org",
            "https://a.id/" + "x" * 200,
            "<a@example.org>",
        ),
        *('"a b"@example.org', "https://[/", "javascript:alert(1)"),
    ],
)
def test_a_contact_nobody_can_use_is_refused(contact: str) -> None:
    with pytest.raises(PantauError, match="PANTAU_CONTACT"):
        user_agent(contact)


@given(st.text())
def test_no_contact_ever_breaks_out_of_its_header(contact: str) -> None:
    try:
        name = user_agent(contact)
    except PantauError:
        return
    assert name.isascii()
    assert name.isprintable()
    assert (name.count("("), name.count(")"), name[-1]) == (1, 1, ")")


def test_only_local_sources_are_crawled_without_a_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PANTAU_CONTACT", raising=False)
    local, foreign = load_source("demo"), load_source("antara_banten")
    require_contact([local])
    for sources in ([foreign], [local, foreign], [None]):
        with pytest.raises(PantauError, match="Set PANTAU_CONTACT"):
            require_contact(sources)
    monkeypatch.setenv("PANTAU_CONTACT", "ops@example.org")
    require_contact([local, foreign])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *((b"30", 30), (b" 120 ", 120), (b"0", 1), (b"9" * 5000, 999999999)),
        *((b"Tue, 24 Nov 2026 12:01:30 GMT", 90), (b"Tue, 24 Nov 2026 19:00:05 +0700", 5)),
        *((b"Tuesday, 24-Nov-26 12:00:10 GMT", 10), (b"Tue Nov 24 12:00:20 2026", 20)),
        *((b"Tue, 24 Nov 2020 12:00:00 GMT", 1), (None, None), (b"", None), (b"soon", None), (b"-5", None)),
        *((b"1.5", None), (b"\xff\xfe", None)),
    ],
)
def test_how_long_a_server_asks_to_be_left_alone(value: bytes | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_no_retry_after_breaks_us(value: bytes) -> None:
    assert (retry_after(value, NOW) or 1) >= 1


@pytest.mark.parametrize(
    "answer",
    [
        Response("http://a.test/", 403, {"cf-mitigated": "challenge"}),
        Response("http://a.test/", 405, {"X-Amzn-Waf-Action": "captcha"}),
        Response("http://a.test/", 200, body=b"<html><head><title>Just a moment...</title>"),
        Response("http://a.test/", 503, body=b"<TITLE>\n Attention Required! | Cloudflare</TITLE>"),
    ],
)
def test_a_challenge_is_known(answer: Response) -> None:
    assert is_challenge(answer)


def test_a_page_behind_a_firewall_is_no_challenge() -> None:
    body = (
        b"<title>Hakim: just a moment</title><script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'>"
    )
    assert not is_challenge(Response("http://a.test/", 200, {"Server": "cloudflare", "CF-RAY": "8"}, body))


def test_a_foreign_source_is_throttled_and_a_local_one_is_not() -> None:
    foreign, local = spider_for(load_source("antara_banten")), spider_for(load_source("demo"))
    assert foreign.custom_settings == {"DOWNLOAD_DELAY": 1, "AUTOTHROTTLE_ENABLED": True}
    assert local.custom_settings == {"DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": False}


def test_the_settings_are_polite_and_bounded() -> None:
    settings = Settings()
    settings.setmodule(project)
    for name, value in {
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY_JITTER": 0,  # else half the delay would be allowed
        "DOWNLOAD_MAXSIZE": 10 * 1024 * 1024,
        "DOWNLOAD_TIMEOUT": 30,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "HTTPPROXY_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "RETRY_TIMES": 1,
        "TELNETCONSOLE_ENABLED": False,
    }.items():
        assert settings[name] == value
    assert not {429, 503} & set(settings.getlist("RETRY_HTTP_CODES"))
    handlers = {scheme: path for scheme, path in settings.getwithbase("DOWNLOAD_HANDLERS").items() if path}
    assert handlers == dict.fromkeys(("http", "https"), "crawlers.politeness.PoliteDownload")


def answer(status: int, body: bytes = b"", to: str = "http://a.test/robots.txt") -> Response:
    return Response(to, status, body=body, request=Request(to))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_robots_txt_that_is_not_there_forbids_nothing(status: int) -> None:
    assert rules_in(answer(status, b"User-agent: *\nDisallow: /")) == b""


@pytest.mark.parametrize(
    ("status", "kind"), [(500, "server error"), (503, "server error"), (302, "redirect")]
)
def test_a_robots_txt_that_cannot_be_read_is_an_error(status: int, kind: str) -> None:
    with pytest.raises(NotFetched) as raised:
        rules_in(answer(status, b"User-agent: *\nAllow: /"))
    assert raised.value.kind == kind


def test_a_robots_txt_is_read_up_to_500_kib_and_never_half_a_line() -> None:
    line = b"Disallow: /rahasia\n"
    body = b"User-agent: *\n" + line * (600 * 1024 // len(line))
    read = rules_in(answer(200, body))
    assert MOST_BYTES - len(line) <= len(read) <= MOST_BYTES
    assert read.endswith(b"\nDisallow: /rahasia")


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        *(("User-agent: *\nDisallow: /", False), ("User-agent: *\nDisallow:", True), ("", True)),
        *(("User-agent: pantau\nDisallow: /\nUser-agent: *\nAllow: /", False),),
        *(("User-agent: Pantau\nAllow: /\n\nUser-agent: *\nDisallow: /", True),),
        *(("User-agent: PantauHarga\nDisallow: /", True), ("User-agent: Googlebot\nDisallow: /", True)),
        *(
            ("User-agent: *\nDisallow: /berita/\nAllow: /berita/1", True),
            ("User-agent: *\nDisallow: /*/a$", False),
        ),
        *(
            ("\ufeffUser-agent: *\r\nDisallow: /berita # catatan", False),
            ("<html>User-agent: *</html>", True),
        ),
    ],
)
def test_what_robots_txt_forbids_us(rules: str, allowed: bool) -> None:
    parser = ProtegoRobotParser(rules.encode(), None)
    assert parser.allowed("http://a.test/berita/1/a", AGENT) is allowed
