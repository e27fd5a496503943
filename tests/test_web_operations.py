"""What admins see and do, over a real page."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from argon2 import PasswordHasher
from conftest import NOW, PANTAU, Site, Web, make_article

from crawlers.demo.sink import Sink
from indexer import accounts
from indexer.accounts import Role, add_user
from indexer.alerts import mail, subscriptions
from indexer.alerts.digests import compose
from indexer.alerts.mail import send_due
from indexer.alerts.matching import match
from indexer.alerts.subscriptions import Rate, Status, active_subscriptions, subscribe
from indexer.crawl_requests import request_crawl, take_requests, waiting_requests
from indexer.schema import articles, matches, outbox
from indexer.schema import subscriptions as subscription_rows
from indexer.store import Failure, Result, Store

PASSWORD = "kata sandi panjang"
WARGA = "warga@example.org"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def store(any_store: Store) -> Store:
    """What holds here holds for a record in SQLite and in PostgreSQL."""
    return any_store


@pytest.fixture
def admin(web: Web) -> Web:
    """The pages with an admin logged in."""
    add_user(web.store, "ani", PASSWORD, Role.ADMIN, datetime.now(UTC))
    assert web.post("/masuk", {"nama": "ani", "sandi": PASSWORD}, allow_redirects=False).status_code == 303
    return web


def rows(store: Store, table: sa.Table) -> int:
    with store.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


# Crawls


def a_run(store: Store, source: str = "antara_banten") -> int:
    store.name_source(source, "ANTARA <Banten>", "https://banten.antaranews.com")
    id = store.start_run(source, NOW)
    store.add_failure(id, Failure("https://x/?a=<b>", "no title", "The page has no title."), NOW)
    counts = {"pages": 12, "new": 3, "changed": 1, "same": 7, "failed": 1}
    store.finish_run(id, Result.INCOMPLETE, counts, NOW + timedelta(minutes=2))
    return id


def test_sources_are_shown_with_how_their_last_run_went(admin: Web) -> None:
    id = a_run(admin.store)
    admin.store.name_source("baru", "Sumber baru", "https://baru.example.org")
    page = admin.get("/operasi").text
    assert "ANTARA &lt;Banten&gt;" in page
    assert f'href="/operasi/proses/{id}" class="bad">tidak lengkap' in page
    assert "2 sumber, 1 bermasalah" in page
    assert "belum pernah dirayapi" in page


def test_why_a_source_is_in_trouble_is_told_at_a_glance(admin: Web) -> None:
    id = a_run(admin.store)
    for number in range(2):
        failure = Failure(f"https://x/{number}", "server error", f"The server answered 50{number} <b>.")
        admin.store.add_failure(id, failure, NOW)
    page = admin.get("/operasi").text
    assert "<bdi>server error</bdi> × 2: <bdi>The server answered 501 &lt;b&gt;.</bdi>" in page
    assert page.index("server error") < page.index("<bdi>no title</bdi> × 1")
    last = a_run(admin.store)
    assert "server error" not in admin.get("/operasi").text
    assert f'href="/operasi/proses/{id}"' in admin.get(f"/operasi/proses/{last}").text


def test_a_source_that_has_gone_quiet_is_in_trouble(admin: Web) -> None:
    now = datetime.now(UTC)
    admin.store.name_source("antara_banten", "ANTARA Banten", "https://banten.antaranews.com")
    admin.add(*(make_article(number=n, published=now - timedelta(days=9 + n / 4)) for n in range(60)))
    page = admin.get("/operasi").text
    assert "1 sumber, 1 bermasalah" in page
    assert "Tidak ada berita selama 9 hari" in page


def test_what_went_wrong_in_a_run_is_told(admin: Web) -> None:
    page = admin.get(f"/operasi/proses/{a_run(admin.store)}").text
    assert "12 halaman dibaca, 3 berita baru, 1 berubah, 7 tetap, 1 gagal" in page
    assert "<strong>no title</strong>: The page has no title." in page
    assert "https://x/?a=&lt;b&gt;" in page


@pytest.mark.parametrize("id", ["0", "7", "-1", "9" * 30, "x"])
def test_a_run_that_there_is_not_is_told(admin: Web, id: str) -> None:
    answer = admin.get(f"/operasi/proses/{id}")
    assert answer.status_code in (400, 404)
    assert "<h1>" in answer.text


def test_a_crawl_is_asked_for_once(admin: Web) -> None:
    a_run(admin.store)
    for _ in range(2):
        assert admin.post("/operasi/sumber/antara_banten/jalankan").status_code == 200
    (wish,) = waiting_requests(admin.store).values()
    assert (wish.source, wish.requested_by) == ("antara_banten", "ani")
    assert "diminta oleh ani" in admin.get("/operasi").text
    assert admin.post("/operasi/sumber/lain/jalankan").status_code == 404


def test_one_process_takes_what_is_asked_for(any_store: Store) -> None:
    for source in ("a", "b", "c"):
        assert request_crawl(any_store, source, "ani", NOW)
    assert not request_crawl(any_store, "a", "ani", NOW)
    with ThreadPoolExecutor(6) as pool:
        taken = [*pool.map(lambda _: take_requests(any_store, {"a", "b"}, NOW), range(6))]
    assert sorted(source for each in taken for source in each) == ["a", "b"]
    assert set(waiting_requests(any_store)) == {"c"}
    assert request_crawl(any_store, "a", "ani", NOW)


# Mails


def test_mails_that_did_not_go_out_can_be_sent_again(admin: Web, sink: Sink) -> None:
    subscribe(admin.store, WARGA, "lebak", "", Rate.IMMEDIATE, NOW)
    admin.add(make_article())
    match(admin.store, NOW)
    compose(admin.store, admin.config, NOW)
    with admin.store.writing() as connection:
        connection.execute(sa.update(outbox).values(status="failed", error="550 no such <user>"))
    (unsent,) = mail.unsent(admin.store)
    page = admin.get("/operasi/surat").text
    assert "550 no such &lt;user&gt;" in page
    assert unsent.message_id.strip("<>") in page
    assert "gagal: 1" in admin.get("/operasi").text
    assert admin.post(f"/operasi/surat/{unsent.id}/kirim").status_code == 200
    config = admin.config.model_copy(update={"smtp_url": sink.url})
    assert send_due(admin.store, config, lambda: datetime.now(UTC), lambda: False).sent == 1
    assert admin.post(f"/operasi/surat/{unsent.id}/kirim").status_code == 409
    assert "Semua surel sudah terkirim." in admin.get("/operasi/surat").text


@pytest.mark.parametrize("id", ["0", "-5", "9" * 30])
def test_a_mail_that_there_is_not_cannot_be_sent(admin: Web, id: str) -> None:
    assert admin.post(f"/operasi/surat/{id}/kirim").status_code == 409


# Subscribers


def test_subscribers_are_found_by_a_part_of_their_address(admin: Web) -> None:
    for address in (WARGA, "Budi_x@example.org", "c%d@example.com"):
        subscribe(admin.store, address, "<b>lebak</b>", "", Rate.IMMEDIATE, NOW)

    def found(part: str) -> list[str]:
        page = admin.get("/operasi/pelanggan", params={"alamat": part}).text
        assert "<b>lebak" not in page
        return re.findall(r"<strong>([^<]*@[^<]*)</strong>", page)

    assert len(found("")) == 3
    assert found("budi") == ["Budi_x@example.org"]
    assert found("%") == ["c%d@example.com"]
    assert found("_") == ["Budi_x@example.org"]
    assert found("' OR 1=1") == []
    assert found("\x00") == []


@pytest.mark.parametrize("part", ["\x00", "\ud800", "x" * 100_000])
def test_no_address_has_what_cannot_be_kept(any_store: Store, part: str) -> None:
    subscribe(any_store, WARGA, "lebak", "", Rate.IMMEDIATE, NOW)
    assert subscriptions.with_address(any_store, part, 10) == []
    assert subscriptions.erase(any_store, part) == 0


def test_a_suspended_subscription_gets_nothing_until_it_is_resumed(admin: Web) -> None:
    made = subscribe(admin.store, WARGA, "lebak", "", Rate.IMMEDIATE, NOW)
    admin.add(make_article(number=1, title="Lebak satu"))
    match(admin.store, NOW)
    compose(admin.store, admin.config, NOW)
    assert admin.post(f"/operasi/pelanggan/{made.id}/tangguhkan").status_code == 200
    assert active_subscriptions(admin.store) == []
    assert mail.counts(admin.store) == {}
    assert "ditangguhkan" in admin.get("/operasi/pelanggan").text
    assert admin.post(f"/operasi/pelanggan/{made.id}/tangguhkan").status_code == 409
    assert admin.post(f"/operasi/pelanggan/{made.id}/lanjutkan").status_code == 200
    assert active_subscriptions(admin.store) == [made]
    assert compose(admin.store, admin.config, NOW) == 1


def test_a_suspended_one_can_be_left(admin: Web) -> None:
    made = subscribe(admin.store, WARGA, "lebak", "", Rate.IMMEDIATE, NOW)
    subscriptions.suspend(admin.store, made.id)
    assert "Anda sudah berhenti" in admin.post(f"/langganan/berhenti/{made.token}").text
    assert admin.post(f"/operasi/pelanggan/{made.id}/lanjutkan").status_code == 409


def test_none_is_resumed_beside_another_one_to_the_same(admin: Web) -> None:
    made = subscribe(admin.store, WARGA, "lebak", "", Rate.IMMEDIATE, NOW)
    subscriptions.suspend(admin.store, made.id)
    subscribe(admin.store, WARGA, "lebak", "", Rate.IMMEDIATE, NOW)
    assert admin.post(f"/operasi/pelanggan/{made.id}/lanjutkan").status_code == 409
    assert len(active_subscriptions(admin.store)) == 1


def test_an_erased_address_is_gone_with_all_about_it(any_store: Store) -> None:
    from indexer.config import Config

    for address, text in (
        (WARGA, "lebak"),
        ("Warga@example.org", "banten OR lebak"),
        ("budi@example.org", "lebak"),
    ):
        subscribe(any_store, address, text, "", Rate.IMMEDIATE, NOW)
    any_store.add(make_article(title="Lebak"), NOW)
    match(any_store, NOW)
    assert compose(any_store, Config(), NOW) == 3
    assert subscriptions.erase(any_store, " WARGA@example.org ") == 2
    assert [rows(any_store, table) for table in (subscription_rows, matches, outbox)] == [1, 1, 1]
    assert subscriptions.erase(any_store, WARGA) == 0
    assert subscriptions.erase(any_store, "%") == 0


def test_erasing_needs_a_tick(admin: Web) -> None:
    subscribe(admin.store, WARGA, "lebak", "", Rate.IMMEDIATE, NOW)
    assert admin.post("/operasi/pelanggan/hapus", {"alamat": WARGA}).status_code == 400
    assert len(active_subscriptions(admin.store)) == 1
    assert admin.post("/operasi/pelanggan/hapus", {"alamat": WARGA, "yakin": "ya"}).status_code == 200
    assert subscriptions.with_address(admin.store, "", 10) == []
    assert admin.post("/operasi/pelanggan/hapus", {"alamat": WARGA, "yakin": "ya"}).status_code == 404


def test_who_is_not_active_is_shown_so(admin: Web) -> None:
    made = subscribe(admin.store, WARGA, "lebak", "", Rate.IMMEDIATE, NOW)
    subscriptions.unsubscribe(admin.store, made.token, NOW)
    admin.post("/langganan", {"pencarian": "q=lebak", "surel": WARGA})
    statuses = {each.status for each in subscriptions.with_address(admin.store, "warga", 10)}
    assert statuses == {Status.PENDING, Status.UNSUBSCRIBED}
    page = admin.get("/operasi/pelanggan").text
    assert "sudah berhenti" in page
    assert "belum dikonfirmasi" in page
    assert "/tangguhkan" not in page


# The index, the accounts


def test_what_the_index_lacks_and_refused_is_told_and_can_be_sent_again(admin: Web) -> None:
    admin.add(make_article(number=1))
    admin.store.add(make_article(number=2), NOW)
    with admin.store.writing() as connection:
        connection.execute(sa.update(articles).where(articles.c.id == 1).values(index_error="too <long>"))
    page = admin.get("/operasi").text
    assert "tantivy: 1 berita" in page
    assert "1 berita belum dikirim ke indeks." in page
    assert "too &lt;long&gt;" in page
    admin.post("/operasi/indeks/ulangi")
    assert admin.store.refused() == []
    assert "2 berita belum dikirim" in admin.get("/operasi").text


def test_accounts_are_listed(admin: Web) -> None:
    add_user(admin.store, "budi", PASSWORD, Role.READER, NOW)
    accounts.disable(admin.store, "budi", NOW)
    page = admin.get("/operasi").text
    assert "ani" in page
    assert "Pembaca (dinonaktifkan)" in page


@pytest.mark.parametrize("role", [None, Role.READER, Role.EDITOR])
def test_nobody_else_comes_in(web: Web, role: Role | None) -> None:
    a_run(web.store)
    if role:
        add_user(web.store, "budi", PASSWORD, role, datetime.now(UTC))
        web.post("/masuk", {"nama": "budi", "sandi": PASSWORD}, allow_redirects=False)
    for path in ("", "/proses/1", "/surat", "/pelanggan"):
        assert web.get(f"/operasi{path}", allow_redirects=False).status_code == (403 if role else 303)
    for path in ("/sumber/antara_banten/jalankan", "/indeks/ulangi", "/surat/1/kirim", "/pelanggan/hapus"):
        answer = web.post(f"/operasi{path}", {"alamat": WARGA, "yakin": "ya"}, allow_redirects=False)
        assert answer.status_code == (403 if role else 303)
    assert waiting_requests(web.store) == {}


# All in one process


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not condition():
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.1)


@pytest.fixture
def environment(site: Site, tmp_path: Path) -> dict[str, str]:
    """Settings with one source, which was crawled a moment ago."""
    (tmp_path / "sources").mkdir()
    text = f'name = "Situs"\nhome = "{site.home}"\npreset = "antara"\ndelay = 0\nlocal = true\n'
    (tmp_path / "sources" / "situs.toml").write_text(text)
    store = Store(f"sqlite:///{tmp_path}/data/pantau.db").open()
    store.finish_run(store.start_run("situs", datetime.now(UTC)), Result.OK, {}, datetime.now(UTC))
    store.close()
    return {
        "PANTAU_DATA": f"{tmp_path}/data",
        "PANTAU_SOURCES": f"{tmp_path}/sources",
        "PANTAU_ARCHIVE": "off",
        "PANTAU_SMTP_URL": "smtp://127.0.0.1:1",
    }


@contextmanager
def running(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`pantau run --web`, and where its page is."""
    with subprocess.Popen(
        [str(PANTAU), "run", "situs", "--web", "--port", "0"],
        env=os.environ | environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            first = process.stdout.readline()
            assert first, process.stderr.read()
            yield process, re.findall(r"http://[0-9.:]+\d", first)[0]
        finally:
            process.kill()


def test_crawls_pages_and_mails_in_one_process(environment: dict[str, str], site: Site) -> None:
    store = Store(f"sqlite:///{environment['PANTAU_DATA']}/pantau.db")
    with running(environment) as (process, address), closing(store):
        wait_for(lambda: store.source_names().get("situs") == "Situs", process)
        assert requests.get(f"{address}/healthz", timeout=60).json() == {"alive": True}
        assert site.asked == []
        request_crawl(store, "situs", "ani", datetime.now(UTC))
        request_crawl(store, "lain", "ani", datetime.now(UTC))
        wait_for(lambda: bool(site.asked), process)
        assert set(waiting_requests(store)) == {"lain"}
        wait_for(lambda: requests.get(f"{address}/readyz", timeout=60).status_code == 200, process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert "Stopped." in out
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=60)


def test_a_port_in_use_is_told_in_a_sentence(site: Site, tmp_path: Path) -> None:
    port = site.home.rpartition(":")[2]
    done = subprocess.run(
        [str(PANTAU), "serve", "--port", port],
        env=os.environ | {"PANTAU_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, f"Nothing can listen on 127.0.0.1 port {port}" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr
