"""Files of a search: whole and in order, safe to open in a spreadsheet, and written while they are sent."""

import csv
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPResponse
from io import BytesIO, StringIO
from pathlib import Path
from random import Random
from types import NoneType
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
import requests
from conftest import NOW, Web, make_article, serving
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from indexer.config import Config
from indexer.store import Store
from indexer.tantivy_index import TantivyIndex
from indexer.web import exporting
from indexer.web.exporting import AT_ONCE, MAX_CELL, defused, for_workbook

HOSTILE = make_article(
    title='=HYPERLINK("https://x.example";"a")',
    paragraphs=("+1+cmd|' /C calc'!A0", "Rp50.000,- dan;=1+1", "\t@SUM(A1)"),
    authors=("-2+3", "@x"),
    tags=("<r>tebal</r>",),
    place="\r=1",
)


def rows_of_csv(content: bytes) -> list[list[str]]:
    return [*csv.reader(StringIO(content.decode("utf-8-sig"), newline=""))]


def rows_of_xlsx(content: bytes) -> list[list[str]]:
    """Cells as text; a formula or link in the file fails the test."""
    with ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert not any("external" in name.lower() for name in archive.namelist())
    sheet = load_workbook(BytesIO(content), rich_text=True).active
    assert {cell.data_type for row in sheet for cell in row[1:] if cell.value is not None} <= {"s"}
    assert {type(cell.value) for row in sheet for cell in row} <= {str, int, NoneType}
    assert not any(cell.hyperlink for row in sheet for cell in row)
    return [["" if cell.value is None else str(cell.value) for cell in row] for row in sheet]


# What the files hold


def test_csv_json_and_workbook_hold_the_same_articles_in_order(web: Web) -> None:
    web.store.name_source("antara_banten", "ANTARA Banten", "https://banten.antaranews.com/")
    web.add(*(make_article(number=n, published=NOW - timedelta(hours=n)) for n in range(600)))
    titles = [f"Berita nomor {n}" for n in range(600)]
    lines = [json.loads(line) for line in web.get("/ekspor.jsonl").text.splitlines()]
    assert [line["title"] for line in lines] == titles
    for rows in (
        rows_of_csv(web.get("/ekspor.csv").content)[1:],
        rows_of_xlsx(web.get("/ekspor.xlsx").content)[1:],
    ):
        assert [row[1] for row in rows] == titles


def test_a_row_tells_what_is_known_of_the_article(web: Web) -> None:
    web.store.name_source("antara_banten", "ANTARA Banten", "https://banten.antaranews.com/")
    [id] = web.add(make_article())
    headings, row = rows_of_csv(web.get("/ekspor.csv", params={"q": "miskin"}).content)
    told = dict(zip(headings, row, strict=True))
    assert told == {
        "Nomor": str(id),
        "Judul": "Lebak menekan angka kemiskinan",
        "Kunci sumber": "antara_banten",
        "Sumber": "ANTARA Banten",
        "Jenis": "Kantor berita",
        "Terbit": "2026-11-24T12:00:00+07:00",
        "Tempat": "Lebak",
        "Kode wilayah": "36, 36.02",
        "Wilayah": "Banten, Kabupaten Lebak",
        "Topik": told["Topik"],
        "Penulis": "Siti Aminah",
        "Penyunting": "Budi Raharjo",
        "Tag": "kemiskinan, lebak",
        "Alamat": "https://banten.antaranews.com/berita/1/a",
        "Cuplikan": told["Cuplikan"],
        "Teks": make_article().text,
    }
    assert "Kemiskinan" in told["Topik"]
    assert "warga miskin" in told["Cuplikan"]
    assert [headings, row] == rows_of_xlsx(web.get("/ekspor.xlsx", params={"q": "miskin"}).content)


def test_a_line_of_json_is_a_hit_of_the_api_with_its_text(web: Web) -> None:
    web.add(make_article())
    [line] = web.get("/ekspor.jsonl", params={"q": "miskin"}).text.splitlines()
    [hit] = web.get("/api/v1/search", params={"q": "miskin"}).json()["hits"]
    assert json.loads(line) == hit | {"text": make_article().text}


def test_a_file_holds_what_the_search_finds_from_its_first_hit_on(web: Web) -> None:
    web.add(*(make_article(number=n) for n in range(30)), make_article(number=40, source="lain"))
    further = re.search(r'rel="next" href="([^"]+)"', web.get("/?sumber=antara_banten").text)
    assert further
    asked = urlsplit(further[1].replace("&amp;", "&")).query
    assert len(web.get(f"/ekspor.jsonl?{asked}").text.splitlines()) == 30


