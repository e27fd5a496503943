"""`pantau sources new|check|sample` on real sites on loopback, and the pure guesses behind them."""

import asyncio
import json
import re
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import NOW, Site, pantau
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Selector
from scrapy.http import HtmlResponse

from crawlers.demo.portal import Portal
from crawlers.discovery import Link
from crawlers.failures import NotFetched
from crawlers.proposal import (
    Page,
    Ways,
    article_pattern,
    choose_preset,
    differences,
    guess_key,
    guess_system,
    load_preset,
    may_be_article,
    preset_names,
    site_name,
    toml_value,
    write_source,
)
from crawlers.prospect import Proposal, propose, source_for, usable_ways
from crawlers.reading.tree import parse
from crawlers.scout import Way, newest, save_samples
from crawlers.source import HERE, Listing, Preset, Selectors, Source, load_source, read_source
from indexer.errors import PantauError

TODAY = datetime.now(UTC)
TEXT = (
    "<p>SERANG – Pemerintah Kota Serang membagikan bantuan pangan kepada warga yang terdampak banjir pekan ini.</p>"
    "<p>Wali kota mengatakan bahwa bantuan itu berasal dari anggaran daerah dan akan disalurkan sampai akhir bulan.</p>"
)
WORDPRESS = (
    '<html lang="id"><head><title>{title} - Situs</title><meta name="generator" content="WordPress 6.8">'
    '<meta property="article:published_time" content="{date}"></head><body class="single"><article>'
    '<h1 class="entry-title">{title}</h1><div class="entry-meta"><span class="author vcard"><a>Siti Aminah</a></span>'
    '<time class="entry-date published" datetime="{date}">x</time></div><div class="entry-content">{text}</div>'
    '<a rel="tag" href="/tag/banjir">banjir</a></article></body></html>'
)
UNKNOWN = (
    '<html lang="id"><head><title>{title}</title><meta property="og:title" content="{title}">'
    '<meta property="article:published_time" content="{date}"></head>'
    "<body><h1>{title}</h1><main>{text}</main></body></html>"
)
TITLES = (
    "Wali Kota Serang bagikan bantuan banjir",
    "Harga beras di pasar induk turun tipis",
    "Ribuan siswa ikuti lomba membaca puisi",
    "Dinas kesehatan gelar imunisasi anak balita",
)


class Place:
    """Folders for sources and data, and the commands that work there."""

    def __init__(self, folder: Path) -> None:
        self.sources, self.samples = folder / "sources", folder / "samples"
        self.sources.mkdir()
        self.environment = {
            "PANTAU_DATA": str(folder / "data"),
            "PANTAU_SOURCES": str(self.sources),
            "PANTAU_CONTACT": "",
        }
        self.data = folder / "data"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return pantau("sources", *arguments, **self.environment)

    def new(self, home: str, *options: str) -> subprocess.CompletedProcess[str]:
        samples = ("--into", str(self.samples))
        return self.run("new", home, "--local", "--key", "situs", *samples, *options)

    def written(self) -> Source:
        return read_source(self.sources / "situs.toml")

    def source(self, key: str, home: str, more: str = 'preset = "antara"\n') -> None:
        text = f'name = "Situs"\nhome = "{home}"\ndelay = 0\nlocal = true\n{more}'
        (self.sources / f"{key}.toml").write_text(text)

    def assert_nothing_written(self) -> None:
        assert list(self.sources.iterdir()) == []
        assert not self.samples.exists()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with Portal() as running:
        yield running


def slug(title: str) -> str:
    return title.lower().replace(" ", "-")


def fill(site: Site, page: str, path: str) -> list[str]:
    """Four articles on a site, `path` with {number} and {slug}, and a home page that links to them."""
    paths = [path.format(number=n + 101, slug=slug(title)) for n, title in enumerate(TITLES)]
    for n, (address, title) in enumerate(zip(paths, TITLES, strict=True)):
        date = (TODAY - timedelta(hours=n + 1)).isoformat(timespec="seconds")
        site.page(address, page.format(title=title, date=date, text=TEXT))
    links = "".join(
        f'<li><a href="{path}">{title}</a></li>' for path, title in zip(paths, TITLES, strict=True)
    )
    site.page(
        "/", f'<html lang="id"><head><title>Situs &amp; Kota</title>{{}}</head><body>{links}</body></html>'
    )
    return paths


