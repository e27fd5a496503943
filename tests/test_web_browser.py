"""The pages in a real browser: with the keyboard, while one types, without scripts, and with articles that mean harm."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from browsing import PASSWORD, log_in, newsroom, sticking_out, tab, unfold, watch
from conftest import NOW, Web, make_article, serving
from playwright.sync_api import Browser, Page, expect

from indexer import saved
from indexer.accounts import Role, add_user
from indexer.alerts import subscriptions
from indexer.alerts.subscriptions import Rate, subscribe
from indexer.article import Article
from indexer.config import Config
from indexer.store import Failure, Result, Store
from indexer.tantivy_index import TantivyIndex

WIDTHS = (320, 1440)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A newsroom's pages, which everybody may read."""
    folder = tmp_path_factory.mktemp("newsroom")
    with newsroom(folder) as (store, index):
        with serving(Config(data=folder), store, index) as web:
            yield web


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab in which nothing may be refused or go wrong."""
    with tab(browser) as page:
        yield page


# Keys and counts


def test_keys_lead_through_the_hits(page: Page, pages: Web) -> None:
    page.goto(pages.url + "/?q=miskin")
    links = page.locator(".hits h3 a").all()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator(".hits > li.current")).to_have_count(1)
    wanted = links[1].get_attribute("href")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{pages.url}{wanted}")


def test_a_slash_goes_to_the_words(page: Page, pages: Web) -> None:
    page.goto(pages.url + "/?q=miskin")
    page.keyboard.press("/")
    page.keyboard.type("banjir/j")
    expect(page.locator("#q")).to_have_value("banjir/j")


def test_a_count_is_told_while_one_types(page: Page, pages: Web) -> None:
    page.goto(pages.url + "/?q=bantuan")
    total = page.locator("#jumlah").inner_text()
    page.goto(pages.url + "/")
    page.locator("#q").press_sequentially("bantuan")
    expect(page.locator("#hitung")).to_have_text(total)
    page.locator("#q").fill("-a")
    expect(page.locator("#hitung")).to_contain_text("hanya mengecualikan")
    page.locator("#q").fill("")
    expect(page.locator("#hitung")).to_have_text("")


# Without scripts


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A tab that runs no scripts."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


def test_all_work_of_staff_is_done_without_scripts(plain: Page, pages: Web) -> None:
    plain.goto(pages.url + "/masuk")
    log_in(plain, "edi")
    plain.get_by_role("button", name="Cari").click()
    everything = plain.locator("#jumlah").inner_text()
    plain.get_by_role("link", name="Berita berikutnya").click()
    expect(plain.locator("#jumlah")).to_contain_text("mulai nomor 21")
    plain.locator("#q").fill("bantuan")
    plain.get_by_role("button", name="Cari").click()
    expect(plain.locator("#jumlah")).not_to_contain_text(everything)
    plain.locator("#q").press("Enter")
    plain.get_by_label("Saringan").get_by_role("link", name="Kabar Banten").click()
    plain.locator("summary", has_text="Waktu").click()
    plain.get_by_label("dari", exact=True).fill("2026-01-01")
    plain.get_by_role("button", name="Cari").click()
    expect(plain.get_by_label("Saringan yang dipilih").get_by_role("listitem")).to_have_count(3)
    with plain.expect_download() as download:
        plain.get_by_role("link", name="CSV").click()
    assert "Kabar Banten" in download.value.path().read_text(encoding="utf-8-sig")
    plain.get_by_role("link", name="Simpan pencarian ini").click()
    plain.get_by_label("Nama").fill("Tanpa skrip")
    plain.get_by_role("button", name="Simpan").click()
    plain.get_by_role("button", name="Tanpa skrip", exact=True).click()
    plain.locator(".hits h3 a").first.click()
    expect(plain.locator("article.reading mark").first).to_be_visible()


def test_comparing_and_subscribing_are_done_without_scripts(plain: Page, pages: Web) -> None:
    plain.goto(pages.url + "/banding")
    plain.get_by_label("Kueri 1").fill("miskin")
    plain.get_by_label("Waktu").select_option("semua")
    plain.get_by_role("button", name="Bandingkan").click()
    expect(plain.locator(".legend li")).to_have_count(1)
    plain.locator(".legend a").click()
    plain.get_by_role("link", name="Kabari saya bila ada yang baru").click()
    plain.get_by_label("Alamat surel").fill("sunyi@example.org")
    plain.get_by_role("button", name="Berlangganan").click()
    expect(plain.get_by_role("heading", name="Silakan periksa surel Anda")).to_be_visible()
    assert len(subscriptions.with_address(pages.store, "sunyi@", 10)) == 1


# What means harm

SCRIPT = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>\"'><b onmouseover=alert(4)>"
)
BACKWARDS = "\u202e\u2067 keslap \u202b"
INVISIBLE = "mis\u200bkin\u200d\u2060\ufeff \u0000\u0007\x1b"
PILED = "Z" + "\u0301\u0336" * 400
LONG = "x" * 3000
HARM = (SCRIPT, BACKWARDS, INVISIBLE, PILED, LONG, "{{ 7 * 7 }}{% raw %}", "https://a.example/?a=1&amp;b=<b>")
RUNNING = (
    "javascript:alert(5)",
    "JaVaScRiPt\n:alert(5)",
    " javascript:alert(5)",
    "data:text/html,<script>alert(6)</script>",
    "//evil.example/a.pdf",
    'https://evil.example/"onclick=alert(7) x=".pdf',
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Pages over articles, sources, runs, searches and subscribers that all mean harm."""
    folder = tmp_path_factory.mktemp("hostile")
    with closing(Store(f"sqlite:///{folder}/pantau.db").open()) as store, closing(TantivyIndex()) as index:
        with serving(Config(data=folder), store, index) as web:
            for number, harm in enumerate(HARM):
                store.name_source(f"sumber_{number}", harm, RUNNING[number % len(RUNNING)])
                web.add(hostile_article(number, harm), hostile_article(100 + number, harm))
                web.add(hostile_article(number, harm + " berubah"))
            web.add(
                make_article(number=999, title="Panjang", paragraphs=(f"miskin {'kata ' * 2_000_000}", LONG))
            )
            ani = add_user(store, "ani", PASSWORD, Role.ADMIN, datetime.now(UTC))
            for harm in HARM:
                saved.save(store, ani, harm[:200], harm, "q=miskin", NOW)
                run = store.start_run("sumber_0", NOW)
                store.add_failure(run, Failure(RUNNING[0], harm, harm), NOW)
                store.finish_run(run, Result.FAILED, {"failed": 1}, NOW)
                subscribe(store, "warga@example.org", f"miskin {harm[:300]}", harm, Rate.IMMEDIATE, NOW)
            yield web


