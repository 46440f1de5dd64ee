"""Who reads in which language, and what never changes with it."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.paginator import Paginator
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from pytest_django.fixtures import Settings

from accounts.models import Notice, User
from audit.models import Event
from governance.templatetags import wording
from governance.templatetags.listing import COUNTED, NONE, rows_shown
from tests import builders

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
ROOT = Path(__file__).resolve().parents[2]
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def reads(user: User, language: str | None) -> User:
    """The user with this choice."""
    user.language = language
    user.save(update_fields=["language"])
    return user


def test_a_reader_chooses_the_language_on_the_page_of_settings(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    client = client_of(cast.ada)
    before = Event.objects.count()
    answer = client.post("/settings/", {"theme": "system", "mail": "each", "language": "de"}, follow=True)
    html = answer.content.decode()
    assert '<html lang="de">' in html
    assert "Gespeichert." in html
    assert answer.headers["Content-Language"] == "de"
    assert Event.objects.count() == before, "a taste is nothing for the record"
    client.post("/settings/", {"theme": "system", "mail": "each", "language": ""})
    cast.ada.refresh_from_db()
    assert cast.ada.language is None
    assert '<html lang="en-GB">' in client.get("/settings/").content.decode()
    assert (
        client.post("/settings/", {"theme": "system", "mail": "each", "language": "tlh"}).status_code == 200
    )
    cast.ada.refresh_from_db()
    assert cast.ada.language is None


def test_who_did_not_choose_reads_as_the_organisation(
    cast: SimpleNamespace, client_of: ClientOf, settings: Settings
) -> None:
    settings.COUNTERSIGN_LANGUAGE = "de"
    assert "<h1>Einstellungen</h1>" in client_of(cast.ada).get("/settings/").content.decode()
    reads(cast.ada, "en-gb")
    assert "<h1>Settings</h1>" in client_of(cast.ada).get("/settings/").content.decode()
    reads(cast.ada, "xx")  # a language that was taken out again
    assert "<h1>Einstellungen</h1>" in client_of(cast.ada).get("/settings/").content.decode()


def test_the_browser_is_asked_only_before_the_log_in(
    cast: SimpleNamespace, client_of: ClientOf, client: Client
) -> None:
    answer = client.get("/login/", headers=GERMAN)
    assert '<h1 id="login-h">Anmelden</h1>' in answer.content.decode()
    assert "Accept-Language" in answer.headers["Vary"]
    assert "Log in" in client.get("/login/", headers={"Accept-Language": "fr"}).content.decode()
    assert "Log in" in client.get("/login/").content.decode()
    inside = client_of(cast.ada).get("/settings/", headers=GERMAN)
    assert '<html lang="en-GB">' in inside.content.decode()
    assert "Accept-Language" not in inside.headers.get("Vary", "")


def test_error_pages_speak_the_readers_language(
    cast: SimpleNamespace, client_of: ClientOf, client: Client
) -> None:
    german = client_of(reads(cast.aud, "de"))
    assert "Hier ist nichts" in german.get("/nowhere/").content.decode()
    refused = german.get("/keys/").content.decode()
    assert "Dafür ist die Rolle Administration erforderlich: API-Schlüssel verwalten." in refused
    guarded = Client(enforce_csrf_checks=True)
    assert "Dieses Formular ist abgelaufen" in guarded.post("/login/", headers=GERMAN).content.decode()


@pytest.mark.parametrize("path", ["/api/v1/models/nothing", "/api/v1/nowhere"])
def test_the_api_answers_in_english(path: str, cast: SimpleNamespace, api: Callable[..., Client]) -> None:
    reads(cast.dev, "de")
    client = api()
    assert client.get(path, headers=GERMAN).json() | {"instance": ""} == client.get(path).json() | {
        "instance": ""
    }
    assert client.get(path, headers=GERMAN).headers["Content-Language"] == "en-gb"


def test_the_public_register_is_the_same_for_everybody(client: Client, cast: SimpleNamespace) -> None:
    builders.a_publication(cast, builders.ready_to_sign(cast).model)
    answers = [client.get("/register/", headers=GERMAN), client.get("/register/")]
    assert answers[0].content == answers[1].content
    assert "Accept-Language" not in answers[0].headers.get("Vary", "")


def test_a_thread_after_a_german_request_speaks_english(cast: SimpleNamespace, client_of: ClientOf) -> None:
    client_of(reads(cast.ada, "de")).get("/settings/")
    assert wording.short_date(date(2024, 10, 3)) == "3 Oct 2024"


@pytest.mark.parametrize("language", ["en-gb", "de"])
def test_what_is_recorded_and_told_does_not_depend_on_the_readers_language(
    language: str, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    client = client_of(reads(cast.adam, language))
    client.post("/people/dev/", {"roles": ["developer", "validator"], "why": "Joins the validators in May."})
    asked = Event.objects.get(verb="role.asked")
    assert asked.detail == {"role": "validator", "why": "Joins the validators in May."}
    notices = set(Notice.objects.filter(kind="role").values_list("text", flat=True))
    assert notices == {"Adam Weiss asks that Dev Menon becomes validator. A second person confirms it."}
    wish = cast.dev.role_wishes.get()
    client.post(f"/role-requests/{wish.pk}/confirm/", {"password": "correct horse battery staple"})
    refused = Event.objects.get(verb="role.confirm_refused")
    assert refused.detail["reason"] == "You asked for it, so somebody else decides."


def test_dates_and_numbers_are_written_as_the_reader_does() -> None:
    now = timezone.now()
    with override("de"):
        assert wording.short_date(date(2024, 10, 3)) == "3. Okt 2024"
        assert wording.number(1234.5678, 2) == "1.234,57"
        assert wording.interval((0.801, 0.823)) == "[0,801; 0,823]"
        assert wording.percent(0.628) == "62,8\u00a0%"
        assert wording.ago(now - timedelta(days=3), now) == "vor 3 Tagen"
        assert wording.distance(now + timedelta(days=1), now.date()) == "morgen"
        assert wording.duration(0.4) == "0,4 s"
        assert wording.duration(3905) == "1 Std. 5 Min."
        assert wording.listed(["Ada", "Per"]) == "Ada oder Per"


def test_a_list_says_what_it_shows_in_each_language() -> None:
    pages = {length: Paginator(range(length), 50).page(1) for length in (0, 1, 7, 1234)}
    english = {length: rows_shown(page, "data sets") for length, page in pages.items()}
    assert english == {
        0: "No data sets",
        1: "1 data set",
        7: "7 data sets, all shown",
        1234: "1 to 50 of 1,234 data sets",
    }
    with override("de"):
        assert rows_shown(pages[0], "data sets") == "Keine Datensätze"
        assert rows_shown(pages[1], "data sets") == "1 Datensatz"
        assert rows_shown(pages[1234], "data sets") == "1.234 Datensätze, gezeigt 1 bis 50"


def test_every_list_is_counted_in_words_that_are_known() -> None:
    pages = (ROOT / "templates").rglob("*.html")
    nouns = {noun for page in pages for noun in re.findall(r'noun="([^"]+)"', page.read_text("utf-8"))}
    assert nouns and nouns == set(COUNTED)
    assert {f"No {noun}" for noun in nouns} == set(NONE)