def test_by_relevance_the_best_stands_first(web: Web) -> None:
    web.add(
        make_article(number=1, title="Banjir banjir", published=NOW - timedelta(days=9)),
        make_article(number=2, paragraphs=("Ada banjir di antara banyak kata lain yang panjang sekali.",)),
    )
    rows = rows_of_csv(web.get("/ekspor.csv", params={"q": "banjir", "urut": "relevan"}).content)
    assert rows[1][1] == "Banjir banjir"


def test_a_longer_search_by_relevance_is_whole_by_date(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "DEEPEST", 3)
    web.add(*(make_article(number=n, published=NOW - timedelta(hours=n)) for n in range(5)))
    rows = rows_of_csv(web.get("/ekspor.csv", params={"q": "warga", "urut": "relevan"}).content)
    assert [row[1] for row in rows[1:]] == [f"Berita nomor {n}" for n in range(5)]


def test_a_file_that_does_not_hold_all_says_so_in_its_name(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MAX_ROWS", 3)
    web.add(*(make_article(number=n) for n in range(5)))
    answer = web.get("/ekspor.jsonl")
    assert len(answer.text.splitlines()) == 3
    assert answer.headers["Content-Disposition"].endswith('-3-dari-5.jsonl"')


def test_a_search_that_finds_nothing_is_a_file_of_headings(web: Web) -> None:
    web.add(make_article())
    assert len(rows_of_csv(web.get("/ekspor.csv", params={"q": "takada"}).content)) == 1
    assert len(rows_of_xlsx(web.get("/ekspor.xlsx", params={"q": "takada"}).content)) == 1
    assert web.get("/ekspor.jsonl", params={"q": "takada"}).text == ""


@pytest.mark.parametrize("text", ['a"; x=y\r\nSet-Cookie: a=b', "../../etc/passwd", "日本 é", "x" * 500, ""])
def test_names_of_files_are_plain(web: Web, text: str) -> None:
    header = web.get("/ekspor.csv", params={"q": text}).headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="pantau[a-z0-9-]{1,80}\.csv"', header)


@pytest.mark.parametrize("path", ["/ekspor.csv", "/cetak"])
def test_a_query_that_cannot_be_searched_is_told_on_a_page(web: Web, path: str) -> None:
    answer = web.get(path, params={"q": "-miskin"})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")


# Spreadsheets


def test_no_cell_is_a_formula_or_markup(web: Web) -> None:
    web.add(HOSTILE)
    cells = rows_of_csv(web.get("/ekspor.csv").content)[1]
    assert cells[1] == "'" + HOSTILE.title
    assert cells[6].startswith("'")
    assert "Rp50.000,- dan;'=1+1" in cells[15]
    cells = rows_of_xlsx(web.get("/ekspor.xlsx").content)[1]
    assert cells[1] == HOSTILE.title  # there a text is a text
    assert cells[12] == "<r>tebal</r>"


@given(st.text(st.sampled_from("=+-@\t\r\n;,'\" ax＝|"), max_size=20) | st.text())
@example("\t=1")
def test_any_cell_is_no_formula_however_it_is_cut(cell: str) -> None:
    safe = defused(cell)
    assert safe[:1] not in ("\t", "\r")
    begins = [part.lstrip(' "\v\f')[:1] for part in re.split("[;\t\r\n]", safe)]
    assert not {*begins} & {*"=+-@＝＋－＠"}
    assert safe.replace("'", "") == cell.replace("'", "")


@given(st.text(max_size=50).map(lambda text: text * 2000) | st.text())
@example("😀" * MAX_CELL)
@example("_x0041_<r>\x01\ufffe</r>")
def test_any_cell_fits_a_workbook(cell: str) -> None:
    safe = for_workbook(cell.encode(errors="replace").decode())
    assert len(safe.encode("utf-16-le")) <= 2 * MAX_CELL
    ET.fromstring(f"<t>{safe.replace('&', '&amp;').replace('<', '&lt;')}</t>")
    assert not re.search("_x[0-9A-Fa-f]{4}_", safe.replace("_x005F_", ""))


# Printing


def test_the_page_to_print_has_the_first_hits(web: Web) -> None:
    web.add(*(make_article(number=n, published=NOW - timedelta(hours=n)) for n in range(230)))
    page = web.get("/cetak", params={"q": "nomor"}).text
    assert page.count("<li>\n<h2>") == 200
    assert "230 berita" in page
    assert len(page) < 150_000


# While it is sent


BIG = 300_000
"""Characters of an article that fills the buffers between server and client."""


@contextmanager
def asking(web: Web, path: str) -> Iterator[socket.socket]:
    """A client that has asked and reads only when told to."""
    address = urlsplit(web.url)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((address.hostname, address.port))
        client.settimeout(60)
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode())
        yield client


