"""How many pages the web part serves: searches, articles, topics and sources over a record of made articles.

    python benchmarks/web.py [--articles 200000] [--folder FOLDER] [--users 20] [--seconds 10] [--requests 0]

The articles are those of `benchmarks/search.py`. `pantau serve` serves them in one process; `wrk` (apt-get install wrk) is
so many readers, each of whom asks for the next page when the last one has come, on the same cores.
With `--folder` what was made is kept there and used again. CPU is that of the server, from /proc; it tells more than pages/s
where the machine has other work. The last line is a bare FastAPI application that renders one search page, with fixed data,
by the same template. `--requests N` asks N searches more and tells the memory after each tenth of them.
"""

import argparse
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import search
import sqlalchemy as sa

from indexer.schema import articles, sources
from indexer.store import Store, _values
from indexer.tantivy_index import TantivyIndex

PANTAU = Path(sys.executable).parent / "pantau"
TICKS = os.sysconf("SC_CLK_TCK")
PAUSE = 100
HEADING = f"{'page':<31}{'pages/s':>9}{'p50 ms':>10}{'p95 ms':>10}{'CPU ms/page':>14}{'kB':>8}"


def main() -> None:
    """Measure, or serve the bare application to be compared with."""
    options = _options()
    if options.bare:
        _serve_bare(options.folder, options.bare)
    elif options.folder:
        _run(options.folder, options)
    else:
        with tempfile.TemporaryDirectory() as folder:
            _run(Path(folder), options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=200_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--requests", type=int, default=0)
    parser.add_argument("--bare", type=int, metavar="PORT", help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(folder: Path, options: argparse.Namespace) -> None:
    if not (folder / "pantau.db").exists():
        fill(folder, options.articles)
    with served(folder) as (port, process):
        load(searches(), port, 1, 3)
        print(HEADING)
        for name, path_of in _pages(options.articles).items():
            row(name, [*map(path_of, _chances())], port, process, options)
        ours = row("searches again", searches(), port, process, options)
        row(f"searches, {PAUSE} ms between", searches(), port, process, options, PAUSE)
        print(f"memory {memory(process, 'VmRSS'):.0f} MB")
        if options.requests:
            _many(options.requests, port, process, options.users)
    with _bare(folder) as (port, process):
        bare = row("bare FastAPI, one search page", ["/"], port, process, options)
    print(f"CPU of a search / of the bare page: {ours / bare:.1f}")


def row(
    name: str,
    paths: list[str],
    port: int,
    process: subprocess.Popen[bytes],
    options: argparse.Namespace,
    pause: int = 0,
) -> float:
    """Print what readers of these pages notice; returns milliseconds of CPU a page."""
    before = cpu(process)
    found = load(paths, port, options.users, options.seconds, pause)
    cost = 1000 * (cpu(process) - before) / found.pages
    print(
        f"{name:<31}{found.pages / options.seconds:>9.0f}{found.p50:>10.0f}{found.p95:>10.0f}"
        f"{cost:>14.1f}{_size(paths[0], port) / 1000:>8.0f}",
        flush=True,
    )
    return cost


def searches() -> list[str]:
    """Addresses of searches as people make them."""
    return [*map(_pages(1)["searches as people make them"], _chances())]


def _chances() -> Iterator[random.Random]:
    return (random.Random(seed) for seed in range(2000))


def _pages(count: int) -> dict[str, Callable[[random.Random], str]]:
    words = search.Vocabulary()

    def always(path: str) -> Callable[[random.Random], str]:
        return lambda _: path

    def searched(begin: int, end: int, **more: str) -> Callable[[random.Random], str]:
        return lambda chance: "/?" + urlencode({"q": words.among(chance, begin, end), **more})

    def mixed(chance: random.Random) -> str:
        """As people search: mostly one or two words that are neither frequent nor rare."""
        two = f"{words.among(chance, 50, 500)} {words.among(chance, 100, 2000)}"
        asked = chance.choice([two, two, words.among(chance, 200, 5000), words.among(chance, 20, 60)])
        return "/?" + urlencode({"q": asked})

    return {
        "start page": always("/"),
        "searches as people make them": mixed,
        "search, common word": searched(20, 60),
        "search, rare word": searched(15_000, 25_000),
        "search, common, relevance": searched(20, 60, urut="relevan"),
        "search, common, one source": searched(20, 60, sumber="portal_07"),
        "article": lambda chance: f"/artikel/{chance.randrange(1, count)}",
        "topics": always("/topik"),
        "a topic": always("/topik/kemiskinan"),
        "sources": always("/sumber"),
        "a source": lambda chance: f"/sumber/{chance.choice(search.SOURCES)}",
    }


class Load(NamedTuple):
    """What so many readers were served."""

    pages: int
    p50: float
    """Milliseconds."""
    p95: float


def load(paths: list[str], port: int, users: int, seconds: float, pause: int = 0) -> Load:
    """So many readers ask for these pages in turn, each after a pause in milliseconds; raises RuntimeError if one is
    refused."""
    if shutil.which("wrk") is None:
        raise SystemExit("This needs wrk: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "readers.lua"
        script.write_text(_LUA.format(paths=",".join(map(json.dumps, paths)), pause=pause))
        command = ["wrk", "-t1", f"-c{users}", f"-d{round(seconds)}s", "--timeout", "120", "-s", str(script)]
        told = subprocess.run(
            [*command, f"http://127.0.0.1:{port}"], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
    pages, refused, p50, p95 = map(float, told.splitlines()[-1].split())
    if refused or not pages:
        raise RuntimeError(f"{refused:.0f} of {pages:.0f} pages were refused")
    return Load(int(pages), p50 / 1000, p95 / 1000)


_LUA = """
local paths, place = {{ {paths} }}, 0
function request()
  place = place % #paths + 1
  return wrk.format("GET", paths[place])
end
if {pause} > 0 then
  function delay() return {pause} end
end
function done(summary, latency)
  local errors = summary.errors
  print(string.format("%d %d %d %d", summary.requests,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(95)))
end
"""


def _size(path: str, port: int) -> int:
    """Bytes of a page."""
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path)
    size = len(connection.getresponse().read())
    connection.close()
    return size


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running([str(PANTAU), "serve", "--port", str(port)], folder, port) as process:
        yield port, process


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server over what is in a folder, once it answers."""
    process = subprocess.Popen(
        command, env={**os.environ, "PANTAU_DATA": str(folder)}, stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            with socket.socket() as waiting:
                if waiting.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait()


def cpu(process: subprocess.Popen[bytes]) -> float:
    """Seconds of CPU a process has used."""
    told = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / TICKS


def memory(process: subprocess.Popen[bytes], name: str) -> float:
    """MB."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    told = next(line for line in lines if line.startswith(name))
    return int(told.split()[1]) / 1000


def _many(requests: int, port: int, process: subprocess.Popen[bytes], users: int) -> None:
    print("memory after so many searches")
    count = 0
    while count < requests:
        print(f"{count:>10,}{memory(process, 'VmRSS'):>8.0f} MB", flush=True)
        end = count + requests // 10
        while count < end:
            count += load(searches(), port, users, 10).pages
    print(f"{count:>10,}{memory(process, 'VmRSS'):>8.0f} MB")


# The bare application


@contextmanager
def _bare(folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = 18_573
    command = [sys.executable, __file__, "--folder", str(folder), "--bare", str(port)]
    with running(command, folder, port) as process:
        yield port, process


def _serve_bare(folder: Path, port: int) -> None:
    """One search page, made once as far as its data go, rendered for every request."""
    import uvicorn
    from fastapi import FastAPI, Request
    from starlette.responses import HTMLResponse

    from indexer.config import Config
    from indexer.store import Store
    from indexer.tantivy_index import TantivyIndex
    from indexer.web import searching
    from indexer.web.site import Page, Site, read_page

    kept: dict[str, Mapping[str, Any]] = {}

    class Kept(Page):
        def render(self, template: str, content: Mapping[str, Any], status: int = 200) -> HTMLResponse:
            kept["content"] = content
            return HTMLResponse("")

    app = FastAPI()
    app.state.site = Site(
        Config(data=folder), Store(f"sqlite:///{folder}/pantau.db").open(), TantivyIndex(folder / "index")
    )
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"q=dan",
        "headers": [],
        "app": app,
    }
    page = read_page(Request(scope))
    searching.search(Kept(page.request, page.site, page.texts, page.now))

    @app.get("/")
    def bare(request: Request) -> HTMLResponse:
        return replace(page, request=request).render("search.html", kept["content"])

    uvicorn.run(app, port=port, log_level="warning", access_log=False)


def fill(folder: Path, count: int) -> None:
    """A record and an index of made articles, published up to now; every seventh has a copy."""
    folder.mkdir(parents=True, exist_ok=True)
    later = datetime.now(UTC) - search.NOW
    store = Store(f"sqlite:///{folder}/pantau.db").open()
    with store.writing() as connection:
        rows = [{"key": key, "name": key.title(), "home": f"https://{key}.example"} for key in search.SOURCES]
        connection.execute(sa.insert(sources), rows)
    index = TantivyIndex(folder / "index")
    with index.rebuilding() as new:
        for made in search._articles(count, search.Vocabulary(), None):
            batch = [
                replace(each, article=replace(each.article, published=each.article.published + later))
                for each in made
            ]
            reached = {"revision": 1, "indexed_revision": 1, "matched_revision": 1}
            stored: list[dict[str, Any]] = [
                {
                    "id": each.id,
                    "story_id": each.id if each.id % 7 else each.id - 1,
                    "added_at": each.article.published + timedelta(minutes=5),
                    "changed_at": each.article.published,
                    **reached,
                    **_values(each.article),
                }
                for each in batch
            ]
            with store.writing(durable=False) as connection:
                connection.execute(sa.insert(articles), stored)
            new.put(batch)
    store.close()
    index.close()


if __name__ == "__main__":
    main()
