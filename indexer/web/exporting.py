"""All that a search finds, as files: CSV and XLSX for people, JSON Lines for programs, and a page to print.

A file is written while it is read, a step at a time in a thread, so that memory does not grow with it and others are
served between the steps.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from io import BytesIO, StringIO
from itertools import count
from threading import BoundedSemaphore, Lock
from zipfile import ZIP_DEFLATED, ZipFile

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from indexer.errors import PantauError
from indexer.index import DEEPEST, Hits, Sort
from indexer.query import Query
from indexer.topics import title_of
from indexer.web import asked as addresses
from indexer.web.api.models import Exported, exported
from indexer.web.asked import Asked
from indexer.web.failures import Refused
from indexer.web.filters import for_xml, kind_name
from indexer.web.hits import read_hits
from indexer.web.site import Asking, Page, Site
from indexer.web.sources import source_names
from indexer.web.texts import Texts

MAX_ROWS = 100_000
"""Articles of one file."""
STEP = 250
"""Articles that are read and written at once."""
AT_ONCE = 2
"""Files that are written at once, for all readers together."""
RETRY_SECONDS = 60
PRINTED = 200
"""Hits of a page to print."""
BOM = b"\xef\xbb\xbf"
MAX_SHEET = (1 << 31) - 1_000_000
"""Bytes of a sheet, before it is packed, that an archive can hold without 64 bits."""
MAX_CELL = 32_767
"""UTF-16 units that a cell of XLSX can hold."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

router = APIRouter()
_slots = BoundedSemaphore(AT_ONCE)
_one = Lock()
Steps = Iterator[Sequence[Exported]]
Write = Callable[[Steps, Texts], Iterator[bytes]]


@dataclass(frozen=True)
class Export:
    """What a file is to hold."""

    asked: Asked
    wanted: Query
    sort: Sort
    first: Hits
    """Its first step."""

    @property
    def rows(self) -> int:
        """How many articles the file holds."""
        return min(self.first.total, MAX_ROWS)


@router.get("/ekspor.csv")
def export_csv(page: Asking) -> Response:
    """The search in the address as CSV."""
    return _file(page, "csv", "text/csv; charset=utf-8; header=present", _as_csv)


@router.get("/ekspor.xlsx")
def export_xlsx(page: Asking) -> Response:
    """The search in the address as a workbook."""
    return _file(page, "xlsx", XLSX, _as_xlsx)


@router.get("/ekspor.jsonl")
def export_json(page: Asking) -> Response:
    """The search in the address as JSON, a line for each article, with the names of the API."""
    return _file(page, "jsonl", "application/jsonl; charset=utf-8", _as_json)


@router.get("/cetak")
def to_print(page: Asking) -> HTMLResponse:
    """The first hits of the search in the address on one plain page."""
    asked, wanted = _wanted(page)
    found = page.site.index.search(wanted, limit=PRINTED, sort=asked.sort)
    shown = read_hits(page.site.store, found.ids, wanted, source_names(page.site))
    content = {
        "asked": asked,
        "written": asked.written(page.now),
        "total": found.total,
        "hits": shown,
        "limit": PRINTED,
        "is_all": len(found.ids) == found.total,
    }
    return page.render("print.html", content)


def _wanted(page: Page) -> tuple[Asked, Query]:
    """The search in the address, from its first hit on."""
    asked = replace(addresses.read(page.request.query_params, page.texts), after=None)
    wanted = asked.query(page.now)
    if wanted.problem:
        raise Refused(wanted.problem.in_language(page.texts.language))
    return asked, wanted


# Writing a file while it is read


def _file(page: Page, ending: str, media_type: str, write: Write) -> Response:
    asked, wanted = _wanted(page)
    if not _slots.acquire(blocking=False):
        return _come_again(page)
    try:
        export = _begin(page.site, asked, wanted)
        work = _in_turn(write(_steps(page.site, export), page.texts))
        return Streamed(work, _slots.release, media_type, _file_name(export, page, ending))
    except BaseException:
        _slots.release()
        raise


