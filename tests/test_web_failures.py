"""What readers see of a defect: a page in their language, with no trace, as well guarded as any other."""

from pathlib import Path
from typing import Any

import pytest
from conftest import serving

from indexer.config import Config
from indexer.index import Hits
from indexer.store import Store
from indexer.tantivy_index import TantivyIndex
from indexer.web.security import HEADERS


class Defective(TantivyIndex):
    """Breaks at every search."""

    def search(self, *_: Any, **options: Any) -> Hits:
        raise RuntimeError("rahasia")


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "text/html"), ("/api/v1/search", "application/problem+json")]
)
def test_a_defect_is_a_page_without_trace_and_with_all_headers(
    store: Store, tmp_path: Path, path: str, kind: str
) -> None:
    with serving(Config(data=tmp_path), store, Defective()) as web:
        answer = web.reader.get(web.url + path)
    assert answer.status_code == 500
    assert answer.headers["Content-Type"].startswith(kind)
    assert "rahasia" not in answer.text and "Traceback" not in answer.text
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
