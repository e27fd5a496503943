"""Addresses on an article page."""

import pytest

from crawlers.reading.links import document_addresses, image_address, page_number, whole_address
from crawlers.reading.structured import Structured
from crawlers.reading.tree import parse

URL = "https://x.id/berita/1/judul"


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        *(
            ("/a.jpg", "https://x.id/a.jpg"),
            (" b.jpg\n", "https://x.id/berita/1/b.jpg"),
            ("//y.id/c", "https://y.id/c"),
        ),
        *(("data:image/png;base64,x", None), ("javascript:x", None), ("http://[", None)),
    ],
)
def test_an_address_is_whole_or_none(address: str, whole: str | None) -> None:
    assert whole_address(URL, address) == whole


@pytest.mark.parametrize(
    ("address", "number"),
    [
        *((f"{URL}/2", 2), (f"{URL}?page=3", 3), (f"{URL}/page/4/", 4), (f"{URL}?halaman=12", 12)),
        *((URL, 0), ("https://x.id/berita/9/lain?page=2", 0), (f"{URL}?page=2026", 0)),
    ],
)
def test_a_further_page_is_numbered_and_of_this_article(address: str, number: int) -> None:
    assert page_number(address, URL) == number


def image(html: str, *selectors: str) -> str | None:
    tree = parse(html)
    return image_address(tree, URL, selectors, Structured(tree))


def test_a_lazy_image_is_not_its_placeholder() -> None:
    assert image("<img src=/kosong.gif data-src=/a.jpg>", "img") == "https://x.id/a.jpg"


def test_an_image_that_is_not_found_is_the_one_that_is_stated() -> None:
    stated = "<meta property=og:image content=/b.jpg>"
    assert image(f"{stated}<img src=data:x>", "img") == "https://x.id/b.jpg"
    assert image(f"{stated}<img src=/a.jpg>", "img") == "https://x.id/a.jpg"


def test_documents_are_those_in_pdf() -> None:
    body = parse("<a href=a.pdf?v=1>1</a><a href=/b.doc>2</a><a name=x>3</a><a href=/c.PDF>4</a>").root
    assert list(document_addresses(body, URL)) == ["https://x.id/berita/1/a.pdf?v=1", "https://x.id/c.PDF"]
