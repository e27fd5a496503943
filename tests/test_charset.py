"""Charsets: what a server says wrongly is read right."""

import pytest
from scrapy.http import HtmlResponse, Response, TextResponse

from crawlers.charset import as_written

TEXT = "<html><body>“Berita” — Rp1.000</body></html>"


@pytest.mark.parametrize("stated", ["iso-8859-1", "windows-1252", "utf-8", "us-ascii"])
def test_utf_8_is_read_whatever_the_header_says(stated: str) -> None:
    headers = {"Content-Type": f"text/html; charset={stated}"}
    response = as_written(HtmlResponse("http://x", headers=headers, body=TEXT.encode()))
    assert isinstance(response, TextResponse)
    assert response.text == TEXT


def test_another_charset_stays_what_it_is() -> None:
    headers = {"Content-Type": "text/html; charset=windows-1252"}
    response = as_written(HtmlResponse("http://x", headers=headers, body=TEXT.encode("windows-1252")))
    assert isinstance(response, TextResponse)
    assert response.text == TEXT


def test_what_is_no_text_is_left_alone() -> None:
    response = Response("http://x", body=b"\xff\x00")
    assert as_written(response) is response
