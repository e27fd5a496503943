"""The pages for staff and subscribers in a real browser: all the way by mouse, and readable for everybody."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import NOW, Web, make_article, serving
from playwright.sync_api import Browser, Page, expect

from indexer import saved
from indexer.accounts import Role, add_user
from indexer.alerts.subscriptions import Rate, active_subscriptions, subscribe
from indexer.config import Config
from indexer.store import Failure, Result, Store
from indexer.tantivy_index import TantivyIndex

PASSWORD = "kata sandi panjang"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PAGES = (
    "/tersimpan",
    "/simpan?q=lebak",
    "/tersimpan/1/ubah",
    "/langganan?q=lebak&wilayah=36",
    "/langganan/berhenti/{token}",
    "/akun",
    "/operasi",
    "/operasi/proses/1",
    "/operasi/surat",
    "/operasi/pelanggan",
)


@pytest.fixture(scope="module")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Pages over a record with a little of everything, long and hostile things too."""
    folder = tmp_path_factory.mktemp("staff")
    store, index = Store(f"sqlite:///{folder}/pantau.db").open(), TantivyIndex()
    with serving(Config(data=folder), store, index) as web:
        ani = add_user(store, "ani", PASSWORD, Role.ADMIN, datetime.now(UTC))
        saved.save(store, ani, "Nama " + "x" * 190, "y" * 1000, "q=miskin", NOW)
        web.add(make_article(number=1, title="Lebak satu"))
        store.name_source("antara_banten", "ANTARA " + "x" * 300, "https://banten.antaranews.com")
        run = store.start_run("antara_banten", NOW)
        store.add_failure(run, Failure("https://x/" + "y" * 500, "no title", "The page has no title."), NOW)
        store.finish_run(run, Result.INCOMPLETE, {"pages": 2, "failed": 1}, NOW)
        subscribe(store, "warga@example.org", "lebak OR " + "x" * 300, "", Rate.IMMEDIATE, NOW)
        yield web
    index.close()
    store.close()


@pytest.fixture
def page(browser: Browser, staff: Web) -> Iterator[Page]:
    """A tab of somebody who has logged in, in which nothing may go wrong."""
    page = browser.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{staff.url}/masuk?kembali=/tersimpan")
    page.get_by_label("Nama akun").fill("ani")
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.locator("form.sheet").get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("heading", name="Pencarian tersimpan")).to_be_visible()
    yield page
    page.close()
    assert wrong == []


def test_a_search_is_saved_and_opened(page: Page, staff: Web) -> None:
    page.goto(f"{staff.url}/?q=lebak")
    page.get_by_role("link", name="Simpan pencarian ini").click()
    page.get_by_label("Nama").fill("Kabar Lebak")
    page.get_by_role("button", name="Simpan").click()
    row = page.get_by_role("listitem").filter(has_text="Kabar Lebak")
    expect(row.get_by_text("tidak ada yang baru")).to_be_visible()
    staff.add(make_article(number=2, title="Lebak dua"))
    page.reload()
    expect(row.get_by_text("1 baru")).to_be_visible()
    page.get_by_role("button", name="Kabar Lebak", exact=True).click()
    assert page.url == f"{staff.url}/?q=lebak"
    page.goto(f"{staff.url}/tersimpan")
    expect(row.get_by_text("tidak ada yang baru")).to_be_visible()


def test_a_subscription_is_asked_for(page: Page, staff: Web) -> None:
    page.goto(f"{staff.url}/?q=lebak")
    page.get_by_role("link", name="Kabari saya bila ada yang baru").click()
    page.get_by_label("Alamat surel").fill("budi@example.org")
    page.get_by_role("button", name="Berlangganan").click()
    expect(page.get_by_role("heading", name="Silakan periksa surel Anda")).to_be_visible()


def test_who_has_left_sees_nothing_by_going_back(page: Page, staff: Web) -> None:
    page.goto(f"{staff.url}/operasi")
    page.goto(f"{staff.url}/akun")
    page.get_by_role("button", name="Keluar").click()
    expect(page.get_by_role("heading", name="Masuk")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Masuk")).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 320)])
def test_everybody_can_read_it(page: Page, staff: Web, path: str, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(staff.url + path.format(token=active_subscriptions(staff.store)[0].token))
    found = Axe().run(page, options=RULES).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert len(page.content()) < 100_000
