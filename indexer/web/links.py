"""Addresses that others keep: whole ones, which begin with the name under which the page is known."""

from fastapi import Request

from indexer.web.site import Site


def home(request: Request) -> str:
    """How addresses of this site begin, without a slash at the end; a request's own name was checked by `Hosts`."""
    site: Site = request.app.state.site
    return site.config.web_url or f"{request.url.scheme}://{request.url.netloc}"