def _begin(site: Site, asked: Asked, wanted: Query) -> Export:
    """By relevance only so many hits can be paged through: a longer file has all, the newest first."""
    sort = asked.sort
    first = site.index.search(wanted, limit=STEP, sort=sort)
    if sort == Sort.RELEVANCE and first.total > DEEPEST:
        sort = Sort.NEWEST
        first = site.index.search(wanted, limit=STEP)
    return Export(asked, wanted, sort, first)


def _steps(site: Site, export: Export) -> Steps:
    names = site.store.source_names()
    found, written = export.first, 0
    while True:
        ids = found.ids[: MAX_ROWS - written]
        yield [exported(each, names, export.wanted) for each in site.store.articles(ids)]
        written += len(ids)
        if found.after is None or written >= MAX_ROWS:
            return
        found = site.index.search(export.wanted, limit=STEP, after=found.after, sort=export.sort)


def _in_turn(work: Iterator[bytes]) -> Iterator[bytes]:
    """The same, but of all files only one is worked on at a time, so that two leave pages as much room as one."""
    try:
        while True:
            with _one:
                block = next(work, None)
            if block is None:
                return
            yield block
    finally:
        work.close()  # type: ignore[attr-defined]  # it is a generator


class Streamed(StreamingResponse):
    """A file that is written while it is sent. However that ends, the work is closed before its place is given back."""

    def __init__(
        self, work: Iterator[bytes], give_back: Callable[[], None], media_type: str, file_name: str
    ) -> None:
        super().__init__(
            work,
            media_type=media_type,
            headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
        )
        self._work, self._give_back = work, give_back

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(
                scope, receive, send
            )  # a step in a thread has ended when this has, even if cancelled
        finally:
            try:
                self._work.close()  # type: ignore[attr-defined]  # it is a generator
            finally:
                self._give_back()


def _come_again(page: Page) -> Response:
    _ = page.texts.gettext
    sentence = _("Too many files are being written just now; please try again in a minute.")
    response = page.render("failure.html", {"sentence": sentence}, 503)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _file_name(export: Export, page: Page, ending: str) -> str:
    """Small ASCII letters, digits and hyphens only; says so if the file does not hold all hits."""
    words = "-".join(re.findall("[a-z0-9]+", export.asked.text.lower()))[:40].strip("-")
    all_or_some = "" if export.rows == export.first.total else f"{export.rows}-dari-{export.first.total}"
    parts = ("pantau", words, f"{page.now:%Y%m%d-%H%M}", all_or_some)
    return f"{'-'.join(filter(None, parts))}.{ending}"


# The formats


def _as_json(steps: Steps, _texts: Texts) -> Iterator[bytes]:
    for step in steps:
        yield b"".join(each.model_dump_json().encode() + b"\n" for each in step)


def _as_csv(steps: Steps, texts: Texts) -> Iterator[bytes]:
    """With a byte order mark: without one Excel takes UTF-8 for an older code."""
    buffer = StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(_headings(texts))
    begin = BOM
    for step in steps:
        for each in step:
            writer.writerow(map(defused, _cells(each, texts)))
        yield begin + buffer.getvalue().encode(errors="replace")
        begin = b""
        buffer.seek(0)
        buffer.truncate()


_FORMULA = re.compile(r"((?:^|[;\t\r\n])[\s\"']*)(?=[=+\-@＝＋－＠])")


