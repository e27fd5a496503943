import unicodedata
from html import escape
from textwrap import fill

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawlers import clean
from crawlers.clean import clean_body

BEFORE = "Bantuan disalurkan pekan ini, katanya."
AFTER = "Warga diminta menyiapkan kartu keluarga."

JUNK = {
    "read also": "Baca juga: Harga beras naik",
    "read also, linked": 'Baca juga: <a href="/berita/2/x">Harga beras naik</a>',
    "read also, bold": "<b>Baca juga: <a href='/berita/2/x'>Harga beras naik</a></b>",
    "read also, all linked": "<a href='/berita/2/x'>Baca juga: Harga beras naik</a>",
    "read also, capitals": "BACA JUGA : Harga beras naik",
    "read also, no colon": "Baca Juga <a href='/berita/2/x'>Harga beras naik</a>",
    "read also, no colon and no link": "Baca Juga Harga Beras Naik di Serang",
    "read also, several": "Baca juga: <a>Harga beras naik</a>, <a>Harga cabai turun</a>",
    "read also in a span": '<span class="baca-juga">Baca juga: <a>Harga beras naik</a></span>',
    "see also": "Simak juga: <a>Harga beras naik</a>",
    "look also": "Lihat juga: Harga beras naik?",
    "video": "Lihat juga Video 'Harga Beras Naik':",
    "video with a colon": "Simak juga Video: Harga Beras Naik, Kok?",
    "watch also": 'Tonton juga "Harga Beras Naik" di sini:',
    "related": "Berita terkait: <a>Harga beras naik</a>",
    "related, in English": "Related news: <a>Rice gets dearer</a>",
    "editor's choice": "Pilihan editor: Harga beras naik",
    "advertising code": "(adsbygoogle = window.adsbygoogle || []).push({});",
    "advertising mark": "ADVERTISEMENT",
    "advertising mark, small": "Advertisement",
    "scroll": "SCROLL TO CONTINUE WITH CONTENT",
    "both": "ADVERTISEMENT SCROLL TO CONTINUE WITH CONTENT",
    "embedded video": "[Gambas:Video 20detik]",
    "credits, glued": "Pewarta: Siti AminahEditor: Budi Raharjo Copyright © ANTARA 2026",
    "credits": "Pewarta : Siti Aminah Editor: Budi Raharjo COPYRIGHT © ANTARA 2026",
    "credits without editor": "Pewarta: Siti AminahEditor:  Copyright © ANTARA 2026",
    "reporter": "Pewarta: Siti Aminah",
    "editor": "Editor: Budi Raharjo",
    "copyright": "COPYRIGHT © ANTARA 2026",
    "copyright, sign first": "© 2026 ANTARA",
    "notice": (
        "Dilarang keras mengambil konten, melakukan crawling atau pengindeksan otomatis untuk AI di situs "
        "web ini tanpa izin tertulis dari Kantor Berita ANTARA."
    ),
    "channel": "Ikuti kami di WhatsApp Channel Portal Contoh",
    "channel of a paper": "Ikuti Whatsapp Channel Republika",
    "more channels": "Dapatkan update berita pilihan setiap hari dari kami. Gabung di grup Telegram kami",
    "team": "Tim Redaksi",
    "share": "Bagikan: Facebook X WhatsApp Salin tautan",
    "rule": "-----",
    "stars": "***",
    "pager": "Halaman 1 2 3",
    "pager, linked": "<a href='?page=1'>1</a> <a href='?page=2'>2</a>",
    "page of pages": "Halaman 1 dari 3",
    "next": "Selanjutnya »",
    "next page": "<a href='?page=2'>Halaman berikutnya</a>",
    "all pages": "Lihat semua",
    "views": "Post Views: 1.234",
    "views, in words": "Dibaca: 88 kali",
    "share this": "Share this:",
    "bagikan ini": "Bagikan ini:",
    "like": "Like this: Like Loading...",
    "download": "<a href='/a.pdf'>Download</a>",
    "unduh": "Unduh di sini",
    "share button": "<a href='https://x.example/share'>Facebook</a>",
    "filed": "Filed under: Berita",
    "read more": "Baca selengkapnya di sini.",
}
ELEMENTS = {
    "script": "<script>var a = 'katanya.';</script>",
    "style": "<style>p { color: red }</style>",
    "advertising": '<ins class="adsbygoogle">Iklan</ins>',
    "iframe": "<iframe src='/video/1'>Peramban lama.</iframe>",
    "figure": "<figure><img src=x><figcaption>Warga antre. ANTARA/HO</figcaption></figure>",
    "caption": '<p class="wp-caption-text">Warga antre. ANTARA/HO</p>',
    "aside": "<aside><h4>Sorotan</h4><p>Data pekan ini.</p></aside>",
    "share box": '<div class="share-box"><a>Facebook</a> <a>Salin tautan</a></div>',
    "comment": "<!-- katanya. -->",
    "Word": "<!--[if gte mso 9]><xml><w:View>Normal</w:View></xml><![endif]-->",
    "label and list": "<p>Baca juga:</p><ul><li><a>Harga beras</a></li><li><a>Harga cabai</a></li></ul>",
    "label and next element": "<h4>Berita Terkait</h4><div><a>Harga beras naik</a></div>",
    "label without colon": "<strong>Baca Juga</strong><p><a>Harga beras naik</a></p>",
}
LEGITIMATE = (
    "Ia mengajak warga untuk baca juga buku tentang kampung sendiri.",
    '"Baca juga aturan pakainya," kata dia.',
    'Papan itu bertuliskan "Baca juga: aturan pakai" di dinding.',
    "Terlihat juga genangan air di jalan desa.",
    "Seorang pewarta foto mengabadikan kejadian itu.",
    "Editor buku itu mengatakan naskahnya sudah selesai.",
    "Perajin didorong mendaftarkan hak cipta motif tenunnya.",
    "Copyright adalah hak pencipta atas karyanya.",
    "Warga dapat melapor dengan menekan *123# lalu memilih menu pengaduan.",
    "Ikuti arahan petugas melalui WhatsApp resmi, kata dia.",
    "Bagikan kebaikan kepada sesama, katanya.",
    "Tim redaksi majalah itu berjumlah lima orang.",
    "Iklan layanan masyarakat dipasang di lima tempat.",
    "Sumber: Pemerintah Kota Cekmekoy",
    "Kasus itu ditangani Komisi Pemberantasan Korupsi (KPK)",
    "https://www.contoh.id/daftar",
    "Lihat Jakarta dari atas, kata pemandu itu.",
    "Harga turun 3 * 2 persen.",
    "Selanjutnya, panitia menghitung suara.",
    "Halaman sekolah itu ditanami cabai.",
    "Semua",
    "WhatsApp",
    "Warga diminta unduh aplikasi itu di sini sebelum Senin.",
    "Buku itu telah dibaca 12 kali oleh anaknya.",
    "12 34 56",
)


