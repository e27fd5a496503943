"""What tests in a real browser share: tabs that tell what goes wrong in them, and a newsroom's record."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from conftest import WIB, make_article
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request

from crawlers.demo.articles import Manuscript, changed_id, read_manuscripts, updated
from crawlers.demo.sink import Sink
from indexer import index, saved, stories
from indexer.accounts import Role, add_user
from indexer.alerts.digests import compose
from indexer.alerts.mail import send_due
from indexer.alerts.matching import match
from indexer.alerts.subscriptions import Rate, subscribe, suspend
from indexer.article import Article
from indexer.config import Config
from indexer.crawl_requests import request_crawl
from indexer.store import Failure, Result, Store
from indexer.tantivy_index import TantivyIndex

PASSWORD = "kata sandi panjang"
PEOPLE = {"ani": Role.ADMIN, "edi": Role.EDITOR, "rini": Role.READER}
"""Who has an account in the newsroom, all with `PASSWORD`."""
SOURCES = {
    "antara_banten": ("ANTARA Banten", "36", "agency"),
    "kabarbanten": ("Kabar Banten", "36", "press"),
    "bantennews": ("Banten News", "36", "press"),
    "diskominfo_banten": ("Dinas Komunikasi dan Informatika Provinsi Banten", "36", "government"),
    "antara_jabar": ("ANTARA Jawa Barat", "32", "agency"),
}
ACCESSIBLE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "preload": False,
}
FIND_BARRIERS = """
async (options) => (await axe.run(options)).violations.map((each) => [each.id, each.nodes[0].html])
"""
FIND_STICKING_OUT = """
(width) => {
  const isOut = (each) => each.getBoundingClientRect().right > width;
  return [...document.querySelectorAll("body *")]
    .filter((each) => isOut(each) && ![...each.children].some(isOut) && !each.closest(".wide, .scrolled"))
    .map((each) => each.parentElement.outerHTML.slice(0, 150));
}
"""
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


# Tabs


@contextmanager
def tab(browser: Browser | BrowserContext) -> Iterator[Page]:
    """A tab in which nothing may be refused or go wrong until the end of the block."""
    page = browser.new_page()
    page.set_default_timeout(20_000)
    wrong = watch(page)
    yield page
    page.close()
    assert wrong == []


def watch(page: Page, home: str = "http://127.0.0.1:") -> list[str]:
    """What goes wrong in a tab from now on: errors, dialogs, what the policy refuses, requests to somebody else."""
    wrong: list[str] = []
    visited: set[str] = set()

    def note_request(request: Request) -> None:
        if request.is_navigation_request():
            visited.add(request.url)
        if not request.url.startswith(home):
            wrong.append(f"asked {request.url}")

    def note_message(message: ConsoleMessage) -> None:
        is_page = message.text.startswith("Failed to load resource") and message.location["url"] in visited
        if message.type in ("error", "warning") and not is_page:  # an error that is told as a page is none
            wrong.append(message.text)

    def note_dialog(dialog: Dialog) -> None:
        wrong.append(f"dialog {dialog.message}")
        dialog.dismiss()

    page.add_init_script(TELL_VIOLATIONS)
    page.on("request", note_request)
    page.on("console", note_message)
    page.on("dialog", note_dialog)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    return wrong


def barriers(page: Page) -> list[list[str]]:
    """What keeps somebody from reading or using a page: each rule of axe that is broken, and the first place."""
    page.evaluate(Axe().axe_script)
    found: list[list[str]] = page.evaluate(FIND_BARRIERS, ACCESSIBLE)
    return found


def unfold(page: Page) -> None:
    """Open whatever is folded."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


