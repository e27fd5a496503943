"""Pages that stand where an article should: challenges, logins, errors that call themselves a success."""

import re

from lxml import etree  # type: ignore[import-untyped]

from crawlers.reading.tree import Tree, find

_BLOCKED = (
    r"just a moment\W*|attention required\b.*|access (?:to this page has been )?denied\W*|akses ditolak\W*"
    r"|verify(?:ing)? (?:that )?you are (?:a )?human\W*|checking your browser\b.*|are you a robot\W*|captcha\W*"
    r"|(?:human|robot) (?:verification|check)\W*|security check(?: required)?\W*|one moment,? please\W*"
    r"|please wait\W*|harap tunggu\W*|ddos-guard|(?:error )?(?:40[13]|429|503)"
    r"(?:\W+(?:forbidden|unauthorized|access|error|too many|service|akses)\b.*)?|forbidden|too many requests"
    r"|service (?:temporarily )?unavailable|error 10\d\d\b.*|sucuri website firewall.*"
    r"|(?:silakan )?(?:log ?in|sign in|masuk)\W*|verifikasi bahwa anda (?:adalah )?manusia\W*"
)
_GONE = (
    r"(?:error\s?)?(?:404|410)(?:\W+(?:not found|halaman|page|error|tidak|file|oops|gone)\b.*)?\W*"
    r"|(?:halaman|artikel|berita|konten)(?: yang (?:anda|kamu) cari)? (?:tidak|tak) (?:dapat )?(?:ditemukan|tersedia|ada)\W*"
    r"|(?:tidak|tak) ditemukan\W*|(?:page |article )?not found\W*|oops\b.*(?:ditemukan|found)\W*"
    r"|nothing (?:was )?found\W*"
)
_TITLES = {kind: re.compile(words, re.IGNORECASE) for kind, words in (("blocked", _BLOCKED), ("gone", _GONE))}
_SITE = re.compile(r"\s+[-–—|»·]\s+")
_MARKS = (
    "#challenge-form", "#challenge-running", "#cf-wrapper", "#cf-error-details", ".cf-browser-verification",
    "script[src*='/cdn-cgi/challenge-platform/']", ".g-recaptcha", ".h-captcha", ".cf-turnstile",
    "#captcha", "form[action*=captcha]", "form[action*=login] input[type=password]",
    "form[action*=masuk] input[type=password]", "meta[http-equiv=refresh][content*=captcha]",
)  # fmt: skip
_WORDS = {
    "blocked": re.compile(
        r"enable javascript and cookies to continue|checking (?:if the site connection|your browser)|captcha"
        r"|verify you are (?:a )?human|bukan robot|not a robot|you have been blocked|akses anda (?:ditolak|diblokir)"
        r"|403 forbidden|access denied|(?:don't|do not) have permission to access|too many requests"
        r"|(?:silakan|harap|anda harus) (?:masuk|login|log in)|(?:accept|terima|setujui|aktifkan|enable) (?:all |semua )?"
        r"cookies?|cookie consent",
        re.IGNORECASE,
    ),
    "gone": re.compile(
        r"(?:halaman|artikel|berita|konten)\b.{0,40}\b(?:tidak|tak) (?:dapat )?(?:di ?temukan|tersedia)|page not found"
        r"|(?:telah|sudah) dihapus|no longer (?:available|exists)|can(?:'|no)t (?:be found|find the page)",
        re.IGNORECASE,
    ),
}
_SHORT = 2000
"""Characters of visible text; a page with more says too much to be judged by a few words."""


def wall(tree: Tree, missing: bool = False) -> tuple[str, str] | None:
    """The kind of failure, "blocked" or "gone", and the words that show it; None if the page is none.

    Titles decide. Of a page on which a part of an article is `missing`, marks and words tell as well.
    """
    headings = [_text(each) for each in tree.titles[:1] + (find(tree.root, "h1") if missing else [])]
    for heading in headings:
        for kind, pattern in _TITLES.items():
            if pattern.fullmatch(_SITE.split(heading)[0]):
                return kind, heading[:80]
    return _wall_by_words(tree) if missing else None


def _wall_by_words(tree: Tree) -> tuple[str, str] | None:
    text = " ".join(" ".join(_VISIBLE(tree.root)).split())
    if len(text) > _SHORT:
        return None
    if mark := next((mark for mark in _MARKS if tree.find(mark)), None):
        return "blocked", mark
    found = ((kind, pattern.search(text)) for kind, pattern in _WORDS.items())
    return next(((kind, match[0]) for kind, match in found if match), None)


_VISIBLE = etree.XPath(
    "//body//text()[not(ancestor::script or ancestor::style or ancestor::noscript[@class])]"
)


def _text(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())
