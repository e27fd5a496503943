"""The page of an article: its text and data, what changed, where else it stands, what is like it."""

import re
from datetime import timedelta
from html import unescape

import pytest
from conftest import NOW, Web, make_article
from hypothesis import given
from hypothesis import strategies as st

from indexer.article import Article
from indexer.diff import Kind, Piece
from indexer.highlight import Passage
from indexer.index import analyse
from indexer.store import StoredArticle
from indexer.web.articles import MAX_BYTES, shown, split
from indexer.web.changes import MAX_PAIRS, Detail, changes, differences, folded
from indexer.web.record import Version
from indexer.web.similar import telling_words

LONG_TEXT = tuple(
    f"Warga desa nomor {number} di Lebak menerima bantuan tunai pagi ini." for number in range(9)
)


def links(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'href="([^"]*)"', page)]


def section(page: str, id: str) -> str:
    begin = page.index(f'id="{id}"')
    return page[begin : page.index("</section>", begin)]


# What it says


def test_the_words_of_the_search_are_marked_in_title_and_text(web: Web) -> None:
    [id] = web.add(make_article())
    page = web.get(f"/artikel/{id}", params={"q": "miskin keluarga"}).text
    assert "angka <mark>kemiskinan</mark></h1>" in page
    assert "pengentasan warga <mark>miskin</mark> tahun" in page
    assert "1.200 <mark>keluarga</mark>." in page


def test_paragraphs_stay_paragraphs(web: Web) -> None:
    [id] = web.add(make_article(paragraphs=("Satu dua.", "Tiga empat.")))
    page = web.get(f"/artikel/{id}").text
    assert '<p dir="auto">Satu dua.</p>\n<p dir="auto">Tiga empat.</p>' in page


def test_the_way_back_to_the_search_is_kept(web: Web) -> None:
    [id] = web.add(make_article())
    assert "/?q=warga+miskin" in links(web.get(f"/artikel/{id}", params={"q": "warga miskin"}).text)


def test_its_data_are_told_and_linked(web: Web) -> None:
    web.store.name_source("antara_banten", "ANTARA Banten", "https://banten.antaranews.com")
    [id] = web.add(make_article(attachments=("https://banten.antaranews.com/berkas/laporan%20akhir.pdf",)))
    page = web.get(f"/artikel/{id}").text
    found = links(page)
    for text in ("ANTARA Banten", "Kantor berita", "Kabupaten Lebak", "Budi Raharjo", "laporan akhir.pdf"):
        assert text in page
    for link in ("/sumber/antara_banten", "/?wilayah=36.02", "/topik/kemiskinan", "/?q=tag%3A%22lebak%22"):
        assert link in found
    assert "24 November 2026 12:00 WIB" in page


def test_its_links_find_it(web: Web) -> None:
    [id] = web.add(make_article())
    about = section(web.get(f"/artikel/{id}").text, "tentang")
    searches = [each for each in links(about) if each.startswith("/?")]
    assert len(searches) >= 4
    for url in searches:
        assert f"/artikel/{id}" in web.get(url).text


def test_links_to_other_sites_tell_them_nothing(web: Web) -> None:
    [id] = web.add(make_article(attachments=("https://banten.antaranews.com/a.pdf",)))
    page = web.get(f"/artikel/{id}").text
    out = re.findall(r'<a[^>]*href="https://[^>]*>', page)
    assert len(out) == 2
    assert all('rel="noopener noreferrer external"' in each for each in out)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example/x", "https://[", "ftp://a/b"]
)
def test_only_addresses_of_the_web_are_linked(web: Web, url: str) -> None:
    [id] = web.add(make_article(url=url, attachments=(url,)))
    assert url not in links(web.get(f"/artikel/{id}").text)


@pytest.mark.parametrize("id", ["0", "2", "-1", "9" * 40, "1e3", "١", "x", "1%2F2", "%00", "1.0", " 1"])
def test_there_is_no_other_article(web: Web, id: str) -> None:
    web.add(make_article())
    answer = web.get(f"/artikel/{id}")
    assert answer.status_code == 404
    assert "tidak ada" in answer.text


# Hostile articles


