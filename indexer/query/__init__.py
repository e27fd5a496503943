"""What a reader types, as a tree.

Plain words mean all of them: `kemiskinan banten`. `AND OR NOT`, `DAN ATAU BUKAN`, `&& || !`, `+` and `-`
combine (upper case only: "dan" is a word); NOT binds before AND before OR, parentheses group. `"…"` is words
as they are written, `"…"~3` the same in this order with up to three other words between; `stunt*` words that
begin so, `muktabar~` words written nearly so; `judul:…`, `judul:(…)` in one field only; `terbit:2022-12`,
`terbit:>=2022-12-01`, `terbit:[2022-01 TO 2022-06]`, `terbit:7hari` by date, whole days in WIB; `wilayah:36`,
`wilayah:pandeglang`; `topik:harga-pangan` what a ready-made query of `topics.toml` finds; `jenis:pers` by the
kind of source; `sumber:banten` by a word of a source's key, `sumber:antara_banten` and `sumber:=tribunbanten` by all of it.

A run of signs that holds several words, as "covid-19", "Rp1.000.000" or "10:30", is read as a phrase of them.
Only a doubled word, as "monyet-monyet" or "tolong-menolong", is that one word, so that its stem is found too.

Any text can be read: what is not understood is taken as plain words, and `Query.notes` tell so.

`tree` is what a query means; `pieces` cuts a text at its signs, `reader` makes a tree of the pieces, with the
help of `dates`; `notes` are the sentences for the reader.
"""

from indexer.query.notes import Note
from indexer.query.pieces import MAX_DEPTH
from indexer.query.reader import (
    MAX_ARRANGEMENTS,
    MAX_LENGTH,
    MAX_NOTES,
    MAX_SLOP,
    MAX_WORDS,
    MIN_LETTERS,
    WIB,
    parse,
    topic_keys,
)
from indexer.query.tree import (
    FIELDS,
    MAX_WORD,
    And,
    Fuzzy,
    Key,
    Leaf,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Range,
    Word,
    all_of,
    any_of,
    describe,
    narrow,
    shorten,
    sought,
    words,
)

__all__ = [
    "FIELDS",
    "MAX_ARRANGEMENTS",
    "MAX_DEPTH",
    "MAX_LENGTH",
    "MAX_NOTES",
    "MAX_SLOP",
    "MAX_WORD",
    "MAX_WORDS",
    "MIN_LETTERS",
    "WIB",
    "And",
    "Fuzzy",
    "Key",
    "Leaf",
    "Node",
    "Not",
    "Note",
    "Or",
    "Phrase",
    "Prefix",
    "Query",
    "Range",
    "Word",
    "all_of",
    "any_of",
    "describe",
    "narrow",
    "parse",
    "shorten",
    "sought",
    "topic_keys",
    "words",
]
