import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW, SHARED, WIB
from hypothesis import given
from hypothesis import strategies as st

from crawlers.demo.body import SHAPES
from crawlers.demo.portal import Portal
from crawlers.extract import PageError, further_pages, read_article
from crawlers.reading.tree import parse
from crawlers.source import Selectors, Source, load_source
from indexer.article import Article

BANTEN = load_source("antara_banten")
URL = f"{BANTEN.home}/berita/1/judul"
PAGES = sorted(
    each for each in (Path(__file__).parent / "pages" / "antara").glob("*.html") if ".page-" not in each.name
)
ANTARA = SHARED / "pages" / "antara"
needs_shared = pytest.mark.skipif(not ANTARA.exists(), reason="the pages of others are not here")

DATELINES = {
    "Serang (ANTARA) - ": "Serang",
    "Serang, Banten (ANTARA) - ": "Serang",
    "Jakarta (ANTARA) – ": "Jakarta",
    "Depok, Jawa Barat (ANTARA) — ": "Depok",
    "Mataram, NTB (ANTARA News) - ": "Mataram",
    "Bandarlampung, Lampung (ANTARA News) - ": "Bandarlampung",
    "ISTANBUL, 23 Februari 2016 (Antara/PRNewswire) -- ": "Istanbul",
    "Serang, 23/1 (ANTARA) - ": "Serang",
    "Kota Tangerang (ANTARA)-": "Kota Tangerang",
    "LEBAK,RADARBANTEN.CO.ID-": "Lebak",
    "KOTA SERANG, RADARBANTEN.CO.ID – ": "Kota Serang",
    "SERANG – ": "Serang",
    "JAKARTA- ": "Jakarta",
    "JAKARTA, KOMPAS.com -": "Jakarta",
    "DKI JAKARTA, KOMPAS.com — ": "DKI Jakarta",
    "KOMPAS.com- ": None,
    "TEMPO.CO,Jakarta- ": "Jakarta",
    "TEMPO.CO, Jakarta - ": "Jakarta",
    "Liputan6.com, Jakarta -": "Jakarta",
    "Liputan6.com, Jakarta": "Jakarta",
    "REPUBLIKA.CO.ID,\xa0CIREBON--": "Cirebon",
    "REPUBLIKA.CO.ID, TANJUNG RAJA -- ": "Tanjung Raja",
}


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with Portal(now=NOW) as running:
        yield running


def page(**parts: str) -> str:
    """A regional page; each part can be set: head, lang, title, date, body, footer."""
    values = {
        "lang": "id",
        "title": "Judul",
        "date": "Jumat, 23 Januari 2026 15:32 WIB",
        "body": "<p>Isi.</p>",
    } | parts
    return (
        f"<html lang='{values['lang']}'><head>{values.get('head', '')}</head><body><header class=post-header>"
        f"<h1 class=post-title>{values['title']}</h1>"
        f"<p class=simple-here><span class=article-date>{values['date']}</span></p>"
        f"{values.get('figure', '')}</header>"
        f"<div class='post-content clearfix'>{values['body']}</div>{values.get('footer', '')}</body></html>"
    )


def read(html: str, url: str = URL, source: Source = BANTEN) -> Article:
    return read_article(parse(html), url, source, NOW)


def in_any_language(source: Source) -> Source:
    select = source.preset.select.model_copy(update={"languages": ()})
    return source.model_copy(update={"preset": source.preset.model_copy(update={"select": select})})


def credits(text: str) -> str:
    return f"<footer class=post-meta><div class=tags-wrapper>{text}</div></footer>"


def tags(*names: str) -> str:
    return f"<ul class=tags-widget>{''.join(f'<li><a href=/tag/x>{name}</a></li>' for name in names)}</ul>"


