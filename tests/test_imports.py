"""Imports point one way; who breaks it is named."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
ALLOWED_IN_CRAWLERS = {
    "indexer.article",
    "indexer.store",
    "indexer.config",
    "indexer.errors",
    "indexer.schema",
}
LAYERS = (  # each may import what stands before it, and its own line
    {"errors"},
    {"article", "language", "config"},
    {"query", "diff"},
    {"regions", "topics", "highlight", "schema", "database"},
    {"store"},
    {
        "index",
        "tantivy_index",
        "elastic_index",
        "elastic_query",
        "stories",
        "accounts",
        "keys",
        "saved",
        "crawl_requests",
        "feed_keys",
    },
    {"engines"},
    {"alerts"},
    {"web"},
    {"terminal"},
    {"tour"},
    {"cli"},
)


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{each.name}" for each in node.names} | {node.module}
    return found


def modules(package: str) -> list[Path]:
    return [path for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]


def test_only_the_front_door_knows_the_crawlers() -> None:
    guilty = [
        path.name
        for path in modules("indexer")
        if "cli" not in path.parts and any(each.split(".")[0] == "crawlers" for each in imports_of(path))
    ]
    assert guilty == []


def test_crawlers_use_only_the_article_the_record_and_the_settings() -> None:
    guilty = {
        f"{path.name}: {each}"
        for path in modules("crawlers")
        for each in imports_of(path)
        if each.startswith("indexer.")
        and not any(each == ok or each.startswith(ok + ".") for ok in ALLOWED_IN_CRAWLERS)
    }
    assert guilty == set()


def test_inside_the_indexer_imports_point_down() -> None:
    level = {name: number for number, names in enumerate(LAYERS) for name in names}
    guilty = []
    for path in modules("indexer"):
        own = path.relative_to(ROOT / "indexer").with_suffix("").parts[0]
        if own == "__init__":
            continue
        assert own in level, f"{path.name}: give it its place in LAYERS"
        for each in imports_of(path):
            parts = each.split(".")
            if parts[0] == "indexer" and len(parts) > 1 and level.get(parts[1], -1) > level[own]:
                guilty.append(f"{path.name}: {each}")
    assert guilty == []
