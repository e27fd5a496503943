"""What is kept for a moment, because finding it out for every page would cost more than it changes."""

from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")


class Kept:
    """Answers by name. Threads that miss one at the same time each find it out."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[float, Any]] = {}

    def get(self, name: str, seconds: float, find: Callable[[], T]) -> T:
        """The answer that was found at most so long ago, else a new one."""
        found = self._answers.get(name)
        if found is None or monotonic() - found[0] > seconds:
            found = self._answers[name] = monotonic(), find()
        answer: T = found[1]
        return answer
