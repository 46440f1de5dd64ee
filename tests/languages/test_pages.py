"""The pages of the areas that are translated, opened in German: no English is left but what quotes the record."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from types import SimpleNamespace

import polib
import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Notice, User
from audit.models import Event
from bin import messages
from tests.doors import DEEDS, PAGES, PEOPLE, PUBLIC, Door
from tests.test_doors import _filled, cast, undone, world

__all__ = ["cast", "world"]

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
TRANSLATED = (
    "/settings/",
    "/inbox/",
    "/password/",
    "/people/new/",
    "/people/dev/",
    "/keys/",
    "/role-requests/",
    "/search/",
    "/login/",
)
"""How the addresses begin whose areas are translated as a whole; test_catalogue.py knows what is not yet."""
BY_PEOPLE = {"Joins the validators.", "Overrides are not counted"}
"""What people wrote in the world of the doors: nobody translates that."""
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
ENGLISH = re.compile(
    r"\b(the|of|is|are|your|you|and|with|not|nothing|that|which|there|has|have|yet|were)\b", re.I
)


class Seen(HTMLParser):
    """What a reader sees and hears of a page, without what is quoted in another language."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        quiet = (
            bool(self._open and self._open[-1][1])
            or tag in {"script", "style", "code", "kbd", "pre"}
            or given.get("translate") == "no"
            or (tag != "html" and given.get("lang") == "en")
        )
        if not quiet:
            self.texts += [
                given[name] or "" for name in ("title", "aria-label", "placeholder", "alt") if name in given
            ]
        if tag not in VOID:
            self._open.append((tag, quiet))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not (self._open and self._open[-1][1]):
            self.texts.append(data)


def left_over(html: str) -> Iterator[str]:
    """English words of ours, whole or as they look."""
    catalogue = polib.pofile(str(messages.CATALOGUES[0]))
    english = {entry.msgid for entry in catalogue if entry.msgid != entry.msgstr}
    german = {entry.msgstr for entry in catalogue}
    for text in Seen(html).texts:
        words = " ".join(text.split())
        if words in german or any(sentence in words for sentence in BY_PEOPLE):
            continue
        if words in english or ENGLISH.search(words):
            yield words


def in_german(client_of: ClientOf, user: User) -> Client:
    """A client of this person, who reads German."""
    User.objects.filter(pk=user.pk).update(language="de")
    return client_of(user)


def test_translated_pages_hold_no_english(
    cast: SimpleNamespace, world: dict[str, str], client_of: ClientOf
) -> None:
    found, looked = [], 0
    for door in [*PAGES, *PUBLIC]:
        if not door.path.startswith(TRANSLATED) or door.path.endswith("/data/") or door.passed != 200:
            continue
        someone = next(name for name in PEOPLE if name in door.who) if door.path != "/login/" else ""
        client = in_german(client_of, getattr(cast, someone)) if someone else Client()
        answer = client.get(door.path.format(**world), headers={"Accept-Language": "de"})
        found += [f"{door.path}: {words}" for words in left_over(answer.content.decode())]
        looked += 1
    assert not found, "\n".join(found)
    assert looked > 10


def test_the_frame_of_every_page_is_german(
    cast: SimpleNamespace, world: dict[str, str], client_of: ClientOf
) -> None:
    html = in_german(client_of, cast.adam).get("/").content.decode()
    assert list(left_over(html[: html.index("<main")])) == []
    assert list(left_over(html[html.index("</main>") :])) == []
    assert "Meine Aufgaben" in html


def test_what_a_deed_leaves_in_the_record_does_not_depend_on_the_language(
    cast: SimpleNamespace, world: dict[str, str], client_of: ClientOf
) -> None:
    """Every deed of the doors, once by an English and once by a German reader: the same events, the same notices."""
    clients = {name: client_of(getattr(cast, name)) for name in PEOPLE}
    differing = {}
    for door in DEEDS:
        if door.method == "POST":
            english, german = (left_by(door, clients, world, language) for language in ("en-gb", "de"))
            if english != german:
                differing[str(door)] = (english, german)
    assert differing == {}


def left_by(door: Door, clients: dict[str, Client], world: dict[str, str], language: str) -> list[str]:
    """What the events and notices of this deed say, when somebody does it who reads this language."""
    name = next(name for name in PEOPLE if name in door.who)
    User.objects.filter(username=name).update(language=language)
    cache.clear()
    with undone():
        events, notices = Event.objects.count(), set(Notice.objects.values_list("pk", flat=True))
        clients[name].post(door.path.format(**world), _filled(door.body or {}, world))
        told = [str(event.detail) for event in Event.objects.order_by("pk")[events:]]
        told += Notice.objects.exclude(pk__in=notices).order_by("pk").values_list("text", flat=True)
    return [_without_what_differs(line) for line in told]


def _without_what_differs(text: str) -> str:
    """Times, digests and identifiers are others each time."""
    text = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.+]+", "TIME", text)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,}|\b\d+\b", "ID", text)
