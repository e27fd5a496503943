"""What strangers with sockets of their own get from a real server: the right status, a page, and nothing else."""

import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPResponse
from pathlib import Path
from threading import Event, Thread
from urllib.parse import quote, urlencode, urlsplit

import pytest
from conftest import NOW, Web, make_article, serving
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.accounts import MAX_EACH, Role, add_user
from indexer.cli.serving import Server
from indexer.config import Config, load_config
from indexer.errors import PantauError
from indexer.index import Hits, sync
from indexer.store import Store, StoredArticle
from indexer.tantivy_index import TantivyIndex
from indexer.web import bounded, connections, exporting, gate, turns
from indexer.web.access import RULES, Need
from indexer.web.security import HEADERS

FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
OTHER = "127.0.0.2"
"""Another address of this machine, as of another reader."""
LEAKS = ("traceback", "uvicorn", "starlette", "fastapi", "site-packages", "file &#34;", "sqlite", "h11")


@dataclass(frozen=True)
class Answer:
    """What came back over the wire."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def heading(self) -> str:
        """What a page says above all."""
        found = re.search("<h1>(.*?)</h1>", self.text, re.DOTALL)
        return found[1] if found else ""


@contextmanager
def connected(web: Web, source: str = "127.0.0.1") -> Iterator[socket.socket]:
    address = urlsplit(web.url)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(60)
        client.bind((source, 0))
        client.connect((address.hostname, address.port))
        yield client


def read(client: socket.socket, method: str = "GET") -> Answer:
    """The next answer; nothing that is wrong with how it is written is overlooked."""
    response = HTTPResponse(client, method=method)
    response.begin()
    text = response.read().decode(errors="replace")
    headers = {name.lower(): ", ".join(response.headers.get_all(name, [])) for name in response.headers}
    return Answer(response.status, headers, text)


def say(web: Web, data: bytes, source: str = "127.0.0.1") -> Answer:
    """Send these bytes, as far as they are taken, and read the answer."""
    with connected(web, source) as client:
        with suppress(ConnectionError):  # it was closed after the answer
            client.sendall(data)
        return read(client)


def ask(
    web: Web,
    target: str = "/masuk",
    headers: str = "",
    body: str = "",
    method: str = "GET",
    source: str = "127.0.0.1",
) -> Answer:
    """A request with these headers beside Host."""
    host = urlsplit(web.url).netloc
    return say(
        web, f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n{body}".encode("latin-1"), source
    )


def post(web: Web, target: str, body: str, headers: str = FORM, **options: str) -> Answer:
    return ask(web, target, f"{headers}Content-Length: {len(body)}\r\n", body, "POST", **options)


def assert_page(answer: Answer, status: int, language: str = "id") -> None:
    """An error that helps: a page in the reader's language, as well guarded as any other, that gives nothing away."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}">' in answer.text and answer.heading
    assert {name: answer.headers.get(name.lower()) for name in HEADERS} == HEADERS
    assert "server" not in answer.headers
    assert [word for word in LEAKS if word in answer.text.lower()] == []


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One server for all that leaves nothing behind."""
    folder = tmp_path_factory.mktemp("hostile")
    store, index = Store(f"sqlite:///{folder}/pantau.db").open(), TantivyIndex()
    with serving(Config(data=folder), store, index) as web:
        web.add(make_article())
        yield web
    index.close()
    store.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience that ends while a test waits."""
    monkeypatch.setattr(connections, "TICK", 0.02)
    for name in ("HEAD_SECONDS", "IDLE_SECONDS", "STUCK_SECONDS", "LAST_SECONDS"):
        monkeypatch.setattr(connections, name, 0.6)
    monkeypatch.setattr(gate, "BODY_SECONDS", 0.6)


# Too much


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/?q=" + "a" * 8_200, "", 414),
        ("/?q=" + "a" * 1_000_000, "", 414),
        ("/?" + "&".join(f"sumber=s{n}" for n in range(10_000)), "", 414),
        ("/?" + "&".join(f"sumber=s{n}" for n in range(60)), "", 400),
        ("/masuk", f"X-A: {'x' * 1_000_000}\r\n", 431),
        ("/masuk", f"{'x' * 1_000_000}: a\r\n", 431),
        ("/masuk", "".join(f"X-{n}: a\r\n" for n in range(10_000)), 431),
        ("/masuk", "".join(f"X-{n}: a\r\n" for n in range(101)), 431),
        ("/masuk", f"Cookie: sesi={'x' * 100_000}\r\n", 431),
        ("/masuk", f"Cookie: {'a=b; ' * 8_000}\r\n", 431),
    ],
)
def test_what_is_too_much_is_refused_on_a_page(shared: Web, target: str, headers: str, status: int) -> None:
    assert_page(ask(shared, target, headers), status)


