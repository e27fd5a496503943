"""What large exports cost the web page: time, memory, and what other readers notice.

    python benchmarks/exports.py [--articles 200000] [--folder FOLDER] [--users 20] [--seconds 10]

The record is that of `benchmarks/web.py`; with `--folder` what was made is kept there and used again. Exports are of
100,000 articles; memory is that of the serving process (VmRSS, and VmHWM as peak), before and after. Then readers search
beside two exports.
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread

import web

BLOCK = 1_000_000


def main() -> None:
    """Measure exports alone, then searches without and beside them."""
    options = _options()
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if not (folder / "pantau.db").exists():
            web.fill(folder, options.articles)
        searches = web.searches()
        port, process = stack.enter_context(web.served(folder))
        web.load(searches, port, 1, 2)
        for path in ("/ekspor.jsonl?", "/ekspor.csv?", "/ekspor.xlsx?", "/ekspor.csv?q=dan"):
            _export(path, port, process)
        print(web.HEADING)
        web.row("searches", searches, port, process, options)
        with _exporting(port):
            web.row("searches beside two exports", searches, port, process, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=200_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10)
    return parser.parse_args()


def _export(path: str, port: int, process: subprocess.Popen[bytes]) -> None:
    begin, cpu, before = time.perf_counter(), web.cpu(process), web.memory(process, "VmRSS")
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")  # the peak begins anew
    first, size = _fetch(path, port, lambda: False)
    seconds = time.perf_counter() - begin
    print(
        f"{path:<22}{size / 1e6:>8,.0f} MB in {seconds:>6.1f} s, first byte after {first:.2f} s, "
        f"CPU {web.cpu(process) - cpu:.1f} s, memory {before:.0f} → {web.memory(process, 'VmRSS'):.0f} MB, "
        f"peak {web.memory(process, 'VmHWM'):.0f} MB"
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


if __name__ == "__main__":
    main()
