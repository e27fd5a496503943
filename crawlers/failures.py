"""Why a page could not be fetched: a class that ops can count by, and a sentence."""

from scrapy import exceptions
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

NOT_MODIFIED = 304
_KINDS: tuple[tuple[type[Exception], str, str], ...] = (
    (exceptions.CannotResolveHostError, "dns", "the host name is not known"),
    (exceptions.DownloadConnectionRefusedError, "refused", "the server refuses connections"),
    (exceptions.DownloadTimeoutError, "timeout", "no answer in time"),
    (exceptions.DownloadCancelledError, "too large", "larger than what is fetched"),
    (exceptions.DownloadFailedError, "connection", "the connection broke"),
    (exceptions.ResponseDataLossError, "connection", "the answer was cut short"),
    (exceptions.IgnoreRequest, "robots", "robots.txt forbids it"),
)
_STATUSES = {401: "blocked", 403: "blocked", 429: "blocked", 451: "blocked", 404: "gone", 410: "gone"}
FOR_GOOD = ("robots", "gone")
"""Kinds after which an article is not asked for again."""


def describe(failure: Failure) -> tuple[str, str]:
    """Kind and sentence of what kept a page from being fetched."""
    error = failure.value
    if isinstance(error, HttpError):
        status = error.response.status
        kind = _STATUSES.get(status, "server error" if status >= 500 else "http")
        return kind, f"the server answered {status}"
    for type_, kind, sentence in _KINDS:
        if isinstance(error, type_):
            return kind, sentence
    return "error", f"{type(error).__name__}: {error}"


def is_not_modified(failure: Failure) -> bool:
    """Whether the server said that what we know is still so."""
    return isinstance(failure.value, HttpError) and failure.value.response.status == NOT_MODIFIED
