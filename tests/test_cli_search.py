"""The commands that search and look after the index, as their user runs them."""

import json
from pathlib import Path

import pytest
from conftest import NOW, make_article, pantau

from indexer.store import Store

GONE = "http://127.0.0.1:9"
"""Nothing answers there: the port is reserved for throwing away."""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A record of three articles about the poor."""
    store = Store(f"sqlite:///{tmp_path}/pantau.db").open()
    store.name_source("antara_banten", "ANTARA Banten", "https://banten.antaranews.com")
    for number in range(1, 4):
        title = f"Warga miskin nomor {number}"
        store.add(make_article(number=number, title=title, published=NOW.replace(day=number)), NOW)
    store.close()
    return {"PANTAU_DATA": str(tmp_path)}


def test_hits_are_counted_and_paged(environment: dict[str, str]) -> None:
    command = ("search", "kemiskinan", "--json", "--limit", "2")
    first = json.loads(pantau(*command, "--facets", "--by", "month", **environment).stdout)
    assert [hit["id"] for hit in first["hits"]] == [3, 2]
    assert (first["total"], first["facets"]["source"]) == (3, {"antara_banten": 3})
    assert first["histogram"] == {"2026-11-01": 3}
    second = json.loads(pantau(*command, "--after", first["after"], **environment).stdout)
    assert ([hit["id"] for hit in second["hits"]], second["total"], second["after"]) == ([1], 3, None)


def test_counts_are_shown_as_tables(environment: dict[str, str]) -> None:
    shown = pantau("search", "kemiskinan", "--facets", "--by", "day", **environment).stdout
    for piece in ("ANTARA Banten", "36.02", "Kabupaten Lebak", "Poverty", "2026-11-03", "█"):
        assert piece in shown


def test_what_is_no_place_in_hits_is_told(environment: dict[str, str]) -> None:
    done = pantau("search", "kemiskinan", "--after", "x", **environment)
    assert (done.returncode, done.stderr.strip()) == (1, "“x” bukan penunjuk halaman.")


def test_an_index_is_looked_at_made_and_made_anew(environment: dict[str, str]) -> None:
    before = pantau("index", "status", **environment).stdout
    assert "There is no index" in before
    assert "3 articles wait to be sent" in before
    assert pantau("index", "sync", **environment).stdout == "3 articles sent\n"
    after = pantau("index", "status", **environment).stdout
    assert "tantivy: 3 articles" in after
    assert "0 articles wait to be sent" in after
    assert pantau("index", "rebuild", **environment).stdout == "3 articles indexed\n"
    assert pantau("index", "retry", **environment).stdout == "0 articles sent again, 0 refused\n"


def test_what_was_refused_is_told(environment: dict[str, str]) -> None:
    pantau("index", "sync", **environment)
    store = Store(f"sqlite:///{environment['PANTAU_DATA']}/pantau.db").open()
    store.mark_indexed(store.articles([2]), {2: "too odd"})
    store.close()
    shown = pantau("index", "status", **environment).stdout
    assert "1 articles were refused; `pantau index retry` sends them again" in shown
    assert "too odd" in shown
    assert pantau("index", "retry", **environment).stdout == "1 articles sent again, 0 refused\n"


def test_topics_are_listed(environment: dict[str, str]) -> None:
    shown = pantau("topics", **environment).stdout
    assert "kemiskinan" in shown
    assert "Poverty" in shown


@pytest.mark.parametrize("command", [("search", "kemiskinan"), ("index", "status"), ("index", "rebuild")])
def test_an_engine_that_is_away_is_told_in_one_sentence(
    environment: dict[str, str], command: tuple[str, ...]
) -> None:
    done = pantau(*command, PANTAU_ELASTICSEARCH_URL=GONE, **environment)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Elasticsearch at {GONE} cannot be reached")
    assert len(done.stderr.splitlines()) == 1