def figure(image: str) -> str:
    return f"<figure class=image-overlay><picture>{image}</picture></figure>"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_golden_page(path: Path) -> None:
    """An answer that is not there is written, to be read by a person before it is kept."""
    url = f"{BANTEN.home}/berita/410009/{path.stem}?utm_source=rss"
    further = sorted(path.parent.glob(f"{path.stem}.page-*.html"))
    tree, *more = (parse(each.read_text(encoding="utf-8")) for each in (path, *further))
    article = read_article(tree, url, in_any_language(BANTEN), NOW, more)
    answer = json.loads(json.dumps(asdict(article), default=str))
    expected = path.with_suffix(".expected.json")
    if not expected.exists():
        expected.write_text(json.dumps(answer, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{expected} was written: read it, correct it, keep it")
    assert answer == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("shape", SHAPES)
def test_every_article_of_the_demo_portal_is_read_right_in_every_shape(portal: Portal, shape: str) -> None:
    source = load_source("demo").model_copy(update={"home": portal.address})
    for expected in portal.articles:
        html = portal.answer(f"{expected.url.removeprefix(portal.address)}?bentuk={shape}").body.decode()
        article = asdict(read(html, expected.url, source))
        assert {name: article[name] for name in asdict(expected)} == asdict(expected)


@pytest.mark.parametrize("reason", ["no body", "no date"])
def test_a_broken_page_of_the_demo_portal_is_an_error(portal: Portal, reason: str) -> None:
    url = next(url for url, why in portal.broken.items() if why == reason)
    with pytest.raises(PageError):
        read(portal.answer(url.removeprefix(portal.address)).body.decode(), url)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Judul - ANTARA News Banten", "Judul"),
        ("Judul - ANTARA News", "Judul"),
        ("Judul - ANTARA", "Judul"),
        ("Judul\n  yang&nbsp;panjang", "Judul yang panjang"),
        ("Kantor berita - ANTARAN barang", "Kantor berita - ANTARAN barang"),
        ("Harga <i>beras</i> naik", "Harga beras naik"),
    ],
)
def test_a_title_is_folded_and_without_the_name_of_the_site(title: str, expected: str) -> None:
    assert read(page(title=title)).title == expected


@pytest.mark.parametrize(("dateline", "place"), DATELINES.items())
def test_a_dateline_is_the_place(dateline: str, place: str | None) -> None:
    article = read(page(body=f"<p>{dateline}Pemerintah bekerja.</p>"))
    assert (article.place, article.paragraphs) == (place, ("Pemerintah bekerja.",))


@pytest.mark.parametrize(("dateline", "place"), [pair for pair in DATELINES.items() if pair[0][-1] in " -"])
def test_a_dateline_may_be_a_paragraph_of_its_own(dateline: str, place: str | None) -> None:
    article = read(page(body=f"<p>{dateline}</p><p>Pemerintah bekerja.</p>"))
    assert (article.place, article.paragraphs) == (place, ("Pemerintah bekerja.",))


def test_a_place_with_a_dash_is_a_dateline_only_if_it_is_all_of_a_paragraph() -> None:
    article = read(page(body="<p>Serang -</p><p>Pemerintah bekerja.</p>"))
    assert (article.place, article.paragraphs) == ("Serang", ("Pemerintah bekerja.",))


def test_a_dash_left_behind_by_a_dateline_goes() -> None:
    article = read(page(body="<p>Serang (ANTARA)</p><p>- Pemerintah bekerja.</p>"))
    assert (article.place, article.paragraphs) == ("Serang", ("Pemerintah bekerja.",))


def test_a_dateline_may_follow_a_heading() -> None:
    article = read(page(body="<h3>Laporan khusus</h3><p>Serang (ANTARA) - Pemerintah bekerja.</p>"))
    assert (article.place, article.paragraphs) == ("Serang", ("Laporan khusus", "Pemerintah bekerja."))


@pytest.mark.parametrize(
    "text",
    [
        "Bupati Lebak (tengah) - bersama wakilnya - meninjau pasar.",
        "KPK-Polri bekerja sama.",
        "Jakarta - Bandung ditempuh 40 menit.",
        "Menurut Kantor Berita ANTARA, harga naik.",
        "Serang tetap tenang.",
        "PT X - perusahaan itu - tutup.",
    ],
)
def test_a_sentence_is_no_dateline(text: str) -> None:
    article = read(page(body=f"<p>{text}</p>"))
    assert (article.place, article.paragraphs) == (None, (text,))


