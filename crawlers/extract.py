"""An article page into an Article: pure, no network and no clock."""

import re
from collections.abc import Sequence
from datetime import datetime

from scrapy import Selector

from crawlers.clean import clean_body
from crawlers.dates import read_date
from crawlers.source import Source
from indexer.article import Article

_DATELINE = re.compile(r"^(?P<place>[A-Z][\w .,'-]{2,60}?) \((?:ANTARA|Antara)[^)]*\)\s*[-–—]+\s*")


class PageError(Exception):
    """A page that is no article: `kind` says what is missing, the text names it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def read_article(page: Selector, url: str, source: Source, now: datetime) -> Article:
    """The article on a page; raises PageError where title, date or text cannot be found."""
    select = source.preset.select
    title = first_text(page, select.title)
    if not title:
        raise PageError("layout", "no title")
    published = read_date(first_text(page, select.date), source.zone, now)
    if not published:
        raise PageError("layout", "no date")
    body = next(iter(page.css(",".join(select.body)).getall()), "")
    paragraphs = clean_body(body, select.remove) if body else []
    if not paragraphs:
        raise PageError("layout", "no text")
    dateline = _DATELINE.match(paragraphs[0])
    if dateline:
        paragraphs[0] = paragraphs[0][dateline.end() :]
    return Article(
        source=source.key,
        url=url,
        title=title,
        paragraphs=tuple(paragraphs),
        published=published,
        place=dateline["place"].split(",")[0] if dateline else None,
        region=source.region,
        kind=source.kind,
    )


def first_text(page: Selector, selectors: Sequence[str]) -> str:
    """Text of the first selector that finds some, white space folded; "" if none does."""
    for selector in selectors:
        for found in page.css(selector):
            text = " ".join(" ".join(found.xpath(".//text()").getall() or [found.get()]).split())
            if text:
                return text
    return ""