def test_what_browsers_send_is_not_too_much(shared: Web) -> None:
    cookies = f"Cookie: {'; '.join(f'a{n}=' + 'x' * 200 for n in range(20))}\r\n"
    query = quote("kata " * 380)
    assert ask(shared, f"/?q={query}", cookies + "".join(f"X-{n}: a\r\n" for n in range(30))).status == 200


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ("Content-Length: 1000000000\r\n", "x" * 1000, 413),
        ("Expect: 100-continue\r\nContent-Length: 1000000000\r\n", "", 413),
        ("Transfer-Encoding: chunked\r\n", ("2710\r\n" + "x" * 10_000 + "\r\n") * 20 + "0\r\n\r\n", 413),
        (f"Content-Length: {5_000_000}\r\n", "x" * 5_000_000, 413),
        ("Content-Length: 60000\r\n", "&".join(f"a{n:06}=" for n in range(6_667))[:60_000], 400),
    ],
)
def test_so_is_a_body(shared: Web, headers: str, body: str, status: int) -> None:
    assert_page(ask(shared, "/bahasa", FORM + headers, body, "POST"), status)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n" * 1_100,
        ),
        (
            "multipart/form-data; boundary=x",
            f"--x\r\nContent-Disposition: form-data; name=nama; filename=b\r\n\r\n{'x' * 50_000}\r\n--x--\r\n",
        ),
        ("multipart/form-data", "x"),
        ("multipart/form-data; boundary=" + "x" * 1_000, "x"),
        ("application/x-www-form-urlencoded; charset=utf-7", "bahasa"),
        ("text/xml", "<a/>"),
        ("", ""),
    ],
)
def test_a_body_of_another_kind_is_no_form(shared: Web, kind: str, body: str) -> None:
    assert_page(post(shared, "/bahasa", body, f"Content-Type: {kind}\r\n"), 400)


def test_programs_are_told_the_same_as_a_problem(shared: Web) -> None:
    long = ask(shared, f"/api/v1/search?q={'a' * 9_000}")
    large = ask(shared, "/api/v1/subscriptions", "Content-Length: 1000000\r\n", "", "POST")
    deep = post(shared, "/api/v1/subscriptions", "[" * 60_000, "Content-Type: application/json\r\n")
    for answer, status in ((long, 414), (large, 413), (deep, 400)):
        assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
        assert {name: answer.headers.get(name.lower()) for name in HEADERS} == HEADERS
        assert [word for word in LEAKS if word in answer.text.lower()] == []


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/nirgends", "", 404),
        ("/?dari=x", "", 400),
        ("/?q=" + "a" * 9_000, "", 414),
        ("/masuk", f"X-A: {'x' * 1_000_000}\r\n", 431),
        ("/masuk", "Accept: */*\r\nX A: b\r\n", 400),
        ("/masuk", "Host: evil.example\r\n", 400),
    ],
)
def test_in_english_for_those_who_asked_for_it(shared: Web, target: str, headers: str, status: int) -> None:
    answer = ask(shared, target, f"Cookie: bahasa=en\r\n{headers}")
    assert_page(answer, status, "en")
    assert answer.heading.isascii() or "“" in answer.heading


# What is no request


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
        b"\x00\xff\xfe\x80" * 100,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"BREW /masuk HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"GET masuk HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"GET /sumber/\xff HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"GET /masuk HTTP/1.2\r\nHost: {host}\r\n\r\n",
        b"GET /masuk HTTP/1.1\nHost: {host}\n\n",
        b"GET /masuk HTTP/1.1\r\nHost: {host}\r\nX-A: b\x00c\r\n\r\n",
        b"GET /masuk HTTP/1.1\r\nHost: {host}\r\nXA\r\n\r\n",
        b"GET /masuk HTTP/1.1\r\nHost: {host}\r\nX-A: b\r\n c\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: {host}\r\n\r\n",
    ],
)
def test_what_is_no_request_is_told_so(shared: Web, sent: bytes) -> None:
    assert_page(say(shared, sent.replace(b"{host}", urlsplit(shared.url).netloc.encode())), 400)