def posts(site: Site, paths: list[str]) -> None:
    rows = [
        {"link": site.home + path, "date_gmt": f"{TODAY - timedelta(hours=n + 1):%Y-%m-%dT%H:%M:%S}"}
        for n, path in enumerate(paths)
    ]
    address = "/wp-json/wp/v2/posts?per_page=50&page=1&_fields=link%2Cdate_gmt"
    site.page(address, json.dumps(rows), "application/json")


def feed(site: Site, address: str, paths: list[str]) -> None:
    site.feed(*paths)
    site.answers[address] = site.answers.pop("/rss/terkini.xml")


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What was said on stderr with status 1: one sentence, no trace."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


# A new source


def test_the_demo_portal_is_recognised_read_and_written(place: Place, portal: Portal) -> None:
    done = place.new(portal.address, "--region", "36", "--kind", "agency", "--name", "Portal contoh")
    assert done.returncode == 0, done.stderr
    assert "looks like antara; read best by the preset antara" in done.stdout
    assert tomllib.loads((place.sources / "situs.toml").read_text()) == {
        "name": "Portal contoh",
        "home": portal.address,
        "preset": "antara",
        "region": "36",
        "kind": "agency",
        "local": True,
        "delay": 0,
        "verified": False,
    }
    answer = json.loads((place.samples / "situs-1.expected.json").read_text())
    assert answer["title"] in {each.title for each in portal.articles}
    assert (place.samples / "situs-1.html").exists()
    assert "do not" in done.stdout
    assert pantau("crawl", "situs", **place.environment).returncode == 0
    assert not any(path.startswith("/rilis-pers/") for path, _ in portal.requests)


def test_a_wordpress_is_recognised_by_its_posts(place: Place, site: Site) -> None:
    posts(site, fill(site, WORDPRESS, "/2026/11/{slug}/"))
    done = place.new(site.home)
    assert done.returncode == 0, done.stderr
    assert "looks like wordpress; read best by the preset wordpress" in done.stdout
    assert "4 articles" in done.stdout
    assert place.written().preset.posts == "/wp-json/wp/v2/posts"
    assert place.written().name == "Situs & Kota"
    assert not place.written().verified
    for told in ("fill in region", "fill in kind", "no editor found"):
        assert told in done.stdout


def test_a_wordpress_that_hides_its_posts_is_read_by_its_feed(place: Place, site: Site) -> None:
    feed(site, "/feed/", fill(site, WORDPRESS, "/{slug}/"))
    kind, home = site.answers["/"]
    site.answers["/"] = (kind, home.replace(b"{}", b'<meta name="generator" content="WordPress 6.8">'))
    done = place.new(site.home)
    assert "read best by the preset wordpress" in done.stdout, done.stderr
    assert place.written().preset.feeds == ("/feed/",)


def test_an_unknown_site_is_read_by_generic_from_its_feed(place: Place, site: Site) -> None:
    feed(site, "/xml/kabar", fill(site, UNKNOWN, "/kabar/baca/{number}/{slug}"))
    alternate = b'<link rel="alternate" type="application/rss+xml" href="/xml/kabar">'
    site.answers["/"] = ("text/html", site.answers["/"][1].replace(b"{}", alternate))
    done = place.new(site.home)
    assert "looks like generic; read best by the preset generic" in done.stdout, done.stderr
    preset = place.written().preset
    assert (preset.feeds, preset.article) == (("/xml/kabar",), r"^/kabar/baca/\d+/")
    assert "no authors found" in done.stdout


