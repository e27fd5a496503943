"""The API over HTTP: what it answers, who may ask, and that it does what its own document says."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests
from conftest import NOW, Web, make_article, serving

from indexer.alerts.subscriptions import Rate, active_subscriptions, subscribe, suspend
from indexer.config import Config
from indexer.keys import Scope, add_key, all_keys, revoke_key
from indexer.store import Store
from indexer.tantivy_index import TantivyIndex
from indexer.web.api.limits import MAX_CALLERS, Limits

PROBLEM = "application/problem+json"


@pytest.fixture
def api(store: Store, tmp_path: Path) -> Iterator[Web]:
    """The page with an API that nobody can ask too often."""
    index = TantivyIndex()
    with serving(Config(data=tmp_path, api_requests=1_000_000), store, index) as web:
        yield web
    index.close()


def bearer(web: Web, *scopes: Scope) -> dict[str, str]:
    return {"Authorization": f"Bearer {add_key(web.store, 'test', scopes, NOW)[1]}"}


def told(answer: requests.Response, status: int) -> dict[str, Any]:
    """The problem that an answer tells of."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == PROBLEM
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert problem["title"] == HTTPStatus(status).phrase
    assert problem["detail"].endswith(".")
    return problem


# Searching


def test_a_hit_tells_what_is_known_of_the_article(web: Web) -> None:
    [id] = web.add(make_article())
    web.store.name_source("antara_banten", "ANTARA Banten", "https://banten.antaranews.com/")
    found = web.get("/api/v1/search", params={"q": "miskin"}).json()
    [hit] = found["hits"]
    assert found["total"] == 1
    assert hit["id"] == id
    assert hit["source"] == {"key": "antara_banten", "name": "ANTARA Banten"}
    assert hit["published"] == "2026-11-24T12:00:00+07:00"
    assert {"code": "36.02", "name": "Kabupaten Lebak"} in hit["regions"]
    assert hit["authors"] == ["Siti Aminah"]
    words = [hit["passage"]["text"][begin:end] for begin, end in hit["passage"]["marks"]]
    assert words == ["miskin"]
    assert [hit["title"][begin:end] for begin, end in hit["title_marks"]] == ["kemiskinan"]


def test_pages_follow_each_other_by_their_links(web: Web) -> None:
    web.add(*(make_article(number=n, published=NOW + timedelta(minutes=n)) for n in range(7)))
    seen, address = [], f"{web.url}/api/v1/search?q=warga&limit=3"
    while address:
        answer = requests.get(address, timeout=60)
        page = answer.json()
        seen += [hit["title"] for hit in page["hits"]]
        assert (f'<{page["next"]}>; rel="next"' == answer.headers.get("Link")) == bool(page["next"])
        address = page["next"]
    assert seen == [f"Berita nomor {n}" for n in reversed(range(7))]


def test_hits_are_counted_by_what_is_asked_for(web: Web) -> None:
    web.add(make_article(number=1), make_article(number=2, source="lain", kind="press"))
    asked = {"facets": ["source", "kind"], "interval": "day", "limit": 0}
    found = web.get("/api/v1/search", params=asked).json()
    assert found["hits"] == []
    assert {each["value"]: each["count"] for each in found["facets"]["source"]} == {
        "antara_banten": 1,
        "lain": 1,
    }
    assert found["facets"].keys() == {"source", "kind"}
    assert found["histogram"] == [{"first": "2026-11-24", "count": 2}]


def test_a_search_is_narrowed_as_on_the_page(web: Web) -> None:
    web.add(
        make_article(number=1),
        make_article(number=2, source="lain"),
        make_article(number=3, published=NOW - timedelta(days=3)),
    )
    asked = {"source": ["antara_banten", "x"], "since": "2026-11-22", "until": "2026-11-24", "region": "36"}
    found = web.get("/api/v1/search", params=asked).json()
    assert [hit["title"] for hit in found["hits"]] == ["Berita nomor 1"]


def test_notes_tell_in_english_how_a_query_was_read(web: Web) -> None:
    found = web.get("/api/v1/search", params={"q": "(miskin"}).json()
    assert found["notes"]
    assert "kurung" not in found["notes"][0]


def test_a_query_that_only_excludes_is_refused(web: Web) -> None:
    told(web.get("/api/v1/search", params={"q": "-miskin"}), 400)