def sticking_out(page: Page, width: int) -> list[str]:
    """What is too wide for a window of this width; empty if nothing is."""
    page.set_viewport_size({"width": width, "height": 900})
    if page.evaluate("document.documentElement.scrollWidth") <= width:
        return []
    found: list[str] = page.evaluate(FIND_STICKING_OUT, width)
    return [f"at {width} pixels:", *found[:3]]


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Fill in the form that is shown, in Indonesian."""
    page.get_by_label("Nama akun").fill(name)
    page.get_by_label("Kata sandi").fill(password)
    page.locator("form.sheet").get_by_role("button", name="Masuk").click()


# The newsroom


@contextmanager
def newsroom(folder: Path) -> Iterator[tuple[Store, TantivyIndex]]:
    """A record with a little of everything, as after some months of use, and its index."""
    now = datetime.now(WIB)
    with closing(Store(f"sqlite:///{folder}/pantau.db").open()) as store, closing(TantivyIndex()) as found:
        for key, (name, _, _) in SOURCES.items():
            store.name_source(key, name, _home(key))
        store.name_source("belum_dibaca", "Sumber yang belum pernah dibaca", "https://baru.example.org")
        for article in articles(now):
            store.add(article, now - timedelta(hours=1))
        stories.assign(store)
        index.sync(store, found)
        _add_crawls(store, now)
        _add_people(store, now)
        yield store, found


def articles(now: datetime) -> Iterator[Article]:
    """The demo's articles over some months; one twice, since it was changed, and some taken over by others."""
    before = {each.id: each for each in read_manuscripts()}
    keys = [*SOURCES]
    for number, manuscript in enumerate(updated(before.values())):
        moment = now - timedelta(minutes=manuscript.minutes, days=number * number / 12)
        key = keys[number % len(keys)]
        if manuscript.id == changed_id():
            earlier = before[manuscript.id]
            yield _article(earlier, key, moment, f"{earlier.title}, kata bupati")
        yield _article(manuscript, key, moment)
        if number % 6 == 0:
            yield _article(manuscript, keys[(number + 2) % len(keys)], moment - timedelta(minutes=50))


def _article(manuscript: Manuscript, key: str, moment: datetime, title: str = "") -> Article:
    _, region, kind = SOURCES[key]
    return make_article(
        source=key,
        url=f"{_home(key)}/berita/{manuscript.id}",
        title=title or manuscript.title,
        paragraphs=manuscript.clean_paragraphs,
        published=moment,
        place=manuscript.place,
        authors=manuscript.reporters,
        editor=manuscript.editor,
        tags=manuscript.tags,
        attachments=(f"{_home(key)}/berkas/Lampiran%20Surat%20Edaran.pdf",) if kind == "government" else (),
        region=region,
        kind=kind,
    )


def _home(key: str) -> str:
    return f"https://{key.replace('_', '-')}.example.org"


def _add_crawls(store: Store, now: datetime) -> None:
    begun, ended = now - timedelta(hours=2), now - timedelta(hours=1, minutes=58)
    failures = (
        Failure("https://kabarbanten.example.org/" + "berita/" * 30, "no title", "The page has no title."),
        Failure("https://kabarbanten.example.org/berita/2", "no date", "The page has no date."),
    )
    results = {"antara_banten": Result.OK, "bantennews": Result.FAILED, "kabarbanten": Result.INCOMPLETE}
    for key, result in results.items():
        run = store.start_run(key, begun)
        some = () if result == Result.OK else failures
        for failure in some:
            store.add_failure(run, failure, ended)
        counts = {"pages": 1024, "new": 7, "changed": 1, "same": 14, "failed": len(some)}
        store.finish_run(run, result, counts, ended)
    request_crawl(store, "antara_jabar", "ani", now - timedelta(minutes=1))


def _add_people(store: Store, now: datetime) -> None:
    """Accounts, saved searches, subscribers, and mails of which one was refused."""
    users = {name: add_user(store, name, PASSWORD, role, now) for name, role in PEOPLE.items()}
    note = "Untuk rapat Senin.\nKabupaten saja, tanpa Rangkasbitung."
    long = "Bantuan sosial yang belum sampai kepada keluarga penerima manfaat di wilayah selatan"
    for name, told, address in (
        ("Kemiskinan di Lebak", note, "q=miskin&wilayah=36.02"),
        (long, "", "q=bantuan+sosial&jenis=press&jenis=agency"),
        ("Stunting", "", "q=stunting+ATAU+gizi"),
    ):
        saved.save(store, users["edi"], name, told, address, now - timedelta(days=3))
    subscribe(store, "warga@example.org", "bantuan", "Kabar bantuan", Rate.IMMEDIATE, now)
    subscribe(store, f"{'dinas.sosial' * 5}@example.org", "lebak OR " + "x" * 300, "", Rate.IMMEDIATE, now)
    suspend(store, subscribe(store, "budi@example.org", "banjir", "", Rate.IMMEDIATE, now).id)
    match(store, now)
    compose(store, Config(), now)
    with Sink() as sink:
        sink.answer_recipient = lambda address: f"550 5.1.1 <{address}>: no such user"
        send_due(store, Config(smtp_url=sink.url), lambda: now, lambda: False)
