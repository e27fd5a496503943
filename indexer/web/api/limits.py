"""How many requests each caller has: a bucket of tokens a minute fills, in this process and only as long as it runs."""

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil
from threading import Lock

WINDOW = 60
"""Seconds in which an empty bucket fills."""
MAX_CALLERS = 10_000
"""Buckets that are kept; a caller whose bucket was dropped begins with a full one."""


@dataclass(frozen=True)
class Left:
    """What a caller has left."""

    limit: int
    remaining: int
    reset: int
    """Seconds until the bucket is full."""
    retry_after: int
    """Seconds until the next request is answered; 0 if this one is."""

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-10 writes it."""
        told = {
            "RateLimit-Policy": f'"minute";q={self.limit};w={WINDOW}',
            "RateLimit": f'"minute";r={self.remaining};t={self.reset}',
        }
        return told | ({"Retry-After": str(self.retry_after)} if self.retry_after else {})


class Limits:
    """The buckets of all callers. May be shared between threads."""

    def __init__(self, limit: int) -> None:
        """`limit` is how many requests a caller has in a minute."""
        self._limit = limit
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, caller: str, now: float) -> Left:
        """Take a token, if there is one, at a moment of a clock that never goes back (in seconds)."""
        a_second = self._limit / WINDOW
        with self._lock:
            tokens, then = self._buckets.pop(caller, (float(self._limit), now))
            tokens = min(self._limit, tokens + (now - then) * a_second)
            is_allowed = tokens >= 1
            tokens -= is_allowed
            self._buckets[caller] = tokens, now
            if len(self._buckets) > MAX_CALLERS:
                self._buckets.popitem(last=False)
        return Left(
            limit=self._limit,
            remaining=int(tokens),
            reset=ceil((self._limit - tokens) / a_second),
            retry_after=0 if is_allowed else max(1, ceil((1 - tokens) / a_second)),
        )
