"""The demo portal's articles, read from the files in `articles/`."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "articles"
UPDATE = "update.toml"
WIB = timezone(timedelta(hours=7), "WIB")


@dataclass(frozen=True, kw_only=True)
class Manuscript:
    """An article as its file has it; `_word_` in its paragraphs stands for italics."""

    id: int
    title: str
    slug: str
    minutes: int
    """How long before the portal's "now" it was published."""
    paragraphs: tuple[str, ...]
    rubrics: tuple[str, ...] = ()
    dateline: str = ""
    """Exactly as printed before the first paragraph."""
    place: str | None = None
    reporters: tuple[str, ...] = ()
    editor: str | None = None
    tags: tuple[str, ...] = ()
    caption: str = ""
    quote: str = ""
    """A sentence shown large above the text, in a box of its own."""
    template: str = "regional"
    """"regional" (2018), "www" (2023) or "old" (2015-17)."""
    shape: str = "p"
    """How the body is marked up: "br", "p" or "word"."""
    junk: tuple[str, ...] = ()
    """Names of what pollutes the body, see `body.JUNK`."""
    broken: str = ""
    """Why no article can be read from its page; empty where one can."""
    section: str = "berita"

    @property
    def path(self) -> str:
        """Path of its page."""
        return f"/{self.section}/{self.id}/{self.slug}"

    @property
    def clean_paragraphs(self) -> tuple[str, ...]:
        """The text as a reader sees it."""
        return tuple(re.sub(ITALICS, r"\1", paragraph) for paragraph in self.paragraphs)

    def published(self, now: datetime) -> datetime:
        """When it was published if it is `now`, to the minute."""
        moment = now.astimezone(WIB) - timedelta(minutes=self.minutes)
        return moment.replace(second=0, microsecond=0)


ITALICS = r"\b_([^_]+)_\b"


def read_manuscripts(folder: Path = FOLDER) -> tuple[Manuscript, ...]:
    """All articles but those of the update, newest first; raises ValueError where a file is wrong."""
    files = (file for file in sorted(folder.glob("*.toml")) if file.name != UPDATE)
    tables = [table for file in files for table in _tables(file)]
    written = {table["id"]: _manuscript(table) for table in tables if "copy_of" not in table}
    copies = [_copy(table, written[table["copy_of"]]) for table in tables if "copy_of" in table]
    return newest_first([*written.values(), *copies])


def updated(manuscripts: Iterable[Manuscript], file: Path = FOLDER / UPDATE) -> tuple[Manuscript, ...]:
    """The articles after the portal's update: one changed, one new, newest first."""
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    change = data["change"]
    kept = [_edited(known, change["edits"]) if known.id == change["id"] else known for known in manuscripts]
    return newest_first([*kept, *(_manuscript(table) for table in data["article"])])


def changed_id(file: Path = FOLDER / UPDATE) -> int:
    """Number of the article whose text the update changes."""
    return int(tomllib.loads(file.read_text(encoding="utf-8"))["change"]["id"])


def newest_first(manuscripts: Iterable[Manuscript]) -> tuple[Manuscript, ...]:
    """In the order of a listing."""
    return tuple(sorted(manuscripts, key=lambda manuscript: (manuscript.minutes, -manuscript.id)))


def slug_of(title: str) -> str:
    """The last part of an address: "Harga beras naik 2,5 persen" is "harga-beras-naik-25-persen"."""
    return "-".join(re.sub(r"[^\w\s-]", "", title.lower()).split())


def _tables(file: Path) -> list[dict[str, Any]]:
    tables: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))["article"]
    return tables


def _manuscript(table: dict[str, Any]) -> Manuscript:
    fields = _fields(table)
    text = fields.pop("text")
    paragraphs = tuple(" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip())
    return Manuscript(**{"slug": slug_of(table["title"]), "paragraphs": paragraphs, **fields})


def _copy(table: dict[str, Any], original: Manuscript) -> Manuscript:
    """The wire story that another desk took over: own address and credits, a few words edited."""
    fields = _fields(table)
    del fields["copy_of"]
    edited = _edited(original, fields.pop("edits"))
    return replace(edited, **{"slug": slug_of(table["title"]), **fields})


def _fields(table: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


def _edited(manuscript: Manuscript, edits: Sequence[Sequence[str]]) -> Manuscript:
    text = "\n".join(manuscript.paragraphs)
    for old, new in edits:
        if old not in text:
            raise ValueError(f"article {manuscript.id} does not contain {old!r}")
        text = text.replace(old, new)
    return replace(manuscript, paragraphs=tuple(text.split("\n")))
