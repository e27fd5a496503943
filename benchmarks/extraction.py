"""How well and how fast article pages are read: Pantau beside trafilatura, newspaper4k and plain BeautifulSoup.

Three sets of pages: those of the demo portal, 30 made ones in the templates of Indonesian sites (`pages/`), and real
ones of others, where they are there (`--shared`). Body F1 is that of bags of lower-case words, each page counting
alike; a dateline is taken off all texts, as tools differ in whether it belongs to one. A leak is a piece of junk,
known beforehand for each page, that stands in the text read from it. Needs the extra `bench`.
"""

import argparse
import json
import re
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from crawlers.demo.portal import Portal
from crawlers.extract import PageError, read_article
from crawlers.reading.datelines import without_dateline
from crawlers.reading.tree import parse
from crawlers.source import Source, load_source

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
JUNK = (
    "baca juga:", "simak juga:", "lihat juga:", "berita terkait:", "adsbygoogle", "advertisement", "scroll to continue",
    "[gambas:", "pewarta:", "copyright ©", "dilarang keras mengambil", "share this:", "bagikan:", "post views:",
    "related news:",
)  # fmt: skip
"""Looked for on every page, whatever else is known of it."""
SOURCES = {
    "antara": "antara_banten", "wordpress": "bantennews", "tribunbanten": "tribunbanten",
    "bantenprov": "diskominfo_banten", "generic": "serangkota",
}  # fmt: skip
"""A source on each preset; its home is set to that of the page."""


@dataclass(frozen=True)
class Example:
    """A page and what it holds."""

    name: str
    group: str
    html: str
    url: str
    text: str
    title: str | None
    published: datetime | None
    preset: str | None
    junk: tuple[str, ...]
    """Pieces of text that are none of the article's."""


@dataclass(frozen=True)
class Reading:
    """What a tool made of a page."""

    text: str
    title: str | None = None
    published: datetime | None = None


Tool = Callable[[Example], Reading]


