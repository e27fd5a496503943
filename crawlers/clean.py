"""The body of an article page into clean paragraphs: what is markup or no text of the article goes.

Junk is known by its words first, so that it goes whatever a site's classes are called, and only then by a
few common classes. A rule on words asks for what a sentence of an article does not have: a colon, a link, a
line of its own.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BLOCKS = _words(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody tfoot "
    "thead tr ul"
)
"""Elements that begin and end a line."""
DROPPED = _words(
    "aside audio button canvas embed figure form head iframe input link map meta nav noscript object script "
    "select style svg template textarea title video xml"
)
"""Elements that hold no text of an article."""
JUNK_CLASSES = _words(
    "addtoany_share_save_container addthis_toolbox ads adsbygoogle advertisement baca-juga bacajuga "
    "instagram-media jp-relatedposts parallax related-news related-post related-posts read-also share "
    "share-box share-buttons sharebox sharedaddy sharethis-inline-share-buttons social-share "
    "wp-caption-text"
)

_LINK, _END = "\x02", "\x03"  # around linked text; cannot occur in it
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
"""Control and zero-width characters, those that turn the direction, and halves of pairs."""

_LABELS = (
    r"(?i:(?:baca|simak|lihat|tonton|saksikan)\s(?:juga|pula)|(?:berita|artikel)\s(?:terkait|lainnya)"
    r"|related\s(?:news|articles?|stories|posts?)|(?:read|see)\s(?:also|more)|also\sread"
    r"|pilihan\s(?:editor|redaksi))"
)
_COLON = r"\s?[:：]"
_READ_ALSO = re.compile(
    rf"^[^\w\"“‘']*{_LABELS}(?:{_COLON}|(?=\s?{_LINK})|(?=\W*$))"
    rf"|(?:(?<=[^\s\"“‘'(\[])|(?<=[^\s\"“‘'(\[][\"”’']))\s?(?=[A-Z]){_LABELS}{_COLON}"
    rf"|(?:(?<=[.!?…])|(?<=[.!?…][\"”’')]))\s?(?=[A-Z]){_LABELS}(?=\s?{_LINK}|\W*$)"
)
"""The words before titles of other articles: with a colon, a link or nothing behind them. Within a line they
begin with a capital, and what stands before them is no opening quotation mark."""
_LABEL_WORDS = tuple(
    [
        "baca",
        "simak",
        "lihat",
        "tonton",
        "saksikan",
        "terkait",
        "lainnya",
        "related",
        "also",
        "more",
        "pilihan",
    ]
)
"""One of them is in every text that a label of other articles is in: to look for these costs a tenth."""
_TITLES = re.compile(rf"[\s\"“‘'(|-]*{_LINK}[^{_END}]*{_END}(?:\s?[,;|•·/]?{_LINK}[^{_END}]*{_END})*[.)”’]?")
_UNLINKED_TITLE = re.compile(r".{0,200}$|.{0,200}?(?:[.?!…](?=\s?[\"“A-Z])|[a-z\d](?=[A-Z\"“]))")
"""Without a link a title is all that is left of a line, or in a long one what ends like a sentence."""
_WORD = re.compile(r"\w")
_SENTENCE_START = re.compile(r"[\W_]*[A-Z0-9]")
_SENTENCE_END = re.compile(r"[.!?…:;][\"”’'*)]*$")
_ONLY_LINKS = re.compile(rf"(?:[^\w{_LINK}{_END}]*{_LINK}[^{_END}]*{_END})+[^\w{_LINK}{_END}]*")
_PAGE_NUMBERS = re.compile(
    rf"(?i:(?:halaman|pages?)?[\s:]*)(?=[^{_LINK}]*{_LINK})(?:[{_LINK}{_END}]|(?<!\d)\d{{1,3}}(?!\d)|[\s|,·•«»‹›<>…])+"
)
_NETWORKS = re.compile(
    r"(?i:(?:facebook|twitter|x|tweet|whatsapp|telegram|line|linkedin|pinterest|threads|instagram|print|cetak|e-?mail"
    r"|salin|copy|tautan|link|share|bagikan)\b\W*)+"
)
"""What is written on the buttons of a share box."""
_EMPTY_LINK = re.compile(rf"{_LINK}\s*{_END}")
_LABEL_FIRST = re.compile(rf"\W*{_LABELS.replace(chr(92) + 's', chr(92) + 's+')}\b")
_INLINE_BOXES = frozenset(("a", "b", "strong", "em", "i", "u"))
_CLIMB = 8
"""How many elements around a label are looked at for where it ends."""

_PHRASES = re.compile(
    "|".join(
        (
            r"\(\s?adsbygoogle\s?=\s?window\.adsbygoogle\s?\|\|\s?\[\s?\]\s?\)\.push\(\s?\{\s?\}\s?\);?",
            r"Dilarang keras mengambil konten, melakukan crawling.{0,300}?(?:Kantor Berita ANTARA\.?|$)",
            r"\[Gambas:[^\]]{0,80}\]",
            r"(?:ADVERTISEMENT\s?)?SCROLL TO (?:CONTINUE|RESUME)(?: WITH)?(?: CONTENT)?",
            r"\bADVERTISEMENT\b",
            rf"\((?i:baca|simak|lihat)\s(?:juga|pula){_COLON}[^()]*\)",
            r"(?:^|(?<=[.!?…\"”’)*]))\s?(?:Pewarta|Penulis|Reporter)\s?:[^:]{0,120}"
            r"(?:(?:Editor|Redaktur)\s?:.{0,80}?)?(?:(?i:copyright)\s?)?(?:©|\([cC]\)).{0,60}$",
            r"(?:^|(?<=[.!?…\"”’)*]))\s?(?:Pewarta|Penulis|Reporter)\s?:[^:]{0,120}(?:Editor|Redaktur)\s?:.{0,80}$",
            r"(?:^|(?<=[.!?…\"”’)*]))\s?(?i:copyright|hak cipta)\s?(?:©|\([cC]\)).{0,60}$",
            r"(?<=[.!?…\"”’])\s?Ikuti (?i:whatsapp) (?i:channel) \w+$",
        )
    )
)
"""Junk that goes wherever it stands, as it is often glued to a sentence."""
_PHRASE_WORDS = (
    *("adsbygoogle", "dilarang keras", "[gambas", "scroll to", "advertisement", "(baca", "(simak", "(lihat"),
    *("pewarta", "penulis", "reporter", "copyright", "hak cipta", "ikuti whatsapp"),
)
"""One of them is in every line that _PHRASES finds something in."""
_JUNK_LINE = re.compile(
    "|".join(
        (
            r"[\W_]*",
            r"(?i:(?:advertisement|iklan|sponsored)\s?)+",
            r"(?i:lanjut(?:kan)? membaca.{0,40})",
            r"(?i:(?=.{0,60}\b(?:halaman|pages?|selanjutnya|berikutnya|sebelumnya|next|prev(?:ious)?|semua|all)\b)"
            r"(?=\W*(?!semua\W*$|all\W*$))(?:[\W_]|(?<!\w)(?:halaman|pages?|hal|selanjutnya|berikutnya|sebelumnya"
            r"|next|prev|previous|lihat|tampilkan|baca|show|view|semua|all|dari|of|\d{1,3})(?!\w))*)",
            r"(?i:(?:silakan |klik (?:di ?sini )?untuk )?(?:unduh|download|mengunduh)"
            r"(?: (?:di ?sini|here|file|berkas|dokumen|lampiran|pdf|selengkapnya))*[\s.:>»]*)",
            r"(?i:(?:post views|views|dibaca|dilihat|hits|(?:tulisan|artikel|berita) ini (?:telah )?(?:di)?(?:baca|lihat))"
            r"\s?:?\s?[\d.,]+(?: kali| views?| x)?)|(?i:[\d.,]+ (?:views|kali (?:dibaca|dilihat)))",
            r"(?i:(?:(?:like this|suka ini|menyukai ini)\s?:?\s?)?(?:(?:like|suka)\s)?(?:loading|memuat)\W*)",
            r"(?i:(?:like this|suka ini|menyukai ini)\s?:)",
            r"(?i:filed (?:under|in)|posted (?:in|on|under)|ditulis dalam|ditampilkan di)\b[^.!?]{0,80}",
            r"(?i:tags?|tagar)\s?:.{0,160}",
            r"(?i:(?:tentang penulis|about the author|lihat semua (?:artikel|tulisan|pos).{0,60}))",
            r"(?:Pewarta|Penulis|Reporter|Editor|Redaktur|Penyunting|Uploader|Fotografer)\s?:"
            r"[\w .,'’/&-]{0,80}",
            r"\((?:Reporter|Penulis)\s?:[^()]{0,120}\)",
            r"©.{0,80}|(?i:copyright)\s(?:ANTARA|\d{4}).{0,60}",
            r"\(?(?i:(?:tim|dewan) redaksi|redaksi)\)?",
            r"(?i:bagikan|sebarkan|share)(?i:[\W_]|ke|facebook|twitter|x|whatsapp|wa|telegram|line|linkedin|e-?mail"
            r"|pinterest|threads|salin|tautan|copy|link|this|artikel|berita|ini)*",
            r"(?i:(?:yuk|ayo|mari)?\W*(?:ikuti|gabung|bergabung|follow|dapatkan|cek|simak)\b"
            r"(?=.{0,40}\b(?:kami|kita|channel|kanal|saluran|berita|update|breaking news|artikel)\b)"
            r".{0,160}\b(?:whatsapp|telegram|google news|wa channel)\b).{0,160}",
            r"(?i:ikuti|gabung|follow)\s(?i:whatsapp|wa|telegram|google news|channel|saluran)\b.{0,80}",
            r"(?i:baca|simak)\s(?i:berita |informasi )?(?i:selengkapnya)"
            r"\s?(?i:di ?sini|di halaman|di tautan|klik).{0,40}",
            r"Saksikan [Ll]ive \w+\s?:",
            r"A post shared by .{0,100}\(@\w+\)",
            r"(?i:simak|lihat|tonton|saksikan)(?i: juga video| juga| video)\s?[:'\"‘“].*",
            rf"{_LABELS}\s(?:[Vv]ideo|[A-Z\d'‘])[^.!]{{0,150}}[\w?'’)]",
            rf"{_LABELS}{_COLON}.*",
        )
    )
)
"""Junk that is a line of its own."""
_STARS = re.compile(r"\s?(?:\(\*+\)|(?<!\*)\*+)\s?$")
_INITIALS = re.compile(
    r"(?:^|(?<=[.!?…\"”’'*]))\s?\((?:[A-Za-z]{2,4}(?:/[A-Za-z]{2,4}){1,3}|[A-Z]?[a-z]{2,3})\)\s?$"
)


def clean_body(html: str) -> list[str]:
    """Paragraphs of the text in `html`, without junk.

    A paragraph is what a browser sets as one: from a break, a block or a table's row to the next, with any
    white space in it folded; items of lists are paragraphs, cells of a row stand side by side. In NFC.
    """
    soup = BeautifulSoup(f"<div>{_INVISIBLE.sub('', html)}</div>", "lxml")
    if "&" in html or _may_hold(_LABEL_WORDS, html):
        _drop_read_also_boxes(soup)
    lines = "".join(_pieces(soup)).split("\n")
    return _without_signature(list(_paragraphs(lines)))


def is_label(text: str) -> bool:
    """Whether a text begins as a pointer to other articles does: "Baca juga", "Berita terkait"."""
    return bool(_LABEL_FIRST.match(text))


def _pieces(soup: Tag) -> Iterator[str]:
    """The text as it stands in the document, line ends where a browser breaks it, links between marks."""
    links = 0
    stack: list[PageElement | str] = [soup]
    while stack:
        node = stack.pop()
        if isinstance(node, Tag):
            before, after = _borders(node)
            inside = [] if _is_dropped(node) else node.contents
            stack += [after, *reversed(inside), before]
        elif type(node) is NavigableString:  # its subclasses are comments, styles and scripts
            yield re.sub(r"\s+", " ", _INVISIBLE.sub("", node))
        elif type(node) is str:
            links += (node == _LINK) - (node == _END)
            yield _mark(node, links)


def _mark(mark: str, links: int) -> str:
    """`mark` as written inside of so many links: only the outermost counts, and none holds a line end."""
    if mark == "\n" and links:
        return f"{_END}\n{_LINK}"
    is_inner = links > (1 if mark == _LINK else 0)
    return "" if mark in (_LINK, _END) and is_inner else mark


def _borders(element: Tag) -> tuple[str, str]:
    if element.name == "a":
        return _LINK, _END
    if element.name in BLOCKS:
        return "\n", "\n"
    if element.name in ("td", "th"):
        return " ", " "
    return ("\n" if element.name == "br" else ""), ""


def _is_dropped(element: Tag) -> bool:
    return element.name in DROPPED or not JUNK_CLASSES.isdisjoint(element.get_attribute_list("class"))


def _drop_read_also_boxes(soup: Tag) -> None:
    """Take away bold or linked pieces that begin with "Baca juga": they show where the title ends."""
    for label in soup.find_all(string=_begins_with_label):
        box = None if label.decomposed else _box_of(label)
        if box and re.search(r"\w", _LABEL_FIRST.sub("", box.get_text(), count=1)):
            box.insert_before(" ")
            box.decompose()


def _begins_with_label(text: str | None) -> bool:
    return bool(text and _LABEL_FIRST.match(text))


def _box_of(label: NavigableString) -> Tag | None:
    """The outermost bold or linked element that begins with `label`, if any."""
    box: Tag | None = None
    node: PageElement = label
    for _ in range(_CLIMB):
        parent = node.parent
        if parent is None or parent.name not in _INLINE_BOXES | {"span", "font"} or not _is_first(node):
            break
        if parent.name in _INLINE_BOXES:
            box = parent
        node = parent
    return box


def _is_first(node: PageElement) -> bool:
    previous = node.previous_sibling
    if isinstance(previous, NavigableString) and not previous.strip():
        previous = previous.previous_sibling
    return previous is None


def _paragraphs(lines: Iterable[str]) -> Iterator[str]:
    awaits_titles = False
    for line in lines:
        line = _EMPTY_LINK.sub("", line).strip()
        if not line or (awaits_titles and _ONLY_LINKS.fullmatch(line)) or _PAGE_NUMBERS.fullmatch(line):
            continue
        kept, awaits_titles = _cut_read_also(_without_phrases(_fold(line)))
        text = _fold(unicodedata.normalize("NFC", kept.replace(_LINK, "").replace(_END, "")))
        is_button = _NETWORKS.fullmatch(text) and _ONLY_LINKS.fullmatch(line)
        if not is_button and not _JUNK_LINE.fullmatch(text):
            yield text


def _without_phrases(line: str) -> str:
    return _fold(_PHRASES.sub(" ", line)) if _may_hold(_PHRASE_WORDS, line) else line


def _may_hold(words: Sequence[str], line: str) -> bool:
    folded = line.casefold()
    for word in words:  # noqa: SIM110  # twice as fast as any()
        if word in folded:
            return True
    return False


def _cut_read_also(line: str) -> tuple[str, bool]:
    """`line` without "Baca juga: …" and the titles that belong to it, and whether those are still to come.

    What follows a linked title stays if it is a sentence.
    """
    if not _may_hold(_LABEL_WORDS, line):
        return line, False
    kept, position = [], 0
    is_sentence = bool(_SENTENCE_END.search(line.replace(_END, "")))
    while found := _READ_ALSO.search(line, position):
        kept.append(line[position : found.start()])
        titles = _TITLES.match(line, found.end()) or _UNLINKED_TITLE.match(line, found.end())
        position = titles.end() if titles else found.end()
        if not _WORD.search(line, found.end()):
            return " ".join(kept), True
        if not (is_sentence and _SENTENCE_START.match(line, position)):
            return " ".join(kept), False
    return " ".join([*kept, line[position:]]), False


def _without_signature(paragraphs: list[str]) -> list[str]:
    """`paragraphs` without the star, "(aik/aik)" or "(Den)" that ends an article."""
    while paragraphs:
        last = _fold(_INITIALS.sub("", _STARS.sub("", paragraphs[-1])))
        if last == paragraphs[-1]:
            break
        paragraphs[-1:] = [] if _JUNK_LINE.fullmatch(last) else [last]
    return paragraphs


def _fold(text: str) -> str:
    return " ".join(text.split())