@pytest.mark.parametrize(
    ("asked", "status", "name"),
    [
        ({"since": "2026-11-24", "until": "2026-11-23"}, 400, "since"),
        ({"cursor": "n1.1.1", "sort": "relevance"}, 400, "cursor"),
        ({"cursor": "hello"}, 422, "query.cursor"),
        ({"limit": "101"}, 422, "query.limit"),
        ({"since": "1700000000"}, 422, "query.since"),
        ({"sort": "oldest"}, 422, "query.sort"),
        ({"facets": "place"}, 422, "query.facets"),
        ({"sorce": "antara_banten"}, 422, "query.sorce"),
        ({"source": ["x"] * 51}, 422, "query.source"),
        ({"q": "x" * 2001}, 422, "query.q"),
    ],
)
def test_a_wrong_search_is_told_by_name(web: Web, asked: dict[str, Any], status: int, name: str) -> None:
    assert name in told(web.get("/api/v1/search", params=asked), status)["detail"]


def test_an_article_has_its_whole_text(web: Web) -> None:
    [id] = web.add(make_article())
    article = web.get(f"/api/v1/articles/{id}").json()
    assert article["text"] == make_article().text
    assert article["story"] == id


def test_revisions_tell_what_was_said_before(web: Web) -> None:
    web.add(make_article(title="Dulu"))
    [id] = web.add(make_article(title="Kini"))
    answer = web.get(f"/api/v1/articles/{id}/revisions").json()
    assert answer["revision"] == 2
    assert [(each["revision"], each["title"]) for each in answer["earlier"]] == [(1, "Dulu")]


@pytest.mark.parametrize("path", ["/articles/7", "/articles/7/revisions", "/nothing", "/search/", "/../x"])
def test_what_there_is_not_is_told_to_programs(web: Web, path: str) -> None:
    told(web.get(f"/api/v1{path}"), 404)


def test_sources_and_topics_are_counted(web: Web) -> None:
    web.store.name_source("antara_banten", "ANTARA Banten", "https://banten.antaranews.com/")
    web.add(make_article())
    [source] = web.get("/api/v1/sources").json()["sources"]
    assert (source["key"], source["articles"]) == ("antara_banten", 1)
    counts = {each["key"]: each["articles"] for each in web.get("/api/v1/topics").json()["topics"]}
    assert counts["kemiskinan"] == 1


# Keys


