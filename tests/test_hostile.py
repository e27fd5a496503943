"""Real runs of `pantau crawl` over sites that mean no good, beside good ones: what is told, kept, visited."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from hostile import (
    ARTICLE,
    CARD,
    Answer,
    Site,
    Visit,
    bomb,
    drip,
    endless,
    endless_headers,
    hang,
    hang_up,
    huge,
    redirect,
    serve,
    short,
    text,
)

from crawlers.discovery import MOST_CARDS
from indexer.schema import articles, failures, pages, runs
from indexer.store import Store

ROBOTS, FEED, LIST, ONE, TWO = "/robots.txt", "/rss/terkini.xml", "/terkini", "/berita/1/a", "/berita/2/a"
COMMAND = "from crawlers import settings; settings.DOWNLOAD_TIMEOUT = 2; from indexer.cli import main; main()"
"""`pantau` with a shorter patience."""
MOST_MEMORY = 200
"""MB that the run may need; some 115 of them are Python and its libraries, before anything is crawled."""
SPELLINGS = {
    "short": "127.1",
    "number": "2130706433",
    "hexadecimal": "0x7f000001",
    "octal": "0177.0.0.01",
    "zero": "0",
    "name": "localhost",
    "six": "[::1]",
    "mapped": "[::ffff:127.0.0.1]",
    "nat64": "[64:ff9b::7f00:1]",
}


@dataclass
class Run:
    """What a run left: `told` are kind and message of each failure, by source and path."""

    out: str = ""
    status: int = 0
    peak: int = 0
    """Most memory of the process in MB."""
    sites: dict[str, Site] = field(default_factory=dict)
    told: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    stored: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    due: dict[str, list[str]] = field(default_factory=dict)

    def kind(self, source: str, path: str) -> str:
        """Kind of the only failure of a page."""
        (kind,) = [kind for where, kind, _ in self.told[source] if where == path]
        return kind

    def paths_stored(self, source: str) -> list[str]:
        return sorted(self.stored.get(source, []))


def busy(seconds: str, status: int = 503, times: int = 1) -> Answer:
    """Busy at first, then well."""
    asked: list[str] = []

    def answer(visit: Visit) -> None:
        asked.append(visit.path)
        if len(asked) > times:
            visit.server.site.usual(visit)
        else:
            visit.send("sibuk", status=status, Retry_After=seconds)

    return answer


def slow(visit: Visit) -> None:
    time.sleep(0.1)
    visit.server.site.usual(visit)


def scenes(foreign: str) -> dict[str, dict[str, Answer]]:
    """The sites; `foreign` is the home of one that nobody may be sent to."""
    circle = {ONE: redirect(ONE), TWO: redirect("/berita/2/b"), "/berita/2/b": redirect(TWO)}
    steps = {f"/{n}": redirect(f"/{n + 1}") for n in range(1, 5)}
    return {
        "good": {},
        "away": {
            ONE: redirect(f"{foreign}/x"),
            TWO: redirect("http://10.0.0.1/"),
            LIST: redirect("//169.254.169.254"),
        },
        "start": {FEED: redirect(foreign), LIST: redirect("http://tidak-ada.invalid/")},
        "scheme": {
            ONE: redirect("file:///etc/passwd"),
            TWO: redirect("http://[", 301),
            LIST: redirect("data:,x"),
        },
        "circle": circle,
        "moved": {ONE: redirect(TWO)},
        "large": {ONE: bomb, TWO: endless, LIST: huge},
        "headers": {ONE: endless_headers},
        "drip": {ONE: drip, TWO: short, LIST: hang_up},
        "refusing": {ONE: text("", status=403), TWO: text("", status=401)},
        "hurried": {LIST: text("", status=429)},
        "challenge": {
            ONE: text("<title>Just a moment...</title>"),
            TWO: text("<title>Checking your browser"),
        },
        "robots_none": {ROBOTS: text("User-agent: *\nDisallow: /", status=404)},
        "robots_503": {ROBOTS: text("User-agent: *\nAllow: /", status=503)},
        "robots_hang": {ROBOTS: hang},
        "robots_endless": {ROBOTS: endless},
        "robots_away": {ROBOTS: redirect(f"{foreign}/robots.txt")},
        "robots_circle": {ROBOTS: redirect(ROBOTS)},
        "robots_steps": {ROBOTS: redirect("/1"), **steps, "/5": text("User-agent: *\nDisallow: /berita/1")},
        "robots_delay": {ROBOTS: text("User-agent: Pantau\nCrawl-delay: 0.5")},
        "busy": {TWO: busy("1")},
        "busy_robots": {ROBOTS: busy("1", 429)},
        "busy_always": {TWO: busy("1", 503, 99)},
        "busy_long": {FEED: busy("3600", 429)},
        "web_page": {FEED: text("<html><body>Mohon tunggu")},
        "charset": {
            ONE: text(ARTICLE.format(number=1), kind="text/html; charset=x-none"),
            TWO: text(ARTICLE.format(number=2).encode("cp500", "replace"), kind="text/html; charset=utf-8"),
        },
        "shared": dict.fromkeys((ROBOTS, FEED, LIST, ONE, TWO), slow),
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("hostile")
    run = Run()
    with ExitStack() as stack:
        for key in ("foreign", "victim", "proxy"):
            run.sites[key] = stack.enter_context(serve())
        for key, answers in scenes(run.sites["foreign"].home).items():
            run.sites[key] = stack.enter_context(serve(answers))
            write_source(folder, key, run.sites[key].home)
        run.sites["six_local"] = stack.enter_context(serve(host="::1"))
        write_source(folder, "six_local", run.sites["six_local"].home)
        write_source(folder, "shared_too", run.sites["shared"].home)
        write_source(folder, "not_local", run.sites["good"].home, "")
        port = run.sites["victim"].home.rpartition(":")[2]
        for key, host in SPELLINGS.items():
            write_source(folder, f"not_{key}", f"http://{host}:{port}", "")
        proxies = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        crawl(run, folder, **dict.fromkeys(proxies, run.sites["proxy"].home))
    yield read(run, folder)


def write_source(folder: Path, key: str, home: str, more: str = "local = true") -> None:
    (folder / "sources").mkdir(exist_ok=True)
    text = f'name = "{key}"\nhome = "{home}"\npreset = "antara"\ndelay = 0\n{more}\n'
    (folder / "sources" / f"{key}.toml").write_text(text)


def start(folder: Path, **more: str) -> subprocess.Popen[bytes]:
    """Crawl all sources of a folder; what is said goes to its file `out`."""
    places = {"PANTAU_DATA": str(folder / "data"), "PANTAU_SOURCES": str(folder / "sources")}
    environment = {**os.environ, **places, "PANTAU_CONTACT": "ops@example.org", **more}
    keys = sorted(each.stem for each in (folder / "sources").iterdir())
    command = [sys.executable, "-W", "error", "-c", COMMAND, "crawl", *keys]
    with (folder / "out").open("wb") as out:
        return subprocess.Popen(command, env=environment, stdout=out, stderr=out)


def crawl(run: Run, folder: Path, **more: str) -> None:
    process = start(folder, **more)
    end = time.monotonic() + 90
    while process.poll() is None and time.monotonic() < end:
        run.peak = max(run.peak, peak_of(process.pid))
        time.sleep(0.05)
    process.kill()
    run.status = process.wait()
    run.out = (folder / "out").read_text()


def peak_of(pid: int) -> int:
    """Most memory that a process ever had, in MB; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def read(run: Run, folder: Path) -> Run:
    store = Store(f"sqlite:///{folder}/data/pantau.db").open()
    failed = sa.select(runs.c.source, failures.c.url, failures.c.kind, failures.c.message).join(
        runs, runs.c.id == failures.c.run_id
    )
    with store.reading() as connection:
        for source, url, kind, message in connection.execute(failed):
            run.told.setdefault(source, []).append((path_of(url), kind, message))
        for row in connection.execute(sa.select(articles)):
            run.stored.setdefault(row.source, []).append(path_of(row.url))
            run.texts[row.source, path_of(row.url)] = str(row)
        run.results = {row.source: row.result for row in connection.execute(sa.select(runs))}
        followed = sa.select(pages).where(pages.c.role == "article", pages.c.due_at.is_not(None))
        for row in connection.execute(followed):
            run.due.setdefault(row.source, []).append(path_of(row.url))
    store.close()
    return run


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def test_the_run_ends_by_itself_and_without_a_trace(run: Run) -> None:
    assert run.status == 1
    assert "Traceback" not in run.out
    assert "Error" not in run.out