@pytest.mark.parametrize("line", ["GET /masuk", "GET /masuk HTTP/0.9", "GET /masuk HTTP/2.0"])
def test_other_versions_of_http_are_not_spoken(shared: Web, line: str) -> None:
    assert_page(say(shared, f"{line}\r\n\r\n".encode()), 505)


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 9\r\nContent-Length: 5\r\n",
        "Content-Length: 9\r\nContent-Length: 9\r\n",
        "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: +9\r\n",
        "Content-Length: 0x9\r\n",
        f"Content-Length: {'9' * 400}\r\n",
    ],
)
def test_no_request_is_smuggled_behind_another(shared: Web, headers: str) -> None:
    host = urlsplit(shared.url).netloc
    hidden = f"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n"
    with connected(shared) as client:
        client.sendall(f"POST /bahasa HTTP/1.1\r\nHost: {host}\r\n{FORM}{headers}\r\n{hidden}".encode())
        assert_page(read(client), 400)
        assert client.recv(1) == b""


def test_a_body_that_is_none_is_told_so(shared: Web) -> None:
    assert_page(ask(shared, "/bahasa", f"{FORM}Transfer-Encoding: chunked\r\n", "zz\r\n", "POST"), 400)


def test_what_was_asked_before_is_answered_first(shared: Web) -> None:
    host = urlsplit(shared.url).netloc
    with connected(shared) as client:
        client.sendall(f"GET /masuk HTTP/1.1\r\nHost: {host}\r\n\r\n\x00\x00".encode())
        assert read(client).status == 200
        assert client.recv(1) == b""


def test_no_headers_are_kept_without_end_behind_a_request_that_is_answered(
    store: Store, tmp_path: Path
) -> None:
    with heavy(store, tmp_path) as (web, index), connected(web) as client:
        line = f"GET / HTTP/1.1\r\nHost: {urlsplit(web.url).netloc}\r\n"
        client.sendall(f"{line}\r\n{line}X-A: ".encode())
        wait_for(lambda: index.under_way == 1)
        client.sendall(b"x" * 5_000_000)
        index.may_end.set()
        answer = read(client)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        with suppress(ConnectionError):
            assert client.recv(1) == b""


@pytest.mark.parametrize("behind", ["X-A: " + "x" * 3_000_000, "X-A: x\r\n" * 500_000])
def test_nor_behind_a_body(shared: Web, behind: str) -> None:
    answer = ask(
        shared, "/bahasa", f"{FORM}Transfer-Encoding: chunked\r\n", f"9\r\nbahasa=en\r\n0\r\n{behind}", "POST"
    )
    assert_page(answer, 413)


# Whom it is for


@pytest.mark.parametrize(
    ("target", "hosts", "status"),
    [
        ("/masuk", ["evil.example"], 421),
        ("/masuk", [], 421),
        ("/masuk", ["localhost."], 421),
        ("/masuk", ["evil@127.0.0.1"], 421),
        ("/masuk", ["127.0.0.1 evil"], 421),
        ("/masuk", ["[::1]evil"], 421),
        ("/masuk", ["\xff"], 421),
        ("/umpan.rss", ["127.0.0.1:80/evil"], 421),
        ("/umpan.rss", ["localhost:80@evil.example"], 421),
        ("/umpan.rss", ["127.0.0.1:evil.example"], 421),
        ("/masuk", ["127.0.0.1", "evil.example"], 400),
        ("/masuk", ["127.0.0.1", "127.0.0.1"], 400),
        ("http://evil.example/masuk", ["127.0.0.1"], 421),
        ("https://evil.example/?/masuk", ["127.0.0.1"], 421),
        ("http://evil@127.0.0.1/masuk", ["127.0.0.1"], 421),
        ("http://localhost/masuk", ["evil.example"], 200),
        ("/masuk", ["LOCALHOST:8080"], 200),
        ("/masuk", ["[::1]:80"], 200),
    ],
)
def test_only_its_own_names_are_answered(shared: Web, target: str, hosts: list[str], status: int) -> None:
    told = "".join(f"Host: {host}\r\n" for host in hosts)
    answer = say(shared, f"GET {target} HTTP/1.1\r\n{told}\r\n".encode("latin-1"))
    assert answer.status == status
    assert "evil" not in answer.text
    if status != 200:
        assert_page(answer, status)


def test_headers_of_a_proxy_are_not_taken_from_strangers(shared: Web) -> None:
    headers = "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nForwarded: host=evil.example\r\n"
    answer = ask(shared, "/umpan.rss", headers)
    assert answer.status == 200
    assert "evil.example" not in answer.text and "https://127" not in answer.text
    assert shared.url in answer.text


# What is asked for