@pytest.mark.parametrize(
    ("text", "authors", "editor"),
    [
        ("Pewarta: Lukman Hakim<br>Editor :&nbsp;<br>COPYRIGHT © ANTARA 2023", ("Lukman Hakim",), None),
        ("Pewarta: A Dan B dan C<br>Editor: D", ("A Dan B", "C"), "D"),
        ("Pewarta: Ana, Budi<br>Editor: Cici", ("Ana", "Budi"), "Cici"),
        ("Pewarta : Ana/Budi<br>Editor : Cici", ("Ana", "Budi"), "Cici"),
        ("Pewarta: AnaEditor: Cici Copyright © ANTARA 2026", ("Ana",), "Cici"),
        ("Pewarta : Ana Editor: Cici COPYRIGHT © ANTARA 2026", ("Ana",), "Cici"),
        ("Pewarta: AnaEditor:  Copyright © ANTARA 2026", ("Ana",), None),
        ("Editor: Cici<br>COPYRIGHT © ANTARA 2026", (), "Cici"),
        ("COPYRIGHT © ANTARA 2026", (), None),
    ],
)
def test_credits_name_authors_and_editor(text: str, authors: tuple[str, ...], editor: str | None) -> None:
    article = read(page(footer=credits(text)))
    assert (article.authors, article.editor) == (authors, editor)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("#bakau", "nelayan", "Bakau", " "), ("bakau", "nelayan")),
        (("beras, harga pangan, Serang",), ("beras", "harga pangan", "Serang")),
        ((), ()),
    ],
)
def test_tags_are_single_and_in_order(names: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert read(page(footer=tags(*names))).tags == expected


@pytest.mark.parametrize(
    ("image", "address"),
    [
        ("<img src=/blank.png data-src=/foto/1.jpg>", f"{BANTEN.home}/foto/1.jpg"),
        ("<img src=//img.antaranews.com/1.jpg>", "https://img.antaranews.com/1.jpg"),
        ("<img src='data:image/gif;base64,R0lGOD'>", None),
        ("<img src='http://[::1/1.jpg'>", None),
        ("<img alt=x>", None),
    ],
)
def test_an_image_has_a_whole_address(image: str, address: str | None) -> None:
    assert read(page(figure=figure(image))).image == address


@pytest.mark.parametrize(
    ("lang", "head", "language"),
    [
        ("id", "", "id"),
        ("id-ID", "", "id"),
        ("in", "", "id"),
        ("en-US", "", "en"),
        ("", "<meta property=og:locale content=en_US>", "en"),
        ("", "", "id"),
        ("indonesia", "", "id"),
    ],
)
def test_a_language_is_what_the_page_states(lang: str, head: str, language: str) -> None:
    assert read(page(lang=lang, head=head)).language == language


@pytest.mark.parametrize(
    ("head", "address"),
    [
        ("<link rel=canonical href=/berita/2/b>", "/berita/2/b"),
        ("<link rel=canonical href=https://contoh.id/berita/2/b>", "/berita/1/judul"),
        ("<link rel=canonical href=/>", "/berita/1/judul"),
        (
            "<link rel=canonical href=''><meta property=og:url content='/berita/3/c?utm_source=x'>",
            "/berita/3/c",
        ),
        ("<link rel=canonical href='http://[bad'>", "/berita/1/judul"),
        ("", "/berita/1/judul"),
    ],
)
def test_an_address_is_that_the_page_gives_if_it_is_an_article_here(head: str, address: str) -> None:
    assert read(page(head=head), f"{URL}?utm_source=rss").url == BANTEN.home + address


@pytest.mark.parametrize(
    "head",
    [
        "<meta property='article:published_time' content='2026-01-23T15:32:00+07:00'>",
        "<meta itemprop=datePublished content='2026-01-23 15:32'>",
        '<script type="application/ld+json">{"@graph": [{"datePublished": "2026-01-23 15:32"}]}</script>',
    ],
)
def test_a_date_is_taken_from_structured_data_where_none_is_shown(head: str) -> None:
    assert read(page(head=head, date="")).published == datetime(2026, 1, 23, 15, 32, tzinfo=WIB)


@pytest.mark.parametrize("data", ["{", "[" * 100_000, '"x"', "null", '[1, {"datePublished": 5}]'])
def test_broken_structured_data_is_no_date(data: str) -> None:
    with pytest.raises(PageError, match="no date"):
        read(page(head=f"<script type='application/ld+json'>{data}</script>", date=""))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"title": " "}, r"no title, looked for at header\.post-header h1\.post-title, "),
        ({"date": "tadi"}, r"no date, looked for at p\.simple-here "),
        ({"body": "<script>x</script>&nbsp;"}, r"no text, looked for at div\.post-content, "),
        ({"body": "Baca juga: <a>x</a>"}, "no text"),
        ({"body": "Serang (ANTARA) - "}, "no text"),
        ({"date": "1 Januari 1970"}, "no date"),
        ({"date": "1 Januari 2027"}, "no date"),
        ({"date": "COPYRIGHT © ANTARA 2026"}, "no date"),
    ],
)
def test_a_missing_part_is_an_error_that_names_it(parts: dict[str, str], message: str) -> None:
    with pytest.raises(PageError, match=message) as caught:
        read(page(**parts))
    assert caught.value.kind == "layout"


