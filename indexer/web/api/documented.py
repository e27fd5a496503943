"""What the API says of itself: its OpenAPI document, and the list of its operations for the page /api."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.responses import HTMLResponse, JSONResponse

from indexer.web.api import models
from indexer.web.api.limits import WINDOW
from indexer.web.links import home
from indexer.web.site import Asking

REFERENCE = "#/components/schemas/{model}"
router = APIRouter()


class Api(FastAPI):
    """A FastAPI application whose document tells of problems too."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            limit = self.state.site.config.api_requests
            document = get_openapi(
                title=self.title,
                version=self.version,
                openapi_version="3.1.0",
                summary="News of Indonesia's regions: search, articles, and who is told of what.",
                description=_description(limit),
                routes=self.routes,
                separate_input_output_schemas=False,
            )
            _, problems = models_json_schema([(models.Problem, "serialization")], ref_template=REFERENCE)
            document["components"]["schemas"] |= problems["$defs"]
            self.openapi_schema = document
        return self.openapi_schema

    def document(self, request: Request) -> JSONResponse:
        """The document for those who ask at this address."""
        return JSONResponse({**self.openapi(), "servers": [{"url": f"{home(request)}/api"}]})


def _description(limit: int) -> str:
    return (
        f"At most {limit} requests in {WINDOW} seconds for each key or, without one, each address; `RateLimit` says what is "
        "left, `Retry-After` when to come again. Answers have an ETag: send it as `If-None-Match` and get 304 for what has "
        "not changed. What goes wrong is told as application/problem+json (RFC 9457): 400 for what cannot be meant, 422 for "
        "what is not as this document says. Names that are not in this document are refused. All texts belong to their "
        "publishers."
    )


@dataclass(frozen=True)
class Operation:
    """One thing the API can do, as the page lists it."""

    method: str
    path: str
    summary: str
    parameters: list[tuple[str, str, str]]
    """Name, what it can be, and what it means."""
    body: list[tuple[str, str, str]]
    """The same of the members of its JSON body."""


@router.get("/api")
def overview(page: Asking) -> HTMLResponse:
    """What the API can do, for people."""
    api: Api = page.request.app.state.api
    document = api.openapi()
    content = {
        "operations": [*_operations(document)],
        "description": document["info"]["description"],
        "home": home(page.request),
    }
    return page.render("api.html", content)


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            parameters = [
                (each["name"], _kind(each["schema"], schemas), each.get("description", ""))
                for each in told.get("parameters", ())
            ]
            sent = (
                told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            )
            members = _resolved(sent, schemas).get("properties", {})
            body = [
                (name, _kind(each, schemas), each.get("description", "")) for name, each in members.items()
            ]
            yield Operation(method.upper(), f"/api{path}", told["description"], parameters, body)


def _kind(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """A word or two on what a value can be."""
    schema = _resolved(schema, schemas)
    if "anyOf" in schema:
        kinds = [_kind(each, schemas) for each in schema["anyOf"] if each.get("type") != "null"]
        return " or ".join(kinds)
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"{_kind(schema['items'], schemas)}, may be repeated"
    return str(schema.get("format", schema.get("type", "")))


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    found: dict[str, Any] = schemas[reference.rpartition("/")[2]] if reference else schema
    return found
