"""The body of an article page: its paragraphs in one of the markups of real pages, and junk among them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill

from markupsafe import Markup, escape

from crawlers.demo.articles import ITALICS, Manuscript


@dataclass(frozen=True)
class Surroundings:
    """What junk speaks of: other articles, and the year in which the page is viewed."""

    links: tuple[tuple[str, str], ...]
    """(path, title) of other articles."""
    year: int


@dataclass(frozen=True)
class _Block:
    html: str
    is_line: bool = True
    """Whether it is set like a paragraph; else it is an element of its own."""


ADVERTISING = "(adsbygoogle = window.adsbygoogle || []).push({});"
NOTICE = (
    "Dilarang keras mengambil konten, melakukan crawling atau pengindeksan otomatis untuk AI "
    "di situs web ini tanpa izin tertulis dari Kantor Berita ANTARA."
)
GLUED = ("read-also-glued", "read-also-inside", "star")
"""Junk that hangs on a paragraph instead of standing between two."""
AT_END = ("read-also-end", "related-news", "credits-glued", "credits-line", "notice", "share")

Junk = Callable[[Manuscript, Surroundings], _Block]


def render_body(manuscript: Manuscript, shape: str, around: Surroundings) -> Markup:
    """The inside of the element that holds the text; raises ValueError for an unknown shape."""
    if shape not in SHAPES:
        raise ValueError(f"there is no shape {shape!r}")
    blocks = [*_blocks(manuscript, around)]
    return Markup(SHAPES[shape](blocks))  # noqa: S704 - made of escaped text


def _blocks(manuscript: Manuscript, around: Surroundings) -> Iterable[_Block]:
    last = len(manuscript.paragraphs) - 1
    between = [name for name in manuscript.junk if name not in GLUED + AT_END]
    for number, paragraph in enumerate(manuscript.paragraphs):
        printed = manuscript.dateline + paragraph if number == 0 else paragraph
        html = _text(printed, number, manuscript.tags)
        yield _Block(html + _glued(manuscript, number, last, around))
        for position, name in enumerate(between):
            if position % max(last, 1) == number:
                yield JUNK[name](manuscript, around)
    for name in AT_END:
        if name in manuscript.junk:
            yield JUNK[name](manuscript, around)


def _text(paragraph: str, number: int, tags: Sequence[str]) -> str:
    """One paragraph as HTML: italics, a link on the first tag, and here and there a hard space."""
    words = paragraph.split(" ")
    if number % 3 == 1 and len(words) > 8:
        words[4:6] = [f"{words[4]}\N{NO-BREAK SPACE}{words[5]}"]
        words[6] = f"\N{NO-BREAK SPACE}{words[6]}"
    html = re.sub(ITALICS, r"<i>\1</i>", str(escape(" ".join(words))))
    if number and tags:
        link = f'<a href="/tag/{tags[0].replace(" ", "-")}" title="{tags[0]}">{tags[0]}</a>'
        html = re.sub(rf"\b{re.escape(tags[0])}\b", link, html, count=1)
    return html.replace("\N{NO-BREAK SPACE}", "&nbsp;")


def _glued(manuscript: Manuscript, number: int, last: int, around: Surroundings) -> str:
    html = ""
    if "read-also-glued" in manuscript.junk and number == 1:
        html += f"Baca juga: {_anchor(around, 0)}"
    if "read-also-inside" in manuscript.junk and number == 2:
        html += f"<br><b>Baca juga: {_anchor(around, 1)}</b>"
    if "star" in manuscript.junk and number == last:
        html += " *"
    return html


def _anchor(around: Surroundings, number: int) -> str:
    path, title = around.links[number % len(around.links)]
    return str(Markup('<a href="{}" title="{}">{}</a>').format(path, title, title))


def _names(manuscript: Manuscript) -> str:
    return str(escape(" dan ".join(manuscript.reporters)))


def _editor(manuscript: Manuscript) -> str:
    return str(escape(manuscript.editor or ""))


def _element(html: str) -> Junk:
    return lambda _manuscript, _around: _Block(html, is_line=False)


def _line(html: str) -> Junk:
    return lambda _manuscript, _around: _Block(html)


def _read_also(number: int, before: str = "", after: str = "") -> Junk:
    return lambda _manuscript, around: _Block(f"{before}Baca juga: {_anchor(around, number)}{after}")


JUNK: Mapping[str, Junk] = {
    "script": _element('<script>var slot = "isi-1"; if (window.pbjs) { pbjs.render(slot); }</script>'),
    "style": _element("<style>.iklan { margin: 10px auto; } .iklan p { color: #888; }</style>"),
    "ins": _element(
        '<ins class="adsbygoogle" style="display:block" data-ad-client="ca-pub-0000000000000000">Iklan</ins>'
        f"<script>{ADVERTISING}</script>"
    ),
    "advertising-text": _line(ADVERTISING),
    "iframe": _element(
        '<iframe src="/video/9001/sepekan-di-banten" width="100%" height="360">Peramban lama.</iframe>'
    ),
    "figure": _element(
        '<figure class="image"><img src="/img/sisipan.jpg" alt=""><figcaption>Ilustrasi. '
        "(ANTARA/HO-Dokumentasi)</figcaption></figure>"
    ),
    "aside": _element(
        '<aside class="kotak"><h4>Sorotan</h4><ul><li><a href="/infografik/9003/data-pekan-ini">'
        "Data pekan ini dalam gambar</a></li></ul></aside>"
    ),
    "read-also-span": _read_also(2, '<span class="baca-juga">', "</span>"),
    "read-also-bold": _read_also(3, "<b>", "</b>"),
    "read-also": _read_also(4),
    "read-also-end": _read_also(5),
    "related-news": _line(
        'Related news: <a href="/video/9002/banten-this-week">Banten steps up aid for families in need</a>'
    ),
    "credits-glued": lambda manuscript, around: _Block(
        f"Pewarta: {_names(manuscript)}Editor: {_editor(manuscript)} Copyright © ANTARA {around.year}"
    ),
    "credits-line": lambda manuscript, around: _Block(
        f"Pewarta : {_names(manuscript)} Editor: {_editor(manuscript)} COPYRIGHT © ANTARA {around.year}"
    ),
    "notice": _line(NOTICE),
    "share": _element(
        '<div class="share-box"><span>Bagikan:</span> <a href="#fb">Facebook</a> <a href="#x">X</a> '
        '<a href="#wa">WhatsApp</a> <a href="#salin">Salin tautan</a></div>'
    ),
}
"""What pollutes a body, by the name an article's file calls it. More of it: `GLUED`."""


