"""Sources: files that are right, and sentences that name file, line and key where they are not."""

from pathlib import Path

import pytest

from crawlers.source import load_source, load_sources, read_source
from indexer.errors import PantauError

GOOD = 'name = "X"\nhome = "https://x.go.id/"\npreset = "antara"\n'


def write(folder: Path, text: str, key: str = "x") -> Path:
    path = folder / f"{key}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_all_shipped_sources_are_right() -> None:
    sources, problems = load_sources()
    assert problems == []
    assert {"antara_banten", "demo"} <= {each.key for each in sources}


def test_the_first_source_is_the_real_portal() -> None:
    source = load_source("antara_banten")
    assert (source.home, source.region, source.enabled) == ("https://banten.antaranews.com", "36", True)


def test_the_demo_is_not_crawled_unless_it_is_named() -> None:
    assert not load_source("demo").enabled


def test_the_key_is_the_name_of_the_file(tmp_path: Path) -> None:
    assert read_source(write(tmp_path, GOOD, "lebak_kab")).key == "lebak_kab"


def test_addresses_are_made_from_the_home(tmp_path: Path) -> None:
    source = read_source(write(tmp_path, GOOD))
    assert source.address("/rss/a.xml") == "https://x.go.id/rss/a.xml"
    assert source.address("berita/1") == "https://x.go.id/berita/1"


def test_an_unknown_source_is_told_with_the_known_ones() -> None:
    with pytest.raises(PantauError, match=r"no source 'nope'.*antara_banten"):
        load_source("nope")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = \n", r"x\.toml.*line 1"),
        (GOOD + "colour = 1\n", r"x\.toml:4: colour"),
        (GOOD + 'every = "often"\n', r"x\.toml:4: every"),
        (GOOD + "every = 0\n", r"x\.toml:4: every"),
        ('name = "X"\npreset = "antara"\n', r"x\.toml:1: home"),
        (GOOD.replace("https://", "ftp://"), r"x\.toml:2: home"),
        (GOOD.replace("antara", "nope"), r"x\.toml:3: preset: there is no preset 'nope'"),
        (GOOD.replace('"antara"', '"../x"'), r"x\.toml:3: preset"),
        (GOOD + 'zone = "CET"\n', r"x\.toml:4: zone"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_file_line_and_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(PantauError, match=told):
        read_source(write(tmp_path, text))


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PantauError, match=r"x\.toml: not UTF-8"):
        read_source(tmp_path / "x.toml")


def test_a_wrong_file_leaves_the_others_usable(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "good")
    write(tmp_path, "name = ", "bad")
    sources, problems = load_sources(tmp_path)
    assert {"good", "antara_banten"} <= {each.key for each in sources}
    assert len(problems) == 1


def test_an_own_source_may_replace_a_shipped_one(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "antara_banten")
    assert load_source("antara_banten", tmp_path).home == "https://x.go.id"
