"""The screens: every page in each state that a reader may find it in, and what is asked of them all.

The pictures are kept in the folder that PANTAU_SCREENSHOTS names, else in `pantau-screenshots` among the system's
temporary files.
"""

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import sqlalchemy as sa
from browsing import PASSWORD, barriers, newsroom, sticking_out, unfold, watch
from conftest import Web, serving
from playwright.sync_api import Browser, Page, Response
from starlette.routing import compile_path

from indexer.alerts import confirmations
from indexer.alerts.subscriptions import Rate
from indexer.config import Config
from indexer.errors import PantauError
from indexer.index import Hits
from indexer.schema import subscriptions
from indexer.store import Store
from indexer.tantivy_index import TantivyIndex
from indexer.web.texts import DEFAULT

SCREENSHOTS = Path(os.environ.get("PANTAU_SCREENSHOTS") or Path(tempfile.gettempdir()) / "pantau-screenshots")
SIZES = {"phone": (390, 844), "desk": (1440, 900)}
WIDTHS = (320, 390, 1920)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
MOST = 100_000
"""Bytes of a page."""


@dataclass(frozen=True)
class Screen:
    """A page in one state."""

    name: str
    path: str
    """With a word in braces, see `THERE`, for what has to be there."""
    who: str = ""
    """Name of the account with which it is seen."""
    site: str = "open"
    status: int = 200
    act: Callable[[Page], None] | None = None
    """What the reader does on the page before it is looked at."""
    media: Literal["screen", "print"] = "screen"


def go_on(page: Page) -> None:
    page.locator("a.button[rel=next]").click()


def press(page: Page) -> None:
    page.locator("main form button").first.click()


def log_in_wrongly(page: Page) -> None:
    page.locator("#nama").fill("rini")
    page.locator("#sandi").fill("bukan ini")
    press(page)


