"""How many pages the web part serves: searches, articles, topics and sources over a record of made articles.

    python benchmarks/web.py [--articles 200000] [--folder FOLDER] [--users 20] [--seconds 10]

The articles are those of `benchmarks/search.py`. `pantau serve` serves them in one process; so many readers, in a process of
their own, each ask for the next page when the last one has come. With `--folder` what was made is kept there and used again.
CPU is that of the server, from /proc; it tells more than pages/s where the machine has other work.
"""

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

import search
import sqlalchemy as sa

from indexer.schema import articles, sources
from indexer.store import Store, _values
from indexer.tantivy_index import TantivyIndex

PANTAU = Path(sys.executable).parent / "pantau"
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    options = _options()
    if options.folder:
        _run(options.folder, options)
        return
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
    return parser.parse_args()


def _run(folder: Path, options: argparse.Namespace) -> None:
    if not (folder / "pantau.db").exists():
        _fill(folder, options.articles)
    print(f"{'page':<30}{'pages/s':>10}{'p50 ms':>10}{'p95 ms':>10}{'CPU ms/page':>14}{'kB':>8}")
    with _served(folder) as (port, process):
        for name, path_of in _pages(options.articles).items():
            before = _cpu(process)
            with ProcessPoolExecutor(1) as pool:
                asked = pool.submit(_ask, [*map(path_of, _chances())], port, options.users, options.seconds)
                took, size = asked.result()
            cuts = quantiles(took, n=20)
            cost = 1000 * (_cpu(process) - before) / len(took)
            print(
                f"{name:<30}{len(took) / options.seconds:>10.0f}{1000 * cuts[9]:>10.0f}{1000 * cuts[18]:>10.0f}"
                f"{cost:>14.1f}{size / 1000:>8.0f}"
            )


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


def _ask(paths: list[str], port: int, users: int, seconds: float) -> tuple[list[float], int]:
    """Seconds each page took, and bytes of the largest."""
    end = time.monotonic() + seconds
    sizes: list[int] = []

    def read(user: int) -> list[float]:
        connection = HTTPConnection("127.0.0.1", port, timeout=120)
        took = []
        place = user * 97
        while time.monotonic() < end:
            begin = time.perf_counter()
            connection.request("GET", paths[place % len(paths)])
            response = connection.getresponse()
            sizes.append(len(response.read()))
            if response.status != 200:
                raise RuntimeError(f"{paths[place % len(paths)]}: {response.status}")
            took.append(time.perf_counter() - begin)
            place += 1
        connection.close()
        return took

    with ThreadPoolExecutor(users) as pool:
        found = [took for some in pool.map(read, range(users)) for took in some]
    return found, max(sizes)


@contextmanager
def _served(folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
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


def _cpu(process: subprocess.Popen[bytes]) -> float:
    """Seconds of CPU a process has used."""
    told = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / TICKS


def _fill(folder: Path, count: int) -> None:
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