def main() -> None:
    """Read all pages with all tools and print a table a group."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--shared", type=Path, default=HERE.parent.parent / "shared" / "pages", metavar="FOLDER"
    )
    parser.add_argument("--group", choices=("demo", "made", "real"), help="only these pages")
    parser.add_argument("--quick", action="store_true", help="without newspaper4k, which is slow")
    parser.add_argument(
        "--verbose", action="store_true", help="show each page that is not read perfectly by Pantau"
    )
    arguments = parser.parse_args()
    examples = [*_demo(), *_made(), *_real(arguments.shared)]
    for group in ("demo", "made", "real"):
        chosen = [example for example in examples if example.group == group]
        if chosen and arguments.group in (None, group):
            _compare(group, chosen, arguments.quick, arguments.verbose)


def _compare(group: str, examples: Sequence[Example], quick: bool, verbose: bool) -> None:
    known = [example for example in examples if example.preset]
    print(f"\n{group}: {len(examples)} pages, {len(known)} of them with a preset")
    print(f"{'':38}{'pages':>6}{'F1':>8}{'lowest':>8}{'leaks':>7}{'titles':>8}{'dates':>8}{'pages/s':>9}")
    rows: list[tuple[str, Tool, Sequence[Example]]] = [("Pantau, with preset", _preset, known)]
    rows.append(("Pantau, generic", _generic, examples))
    rows.append(("trafilatura, precision", _trafilatura, examples))
    if not quick:
        rows.append(("newspaper4k", _newspaper, examples))
    rows.append(("BeautifulSoup, get_text", _get_text, examples))
    if len(known) < len(examples):
        rows.append(("trafilatura, pages with preset only", _trafilatura, known))
    for name, tool, chosen in rows:
        if chosen:
            _row(name, tool, chosen, verbose and name.startswith("Pantau"))


def _row(name: str, tool: Tool, examples: Sequence[Example], verbose: bool) -> None:
    tool(examples[0])  # imports, and what is compiled once
    begin = time.perf_counter()
    readings = [tool(example) for example in examples]
    seconds = time.perf_counter() - begin
    pairs = list(zip(examples, readings, strict=True))
    scores = [_f1(reading.text, example.text) for example, reading in pairs]
    leaks = [(example.name, junk) for example, reading in pairs for junk in _leaks(reading.text, example)]
    titles = [_is_title(reading.title, example.title) for example, reading in pairs if example.title]
    dates = [
        _is_date(reading.published, example.published) for example, reading in pairs if example.published
    ]
    print(
        f"{name:38}{len(examples):6}{sum(scores) / len(scores):8.4f}{min(scores):8.3f}{len(leaks):7}"
        f"{_percent(titles):>8}{_percent(dates):>8}{len(examples) / seconds:9.0f}"
    )
    if name.startswith("Pantau"):
        for page, junk in leaks:
            print(f"    leak in {page}: {junk}")
    for (example, reading), score in zip(pairs, scores, strict=True) if verbose else ():
        if score < 1 or not _is_title(reading.title, example.title):
            print(
                f"    {example.name}: {score:.3f} {reading.title!r} {_difference(reading.text, example.text)}"
            )


def _preset(example: Example) -> Reading:
    return _pantau(example, _source(example.preset or "", example.url))


def _generic(example: Example) -> Reading:
    return _pantau(example, _source("generic", example.url))


def _pantau(example: Example, source: Source) -> Reading:
    try:
        article = read_article(parse(example.html), example.url, source, NOW)
    except PageError:
        return Reading("")
    return Reading(article.text, article.title, article.published)


def _source(preset: str, url: str) -> Source:
    home = "/".join(url.split("/")[:3])
    source = load_source(SOURCES.get(preset, preset))
    return source.model_copy(update={"home": home, "name": home.split("/")[-1]})


def _trafilatura(example: Example) -> Reading:
    from trafilatura import bare_extraction

    document = bare_extraction(
        example.html, favor_precision=True, include_comments=False, with_metadata=True, fast=True
    )
    if document is None or isinstance(document, dict):
        return Reading("")
    day = datetime.fromisoformat(document.date).replace(tzinfo=None) if document.date else None
    return Reading(document.text or "", document.title, day)


def _newspaper(example: Example) -> Reading:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from newspaper import Article

        article = Article(example.url, language="id", fetch_images=False)
        article.download(input_html=example.html)
        article.parse()
    return Reading(article.text, article.title, article.publish_date)


def _get_text(example: Example) -> Reading:
    soup = BeautifulSoup(example.html, "lxml")
    return Reading(soup.get_text("\n"), soup.title.get_text() if soup.title else None)


def _f1(text: str, expected: str) -> float:
    one, other = (Counter(_words(_without_dateline(each))) for each in (text, expected))
    return 2 * (one & other).total() / max(1, one.total() + other.total())


def _difference(text: str, expected: str) -> str:
    one, other = (Counter(_words(_without_dateline(each))) for each in (text, expected))
    return f"+{list((one - other).elements())[:12]} -{list((other - one).elements())[:12]}"


def _without_dateline(text: str) -> str:
    return "\n".join(without_dateline([line for line in text.split("\n") if line.strip()])[1])


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _leaks(text: str, example: Example) -> Iterator[str]:
    folded, wanted = (" ".join(each.split()).lower() for each in (text, example.text))
    for junk in dict.fromkeys((*(each.lower() for each in example.junk), *JUNK)):
        if junk in folded and junk not in wanted:
            yield junk


def _is_title(title: str | None, expected: str | None) -> bool:
    return expected is None or _words(title or "") == _words(expected)


def _is_date(found: datetime | None, expected: datetime | None) -> bool:
    """To the minute; a tool that knows no time, or no zone, is judged by the day."""
    if found is None or expected is None:
        return found == expected
    if found.tzinfo is None or found.time() == datetime.min.time():
        return found.date() == expected.date()
    return abs((found - expected).total_seconds()) < 60


def _percent(right: Sequence[bool]) -> str:
    return f"{100 * sum(right) / len(right):.0f} %" if right else "-"


def _demo() -> Iterator[Example]:
    with Portal(now=NOW) as portal:
        for article in portal.articles:
            html = portal.answer(article.url.removeprefix(portal.address)).body.decode()
            yield Example(
                article.url.rsplit("/", 1)[-1][:40], "demo", html, article.url, "\n".join(article.paragraphs), article.title,
                article.published, "demo", (),
            )  # fmt: skip


def _made() -> Iterator[Example]:
    for path in sorted((HERE / "pages").glob("*.html")):
        known: dict[str, Any] = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
        yield Example(
            path.stem, "made", path.read_text(encoding="utf-8"), known["url"], "\n".join(known["paragraphs"]),
            known["title"], datetime.fromisoformat(known["published"]), known["preset"], tuple(known["junk"]),
        )  # fmt: skip


def _real(folder: Path) -> Iterator[Example]:
    if not folder.exists():
        print(f"{folder} is not there: real pages are left out")
        return
    for path in sorted(folder.glob("*/*.html")):
        answer = path.with_suffix(".expected.json")
        if answer.exists():
            known = _known(json.loads(answer.read_text(encoding="utf-8")))
            preset = {"antara": "antara", "kabarislamia": "wordpress"}.get(path.parent.name)
            example = Example(f"{path.parent.name}/{path.stem}", "real", path.read_text(encoding="utf-8"), preset=preset,
                              junk=(), **known)  # fmt: skip
            yield replace(example, url=example.url or f"https://www.{path.parent.name}.com/berita/1/artikel")


def _known(answer: dict[str, Any]) -> dict[str, Any]:
    """The answers of three origins in one form."""
    if "V1" in answer:
        first = answer["V1"]
        text = "\n".join(_paragraphs(first["body"]["sections"]))
        date = first.get("publishing_date")
        return {"url": "", "text": text, "title": first.get("title"), "published": _moment(date)}
    text = answer.get("articleBody") or answer["content"]
    moment = _moment(answer.get("date_iso_utc"))
    return {"url": answer["url"], "text": text, "title": answer.get("title"), "published": moment}


def _paragraphs(sections: Iterable[dict[str, Any]]) -> Iterator[str]:
    for section in sections:
        yield from section["paragraphs"]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


if __name__ == "__main__":
    main()
