"""The body of an article page into clean paragraphs."""

import re
from collections.abc import Sequence

from bs4 import BeautifulSoup

JUNK = ("script", "style", "ins", "iframe", "figure", "aside", "noscript", "form")


def clean_body(html: str, remove: Sequence[str] = ()) -> list[str]:
    """Paragraphs of the text in `html`, without the elements that `remove` selects."""
    soup = BeautifulSoup(html, "lxml")
    for junk in soup.select(", ".join([*JUNK, *remove])):
        junk.decompose()
    for line_break in soup.find_all("br"):
        line_break.replace_with("\n")
    for block in soup.find_all(["p", "div"]):
        block.insert_before("\n")
        block.append("\n")
    lines = (re.sub(r"\s+", " ", line).strip() for line in soup.get_text().split("\n"))
    return [line for line in lines if line and not line.startswith("Baca juga")]