def _as_breaks(blocks: Sequence[_Block]) -> str:
    """Bare text between two line breaks, as in older bodies."""
    return "\n".join(block.html + ("<br><br>" if block.is_line else "") for block in blocks) + "&nbsp;"


def _as_paragraphs(blocks: Sequence[_Block]) -> str:
    return "\n".join(f"<p>{block.html}</p>" if block.is_line else block.html for block in blocks)


def _as_word(blocks: Sequence[_Block]) -> str:
    """Text pasted from a word processor: its styles, comments, hard line ends and split words."""
    return _WORD_HEAD + "\n".join(_word_block(block, number) for number, block in enumerate(blocks))


def _word_block(block: _Block, number: int) -> str:
    if not block.is_line:
        return block.html
    html = re.sub(r"^([^<]*?\b)([a-z]{4})([a-z]{4,})", r'\1<span class="SpellE">\2</span>\3', block.html)
    html = fill(html, 90, break_long_words=False, break_on_hyphens=False)
    if number % 4 == 3:
        return f"<div><div>{html}</div></div>\n<div>&nbsp;</div>"
    return (
        '<p class="MsoNormal" style="margin-bottom:0cm;text-align:justify;line-height:150%">'
        f'<span lang="IN" style="font-family:&quot;Times New Roman&quot;">{html}<o:p></o:p></span></p>\n'
        '<p class="MsoNormal"><span lang="IN"><o:p>&nbsp;</o:p></span></p>'
    )


_WORD_HEAD = """<!--[if gte mso 9]><xml>
 <w:WordDocument><w:View>Normal</w:View><w:Zoom>0</w:Zoom></w:WordDocument>
</xml><![endif]-->
<style><!--
 p.MsoNormal, li.MsoNormal { margin: 0cm; font-size: 12.0pt; font-family: "Times New Roman"; }
--></style>
<!--[if gte mso 10]><style>table.MsoNormalTable { mso-style-name: "Table Normal"; }</style><![endif]-->
"""

SHAPES: Mapping[str, Callable[[Sequence[_Block]], str]] = {
    "br": _as_breaks,
    "p": _as_paragraphs,
    "word": _as_word,
}