def paragraphs_html(*paragraphs: str) -> str:
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_a_line_of_junk_goes(junk: str) -> None:
    assert clean_body(paragraphs_html(BEFORE, junk, AFTER)) == [BEFORE, AFTER]


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_a_line_of_junk_goes_between_breaks(junk: str) -> None:
    assert clean_body("<br><br>".join((BEFORE, junk, AFTER, ""))) == [BEFORE, AFTER]


@pytest.mark.parametrize("element", ELEMENTS.values(), ids=ELEMENTS)
def test_an_element_of_junk_goes(element: str) -> None:
    assert clean_body(f"<p>{BEFORE}</p>{element}<p>{AFTER}</p>") == [BEFORE, AFTER]


@pytest.mark.parametrize("sentence", LEGITIMATE)
def test_a_sentence_with_such_words_stays(sentence: str) -> None:
    assert clean_body(paragraphs_html(BEFORE, sentence, AFTER)) == [BEFORE, sentence, AFTER]


@pytest.mark.parametrize(
    "glued",
    [
        "Baca juga: <a>Harga beras naik</a>",
        " Baca juga: <a>Harga beras naik</a>",
        "<b>Baca juga: Harga beras naik</b>",
        "Baca Juga: Harga beras naik",
        "Baca Juga<a>Harga beras naik</a>",
        " (baca juga: Harga beras naik)",
        "Pewarta: Siti AminahEditor: Budi Raharjo Copyright © ANTARA 2026",
        "(adsbygoogle = window.adsbygoogle || []).push({});",
        "[Gambas:Video 20detik]",
        "SCROLL TO CONTINUE WITH CONTENT",
        "Ikuti Whatsapp Channel Republika",
    ],
)
def test_the_sentence_before_glued_junk_stays(glued: str) -> None:
    assert clean_body(paragraphs_html(BEFORE + glued, AFTER)) == [BEFORE, AFTER]


