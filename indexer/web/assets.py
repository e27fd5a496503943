"""Addresses of scripts and styles: they change with their content, so that browsers may keep them for ever."""

from functools import cache
from hashlib import sha256
from importlib.resources import files


@cache
def fingerprint(name: str) -> str:
    """The address of a static file."""
    content = files("indexer.web").joinpath("static", name).read_bytes()
    return f"/static/{name}?v={sha256(content).hexdigest()[:12]}"