def test_a_site_without_feeds_is_read_from_the_links_of_its_home_page(place: Place, site: Site) -> None:
    fill(site, UNKNOWN, "/berita/{slug}")
    done = place.new(site.home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "articles are taken from the links" in done.stdout
    checked = place.run("check", "situs")
    assert (checked.returncode, "4 of 4" in checked.stdout) == (0, True), checked.stdout + checked.stderr


def test_what_a_site_calls_itself_never_becomes_syntax(place: Place, site: Site) -> None:
    feed(site, "/feed/", fill(site, WORDPRESS, "/{slug}/"))
    nasty = "\"\nenabled = false\n[select]\x07\x1b[31m ''' \\\" ]]"
    home = site.answers["/"][1].decode().replace("Situs &amp; Kota", nasty)
    site.page("/", home)
    done = place.new(site.home)
    assert done.returncode == 0, done.stderr
    assert place.written().name == "\" enabled = false [select] [31m ''' \\\" ]]"
    assert place.written().enabled
    assert "\x1b" not in done.stdout


def test_an_existing_file_is_never_overwritten(place: Place, site: Site) -> None:
    place.source("situs", site.home)
    before = (place.sources / "situs.toml").read_text()
    assert "situs.toml is there already: choose another key with --key" in sentence(place.new(site.home))
    assert (place.sources / "situs.toml").read_text() == before
    assert site.asked == []


def test_a_key_of_a_shipped_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PantauError, match=r"antara_banten\.toml is there already"):
        source_for("https://banten.antaranews.com", "antara_banten", False, tmp_path)


@pytest.mark.parametrize("key", ["../x", "A", "1a", "a b", "a.toml"])
def test_a_key_that_is_no_name_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(PantauError, match="must be small letters"):
        source_for("https://contoh.go.id", key, False, tmp_path)


