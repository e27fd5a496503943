"""What pages state for machines."""

import json
from typing import Any

import pytest

from crawlers.reading.structured import Structured
from crawlers.reading.tree import parse


def stating(*things: Any, head: str = "") -> Structured:
    scripts = "".join(f"<script type='application/ld+json'>{json.dumps(each)}</script>" for each in things)
    return Structured(parse(f"<html><head>{head}{scripts}</head><body></body></html>"))


def test_an_article_comes_before_what_is_none() -> None:
    stated = stating({"@type": "WebPage", "headline": "Situs"}, {"@type": "NewsArticle", "headline": "Judul"})
    assert stated.titles == ("Judul", "Situs")


def test_an_article_within_a_graph_is_found() -> None:
    assert stating({"@graph": [{"@type": ["NewsArticle"], "headline": "Judul"}]}).titles == ("Judul",)


@pytest.mark.parametrize("kind", ["Comment", "ImageObject", "https://schema.org/Person"])
def test_other_things_say_nothing_of_the_article(kind: str) -> None:
    assert stating({"@type": kind, "headline": "Komentar", "datePublished": "2026-01-01"}).titles == ()


def test_json_is_surer_than_meta_elements() -> None:
    head = "<meta property=og:title content='Judul - Situs'>"
    assert stating({"@type": "Article", "headline": "Judul &amp; isi"}, head=head).titles == (
        "Judul & isi",
        "Judul - Situs",
    )


def test_json_in_comments_is_read_and_broken_json_is_passed_over() -> None:
    html = (
        '<script type="application/ld+json">// <![CDATA[\n{"@type":"Article","headline":"A"}\n// ]]></script>'
        '<script type="application/ld+json">{"@type":</script>'
    )
    assert Structured(parse(html)).titles == ("A",)


def test_people_are_authors_and_organisations_are_not() -> None:
    authors = [
        {"@type": "Person", "name": "Siti"},
        {"@type": "Organization", "name": "Situs"},
        "Budi",
        "https://x.id/a",
    ]
    assert stating({"@type": "Article", "author": authors}).authors == ("Siti", "Budi")


def test_a_local_time_called_utc_is_left_without_its_zone() -> None:
    head = "<meta name=publishdate content='2015-11-05 T10:08:58Z'>"
    assert stating(head=head).dates == ("2015-11-05 10:08:58",)


def test_an_image_is_a_file() -> None:
    head = "<meta property=og:image content=https://x.id/logo/><meta property=og:image content=https://x.id/a.jpg?w=1>"
    assert stating(head=head).images == ("https://x.id/a.jpg?w=1",)


def test_tags_of_the_article_are_surer_than_keywords() -> None:
    head = "<meta name=keywords content='a, b'><meta property=article:tag content=banjir>"
    assert (stating(head=head).tags, stating(head=head[:35]).tags) == (("banjir",), ("a, b",))
