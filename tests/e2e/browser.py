"""A real browser, and what it complains about."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.conftest import PASSWORD
from tests.e2e.stack import program

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# A page that refuses answers 4xx, and the browser then says so in the console.
REFUSED = "Failed to load resource: the server responded with a status of 4"
PATIENCE_MS = 15_000


@dataclass
class Visitor:
    """A person in a browser window of their own. `complaints` are errors of scripts and of the CSP."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Keep what the browser says against us."""
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self._left)

    def log_in(self, user: User) -> None:
        """By the form, as anybody does."""
        self.page.goto(f"{self.url}/login/")
        self.page.get_by_label("Name").fill(user.username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(f"{self.url}/")

    def violations(self, *rules: str) -> list[str]:
        """What axe-core finds on the page: WCAG 2.2 A and AA and best practices, or only these rules of it."""
        # evaluate() goes around the CSP, which rightly refuses the script as an element of the page.
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(AXE.read_text())
        wanted: dict[str, Any] = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
        found: dict[str, Any] = self.page.evaluate("wanted => axe.run(document, wanted)", wanted)
        return [
            f"{item['id']} ({item['impact']}): {node['target']} {node['failureSummary']}"
            for item in found["violations"]
            for node in item["nodes"]
        ]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(REFUSED):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _left(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.complaints.append(f"{self.page.url} asks {request.url}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's chromium, for the tests of a module."""
    path = program("chromium", "chromium")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop running in this thread, which makes Django refuse every query in it.
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, live_server: LiveServer) -> Iterator[Callable[..., Visitor]]:
    """Opens a window, logged in as a user if one is given; at the end nothing may have gone wrong in any."""
    opened: list[Visitor] = []
    contexts: list[BrowserContext] = []

    def visit(user: User | None = None, **options: Any) -> Visitor:
        context = chromium.new_context(
            **({"locale": "en-GB", "viewport": {"width": 1280, "height": 900}} | options)
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        visitor = Visitor(context.new_page(), live_server.url)
        visitor.listen()
        opened.append(visitor)
        if user is not None:
            visitor.log_in(user)
        return visitor

    yield visit
    for context in contexts:
        context.close()
    assert [complaint for visitor in opened for complaint in visitor.complaints] == []