def test_a_dead_host_is_told_and_nothing_written(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        home = f"http://127.0.0.1:{unused.getsockname()[1]}"
    assert "refused: the server refuses connections" in sentence(place.new(home))
    place.assert_nothing_written()


def test_a_site_that_forbids_is_told_and_nothing_written(place: Place, site: Site) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /\n", "text/plain")
    fill(site, WORDPRESS, "/{slug}/")
    assert "robots: robots.txt forbids it" in sentence(place.new(site.home))
    assert site.asked == ["/robots.txt"]
    place.assert_nothing_written()


def test_a_challenge_is_told_and_nothing_written(place: Place, site: Site) -> None:
    site.page("/", "<html><title>Just a moment...</title></html>")
    assert "blocked: the site shows a challenge" in sentence(place.new(site.home))
    place.assert_nothing_written()


def test_a_page_that_is_no_html_is_told_and_nothing_written(place: Place, site: Site) -> None:
    site.page("/", "%PDF-1.4", "application/pdf")
    assert "this is no page of HTML" in sentence(place.new(site.home))
    place.assert_nothing_written()


@pytest.mark.parametrize(
    "html", ["", "<html><body>Segera hadir</body></html>", "\x00", "<a href='http://['>x</a>"]
)
def test_a_page_that_leads_nowhere_is_told(html: str) -> None:
    with pytest.raises(PantauError, match="no feed, sitemap or link of it leads to an article"):
        proposed({"https://x.id/": html})


def test_articles_that_cannot_be_read_are_told_and_nothing_written(place: Place, site: Site) -> None:
    feed(site, "/feed/", fill(site, "<html><body><p>x</p></body></html>", "/{slug}/"))
    assert "none of 4 articles can be read" in sentence(place.new(site.home))
    place.assert_nothing_written()


@pytest.mark.parametrize(
    "address", ["ftp://x.go.id", "x.go.id", "http://", "http://x:y@z.id", "http://x:99999", "http://["]
)
def test_a_wrong_address_is_told(tmp_path: Path, address: str) -> None:
    with pytest.raises(PantauError, match="address"):
        source_for(address, "", False, tmp_path)


def test_a_foreign_site_needs_a_contact(place: Place) -> None:
    assert "PANTAU_CONTACT" in sentence(place.run("new", "https://contoh.invalid"))


def test_a_site_on_this_machine_needs_to_be_called_local(place: Place, site: Site) -> None:
    done = pantau("sources", "new", site.home, **{**place.environment, "PANTAU_CONTACT": "a@example.org"})
    assert "not a public address" in sentence(done)


# Checking and sampling


def test_a_check_tells_of_each_field_and_stores_nothing(place: Place, portal: Portal) -> None:
    place.source("situs", portal.address)
    done = place.run("check", "situs")
    assert done.returncode == 0, done.stderr
    titles, row = done.stdout.splitlines()[:2]
    assert titles.split() == [
        "source",
        "read",
        *["title", "date", "text", "place", "authors", "editor", "tags", "image"],
    ]
    assert re.match(r"situs +\d of \d ", row)
    assert not place.data.exists()


def test_a_dead_source_leaves_the_others_alone(place: Place, portal: Portal) -> None:
    place.source("situs", portal.address)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        place.source("mati", f"http://127.0.0.1:{unused.getsockname()[1]}")
    done = place.run("check", "mati", "situs")
    assert done.returncode == 1
    assert "mati: refused: the server refuses connections" in done.stderr
    assert "mati: no article could be read" in done.stderr
    assert "situs: no article" not in done.stderr
    assert re.search(r"situs +\d of \d ", done.stdout)


def test_a_field_with_selectors_that_is_never_found_is_pointed_out(place: Place, site: Site) -> None:
    site.feed(*fill(site, WORDPRESS, "/{slug}/"))
    more = 'preset = "wordpress"\nposts = ""\nfeeds = ["/rss/terkini.xml"]\nselect.editor = [".tidak-ada"]\n'
    place.source("situs", site.home, more)
    done = place.run("check", "situs")
    assert done.returncode == 0, done.stderr
    assert "situs: no editor in any article, though there are selectors for it" in done.stderr


def test_samples_are_pages_with_the_answers_read_from_them(place: Place, portal: Portal) -> None:
    place.source("situs", portal.address)
    done = place.run("sample", "situs", "--number", "2", "--into", str(place.samples))
    assert done.returncode == 0, done.stderr
    assert sorted(each.name for each in place.samples.glob("*.html")) == ["situs-1.html", "situs-2.html"]
    assert "do not" in done.stdout
    answer = json.loads((place.samples / "situs-1.expected.json").read_text())
    known = {each.url: each for each in portal.articles}[answer["url"]]
    assert (answer["title"], answer["paragraphs"]) == (known.title, list(known.paragraphs))


SECOND = "<p>Bantuan tahap kedua dibagikan setelah data warga selesai diperiksa oleh petugas kelurahan setempat.</p>"


def write_two_pages(site: Site) -> None:
    """A feed of one article of two pages, in the markup of WordPress."""
    date = (TODAY - timedelta(hours=1)).isoformat(timespec="seconds")
    more = '<div class="page-links"><a href="/banjir-serang/2/">2</a></div>'
    for path, text in (("/banjir-serang/", TEXT), ("/banjir-serang/2/", SECOND)):
        site.page(path, WORDPRESS.format(title=TITLES[0], date=date, text=text + more))
    site.feed("/banjir-serang/")


def test_an_article_of_two_pages_is_checked_and_saved_as_one(place: Place, site: Site) -> None:
    write_two_pages(site)
    place.source("situs", site.home, 'preset = "wordpress"\nposts = ""\nfeeds = ["/rss/terkini.xml"]\n')
    assert place.run("check", "situs").returncode == 0
    assert "/banjir-serang/2/" in site.asked
    assert place.run("sample", "situs", "--into", str(place.samples)).returncode == 0
    names = ["situs-1.expected.json", "situs-1.html", "situs-1.page-2.html"]
    assert sorted(each.name for each in place.samples.iterdir()) == names
    answer = json.loads((place.samples / "situs-1.expected.json").read_text())
    assert "tahap kedua" in answer["paragraphs"][-1]


def test_an_article_of_which_a_page_is_missing_is_told(place: Place, site: Site) -> None:
    write_two_pages(site)
    del site.answers["/banjir-serang/2/"]
    place.source("situs", site.home, 'preset = "wordpress"\nposts = ""\nfeeds = ["/rss/terkini.xml"]\n')
    assert "gone: the server answered 404" in place.run("check", "situs").stderr


def test_samples_go_on_counting_and_an_unreadable_page_has_no_answer(tmp_path: Path) -> None:
    source = load_source("antara_banten")
    page = Page(f"{source.home}/berita/1/a", "<p>é\ud800", parse("<p>x"))
    for _ in range(2):
        save_samples([page], source, tmp_path, NOW)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "antara_banten-1.html",
        "antara_banten-2.html",
    ]
    assert (tmp_path / "antara_banten-2.html").read_text(encoding="utf-8") == "<p>é?"


