"""Why a page could not be fetched: a class that ops can count by, and a sentence."""

from scrapy import Request, exceptions
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.internet import error as twisted
from twisted.python.failure import Failure

NOT_MODIFIED = 304
_KINDS: tuple[tuple[type[Exception], str, str], ...] = (
    (exceptions.CannotResolveHostError, "dns", "the host name is not known"),
    (exceptions.DownloadConnectionRefusedError, "refused", "the server refuses connections"),
    (exceptions.DownloadTimeoutError, "timeout", "no answer in time"),
    (exceptions.DownloadCancelledError, "too large", "larger than what is fetched"),
    (exceptions.DownloadFailedError, "connection", "the connection broke"),
    (exceptions.ResponseDataLossError, "connection", "the answer was cut short"),
    (twisted.ConnectError, "connection", "the server cannot be reached"),
    (twisted.ConnectionClosed, "connection", "the connection broke"),
)
_STATUSES = {401: "blocked", 403: "blocked", 429: "blocked", 451: "blocked", 404: "gone", 410: "gone"}
FOR_GOOD = ("robots", "gone")
"""Kinds after which an article is not asked for again."""


class NotFetched(exceptions.IgnoreRequest):
    """A page that we do not fetch, or whose answer we do not take: `kind`, and a sentence as its text."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


class Skipped(exceptions.IgnoreRequest):
    """A page that is left for a later run; why is told once for all of them, not for each."""


def skip(request: Request) -> Skipped:
    """The error to raise so that a page is left for a later run without being told of."""
    request.errback = None
    return Skipped("left for a later run")


def describe(failure: Failure) -> tuple[str, str]:
    """Kind and sentence of what kept a page from being fetched."""
    assert failure.value
    return describe_error(failure.value)


def describe_error(error: BaseException) -> tuple[str, str]:
    """Kind and sentence of what kept a page from being fetched."""
    if isinstance(error, NotFetched):
        return error.kind, str(error)
    if isinstance(error, HttpError):
        return describe_status(error.response.status)
    if isinstance(error, exceptions.DownloadFailedError) and "certificate verify failed" in str(error):
        return "certificate", "the certificate of the site is not valid"
    if isinstance(error, exceptions.DownloadFailedError) and "aborted locally" in str(error):
        return "too large", "larger than what is fetched"  # headers without end: see crawlers.safety
    if isinstance(error, exceptions.IgnoreRequest) and "DOWNLOAD_MAXSIZE" in str(error):
        return "too large", "larger than what is fetched"  # once unpacked: Scrapy has no exception of its own
    for type_, kind, sentence in _KINDS:
        if isinstance(error, type_):
            return kind, sentence
    return "error", f"{type(error).__name__}: {error}"


def describe_status(status: int) -> tuple[str, str]:
    """Kind and sentence of an answer that is no page."""
    if 300 <= status < 400:
        return "redirect", f"the server answered {status} and leads nowhere"
    kind = _STATUSES.get(status, "server error" if status >= 500 else "http")
    return kind, f"the server answered {status}"


def is_not_modified(failure: Failure) -> bool:
    """Whether the server said that what we know is still so."""
    return isinstance(failure.value, HttpError) and failure.value.response.status == NOT_MODIFIED