def subscribe_with(email: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.locator("#surel").fill(email)
        page.locator("form.sheet button").click()

    return act


SEARCHED = (
    Screen("search", "/"),
    Screen("search-found", "/?q=bantuan+warga+miskin&jenis=press&jenis=agency&dari=2020-01-01&urut=relevan"),
    Screen("article", "/artikel/{article}?q=keluarga+miskin"),
    Screen("compare", "/banding"),
    Screen(
        "compare-lines", "/banding?topik=kemiskinan&q=lebak&q=bantuan+langsung+tunai&q=serang&waktu=semua"
    ),
    Screen("to-print", "/cetak?q=miskin"),
    Screen("sources", "/sumber"),
    Screen("source", "/sumber/antara_banten"),
    Screen("topics", "/topik"),
    Screen("topic", "/topik/kemiskinan"),
    Screen("api", "/api"),
)
"""What everybody may see where searching is open."""
READING = (
    *SEARCHED,
    Screen("search-second-page", "/", act=go_on),
    Screen("search-nothing", "/?q=kemiskinaan+lebak&jenis=press&dari=2026-01-01&sampai=2026-01-02"),
    Screen("search-problem", "/?q=-lebak"),
    Screen("search-unread", "/?q=(bantuan+ATAU"),
    Screen("source-ill", "/sumber/bantennews"),
    Screen("search-on-paper", "/?q=miskin", media="print"),
    Screen("article-on-paper", "/artikel/{article}", media="print"),
    Screen("to-print-on-paper", "/cetak?q=miskin", media="print"),
    # before anything has been read
    Screen("search-empty", "/", site="empty"),
    Screen("sources-empty", "/sumber", site="empty"),
    Screen("topic-empty", "/topik/kemiskinan", site="empty"),
    # what went wrong
    Screen("not-found", "/tidak/ada", status=404),
    Screen("not-allowed", "/operasi", "rini", "closed", 403),
    Screen("defect", "/", site="defective", status=500),
    Screen("unavailable", "/", site="away", status=503),
)
WORKING = (
    *(replace(each, name=f"{each.name}-by-admin", who="ani") for each in SEARCHED),
    Screen("login", "/masuk"),
    Screen("login-needed", "/?q=miskin", site="closed"),
    Screen("login-wrong", "/masuk", status=401, act=log_in_wrongly),
    Screen("account", "/akun", "rini", "closed"),
    Screen("feeds", "/akun/umpan?q=miskin", "rini", "closed"),
    # the team
    Screen("saved", "/tersimpan", "edi", "closed"),
    Screen("saved-by-reader", "/tersimpan", "rini", "closed"),
    Screen("save", "/simpan?q=bantuan+sosial&wilayah=36", "edi", "closed"),
    Screen("change", "/tersimpan/1/ubah", "edi", "closed"),
    # operating
    Screen("operation", "/operasi", "ani", "closed"),
    Screen("run", "/operasi/proses/{run}", "ani", "closed"),
    Screen("unsent", "/operasi/surat", "ani", "closed"),
    Screen("subscribers", "/operasi/pelanggan?alamat=example.org", "ani", "closed"),
    # subscribing
    Screen("subscribe", "/langganan?q=bantuan&wilayah=36"),
    Screen("subscribe-wrong", "/langganan?q=bantuan", status=422, act=subscribe_with("warga@desa")),
    Screen("subscribe-asked", "/langganan?q=bantuan", act=subscribe_with("tamu@example.org")),
    Screen("confirm", "/langganan/konfirmasi/{asked}"),
    Screen("confirmed", "/langganan/konfirmasi/{asked}", act=press),
    Screen("leave", "/langganan/berhenti/{leave}"),
    Screen("left", "/langganan/berhenti/{leave}", act=press),
)
FILES = {
    *("/jumlah", "/ekspor.csv", "/ekspor.jsonl", "/ekspor.xlsx", "/umpan.atom", "/umpan.rss"),
    *("/umpan-pribadi.atom", "/umpan-pribadi.rss", "/healthz", "/readyz", "/metrics"),
}
"""What is read by programs."""


class Broken(TantivyIndex):
    """An index that fails at every search."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def search(self, *_: Any, **options: Any) -> Hits:
        raise self._error


# What stands in addresses for what has to be there


def changed_article(web: Web) -> str:
    return next(f"{each.id}" for batch in web.store.batches(100) for each in batch if each.revision > 1)


def incomplete_run(web: Web) -> str:
    return f"{web.store.last_runs()['kabarbanten'].id}"


def new_question(web: Web) -> str:
    """The token with which a new address can confirm."""
    email, now = f"{uuid4().hex}@example.org", datetime.now(UTC)
    confirmations.ask(web.store, web.config, web.url, email, "bantuan", "", Rate.IMMEDIATE, now)
    asked = sa.select(subscriptions.c.confirmation).where(subscriptions.c.email == email)
    with web.store.reading() as connection:
        return f"{connection.scalar(asked)}"


def new_subscription(web: Web) -> str:
    """The token with which a new subscriber can leave."""
    found = confirmations.confirm(web.store, new_question(web), datetime.now(UTC))
    assert found
    return found.token


THERE: Mapping[str, Callable[[Web], str]] = {
    "{article}": changed_article,
    "{run}": incomplete_run,
    "{asked}": new_question,
    "{leave}": new_subscription,
}


def filled(path: str, web: Web) -> str:
    return re.sub(r"\{\w+\}", lambda found: THERE[found[0]](web), path)


# The sites and who looks at them


@dataclass(frozen=True)
class Tab:
    """What a reader sees, and how it went since they last went somewhere."""

    page: Page
    wrong: list[str]
    answers: list[int] = field(default_factory=list)
    """Status of each page that came."""


@dataclass
class Looking:
    """A browser for each site and reader, logged in where that has an account."""

    sites: Mapping[str, Web]
    browser: Browser
    tabs: dict[tuple[str, str], Tab] = field(default_factory=dict)

    def tab(self, site: str, who: str) -> Tab:
        """The tab of a reader on a site."""
        if (site, who) not in self.tabs:
            context = self.browser.new_context()
            if who:
                url = f"{self.sites[site].url}/masuk"
                assert context.request.post(url, form={"nama": who, "sandi": PASSWORD}).ok
            page = context.new_page()
            page.set_default_timeout(20_000)
            tab = self.tabs[site, who] = Tab(page, watch(page))
            page.on("response", lambda answer: note(tab, answer))
        return self.tabs[site, who]


def note(tab: Tab, answer: Response) -> None:
    if answer.request.is_navigation_request():
        tab.answers.append(answer.status)


@contextmanager
def looking(browser: Browser, folder: Path) -> Iterator[Looking]:
    """The same record as everybody and as only those with accounts see it, and some in which less is well."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    nothing = folder / "empty"
    config = Config(data=nothing)
    with ExitStack() as stack:
        store, index = stack.enter_context(newsroom(folder))
        empty = stack.enter_context(closing(Store(f"sqlite:///{nothing}/pantau.db").open()))
        sites = {
            "open": (store, index, True),
            "closed": (store, index, False),
            "empty": (empty, TantivyIndex(), True),
            "defective": (store, Broken(RuntimeError("rahasia")), True),
            "away": (store, Broken(PantauError("The index is away.")), True),
        }
        webs = {name: stack.enter_context(serving(config, *site)) for name, site in sites.items()}
        yield Looking(webs, browser)


# What is asked of a screen


def check(looking: Looking, screen: Screen, language: str) -> None:
    """It is what it should be, fits any window, can be read by everybody, and nothing goes wrong on it."""
    web = looking.sites[screen.site]
    tab = looking.tab(screen.site, screen.who)
    page = tab.page
    tab.wrong.clear()
    page.context.add_cookies([{"name": "bahasa", "value": language, "url": web.url}])
    page.emulate_media(media=screen.media)
    page.goto(web.url + filled(screen.path, web))
    if screen.act:
        with page.expect_navigation():
            screen.act(page)
    assert tab.answers[-1] == screen.status
    assert page.locator("html").get_attribute("lang") == language
    assert len(page.content().encode()) < MOST
    take_pictures(page, f"{screen.name}-{language}")
    unfold(page)
    assert [each for width in WIDTHS for each in sticking_out(page, width)] == []
    page.emulate_media(color_scheme="light" if language == DEFAULT else "dark")  # each scheme once is enough
    assert barriers(page) == []
    assert tab.wrong == []


def take_pictures(page: Page, name: str) -> None:
    """In a window as tall as the page: it is laid out once, which takes half the time of Playwright's `full_page`."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        whole = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": whole})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}-{size}.png")


def leads_to(path: str, way: str) -> bool:
    """Whether an address is one of a route."""
    pattern, _, _ = compile_path(way)
    return pattern.match(re.sub(r"\{\w+\}", "1", path).partition("?")[0]) is not None