def proposed(pages: dict[str, str]) -> Proposal:
    """What is proposed for a site of these pages; whatever is asked for first is its home, which comes first."""
    home = next(iter(pages))

    async def fetch(url: str, is_robots: bool = False) -> HtmlResponse:
        address = home if url == "http://x.id" else url
        if address not in pages:
            raise NotFetched("gone", "the server answered 404")
        return HtmlResponse(address, body=pages[address], encoding="utf-8")

    return asyncio.run(
        propose(fetch, source_for("http://x.id", "situs", False, None), "http://x.id", {}, NOW)
    )


def test_the_home_is_where_the_site_leads_to() -> None:
    """As of a site that answers http only with the way to https and "www."."""
    article = "https://www.x.id/berita/1/wali-kota-bagikan-bantuan"
    page = UNKNOWN.format(title=TITLES[0], date="2026-11-23T10:00:00+07:00", text=TEXT)
    proposal = proposed({"https://www.x.id/": f"<a href='{article}'>{TITLES[0]}</a>", article: page})
    assert tomllib.loads(proposal.toml)["home"] == "https://www.x.id"
    assert [each.article.url for each in proposal.readings if each.article] == [article]


def test_a_new_source_is_tried_on_whole_articles() -> None:
    home, address = "https://www.x.id/", "https://www.x.id/banjir-serang/"
    more = '<div class="page-links"><a href="/banjir-serang/2/">2</a></div>'
    first, second = (
        WORDPRESS.format(title=TITLES[0], date="2026-11-23T10:00:00+07:00", text=text + more)
        for text in (TEXT, SECOND)
    )
    proposal = proposed(
        {home: f"<a href='{address}'>{TITLES[0]}</a>", address: first, f"{address}2/": second}
    )
    (article,) = [each.article for each in proposal.readings if each.article]
    assert "tahap kedua" in article.paragraphs[-1]


def test_the_list_of_sources_is_as_before(place: Place) -> None:
    assert "antara_banten" in place.run().stdout


# Pure


@pytest.mark.parametrize(
    ("paths", "pattern"),
    [
        (["/berita/12/satu-dua", "/berita/345/tiga"], r"^/berita/\d+/"),
        (["/berita/12/a-b", "/rilis-pers/3/c"], r"^/(?:berita|rilis-pers)/\d+/"),
        (["/berita/banjir-di-serang", "/berita/harga-beras-turun"], r"^/berita/[\w%-]+-[\w%-]+/?$"),
        (["/2026/11/banjir-di-serang/"], r"^/\d{4}/\d+/[\w%-]+-[\w%-]+/?$"),
        (["/main/news/view/12", "/main/news/view/345"], r"^/main/news/view/\d+/?$"),
        (["/read/sosial/7/judul.html", "/read/ekonomi/8/lain.html"], r"^/read/(?:ekonomi|sosial)/\d+/"),
        (["/index.php?id=5", "/index.php?id=6"], r"^/index\.php\?id"),
        (["/tag/banjir", "/", "/foto/1/x"], ""),
        ([], ""),
    ],
)
def test_the_pattern_of_articles(paths: list[str], pattern: str) -> None:
    assert article_pattern(paths) == pattern
    assert all(re.search(pattern, path) for path in paths if may_be_article(path))


@given(st.lists(st.text(alphabet="/ab1-.?=[(\\", max_size=12).map("/".__add__), max_size=5))
def test_any_paths_give_a_pattern_that_compiles(paths: list[str]) -> None:
    re.compile(article_pattern(paths))


@given(st.text())
def test_any_string_stays_what_it_is_in_a_file(text: str) -> None:
    assert tomllib.loads(f"x = {toml_value(text)}")["x"] == text


@pytest.mark.parametrize("text", ["\ud800", "\x7f", "\x00\x1b\n\r\t", "'''\"\"\"\\", "\\d'", "\u2028"])
def test_signs_that_toml_does_not_take_are_escaped_or_replaced(text: str) -> None:
    assert tomllib.loads(write_source({"name": text}, {}))["name"] == text.replace("\ud800", "?")


