"""What every page needs: the record, the index, the settings, and how a page is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.responses import HTMLResponse

from indexer import query
from indexer.accounts import Role, Session, User
from indexer.config import Config
from indexer.index import SearchIndex
from indexer.store import Store
from indexer.web import drawn, filters
from indexer.web.assets import fingerprint
from indexer.web.kept import Kept
from indexer.web.texts import LANGUAGES, Texts, texts

LANGUAGE_COOKIE = "bahasa"


@dataclass(frozen=True)
class Site:
    """The parts that are open for the whole life of the application."""

    config: Config
    store: Store
    index: SearchIndex
    kept: Kept = field(default_factory=Kept)
    is_open: bool = False
    """Whether only this machine is served."""

    @property
    def is_search_open(self) -> bool:
        """Whether everybody may search, without an account."""
        return self.is_open or self.config.public_search


@dataclass(frozen=True)
class Page:
    """One request, and the reader it is for."""

    request: Request
    site: Site
    texts: Texts
    now: datetime

    def render(self, template: str, content: Mapping[str, Any], status: int = 200) -> HTMLResponse:
        """A page in the reader's language."""
        shared = {
            "page": self,
            "texts": self.texts,
            "_": self.texts.gettext,
            "ngettext": self.texts.ngettext,
            "exact_time": self._exact_time,
            "languages": LANGUAGES,
            "path": self.request.url.path,
        }
        text = _templates.get_template(template).render(shared | dict(content))
        headers = {"Content-Language": self.texts.language}
        if self.session:  # nobody finds it by going back after the session has ended
            headers["Cache-Control"] = "no-store"
        return HTMLResponse(text, status, headers=headers)

    def _exact_time(self, moment: datetime) -> Markup:
        return drawn.exact_time(moment, self.texts, self.now)

    @property
    def session(self) -> Session | None:
        """The session of the reader's browser, as `access.check` found it."""
        found: Session | None = getattr(self.request.state, "session", None)
        return found

    @property
    def user(self) -> User | None:
        """Who is logged in."""
        return self.session.user if self.session else None

    def may(self, role: Role) -> bool:
        """Whether who is logged in has a role."""
        return self.user is not None and self.user.may(role)

    @property
    def here(self) -> str:
        """Path and query of this request, to come back to."""
        return self.request.url.path + (f"?{self.request.url.query}" if self.request.url.query else "")


def read_page(request: Request) -> Page:
    """The page that a request asks for."""
    language = request.cookies.get(LANGUAGE_COOKIE, "")
    return Page(request, request.app.state.site, texts(language), datetime.now(query.WIB))


async def _asked_for(request: Request) -> Page:
    """`read_page` as FastAPI takes it without a thread of its own."""
    return read_page(request)


Asking = Annotated[Page, Depends(_asked_for)]
"""The parameter of a route that answers with a page."""


_templates = Environment(
    loader=PackageLoader("indexer.web"),
    autoescape=select_autoescape(["html", "xml"]),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_templates.filters |= {**filters.FILTERS}
_templates.tests |= {**filters.TESTS}
_templates.globals |= {"static": fingerprint, "marked": drawn.marked}
