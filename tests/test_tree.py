"""Trees: only what cannot be there is not looked for, and none is kept."""

import gc
import weakref
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse, JsonResponse, Response

from crawlers.proposal import load_preset, preset_names
from crawlers.reading.tree import find, parse, tree_of

PAGES = sorted((Path(__file__).parents[1] / "benchmarks" / "pages").glob("*.html"))
SELECTORS = sorted(
    {
        selector
        for name in preset_names()
        for value in dict(load_preset(name).select).values()
        if isinstance(value, tuple)
        for selector in value
    }
)
URL = "https://x.id/berita/1"
TAGS = st.sampled_from(["div", "p", "h1", "span", "meta", "article"])
ATTRIBUTES = st.sampled_from(
    [
        *(
            "class=a",
            "class='a b'",
            "class='\tb\n'",
            "CLASS=c",
            'class = "A a"',
            "class=&#97;",
            'title="class="',
        ),
        *(
            "id=a",
            "id=b",
            "name=a",
            "property=a",
            "content=x",
            "title='class=\"'",
            'class=""',
            "class",
            "cl\0ass=b",
        ),
    ]
)
TEXTS = st.sampled_from(
    [
        "x",
        'class="',
        "<script>'class=\"'</script>",
        "<!--class='-->",
        "\0",
        "<",
        "&lt;h1 class=a>",
        "<sp\0an>",
    ]
)
ELEMENTS = st.lists(
    st.builds("<{} {}>{}".format, TAGS, st.lists(ATTRIBUTES, max_size=2).map(" ".join), TEXTS)
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_preset_finds_all_that_is_there(page: Path) -> None:
    tree = parse(page.read_text(encoding="utf-8"))
    for selector in SELECTORS:
        assert tree.find(selector) == find(tree.root, selector)


@given(ELEMENTS.map("".join))
@pytest.mark.parametrize(
    "selector",
    [
        *(
            ".a",
            "div.a .b, .c",
            "#a",
            "p#b.a > span",
            "meta[name=a]::attr(content)",
            "meta[property='a'][content]",
        ),
        *(".a:not(.b)", "div:has(> .c), h1:is(.a, .b)", "[class^=a]", "p::text", "* + .a"),
    ],
)
def test_any_page_shows_the_same_to_a_tree_as_to_its_root(selector: str, html: str) -> None:
    tree = parse(html)
    assert tree.find(selector) == find(tree.root, selector)


def test_an_element_is_looked_through_alone() -> None:
    tree = parse("<div class=a><p class=b>1</div><p class=b>2")
    assert [each.text for each in tree.find("p.b", tree.find(".a")[0])] == ["1"]


def test_what_a_page_states_is_in_its_order() -> None:
    tree = parse(
        "<title>A</title><meta content=1><link rel=canonical href=/a><script type='application/ld+json'>{}</script>"
        "<body><meta content=2><meta name=x><script>1</script><link rel=next href=/b><svg><title>B</title></svg>"
    )
    assert [each.text for each in tree.titles] == ["A", "B"]
    assert [each.get("content") for each in tree.metas] == ["1", "2"]
    assert (tree.scripts, tree.canonical) == (["{}"], ["/a"])


@given(st.text())
def test_any_text_has_a_tree(text: str) -> None:
    assert parse(text).root.tag == "html"


@pytest.mark.parametrize("text", ["", "<!-- x -->", "<?xml version='1.0'?>", "\0", "<![CDATA[", "é\ud800"])
def test_nothing_is_an_empty_page(text: str) -> None:
    assert parse(text).root.tag == "html"


@pytest.mark.parametrize(
    ("response", "sentence"),
    [
        (Response(URL, body=b"%PDF"), "not a page of text"),
        (JsonResponse(URL, body=b"[1]"), "no page of HTML"),
    ],
)
def test_what_is_no_page_has_no_tree(response: Response, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        tree_of(response)


def test_a_tree_is_freed_at_once() -> None:
    """Not when the garbage collector comes round, by which time hundreds would lie about."""
    response = HtmlResponse(URL, body=b"<p>x", encoding="utf-8")
    gc.disable()
    try:
        tree = tree_of(response)
        is_there = weakref.ref(tree)
        del tree
        assert is_there() is None
    finally:
        gc.enable()
