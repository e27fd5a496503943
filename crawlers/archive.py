"""The archive: each article page as it came, in WARC files, to be read again with mended selectors."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.http import Headers, Request, Response, TextResponse
from scrapy.responsetypes import responsetypes
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawlers.charset import as_written
from indexer.config import load_config

logger = logging.getLogger(__name__)
ROTATE_BYTES = 256 * 1024 * 1024
"""A file that has grown to this is closed and a new one begun."""
_PAGE = "WARC-Pantau-Page"
"""Header of a record: the address that was asked for, before redirects."""
_PART = "WARC-Pantau-Part"
"""Header of a further page of an article: its own address."""
_UNPACKED = {b"Content-Encoding", b"Transfer-Encoding", b"Content-Length"}
"""Headers that are no longer true of the body as Scrapy hands it over."""


class Archive:
    """Scrapy extension: writes each article page that was fetched; one file a crawl, until it is rotated."""

    def __init__(self, folder: Path, source: str) -> None:
        self._folder = folder
        self._source = source
        self._file: IO[bytes] | None = None
        self._number = 0
        self._broken = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        config = load_config()
        archive = cls(config.archive_folder or Path(), crawler.spidercls.name)
        if config.archive_folder:
            crawler.signals.connect(archive.response_received, signals.response_received)
            crawler.signals.connect(archive.close, signals.spider_closed)
        return archive

    def response_received(self, response: Response, request: Request) -> None:
        """Keep an article page."""
        if self._broken or request.meta.get("role") != "article" or response.status != 200:
            return
        try:
            self.write(response, request.meta["page"], request.meta.get("part"))
        except OSError as error:  # articles matter more than their archive
            self._broken = True
            logger.error(
                "%s: the archive cannot be written, pages of this crawl are not kept: %s", self._source, error
            )

    def write(self, response: Response, page: str, part: str | None = None) -> None:
        """Append one page, durably; `part` is its own address if it continues the article of `page`."""
        file = self._current()
        writer = WARCWriter(file, gzip=True)
        headers = [(name.decode(), _latin(value)) for name, value in _headers(response)]
        record = writer.create_warc_record(
            response.url,
            "response",
            payload=BytesIO(response.body),
            length=len(response.body),
            warc_headers_dict={_PAGE: page} | ({_PART: part} if part else {}),
            http_headers=StatusAndHeaders(f"{response.status} OK", headers, protocol="HTTP/1.1"),
        )
        writer.write_record(record)
        file.flush()

    def close(self) -> None:
        """End the file."""
        if self._file:
            self._file.close()
            self._file = None

    def _current(self) -> IO[bytes]:
        if self._file and self._file.tell() >= ROTATE_BYTES:
            self.close()
        if self._file is None:
            folder = self._folder / self._source
            folder.mkdir(parents=True, exist_ok=True)
            self._number += 1
            name = f"{datetime.now(UTC):%Y%m%d%H%M%S%f}-{os.getpid()}-{self._number}.warc.gz"
            self._file = (folder / name).open("xb")
        return self._file


@dataclass(frozen=True)
class ArchivedPage:
    """A page as it was fetched, with the further pages of its article."""

    page: str
    """The address that was asked for."""
    fetched_at: datetime
    response: TextResponse
    more: tuple[TextResponse, ...] = ()


def latest_pages(folder: Path, source: str) -> Iterator[ArchivedPage]:
    """The newest copy of each archived page of a source, oldest file first."""
    newest: dict[tuple[str, str], tuple[Path, int]] = {}
    for file in _files(folder, source):
        for number, record in enumerate(_records(file)):
            newest[_key(record)] = (file, number)
    in_parts = {page for page, part in newest if part}
    for file in _files(folder, source):
        waiting: dict[str, ArchivedPage] = {}
        for number, record in enumerate(_records(file)):
            page, part = _key(record)
            response = _response(record) if newest[page, part] == (file, number) else None
            if response is None:
                continue
            if part and page in waiting:
                waiting[page] = replace(waiting[page], more=(*waiting[page].more, response))
            elif not part:
                found = ArchivedPage(page, _fetched_at(record), response)
                if page in in_parts:
                    waiting[page] = found
                else:
                    yield found
        yield from waiting.values()


def archived_sources(folder: Path) -> list[str]:
    """Keys of the sources that have pages in the archive."""
    return sorted(each.name for each in folder.iterdir() if each.is_dir()) if folder.exists() else []


def _files(folder: Path, source: str) -> list[Path]:
    return sorted((folder / source).glob("*.warc.gz"))


def _records(file: Path) -> Iterator[Any]:
    """The pages of a file; what a crash left of the last one is passed over."""
    with file.open("rb") as opened:
        try:
            for record in ArchiveIterator(opened):
                if record.rec_type == "response" and record.rec_headers.get_header(_PAGE):
                    yield record
        except (ArchiveLoadFailed, EOFError):
            return


def _key(record: Any) -> tuple[str, str]:
    """Page and part; the first page of an article has no part."""
    return record.rec_headers.get_header(_PAGE), record.rec_headers.get_header(_PART) or ""


def _fetched_at(record: Any) -> datetime:
    return datetime.fromisoformat(record.rec_headers.get_header("WARC-Date"))


def _response(record: Any) -> TextResponse | None:
    headers = Headers(record.http_headers.headers)
    url = record.rec_headers.get_header("WARC-Target-URI")
    body = record.content_stream().read()
    kind = responsetypes.from_args(headers=headers, url=url, body=body)
    response = as_written(kind(url=url, headers=headers, body=body))
    return response if isinstance(response, TextResponse) else None


def _headers(response: Response) -> list[tuple[bytes, bytes]]:
    pairs = ((name, value) for name, values in response.headers.items() for value in values)
    return [(name, value) for name, value in pairs if name.title() not in _UNPACKED]


def _latin(value: bytes) -> str:
    return value.decode("latin-1").replace("\r", " ").replace("\n", " ")
