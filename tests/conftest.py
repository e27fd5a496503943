"""What many tests need: a record in a temporary folder, articles, and a real SMTP server on loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from crawlers.demo.sink import Sink
from indexer.article import Article
from indexer.store import Store

WIB = timezone(timedelta(hours=7), "WIB")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=WIB)
SHARED = Path(__file__).parents[2] / "shared"
"""Real pages and texts of others; a test that needs them skips where they are absent."""
PANTAU = Path(sys.executable).parent / "pantau"

_ARTICLE = Article(
    source="antara_banten",
    url="https://banten.antaranews.com/berita/1/a",
    title="Lebak menekan angka kemiskinan",
    paragraphs=(
        "Pemerintah Kabupaten Lebak memperkuat pengentasan warga miskin tahun ini.",
        "Bupati mengatakan bantuan langsung tunai disalurkan kepada 1.200 keluarga.",
    ),
    published=NOW,
    place="Lebak",
    authors=("Siti Aminah",),
    editor="Budi Raharjo",
    tags=("kemiskinan", "lebak"),
    region="36",
    kind="agency",
)


def make_article(**fields: Any) -> Article:
    """An article; `number` makes its address, title and text its own."""
    number = fields.pop("number", None)
    if number is not None:
        fields.setdefault("url", f"https://banten.antaranews.com/berita/{number}/a")
        fields.setdefault("title", f"Berita nomor {number}")
        fields.setdefault("paragraphs", (f"Warga nomor {number} membaca berita.",))
    return replace(_ARTICLE, **fields)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/pantau.db").open()
    yield store
    store.close()


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


def pantau(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, in a pipe."""
    return subprocess.run(
        [str(PANTAU), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
