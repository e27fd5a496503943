"""What people come for, all the way in a real browser: a morning of staff, a subscriber, an admin."""

import csv
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from browsing import log_in, newsroom, tab
from conftest import WIB, Web, make_article, serving
from playwright.sync_api import Browser, Page, expect

from crawlers.demo.sink import Sink
from indexer.alerts import subscriptions
from indexer.alerts.digests import compose
from indexer.alerts.mail import send_due
from indexer.alerts.matching import match
from indexer.alerts.subscriptions import active_subscriptions
from indexer.config import Config
from indexer.crawl_requests import waiting_requests

COPIES = re.compile("salinan di tempat lain")
READER = "pembaca@example.org"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A reader's tab, in which nothing may go wrong."""
    with tab(browser) as page:
        yield page


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Web]:
    """A newsroom's pages, for those with an account."""
    with newsroom(tmp_path) as (store, index):
        with serving(Config(data=tmp_path), store, index, is_open=False) as web:
            yield web


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Web]:
    """A newsroom's pages, which everybody may search."""
    with newsroom(tmp_path) as (store, index):
        with serving(Config(data=tmp_path, public_search=True), store, index, is_open=False) as web:
            yield web


def number_in(text: str | None) -> int:
    """The last number in a text."""
    return int(re.findall(r"\d[\d.]*", text or "")[-1].replace(".", ""))


def news(web: Web, number: int, text: str) -> None:
    """An article arrives."""
    web.add(
        make_article(
            number=number,
            title=text,
            paragraphs=(f"{text}, demikian kabar hari ini.",),
            published=datetime.now(WIB),
        )
    )


# A morning of staff


def test_a_morning_of_staff(page: Page, closed: Web) -> None:
    come_in(page, closed)
    search(page)
    narrow_down(page)
    follow_copies(page)
    read_what_changed(page, closed)
    save_and_see_what_is_new(page, closed)
    compare(page)
    take_files(page, closed)
    leave(page, closed)


def come_in(page: Page, web: Web) -> None:
    """A link from a colleague leads to the form first, and then to where it should."""
    page.goto(f"{web.url}/?q=lebak")
    log_in(page, "edi", "bukan kata sandinya")
    expect(page.get_by_role("alert")).to_be_visible()
    log_in(page, "edi")
    expect(page).to_have_url(f"{web.url}/?q=lebak")


def search(page: Page) -> None:
    page.get_by_label("Kata yang dicari").fill("warga miskin")
    page.keyboard.press("Enter")
    expect(page.locator("#jumlah")).to_have_text(re.compile(r"^[1-9]\d* berita"))
    expect(page.locator(".hits .passage mark", has_text="warga").first).to_be_visible()
    expect(page.locator(".hits .passage mark", has_text="miskin").first).to_be_visible()


def narrow_down(page: Page) -> None:
    """By a time, a source and a bar: each says beforehand how much it will leave."""
    all_hits = page.locator("#jumlah").inner_text()
    choose(page, "7 hari terakhir")
    choose(page, "Kabar Banten")
    sources = {text.partition(" · ")[0] for text in page.locator(".hits article > .facts").all_inner_texts()}
    assert sources == {"Kabar Banten"}
    page.get_by_role("link", name="Hapus semua").click()
    expect(page.locator("#jumlah")).to_have_text(all_hits)
    bar = page.locator(".timeline .bars a").last
    promised = number_in(bar.locator("title").text_content())
    bar.click()
    expect(page.locator("#jumlah")).to_have_text(f"{promised} berita")
    page.get_by_label("Saringan yang dipilih").get_by_role("link").click()
    expect(page.locator("#jumlah")).to_have_text(all_hits)


def choose(page: Page, name: str) -> None:
    """Click what narrows a search, and get as many articles as it said."""
    choice = page.get_by_role("region", name="Saringan").get_by_role("listitem").filter(has_text=name)
    promised = number_in(choice.locator(".count").text_content())
    choice.get_by_role("link").click()
    expect(page.locator("#jumlah")).to_have_text(f"{promised} berita")


def follow_copies(page: Page) -> None:
    hit = page.locator(".hits > li").filter(has=page.locator(".copies")).first
    title = hit.locator("h3 a").inner_text()
    copy = hit.locator(".copies a").first
    expect(copy).to_be_hidden()
    hit.get_by_text(COPIES).click()
    copy.click()
    elsewhere = page.get_by_role("region", name="Naskah yang sama di tempat lain")
    expect(elsewhere.get_by_role("link", name=title)).to_be_visible()
    page.go_back()
    expect(page.locator("#jumlah")).to_be_visible()


def read_what_changed(page: Page, web: Web) -> None:
    search_page = page.url
    page.locator(".hits h3 a", has_text="lewat padat karya").click()
    expect(page.locator("article.reading h1 mark").first).to_be_visible()
    changed = page.get_by_role("region", name="Yang berubah")
    expect(changed.locator("del", has_text="1.850")).to_be_visible()
    expect(changed.locator("ins", has_text="2.100")).to_be_visible()
    expect(page.locator(".reading .text")).to_contain_text("2.100 orang")
    page.get_by_role("link", name="Kembali ke pencarian").click()
    expect(page).to_have_url(search_page)


