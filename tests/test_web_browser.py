"""The pages for reading in a real browser: with the keyboard, while one types, on narrow screens, for everybody."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import NOW, Web, make_article, serving
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from indexer.config import Config
from indexer.store import Store
from indexer.tantivy_index import TantivyIndex

PAGES = (
    "/",
    "/?q=miskin&jenis=agency&dari=2026-01-01",
    "/?q=kemiskinaan",
    "/?q=-a",
    "/artikel/1?q=miskin",
    "/artikel/9",
    "/topik",
    "/topik/kemiskinan",
    "/banding?topik=kemiskinan&q=lebak&waktu=semua",
    "/sumber",
    "/sumber/antara_banten",
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Pages over a few articles, one of them changed, one copied, one hostile."""
    folder = tmp_path_factory.mktemp("pages")
    store, index = Store(f"sqlite:///{folder}/pantau.db").open(), TantivyIndex()
    text = tuple(f"Warga miskin desa nomor {number} di Lebak menerima bantuan." for number in range(9))
    with serving(Config(data=folder), store, index) as web:
        store.name_source("antara_banten", "ANTARA Banten", "https://banten.antaranews.com")
        web.add(
            make_article(number=1, title="Warga miskin Lebak", paragraphs=text),
            make_article(number=2, title="Bantuan warga miskin", paragraphs=text, source="a_b"),
            make_article(number=3, title="x" * 400 + " miskin\u202e", published=NOW - timedelta(days=40)),
        )
        web.add(make_article(number=1, title="Warga miskin Lebak bertambah", paragraphs=text[1:]))
        yield web
    index.close()
    store.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab in which nothing may be refused or go wrong."""
    page = browser.new_page()
    wrong: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "404" not in message.text:
            wrong.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    page.close()
    assert wrong == []


@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_read_it(page: Page, pages: Web, path: str) -> None:
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        page.goto(pages.url + path)
        for each in page.locator("details").all():
            each.evaluate("each => { each.open = true; }")
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [320, 1600])
def test_it_fits_narrow_and_wide_screens(page: Page, pages: Web, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(pages.url + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_asks_nobody_else(page: Page, pages: Web) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in PAGES:
        page.goto(pages.url + path)
    assert [each for each in asked if not each.startswith(pages.url + "/")] == []


def test_keys_lead_through_the_hits(page: Page, pages: Web) -> None:
    page.goto(pages.url + "/?q=miskin")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator(".hits > li.current")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{pages.url}/artikel/2?q=miskin")


def test_a_slash_goes_to_the_words(page: Page, pages: Web) -> None:
    page.goto(pages.url + "/?q=miskin")
    page.keyboard.press("/")
    page.keyboard.type("banjir/j")
    expect(page.locator("#q")).to_have_value("banjir/j")


def test_a_count_is_told_while_one_types(page: Page, pages: Web) -> None:
    page.goto(pages.url + "/")
    page.locator("#q").press_sequentially("bantuan")
    expect(page.locator("#hitung")).to_have_text("2 berita")
    page.locator("#q").fill("-a")
    expect(page.locator("#hitung")).to_contain_text("hanya mengecualikan")
    page.locator("#q").fill("")
    expect(page.locator("#hitung")).to_have_text("")


def test_everything_works_without_scripts(browser: Browser, pages: Web) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages.url + "/")
    page.locator("#q").fill("miskin")
    page.get_by_role("button", name="Cari").click()
    expect(page.locator("#jumlah")).to_contain_text("3 berita")
    page.locator(".hits h3 a").first.click()
    expect(page.locator("h1 mark")).to_have_count(1)
    page.goto(pages.url + "/banding")
    page.locator("input[name=q]").first.fill("miskin")
    page.get_by_label("Waktu").select_option("semua")
    page.get_by_role("button", name="Bandingkan").click()
    expect(page.locator(".legend li")).to_have_count(1)
    context.close()
