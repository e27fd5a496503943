"""The regions of Indonesia by the codes of the Ministry of Home Affairs, and which an article is about.

A code names its parents: "36.02", Kabupaten Lebak, lies in "36", Banten. What counts as naming a region is in
`docs/decisions.md`.
"""

from hashlib import sha256

from indexer.article import Article
from indexer.regions.recognition import RULES, recognise
from indexer.regions.table import FILE, all_codes, find_region, name_of, names, with_parents

__all__ = [
    "FILE",
    "VERSION",
    "all_codes",
    "find_region",
    "name_of",
    "names",
    "recognise",
    "regions_of",
    "with_parents",
]

VERSION = sha256(FILE.read_bytes() + str(RULES).encode()).hexdigest()[:8]
"""Changes with the table and the rules: articles may then be about other regions."""


def regions_of(article: Article) -> tuple[str, ...]:
    """Codes of the regions an article is about, with their parents, ascending.

    Those its dateline, title and text name. The region its source reports on stands in for a dateline: it is added
    where neither the dateline nor the title names a region.
    """
    place, source = article.place or "", article.region or ""
    found = recognise(article.title, place, article.text, source)
    if source and not find_region(place) and not recognise(article.title, "", "", source):
        found = (*found, source)
    return with_parents(found)