def save_and_see_what_is_new(page: Page, web: Web) -> None:
    page.get_by_role("link", name="Simpan pencarian ini").click()
    page.get_by_label("Nama").fill("Warga miskin")
    page.get_by_label("Catatan").fill("Untuk rapat Senin")
    page.get_by_role("button", name="Simpan").click()
    row = page.get_by_role("listitem").filter(has=page.get_by_role("button", name="Warga miskin", exact=True))
    expect(row).to_contain_text("Untuk rapat Senin")
    expect(row).to_contain_text("tidak ada yang baru")
    news(web, 901, "Warga miskin Lebak dapat rumah")
    page.reload()
    expect(row).to_contain_text("1 baru")
    page.get_by_role("button", name="Warga miskin", exact=True).click()
    expect(page.locator(".hits h3").first).to_have_text("Warga miskin Lebak dapat rumah")
    page.get_by_role("link", name="Pencarian tersimpan").click()
    expect(row).to_contain_text("tidak ada yang baru")


def compare(page: Page) -> None:
    page.get_by_role("link", name="Topik", exact=True).click()
    page.get_by_role("link", name="Bandingkan topik").click()
    page.locator("summary", has_text="Topik").click()
    for topic in ("Kemiskinan", "Kesehatan"):
        page.get_by_label(topic, exact=True).check()
    page.get_by_label("Waktu").select_option("semua")
    page.get_by_role("button", name="Bandingkan").click()
    totals = [number_in(text) for text in page.locator(".legend .count").all_inner_texts()]
    assert len(totals) == 2
    page.get_by_text("Sebagai tabel").click()
    rows = page.locator(".lines tbody tr").all()
    figures = [[number_in(cell) for cell in row.locator("td").all_inner_texts()] for row in rows]
    assert [sum(column) for column in zip(*figures, strict=True)] == totals


def take_files(page: Page, web: Web) -> None:
    """Each file holds the articles that the page lists, copies and all."""
    page.goto(f"{web.url}/?q=miskin")
    links = page.locator(".hits h3 a, .hits .copies a").all()
    listed = sorted(number_in((link.get_attribute("href") or "").partition("?")[0]) for link in links)
    assert len(listed) == number_in(page.locator("#jumlah").inner_text()) > 5
    for name, read in (("CSV", ids_of_csv), ("Excel", ids_of_xlsx), ("JSON", ids_of_json)):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        assert sorted(read(download.value.path().read_bytes())) == listed, name


def ids_of_csv(content: bytes) -> list[int]:
    _, *rows = csv.reader(StringIO(content.decode("utf-8-sig"), newline=""))
    return [int(row[0]) for row in rows]


