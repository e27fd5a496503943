"""How fast a whole crawl is (fetch, read, store) beside a bare Scrapy download of the same pages, and its memory.

    python benchmarks/crawl.py [--pages 2000] [--kilobytes 60]

Both run in processes of their own against a server on loopback, politeness off. Figures are pages a second of the
whole process from its first request to its end, the processor's time for a page, which depends less on what else the
machine does, and the most memory it held.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from typing import Any

PARAGRAPH = (
    "Pemerintah Kabupaten Lebak nomor {n} menyatakan angka kemiskinan di wilayahnya turun menjadi {n} persen pada "
    "tahun ini, namun kantong warga miskin di wilayah selatan masih membutuhkan perhatian khusus dari dinas sosial."
)
PAGE = """<!doctype html><html lang="id"><head><title>Berita {n}</title></head><body>{chrome}
<header class="post-header"><h1 class="post-title">Berita nomor {n} tentang kemiskinan</h1>
<p class="simple-here"><span class="article-date">Selasa, 24 November 2026 10:00 WIB</span></p></header>
<div class="post-content clearfix"><p>Lebak (ANTARA) - {paragraphs}</p></div>
<footer class="post-meta"><div class="tags-wrapper">Pewarta: Siti<br>Editor: Budi</div></footer>{chrome}</body></html>"""
CHROME = '<div class="menu"><ul>{}</ul></div>'
ENTRY = '<li><a href="/tag/{n}" title="Berita terkait {n}"><img data-src="/img/{n}.jpg" alt="{n}"> Berita {n}</a></li>'


def main() -> None:
    options = _options()
    if options.serve:
        asyncio.run(_serve(options.pages, options.kilobytes))
    elif options.child:
        {"bare": _bare, "pantau": _pantau}[options.child](options.home, options.pages)
    else:
        _compare(options.pages, options.kilobytes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--kilobytes", type=int, default=60)
    for name in ("--child", "--home"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _compare(pages: int, kilobytes: int) -> None:
    me = [sys.executable, __file__, "--pages", str(pages), "--kilobytes", str(kilobytes)]
    server = subprocess.Popen([*me, "--serve"], stdout=subprocess.PIPE, text=True)
    assert server.stdout
    home = server.stdout.readline().strip()
    rates, costs = {}, {}
    try:
        for child in ("bare", "pantau"):
            run = subprocess.run([*me, "--child", child, "--home", home], stdout=subprocess.PIPE, check=True)
            told = json.loads(run.stdout.splitlines()[-1])
            rates[child] = told["pages"] / told["seconds"]
            costs[child] = 1000 * told["cpu_seconds"] / told["pages"]
            print(
                f"{child:<7} {told['pages']:>6} pages {rates[child]:>7.0f} pages/s "
                f"{costs[child]:>6.2f} ms of CPU a page {told['megabytes']:>5} MB"
            )
    finally:
        server.terminate()
        server.wait()
    by_clock, by_cost = rates["pantau"] / rates["bare"], costs["bare"] / costs["pantau"]
    print(
        f"a whole crawl reaches {by_clock:.0%} of a bare download, by the time of the processor {by_cost:.0%}"
    )


def _clocks() -> tuple[float, float]:
    return time.monotonic(), time.process_time()


def _tell(pages: int, begin: tuple[float, float]) -> None:
    seconds, cpu_seconds = (now - then for now, then in zip(_clocks(), begin, strict=True))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    told = {"pages": pages, "seconds": seconds, "cpu_seconds": cpu_seconds, "megabytes": megabytes}
    print(json.dumps(told))


def _settings() -> dict[str, Any]:
    """What both have in common: as many pages at once, no pauses."""
    return {
        "CONCURRENT_REQUESTS": 16,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
    }


def _bare(home: str, pages: int) -> None:
    from scrapy import Request, Spider
    from scrapy.crawler import AsyncCrawlerProcess

    got = 0

    class Bare(Spider):
        name = "bare"

        async def start(self) -> Any:
            for number in range(pages):
                yield Request(f"{home}/berita/{number}/x")

        def parse(self, response: Any) -> None:
            nonlocal got
            got += 1

    begin = _clocks()
    process = AsyncCrawlerProcess(
        {**_settings(), "LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False}
    )
    process.crawl(Bare)
    process.start()
    _tell(got, begin)


def _pantau(home: str, pages: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(PANTAU_DATA=folder, PANTAU_LOG_LEVEL="ERROR", PANTAU_ARCHIVE="off")
        from crawlers.schedule import Crawls, Outcome, in_reactor
        from crawlers.source import load_source

        source = load_source("demo").model_copy(update={"home": home})
        outcomes: list[Outcome] = []
        crawls = Crawls(_settings())
        begin = _clocks()

        async def run() -> None:
            outcomes.append(await crawls.crawl(source))

        in_reactor(run, crawls.stop)
        assert outcomes[0].new == pages, outcomes[0]
        _tell(outcomes[0].new, begin)


async def _serve(pages: int, kilobytes: int) -> None:
    """One page for every address, its number put in, so that the server costs next to nothing."""
    before, after = _page_around_number(kilobytes)
    feed = _feed(pages)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionResetError):  # the crawler has hung up: it is done
            while request := await reader.readline():
                path = request.split()[1].decode()
                while (await reader.readline()).strip():
                    pass
                kind, body = _body(path, before, after, feed)
                head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    global HOME
    HOME = f"http://{host}:{port}"
    await server.serve_forever()


HOME = ""


def _body(path: str, before: list[bytes], after: bytes, feed: bytes) -> tuple[str, bytes]:
    if path.startswith("/berita/"):
        return "text/html; charset=utf-8", path.split("/")[2].encode().join(before) + after
    if path.startswith("/rss/"):
        return "application/rss+xml", feed.replace(b"HOME", HOME.encode())
    return ("text/plain", b"") if path == "/robots.txt" else ("text/html", b"<html></html>")


def _page_around_number(kilobytes: int) -> tuple[list[bytes], bytes]:
    paragraphs = "</p><p>".join(PARAGRAPH for _ in range(8))
    entries = (kilobytes * 1024 - len(paragraphs) - 600) // (2 * len(ENTRY))
    chrome = CHROME.format("".join(ENTRY.replace("{n}", str(n)) for n in range(entries)))
    page = PAGE.replace("{chrome}", chrome).replace("{paragraphs}", paragraphs)
    return [part.encode() for part in page.split("{n}")], b""


def _feed(pages: int) -> bytes:
    items = "".join(f"<item><title>a</title><link>HOME/berita/{n}/x</link></item>" for n in range(pages))
    return f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()


if __name__ == "__main__":
    main()