@pytest.mark.parametrize(
    ("target", "status"),
    [
        *(
            (f"/artikel/{id}", 404)
            for id in ("0", "-1", f"{2**63}", f"{10**400}", "x", "1.0", "+1", "%D9%A1")
        ),
        *(
            (f"/artikel/{id}", 404)
            for id in ("%00", "1%0a", "%ff", "..%2f..%2fetc%2fpasswd", "../../etc/passwd")
        ),
        *((f"/sumber/{key}", 404) for key in ("%00", "%ff%fe", "..%2f..%2fetc", "a" * 5_000, "%zz%")),
        *((f"/topik/{key}", 404) for key in ("%00", "../../x", "a" * 5_000)),
        *((f"/static/{path}", 404) for path in ("../app.py", "%2e%2e/app.py", "..%2fapp.py", "..%5capp.py")),
        *(
            (f"/static/{path}", 404)
            for path in ("%00", "%ff", "/etc/passwd", "....//app.py", "a" * 5_000, "")
        ),
        *((f"/langganan/{way}/{'x' * 43}", 404) for way in ("konfirmasi", "berhenti")),
        *((f"/langganan/{way}/%00%ff", 404) for way in ("konfirmasi", "berhenti")),
        *((f"/?lanjut={cursor}", 400) for cursor in ("x", "A" * 5_000, "%00", "1", "-1.-1", f"{10**40}")),
        *((f"/?dari={day}", 400) for day in ("x", "%00", "9999-99-99", "2026-11-24T00:00", "-1", "١")),
        ("/?dari=2026-11-24&sampai=2026-11-23", 400),
        ("/?sumber=" + "a" * 200, 400),
        ("//evil.example/..", 404),
        ("/%2e%2e/%2e%2e/etc/passwd", 404),
        ("/.git/config", 404),
        ("/umpan.atom?q=%ed%a0%80", 400),
        ("/cetak?q=%00", 400),
    ],
)
def test_what_there_is_not_is_told_on_a_page(shared: Web, target: str, status: int) -> None:
    answer = ask(shared, quote(target, safe="/%?=&+.-"))
    assert_page(answer, status)
    assert "root:" not in answer.text and "create_app" not in answer.text


@pytest.mark.parametrize(
    "target",
    [
        "/?q=%ff%fe%ed%a0%80&sumber=%ff&wilayah=%00",
        "/?q=%zz%&sumber=%",
        "/?q=" + "%28" * 2_600,
        "/?q=" + "*" * 2_000,
        "/?q=" + "a*+" * 660,
        "/?q=" + "%22a%22~9999+" * 300,
        "/?per=x&urut=x&bahasa=x&x[]=1",
        "/?q=a&q=b&dari=0001-01-01&sampai=9999-12-31",
        "/jumlah?q=%00",
        "/banding?" + "q=a&" * 500,
        "/artikel/1?q=" + "%28" * 2_600,
    ],
)
def test_what_can_be_read_somehow_is_answered(shared: Web, target: str) -> None:
    assert ask(shared, target).status == 200


@pytest.mark.parametrize(
    "cookie", ["=;;;", "\xff\xfe", 'bahasa="\\x', "sesi=\x80; sesi=\x81", "bahasa=../../x", "; " * 500]
)
def test_cookies_that_are_none_are_as_none(shared: Web, cookie: str) -> None:
    answer = ask(shared, "/masuk", f"Cookie: {cookie}\r\n")
    assert (answer.status, answer.headers["content-language"]) == (200, "id")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", "GET, HEAD"),
        ("/masuk", "GET, HEAD, POST"),
        ("/keluar", "POST"),
        ("/static/icon.svg", "GET, HEAD"),
    ],
)
def test_other_methods_are_told_which_there_are(shared: Web, method: str, path: str, allowed: str) -> None:
    answer = ask(shared, path, "X-Secret: rahasia\r\n", method=method)
    assert_page(answer, 405)
    assert answer.headers["allow"] == allowed
    assert "rahasia" not in answer.text


@pytest.mark.parametrize("path", sorted(way[4:] for way in RULES if way.startswith("GET") and "{" not in way))
def test_head_is_as_get_without_the_body(shared: Web, path: str) -> None:
    got = ask(shared, path)
    host = urlsplit(shared.url).netloc
    with connected(shared) as client:
        for _ in range(2):  # nothing of a body stands between
            client.sendall(f"HEAD {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            head = read(client, "HEAD")
            assert head.status == got.status
            assert head.headers.get("content-type") == got.headers.get("content-type")
            if path != "/metrics":  # it counts
                assert head.headers.get("content-length") == got.headers.get("content-length")


def test_head_writes_no_file_that_nobody_gets(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "STEP", 1)
    web.add(*(make_article(number=number) for number in range(50)))
    written: list[int] = []
    articles = web.store.articles

    def noted(ids: Sequence[int]) -> list[StoredArticle]:
        written.extend(ids)
        return [*articles(ids)]

    monkeypatch.setattr(web.store, "articles", noted)
    for _ in range(exporting.AT_ONCE + 1):
        with connected(web) as client:
            client.sendall(f"HEAD /ekspor.csv HTTP/1.1\r\nHost: {urlsplit(web.url).netloc}\r\n\r\n".encode())
            assert read(client, "HEAD").status == 200
            wait_for(lambda: exporting._slots._value == exporting.AT_ONCE)
    assert len(written) < 50


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "%2F%2Fevil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "/" + "a" * 5_000,
        "",
    ],
)
def test_nobody_is_sent_elsewhere(shared: Web, back: str) -> None:
    answer = post(shared, "/bahasa", f"bahasa=en&kembali={quote(back, safe='')}")
    assert (answer.status, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    "header", ["Origin: https://evil.example", "Sec-Fetch-Site: cross-site", "Origin: null"]
)
@pytest.mark.parametrize("path", ["/bahasa", "/masuk", f"/langganan/berhenti/{'x' * 43}"])
def test_pages_of_others_change_nothing(shared: Web, path: str, header: str) -> None:
    assert_page(post(shared, path, "bahasa=en", f"{FORM}{header}\r\n"), 403)


