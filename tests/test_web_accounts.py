"""Logging in, and who may see what, over a real server."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from conftest import Web, make_article, serving
from fastapi.routing import APIRoute
from starlette.routing import Mount

from indexer import keys
from indexer.accounts import MAX_EACH, Role, add_user
from indexer.config import Config
from indexer.schema import sessions
from indexer.store import Store
from indexer.tantivy_index import TantivyIndex
from indexer.web import access
from indexer.web.access import RULES, Need
from indexer.web.app import PARTS, create_app

PASSWORD = "kata sandi panjang"
SITE = "https://pantau.example.org"
STATIC = "/static/icon.svg"


pytestmark = pytest.mark.usefixtures("cheap_hashes")


@pytest.fixture
def closed(store: Store, tmp_path: Path) -> Iterator[Web]:
    """The pages as they are served to others than this machine."""
    index = TantivyIndex()
    with serving(Config(data=tmp_path), store, index, is_open=False) as web:
        web.add(make_article())
        yield web
    index.close()


def make_user(web: Web, role: Role, name: str = "ani") -> None:
    add_user(web.store, name, PASSWORD, role, datetime.now(UTC))


def log_in(
    web: Web, name: str = "ani", password: str = PASSWORD, back: str = "/", **options: object
) -> requests.Response:
    form = {"nama": name, "sandi": password, "kembali": back}
    return web.post("/masuk", form, allow_redirects=False, **options)


def status(web: Web, path: str) -> int:
    return web.get(path, allow_redirects=False).status_code


# Rules


def routes() -> list[APIRoute]:
    found = [route for router in PARTS for route in router.routes]
    assert all(isinstance(each, APIRoute) for each in found), "a route that is none of FastAPI's asks nobody"
    return [each for each in found if isinstance(each, APIRoute)]


WAYS = sorted({(method, each.path) for each in routes() for method in each.methods or ()})


@pytest.mark.parametrize(("method", "path"), WAYS)
def test_every_way_in_has_a_rule(method: str, path: str) -> None:
    assert f"{method} {path}" in RULES, f"give “{method} {path}” its rule in access.RULES"


def test_every_rule_has_its_way_in() -> None:
    assert {way for way in RULES if tuple(way.split()) not in WAYS} == set()


def test_nothing_is_served_beside_the_parts() -> None:
    app = create_app(Config(), Store("sqlite://"), TantivyIndex(), is_open=False)
    mounted = {each.path for each in app.routes if isinstance(each, Mount)}
    assert mounted == {
        "/api",
        "/static",
    }  # the first asks for keys of its own, the second serves files of ours
    assert len([each for each in app.routes if not isinstance(each, Mount)]) == len(PARTS)


def test_what_has_no_rule_is_refused(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    assert status(web, "/akun") == 303
    monkeypatch.setattr(access, "RULES", {})
    assert status(web, "/akun") == 404
    assert status(web, "/healthz") == 404


def test_only_safe_ways_need_nothing() -> None:
    """What a stranger can do: log in or out, choose a language, confirm and leave."""
    changes = {way for way, need in RULES.items() if need == Need.NOTHING and not way.startswith("GET")}
    assert changes == {
        "POST /bahasa",
        "POST /masuk",
        "POST /keluar",
        "POST /langganan/konfirmasi/{token}",
        "POST /langganan/berhenti/{token}",
    }


def answers(web: Web, needs: set[Need]) -> dict[str, int]:
    """How each way in with one of these needs is answered."""
    found = {}
    for way in (way for way, need in RULES.items() if need in needs):
        method, path = way.split()
        filled = path.replace("{id}", "7").replace("{key}", "x").replace("{token}", "x")
        answer = web.reader.request(method, web.url + filled, allow_redirects=False, timeout=60)
        is_login = answer.headers.get("Location", "").startswith("/masuk?kembali=")
        found[way] = 303 if is_login else 0 if answer.status_code == 303 else answer.status_code
    return found


def test_every_rule_is_kept_for_strangers(closed: Web) -> None:
    assert set(answers(closed, {*Need} - {Need.NOTHING}).values()) == {303}
    assert set(answers(closed, {Need.NOTHING}).values()).isdisjoint({303, 403})


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        (Role.READER, {Need.EDITOR, Need.ADMIN, Need.SUBSCRIBING, Need.OPERATING}),
        (Role.EDITOR, {Need.ADMIN, Need.OPERATING}),
        (Role.ADMIN, set()),
    ],
)
def test_every_rule_is_kept_for_each_role(closed: Web, role: Role, refused: set[Need]) -> None:
    make_user(closed, role)
    log_in(closed)
    allowed = {*Need} - refused - {Need.NOTHING}
    assert set(answers(closed, refused).values()) <= {403}
    assert set(answers(closed, allowed).values()).isdisjoint({303, 403})


# What is open


def test_on_this_machine_searching_is_open_and_nothing_else(web: Web) -> None:
    assert [status(web, path) for path in ("/", "/healthz", "/masuk", STATIC)] == [200] * 4
    assert [status(web, path) for path in ("/tersimpan", "/akun", "/operasi")] == [303] * 3


def test_for_others_searching_needs_an_account(closed: Web) -> None:
    assert [status(closed, path) for path in ("/", "/?q=lebak", "/langganan?q=lebak")] == [303] * 3
    assert [status(closed, path) for path in ("/healthz", "/readyz", "/masuk", STATIC)] == [200] * 4
    assert status(closed, "/langganan/berhenti/x") == 404
    assert status(closed, "/metrics") == 303


def test_searching_can_be_opened_to_everybody(store: Store, tmp_path: Path) -> None:
    index = TantivyIndex()
    with serving(Config(data=tmp_path, public_search=True), store, index, is_open=False) as web:
        web.add(make_article())
        assert [status(web, path) for path in ("/", "/langganan?q=lebak")] == [200] * 2
        assert [status(web, path) for path in ("/tersimpan", "/operasi", "/metrics")] == [303] * 3
    index.close()


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (
            Role.READER,
            {"/": 200, "/tersimpan": 200, "/simpan?q=a": 403, "/langganan?q=a": 403, "/operasi": 403},
        ),
        (
            Role.EDITOR,
            {"/": 200, "/tersimpan": 200, "/simpan?q=a": 200, "/langganan?q=a": 200, "/operasi": 403},
        ),
        (
            Role.ADMIN,
            {"/": 200, "/tersimpan": 200, "/simpan?q=a": 200, "/langganan?q=a": 200, "/operasi": 200},
        ),
    ],
)
def test_each_role_sees_what_it_may(closed: Web, role: Role, expected: dict[str, int]) -> None:
    make_user(closed, role)
    assert log_in(closed).status_code == 303
    assert {path: status(closed, path) for path in expected} == expected


def test_who_must_log_in_comes_back_to_where_they_wanted(closed: Web) -> None:
    make_user(closed, Role.READER)
    asked = closed.get("/?q=lebak&wilayah=36", allow_redirects=False)
    assert asked.headers["Location"] == "/masuk?kembali=%2F%3Fq%3Dlebak%26wilayah%3D36"
    page = closed.get("/?q=lebak&wilayah=36").text
    assert 'name="kembali" value="/?q=lebak&amp;wilayah=36"' in page
    assert log_in(closed, back="/?q=lebak&wilayah=36").headers["Location"] == "/?q=lebak&wilayah=36"


@pytest.mark.parametrize(
    "back",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\r\nX: y", ""],
)
def test_nobody_is_sent_to_another_site(web: Web, back: str) -> None:
    make_user(web, Role.READER)
    assert log_in(web, back=back).headers["Location"] == "/"


# Sessions


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(web: Web) -> None:
    make_user(web, Role.READER)
    cookie = log_in(web).headers["Set-Cookie"]
    assert cookie.startswith("sesi=")
    attributes = {each.strip().lower() for each in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "max-age=43200"} <= attributes
    assert "secure" not in attributes


def test_by_https_it_is_bound_to_this_host(store: Store, tmp_path: Path) -> None:
    index = TantivyIndex()
    host = {"Host": "pantau.example.org"}
    with serving(Config(data=tmp_path, web_url=SITE), store, index, is_open=False) as web:
        make_user(web, Role.READER)
        cookie = log_in(web, headers=host).headers["Set-Cookie"]
        token = cookie.partition(";")[0].partition("=")[2]
        assert cookie.startswith("__Host-sesi=")
        assert "Secure" in cookie
        assert "Domain" not in cookie
        named = requests.get(
            web.url + "/akun",
            headers=host | {"Cookie": f"__Host-sesi={token}"},
            allow_redirects=False,
            timeout=60,
        )
        assert named.status_code == 200
        plain = requests.get(
            web.url + "/akun", headers=host | {"Cookie": f"sesi={token}"}, allow_redirects=False, timeout=60
        )
        assert plain.status_code == 303
    index.close()


def test_a_wrong_password_is_told_without_a_hint(web: Web) -> None:
    make_user(web, Role.READER)
    known, unknown = log_in(web, password="salah sekali ini"), log_in(web, "budi", "salah sekali ini")
    assert known.status_code == unknown.status_code == 401
    assert "Nama atau kata sandi salah." in known.text
    assert known.text.replace('value="ani"', "") == unknown.text.replace('value="budi"', "")
    assert "salah sekali ini" not in known.text
    assert not web.reader.cookies


def test_too_many_wrong_passwords_have_to_wait(web: Web) -> None:
    make_user(web, Role.READER)
    for _ in range(MAX_EACH):
        log_in(web, password="salah sekali ini")
    refused = log_in(web)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert "15 menit" in refused.text


def test_logging_out_ends_the_session_not_only_the_cookie(web: Web) -> None:
    make_user(web, Role.READER)
    log_in(web)
    token = str(web.reader.cookies["sesi"])
    assert status(web, "/akun") == 200
    web.post("/keluar", allow_redirects=False)
    assert "sesi" not in web.reader.cookies
    again = requests.get(web.url + "/akun", cookies={"sesi": token}, allow_redirects=False, timeout=60)
    assert again.status_code == 303


def test_what_a_session_showed_is_not_kept_by_the_browser(web: Web) -> None:
    make_user(web, Role.READER)
    assert web.get("/").headers["Cache-Control"] == "private, no-cache"
    log_in(web)
    assert [web.get(path).headers["Cache-Control"] for path in ("/", "/akun")] == ["no-store"] * 2


def test_logging_in_takes_no_token_that_was_there(web: Web) -> None:
    make_user(web, Role.READER)
    web.reader.cookies.set("sesi", "x" * 43)
    log_in(web)
    assert [each.value for each in web.reader.cookies if each.value == "x" * 43 and each.domain] == []
    with web.store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(sessions)) == 1


def test_a_browser_left_behind_can_be_logged_out(web: Web) -> None:
    make_user(web, Role.READER)
    with requests.Session() as other:
        other.post(
            web.url + "/masuk",
            {"nama": "ani", "sandi": PASSWORD},
            headers={"User-Agent": "<b>Lama</b>"},
            timeout=60,
        )
        log_in(web)
        page = web.get("/akun").text
        assert "&lt;b&gt;Lama&lt;/b&gt;" in page
        (path,) = {
            part.split('"')[0] for part in page.split('action="')[1:] if part.startswith("/akun/sesi/")
        }
        assert web.post(path).status_code == 200
        assert other.get(web.url + "/akun", allow_redirects=False, timeout=60).status_code == 303
        assert web.post(path).status_code == 404
    assert status(web, "/akun") == 200


def change(web: Web, current: str, new: str, again: str | None = None) -> requests.Response:
    form = {"sandi": current, "sandi_baru": new, "sandi_ulang": new if again is None else again}
    return web.post("/akun/sandi", form, allow_redirects=False)


def test_a_password_can_be_changed_by_who_knows_it(web: Web) -> None:
    make_user(web, Role.READER)
    log_in(web)
    assert change(web, PASSWORD, "kata sandi yang lain").headers["Location"] == "/masuk"
    assert status(web, "/akun") == 303
    assert log_in(web).status_code == 401
    assert log_in(web, password="kata sandi yang lain").status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "again", "expected"),
    [
        ("salah sekali ini", "kata sandi yang lain", None, 401),
        (PASSWORD, "pendek", None, 422),
        (PASSWORD, "x" * 1001, None, 422),
        (PASSWORD, "kata sandi yang lain", "kata sandi yang beda", 422),
    ],
)
def test_else_it_stays(web: Web, current: str, new: str, again: str | None, expected: int) -> None:
    make_user(web, Role.READER)
    log_in(web)
    assert change(web, current, new, again).status_code == expected
    assert status(web, "/akun") == 200
    assert log_in(web).status_code == 303


def test_guessing_the_password_of_a_session_left_open_is_throttled(web: Web) -> None:
    make_user(web, Role.READER)
    log_in(web)
    for _ in range(MAX_EACH):
        assert change(web, "salah sekali ini", "kata sandi yang lain").status_code == 401
    assert change(web, PASSWORD, "kata sandi yang lain").status_code == 429


def test_strangers_do_not_shut_out_whoever_has_logged_in_here_before(web: Web) -> None:
    make_user(web, Role.READER)
    log_in(web)
    web.post("/keluar", allow_redirects=False)
    with requests.Session() as stranger:
        form = {"nama": "ani", "sandi": "salah sekali ini"}
        answers = [stranger.post(web.url + "/masuk", form, timeout=60) for _ in range(MAX_EACH + 1)]
        assert [each.status_code for each in answers] == [401] * MAX_EACH + [429]
        assert not stranger.cookies
    assert log_in(web).status_code == 303


def test_so_it_is_after_the_password_was_changed(web: Web) -> None:
    make_user(web, Role.READER)
    log_in(web)
    change(web, PASSWORD, "kata sandi yang lain")
    for _ in range(MAX_EACH):
        requests.post(web.url + "/masuk", {"nama": "ani", "sandi": "salah"}, timeout=60)
    assert log_in(web, password="kata sandi yang lain").status_code == 303


def test_the_mark_of_a_browser_is_out_of_reach_of_scripts(web: Web) -> None:
    make_user(web, Role.READER)
    cookies = log_in(web).raw.headers.getlist("Set-Cookie")
    (mark,) = (each for each in cookies if each.startswith("peramban="))
    attributes = {each.strip().lower() for each in mark.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "max-age=15552000"} <= attributes


@pytest.mark.parametrize("id", ["0", "-1", "99999999999999999999", "x", "1%00", "..%2f..%2f"])
def test_an_id_that_cannot_be_is_answered_with_a_page(web: Web, id: str) -> None:
    make_user(web, Role.READER)
    log_in(web)
    answer = web.post(f"/akun/sesi/{id}/akhiri")
    assert answer.status_code in (400, 404)
    assert "<h1>" in answer.text


@pytest.mark.parametrize("token", ["x", "x" * 7000, "%00", '"; drop table users; --'])
def test_a_forged_cookie_is_as_none(web: Web, token: str) -> None:
    answer = requests.get(
        web.url + "/akun", headers={"Cookie": f"sesi={token}"}, allow_redirects=False, timeout=60
    )
    assert answer.status_code == 303


def test_a_huge_cookie_is_refused_before_it_is_read(web: Web) -> None:
    headers = {"Cookie": "sesi=" + "x" * 200_000}
    with requests.get(web.url + "/akun", headers=headers, stream=True, timeout=60) as answer:
        assert answer.status_code == 431
    assert web.get("/healthz").status_code == 200


# Foreign pages


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Origin": ""},
    ],
)
@pytest.mark.parametrize(
    "path", ["/masuk", "/keluar", "/bahasa", "/simpan", "/langganan", "/operasi/indeks/ulangi"]
)
def test_a_page_of_another_site_changes_nothing(web: Web, path: str, headers: dict[str, str]) -> None:
    make_user(web, Role.ADMIN)
    log_in(web)
    assert (
        web.post(path, {"nama": "ani", "sandi": PASSWORD}, headers=headers, allow_redirects=False).status_code
        == 403
    )
    assert status(web, "/akun") == 200


def test_the_forms_of_browsers_that_tell_less_are_taken(web: Web) -> None:
    make_user(web, Role.READER)
    assert log_in(web, headers={"Origin": web.url}).status_code == 303
    assert log_in(web, headers={"Sec-Fetch-Site": "same-origin", "Origin": web.url}).status_code == 303


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("x" * 100_000, "application/x-www-form-urlencoded"),
        ("&".join(f"a{number}=" for number in range(3000)), "application/x-www-form-urlencoded"),
        ("nama=%ff%fe&sandi=%00%ed%a0%80", "application/x-www-form-urlencoded"),
        ("no form", "multipart/form-data; boundary=x"),
        ("{", "application/json"),
    ],
)
def test_what_is_no_form_of_ours_is_refused(web: Web, body: str, kind: str) -> None:
    answer = web.post("/masuk", body, headers={"Content-Type": kind})
    assert answer.status_code in (400, 401, 413)
    assert "Traceback" not in answer.text


def test_a_body_without_stated_length_has_its_bounds_too(web: Web) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = web.post("/masuk", (b"x" * 10_000 for _ in range(20)), headers=form)
    assert answer.status_code == 413


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "pantau.example.org"])
def test_another_name_is_not_answered(web: Web, host: str) -> None:
    assert web.get("/masuk", headers={"Host": host}).status_code in (400, 421)


@pytest.mark.parametrize("path", ["/masuk", "/akun", "/tersimpan", "/operasi"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "PROPFIND"])
def test_a_wrong_method_is_told(web: Web, path: str, method: str) -> None:
    answer = web.reader.request(method, web.url + path, timeout=60)
    assert answer.status_code == 405
    allowed = {"/masuk": "GET, HEAD, POST"}.get(path, "GET, HEAD")
    assert answer.headers["Allow"] == allowed
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "path", ["/static/../accounts.py", "/static/%2e%2e/accounts.py", "/static/..%2faccounts.py"]
)
def test_no_file_of_ours_is_reached_by_a_path(web: Web, path: str) -> None:
    request = requests.Request("GET", web.url).prepare()
    request.url = web.url + path
    answer = web.reader.send(request, timeout=60)
    assert answer.status_code == 404
    assert "log_in" not in answer.text


# For machines


def test_it_lives_and_is_ready(web: Web) -> None:
    assert web.get("/healthz").json() == {"alive": True}
    assert web.get("/readyz").json() == {"ready": True, "record": "ok", "index": "ok"}


@pytest.mark.parametrize("is_open", [True, False])
def test_what_is_not_ready_is_told_to_operators_only(store: Store, tmp_path: Path, is_open: bool) -> None:
    index = TantivyIndex(tmp_path / "nowhere")
    with serving(Config(data=tmp_path), store, index, is_open=is_open) as web:
        answer = web.get("/readyz")
        assert answer.status_code == 503
        assert web.get("/healthz").status_code == 200
        if is_open:
            assert "There is no index" in answer.json()["index"]
            assert answer.json()["record"] == "ok"
        else:
            assert answer.json() == {"ready": False}


def test_figures_say_how_it_goes(web: Web) -> None:
    web.add(make_article())
    web.get("/?q=rahasia")
    web.get("/tidak/ada")
    figures = web.get("/metrics")
    assert figures.headers["Content-Type"].startswith("text/plain; version=")
    lines = figures.text.splitlines()
    assert 'pantau_requests_total{method="GET",route="/",status="200"} 1.0' in lines
    assert 'pantau_requests_total{method="GET",route="other",status="404"} 1.0' in lines
    assert "pantau_articles 1.0" in lines
    assert "pantau_articles_behind 0.0" in lines
    assert 'pantau_mails{status="pending"} 0.0' in lines
    assert 'pantau_request_seconds_count{route="/"} 1.0' in lines
    assert "rahasia" not in figures.text
    assert "tidak/ada" not in figures.text


def test_figures_need_an_admin_or_a_key_for_them(closed: Web) -> None:
    _, search = keys.add_key(closed.store, "cari", {keys.Scope.SEARCH}, datetime.now(UTC))
    _, figures = keys.add_key(closed.store, "prometheus", {keys.Scope.METRICS}, datetime.now(UTC))

    def by_key(token: str) -> int:
        header = {"Authorization": f"Bearer {token}"}
        return closed.get("/metrics", headers=header, allow_redirects=False).status_code

    assert [by_key(token) for token in (figures, search, "x", "")] == [200, 303, 303, 303]
    make_user(closed, Role.ADMIN)
    log_in(closed)
    assert status(closed, "/metrics") == 200