def test_its_memory_is_bounded(run: Run) -> None:
    assert 0 < run.peak < MOST_MEMORY


def test_good_sites_are_unaffected(run: Run) -> None:
    for source in ("good", "six_local", "robots_none"):
        assert run.paths_stored(source) == [ONE, TWO]
        assert run.results[source] == "ok"


def test_what_is_not_asked_for_is_not_visited(run: Run) -> None:
    assert run.sites["foreign"].paths == []
    assert run.sites["victim"].paths == []
    assert run.sites["proxy"].paths == []


def test_we_say_who_we_are(run: Run) -> None:
    (agent,) = {agent for site in run.sites.values() for agent in site.agents}
    assert agent.startswith("Pantau/")
    assert "ops@example.org" in agent


@pytest.mark.parametrize("source", ["not_local", *(f"not_{key}" for key in SPELLINGS)])
def test_a_private_address_is_refused_however_it_is_spelled(run: Run, source: str) -> None:
    """`not_local` has the very address that `good` may use in the same run."""
    ((path, kind, message),) = run.told[source]
    assert (path, kind) == (ROBOTS, "address")
    assert "is not a public address" in message
    assert run.results[source] == "failed"


@pytest.mark.parametrize(
    ("source", "paths"), [("away", (ONE, TWO, LIST)), ("start", (FEED, LIST)), ("scheme", (ONE, TWO, LIST))]
)
def test_a_redirect_off_the_site_is_a_failure(run: Run, source: str, paths: tuple[str, ...]) -> None:
    """Told by the address it led to, which is what ops have to look at."""
    told = run.told[source]
    assert [kind for _, kind, _ in told] == ["redirect"] * len(paths)
    assert sorted(path for path, _, _ in told) == sorted(paths)


