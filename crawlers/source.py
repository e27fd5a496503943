"""Sources: one TOML file each, on a preset that says what sites of one make share."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urljoin, urlsplit

from cssselect import SelectorError
from parsel import css2xpath
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from indexer.errors import PantauError

HERE = Path(__file__).parent
ZONES = {"WIB": 7, "WITA": 8, "WIT": 9}
"""Hours east of UTC of Indonesia's zones, by law without summer time."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Model = TypeVar("Model", bound=_Data)


class Selectors(_Data):
    """Where the parts of an article page stand: CSS selectors a field, the first that finds text wins.

    A field without any is looked for in what pages state for machines, and then where such things usually
    stand. The body is looked for so only where it has no selectors: if those it has find nothing, the site
    has changed.
    """

    title: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    editor: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    """Elements inside the body that are no text of the article."""
    pages: tuple[str, ...] = ()
    """Links to the further pages of an article that has several."""
    title_suffix: str = ""
    """Regular expression of what the site hangs on its titles."""
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes of what its articles are written in; another is an error. Empty: any will do."""

    @field_validator(
        "title", "date", "body", "credits", "authors", "editor", "tags", "image", "remove", "pages"
    )
    @classmethod
    def _are_selectors(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for selector in value:
            _check_selector(selector)
        return value


class Listing(_Data):
    """Pages that list articles, newest first."""

    paths: tuple[str, ...]
    card: str
    """Selector of one entry."""
    link: str
    """Selector of its address, in the entry."""
    date: str = ""
    """Selector of its date, in the entry."""
    page: str = "{path}/{number}"
    """Path of page `number` from 2 on."""

    @field_validator("card", "link", "date")
    @classmethod
    def _is_selector(cls, value: str) -> str:
        if value:
            _check_selector(value)
        return value


class Preset(_Data):
    """What sites of one make share; a source may state any of it otherwise."""

    feeds: tuple[str, ...] = ()
    """Paths of RSS and Atom feeds."""
    sitemaps: tuple[str, ...] = ()
    """Paths of sitemaps, of news or of all pages, or of an index of sitemaps."""
    posts: str = ""
    """Path of WordPress's list of posts."""
    listing: Listing | None = None
    search: Listing | None = None
    """Listing pages of a time, asked only to page back: paths with {since} and {until} as DD-MM-YYYY."""
    optional: tuple[Literal["feeds", "sitemaps", "posts", "listing"], ...] = ()
    """Ways that not every site of this make has: one that is missing is no failure while another works."""
    article: str
    """Regular expression of the paths of articles."""
    whole: str = ""
    """Query that asks for an article of several pages at once, as "page=all"."""
    select: Selectors


class Source(_Data):
    """A site we follow."""

    key: str
    name: str
    home: str
    preset: Preset
    region: str | None = None
    """Code of the Ministry of Home Affairs for the region it reports on."""
    kind: Literal["government", "press", "agency"] = "press"
    zone: Literal["WIB", "WITA", "WIT"] = "WIB"
    every: int = 60
    """Minutes between two runs."""
    delay: float = 1
    """Seconds between two requests."""
    verified: bool = True
    """Whether its addresses and selectors are known well; if not, a first crawl may have to teach them."""
    local: bool = False
    """Whether its home may be on this machine or in a private network; else it must be public."""
    hosts: tuple[str, ...] = ()
    """Further host names of the site, to which its pages may redirect."""
    enabled: bool = True
    note: str = ""
    """Why it is not enabled, or what is uncertain."""

    @field_validator("home")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address that begins with http:// or https://")
        return value.rstrip("/")

    @field_validator("every")
    @classmethod
    def _is_polite(cls, value: int) -> int:
        if value < 1:
            raise ValueError("must be at least 1 minute")
        return value

    @property
    def host(self) -> str:
        """Host name of the site."""
        return urlsplit(self.home).hostname or ""

    def address(self, path: str) -> str:
        """The whole address of a path of this site."""
        return urljoin(self.home + "/", path)


def load_source(key: str, own: Path | None = None) -> Source:
    """The source with this key; raises PantauError if there is none or its file is wrong.

    Files in the folder `own` (`PANTAU_SOURCES`) come beside the shipped ones, and before one of the same key.
    """
    known = _files(own)
    if key not in known:
        raise PantauError(f"There is no source {key!r}. The sources are: {', '.join(sorted(known))}.")
    return read_source(known[key])


def load_sources(own: Path | None = None) -> tuple[list[Source], list[PantauError]]:
    """All sources in order of their keys, and what is wrong with the files that cannot be read."""
    sources, problems = [], []
    for _, path in sorted(_files(own).items()):
        try:
            sources.append(read_source(path))
        except PantauError as problem:
            problems.append(problem)
    return sources, problems


def read_source(path: Path) -> Source:
    """The source a TOML file describes; raises PantauError naming file, line and key."""
    data = _toml(path)
    own = {name: data.pop(name) for name in Preset.model_fields if name in data}
    name = data.get("preset")
    if not isinstance(name, str) or not re.fullmatch(r"\w+", name):
        raise PantauError(_at(path, "preset", "must name a file in crawlers/presets"))
    if not _preset_path(name).exists():
        raise PantauError(_at(path, "preset", f"there is no preset {name!r}"))
    preset = _checked(Preset, path, _merged(_preset(name).model_dump(), own)) if own else _preset(name)
    return _checked(Source, path, {**data, "key": path.stem, "preset": preset})


@cache
def _preset(name: str) -> Preset:
    path = _preset_path(name)
    return _checked(Preset, path, _toml(path))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` over `below`, table by table."""
    merged = dict(below)
    for name, value in above.items():
        is_table = isinstance(value, Mapping) and isinstance(below.get(name), Mapping)
        merged[name] = _merged(below[name], value) if is_table else value
    return merged


def _preset_path(name: str) -> Path:
    return HERE / "presets" / f"{name}.toml"


def _files(own: Path | None) -> dict[str, Path]:
    shipped = [HERE / "demo" / "demo.toml", *(HERE / "sources").glob("*.toml")]
    return {path.stem: path for path in [*shipped, *(own.glob("*.toml") if own else ())]}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise PantauError(f"{path}: {error}") from None
    except UnicodeDecodeError:
        raise PantauError(f"{path}: not UTF-8 text") from None
    except OSError as error:
        raise PantauError(f"{path}: {error.strerror}") from None


def _checked(model: type[Model], path: Path, data: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise PantauError(_at(path, ".".join(map(str, first["loc"])), first["msg"])) from None


def _at(path: Path, key: str, message: str) -> str:
    return f"{path}:{_line_of(key.rsplit('.', 1)[-1], path)}: {key}: {message}"


def _check_selector(selector: str) -> None:
    try:
        css2xpath(selector)
    except SelectorError as error:
        raise ValueError(f"{selector!r} is no CSS selector: {error}") from None


def _line_of(key: str, path: Path) -> int:
    lines: Iterable[str] = path.read_text(encoding="utf-8").splitlines()
    return next((n for n, line in enumerate(lines, 1) if re.match(rf"\s*\[?{re.escape(key)}\b", line)), 1)