def test_where_searching_is_not_open_a_key_is_needed(store: Store, tmp_path: Path) -> None:
    index = TantivyIndex()
    with serving(Config(data=tmp_path), store, index, is_open=False) as web:
        answer = web.get("/api/v1/search")
        told(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert web.get("/api/v1/search", headers=bearer(web, Scope.SEARCH)).status_code == 200
        told(web.get("/api/v1/search", headers=bearer(web, Scope.SUBSCRIPTIONS)), 403)
    with serving(Config(data=tmp_path, public_search=True), store, index, is_open=False) as web:
        assert web.get("/api/v1/search").status_code == 200
    index.close()


def test_no_operation_is_open_where_searching_is_not(store: Store, tmp_path: Path) -> None:
    index = TantivyIndex()
    with serving(Config(data=tmp_path), store, index, is_open=False) as web:
        paths = web.get("/api/v1/openapi.json").json()["paths"]
        asked = [(method, path.replace("{id}", "1")) for path, methods in paths.items() for method in methods]
        for method, path in asked:
            told(web.reader.request(method, f"{web.url}/api{path}", timeout=60), 401)
        for path in ("/ekspor.csv", "/ekspor.xlsx", "/ekspor.jsonl", "/cetak", "/umpan.rss", "/umpan.atom"):
            assert web.get(path, allow_redirects=False).status_code == 303  # to log in
    index.close()
    assert len(asked) == 8


def test_a_wrong_or_revoked_key_is_refused_even_where_none_is_needed(web: Web) -> None:
    headers = bearer(web, Scope.SEARCH)
    revoke_key(web.store, all_keys(web.store)[0].id, NOW)
    for wrong in (
        headers,
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic eDp4"},
        {"Authorization": ""},
    ):
        answer = web.get("/api/v1/search", headers=wrong)
        told(answer, 401)
        assert "invalid_token" in answer.headers["WWW-Authenticate"]


# Subscriptions


WANTED = {"email": "warga@example.org", "query": "kemiskinan wilayah:banten"}


def test_a_subscription_by_key_is_active_at_once(web: Web) -> None:
    headers = bearer(web, Scope.SUBSCRIPTIONS)
    answer = web.reader.post(f"{web.url}/api/v1/subscriptions", json=WANTED, headers=headers, timeout=60)
    assert answer.status_code == 201
    [made] = active_subscriptions(web.store)
    assert (made.id, made.email) == (answer.json()["id"], "warga@example.org")
    assert made.token not in answer.text


def test_subscriptions_are_listed_without_their_tokens(web: Web) -> None:
    for number in range(5):
        subscribe(web.store, f"warga{number}@example.org", "miskin", "", Rate.IMMEDIATE, NOW)
    headers, seen = bearer(web, Scope.SUBSCRIPTIONS), []
    address = f"{web.url}/api/v1/subscriptions?limit=2"
    while address:
        answer = requests.get(address, headers=headers, timeout=60)
        assert not any(each.token in answer.text for each in active_subscriptions(web.store))
        seen += [each["email"] for each in answer.json()["subscriptions"]]
        address = answer.json()["next"]
    assert seen == [f"warga{number}@example.org" for number in range(5)]


def test_a_subscription_is_ended(web: Web) -> None:
    made = subscribe(web.store, "warga@example.org", "miskin", "", Rate.IMMEDIATE, NOW)
    headers, address = bearer(web, Scope.SUBSCRIPTIONS), f"{web.url}/api/v1/subscriptions/{made.id}"
    assert requests.delete(address, headers=headers, timeout=60).status_code == 204
    assert active_subscriptions(web.store) == []
    told(requests.delete(address, headers=headers, timeout=60), 404)


def test_a_suspended_subscription_is_listed_and_can_be_ended(web: Web) -> None:
    made = subscribe(web.store, "warga@example.org", "miskin", "", Rate.IMMEDIATE, NOW)
    suspend(web.store, made.id)
    headers, address = bearer(web, Scope.SUBSCRIPTIONS), f"{web.url}/api/v1/subscriptions"
    [listed] = requests.get(address, headers=headers, timeout=60).json()["subscriptions"]
    assert listed["status"] == "suspended"
    assert requests.delete(f"{address}/{made.id}", headers=headers, timeout=60).status_code == 204
    assert requests.get(address, headers=headers, timeout=60).json()["subscriptions"] == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_subscriptions_always_need_their_scope(web: Web, method: str) -> None:
    address = f"{web.url}/api/v1/subscriptions"
    told(requests.request(method, address, json=WANTED, timeout=60), 401)
    told(requests.request(method, address, json=WANTED, headers=bearer(web, Scope.SEARCH), timeout=60), 403)
    assert active_subscriptions(web.store) == []


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"email": "nobody", "query": "miskin"}, 400),
        ({"email": "warga@example.org", "query": "-miskin"}, 400),
        ({"email": "warga@example.org", "query": "   "}, 400),
        ({"email": "warga@example.org"}, 422),
        ({"email": "warga@example.org", "query": "x", "rate": "hourly"}, 422),
        ({"email": "warga@example.org", "query": "x", "token": "y"}, 422),
        ({"email": "\ud800@example.org", "query": "\ud800"}, 422),
        ([], 422),
    ],
)
def test_a_wrong_subscription_is_refused(web: Web, wanted: Any, status: int) -> None:
    headers = bearer(web, Scope.SUBSCRIPTIONS)
    told(requests.post(f"{web.url}/api/v1/subscriptions", json=wanted, headers=headers, timeout=60), status)


def test_the_same_subscription_twice_is_a_conflict(web: Web) -> None:
    headers = bearer(web, Scope.SUBSCRIPTIONS)
    address = f"{web.url}/api/v1/subscriptions"
    assert requests.post(address, json=WANTED, headers=headers, timeout=60).status_code == 201
    told(requests.post(address, json=WANTED, headers=headers, timeout=60), 409)


# Limits, ETags, problems


def test_who_asks_too_often_is_told_when_to_come_again(store: Store, tmp_path: Path) -> None:
    index = TantivyIndex()
    with serving(Config(data=tmp_path, api_requests=3), store, index) as web:
        answers = [web.get("/api/v1/topics") for _ in range(4)]
        keyed = web.get("/api/v1/topics", headers=bearer(web, Scope.SEARCH))
    index.close()
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"minute";q=3;w=60'
    assert answers[0].headers["RateLimit"].startswith('"minute";r=2;t=')
    told(answers[3], 429)
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 20
    assert keyed.status_code == 200  # has a bucket of its own


