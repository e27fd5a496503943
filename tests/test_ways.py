"""The ways to articles: WordPress's posts, sitemaps, listings, several pages of one article; each by a real crawl."""

import json
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Site, pantau

NOW = datetime.now(UTC)
PAGE = (
    '<html lang="id"><head><title>x</title></head><body><h1 class="entry-title">{title}</h1>'
    '<time class="entry-date" datetime="{date}">x</time><div class="entry-content">{text}</div>{more}</body></html>'
)


class Place:
    """A folder with one source on a site, and crawls of it."""

    def __init__(self, folder: Path, site: Site) -> None:
        self.folder, self.site = folder, site
        (folder / "sources").mkdir()
        self.environment = {"PANTAU_DATA": str(folder / "data"), "PANTAU_SOURCES": str(folder / "sources")}

    def source(self, text: str) -> None:
        head = f'name = "Situs"\nhome = "{self.site.home}"\ndelay = 0\nlocal = true\n'
        (self.folder / "sources" / "situs.toml").write_text(head + text)

    def article(self, path: str, title: str = "Judul", days: int = 0, text: str = "", more: str = "") -> None:
        date = (NOW - timedelta(days=days)).isoformat()
        body = text or f"<p>Warga membaca berita {title} di halaman ini.</p>"
        self.site.page(path, PAGE.format(title=title, date=date, text=body, more=more))

    def crawl(self, *options: str) -> subprocess.CompletedProcess[str]:
        return pantau("crawl", "situs", *options, **self.environment)

    def found(self) -> list[str]:
        answer = json.loads(pantau("search", "", "--json", "--limit", "1000", **self.environment).stdout)
        return sorted(hit["url"].removeprefix(self.site.home) for hit in answer["hits"])

    def posts(self, query: str, *rows: tuple[str, int]) -> None:
        listed = [
            {"link": self.site.home + path, "date_gmt": f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%S}"}
            for path, days in rows
        ]
        self.site.page(f"/wp-json/wp/v2/posts?{query}", json.dumps(listed), "application/json")

    def sitemap(self, path: str, *rows: tuple[str, int], kind: str = "url") -> None:
        entries = "".join(
            f"<{kind}><loc>{self.site.home}{address}</loc><lastmod>{NOW - timedelta(days=days):%Y-%m-%d}</lastmod></{kind}>"
            for address, days in rows
        )
        root = "urlset" if kind == "url" else "sitemapindex"
        self.site.page(path, f"<?xml version='1.0'?><{root}>{entries}</{root}>", "application/xml")


@pytest.fixture
def place(tmp_path: Path, site: Site) -> Place:
    return Place(tmp_path, site)


FIRST_POSTS = "per_page=50&page=1&_fields=link%2Cdate_gmt"


def test_wordpress_is_read_by_its_posts(place: Place) -> None:
    place.source('preset = "wordpress"\n')
    place.posts(FIRST_POSTS, ("/2026/11/satu/", 0), ("/dua/", 1))
    place.article("/2026/11/satu/")
    place.article("/dua/")
    done = place.crawl()
    assert (done.returncode, done.stderr) == (0, "")
    assert place.found() == ["/2026/11/satu/", "/dua/"]


def test_a_wordpress_that_hides_its_posts_is_read_by_its_feed(place: Place) -> None:
    place.source('preset = "wordpress"\n')
    place.site.answers["/feed/"] = (
        "application/rss+xml",
        f"<rss version='2.0'><channel><item><link>{place.site.home}/satu/</link></item></channel></rss>".encode(),
    )
    place.article("/satu/")
    done = place.crawl()
    assert (done.returncode, done.stderr) == (0, "")
    assert place.found() == ["/satu/"]


def test_a_wordpress_with_neither_is_a_failure(place: Place) -> None:
    place.source('preset = "wordpress"\n')
    done = place.crawl()
    assert done.returncode == 1
    assert "gone: the server answered 404" in done.stderr


def test_a_news_sitemap_gives_what_is_recent(place: Place) -> None:
    place.source('preset = "wordpress"\nfeeds = []\nposts = ""\nsitemaps = ["/indeks.xml"]\n')
    place.sitemap("/indeks.xml", ("/baru.xml", 0), ("/lama.xml", 400), kind="sitemap")
    place.sitemap("/baru.xml", ("/satu/", 0), ("/kuno/", 100), ("/tag/x/", 0))
    place.article("/satu/")
    done = place.crawl()
    assert (done.returncode, done.stderr) == (0, "")
    assert place.found() == ["/satu/"]
    assert "/lama.xml" not in place.site.asked


