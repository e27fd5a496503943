"""Which language a text is in, told by its commonest small words; pages often state a wrong one."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SMALL_WORDS = {
    "id": _words(
        "ada adalah agar akan atas atau bagi bahwa bisa dalam dan dapat dari dengan di hingga ia ini "
        "itu juga karena ke kepada kami kata katanya lebih mereka oleh pada para sebagai secara sejak "
        "serta sudah telah tersebut tidak untuk yang"
    ),
    "en": _words(
        "a about after also an and are as at been but by for from had has have he her his in into is "
        "it its not of on or said she that the their they this to was were which who will with would"
    ),
}
_WORD = re.compile(r"[^\W\d_]+")
LEAST = 5
"""Small words that it takes to tell a language by them."""
_AHEAD = 2
"""How many times as many as of any other language they must be."""


def language_of(text: str) -> str | None:
    """ISO 639-1 code of the language that `text` is in, Indonesian or English; None if its words do not tell."""
    words = _WORD.findall(text[:20_000].lower())
    counts = sorted((sum(map(small.__contains__, words)), code) for code, small in _SMALL_WORDS.items())
    (second, _), (first, language) = counts[-2:]
    return language if first >= LEAST and first >= _AHEAD * second else None
