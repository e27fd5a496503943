"""Secret addresses of feeds on a site that needs an account: a feed reader reads there what its owner chose, and no more."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
import requests
from conftest import PANTAU, Web, make_article, serving

from indexer import accounts, feed_keys
from indexer.accounts import Role, add_user
from indexer.config import Config
from indexer.store import Store
from indexer.tantivy_index import TantivyIndex
from indexer.web.access import RULES, Need

PASSWORD = "kata sandi panjang"
KINDS = ("rss", "atom")


pytestmark = pytest.mark.usefixtures("cheap_hashes")


@pytest.fixture
def closed(store: Store, tmp_path: Path) -> Iterator[Web]:
    """Two articles, one of which is about poverty, as they are served to others than this machine; ani is logged in."""
    index = TantivyIndex()
    with serving(Config(data=tmp_path), store, index, is_open=False) as web:
        web.add(make_article(), make_article(number=2))
        enter(web, "ani")
        yield web
    index.close()


def enter(web: Web, name: str) -> None:
    add_user(web.store, name, PASSWORD, Role.READER, datetime.now(UTC))
    web.post("/masuk", {"nama": name, "sandi": PASSWORD})


def make(web: Web, search: str = "q=miskin") -> dict[str, str]:
    """By kind: path and query of a new secret address."""
    page = web.post("/akun/umpan", {"pencarian": search})
    assert page.status_code == 200
    found = [unescape(each) for each in re.findall(r'value="(http[^"]*kunci=[^"]+)"', page.text)]
    assert [each.startswith(f"{web.url}/umpan-pribadi.") for each in found] == [True, True]
    paths = [urlsplit(each) for each in found]
    return {each.path.rpartition(".")[2]: f"{each.path}?{each.query}" for each in paths}


def read(web: Web, path: str, **options: Any) -> requests.Response:
    """As a feed reader, which has no cookies."""
    with requests.Session() as reader:
        reader.trust_env = False
        return reader.get(web.url + path, timeout=60, allow_redirects=False, **options)


def token_of(path: str) -> str:
    return path.partition("kunci=")[2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_feed_reader_reads_the_search_without_logging_in(closed: Web, kind: str) -> None:
    address = make(closed)[kind]
    answer = read(closed, address)
    feed = feedparser.parse(answer.content, response_headers={"content-type": answer.headers["Content-Type"]})
    assert (answer.status_code, feed.bozo) == (200, 0)
    assert [each.title for each in feed.entries] == ["Lebak menekan angka kemiskinan"]
    assert feed.feed.title == "Pantau: miskin"


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_search_it_was_made_for_whatever_else_the_address_says(closed: Web, kind: str) -> None:
    address = make(closed)[kind]
    assert read(closed, f"{address}&q=warga&sumber=lain").content == read(closed, address).content


def test_a_feed_of_everything_can_be_had(closed: Web) -> None:
    answer = read(closed, make(closed, "")["rss"])
    assert len(feedparser.parse(answer.content).entries) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_does_not_tell_the_address(closed: Web, kind: str) -> None:
    address = make(closed)[kind]
    answer = read(closed, address)
    told = answer.text + str(answer.headers)
    assert token_of(address) not in told
    assert "umpan-pribadi" not in told
    assert 'rel="self"' not in told
    assert f"{closed.url}/?q=miskin" in told


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_between_keeps_it_and_no_link_from_it_tells_where_it_stood(closed: Web, kind: str) -> None:
    address = make(closed)[kind]
    first = read(closed, address)
    assert first.headers["Referrer-Policy"] == "no-referrer"
    again = read(closed, address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    for answer in (first, again):
        assert answer.headers["Cache-Control"].startswith("private")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("token", ["", "x", "pantau_", "%00", "%F0", "x" * 1000])
def test_another_token_is_told_in_a_line(closed: Web, kind: str, token: str) -> None:
    answer = read(closed, f"/umpan-pribadi.{kind}?kunci={token}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text == "Alamat ini tidak membuka umpan apa pun, atau tidak lagi.\n"
    assert read(closed, f"/umpan-pribadi.{kind}").status_code == 404


def test_a_revoked_one_opens_nothing_and_says_nothing(closed: Web) -> None:
    kept, gone = make(closed), make(closed, "q=warga")
    [id, *_] = re.findall(r'action="/akun/umpan/(\d+)/cabut"', closed.get("/akun/umpan").text)  # the latest
    assert closed.post(f"/akun/umpan/{id}/cabut").status_code == 200
    assert {kind: read(closed, gone[kind]).status_code for kind in KINDS} == {"rss": 404, "atom": 404}
    assert token_of(gone["rss"]) not in read(closed, gone["rss"]).text
    assert read(closed, kept["rss"]).status_code == 200
    assert closed.post(f"/akun/umpan/{id}/cabut").status_code == 404


def test_nobody_revokes_that_of_another(closed: Web) -> None:
    address = make(closed)["rss"]
    [id] = re.findall(r'action="/akun/umpan/(\d+)/cabut"', closed.get("/akun/umpan").text)
    enter(closed, "budi")
    assert "/cabut" not in closed.get("/akun/umpan").text
    assert closed.post(f"/akun/umpan/{id}/cabut").status_code == 404
    assert read(closed, address).status_code == 200


def test_it_ends_with_the_account_but_not_with_the_session(closed: Web) -> None:
    address = make(closed)["rss"]
    closed.post("/keluar")
    assert read(closed, address).status_code == 200
    accounts.disable(closed.store, "ani", datetime.now(UTC))
    assert read(closed, address).status_code == 404


def test_its_token_opens_nothing_but_feeds(closed: Web) -> None:
    token = token_of(make(closed)["rss"])
    opened = {}
    for way, need in RULES.items():
        method, path = way.split()
        if method == "GET" and need != Need.NOTHING:
            filled = path.replace("{id}", "1").replace("{key}", "x")
            answer = read(closed, f"{filled}?kunci={token}", headers={"Authorization": f"Bearer {token}"})
            opened[path] = answer.status_code
    assert len(opened) > 20
    assert set(opened.values()) == {303}
    answer = read(closed, f"/api/v1/search?kunci={token}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_it_is_shown_once(closed: Web) -> None:
    token = token_of(make(closed)["rss"])
    for path in ("/akun/umpan", "/akun/umpan?q=miskin", "/akun", "/?q=miskin"):
        page = closed.get(path)
        assert page.status_code == 200
        assert token not in page.text
        assert "kunci=" not in page.text
    assert closed.get("/akun/umpan").headers["Cache-Control"] == "no-store"


def test_the_list_tells_what_each_opens_and_whether_it_is_read(closed: Web) -> None:
    address = make(closed, "q=miskin&sumber=antara_banten")["rss"]
    page = closed.get("/akun/umpan").text
    assert 'href="/?q=miskin&amp;sumber=antara_banten"' in page
    assert "belum pernah dibaca" in page
    read(closed, address)
    assert "terakhir dibaca" in closed.get("/akun/umpan").text


def test_who_reads_finds_the_way_there_from_a_search(closed: Web) -> None:
    page = closed.get("/?q=miskin").text
    assert 'href="/akun/umpan?q=miskin"' in page
    assert 'href="/umpan.rss?q=miskin"' in page  # that can be given to others
    assert 'name="pencarian" value="q=miskin"' in closed.get("/akun/umpan?q=miskin").text
    assert 'href="/akun/umpan"' in closed.get("/akun").text


def test_where_searching_is_open_the_plain_address_is_told(web: Web) -> None:
    enter(web, "ani")
    page = web.get("/akun/umpan?q=miskin").text
    assert f'href="{web.url}/umpan.rss?q=miskin"' in page
    assert 'action="/akun/umpan"' not in page
    assert "/akun/umpan" not in web.get("/?q=miskin").text


def test_a_search_that_cannot_be_asked_is_told(closed: Web) -> None:
    assert closed.post("/akun/umpan", {"pencarian": "q=-miskin"}).status_code == 400
    assert closed.post("/akun/umpan", {"pencarian": "lanjut=x"}).status_code == 400
    assert closed.post("/akun/umpan", {"pencarian": "q=" + "x" * 9000}).status_code == 400
    assert feed_keys.feed_keys_of(closed.store, accounts.all_users(closed.store)[0]) == []


def test_too_many_are_told(closed: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_keys, "MAX_KEYS", 1)
    make(closed)
    assert closed.post("/akun/umpan", {"pencarian": ""}).status_code == 409


def test_no_failure_tells_the_address(store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    index = TantivyIndex(tmp_path / "index")  # there is none yet
    with serving(Config(data=tmp_path), store, index, is_open=False) as web:
        enter(web, "ani")
        address = make(web)["rss"]
        caplog.clear()
        answer = read(web, address)
    assert answer.status_code == 503
    assert answer.headers["Content-Type"].startswith("text/plain")
    logged = [
        each.getMessage() for each in caplog.records if each.name.startswith(("indexer", "uvicorn.error"))
    ]
    assert any(each.startswith("/umpan-pribadi.rss: ") for each in logged)
    assert token_of(address) not in answer.text + str(answer.headers) + "".join(logged)


def test_what_is_served_logs_no_address(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(PANTAU), "serve", "--port", str(port)]
    environment = {**os.environ, "PANTAU_DATA": str(tmp_path)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        address = f"http://127.0.0.1:{port}/umpan-pribadi.rss"
        wait_for(lambda: _status(address) == 404)
        assert _status(f"{address}?kunci=pantau_rahasia") == 404
        process.terminate()
        logged = process.communicate(timeout=60)[0]
    assert str(port) in logged
    assert "pantau_rahasia" not in logged


def _status(address: str) -> int | None:
    with requests.Session() as reader:
        reader.trust_env = False
        try:
            return reader.get(address, timeout=60).status_code
        except requests.ConnectionError:
            return None


def wait_for(is_so: Callable[[], bool]) -> None:
    """Until it is so; a test that waits in vain fails."""
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it never was")