def test_a_redirect_in_circles_ends(run: Run) -> None:
    assert [(kind, message) for _, kind, message in run.told["circle"]] == [
        ("redirect", "the site redirects in circles")
    ] * 2
    assert len(run.sites["circle"].paths) < 30


def test_a_redirect_to_a_page_that_is_fetched_anyway_is_not_lost(run: Run) -> None:
    assert run.sites["moved"].paths.count(TWO) == 2
    assert run.results["moved"] == "ok"


@pytest.mark.parametrize(
    ("source", "path"), [("large", ONE), ("large", TWO), ("large", LIST), ("headers", ONE)]
)
def test_what_is_too_large_is_told(run: Run, source: str, path: str) -> None:
    """A gzip bomb, a body without end, one that is said to be of 2 GB, headers without end."""
    assert run.kind(source, path) == "too large"


@pytest.mark.parametrize(("path", "kind"), [(ONE, "timeout"), (TWO, "connection"), (LIST, "connection")])
def test_an_answer_that_does_not_end_is_told(run: Run, path: str, kind: str) -> None:
    assert run.kind("drip", path) == kind


@pytest.mark.parametrize("path", [ONE, TWO])
def test_a_site_that_refuses_is_not_pressed(run: Run, path: str) -> None:
    assert run.kind("refusing", path) == "blocked"
    assert run.sites["refusing"].paths.count(path) == 1


def test_a_429_ends_the_crawl_of_the_site(run: Run) -> None:
    assert [(path, kind) for path, kind, _ in run.told["hurried"]] == [(LIST, "blocked")]
    assert run.sites["hurried"].paths[-1] == LIST
    assert run.due["hurried"]


@pytest.mark.parametrize("path", [ONE, TWO])
def test_a_challenge_is_a_failure(run: Run, path: str) -> None:
    assert run.kind("challenge", path) == "blocked"


def test_a_missing_robots_txt_forbids_nothing_whatever_it_says(run: Run) -> None:
    assert run.paths_stored("robots_none") == [ONE, TWO]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("robots_503", "the server answered 503"),
        ("robots_hang", "no answer in time"),
        ("robots_endless", "larger than what is fetched"),
        ("robots_away", "the site redirects to "),
        ("robots_circle", "the site redirects in circles"),
    ],
)
def test_without_robots_txt_nothing_is_fetched_and_that_is_told_once(run: Run, source: str, why: str) -> None:
    ((path, kind, message),) = run.told[source]
    assert (path, kind) == (ROBOTS, "robots")
    assert message.startswith(f"robots.txt cannot be reached: {why}")
    assert set(run.sites[source].paths) == {ROBOTS}
    assert run.results[source] == "failed"


