"""How templates write what sites and readers wrote: short, named, and linked only where that is safe."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from indexer.alerts.subscriptions import MORNING, Rate
from indexer.regions import name_of
from indexer.topics import title_of
from indexer.web.texts import Texts

LENGTH = 200
"""Characters of a name, tag or title in a list."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""What turns round the order of letters; one that is not ended turns what follows too, even out of a <bdi>."""


def shortened(text: str, limit: int = LENGTH) -> str:
    """A text that is not longer than lists bear, and turns nothing beside it round."""
    if not text.isascii():
        text = text.translate(_TURNING)
    return text if len(text) <= limit else text[:limit].rstrip() + "…"


def is_web_address(url: str) -> bool:
    """Whether a link may lead there: nothing but http and https, whatever a site wrote."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def file_name(url: str) -> str:
    """What a document is called: the end of its address."""
    parts = urlsplit(url)
    return shortened(unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.netloc, 100)


def quoted(text: str) -> str:
    """A name as a phrase of a query."""
    words = re.sub('["“”„‟]', " ", text).split()
    return f'"{" ".join(words)[:LENGTH]}"'


def language_code(code: str) -> str:
    """A code that browsers understand; none for anything else."""
    return code if re.fullmatch("[a-z]{2,3}", code) else ""


def kind_name(kind: str, texts: Texts) -> str:
    """What a kind of source is called."""
    _ = texts.gettext
    return {"government": _("Government"), "press": _("Press"), "agency": _("News agency")}.get(kind, kind)


def rate_name(rate: Rate, texts: Texts) -> str:
    """When somebody is written to."""
    _ = texts.gettext
    return {
        Rate.IMMEDIATE: _("at once"),
        Rate.DAILY: _("daily at {hour}:00 WIB", hour=MORNING),
        Rate.WEEKLY: _("Mondays at {hour}:00 WIB", hour=MORNING),
    }[rate]


def detail_name(name: str, texts: Texts) -> str:
    """What a field of an article is called."""
    _ = texts.gettext
    return {
        "place": _("Place"),
        "authors": _("Written by"),
        "editor": _("Edited by"),
        "tags": _("Tags"),
        "attachments": _("Documents"),
    }[name]


def for_xml(text: str) -> str:
    """What XML can hold of a text."""
    return _NOT_XML.sub("", text)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "region_name": name_of,
    "topic_title": title_of,
    "shortened": shortened,
    "file_name": file_name,
    "quoted": quoted,
    "language_code": language_code,
    "kind_name": kind_name,
    "rate_name": rate_name,
    "detail_name": detail_name,
}
TESTS: Mapping[str, Callable[..., bool]] = {"web_address": is_web_address}