def test_a_file_of_a_source_has_its_table_last() -> None:
    own = {"listing": {"paths": ("/",), "card": "a"}, "article": r"^/\d+"}
    text = write_source({"name": "X", "delay": 0, "local": True}, own)
    assert tomllib.loads(text) == {
        "name": "X",
        "delay": 0,
        "local": True,
        "article": r"^/\d+",
        "listing": {"paths": ["/"], "card": "a"},
    }


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("www.serangkota.go.id", "serangkota"),
        ("dinkes.bantenprov.go.id", "dinkes_bantenprov"),
        ("radarbanten.co.id", "radarbanten"),
        ("dprd-bantenprov.go.id", "dprd_bantenprov"),
        ("127.0.0.1", "site_127_0_0_1"),
    ],
)
def test_a_key_is_made_of_the_host_name(host: str, key: str) -> None:
    assert guess_key(host) == key


@pytest.mark.parametrize(
    ("html", "host", "system"),
    [
        ("<meta name=generator content='WordPress 6.1'>", "x.id", "wordpress"),
        ("<link rel=stylesheet href='/wp-content/themes/x.css'>", "x.id", "wordpress"),
        ("<article class='simple-post clearfix'></article>", "x.id", "antara"),
        ("<p>x", "banten.antaranews.com", "antara"),
        ("<meta name=generator content='Joomla!'>", "x.id", "generic"),
    ],
)
def test_the_system_is_guessed(html: str, host: str, system: str) -> None:
    assert guess_system(Selector(text=html), host, has_posts=False) == system


def test_a_site_is_called_what_it_calls_itself() -> None:
    assert site_name(Selector(text="<title>Beranda - Kota\nSerang</title>"), "x.id") == "Kota Serang"
    named = "<title>x</title><meta property='og:site_name' content='Radar'>"
    assert site_name(Selector(text=named), "x.id") == "Radar"
    assert site_name(Selector(text="<p>x"), "x.id") == "x.id"


def test_of_presets_that_read_equally_much_the_one_of_the_system_is_taken() -> None:
    html = WORDPRESS.format(title="Judul", date="2026-11-23T10:00:00+07:00", text=TEXT)
    page = Page("https://x.id/judul-berita-ini/", html, parse(html))
    presets = {name: load_preset(name) for name in preset_names()}
    first = Source(key="x", name="X", home="https://x.id", preset=Preset(article="^/.", select=Selectors()))
    assert choose_preset([page], first, presets, "wordpress", NOW) == "wordpress"


def test_only_what_differs_from_the_preset_is_written() -> None:
    antara, paths = load_preset("antara"), ["/berita/1/a"]
    same = Ways(feeds=("/rss/terkini.xml",))
    assert differences(antara, same, paths, r"^/berita/\d+/", "") == {}
    other = Ways(feeds=("/feed/",), sitemaps=("/news-sitemap.xml",))
    assert differences(antara, other, ["/kabar/1/a"], r"^/kabar/\d+/", "") == {
        "article": r"^/kabar/\d+/",
        "feeds": ("/feed/",),
        "sitemaps": ("/news-sitemap.xml",),
    }


def test_a_feed_that_names_nothing_more_is_not_needed() -> None:
    def way(name: str, path: str, *numbers: int) -> Way:
        return Way(name, f"https://x.id{path}", tuple(Link(f"https://x.id/{n}", NOW) for n in numbers))

    ways = [way("feeds", "/feed/", 1, 2), way("feeds", "/rss", 2), way("sitemaps", "/s.xml", 1)]
    assert usable_ways(ways) == Ways(feeds=("/feed/",), sitemaps=("/s.xml",))
    assert usable_ways([way("posts", "/p", 1), *ways]) == Ways(feeds=("/feed/",), posts="/p")
    assert newest(ways) == ["https://x.id/2", "https://x.id/1"]


# The page that explains it


@pytest.mark.parametrize("model", [Source, Preset, Listing, Selectors])
def test_the_page_on_sources_names_every_field(model: type[Source | Preset | Listing | Selectors]) -> None:
    text = (HERE.parent / "docs" / "adding-a-source.md").read_text(encoding="utf-8")
    fields = set(model.model_fields) - {"key"}
    assert sorted(name for name in fields if f"| `{name}`" not in text) == []


def test_the_page_on_sources_walks_through_the_demo() -> None:
    text = (HERE.parent / "docs" / "adding-a-source.md").read_text(encoding="utf-8")
    assert f"pantau sources new {load_source('demo').home} --local" in text
