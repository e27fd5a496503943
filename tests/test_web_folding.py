"""A story is one hit of a search, on whichever page the first of its articles stands."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from conftest import NOW, Web, make_article

from indexer.article import Article
from indexer.web import searching

TITLE = re.compile(r'<h3 dir="auto"><a href="/artikel/\d+[^"]*">(.*?)</a></h3>')
LEFT_OUT = "sudah tampil di halaman sebelumnya"


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "PER_PAGE", 3)


def told(story: str, number: int, hours: float, **fields: object) -> Article:
    """An article of a story, published so many hours ago."""
    text = tuple(
        f"Warga {story} nomor {each} {story} menerima bantuan {story} tunai pagi {story}."
        for each in range(9)
    )
    fields = {"title": f"{story} {number}", "paragraphs": text, **fields}
    return make_article(number=number, published=NOW - timedelta(hours=hours), **fields)


def pages(web: Web, path: str) -> Iterator[str]:
    while path:
        text = web.get(path).text
        yield text
        further = re.search(r'rel="next" href="([^"]+)"', text)
        path = unescape(further[1]) if further else ""


def titles(web: Web, path: str) -> list[list[str]]:
    """The titles of the hits on each page."""
    return [[re.sub("<[^>]*>", "", each) for each in TITLE.findall(text)] for text in pages(web, path)]


def fill(web: Web, *articles: Article) -> None:
    web.add(*sorted(articles, key=lambda each: each.published))


def others(first: int, hours: float, count: int) -> list[Article]:
    """Stories of one article each."""
    return [told(f"Lain{n}", n, hours + n / 100, title=f"Lain{n}") for n in range(first, first + count)]


def test_a_copy_is_no_hit_of_a_further_page(web: Web) -> None:
    fill(web, told("Banjir", 1, 0), *others(10, 1, 4), told("Banjir", 2, 5), told("Kering", 3, 6))
    assert titles(web, "/") == [["Banjir 1", "Lain10", "Lain11"], ["Lain12", "Lain13"], ["Kering 3"]]
    texts = [*pages(web, "/")]
    assert [LEFT_OUT in text for text in texts] == [False, True, False]
    assert ["7 berita" in text for text in texts] == [True] * 3


def test_a_story_whose_newer_copy_does_not_answer_is_a_hit(web: Web) -> None:
    fill(web, told("Banjir", 1, 0, source="lain"), *others(10, 1, 4), told("Banjir", 2, 5))
    assert titles(web, "/?sumber=antara_banten")[-1] == ["Lain13", "Banjir 2"]


def test_each_story_is_one_hit_however_many_copies_it_has(web: Web) -> None:
    copies = [told("Banjir", n, n) for n in range(8)]
    fill(web, *copies, told("Kering", 50, 9))
    assert titles(web, "/") == [["Banjir 0"], [], ["Kering 50"]]


def test_copies_of_one_moment_are_one_hit(web: Web) -> None:
    fill(web, *(told("Banjir", n, 0) for n in range(5)))
    assert titles(web, "/") == [["Banjir 4"], []]


def test_by_relevance_the_most_relevant_stands_for_the_story(web: Web) -> None:
    best = told("Banjir", 1, 50, title="Bantuan bantuan tunai")
    fill(web, best, *others(10, 1, 4), told("Banjir", 2, 0))
    first, *further = titles(web, "/?q=bantuan&urut=relevan")
    assert first[0] == "Bantuan bantuan tunai"
    found = [title for page in (first, *further) for title in page]
    assert sorted(found) == ["Bantuan bantuan tunai", *(f"Lain{n}" for n in range(10, 14))]


def test_by_relevance_what_came_since_the_first_page_hides_nothing(web: Web) -> None:
    fill(web, *others(10, 1, 4), told("Banjir", 2, 5))
    path = "/?q=bantuan&urut=relevan"
    further = re.search(r'rel="next" href="([^"]+)"', web.get(path).text)
    assert further
    fill(web, told("Banjir", 1, 50, title="Bantuan bantuan tunai"))
    assert titles(web, unescape(further[1]))[0] == ["Lain13", "Banjir 2"]
