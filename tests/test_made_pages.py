"""Sources read the pages that were made in their templates as a person would."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from conftest import NOW

from crawlers.extract import read_article
from crawlers.reading.tree import parse
from crawlers.source import load_source

PAGES = Path(__file__).parents[1] / "benchmarks" / "pages"
SOURCES = {
    "antara": "antara_banten",
    "bantenprov": "diskominfo_banten",
    "tangerangkota": "tangerangkota",
    "tangsel": "tangerangselatankota",
    "tribunnews": "tribunbanten",
    "pikiran": "kabarbanten",
    "wordpress": "bantennews",
}


def source_of(page: Path) -> str | None:
    return next((key for part, key in SOURCES.items() if part in page.name), None)


@pytest.mark.parametrize(
    "page", [each for each in sorted(PAGES.glob("*.html")) if source_of(each)], ids=lambda p: p.stem
)
def test_a_source_reads_a_page_of_its_template(page: Path) -> None:
    source = load_source(source_of(page) or "")
    expected = json.loads(page.with_suffix(".expected.json").read_text(encoding="utf-8"))
    html = page.read_text(encoding="utf-8")
    article = read_article(parse(html), f"{source.home}/berita/1/x", source, NOW)
    assert article.title == expected["title"]
    assert list(article.paragraphs) == expected["paragraphs"]
    assert article.published == datetime.fromisoformat(expected["published"])