def test_a_bucket_fills_evenly() -> None:
    limits = Limits(60)
    taken = [limits.take("x", 0.0).remaining for _ in range(60)]
    assert taken == [*reversed(range(60))]
    assert limits.take("x", 0.5).retry_after == 1
    assert limits.take("x", 1.6).retry_after == 0
    assert limits.take("x", 1.7).retry_after == 1
    assert limits.take("y", 1.7).remaining == 59
    assert limits.take("x", 1000.0).remaining == 59


def test_callers_are_forgotten_before_they_fill_the_memory() -> None:
    limits = Limits(2)
    for number in range(MAX_CALLERS + 10):
        limits.take(str(number), 0.0)
    assert limits.take("0", 0.0).remaining == 1  # was dropped, so it begins anew
    assert limits.take(str(MAX_CALLERS), 0.0).remaining == 0


def test_what_has_not_changed_is_not_sent_again(web: Web) -> None:
    [id] = web.add(make_article())
    address = f"/api/v1/articles/{id}"
    first = web.get(address)
    known = {"If-None-Match": first.headers["ETag"]}
    again = web.get(address, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "RateLimit" in again.headers
    web.add(make_article(title="Kini"))
    changed = web.get(address, headers=known)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("known", ['"x"', '"x", {}, "y"', "{}", "*"])
def test_the_tags_that_a_client_knows_may_be_many(web: Web, known: str) -> None:
    etag = web.get("/api/v1/topics").headers["ETag"]
    answer = web.get("/api/v1/topics", headers={"If-None-Match": known.format(etag)})
    assert answer.status_code == (200 if known == '"x"' else 304)


def test_a_method_that_an_address_does_not_have_is_told_with_those_it_has(web: Web) -> None:
    answer = requests.put(f"{web.url}/api/v1/subscriptions", json={}, timeout=60)
    told(answer, 405)
    assert answer.headers["Allow"] == "GET, POST"


def test_what_is_too_large_is_a_problem_too(web: Web) -> None:
    headers = bearer(web, Scope.SUBSCRIPTIONS)
    told(requests.post(f"{web.url}/api/v1/subscriptions", "x" * 70_000, headers=headers, timeout=60), 413)


def test_an_index_that_cannot_answer_is_a_problem_without_its_paths(store: Store, tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path / "index")  # there is none yet
    with serving(Config(data=tmp_path), store, index) as web:
        answer = web.get("/api/v1/search")
    told(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert str(tmp_path) not in answer.text


# The document


def test_the_page_lists_all_operations(web: Web) -> None:
    page = web.get("/api").text
    for path, methods in web.get("/api/v1/openapi.json").json()["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} /api{path}</code>" in page


def test_every_operation_and_parameter_is_described_with_examples(web: Web) -> None:
    document = web.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["description"], path
            assert all(each["description"] for each in operation.get("parameters", ())), path
    text = json.dumps(document["components"]["schemas"]["Hit"])
    assert "examples" in text


# 400 is for what no schema can say, as a query that only excludes; 422, for what is not as the schema says, must not come
STATUSES = """[checks]
positive_data_acceptance.expected-statuses = ["2xx", "400", "404", "409"]
"""


def test_the_api_does_what_its_document_says(api: Web, tmp_path: Path) -> None:
    """Schemathesis: sound and unsound requests to the served application, the same in every run, with all its checks."""
    api.add(*(make_article(number=n) for n in range(30)))
    (tmp_path / "schemathesis.toml").write_text(STATUSES)
    [(_, key)] = bearer(api, *Scope).items()
    run = subprocess.run(
        [
            *(Path(sys.executable).parent / "schemathesis", "--config-file", tmp_path / "schemathesis.toml"),
            *("run", f"{api.url}/api/v1/openapi.json", "--header", f"Authorization: {key}", "--no-color"),
            *("--checks", "all", "--max-examples", "10", "--generation-deterministic"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-5000:]
    operations = sum(map(len, api.get("/api/v1/openapi.json").json()["paths"].values()))
    assert f"Tested: {operations}\n" in run.stdout
