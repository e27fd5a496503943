"""What those with an account work with, and what subscribers find, as it is seen (see `screens`)."""

from collections.abc import Iterator

import pytest
from browsing import PEOPLE
from bs4 import BeautifulSoup
from playwright.sync_api import Browser
from screens import SEARCHED, WORKING, Looking, Screen, check, filled, looking

from indexer.web.texts import LANGUAGES


@pytest.fixture(scope="module")
def seen(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looking]:
    with looking(browser, tmp_path_factory.mktemp("newsroom")) as found:
        yield found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", WORKING, ids=lambda screen: screen.name)
def test_a_screen_is_fit_to_be_seen(seen: Looking, screen: Screen, language: str) -> None:
    check(seen, screen, language)


@pytest.mark.parametrize("who", PEOPLE)
def test_no_link_leads_where_its_reader_may_not_go(seen: Looking, who: str) -> None:
    web, asked = seen.sites["closed"], seen.tab("closed", who).page.request
    own = [each for each in WORKING if each.site == "closed" and each.who == who and each.status == 200]
    pages = [asked.get(web.url + filled(each.path, web)).text() for each in (*SEARCHED, *own)]
    found = [link["href"] for page in pages for link in BeautifulSoup(page, "lxml").select("main a[href]")]
    links = {str(link).partition("#")[0] for link in found}
    one_each = {link.partition("?")[0]: link for link in sorted(links) if link.startswith("/")}
    answers = {link: asked.get(web.url + link).status for link in one_each.values()}
    assert len(answers) > 20
    assert {link: status for link, status in answers.items() if status != 200} == {}
