"""What large exports and many requests cost the web page: time, memory, and what other readers notice.

    python benchmarks/exports.py [--articles 200000] [--folder FOLDER] [--users 20] [--seconds 10] [--requests 0]

The record is that of `benchmarks/web.py`; with `--folder` what was made is kept there and used again. Exports are of
100,000 articles; memory is that of the serving process (VmRSS, and VmHWM as peak), before and after. Then readers search
while two exports run, and search pages are compared with a bare FastAPI application that renders one such page, with
fixed data, by the same template. `--requests N` asks N searches more and tells the memory after each tenth of them.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode

import web

BLOCK = 1_000_000
COMMON = "/?" + urlencode({"q": "dan"})


def main() -> None:
    """Measure, or serve the bare application to be compared with."""
    options = _options()
    if options.bare:
        _serve_bare(options.folder, options.bare)
        return
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if not (folder / "pantau.db").exists():
            web._fill(folder, options.articles)
        _measure(folder, options)


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


def _measure(folder: Path, options: argparse.Namespace) -> None:
    searches = _searches()
    with web._served(folder) as (port, process):
        _ask(searches, port, 1, 2)
        for path in ("/ekspor.jsonl?", "/ekspor.csv?", "/ekspor.xlsx?", "/ekspor.csv?q=dan"):
            _export(path, port, process)
        print(f"\n{'searches':<34}{'pages/s':>10}{'p50 ms':>10}{'p95 ms':>10}{'CPU ms/page':>14}")
        alone = _readers("as people make them", searches, port, process, options)
        with _exporting(port):
            _readers("the same beside two exports", searches, port, process, options)
        fixed = _readers("one page again and again", [COMMON], port, process, options)
        if options.requests:
            _many(options.requests, searches, port, process, options.users)
    with _bare(folder) as (port, process):
        bare = _readers("bare FastAPI, that page, fixed data", ["/"], port, process, options)
    print(f"CPU of a page / of the bare one: {fixed / bare:.1f}; of a search: {alone / bare:.1f}")


def _searches() -> list[str]:
    chances = (random.Random(seed) for seed in range(2000))
    return [*map(web._pages(1)["searches as people make them"], chances)]


def _readers(
    name: str, paths: list[str], port: int, process: subprocess.Popen[bytes], options: argparse.Namespace
) -> float:
    """Milliseconds of CPU a page, after a line with what readers notice."""
    before = web._cpu(process)
    took = _ask(paths, port, options.users, options.seconds)
    cost = 1000 * (web._cpu(process) - before) / len(took)
    cuts = quantiles(took, n=20)
    print(
        f"{name:<34}{len(took) / options.seconds:>10.0f}{1000 * cuts[9]:>10.0f}{1000 * cuts[18]:>10.0f}{cost:>14.1f}"
    )
    return cost


def _ask(paths: list[str], port: int, users: int, seconds: float) -> list[float]:
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(web._ask, paths, port, users, seconds).result()[0]


# Exports


def _export(path: str, port: int, process: subprocess.Popen[bytes]) -> None:
    begin, cpu, before = time.perf_counter(), web._cpu(process), _memory(process, "VmRSS")
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")  # the peak begins anew
    first, size = _fetch(path, port, lambda: False)
    seconds = time.perf_counter() - begin
    print(
        f"{path:<22}{size / 1e6:>8,.0f} MB in {seconds:>6.1f} s, first byte after {first:.2f} s, "
        f"CPU {web._cpu(process) - cpu:.1f} s, memory {before:.0f} → {_memory(process, 'VmRSS'):.0f} MB, "
        f"peak {_memory(process, 'VmHWM'):.0f} MB"
    )


def _fetch(path: str, port: int, is_enough: Callable[[], bool]) -> tuple[float, int]:
    """Seconds until the first byte, and bytes."""
    connection = HTTPConnection("127.0.0.1", port, timeout=600)
    begin, first, size = time.perf_counter(), 0.0, 0
    connection.request("GET", path)
    response = connection.getresponse()
    if response.status != 200:
        raise RuntimeError(f"{path}: {response.status}")
    while not is_enough() and (block := response.read1(BLOCK)):
        first = first or time.perf_counter() - begin
        size += len(block)
    connection.close()
    return first, size


@contextmanager
def _exporting(port: int) -> Iterator[None]:
    """Two exports, again and again."""
    is_enough = Event()

    def export() -> None:
        while not is_enough.is_set():
            _fetch("/ekspor.csv?q=dan", port, is_enough.is_set)

    threads = [Thread(target=export) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield
    is_enough.set()
    for thread in threads:
        thread.join()


def _memory(process: subprocess.Popen[bytes], name: str) -> float:
    """MB."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    told = next(line for line in lines if line.startswith(name))
    return int(told.split()[1]) / 1000


def _many(
    requests: int, searches: list[str], port: int, process: subprocess.Popen[bytes], users: int
) -> None:
    print("\nmemory after so many searches")
    count = 0
    while count < requests:
        print(f"{count:>10,}{_memory(process, 'VmRSS'):>8.0f} MB", flush=True)
        end = count + requests // 10
        while count < end:
            count += len(_ask(searches, port, users, 10))
    print(f"{count:>10,}{_memory(process, 'VmRSS'):>8.0f} MB")


# The bare application


@contextmanager
def _bare(folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = 18_573
    command = [sys.executable, __file__, "--folder", str(folder), "--bare", str(port)]
    with web.running(command, folder, port) as process:
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


if __name__ == "__main__":
    main()