def test_the_year_of_the_copyright_line_is_not_the_date() -> None:
    article = read(page(date="Jumat, 23 Januari 2026 15:32 WIB", footer=credits("COPYRIGHT © ANTARA 2027")))
    assert article.published.year == 2026


def test_the_first_selector_that_finds_something_wins() -> None:
    newer = "<div class=wrap__article-detail-title><h1>Lain</h1></div>"
    assert read(page(footer=newer)).title == "Judul"


def test_a_newer_template_is_read_where_the_older_is_gone() -> None:
    newer = "<div class=wrap__article-detail-title><h1>Baru</h1></div>"
    assert read(page(title="", footer=newer)).title == "Baru"


@given(st.text(), st.text(), st.text())
def test_any_page_is_an_article_or_a_page_error(title: str, date: str, body: str) -> None:
    try:
        article = read(page(title=title, date=date, body=body))
    except PageError:
        return
    assert article.title and article.paragraphs


def test_a_very_deep_page_is_answered() -> None:
    with pytest.raises(PageError):
        read(page(body="<div>" * 20_000 + "Isi." + "</div>" * 20_000))


@needs_shared
@pytest.mark.parametrize("name", ["2015-1", "2015-2", "2015-3"])
def test_reads_the_real_pages(name: str) -> None:
    """Their answers are another scraper's: it lost italics and breaks, and left the dateline in."""
    expected: dict[str, Any] = json.loads((ANTARA / f"{name}.expected.json").read_text(encoding="utf-8"))
    source = BANTEN.model_copy(update={"home": "https://www.antaranews.com"})
    article = read((ANTARA / f"{name}.html").read_text(encoding="utf-8"), expected["url"], source)
    assert article.url == expected["url"].replace("http:", "https:")
    assert article.title == expected["title"]
    assert article.published == datetime.fromisoformat(expected["date_iso_utc"])
    content = expected["content"]
    dateline = content[: content.index("-") + 1]
    assert _likeness(article.text, content.removeprefix(dateline)) > 0.99


@needs_shared
@pytest.mark.parametrize(
    ("name", "place", "authors", "editor", "first", "last"),
    [
        ("2015-1", "Mataram", ("Nur Imansyah",), "Ade Marboen", "Sebanyak 29", 'BIL," katanya.'),
        (
            "2015-2",
            "Bandarlampung",
            ("Budisantoso Budiman", "Agus S"),
            "Ade Marboen",
            "Petugas",
            'tinggi," kata dia.',
        ),
        ("2015-3", "Istanbul", ("prwir",), "PR Wire", "Pemerintah kota", "Sumber: Pemerintah Kota Cekmekoy"),
    ],
)
def test_reads_the_parts_of_the_real_pages(
    name: str, place: str, authors: tuple[str, ...], editor: str, first: str, last: str
) -> None:
    article = read((ANTARA / f"{name}.html").read_text(encoding="utf-8"))
    assert (article.place, article.authors, article.editor) == (place, authors, editor)
    assert article.paragraphs[0].startswith(first)
    assert article.paragraphs[-1].endswith(last)


