"""What the demo portal answers for a path: pure, no network and no clock."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from crawlers.demo.articles import WIB, Manuscript, newest_first, slug_of
from crawlers.demo.body import SHAPES, Surroundings, render_body

CARDS = 10
"""Entries on a listing page."""
FEED_ITEMS = 20
TRACKING = "?utm_source=rss&utm_medium=feed"
LEAD_WORDS = 35
DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip
SHORT_MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nop", "Des")
NO_DATE = "Rabu, 00 0000 00:00 WIB"
ROBOTS = "User-agent: *\nDisallow: /rilis-pers/\nAllow: /\n"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c63e80000008a0089ff1341ce0000000049454e44ae426082"
)
"""A PNG of one grey dot."""
ELSEWHERE = tuple(
    Manuscript(
        id=number, section=section, slug=slug_of(title), title=title, minutes=minutes, paragraphs=(title,)
    )
    for number, section, title, minutes in (
        (9001, "video", "Sepekan di Banten", 170),
        (9003, "infografik", "Data pekan ini", 1500),
        (9004, "foto", "Pasar pagi di Rangkasbitung", 12000),
    )
)
"""Entries of listing pages that are no articles."""


@dataclass(frozen=True)
class Page:
    """An answer."""

    status: int
    content_type: str
    body: bytes
    modified: datetime | None = None

    @property
    def etag(self) -> str:
        """Strong validator of the body."""
        return f'"{sha256(self.body).hexdigest()[:20]}"'


@dataclass(frozen=True)
class Site:
    """The portal's pages at one moment."""

    address: str
    now: datetime
    manuscripts: tuple[Manuscript, ...]
    beside: tuple[Manuscript, ...]
    """Articles in the boxes beside others, by number; the same before and after the update."""
    touched: frozenset[int] = frozenset()
    """Numbers of the articles that were changed or added at `now`."""
    environment: Environment = field(default_factory=lambda: _environment(), repr=False, compare=False)

    def page(self, path: str, shape: str | None = None) -> Page:
        """The answer to a request for `path`; `shape` overrides the markup of an article's body."""
        listed = re.fullmatch(r"(?P<listing>/[a-z/-]+?)(?:/(?P<number>[1-9]\d{0,3}))?", path)
        if article := re.match(r"/(?P<section>berita|rilis-pers)/(?P<id>\d+)/", path):
            return self._article(article["section"], int(article["id"]), shape)
        if path == "/":
            return self._listing("/", "Beranda", self._entries()[:CARDS], 1, 1)
        if path == "/robots.txt":
            return Page(200, "text/plain; charset=utf-8", ROBOTS.encode())
        if path in ("/rss/terkini.xml", "/rss/kosong.xml"):
            return self._feed(self.manuscripts[:FEED_ITEMS] if path == "/rss/terkini.xml" else ())
        if re.fullmatch(r"/img/[\w-]+\.(jpg|png)", path):
            return Page(200, "image/png", PIXEL)
        if re.fullmatch(r"/(video|foto|infografik|tag)/[\w/-]+", path):
            return self._listing(path, "Bukan artikel", (), 1, 1)
        if listed and listed["listing"][1:] in ("terkini", *self.rubrics):
            return self._numbered(listed["listing"], int(listed["number"] or 1))
        return _error(404, "Halaman tidak ditemukan")

    @property
    def rubrics(self) -> tuple[str, ...]:
        """Paths of the rubrics, without their first slash."""
        return tuple(sorted({rubric for known in self.manuscripts for rubric in known.rubrics}))

    def image(self, manuscript: Manuscript) -> str | None:
        """Address of an article's photo."""
        return f"{self.address}/img/{manuscript.id}.jpg" if manuscript.caption else None

    def _article(self, section: str, number: int, shape: str | None) -> Page:
        manuscript = next((known for known in self.manuscripts if known.id == number), None)
        if manuscript is None or manuscript.section != section:
            return _error(404, "Halaman tidak ditemukan")
        if manuscript.broken == "server error":
            return _error(500, "Terjadi kesalahan pada server")
        if shape is not None and shape not in SHAPES:
            return _error(404, "Bentuk tidak dikenal")
        html = self._render(
            f"{manuscript.template}.html",
            article=manuscript,
            body=self._body(manuscript, shape or manuscript.shape),
            published=manuscript.published(self.now),
            date=self._date(manuscript),
            with_time=manuscript.id % 4 == 3 and manuscript.broken != "no date",
            image=self.image(manuscript) or "",
            lead=lead(manuscript),
            reading_minutes=max(1, len(" ".join(manuscript.paragraphs).split()) // 180),
            related=self._others(manuscript)[:3],
        )
        moment = self.now if number in self.touched else manuscript.published(self.now)
        return Page(200, "text/html; charset=utf-8", html.encode(), moment)

    def _body(self, manuscript: Manuscript, shape: str) -> Markup:
        if manuscript.broken == "no body":
            return Markup("<script>(adsbygoogle = window.adsbygoogle || []).push({});</script>&nbsp;")
        links = tuple((other.path, other.title) for other in self._others(manuscript))
        return render_body(manuscript, shape, Surroundings(links, self.now.year))

    def _others(self, manuscript: Manuscript) -> tuple[Manuscript, ...]:
        """Six other articles, the next by number."""
        after = [other for other in self.beside if other.id > manuscript.id]
        before = [other for other in self.beside if other.id < manuscript.id]
        return tuple([*after, *before][:6])

    def _date(self, manuscript: Manuscript) -> str:
        if manuscript.broken == "no date":
            return NO_DATE
        return long_date(manuscript.published(self.now), short=manuscript.id % 4 == 2)

    def _numbered(self, path: str, number: int) -> Page:
        entries = [entry for entry in self._entries() if path == "/terkini" or path[1:] in entry.rubrics]
        pages = -(-len(entries) // CARDS)
        cards = entries[(number - 1) * CARDS : number * CARDS]
        return self._listing(path, path.split("/")[-1].replace("-", " ").title(), cards, number, pages)

    def _entries(self) -> tuple[Manuscript, ...]:
        """What listing pages show: articles, and some videos and photos."""
        return newest_first([*self.manuscripts, *ELSEWHERE])

    def _listing(self, path: str, heading: str, entries: Sequence[Manuscript], page: int, pages: int) -> Page:
        cards = [
            {
                "id": entry.id,
                "url": self.address + entry.path,
                "title": entry.title,
                "rubric": (*entry.rubrics, entry.section)[0],
                "date": relative_date(entry.published(self.now), self.now),
                "lead": lead(entry),
            }
            for entry in entries
        ]
        html = self._render("listing.html", path=path, heading=heading, cards=cards, page=page, pages=pages)
        return Page(200, "text/html; charset=utf-8", html.encode(), self._last_change())

    def _feed(self, manuscripts: Sequence[Manuscript]) -> Page:
        items = [
            {
                "title": manuscript.title,
                "link": self.address + manuscript.path + (TRACKING if place == 4 else ""),
                "published": format_datetime(
                    manuscript.published(self.now).replace(second=manuscript.id % 60)
                ),
                "description": self._description(manuscript, place),
            }
            for place, manuscript in enumerate(manuscripts)
        ]
        xml = self._render("feed.xml", items=items, built=format_datetime(self._last_change()))
        return Page(200, "application/rss+xml; charset=utf-8", xml.encode(), self._last_change())

    def _description(self, manuscript: Manuscript, place: int) -> Markup:
        """Escaped HTML: a photo and a lead, with the carriage returns and hard spaces of an old editor."""
        words = lead(manuscript, with_dateline=place % 5 == 3).split(" ")
        if place % 2:
            words[6:8] = [" &nbsp;".join(words[6:8])]
        if place % 3 == 0:
            words[12:14] = ["\r\n".join(words[12:14])]
        photo = f'<img src="{self.image(manuscript)}" align="left" border="0">' if manuscript.caption else ""
        return Markup(escape(photo + " ".join(words)).replace("\r", Markup("&#13;")))  # noqa: S704 - escaped

    def _last_change(self) -> datetime:
        newest = self.manuscripts[0].published(self.now)
        return self.now if self.touched else newest

    def _render(self, template: str, **values: object) -> str:
        return self.environment.get_template(template).render(
            address=self.address,
            rubrics=self.rubrics,
            popular=self.beside[:5],
            today=long_date(self.now).rsplit(" ", 2)[0],
            year=self.now.year,
            **values,
        )


def lead(manuscript: Manuscript, with_dateline: bool = False) -> str:
    """The beginning of an article, cut in the manner of a feed."""
    paragraph = manuscript.clean_paragraphs[0]
    words = ((manuscript.dateline if with_dateline else "") + paragraph).split()
    return " ".join(words[:LEAD_WORDS]) + (" ..." if len(words) > LEAD_WORDS else "")


def long_date(moment: datetime, short: bool = False) -> str:
    """As an article page prints it: "Jumat, 23 Januari 2026 15:32 WIB"."""
    local = moment.astimezone(WIB)
    day = DAYS[local.weekday()]
    month = (SHORT_MONTHS if short else MONTHS)[local.month - 1]
    if short and day == "Jumat":
        day = "Jum'at"
    return f"{day}, {local.day} {month} {local.year} {local:%H:%M} WIB"


def relative_date(moment: datetime, now: datetime) -> str:
    """As a card of a listing page prints it: "26 menit lalu", "3 jam lalu", "kemarin 21:40" or a date."""
    local, today = moment.astimezone(WIB), now.astimezone(WIB)
    minutes = int((today - local).total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} menit lalu"
    if local.date() == today.date() or minutes < 6 * 60:
        return f"{minutes // 60} jam lalu"
    if local.date() == today.date() - timedelta(days=1):
        return f"kemarin {local:%H:%M}"
    return f"{local.day} {MONTHS[local.month - 1]} {local.year} {local:%H:%M} WIB"


def _error(status: int, sentence: str) -> Page:
    html = f"<!DOCTYPE html><html lang=id><title>{sentence}</title><h1>{status}</h1><p>{sentence}.</p></html>"
    return Page(status, "text/html; charset=utf-8", html.encode())


def _environment() -> Environment:
    folder = FileSystemLoader(Path(__file__).parent / "templates")
    return Environment(loader=folder, autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
