"""Article: what it refuses, and which changes a reader sees."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from conftest import NOW, make_article


@pytest.mark.parametrize(
    "fields",
    [{"title": ""}, {"paragraphs": ()}, {"url": ""}, {"published": datetime(2026, 1, 1)}],  # noqa: DTZ001
)
def test_an_article_without_title_text_address_or_zone_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="an article"):
        make_article(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Lain"},
        {"paragraphs": ("Lain.",)},
        {"place": "Serang"},
        {"authors": ("Lain",)},
        {"editor": None},
        {"tags": ()},
        {"attachments": ("https://x/y.pdf",)},
        {"published": NOW + timedelta(minutes=1)},
    ],
)
def test_what_a_reader_sees_changes_the_digest(fields: dict[str, Any]) -> None:
    assert make_article(**fields).digest != make_article().digest


@pytest.mark.parametrize(
    "fields",
    [{"image": "https://x/y.jpg"}, {"published": NOW + timedelta(seconds=30)}, {"region": "32"}],
)
def test_what_no_reader_sees_leaves_the_digest(fields: dict[str, Any]) -> None:
    assert make_article(**fields).digest == make_article().digest


def test_authors_and_their_borders_are_told_apart() -> None:
    assert make_article(authors=("A", "B")).digest != make_article(authors=("A B",)).digest
