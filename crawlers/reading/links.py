"""Addresses on an article page: its photo, its documents, its further pages."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree  # type: ignore[import-untyped]

from crawlers.reading.structured import Structured
from crawlers.reading.tree import Tree, find

IMAGE_ATTRIBUTES = ("data-src", "data-original", "data-lazy-src", "src", "content")
"""Where an image element has its address; those of a lazily loaded one come before its placeholder."""
_PAGE_NUMBER = re.compile(
    r"(?:[?&](?:page|halaman|hal|p|pg|paged)=|/(?:page/|halaman/|hal/|p/)?)(\d{1,2})/?$"
)
_PDF = re.compile(r"\.pdf$", re.IGNORECASE)


def image_address(tree: Tree, url: str, selectors: Sequence[str], stated: Structured) -> str | None:
    """Whole address of the main photo: what `selectors` find, else what the page states."""
    found = (each for selector in selectors for each in tree.find(selector))
    addresses = (address for each in found for address in _image_addresses(each))
    for address in addresses:
        if address.strip() and (whole := whole_address(url, address)):
            return whole
    return next((whole for address in stated.images if (whole := whole_address(url, address))), None)


def _image_addresses(found: Any) -> list[str]:
    if isinstance(found, etree._Element):
        return [found.get(name) or "" for name in IMAGE_ATTRIBUTES]
    return [str(found)]


def document_addresses(body: etree._Element, url: str) -> Iterator[str]:
    """Whole addresses of the PDF documents that a body links to."""
    for link in find(body, "a::attr(href)"):
        whole = whole_address(url, str(link))
        if whole and _PDF.search(urlsplit(whole).path):
            yield whole


def whole_address(base: str, address: str) -> str | None:
    """The whole web address of `address`, None if it is none or of another kind, as "data:…"."""
    try:
        whole = urljoin(base, address.strip())
        urlsplit(whole)
    except ValueError:
        return None
    return whole if re.match(r"https?://\w", whole) else None


def page_number(address: str, base: str) -> int:
    """Which page of the article at `base` an address is; 0 if it is none."""
    found = _PAGE_NUMBER.search(address)
    if not found:
        return 0
    article = urlsplit(base).path.rstrip("/")
    return int(found[1]) if urlsplit(address).path.rstrip("/").startswith(article) else 0