def test_a_sitemap_gives_the_past_when_asked(place: Place) -> None:
    place.source('preset = "wordpress"\nfeeds = []\nposts = ""\nsitemaps = ["/indeks.xml"]\n')
    place.sitemap("/indeks.xml", ("/satu/", 0), ("/kuno/", 100), ("/purba/", 900))
    place.article("/satu/")
    place.article("/kuno/", days=100)
    assert place.crawl("--since", f"{NOW - timedelta(days=200):%Y-%m-%d}").returncode == 0
    assert place.found() == ["/kuno/", "/satu/"]


def test_sitemaps_that_lead_to_each_other_end(place: Place) -> None:
    place.source('preset = "wordpress"\nfeeds = []\nposts = ""\nsitemaps = ["/a.xml"]\n')
    place.sitemap("/a.xml", ("/b.xml", 0), ("/a.xml", 0), kind="sitemap")
    place.sitemap("/b.xml", ("/a.xml", 0), kind="sitemap")
    assert place.crawl().returncode == 0


def test_a_page_that_is_no_sitemap_is_told(place: Place) -> None:
    place.source('preset = "wordpress"\nfeeds = []\nposts = ""\nsitemaps = ["/a.xml"]\n')
    place.site.page("/a.xml", "<html><body>Halaman</body></html>")
    assert "this is no sitemap" in place.crawl().stderr


def test_posts_page_back_to_a_date(place: Place) -> None:
    place.source('preset = "wordpress"\nfeeds = []\n')
    since = NOW - timedelta(days=90)
    after = f"&after={since:%Y-%m-%d}T00%3A00%3A00"
    many = [(f"/a{n}/", n) for n in range(60)]
    place.posts(FIRST_POSTS + after, *many[:50])
    place.posts(FIRST_POSTS.replace("page=1", "page=2") + after, *many[50:])
    for path, days in many:
        place.article(path, days=days)
    done = place.crawl("--since", f"{since:%Y-%m-%d}")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(place.found()) == 60


def test_a_listing_that_ends_is_no_failure(place: Place) -> None:
    place.source(
        'preset = "wordpress"\nfeeds = []\nposts = ""\n'
        '[listing]\npaths = ["/berita"]\ncard = "a"\nlink = "::attr(href)"\npage = "{path}/page/{number}"\n'
    )
    place.site.page("/berita", '<html><a href="/satu/">a</a></html>')
    place.article("/satu/")
    place.crawl()
    place.site.page("/berita", '<html><a href="/dua/">a</a></html>')
    place.article("/dua/")
    done = place.crawl()
    assert (done.returncode, done.stderr) == (0, "")
    assert "/berita/page/2" in place.site.asked


def test_a_site_that_ignores_page_numbers_is_not_paged_for_ever(place: Place) -> None:
    place.source(
        'preset = "wordpress"\nfeeds = []\nposts = ""\n'
        '[listing]\npaths = ["/berita"]\ncard = "a"\nlink = "::attr(href)"\npage = "{path}?page={number}"\n'
    )
    for number in range(1, 6):
        query = f"?page={number}" if number > 1 else ""
        place.site.page(f"/berita{query}", '<html><a href="/satu/">a</a></html>')
    place.article("/satu/")
    assert place.crawl("--since", "2020-01-01").returncode == 0
    assert "/berita?page=3" not in place.site.asked


def test_an_article_that_cannot_be_stored_leaves_the_others_alone(place: Place) -> None:
    """They share a transaction; a trigger stands for whatever an article may have that a database refuses."""
    place.source('preset = "wordpress"\nposts = ""\nfeeds = ["/rss/terkini.xml"]\n')
    place.site.feed("/awal/")
    place.article("/awal/")
    place.crawl()
    with closing(sqlite3.connect(place.folder / "data" / "pantau.db")) as record:
        record.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON articles WHEN NEW.url LIKE '%/buruk/' "
            "BEGIN SELECT RAISE(ABORT, 'tidak mau'); END"
        )
        record.commit()
    place.site.feed("/satu/", "/buruk/", "/dua/")
    for path in ("/satu/", "/buruk/", "/dua/"):
        place.article(path)
    done = place.crawl()
    assert place.found() == ["/awal/", "/dua/", "/satu/"]
    assert f"{place.site.home}/buruk/" in done.stderr
    assert "tidak mau" in done.stderr


