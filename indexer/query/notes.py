"""Sentences for the reader about a query: what was not understood, how it was read, why it is refused."""

import unicodedata
from typing import get_args

from indexer.query.tree import Node, describe

MAX_QUOTED = 60
"""Characters of what was typed that a sentence repeats."""


class Note(str):
    """A sentence as a string in Indonesian, which can also be told in English.

    `key` names it in `SENTENCES`; `values` fill its gaps: trees are described, texts shortened.
    """

    key: str
    values: dict[str, object]

    def __new__(cls, key: str, **values: object) -> "Note":
        note = super().__new__(cls, _told(key, values, "id"))
        note.key, note.values = key, values
        return note

    def in_language(self, language: str) -> str:
        """The sentence in Indonesian ("id") or English ("en")."""
        return _told(self.key, self.values, language)


def _told(key: str, values: dict[str, object], language: str) -> str:
    filled = {name: _filled(value, language) for name, value in values.items()}
    return SENTENCES[key][language].format_map(filled)


def _filled(value: object, language: str) -> str:
    if isinstance(value, get_args(Node)):
        return describe(value, language)
    if isinstance(value, tuple):
        return ", ".join(value)
    return _quotable(value) if isinstance(value, str) else str(value)


def _quotable(text: str) -> str:
    """Without signs that are not seen and could turn the sentence around."""
    seen = "".join(sign for sign in text if sign.isspace() or unicodedata.category(sign)[0] != "C")
    return seen if len(seen) <= MAX_QUOTED else seen[: MAX_QUOTED - 1] + "…"


SENTENCES = {
    "read as": {"id": "Dibaca sebagai: {tree}", "en": "Read as: {tree}"},
    "too long": {
        "id": "Kueri terlalu panjang: hanya {limit} huruf pertama yang dibaca.",
        "en": "The query is too long: only its first {limit} characters were read.",
    },
    "too many words": {
        "id": "Hanya {limit} kata pertama yang dibaca, sampai huruf ke-{place}.",
        "en": "Only the first {limit} words were read, up to character {place}.",
    },
    "too deep": {
        "id": "Tanda kurung yang lebih dalam dari {limit} tingkat tidak dibaca.",
        "en": "Parentheses deeper than {limit} levels were not read.",
    },
    "lone quote": {
        "id": "Tanda kutip pada huruf ke-{place} tidak ada pasangannya.",
        "en": "The quotation mark at character {place} has no partner.",
    },
    "lone parenthesis": {
        "id": "Tanda kurung pada huruf ke-{place} tidak ada pasangannya.",
        "en": "The parenthesis at character {place} has no partner.",
    },
    "empty field": {
        "id": "Setelah “{field}” pada huruf ke-{place} tidak ada isinya.",
        "en": "Nothing follows “{field}” at character {place}.",
    },
    "unknown field": {
        "id": "“{name}” pada huruf ke-{place} bukan nama kolom; dibaca sebagai kata biasa.",
        "en": "“{name}” at character {place} is not the name of a field; it was read as a plain word.",
    },
    "unknown topic": {
        "id": "Tidak ada topik “{name}” (huruf ke-{place}); yang ada: {known}.",
        "en": "There is no topic “{name}” (character {place}); there are: {known}.",
    },
    "unknown kind": {
        "id": "Tidak ada jenis “{name}” (huruf ke-{place}); yang ada: {known}.",
        "en": "There is no kind “{name}” (character {place}); there are: {known}.",
    },
    "useless operator": {
        "id": "“{operator}” pada huruf ke-{place} tidak menghubungkan apa-apa dan diabaikan.",
        "en": "“{operator}” at character {place} connects nothing and was ignored.",
    },
    "no date": {
        "id": "“{text}” pada huruf ke-{place} bukan tanggal.",
        "en": "“{text}” at character {place} is not a date.",
    },
    "no word": {
        "id": "“{text}” pada huruf ke-{place} bukan kata dan tidak dicari.",
        "en": "“{text}” at character {place} is not a word and was not searched.",
    },
    "distance": {
        "id": "Jarak {sign} pada huruf ke-{place} terlalu besar atau tidak dikenal; dibaca sebagai ~{read_as}.",
        "en": "The distance {sign} at character {place} is too large or unknown; it was read as ~{read_as}.",
    },
    "star": {
        "id": "Tanda * pada huruf ke-{place} hanya dipahami di akhir kata.",
        "en": "The * at character {place} is understood only at the end of a word.",
    },
    "too short": {
        "id": "Tanda {sign} pada huruf ke-{place} memerlukan satu kata dengan sekurangnya {limit} huruf.",
        "en": "The {sign} at character {place} needs one word of at least {limit} letters.",
    },
    "not understood": {
        "id": "Kueri tidak dipahami; dibaca sebagai kata biasa.",
        "en": "The query was not understood; it was read as plain words.",
    },
    "nothing to search": {
        "id": "Tidak ada kata yang dapat dicari.",
        "en": "There is no word that can be searched.",
    },
    "only excludes": {
        "id": "Kueri ini hanya mengecualikan; tambahkan sekurangnya satu kata yang dicari.",
        "en": "This query only excludes; add at least one word to look for.",
    },
}
"""By key and language."""