@pytest.fixture(scope="module")
def staff(browser: Browser, hostile: Web) -> Iterator[Page]:
    """An admin's tab."""
    context = browser.new_context()
    assert context.request.post(f"{hostile.url}/masuk", form={"nama": "ani", "sandi": PASSWORD}).ok
    page = context.new_page()
    yield page
    context.close()


@pytest.fixture(scope="module")
def wrong(staff: Page) -> list[str]:
    """What has gone wrong in that tab so far."""
    return watch(staff)


def hostile_article(number: int, harm: str) -> Article:
    return make_article(
        url=f"{RUNNING[number % len(RUNNING)]}#{number}",
        source=f"sumber_{number % 100}",
        title=f"{harm} miskin {number % 100}",
        paragraphs=(f"{harm} miskin", harm * 3, f"warga {harm}"),
        place=harm,
        authors=(harm, SCRIPT),
        editor=harm,
        tags=(harm, SCRIPT, BACKWARDS),
        attachments=RUNNING,
        kind=harm,
        language=SCRIPT,
        region=harm,
    )


PATHS = (
    *(
        "/",
        "/?q=miskin&urut=relevan",
        "/?sumber=sumber_0&jenis=" + quote(SCRIPT),
        "/?q=" + quote(SCRIPT + BACKWARDS),
    ),
    *("/cetak?q=miskin", "/topik/kemiskinan", "/sumber", *(f"/sumber/sumber_{n}" for n in range(len(HARM)))),
    f"/banding?q=miskin&q={quote(SCRIPT)}&q={LONG[:1000]}&waktu=semua",
    *("/tersimpan", "/tersimpan/1/ubah", "/simpan?q=" + quote(SCRIPT), "/langganan?q=miskin"),
    *("/operasi", "/operasi/proses/1", "/operasi/pelanggan", f"/operasi/pelanggan?alamat={quote(SCRIPT)}"),
    "/masuk?kembali=javascript:alert(8)",
    *(f"/artikel/{id}?q=miskin" for id in range(1, 2 * len(HARM) + 2, 2)),
)
TOUCH_ALL = """
for (const each of document.querySelectorAll("body *"))
  for (const kind of ["mouseover", "focus", "load", "error"]) each.dispatchEvent(new Event(kind));
"""
FIND_FOREIGN = """
[...document.querySelectorAll("main :is(script, img, iframe, object, [onload], [onerror], [onmouseover], [onclick])"),
 ...[...document.querySelectorAll("a")].filter((each) => !/^(https?:|[/?#])/.test(each.getAttribute("href")))]
  .map((each) => each.outerHTML.slice(0, 200))
"""


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:40])
def test_nothing_that_others_write_becomes_part_of_a_page(
    staff: Page, wrong: list[str], hostile: Web, path: str
) -> None:
    wrong.clear()
    staff.goto(hostile.url + path)
    unfold(staff)
    staff.evaluate(TOUCH_ALL)
    assert staff.evaluate(FIND_FOREIGN) == []
    assert [each for width in WIDTHS for each in sticking_out(staff, width)] == []
    assert len(staff.content().encode()) < 100_000
    assert wrong == []


def test_what_is_written_backwards_turns_nothing_round_it(staff: Page, hostile: Web) -> None:
    staff.goto(hostile.url + "/?sumber=sumber_1")
    for facts in staff.locator(".hits article > .facts").all():
        place = facts.locator("bdi").last.bounding_box()
        moment = facts.locator("time").bounding_box()
        assert place and moment
        assert place["x"] + place["width"] < moment["x"]


@pytest.mark.parametrize(
    ("harm", "noticed"),
    [
        ("alert('halo')", "dialog halo"),
        ("setTimeout(() => document.body.setAttribute('onclick', 'alert(1)'))", "require-trusted-types-for"),
        ("new Image().src = 'https://evil.example/a.png'", "policy violated: img-src"),
        ("setTimeout(() => { throw new Error('salah'); })", "salah"),
    ],
)
def test_what_goes_wrong_is_noticed(browser: Browser, pages: Web, harm: str, noticed: str) -> None:
    page = browser.new_page()
    wrong = watch(page)
    page.goto(pages.url)
    page.evaluate(f"() => {{ {harm} }}")
    for _ in range(100):
        if wrong:
            break
        page.wait_for_timeout(50)
    page.close()
    assert any(noticed in each for each in wrong)