def test_a_label_at_the_end_of_a_sentence_takes_the_linked_title_after_it() -> None:
    html = f"<p>{BEFORE} Baca juga:</p><p><a href=x>Harga beras naik</a></p><p>{AFTER}</p>"
    assert clean_body(html) == [BEFORE, AFTER]


def test_a_sentence_after_a_linked_title_stays() -> None:
    assert clean_body(f"<p>Baca juga: <a>Harga beras naik</a> {AFTER}</p>") == [AFTER]


def test_a_sentence_after_a_bold_title_stays() -> None:
    assert clean_body(f"<p>{BEFORE} <b>Baca juga: Harga beras</b> {AFTER}</p>") == [f"{BEFORE} {AFTER}"]


def test_a_title_of_which_only_a_word_is_linked_goes_whole() -> None:
    assert clean_body(paragraphs_html(BEFORE, "Baca juga: <a>Beras</a> naik di Serang", AFTER)) == [
        BEFORE,
        AFTER,
    ]


def test_a_linked_paragraph_stays_where_no_label_is_before_it() -> None:
    assert clean_body("<p><a href=x>https://contoh.id</a></p>") == ["https://contoh.id"]


@pytest.mark.parametrize(
    "signature", [" *", "*", " (*)", " (aik/aik)", " (Den)", " ***", "<b>(aik/aik)</b>", " (kha) *"]
)
def test_what_signs_an_article_goes(signature: str) -> None:
    assert clean_body(paragraphs_html(BEFORE, AFTER + signature)) == [BEFORE, AFTER]


def test_a_signature_goes_though_junk_follows_it() -> None:
    html = paragraphs_html(BEFORE, "(aik/aik)", "Editor: Budi Raharjo")
    assert clean_body(html) == [BEFORE]


def test_a_star_within_the_text_stays() -> None:
    assert clean_body(paragraphs_html("Harga Rp5.000*", AFTER)) == ["Harga Rp5.000*", AFTER]


def test_white_space_is_folded() -> None:
    assert clean_body("<p> Harga\n beras&nbsp;&nbsp;naik\t</p>") == ["Harga beras naik"]


def test_a_word_split_by_elements_stays_whole() -> None:
    assert clean_body("<p><span>Pem</span>erin<b>tah</b> <a href=x>daerah</a>.</p>") == ["Pemerintah daerah."]


def test_lists_quotations_and_tables_are_text() -> None:
    html = (
        "<p>Syarat:</p><ul><li>KTP</li><li><p>Kartu keluarga</p></li></ul><blockquote>Datanglah.</blockquote>"
        "<table><tr><th>Desa</th><th>Rumah</th></tr><tr><td>Cikeusik</td><td>12</td></tr></table>"
    )
    assert clean_body(html) == ["Syarat:", "KTP", "Kartu keluarga", "Datanglah.", "Desa Rumah", "Cikeusik 12"]


def test_text_is_composed_and_without_invisible_characters() -> None:
    assert clean_body("<p>caf\u0065\u0301 me\u200bning\u202ekat &#x200d;\ufeff\x07tinggi</p>") == [
        "café meningkat tinggi"
    ]


def test_invisible_characters_do_not_hide_junk() -> None:
    assert clean_body(paragraphs_html("Ba\u200bca ju\u00adga: Harga beras naik", AFTER)) == [AFTER]


@pytest.mark.parametrize("element", ["div", "span", "b", "a"])
def test_very_deep_nesting_is_read(element: str) -> None:
    html = f"<{element}>" * 20_000 + BEFORE + f"</{element}>" * 20_000 + f"<p>{AFTER}</p>"
    assert " ".join(clean_body(html)).split() == f"{BEFORE} {AFTER}".split()


