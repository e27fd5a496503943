"""The API for programs: searching, articles, sources, topics, and subscriptions for staff.

An application of its own within the page's, so that all that goes wrong under /api is told to programs: as
application/problem+json, in English. Its keys are `indexer.keys`, and who needs one is decided in `callers`.
"""

from fastapi import FastAPI
from starlette.middleware import Middleware

from indexer.web.api import finding, problems, subscribing
from indexer.web.api.documented import Api
from indexer.web.api.limits import Limits
from indexer.web.site import Site
from indexer.web.unchanged import Tagged


def create_api(site: Site) -> FastAPI:
    """The application that answers under /api."""
    api = Api(
        title="Pantau",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(Tagged)],
    )
    api.state.site = site
    api.state.limits = Limits(site.config.api_requests)
    problems.register(api)
    api.include_router(finding.router)
    api.include_router(subscribing.router)
    api.add_api_route("/v1/openapi.json", api.document, include_in_schema=False)
    return api
