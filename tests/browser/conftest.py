"""A headless Chromium, and pages in it that note everything that goes wrong."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from .fake_bot import FakeBot, running_bot

_CANDIDATES = ("chromium", "chromium-browser", "google-chrome")
_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_NOTE_VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
        window.violations.push(`${event.effectiveDirective} ${event.blockedURI}`));
"""


class Visit:
    """One open page. console_errors, page_errors and requests grow while it is used."""

    def __init__(self, context: BrowserContext) -> None:
        self.console_errors: list[str] = []
        self.page_errors: list[str] = []
        self.requests: list[str] = []
        context.add_init_script(_NOTE_VIOLATIONS)
        context.on("request", lambda request: self.requests.append(request.url))
        self.page: Page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.page_errors.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.console_errors.append(message.text)

    @property
    def violations(self) -> list[str]:
        """What the content security policy refused since the page was loaded."""
        return self.page.evaluate("window.violations")


PageAt = Callable[..., Visit]


def _chromium() -> str | None:
    if named := os.environ.get("CHROMIUM"):
        return named if Path(named).is_file() else None
    return next((path for name in _CANDIDATES if (path := shutil.which(name))), None)


# One browser a module: playwright's event loop must be gone before asynchronous tests run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = _chromium()
    if path is None:
        reason = f"no Chromium: set CHROMIUM, or install one of {', '.join(_CANDIDATES)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=_ARGS)
        yield running
        running.close()


@pytest.fixture
def page_at(browser: Browser) -> Iterator[PageAt]:
    """Open a URL in a fresh context; keyword arguments go to `Browser.new_context`."""
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def visit(url: str, **options: Any) -> Visit:
        context = browser.new_context(**options)
        contexts.append(context)
        opened = Visit(context)
        visits.append(opened)
        opened.page.goto(url)
        return opened

    yield visit
    for context in contexts:
        context.close()
    assert [error for opened in visits for error in opened.page_errors] == []


@pytest.fixture
def bot() -> Iterator[FakeBot]:
    with running_bot() as started:
        yield started