def test_what_a_site_writes_is_only_text(web: Web) -> None:
    evil = "</title></p><script>alert(1)</script>\u202e<img src=x onerror=y>{{ 7*7 }}"
    fields = {
        "title": evil,
        "paragraphs": (evil,),
        "place": evil,
        "authors": (evil,),
        "editor": evil,
        "tags": (evil,),
    }
    web.add(make_article(**fields, number=1), make_article(**fields, number=2, source=evil))
    for id in (1, 2):
        page = web.get(f"/artikel/{id}", params={"q": "alert"}).text
        assert "<script>" not in page
        assert "<img" not in page
        assert "{{ 7*7 }}" in page


@pytest.mark.parametrize(
    "text", ["a " * 500_000, '<&" ' * 250_000, "x" * 1_000_000, "ﷺ" * 300_000, "\U0001f600 a" * 200_000]
)
def test_a_huge_article_is_a_small_page(web: Web, text: str) -> None:
    [id] = web.add(
        make_article(title=text, paragraphs=(text,), tags=("x" * 1000,) * 1000, authors=("y" * 999,) * 999)
    )
    answer = web.get(f"/artikel/{id}", params={"q": "a"})
    assert answer.status_code == 200
    assert len(answer.content) < 100_000
    assert "hanya bagian awalnya" in answer.text


def test_many_short_paragraphs_are_a_small_page(web: Web) -> None:
    [id] = web.add(make_article(paragraphs=("a",) * 100_000))
    assert len(web.get(f"/artikel/{id}", params={"q": "a"}).content) < 100_000


@given(st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=12), st.integers(50, 2000))
def test_what_is_shown_is_the_beginning(paragraphs: list[str], limit: int) -> None:
    found, is_cut = shown(tuple(paragraphs), limit)
    assert "\n\n".join(paragraphs).startswith("\n\n".join(found))
    assert is_cut == (tuple(paragraphs) != found)


def test_a_usual_article_is_shown_whole() -> None:
    paragraphs = ("Pemerintah Kabupaten Lebak & Serang. " * 100,) * 9
    assert shown(paragraphs, MAX_BYTES) == (paragraphs, False)


def test_a_mark_over_two_paragraphs_is_cut_in_two() -> None:
    assert split("ab cd\n\nef", [(0, 2), (3, 9)]) == [
        Passage("ab cd", ((0, 2), (3, 5))),
        Passage("ef", ((0, 2),)),
    ]


# Changes


def test_a_change_is_told_with_what_was_and_what_is(web: Web) -> None:
    web.add(make_article(paragraphs=("Bantuan untuk 900 keluarga.",), editor="Budi"))
    web.add(
        make_article(paragraphs=("Bantuan untuk 1.050 keluarga.",), editor="Sari"),
        now=NOW + timedelta(hours=1),
    )
    page = section(web.get("/artikel/1").text, "perubahan")
    assert '<del><span class="hidden">dihapus: </span>900</del>' in page
    assert '<ins><span class="hidden">ditambahkan: </span>1.050</ins>' in page
    assert "24 November 2026 13:00 WIB" in page
    assert "Sari</ins>" in page


def test_only_some_changes_are_shown_and_the_others_counted(web: Web) -> None:
    for number in range(8):
        web.add(make_article(title=f"Judul {number}"))
    page = section(web.get("/artikel/1").text, "perubahan")
    assert page.count("<h3>") == 5
    assert "2 perubahan sebelumnya" in page


def test_a_text_too_long_to_compare_is_no_failure(web: Web) -> None:
    web.add(make_article(paragraphs=("a " * 3000,)))
    web.add(make_article(paragraphs=("b " + "a " * 2999 + "c",)))
    assert "terlalu panjang untuk ditunjukkan" in web.get("/artikel/1").text


def test_one_changed_paragraph_of_a_long_text_can_be_compared() -> None:
    long = ["sama " * 400] * 20
    before, after = "\n\n".join([*long, "satu", *long]), "\n\n".join([*long, "dua", *long])
    assert len(before.split()) ** 2 > MAX_PAIRS
    found = differences(before, after)
    assert found and [each for each in found if each.kind != Kind.SAME] == [
        Piece(Kind.REMOVED, "satu\n\n"),
        Piece(Kind.ADDED, "dua\n\n"),
    ]


