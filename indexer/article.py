"""The article: the only thing that crosses from the crawlers to the indexer."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256


def _as_iso(moment: datetime) -> str:
    return moment.isoformat()


@dataclass(frozen=True, kw_only=True)
class Article:
    """One article as its reader sees it, whatever site it came from.

    Also a Scrapy item: `scrapy crawl KEY -O file.jsonl` writes it as it stands.
    """

    source: str
    """Key of the source, the name of its file in `crawlers/sources/`."""
    url: str
    """Canonical address, without tracking parameters."""
    title: str
    paragraphs: tuple[str, ...]
    """Clean text without dateline, credits or advertising; never empty."""
    published: datetime = field(metadata={"serializer": _as_iso})
    """When it was published, in the zone the source states."""
    place: str | None = None
    """Place of the dateline: "Serang" of "Serang (ANTARA) - "."""
    authors: tuple[str, ...] = ()
    editor: str | None = None
    tags: tuple[str, ...] = ()
    image: str | None = None
    """Address of the main photo."""
    attachments: tuple[str, ...] = ()
    """Addresses of documents (PDF) that the page offers."""
    language: str = "id"
    """ISO 639-1 code."""
    region: str | None = None
    """Code of the region the source reports on (Ministry of Home Affairs), as "36" for Banten."""
    kind: str = "press"
    """What speaks: "government", "press" or "agency"."""

    def __post_init__(self) -> None:
        for name in ("source", "url", "title"):
            if not getattr(self, name):
                raise ValueError(f"an article needs a {name}")
        if not self.paragraphs:
            raise ValueError("an article needs text")
        if self.published.tzinfo is None:
            raise ValueError("an article's time needs a zone")

    @property
    def text(self) -> str:
        """The paragraphs, with a blank line between them."""
        return "\n\n".join(self.paragraphs)

    @property
    def digest(self) -> str:
        """Hexadecimal fingerprint of all that a reader sees; equal for equal articles."""
        published = self.published.replace(second=0, microsecond=0).isoformat()
        seen = [self.title, self.text, published, self.place or "", self.editor or ""]
        lists = [_joined(each) for each in (self.authors, self.tags, self.attachments)]
        return sha256("\x1e".join([*seen, *lists]).encode()).hexdigest()


def _joined(names: Iterable[str]) -> str:
    return "\x1f".join(names)