@pytest.fixture
def big(web: Web, monkeypatch: pytest.MonkeyPatch) -> Web:
    monkeypatch.setattr(exporting, "STEP", 10)
    web.add(
        *(
            make_article(number=n, published=NOW - timedelta(hours=n), paragraphs=("a" * BIG,))
            for n in range(60)
        )
    )
    return web


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_the_first_rows_are_sent_before_the_last_are_read(big: Web, kind: str) -> None:
    with asking(big, f"/ekspor.{kind}") as client:
        received = client.recv(4096)
        assert received.startswith(b"HTTP/1.1 200")
        while b"nomor 0" not in received:
            received += client.recv(4096)
        last = make_article(number=59, published=NOW - timedelta(hours=59), title="Baru saja diubah")
        big.store.add(last, NOW)
        while more := client.recv(1_000_000):
            received += more
    assert b"Baru saja diubah" in received
    assert received.endswith(b"0\r\n\r\n")


def test_so_it_is_with_a_workbook(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "STEP", 10)
    noise = Random(1)  # else it packs to next to nothing, and is sent at once
    texts = (noise.randbytes(MAX_CELL // 2).hex() for _ in range(600))
    web.add(
        *(
            make_article(number=n, published=NOW - timedelta(hours=n), paragraphs=(text,))
            for n, text in enumerate(texts)
        )
    )
    with asking(web, "/ekspor.xlsx") as client:
        answer = HTTPResponse(client)
        answer.begin()
        received = answer.read(4096)
        last = make_article(number=599, published=NOW - timedelta(hours=599), title="Baru saja diubah")
        web.store.add(last, NOW)
        received += answer.read()
    titles = [row[1] for row in rows_of_xlsx(received)]
    assert titles == ["Judul", *(f"Berita nomor {n}" for n in range(599)), "Baru saja diubah"]


def test_a_reader_who_goes_ends_the_work(big: Web) -> None:
    for kind in ("csv", "xlsx") * AT_ONCE:
        with asking(big, f"/ekspor.{kind}") as client:
            client.recv(20)
    wait_for(lambda: exporting._slots._value == AT_ONCE)


def test_not_more_than_a_few_files_are_written_at_once(big: Web) -> None:
    with asking(big, "/ekspor.csv") as first, asking(big, "/ekspor.jsonl") as second:
        assert AT_ONCE == 2
        for client in (first, second):
            client.recv(20)
        answer = big.get("/ekspor.csv")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert big.get("/").status_code == 200
    wait_for(lambda: big.get("/ekspor.csv", params={"q": "takada"}).status_code == 200)


def test_a_file_that_breaks_off_does_not_end_as_if_it_were_whole(big: Web) -> None:
    with asking(big, "/ekspor.jsonl") as client:
        received = client.recv(4096)
        big.index.close()
        while more := client.recv(1_000_000):
            received += more
    assert received.startswith(b"HTTP/1.1 200")
    assert not received.endswith(b"0\r\n\r\n")
    wait_for(lambda: exporting._slots._value == AT_ONCE)


def test_a_sheet_too_large_for_its_archive_does_not_end_as_if_it_were_whole(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MAX_SHEET", 200_000)
    web.add(*(make_article(number=n) for n in range(300)))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        web.get("/ekspor.xlsx")
    wait_for(lambda: exporting._slots._value == AT_ONCE)


def test_an_index_that_cannot_answer_is_told_each_time(store: Store, tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path / "index")  # there is none yet
    with serving(Config(data=tmp_path), store, index) as web:
        answers = [web.get("/ekspor.xlsx") for _ in range(AT_ONCE + 2)]
    assert [(each.status_code, "Retry-After" in each.headers) for each in answers] == [(503, True)] * len(
        answers
    )
    assert exporting._slots._value == AT_ONCE


def wait_for(is_so: object) -> None:
    """Until it is so; a test that waits in vain fails."""
    assert callable(is_so)
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it never was")