@given(
    st.lists(st.sampled_from(["a b", "c", "d  e", "f"]), max_size=6),
    st.lists(st.sampled_from(["a b", "c x", "f"]), max_size=6),
)
def test_differences_hold_both_texts(before: list[str], after: list[str]) -> None:
    old, new = "\n\n".join(before), "\n\n".join(after)
    found = differences(old, new)
    assert found is not None
    assert "".join(each.text for each in found if each.kind != Kind.ADDED) == old + "\n\n"
    assert "".join(each.text for each in found if each.kind != Kind.REMOVED) == new + "\n\n"


def test_what_stayed_the_same_is_cut_to_what_stands_around() -> None:
    same = "kata " * 100
    before, added, after = folded(
        [Piece(Kind.SAME, same), Piece(Kind.ADDED, "baru "), Piece(Kind.SAME, same)]
    )
    assert before.text.startswith("… kata") and len(before.text) < 100
    assert added.text == "baru "
    assert after.text.endswith("kata …") and len(after.text) < 100


def test_other_fields_are_compared_too() -> None:
    article = make_article(tags=("a", "b"), editor=None)
    details = {
        "tags": ["a"],
        "editor": "Budi",
        "place": "Lebak",
        "authors": ["Siti Aminah"],
        "attachments": [],
    }
    version = Version(1, article.title, article.text, {**details, "published": NOW.isoformat()}, NOW)
    [change] = changes([version], article)
    assert (change.title, change.text, change.published) == ([], [], None)
    assert change.details == [Detail("editor", "Budi", ""), Detail("tags", "a", "a, b")]


def test_another_time_is_a_change_but_not_another_zone() -> None:
    article = make_article()
    for moment, is_change in ((NOW + timedelta(hours=1), True), (NOW.astimezone(tz=None), False)):
        version = Version(1, article.title, article.text, {"published": moment.isoformat()}, NOW)
        assert bool(changes([version], article)[0].published) is is_change


# Elsewhere


def test_copies_are_listed_with_their_source(web: Web) -> None:
    web.store.name_source("b_c", "Portal B", "https://b.example")
    web.add(
        make_article(number=1, paragraphs=LONG_TEXT),
        make_article(number=2, paragraphs=LONG_TEXT, source="b_c", published=NOW + timedelta(hours=2)),
        make_article(number=3),
    )
    page = section(web.get("/artikel/1").text, "salinan")
    assert "/artikel/2" in page
    assert "Portal B" in page
    assert "24 November 2026 14:00 WIB" in page
    assert "/artikel/3" not in page


def test_similar_articles_are_neither_itself_nor_copies(web: Web) -> None:
    text = ("Stunting balita di Pandeglang ditangani posyandu dengan dapur gizi.",)
    web.add(
        make_article(number=1, title="Posyandu Pandeglang tangani stunting", paragraphs=(*text, *LONG_TEXT)),
        make_article(number=2, title="Dapur gizi untuk stunting", paragraphs=(*text, *LONG_TEXT)),
        make_article(number=3, title="Kader posyandu timbang balita", paragraphs=("Stunting balita turun.",)),
        make_article(number=4, title="Harga cabai naik", paragraphs=("Pasar Rau ramai.",)),
    )
    page = section(web.get("/artikel/1").text, "serupa")
    assert re.findall(r"/artikel/(\d)", page) == ["3"]


def test_nothing_similar_is_no_section(web: Web) -> None:
    web.add(make_article())
    assert 'id="serupa"' not in web.get("/artikel/1").text


def test_telling_words_are_frequent_here_and_rare_elsewhere() -> None:
    article: Article = make_article(
        title="Posyandu dan stunting",
        paragraphs=(
            "Yang dan di itu adalah tidak dengan ini. Stunting pada balita; posyandu menimbang balita.",
        ),
    )
    found = telling_words(analyse(StoredArticle(1, 1, None, NOW, article)))
    assert set(found[:3]) == {"stunting", "posyandu", "balita"}
    assert not {"yang", "tidak", "dengan", "adalah"} & set(found)