def test_a_robots_txt_is_found_over_five_redirects_and_obeyed(run: Run) -> None:
    assert run.kind("robots_steps", ONE) == "robots"
    assert run.paths_stored("robots_steps") == [TWO]
    assert run.due["robots_steps"] == [TWO]


def test_a_crawl_delay_is_kept(run: Run) -> None:
    """Four pauses of half a second; the server may have been slow to note the first request."""
    moments = [moment for moment, _ in run.sites["robots_delay"].visits]
    assert len(moments) == 5
    assert moments[-1] - moments[0] > 1.5


@pytest.mark.parametrize(("source", "path"), [("busy", TWO), ("busy_robots", ROBOTS)])
def test_a_busy_host_is_left_alone_as_long_as_it_asks(run: Run, source: str, path: str) -> None:
    visits = run.sites[source].visits
    first = next(number for number, (_, visited) in enumerate(visits) if visited == path)
    assert visits[first + 1][0] - visits[first][0] > 0.9
    assert run.paths_stored(source) == [ONE, TWO]
    assert run.results[source] == "ok"


def test_a_host_that_is_always_busy_is_left(run: Run) -> None:
    ((path, kind, message),) = run.told["busy_always"]
    assert (path, kind) == (TWO, "server error")
    assert "left to a later run" in message
    assert TWO in run.due["busy_always"]
    assert run.sites["busy_always"].paths.count(TWO) == 3


def test_a_host_that_asks_for_long_is_left_at_once(run: Run) -> None:
    ((path, kind, message),) = run.told["busy_long"]
    assert (path, kind) == (FEED, "blocked")
    assert "60 min at the earliest" in message
    assert run.sites["busy_long"].paths == [ROBOTS, FEED]


def test_a_listing_of_100000_links_is_bounded_and_its_pages_are_due(tmp_path: Path) -> None:
    """A run of its own: reading such a page takes seconds, in which the clocks of the others run on."""
    run, numbers = Run(), range(1000, 101_000)
    answers: dict[str, Answer] = {f"/berita/{number}/a": text("", status=429) for number in numbers}
    answers[LIST] = text("".join(map(CARD.format, numbers)))
    with serve(answers) as crowded, serve() as good:
        write_source(tmp_path, "crowded", crowded.home)
        write_source(tmp_path, "good", good.home)
        crawl(run, tmp_path)
    read(run, tmp_path)
    (first, first_kind, _), (_, second_kind, _) = run.told["crowded"]
    assert (first, first_kind, second_kind) == (LIST, "layout", "blocked")
    assert len(run.due["crowded"]) == MOST_CARDS + 2  # of the feed
    assert len(crowded.paths) < 10
    assert run.paths_stored("good") == [ONE, TWO]
    assert run.peak < MOST_MEMORY


def test_a_wait_ends_at_once_when_all_is_to_end(tmp_path: Path) -> None:
    with serve({TWO: busy("30")}) as site:
        write_source(tmp_path, "busy", site.home)
        process = start(tmp_path)
        end = time.monotonic() + 20
        while TWO not in site.paths and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=5)
    run = read(Run(), tmp_path)
    assert run.results == {"busy": "interrupted"}
    assert run.told == {}
    assert TWO in run.due["busy"]


def test_sites_of_others_are_not_crawled_without_a_contact(tmp_path: Path) -> None:
    with serve() as site:
        write_source(tmp_path, "foreign", site.home, "")
        assert start(tmp_path, PANTAU_CONTACT="").wait(timeout=20) == 1
    assert (tmp_path / "out").read_text().count("Set PANTAU_CONTACT to") == 1
    assert site.paths == []


def test_a_feed_that_is_a_web_page_is_told(run: Run) -> None:
    assert run.kind("web_page", FEED) == "layout"
    assert run.paths_stored("web_page") == [ONE, TWO]


def test_a_charset_that_does_not_exist_is_passed_over(run: Run) -> None:
    assert ("charset", ONE) in run.texts
    assert "“berita”" in run.texts["charset", ONE]


def test_a_page_in_another_charset_than_it_says_is_told(run: Run) -> None:
    assert run.kind("charset", TWO) == "layout"


def test_one_request_a_host_at_a_time_even_for_two_sources(run: Run) -> None:
    assert run.sites["shared"].at_once == 1
    assert len(run.sites["shared"].paths) == 10