@needs_shared
def test_reads_the_real_fragment_of_a_regional_page() -> None:
    fragment = (ANTARA / "regional-fragment-2022.html").read_text(encoding="utf-8")
    article = read(page(date="Jumat, 21 Oktober 2022 16:40 WIB", body="").partition("<div")[0] + fragment)
    assert (article.place, article.authors, article.editor) == ("Serang", ("Lukman Hakim",), None)
    assert len(article.paragraphs) == 7
    assert article.paragraphs[0].startswith("Dinas Lingkungan Hidup (DLH) Kota Serang bersama")
    assert "terjadi dampak pencemaran" in article.paragraphs[3]
    assert article.paragraphs[-1].endswith('pengawas DLH Kota Serang," katanya.')


def generic(**changes: Any) -> Source:
    """A source of which nothing is known but its address."""
    preset = BANTEN.preset.model_copy(update={"select": Selectors(**changes), "article": "^/berita/"})
    return Source(key="x", name="Warta Contoh", home=BANTEN.home, preset=preset)


TEXT = "".join(
    f"<p>Pemerintah desa nomor {number} membagikan bibit kepada para petani yang menunggu sejak pagi di balai.</p>"
    for number in range(6)
)
UNKNOWN = "<html lang=en><head><title>Bibit dibagikan di desa - Warta Contoh</title>{head}</head><body>{body}</body></html>"


def unknown(head: str = "", body: str = "") -> str:
    """A page without a class that says anything."""
    shown = (
        body
        or f"<h1>Bibit dibagikan di desa</h1><span>Senin, 5 Januari 2026 | 10:00 WIB</span><div>{TEXT}</div>"
    )
    return UNKNOWN.format(head=head, body=shown)


def test_a_page_that_nobody_described_is_read() -> None:
    article = read(unknown(), source=generic())
    assert article.title == "Bibit dibagikan di desa"
    assert article.published == datetime(2026, 1, 5, 10, tzinfo=WIB)
    assert len(article.paragraphs) == 6
    assert article.language == "id"


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        (
            "<meta property=og:title content='Bibit dibagikan di desa - Warta Contoh'>",
            "",
            "Bibit dibagikan di desa",
        ),
        (
            "<meta property=og:title content='Bibit dibagikan di desa | Warta Contoh'>",
            f"<h1>Warta</h1><h2>Bibit dibagikan di desa</h2><time>5 Januari 2026</time><div>{TEXT}</div>",
            "Bibit dibagikan di desa",
        ),
        (
            "<meta property=og:title content='Bibit - untuk desa - Warta Contoh'>",
            f"<h1>Warta</h1><time datetime=2026-01-05></time><div>{TEXT}</div>",
            "Bibit - untuk desa",
        ),
        (
            '<script type="application/ld+json">[{"@type": ["NewsArticle"], "headline": "Bibit &amp; pupuk"}]</script>',
            f"<time datetime=2026-01-05></time><div>{TEXT}</div>",
            "Bibit & pupuk",
        ),
    ],
)
def test_a_title_is_the_heading_that_the_page_confirms(head: str, body: str, title: str) -> None:
    assert read(unknown(head, body), source=generic()).title == title


@pytest.mark.parametrize(
    ("head", "moment"),
    [
        (
            '<script type="application/ld+json">{"@graph": [{"@type": "Comment", "datePublished": "2026-02-01"}, '
            '{"@type": "NewsArticle", "datePublished": "2026-01-04T09:00:00+07:00"}]}</script>',
            datetime(2026, 1, 4, 9, tzinfo=WIB),
        ),
        ("<meta name=pubdate content='2026-01-04 T09:00:00Z'>", datetime(2026, 1, 4, 9, tzinfo=WIB)),
        ("<meta name=publishdate content='2026/01/04 09:00:00'>", datetime(2026, 1, 4, 9, tzinfo=WIB)),
    ],
)
def test_what_is_stated_for_machines_is_the_date_before_what_is_shown(head: str, moment: datetime) -> None:
    assert read(unknown(head), source=generic()).published == moment


