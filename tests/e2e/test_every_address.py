"""Every page of the door table in a real browser: no error of a script or the CSP, nothing broken, no dead link."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from urllib.parse import parse_qsl, urldefrag, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import Resolver404, resolve
from playwright.sync_api import Error, Page, Response

from accounts.models import User
from tests.doors import PAGES, PEOPLE, PUBLIC, VERSION
from tests.e2e.browser import Visitor
from tests.test_doors import cast, world

__all__ = ["cast", "world"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.slow]
Visit = Callable[..., Visitor]
ClientOf = Callable[[User], Client]
SEE_MOST = ("dev", "ada", "adam", "carl", "viktor", "olga")
"""Whoever comes first here and may pass looks at a page: those who are offered the most to do."""
OWN_TO_EACH_ROLE = ["/", VERSION, "/reviews/{review}/"]
"""Pages that offer every role something else: each role looks at them."""
FILES = ("/export/", "/file/", "/bundle/", "/pdf/")
"""How addresses end that answer with a file, which takes long to make: tests/test_doors.py opens them."""
ENOUGH = 2
"""How many addresses of one pattern are opened, when links lead to a hundred controls of a framework."""
LINKS = """() => [...document.querySelectorAll("a[href]")].map(
    (link) => new URL(link.getAttribute("href"), location).href)"""
NOWHERE = """() => {
    const named = (name) => [...document.querySelectorAll(`[${name}]`)].flatMap(
        (one) => one.getAttribute(name).split(" "));
    const inside = [...document.querySelectorAll("a[href^='#'], use")].map(
        (one) => decodeURIComponent(one.getAttribute("href").slice(1)));
    const names = ["for", "aria-labelledby", "aria-describedby", "aria-controls"].flatMap(named);
    return [...new Set([...inside, ...names])].filter((id) => id && !document.getElementById(id));
}"""
"""Names that the page points at and nothing on it has."""


@dataclass
class Walk:
    """Through the site as several people. `links` are addresses, each with the first who was offered it."""

    windows: dict[str, Page]
    wrong: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for page in self.windows.values():
            page.on("response", self._answered)

    def look_at(self, name: str, url: str) -> None:
        """Open the page as this person, and keep what is wrong with it and where it leads."""
        page, where = self.windows[name], f"{name} {urlsplit(url).path}"
        self.seen.add(url)
        try:
            answer = page.goto(url, wait_until="domcontentloaded")
        except Error as error:
            if "Download is starting" not in str(error):
                raise
            return
        if answer is None or answer.status != 200:
            self.wrong.append(f"{where}: {answer and answer.status}")
        self.wrong += [f"{where}: nothing is called {place}" for place in page.evaluate(NOWHERE)]
        for link in page.evaluate(LINKS):
            self.links.setdefault(urldefrag(link).url, name)

    def _answered(self, response: Response) -> None:
        """A style, script, picture or fragment that is missing; of pages, look_at tells."""
        if response.status >= 400 and not response.request.is_navigation_request():
            self.wrong.append(f"{response.frame.url} asks {response.url}: {response.status}")

    def dead_links(self, home: str, clients: dict[str, Client]) -> Iterator[str]:
        """Where the pages lead somebody who cannot go there. Links out of the site are left alone."""
        opened = Counter(_pattern(url) for url in self.seen)
        for url, name in sorted(self.links.items()):
            place, path = url.removeprefix(home), urlsplit(url).path
            if place == url or url in self.seen or path.endswith(FILES):
                continue
            try:
                pattern = _pattern(url)
            except Resolver404:
                yield f"{name} is led to {place}, which is no address"
                continue
            opened[pattern] += 1
            if opened[pattern] > ENOUGH:
                continue
            if (status := clients[name].get(place).status_code) >= 400:
                yield f"{name} is led to {place}: {status}"


def test_no_page_complains_and_no_link_is_dead(
    cast: SimpleNamespace,
    world: dict[str, str],
    visit: Visit,
    client_of: ClientOf,
    live_server: SimpleNamespace,
) -> None:
    home = live_server.url
    clients = {name: client_of(getattr(cast, name)) for name in PEOPLE} | {"nobody": Client()}
    walk = Walk({name: a_window(visit, client) for name, client in clients.items()})
    for door in PUBLIC:
        if door.stranger == 200:
            walk.look_at("nobody", home + door.path.format(**world))
    for path in OWN_TO_EACH_ROLE:
        for name in PEOPLE:
            walk.look_at(name, home + path.format(**world))
    for door in PAGES:
        if door.passed == 200 and door.path not in OWN_TO_EACH_ROLE and not door.path.endswith(FILES):
            walk.look_at(
                next(name for name in [*SEE_MOST, *PEOPLE] if name in door.who),
                home + door.path.format(**world),
            )
    wrong = [*walk.wrong, *walk.dead_links(home, clients)]
    assert not wrong, "\n".join(wrong)


def a_window(visit: Visit, client: Client) -> Page:
    """A window of the browser, logged in as the client is."""
    visitor = visit()
    if session := client.cookies.get(settings.SESSION_COOKIE_NAME):
        visitor.page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session.value, "url": visitor.url}]
        )
    return visitor.page


def _pattern(url: str) -> tuple[str, tuple[str, ...]]:
    """What addresses have in common that differ in a name only."""
    parts = urlsplit(url)
    return resolve(parts.path).route, tuple(sorted({key for key, _ in parse_qsl(parts.query)}))