@pytest.mark.parametrize(
    "piece",
    ["Baca juga: <a>x</a> ", "*", "katanya.Baca juga: y. ", "[Gambas:", ".Pewarta: ", "<br>", "(Baca juga: "],
)
def test_a_huge_body_takes_time_in_proportion(piece: str) -> None:
    clean_body(piece * 50_000)  # a quadratic rule would take minutes


HTML_PIECES = st.sampled_from(
    (
        "<p>", "</p>", "<br>", "<b>", "</b>", "<a href=x>", "</a>", "<div>", "</div>", "<table><td>", "<!--",
        "-->", "<span class=baca-juga>", "<script>", "<?xml", "&nbsp;", "&#2;", "&#3;", "\x02", "\x03",
        "\ud800", "\u200b", "Baca juga:", "Baca juga", "BACA JUGA: ", "baca", " juga: ", "Harga beras naik",
        "katanya.", "Menurut dia.", '"', "(", ")", "*", " ", "\n", "ADVERTISEMENT", "[Gambas:", "]",
        "Pewarta: ", "Editor: ", "©",
    )
)  # fmt: skip


@given(st.text() | st.lists(HTML_PIECES).map("".join))
@example("http://contoh.id")
@example("<?xml version='1.0'?><p>x</p>")
@example("a.html")
def test_any_html_gives_clean_paragraphs_and_no_error(html: str) -> None:
    for paragraph in clean_body(html):
        assert paragraph == " ".join(paragraph.split()) != ""
        assert paragraph == unicodedata.normalize("NFC", paragraph)
        assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in paragraph)
        assert not paragraph.lower().startswith(("baca juga:", "baca juga :"))


def as_breaks(sentences: list[str]) -> str:
    return "<br><br>\n".join(escape(sentence) for sentence in sentences) + "&nbsp;"


def as_paragraphs(sentences: list[str]) -> str:
    return "\n".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def as_word(sentences: list[str]) -> str:
    """Text pasted from a word processor, its lines hard-wrapped."""
    wrapped = (fill(escape(each), 60, break_long_words=False, break_on_hyphens=False) for each in sentences)
    return "<style><!-- p.MsoNormal { margin: 0 } --></style>" + "\n".join(
        f'<p class="MsoNormal"><span lang="IN">{lines}<o:p></o:p></span></p>\n<p><o:p>&nbsp;</o:p></p>'
        for lines in wrapped
    )


WORDS = st.text("abcdefghijklmnopqrstuvwxyzé<&\"'’-,0123456789", min_size=1, max_size=12)
SENTENCES = st.lists(WORDS, min_size=1, max_size=20).map(lambda words: f"Warga {' '.join(words)}.")


@given(st.lists(SENTENCES, min_size=1, max_size=8))
def test_any_sentences_are_the_same_paragraphs_in_every_shape(sentences: list[str]) -> None:
    for shape in (as_breaks, as_paragraphs, as_word):
        assert clean_body(shape(sentences)) == sentences


PIECES = (
    *(
        "Warga",
        "(Baca juga: ",
        "SIMAK PULA",
        "Lihat juga",
        "\x02",
        "\x03",
        ".",
        ":",
        " ",
        '"',
        "©",
        "(c)",
        "Pewarta: ",
    ),
    *(
        "Editor: ",
        "Copyright ",
        "Hak cipta (C)",
        "Ikuti WhatsApp Channel Kami",
        "[Gambas:Video]",
        "Read More:",
    ),
    *("ADVERTISEMENT", "SCROLL TO CONTINUE", "Dilarang keras mengambil konten, melakukan crawling"),
    *("Pilihan Editor: ", "Related News"),
)


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_a_line_without_the_words_of_junk_has_none(line: str) -> None:
    """The words are looked for first because that is quick: they may never hide anything."""
    assert clean._may_hold(clean._PHRASE_WORDS, line) or not clean._PHRASES.search(line)
    assert clean._may_hold(clean._LABEL_WORDS, line) or not clean._READ_ALSO.search(line)