def test_a_copyright_year_is_never_the_date_of_an_unknown_page() -> None:
    body = f"<h1>Bibit dibagikan di desa</h1><p>Copyright 12 Januari 2026</p><div>{TEXT}</div><p>© 2026 Warta</p>"
    with pytest.raises(PageError, match="no date, looked for everywhere"):
        read(unknown(body=body), source=generic())


def test_boxes_of_links_are_no_text_of_an_unknown_page() -> None:
    parts = TEXT.split("</p>")
    box = "<div><strong>Baca juga: <a href=/x>Harga beras naik di pasar</a></strong></div><p><a href=/y>Panen raya</a></p>"
    text = "</p>".join([*parts[:3], box, *parts[3:]])
    body = f"<h1>Bibit dibagikan di desa</h1><time>5 Januari 2026</time><div>{text}</div>"
    text = read(unknown(body=body), source=generic()).text
    assert "beras" not in text and "Panen" not in text and "nomor 5" in text


def test_a_source_with_selectors_is_never_guessed_at() -> None:
    with pytest.raises(PageError, match=r"no text, looked for at div\.isi"):
        read(unknown(), source=generic(body=("div.isi",)))


ENGLISH = "<p>The governor said on Monday that the bridge will be opened by the end of the year and is safe for all.</p>"


def test_the_language_is_told_by_the_text() -> None:
    assert read(page(lang="en-US", body=TEXT)).language == "id"
    assert read(page(lang="id", body=ENGLISH), source=in_any_language(BANTEN)).language == "en"


def test_another_language_than_expected_is_an_error() -> None:
    assert read(page(body=TEXT)).language == "id"
    with pytest.raises(PageError, match="'en', expected is 'id'") as caught:
        read(page(body=ENGLISH))
    assert caught.value.kind == "language"


def test_documents_are_whole_addresses_each_once_in_order() -> None:
    body = (
        "<p>Isi <a href=/b.PDF?v=1>laporan itu</a> dan <a href='https://lain.go.id/a.pdf'>lampiran</a>.</p>"
        "<p><a href=/b.PDF?v=1>Download</a></p><p><a href=/c.doc>x</a><a href='http://[/d.pdf'>y</a>z</p>"
    )
    article = read(page(body=body))
    assert article.attachments == (f"{BANTEN.home}/b.PDF?v=1", "https://lain.go.id/a.pdf")
    assert article.paragraphs[0] == "Isi laporan itu dan lampiran."
    assert "Download" not in article.text


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        ("<title>Just a moment...</title><div id=challenge-form></div>", "blocked"),
        ("<title>Attention Required! | Cloudflare</title><h1>Sorry</h1>", "blocked"),
        ("<title>403 Forbidden</title><center><h1>403 Forbidden</h1></center>", "blocked"),
        ("<title>Portal</title><form><div class=g-recaptcha></div></form>", "blocked"),
        ("<title>Portal</title><form action=/login><input type=password></form>", "blocked"),
        ("<title>Portal</title><p>Please accept cookies to go on.</p>", "blocked"),
        ("<title>Login - Portal</title>", "blocked"),
        ("<title>Halaman tidak ditemukan - Portal</title><h1>404</h1>", "gone"),
        ("<title>Portal</title><h1>404</h1><p>Maaf.</p>", "gone"),
        ("<title>Portal</title><p>Halaman yang Anda cari tidak dapat ditemukan.</p>", "gone"),
        ("<title>Portal</title><p>Selamat datang.</p>", "layout"),
    ],
)
def test_what_stands_where_an_article_should_is_told(html: str, kind: str) -> None:
    for source in (BANTEN, generic()):
        with pytest.raises(PageError) as caught:
            read(f"<html><body>{html}</body></html>", source=source)
        assert caught.value.kind == kind


def test_an_article_about_such_pages_is_an_article() -> None:
    head = "<title>Halaman tidak ditemukan, warga keluhkan situs bansos - ANTARA</title>"
    assert read(page(head=head, body="<p>Captcha dan 403 Forbidden muncul.</p>")).title == "Judul"