def write_list(place: Place, number: int, path: str) -> None:
    query = f"?page={number}" if number > 1 else ""
    place.site.page(f"/berita{query}", f'<html><a href="{path}">a</a></html>')
    place.article(path, days=number)


def test_a_crawl_into_the_past_goes_on_where_it_was_cut_short(place: Place) -> None:
    place.source(
        'preset = "wordpress"\nfeeds = []\nposts = ""\n'
        '[listing]\npaths = ["/berita"]\ncard = "a"\nlink = "::attr(href)"\npage = "{path}?page={number}"\n'
    )
    for number in range(1, 7):
        write_list(place, number, f"/lama-{number}/")
    place.site.answers["/berita?page=4"] = "application/pdf", b"%PDF-1.4\x01"
    since = ("--since", "2020-01-01")
    assert "not a page of text" in place.crawl(*since).stderr
    assert place.found() == ["/lama-1/", "/lama-2/", "/lama-3/"]

    write_list(place, 4, "/lama-4/")
    write_list(place, 1, "/baru-1/")
    place.site.page("/berita?page=2", '<html><a href="/lama-1/">a</a></html>')
    place.site.asked.clear()
    done = place.crawl(*since)
    assert (done.returncode, done.stderr) == (0, "")
    assert place.found() == ["/baru-1/", *(f"/lama-{number}/" for number in range(1, 7))]
    lists = [path for path in place.site.asked if path.startswith("/berita")]
    assert lists == ["/berita", *(f"/berita?page={number}" for number in (2, 4, 5, 6, 7))]

    place.site.asked.clear()
    assert place.crawl(*since).returncode == 0
    assert "/berita?page=3" in place.site.asked


def test_posts_of_the_past_go_on_where_they_were_cut_short(place: Place) -> None:
    place.source('preset = "wordpress"\nfeeds = []\n')
    since = f"{NOW - timedelta(days=400):%Y-%m-%d}"
    page = FIRST_POSTS + f"&after={since}T00%3A00%3A00"
    many = [(f"/a{n}/", n) for n in range(160)]
    for number, begin in enumerate(range(0, 160, 50), 1):
        place.posts(page.replace("page=1", f"page={number}"), *many[begin : begin + 50])
    third = "/wp-json/wp/v2/posts?" + page.replace("page=1", "page=3")
    good = place.site.answers[third]
    place.site.page(third, "<html>sibuk</html>")
    for path, days in many:
        place.article(path, days=days)
    place.crawl("--since", since)
    assert len(place.found()) == 100
    place.site.answers[third] = good
    place.site.asked.clear()
    assert place.crawl("--since", since).returncode == 0
    assert len(place.found()) == 160
    assert not any("page=2&" in path for path in place.site.asked)


def test_a_search_by_date_is_asked_only_for_the_past(place: Place) -> None:
    place.source(
        'preset = "wordpress"\nposts = ""\n'
        '[search]\npaths = ["/cari?dari={since}&sampai={until}"]\ncard = "a"\nlink = "::attr(href)"\n'
        'page = "{path}&hal={number}"\n'
    )
    place.site.answers["/feed/"] = (
        "application/rss+xml",
        f"<rss version='2.0'><channel><item><link>{place.site.home}/satu/</link></item></channel></rss>".encode(),
    )
    since = NOW - timedelta(days=60)
    place.site.page(
        f"/cari?dari={since:%d-%m-%Y}&sampai={NOW:%d-%m-%Y}", '<html><a href="/kuno/">a</a></html>'
    )
    place.article("/satu/")
    place.article("/kuno/", days=50)
    place.crawl()
    assert place.found() == ["/satu/"]
    place.crawl("--since", f"{since:%Y-%m-%d}")
    assert place.found() == ["/kuno/", "/satu/"]


def test_an_article_of_several_pages_is_joined(place: Place) -> None:
    place.source('preset = "wordpress"\nposts = ""\nselect.pages = [".page-links a::attr(href)"]\n')
    place.site.feed("/satu/")
    links = '<div class="page-links"><a href="/satu/2/">2</a></div>'
    place.article("/satu/", text="<p>Bagian pertama tentang banjir.</p>", more=links)
    place.article("/satu/2/", text="<p>Bagian kedua tentang longsor.</p>", more=links)
    place.site.answers["/feed/"] = place.site.answers.pop("/rss/terkini.xml")
    done = place.crawl()
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(pantau("search", "banjir longsor", "--json", **place.environment).stdout)
    assert answer["total"] == 1
