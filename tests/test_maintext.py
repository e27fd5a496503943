"""The text of a page whose markup nobody described."""

from crawlers.reading.maintext import main_text
from crawlers.reading.tree import parse

LINES = [
    f"Pada hari ke-{number} pemerintah kabupaten membagikan bantuan itu kepada warga di seluruh kecamatan."
    for number in range(1, 7)
]
TEXT = "".join(f"<p>{line}</p>" for line in LINES)
MENU = "<ul class=menu>" + "<li><a href=/x>Berita lain tentang pasar</a></li>" * 20 + "</ul>"


def test_the_text_is_found_among_menus_with_the_element_that_holds_it() -> None:
    paragraphs, holder = main_text(parse(f"<body>{MENU}<div id=isi>{TEXT}</div>{MENU}</body>").root)
    assert (paragraphs, holder.get("id")) == (LINES, "isi")


def test_a_box_that_is_called_junk_goes() -> None:
    box = "<div class='baca-juga'><p>Harga beras di pasar induk naik lagi pada pekan ini, kata para pedagang.</p></div>"
    assert main_text(parse(f"<body><div>{TEXT}{box}</div></body>").root)[0] == LINES


def test_an_element_with_most_of_the_text_stays_whatever_it_is_called() -> None:
    assert main_text(parse(f"<body><div class='share widget'>{TEXT}</div></body>").root)[0] == LINES


def test_what_microdata_calls_the_body_is_all_of_it() -> None:
    other = "<div><p>Panitia lomba mengumumkan bahwa pendaftaran peserta ditutup pada akhir bulan depan.</p></div>"
    html = f"<body>{other}<div itemprop=articleBody>{TEXT}</div>{other}</body>"
    assert main_text(parse(html).root)[0] == LINES


def test_a_page_without_text_has_none() -> None:
    assert main_text(parse(f"<body>{MENU}</body>").root)[0] == []