def test_pages_of_an_article_are_one_text() -> None:
    first = page(
        body="<p>Serang (ANTARA) - Satu.</p><p>Dua.</p><p>Halaman <a>1</a> <a>2</a></p><a>Selanjutnya</a>"
    )
    second = page(body="<p>Serang (ANTARA) - Satu.</p><p>Tiga.</p><p>Dua.</p><p>Lihat semua</p>")
    third = page(body="<p>Serang (ANTARA) - Empat.</p>")
    more = [parse(second), parse(third)]
    article = read_article(parse(first), URL, BANTEN, NOW, more)
    assert article.paragraphs == ("Satu.", "Dua.", "Tiga.", "Dua.", "Empat.")
    assert article.place == "Serang"


def test_a_further_page_without_text_is_an_error() -> None:
    with pytest.raises(PageError, match="no text"):
        read_article(parse(page()), URL, BANTEN, NOW, [parse(page(body=""))])


def paged(links: str) -> list[str]:
    select = BANTEN.preset.select.model_copy(update={"pages": (".hal a",)})
    source = BANTEN.model_copy(update={"preset": BANTEN.preset.model_copy(update={"select": select})})
    return further_pages(parse(page(footer=f"<div class=hal>{links}</div>")), URL, source)


@pytest.mark.parametrize(
    "form", ["?page={}", "/berita/1/judul/{}/", "/berita/1/judul/page/{}", "?a=1&halaman={}"]
)
def test_further_pages_are_numbered_and_of_this_article(form: str) -> None:
    def link(number: int) -> str:
        return f"<a href='{form.format(number)}'>{number}</a>"

    found = paged(
        "".join(map(link, (1, 3, 2, 3)))
        + "<a href=/berita/2/lain?page=4>4</a><a href=http://x.id/?page=5>5</a>"
    )
    assert [each[-4:].strip("/")[-1] for each in found] == ["2", "3"]
    assert all(each.startswith(URL) for each in found)


def test_further_pages_are_at_most_twenty() -> None:
    assert len(paged("".join(f"<a href=?page={number}>x</a>" for number in range(1, 90)))) == 20


def test_a_source_without_selectors_for_them_has_no_further_pages() -> None:
    assert further_pages(parse(page(footer="<a href=?page=2>2</a>")), URL, BANTEN) == []


MADE = sorted((Path(__file__).parents[1] / "benchmarks" / "pages").glob("*.html"))


@pytest.mark.parametrize(
    "path", [path for path in MADE if path.stem.startswith("wordpress")], ids=lambda path: path.stem
)
def test_wordpress_in_its_many_themes(path: Path) -> None:
    known = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    source = load_source("bantennews").model_copy(update={"home": "https://contoh.test"})
    article = read(path.read_text(encoding="utf-8"), known["url"], source)
    assert (article.title, article.published.date().isoformat()) == (known["title"], known["published"][:10])
    assert list(article.paragraphs) == known["paragraphs"]
    assert (article.place, list(article.authors)) == (known["place"], known["authors"])
    assert (
        list(article.attachments)
        == [f"https://contoh.test{each}" for each in known.get("attachments", [])][:2]
    )


@given(st.text(), st.text(), st.text())
def test_any_unknown_page_is_an_article_or_a_page_error(title: str, date: str, body: str) -> None:
    html = f"<html><title>{title}</title><body><h1>{title}</h1><i>{date}</i><div>{TEXT}{body}</div></body></html>"
    try:
        article = read(html, source=generic())
    except PageError:
        return
    assert article.title and article.paragraphs


@needs_shared
def test_reads_a_real_page_of_wordpress_word_by_word() -> None:
    folder = SHARED / "pages" / "kabarislamia"
    known = json.loads((folder / "wordpress-2015.expected.json").read_text(encoding="utf-8"))
    source = load_source("bantennews").model_copy(update={"home": "https://kabarislamia.com"})
    for each in (source, generic()):
        article = read((folder / "wordpress-2015.html").read_text(encoding="utf-8"), known["url"], each)
        assert article.title == "Jangan Membenci Satu Kaum Secara Berlebihan"
        assert _likeness(article.text, known["articleBody"]) > 0.99


def test_elements_that_a_source_names_go() -> None:
    body = (
        "<p class='text-muted mt-2 small'>Catatan.</p><p>Isi.</p><p class='text-muted mt-2 small'>Lagi.</p>"
    )
    assert read(page(body=body)).paragraphs == ("Isi.",)


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()
