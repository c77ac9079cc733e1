"""A real Chromium for the tests that need one."""

import asyncio
import os
from collections.abc import Iterator

import pytest
from chromium import NO_CHROMIUM, Watched, find_chromium, launch
from firefox import NO_FIREFOX, find_firefox
from playwright.sync_api import Browser, Page, Route, sync_playwright


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a browser test where there is no browser, unless one is required.

    Skipped here and not by a mark, all of them are one line of the summary.
    """
    required = os.environ.get("VOICELAB_REQUIRE_BROWSER") == "1"
    if item.get_closest_marker("firefox") and not required and find_firefox() is None:
        pytest.skip(NO_FIREFOX)
    if item.get_closest_marker("browser") and not required and find_chromium() is None:
        pytest.skip(NO_CHROMIUM)


@pytest.fixture(scope="session", autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the pace of the tests out of the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOICELAB_STATE", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def _started() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    path = find_chromium()
    if path is None:
        pytest.fail(NO_CHROMIUM)
    with sync_playwright() as playwright:
        browser = launch(playwright, path)
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield browser, loop
        asyncio._set_running_loop(loop)
        browser.close()


@pytest.fixture
def chromium(_started: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    """The browser of the whole session.

    Playwright marks its event loop as running in this thread for as long as it lives; outside
    the browser tests the mark is taken off, or every `asyncio.run` would refuse to start.
    """
    browser, loop = _started
    asyncio._set_running_loop(loop)
    yield browser
    asyncio._set_running_loop(None)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh page without a network; `page.watched` knows what went wrong in it."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    context.route("**/*", _only_this_machine)
    page = context.new_page()
    page.watched = Watched(page)  # type: ignore[attr-defined]
    yield page
    context.close()


def _only_this_machine(route: Route) -> None:
    allowed = ("file:", "data:", "blob:", "http://127.0.0.1", "http://localhost")
    if route.request.url.startswith(allowed):
        route.continue_()
    else:
        route.abort()
