"""What everybody may read, as it is seen: in both languages, light and dark, on a phone and on a desk (see `screens`)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from screens import FILES, READING, WORKING, Looking, Screen, check, leads_to, looking

from indexer.web.access import RULES
from indexer.web.texts import LANGUAGES


@pytest.fixture(scope="module")
def seen(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looking]:
    with looking(browser, tmp_path_factory.mktemp("newsroom")) as found:
        yield found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", READING, ids=lambda screen: screen.name)
def test_a_screen_is_fit_to_be_seen(seen: Looking, screen: Screen, language: str) -> None:
    check(seen, screen, language)


def test_every_page_is_among_the_screens() -> None:
    ways = {way.removeprefix("GET ") for way in RULES if way.startswith("GET ")}
    shown = {way for each in (*READING, *WORKING) for way in ways if leads_to(each.path, way)}
    assert ways - shown - FILES == set(), "give each of these a Screen"
    assert FILES - ways == set()


def test_what_is_for_programs_is_no_page(seen: Looking) -> None:
    answers = {path: seen.sites["open"].get(path) for path in FILES}
    kinds = {path: answer.headers["Content-Type"] for path, answer in answers.items() if answer.ok}
    assert [path for path, kind in kinds.items() if "html" in kind] == []