def ids_of_xlsx(content: bytes) -> list[int]:
    """The numbers, not texts, of the first column."""
    with ZipFile(BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    return [int(id) for id in re.findall(r'<c r="A\d+"(?: s="\d+")?><v>(\d+)</v>', sheet)]


def ids_of_json(content: bytes) -> list[int]:
    return [int(json.loads(line)["id"]) for line in content.splitlines()]


def leave(page: Page, web: Web) -> None:
    """Nothing can be seen any more, not even by going back."""
    form = page.get_by_role("heading", name="Masuk")
    page.get_by_role("link", name="edi").click()
    page.get_by_role("button", name="Keluar").click()
    expect(form).to_be_visible()
    page.go_back()
    expect(form).to_be_visible()
    page.go_back()
    expect(form).to_be_visible()
    for path in (
        "/",
        "/?q=miskin",
        "/artikel/1",
        "/tersimpan",
        "/banding",
        "/topik",
        "/sumber",
        "/akun",
        "/api",
    ):
        page.goto(web.url + path)
        expect(form).to_be_visible()
    assert page.request.get(f"{web.url}/ekspor.csv?q=miskin", max_redirects=0).status == 303


# A subscriber


def test_a_subscriber_comes_and_goes(page: Page, public: Web, sink: Sink) -> None:
    told = public.config.model_copy(update={"smtp_url": sink.url, "web_url": public.url})
    ask(page, public)
    (question,) = deliver(public, told, sink)
    assert question["To"] == READER
    confirm(page, public, link_in(question, "konfirmasi"), told, sink)
    news(public, 902, "Bantuan pangan tiba di Lebak")
    news(public, 903, "Jembatan Lebak selesai")
    _, alert = deliver(public, told, sink)
    assert alert["Subject"] == "Pantau: 1 berita baru tentang Kabar bantuan"
    assert "*Bantuan* pangan tiba di Lebak, demikian kabar" in body(alert)
    assert "Jembatan" not in body(alert)
    go(page, public, link_in(alert, "berhenti"))
    news(public, 904, "Bantuan pangan tiba di Serang")
    assert len(deliver(public, told, sink)) == 2


def ask(page: Page, web: Web) -> None:
    page.goto(f"{web.url}/?q=bantuan")
    page.get_by_role("link", name="Kabari saya bila ada yang baru").click()
    expect(page.locator("main")).to_contain_text(re.compile(r"Sekitar [1-9]\d* berita per minggu"))
    page.get_by_label("Alamat surel").fill(READER)
    page.get_by_label("Sebutan dalam surel").fill("Kabar bantuan")
    page.get_by_role("button", name="Berlangganan").click()
    expect(page.get_by_role("heading", name="Silakan periksa surel Anda")).to_be_visible()


def confirm(page: Page, web: Web, link: str, config: Config, sink: Sink) -> None:
    """Opening the link changes nothing, as often as it is done; the button does."""
    for _ in range(2):
        page.goto(link)
        expect(page.get_by_role("heading", name="Konfirmasi langganan Anda")).to_be_visible()
    assert not is_told(web)
    news(web, 905, "Bantuan pangan tiba di Pandeglang")
    assert len(deliver(web, config, sink)) == 1
    page.get_by_role("button", name="Ya, berlangganan").click()
    expect(page.get_by_role("heading", name="Anda berlangganan")).to_be_visible()
    assert is_told(web)


def go(page: Page, web: Web, link: str) -> None:
    page.goto(link)
    expect(page.get_by_role("heading", name="Berhenti berlangganan")).to_be_visible()
    assert is_told(web)
    page.get_by_role("main").get_by_role("button").click()
    expect(page.get_by_role("heading", name="Anda sudah berhenti")).to_be_visible()
    assert not is_told(web)


def is_told(web: Web) -> bool:
    return READER in {each.email for each in active_subscriptions(web.store)}


def deliver(web: Web, config: Config, sink: Sink) -> list[EmailMessage]:
    """What `pantau alerts` does; returns all mails to the reader so far."""
    match(web.store, datetime.now(UTC))
    compose(web.store, config, datetime.now(UTC))
    assert not send_due(web.store, config, lambda: datetime.now(UTC), lambda: False).troubles
    return [mail for mail in sink.taken if mail["To"] == READER]


def body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part
    return str(part.get_content())


def link_in(mail: EmailMessage, way: str) -> str:
    (found,) = re.findall(rf"http://\S+/langganan/{way}/\w+", body(mail))
    return str(found)


# An admin


def test_an_admin_looks_after_it(page: Page, closed: Web) -> None:
    page.goto(f"{closed.url}/operasi")
    log_in(page, "ani")
    look_into_a_failure(page)
    start_a_crawl(page, closed)
    send_again(page)
    look_after_subscribers(page, closed)


def look_into_a_failure(page: Page) -> None:
    row = page.get_by_role("row").filter(has_text="Kabar Banten")
    row.get_by_role("link", name="tidak lengkap").click()
    expect(page.get_by_role("heading", name="Yang gagal")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="no title")).to_contain_text("The page has no title.")
    page.get_by_role("main").get_by_role("link", name="Operasi").click()


def start_a_crawl(page: Page, web: Web) -> None:
    row = page.get_by_role("row").filter(has_text="Kabar Banten")
    row.get_by_role("button", name="Rayapi Kabar Banten sekarang").click()
    expect(row).to_contain_text("diminta oleh ani")
    assert waiting_requests(web.store)["kabarbanten"].requested_by == "ani"


def send_again(page: Page) -> None:
    page.get_by_role("link", name="Surel yang tidak terkirim").click()
    failed = page.get_by_role("listitem").filter(has_text="warga@example.org")
    expect(failed).to_contain_text("no such user")
    failed.get_by_role("button", name="Kirim lagi").click()
    expect(failed).to_contain_text("menunggu")
    page.get_by_role("main").get_by_role("link", name="Operasi").click()


def look_after_subscribers(page: Page, web: Web) -> None:
    page.get_by_role("link", name="Pelanggan").click()
    page.get_by_label("Alamat atau sebagiannya").fill("warga@")
    page.get_by_role("button", name="Cari").click()
    found = page.locator(".rows > li")
    expect(found).to_have_count(1)
    found.get_by_role("button", name="Tangguhkan").click()
    expect(found).to_contain_text("ditangguhkan")
    assert "warga@example.org" not in {each.email for each in active_subscriptions(web.store)}
    found.get_by_role("button", name="Lanjutkan").click()
    expect(found).to_contain_text("aktif")
    page.get_by_label("Alamat lengkap").fill("warga@example.org")
    erase = page.get_by_role("button", name="Hapus")
    erase.click()  # the browser asks for the tick
    expect(page.get_by_role("checkbox")).to_be_focused()
    assert len(subscriptions.with_address(web.store, "warga@", 10)) == 1
    page.get_by_role("checkbox").check()
    erase.click()
    expect(page.get_by_role("status")).to_contain_text("sudah dihapus")
    assert subscriptions.with_address(web.store, "warga@", 10) == []