def defused(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: with an apostrophe before the sign that would begin one, also after
    what a program with another idea of the file may take for the end of a cell or line."""
    if cell[:1] in ("\t", "\r"):
        return "'" + _FORMULA.sub(r"\1'", cell)
    return _FORMULA.sub(r"\1'", cell)


def _as_xlsx(steps: Steps, texts: Texts) -> Iterator[bytes]:
    """The workbook that XlsxWriter makes of the headings alone, with the rows put into its sheet while they are read.

    Sizes stand behind the parts of the archive, as ZIP has it for what is written in one go, and not in 64 bits: Excel
    offers to repair an archive that begins a part with those. So a sheet of more than 2 GB breaks off.
    """
    outgoing = _Outgoing()
    parts = _parts(_headings(texts))
    begin, end_of_rows, end = parts.pop(_SHEET).partition(b"</sheetData>")
    numbers = count(2)
    with ZipFile(outgoing, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        with archive.open(_SHEET, "w") as sheet:
            sheet.write(begin)
            size = len(begin)
            for step in steps:
                rows = zip(step, numbers, strict=False)
                written = "".join(_row(number, each, texts) for each, number in rows).encode()
                size += len(written)
                if size > MAX_SHEET:
                    raise PantauError(
                        "The workbook is too large to be written; a CSV file has no such limit."
                    )
                sheet.write(written)
                yield outgoing.taken()
            sheet.write(end_of_rows + end)
    yield outgoing.taken()


class _Outgoing:
    """What an archive is written to that is sent on: it cannot be gone back in."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._held.append(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept from who takes it."""

    def close(self) -> None:
        """There is nothing to give back."""

    def taken(self) -> bytes:
        """What was written since it was last asked for."""
        held, self._held = b"".join(self._held), []
        return held


_SHEET = "xl/worksheets/sheet1.xml"
_DIMENSION = re.compile(rb"<dimension [^>]*>")


def _parts(headings: Sequence[str]) -> dict[str, bytes]:
    """The parts of a workbook of one sheet with these headings, by name; how many rows it has is left open."""
    file = BytesIO()
    with Workbook(file, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet("Pantau")
        sheet.freeze_panes(1, 0)
        sheet.set_column(1, 1, 60)
        sheet.set_column(2, len(headings) - 1, 20)
        sheet.write_row(0, 0, headings, workbook.add_format({"bold": True}))
    with ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return parts | {_SHEET: _DIMENSION.sub(b"", parts[_SHEET])}


_COLUMNS = [*map(xl_col_to_name, range(16))]


def _row(number: int, each: Exported, texts: Texts) -> str:
    """A row of a sheet; all but the number is text, whatever it looks like."""
    id, *told = _cells(each, texts)
    cells = "".join(
        f'<c r="{column}{number}" t="inlineStr"><is><t xml:space="preserve">'
        f"{escape(for_workbook(cell), quote=False)}</t></is></c>"
        for column, cell in zip(_COLUMNS[1:], told, strict=True)
        if cell
    )
    return f'<row r="{number}"><c r="A{number}"><v>{id}</v></c>{cells}</row>'


_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def for_workbook(cell: str) -> str:
    """A cell as XLSX can hold it: without what XML cannot, not too long, and nothing that is read as an escape."""
    cell = _ESCAPE.sub("_x005F_", for_xml(cell))
    while len(cell) > MAX_CELL or len(cell.encode("utf-16-le")) > 2 * MAX_CELL:
        excess = len(cell.encode("utf-16-le")) // 2 - MAX_CELL
        cell = cell[: -max(1, excess // 2) - 1].rstrip() + "…"
    return cell


def _headings(texts: Texts) -> list[str]:
    _ = texts.gettext
    return [
        _("Number"),
        _("Title"),
        _("Key of the source"),
        _("Source"),
        _("Kind"),
        _("Published"),
        _("Place"),
        _("Codes of the regions"),
        _("Regions"),
        _("Topics"),
        _("Written by"),
        _("Edited by"),
        _("Tags"),
        _("Address"),
        _("Passage"),
        _("Text"),
    ]


def _cells(each: Exported, texts: Texts) -> list[str]:
    return [
        str(each.id),
        each.title,
        each.source.key,
        each.source.name,
        kind_name(each.kind, texts),
        each.published.isoformat(),
        each.place or "",
        _joined([region.code for region in each.regions]),
        _joined([region.name for region in each.regions]),
        _joined([title_of(key, texts.language) for key in each.topics]),
        _joined(each.authors),
        each.editor or "",
        _joined(each.tags),
        each.url,
        each.passage.text,
        each.text,
    ]


def _joined(values: Sequence[str]) -> str:
    return ", ".join(values)
