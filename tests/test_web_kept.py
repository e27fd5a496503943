"""What is kept for a moment is found out again afterwards."""

import time

from indexer.web.kept import Kept


def test_an_answer_is_kept_by_its_name() -> None:
    kept, answers = Kept(), iter(range(10))
    assert [kept.get(name, 60, lambda: next(answers)) for name in ("a", "a", "b", "a")] == [0, 0, 1, 0]


def test_an_old_answer_is_found_out_again() -> None:
    kept, answers = Kept(), iter(range(10))
    assert kept.get("a", 0.01, lambda: next(answers)) == 0
    time.sleep(0.02)
    assert kept.get("a", 0.01, lambda: next(answers)) == 1