def test_who_was_refused_before_all_was_sent_can_ask_again(shared: Web) -> None:
    host = urlsplit(shared.url).netloc
    with connected(shared) as client:
        head = f"POST /bahasa HTTP/1.1\r\nHost: {host}\r\nOrigin: https://evil.example\r\nContent-Length: 9\r\n\r\n"
        client.sendall(head.encode())
        assert read(client).status == 403
        client.sendall(f"bahasa=enGET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert read(client).status == 200


# Slow ones


@pytest.mark.usefixtures("quick")
class TestSlow:
    """Those who take their time are not waited for."""

    def test_a_connection_that_says_nothing_is_closed(self, web: Web) -> None:
        with connected(web) as client:
            assert client.recv(1) == b""

    def test_so_is_one_of_empty_lines_and_one_that_has_asked_before(self, web: Web) -> None:
        for first in (b"\r\n", f"GET /healthz HTTP/1.1\r\nHost: {urlsplit(web.url).netloc}\r\n\r\n".encode()):
            with connected(web) as client:
                client.sendall(first)
                received = b""
                while more := client.recv(4096):
                    received += more
                    assert more not in received[: -len(more)]
                assert received.count(b"HTTP/1.1") == (first != b"\r\n")

    @pytest.mark.parametrize("begin", ["GET /masuk HTTP/1.1\r\nX-A: ", "GET /?q=", "G"])
    def test_headers_that_do_not_end_are_told_so(self, web: Web, begin: str) -> None:
        with connected(web) as client:
            client.sendall(begin.encode())
            assert_page(read(client), 408)
            assert client.recv(1) == b""

    def test_nor_do_those_help_that_come_drop_by_drop(self, web: Web) -> None:
        with connected(web) as client, ExitStack() as dropping:
            is_over = Event()
            thread = Thread(target=drip, args=(client, is_over))
            client.sendall(b"GET /masuk HTTP/1.1\r\nX-A: ")
            thread.start()
            dropping.callback(thread.join)
            dropping.callback(is_over.set)
            assert_page(read(client), 408)

    @pytest.mark.parametrize("path", ["/bahasa", "/masuk", "/api/v1/subscriptions"])
    def test_a_body_that_does_not_end_is_told_so(self, web: Web, path: str) -> None:
        answer = ask(web, path, f"{FORM}Content-Length: 500\r\n", "bahasa=", "POST")
        assert answer.status == 408
        if not path.startswith("/api"):
            assert_page(answer, 408)

    def test_a_reader_who_does_not_read_holds_no_file(
        self, web: Web, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exporting, "STEP", 10)
        web.add(*(make_article(number=number, paragraphs=("a" * 300_000,)) for number in range(60)))
        with ExitStack() as stack:
            for _ in range(exporting.AT_ONCE):
                client = stack.enter_context(connected(web))
                client.sendall(
                    f"GET /ekspor.csv HTTP/1.1\r\nHost: {urlsplit(web.url).netloc}\r\n\r\n".encode()
                )
                assert client.recv(20)
            wait_for(lambda: exporting._slots._value == exporting.AT_ONCE)
        assert ask(web, "/ekspor.csv?q=takada").status == 200

    def test_nor_one_who_reads_drop_by_drop(self, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "LEAST", 1e9)
        monkeypatch.setattr(exporting, "STEP", 10)
        web.add(*(make_article(number=number, paragraphs=("a" * 300_000,)) for number in range(60)))
        with connected(web) as client:
            client.sendall(f"GET /ekspor.csv HTTP/1.1\r\nHost: {urlsplit(web.url).netloc}\r\n\r\n".encode())
            assert client.recv(20)
            assert exporting._slots._value < exporting.AT_ONCE

            def drop_by_drop() -> bool:
                client.recv(100)
                return exporting._slots._value == exporting.AT_ONCE

            wait_for(drop_by_drop)

    def test_no_answer_takes_for_ever(
        self, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connections, "ANSWER_SECONDS", 0.2)
        with heavy(store, tmp_path) as (web, index), connected(web) as client:
            client.sendall(f"GET / HTTP/1.1\r\nHost: {urlsplit(web.url).netloc}\r\n\r\n".encode())
            assert client.recv(1) == b""
            index.may_end.set()


def drip(client: socket.socket, is_over: Event) -> None:
    while not is_over.wait(0.01):
        try:
            client.sendall(b"x")
        except OSError:
            return


# Many


def test_those_who_ask_nothing_make_room(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 20)
    host = urlsplit(web.url).netloc
    with ExitStack() as stack:
        known = stack.enter_context(connected(web, OTHER))  # a browser that keeps its connection
        known.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert read(known).status == 200
        for begin in (
            b"",
            b"GET / HTTP/1.1\r\nX-A: ",
            b"POST /masuk HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
        ) * 20:
            stack.enter_context(connected(web)).sendall(begin)
        assert ask(web, "/masuk", source="127.0.0.3").status == 200
        known.sendall(f"GET /masuk HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert read(known).status == 200


class Heavy(TantivyIndex):
    """Its searches go on until they may end."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = Event()
        self.under_way = 0

    def search(self, *arguments: object, **options: object) -> Hits:
        self.under_way += 1
        assert self.may_end.wait(30)
        self.under_way -= 1
        return super().search(*arguments, **options)  # type: ignore[arg-type]


@contextmanager
def heavy(store: Store, folder: Path, is_open: bool = True) -> Iterator[tuple[Web, Heavy]]:
    """A server on which every search takes until it may end."""
    index = Heavy()
    with serving(Config(data=folder, public_search=True), store, index, is_open) as web:
        try:
            yield web, index
        finally:
            index.may_end.set()
    index.close()


def begin(stack: ExitStack, web: Web, target: str = "/", source: str = "127.0.0.1") -> socket.socket:
    """Ask without reading the answer."""
    client = stack.enter_context(connected(web, source))
    client.sendall(f"GET {target} HTTP/1.1\r\nHost: {urlsplit(web.url).netloc}\r\n\r\n".encode())
    return client


def test_when_all_are_busy_others_are_told(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 5)
    with heavy(store, tmp_path) as (web, _), ExitStack() as stack:
        for _ in range(5):
            begin(stack, web)
        answer = ask(web, "/masuk")
        assert_page(answer, 503)
        assert int(answer.headers["retry-after"]) > 0


def test_heavy_questions_of_one_hold_up_nobody_else(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.2)
    with heavy(store, tmp_path) as (web, index), ExitStack() as stack:
        clients = [begin(stack, web, f"/?q={number}") for number in range(60)]
        wait_for(lambda: index.under_way == turns.AT_ONCE_EACH)
        assert ask(web, "/masuk", source=OTHER).status == 200
        waiting = [read(client) for client in clients[turns.AT_ONCE_EACH :]]
        assert index.under_way == turns.AT_ONCE_EACH
        for answer in waiting:
            assert_page(answer, 503)
        index.may_end.set()
        assert [read(client).status for client in clients[: turns.AT_ONCE_EACH]] == [200] * turns.AT_ONCE_EACH


def test_who_waits_gets_their_turn(store: Store, tmp_path: Path) -> None:
    with heavy(store, tmp_path) as (web, index), ExitStack() as stack:
        clients = [begin(stack, web, f"/?q={number}") for number in range(3 * turns.AT_ONCE_EACH)]
        wait_for(lambda: index.under_way == turns.AT_ONCE_EACH)
        index.may_end.set()
        assert {read(client).status for client in clients} == {200}


def test_heavy_questions_of_many_leave_turns_for_others(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "AT_ONCE_HEAVY", 1)
    monkeypatch.setattr(bounded, "LIGHT", -1.0)  # all are
    monkeypatch.setattr(turns, "PATIENCE", 0.2)
    with heavy(store, tmp_path, is_open=False) as (web, index), ExitStack() as stack:
        begin(stack, web)
        wait_for(lambda: index.under_way == 1)
        assert ask(web, "/masuk", source=OTHER).status == 503
        monkeypatch.setattr(bounded, "LIGHT", 1e9)  # none is
        assert ask(web, "/masuk", source=OTHER).status == 200


def test_health_needs_no_turn(store: Store, tmp_path: Path) -> None:
    with heavy(store, tmp_path) as (web, index), ExitStack() as stack:
        for number in range(turns.AT_ONCE):
            begin(stack, web, source=f"127.0.0.{number + 10}")
        wait_for(lambda: index.under_way == bounded.AT_ONCE)
        assert ask(web, "/healthz").text == '{"alive":true}'
        assert ask(web, "/static/icon.svg").status == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/search"])
def test_a_question_that_takes_too_long_is_told_so_and_keeps_its_turn(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(turns, "DEADLINE", 0.2)
    monkeypatch.setattr(turns, "PATIENCE", 0.1)
    with heavy(store, tmp_path) as (web, index):
        late = [ask(web, path) for _ in range(turns.AT_ONCE_EACH)]
        assert [(each.status, int(each.headers["retry-after"])) for each in late] == [(503, 30)] * len(late)
        assert index.under_way == turns.AT_ONCE_EACH
        monkeypatch.setattr(turns, "DEADLINE", 60.0)  # what follows may take its time
        assert ask(web, "/masuk").status == 503
        assert ask(web, "/masuk", source=OTHER).status == 200
        index.may_end.set()
        wait_for(lambda: ask(web, "/masuk").status == 200)
        kinds = {each.headers["content-type"] for each in late}
        assert kinds == {
            "application/problem+json" if path.startswith("/api") else "text/html; charset=utf-8"
        }


def test_a_page_of_many_searches_begins_none_after_its_time(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "DEADLINE", 0.0)
    index = TantivyIndex()
    with serving(Config(data=tmp_path), store, index) as web:
        answer = ask(web, "/?q=warga&sumber=a")
        assert_page(answer, 503)
        assert "terlalu lama" in answer.heading
    index.close()


def test_whoever_has_used_their_share_has_to_wait_and_nobody_else(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "BURST", 0.0)
    monkeypatch.setattr(bounded, "SHARE", 1e-7)
    index = TantivyIndex()
    with serving(Config(data=tmp_path, public_search=True), store, index, is_open=False) as web:
        assert ask(web, "/jumlah?q=warga").status == 200
        refused = ask(web, "/?q=warga")
        assert_page(refused, 429)
        assert int(refused.headers["retry-after"]) > 0
        told = ask(web, "/api/v1/search?q=warga")
        assert (told.status, told.headers["content-type"]) == (429, "application/problem+json")
        assert ask(web, "/jumlah?q=warga", source=OTHER).status == 200
        assert ask(web, "/masuk").status == 200  # which asks for no search
    index.close()


# Behind a proxy


@contextmanager
def served(config: Config, store: Store) -> Iterator[Web]:
    """As `pantau serve` serves it on loopback."""
    with closing(TantivyIndex()) as index:
        store.add(make_article(), NOW)
        sync(store, index)
        server = Server(config, store, index, "127.0.0.1", 0)
        thread = Thread(target=server.run)
        thread.start()
        try:
            port = server._listening.getsockname()[1]
            yield Web(f"http://127.0.0.1:{port}", config, store, index)
        finally:
            server.stop()
            thread.join()


def log_in(web: Web, password: str, forwarded: str = "", source: str = "127.0.0.1") -> Answer:
    return post(web, "/masuk", f"nama=ani&sandi={quote(password)}", FORM + forwarded, source=source)


PASSWORD = "kata sandi panjang"


@pytest.mark.usefixtures("cheap_hashes")
def test_what_a_trusted_proxy_says_of_the_reader_counts(store: Store, tmp_path: Path) -> None:
    add_user(store, "ani", PASSWORD, Role.READER, datetime.now(UTC))
    with served(Config(data=tmp_path, web_proxies="127.0.0.1"), store) as web:
        cookie = log_in(web, PASSWORD, "X-Forwarded-Proto: https\r\n").headers["set-cookie"]
        assert "__Host-sesi=" in cookie and "Secure" in cookie
        by_proxy = "X-Forwarded-For: 1.1.1.{}, 203.0.113.7\r\n"
        tried = [log_in(web, "salah", by_proxy.format(number)).status for number in range(MAX_EACH + 1)]
        assert tried == [401] * MAX_EACH + [429]  # what the reader says before the proxy does not count
        assert log_in(web, PASSWORD, "X-Forwarded-For: 203.0.113.8\r\n").status == 303


@pytest.mark.usefixtures("cheap_hashes")
@pytest.mark.parametrize("proxies", ["", "127.0.0.1"])
def test_what_strangers_say_of_themselves_does_not(store: Store, tmp_path: Path, proxies: str) -> None:
    add_user(store, "ani", PASSWORD, Role.READER, datetime.now(UTC))
    with served(Config(data=tmp_path, web_proxies=proxies), store) as web:
        said = (
            "X-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.{}\r\nX-Forwarded-Host: evil.example\r\n"
        )
        cookie = log_in(web, PASSWORD, said.format(1), OTHER).headers["set-cookie"]
        assert "__Host-" not in cookie and "Secure" not in cookie
        tried = [log_in(web, "salah", said.format(number), OTHER).status for number in range(MAX_EACH + 1)]
        assert tried == [401] * MAX_EACH + [429]
        assert "evil.example" not in ask(web, "/umpan.rss", said.format(1), source=OTHER).text


def test_readers_behind_a_trusted_proxy_have_turns_of_their_own(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "BURST", 0.0)
    monkeypatch.setattr(bounded, "SHARE", 1e-7)
    config = Config(
        data=tmp_path, web_proxies="127.0.0.1", web_url="http://pantau.example", public_search=True
    )
    with served(config, store) as web:
        asked = [
            ask(web, "/jumlah?q=warga", f"X-Forwarded-For: 203.0.113.{number}\r\n").status
            for number in (1, 1, 2)
        ]
        assert asked == [200, 429, 200]


@pytest.mark.parametrize("proxies", ["*", "proxy.example", "10.0.0.1/8", "127.0.0.1;127.0.0.2", "unix:"])
def test_proxies_are_named_by_address(monkeypatch: pytest.MonkeyPatch, proxies: str) -> None:
    monkeypatch.setenv("PANTAU_WEB_PROXIES", proxies)
    with pytest.raises(PantauError, match=r"PANTAU_WEB_PROXIES.*must be addresses or networks"):
        load_config()


@pytest.mark.parametrize("proxies", ["", "127.0.0.1", "127.0.0.1, ::1", "10.0.0.0/8,fd00::/8"])
def test_by_several_too(monkeypatch: pytest.MonkeyPatch, proxies: str) -> None:
    monkeypatch.setenv("PANTAU_WEB_PROXIES", proxies)
    assert load_config().web_proxies == proxies


def test_what_strangers_may_ask_without_an_account_is_told_above() -> None:
    """So that a new way in that needs nothing is thought of here."""
    assert {
        way.split()[1].split("/")[1].split(".")[0] for way, need in RULES.items() if need == Need.NOTHING
    } == {
        "bahasa",
        "masuk",
        "keluar",
        "langganan",
        "healthz",
        "readyz",
        "umpan-pribadi",
    }


# Anything


NAMES = (
    *("q", "sumber", "wilayah", "jenis", "topik", "dari", "sampai", "urut", "per", "lanjut"),
    *("waktu", "kembali", "bahasa", "kunci", "halaman"),
)
PAGES = (
    "/",
    "/jumlah",
    "/banding",
    "/cetak",
    "/umpan.rss",
    "/langganan",
    "/topik",
    "/sumber",
    "/masuk",
    "/artikel/1",
)
VALUES = st.text(max_size=60) | st.from_regex(r"[()\"*~:+\-!\[\]{}&|A-Za-z0-9 ]{0,60}", fullmatch=True)
SEVERAL = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def written(fields: list[tuple[str, str]]) -> str:
    return urlencode([(name, value.encode(errors="surrogatepass")) for name, value in fields])


@SEVERAL
@given(st.sampled_from(PAGES), st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=6))
def test_any_parameters_are_answered(shared: Web, page: str, fields: list[tuple[str, str]]) -> None:
    answer = ask(shared, f"{page}?{written(fields)}")
    assert answer.status in (200, 303, 400), fields
    assert "traceback" not in answer.text.lower()


@SEVERAL
@given(
    st.sampled_from(("/masuk", "/bahasa", "/langganan", f"/langganan/konfirmasi/{'x' * 43}")),
    st.lists(st.tuples(st.sampled_from((*NAMES, "nama", "sandi", "alamat", "laju")), VALUES), max_size=6),
)
def test_any_form_is_answered(shared: Web, path: str, fields: list[tuple[str, str]]) -> None:
    answer = post(shared, path, written(fields))
    assert answer.status in (200, 303, 400, 401, 404, 422, 429), fields
    assert "traceback" not in answer.text.lower()


@SEVERAL
@given(st.binary(min_size=1, max_size=200), st.sampled_from((b"", b"GET ", b"GET / HTTP/1.1\r\nHost: ")))
def test_any_bytes_are_answered_or_waited_for(shared: Web, sent: bytes, begin: bytes) -> None:
    with connected(shared) as client:
        client.sendall(begin + sent + b"\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            assert client.recv(13) in (
                b"",
                *(f"HTTP/1.1 {status} ".encode() for status in (400, 404, 421, 501, 505)),
            )
    assert ask(shared, "/healthz").status == 200
