"""Who calls, what they may, and how often."""

from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Annotated

from fastapi import Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from indexer.accounts import network
from indexer.keys import Key, Scope, find_key
from indexer.web.api.limits import Limits
from indexer.web.api.problems import Refused
from indexer.web.bounded import known_as
from indexer.web.site import Site

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="key",
    description="A key, as `pantau keys add` makes it. Searching needs one only where it is not open to everybody.",
)
_Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


def needs(scope: Scope) -> Callable[[Request, Response, HTTPAuthorizationCredentials | None], None]:
    """The dependency of a route that needs this scope."""

    def check(request: Request, response: Response, credentials: _Credentials) -> None:
        site: Site = request.app.state.site
        key = find_key(site.store, credentials.credentials, datetime.now(UTC)) if credentials else None
        if key:
            known_as(f"key {key.id}")
        _count(request, response, key)
        if key is None and "authorization" in request.headers:
            raise _unauthorised("This is not a key, or one that was revoked.", 'error="invalid_token"')
        if key is not None and scope in key.scopes:
            return
        if scope == Scope.SEARCH and site.is_search_open:
            return
        if key is None:
            raise _unauthorised("This needs a key, sent as Authorization: Bearer.")
        raise Refused(403, f"This key does not open this: it needs the scope {scope}.")

    return check


def _count(request: Request, response: Response, key: Key | None) -> None:
    """Without a key by address; with one by key, wherever it is used."""
    limits: Limits = request.app.state.limits
    address = request.client.host if request.client else ""
    left = limits.take(f"key {key.id}" if key else network(address), monotonic())
    request.state.limits = left.headers()
    response.headers.update(left.headers())
    if left.retry_after:
        raise Refused(429, f"There were too many requests: at most {left.limit} a minute.")


def _unauthorised(detail: str, more: str = "") -> Refused:
    return Refused(401, detail, {"WWW-Authenticate": f'Bearer realm="Pantau"{", " if more else ""}{more}'})
