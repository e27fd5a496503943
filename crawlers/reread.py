"""Reads archived pages again with today's selectors, so that a mended selector heals the past."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawlers.archive import latest_pages
from crawlers.extract import PageError, read_article
from crawlers.memory import Memory
from crawlers.pipelines import PAST
from crawlers.reading.tree import tree_of
from crawlers.schedule import Outcome
from crawlers.source import Source
from indexer.store import Change, Failure, Result, Store


def reread(store: Store, source: Source, folder: Path) -> tuple[Outcome, list[Failure]]:
    """Read the newest archived copy of each page; articles that now read otherwise become revisions."""
    begin, failures = time.monotonic(), []
    counts = dict.fromkeys(Change, 0)
    memory = Memory(store, source.key)
    for each in latest_pages(folder, source.key):
        more = [tree_of(page) for page in each.more]
        try:
            article = read_article(tree_of(each.response), each.response.url, source, each.fetched_at, more)
        except PageError as error:
            failures.append(Failure(each.page, error.kind, str(error)))
            continue
        now = datetime.now(UTC)
        change = store.add(article, now, is_news=now - article.published <= PAST)
        counts[change] += 1
        if change is Change.NEW:
            memory.healed(each.page, article.published, now)
    result = Result.INCOMPLETE if failures else Result.OK
    pages = sum(counts.values()) + len(failures)
    numbers: dict[str, Any] = {str(change): number for change, number in counts.items()}
    seconds = time.monotonic() - begin
    return Outcome(source.key, result, seconds, pages, failed=len(failures), **numbers), failures
