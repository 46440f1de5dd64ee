"""The audit trail as people search it and machines read it."""

import base64
import html
import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.checking import check_inclusion
from audit.checkpoints import make_checkpoint
from audit.merkle import leaf_hash, verify_inclusion
from audit.models import Event
from audit.notes import open_note
from audit.proofs import inclusion_proof_of
from audit.queries import EventFilter, events
from audit.sequencer import sequence_pending
from registry.models import ModelVersion
from tests import builders
from tests.audit.signing import log_key
from tests.conftest import AT
from tests.downloads import streamed

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
Api = Callable[..., Client]
URL = "/api/v1/audit"


@pytest.fixture
def log(signed: ModelVersion) -> int:
    """Everything that led to a signed version, in the log under a checkpoint; how much that is."""
    count = sequence_pending()
    make_checkpoint(AT)
    return count


def shown(client: Client, **query: str) -> list[str]:
    """The verbs on the page."""
    days = client.get("/audit/", query).context["days"]
    return [row.event.verb for _, rows in days for row in rows]


def test_everything_is_shown_newest_first(cast: SimpleNamespace, log: int, client_of: ClientOf) -> None:
    verbs = shown(client_of(cast.aud))
    assert len(verbs) == log
    assert verbs[:2] == ["review.signed", "review.signed"]
    assert verbs[-1] == "policy.imported"


SEARCHES: list[tuple[dict[str, str], set[str]]] = [
    ({"who": "user:ada"}, {"tier.confirmed", "review.signed"}),
    ({"who": "okafor"}, {"tier.confirmed", "review.signed"}),
    ({"verb": "review.signed"}, {"review.signed"}),
    ({"verb": "review"}, {"review.opened", "review.signed"}),
    ({"subject": "policy:"}, {"policy.imported", "policy.activated"}),
    ({"text": "measured figures support"}, {"review.signed"}),
    ({"since": "2026-11-22"}, set()),
    ({"until": "2026-11-20"}, set()),
    ({"since": "2026-11-21", "until": "2026-11-21", "verb": "version"}, {"version.registered"}),
    ({"since": "yesterday", "verb": "version"}, {"version.registered"}),
]


@pytest.mark.parametrize(("query", "verbs"), SEARCHES, ids=[str(row[0]) for row in SEARCHES])
def test_it_is_searched_by_who_what_when_and_words(
    query: dict[str, str], verbs: set[str], cast: SimpleNamespace, log: int, client_of: ClientOf
) -> None:
    client = client_of(cast.aud)
    assert set(shown(client, **query)) == verbs
    if not verbs:
        assert "No entries match" in client.get("/audit/", query).content.decode()


def test_what_cannot_be_asked_is_left_out_and_said(
    cast: SimpleNamespace, log: int, client_of: ClientOf
) -> None:
    page = client_of(cast.aud).get("/audit/", {"since": "yesterday", "text": "ab"}).content.decode()
    assert page.count("was left out.") == 2
    assert 'value="yesterday"' in page


PAGES = {
    "portfolio:model": ["credit-default"],
    "portfolio:version": ["credit-default", "1"],
    "registry:dataset": ["credit-default-test", "1"],
    "riskreview:tier": ["credit-default"],
    "riskreview:pack": ["default", "3"],
}


@pytest.mark.parametrize(("name", "args"), PAGES.items())
def test_an_object_shows_what_happened_to_it(
    name: str, args: list[str], cast: SimpleNamespace, log: int, client_of: ClientOf
) -> None:
    page = client_of(cast.aud).get(reverse(name, args=args)).content.decode()
    assert 'class="cs-time"' in page and "/audit/?subject=" in page


def test_an_entry_comes_with_its_proof(cast: SimpleNamespace, log: int, client_of: ClientOf) -> None:
    client = client_of(cast.aud)
    page = client.get("/audit/0/").content.decode()
    assert "Proven to be in the log" in page
    proof = client.get("/audit/0/proof.json").json()
    assert html.unescape(page).count(proof["checkpoint"]) and proof["leaf_hash"] in page
    assert page.count("tr-steps") == 1 and "The proof does not hold" not in page
    event = Event.objects.get(entry__seq=0)
    assert client.get(f"/audit/events/{event.pk}/")["Location"] == "/audit/0/"
    assert client.get("/audit/events/00000000-0000-7000-8000-000000000000/").status_code == 404
    part = client.get("/audit/0/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "Proven to be in the log" in part
    assert client.get(f"/audit/{log}/").status_code == 404


FORGED = {
    "payload": "The payload hashes to the leaf in the log",
    "root": "The leaf and",
    "checkpoint": "The log's key signed the checkpoint",
    "actor_name": "What you read is what was hashed",
}


@pytest.mark.parametrize(("what", "step"), FORGED.items())
def test_a_proof_that_does_not_hold_says_which_step_failed(what: str, step: str, log: int) -> None:
    proof = inclusion_proof_of(3)
    assert check_inclusion(proof).held
    assert [step.reached for step in check_inclusion(proof).way][-1] == proof.root
    if what == "root":
        proof = replace(proof, root="0" * 64)
    elif what == "checkpoint":
        proof = replace(proof, checkpoint=proof.checkpoint.replace("\n\n", "\nforged\n\n"))
    else:
        setattr(proof.event, what, "{}" if what == "payload" else "Somebody else")
    checked = check_inclusion(proof)
    assert not checked.held
    assert any(check.title.startswith(step) and not check.held for check in checked.checks)


def test_an_entry_that_no_checkpoint_covers_says_so(
    cast: SimpleNamespace, log: int, client_of: ClientOf, signed: ModelVersion
) -> None:
    builders.a_card(cast, signed, caveats="Something else that a reader should know.")
    sequence_pending()
    assert "Not proven yet" in client_of(cast.aud).get(f"/audit/{log}/").content.decode()


def test_verify_hashes_everything_again(cast: SimpleNamespace, log: int, client_of: ClientOf) -> None:
    page = client_of(cast.aud).post("/audit/verify/").content.decode()
    assert "The log is intact." in page
    assert "Every entry was hashed again" in page


def test_a_changed_event_does_not_verify(cast: SimpleNamespace, log: int, client_of: ClientOf) -> None:
    with connection.cursor() as cursor:  # as somebody would who owns the database: past the triggers
        if connection.vendor == "sqlite":
            names = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'"
            for (name,) in cursor.execute(names).fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
        else:
            cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_event SET actor_name = 'Somebody else' WHERE verb = 'tier.confirmed'")
    page = client_of(cast.aud).post("/audit/verify/").content.decode()
    assert "The log does not verify." in page


@pytest.mark.parametrize("kind", ["jsonl", "cef"])
def test_the_trail_is_taken_as_it_is_filtered_and_taking_it_is_on_the_record(
    kind: str, cast: SimpleNamespace, log: int, client_of: ClientOf, api: Api
) -> None:
    query = {"as": kind, "verb": "review.signed"}
    answer = client_of(cast.aud).get("/audit/export/", query)
    assert answer.streaming and f".{kind}" in answer["Content-Disposition"]
    lines = streamed(answer).splitlines()
    shown = events(EventFilter(verb="review.signed")).events
    assert len(lines) == len(shown) == 2
    assert all(str(event.pk) in line for event, line in zip(shown, lines, strict=True))
    assert streamed(api("audit:read").get(f"{URL}/export", query)).splitlines() == lines
    taken = Event.objects.filter(verb="audit.exported").order_by("pk")
    assert [event.detail for event in taken] == [{"format": kind, "filters": {"verb": "review.signed"}}] * 2
    assert taken[0].actor == "user:aud"


def test_an_export_holds_everything_up_to_its_own_event(log: int, api: Api) -> None:
    answer = api("audit:read").get(f"{URL}/export")
    told = [json.loads(line)["verb"] for line in streamed(answer).splitlines()]
    assert told.count("audit.exported") == 1  # its own
    assert len(told) == Event.objects.count()


@pytest.mark.parametrize("query", [{"as": "exe"}, {"since": "yesterday"}])
def test_an_export_that_cannot_be_is_refused_and_not_recorded(
    query: dict[str, str], log: int, api: Api
) -> None:
    assert api("audit:read").get(f"{URL}/export", query).status_code == 400
    assert not Event.objects.filter(verb="audit.exported").exists()


def test_the_api_turns_pages_without_losing_an_event(log: int, api: Api) -> None:
    client, address, seen = api("audit:read"), f"{URL}/events?page_size=7", list[str]()
    total = Event.objects.count()
    while address:
        page = client.get(address).json()
        seen += [event["id"] for event in page["results"]]
        address = page["next"]
    assert len(seen) == len(set(seen)) == total


LASTING = [row for row in SEARCHES if "yesterday" not in row[0].values()]


@pytest.mark.parametrize(("query", "verbs"), LASTING, ids=[str(row[0]) for row in LASTING])
def test_the_api_has_the_same_filters(query: dict[str, str], verbs: set[str], log: int, api: Api) -> None:
    found = api("audit:read").get(f"{URL}/events", query).json()["results"]
    assert {event["verb"] for event in found} == verbs


def test_an_event_comes_with_its_proof_as_soon_as_a_checkpoint_covers_it(log: int, api: Api) -> None:
    client = api("audit:read")
    event = Event.objects.get(entry__seq=2)
    found = client.get(f"{URL}/events/{event.pk}").json()
    assert found["proof"] == client.get(f"{URL}/proof/2").json()
    assert (found["seq"], found["payload"]) == (2, event.payload)
    newest = Event.objects.order_by("-pk").first()
    assert newest is not None
    assert client.get(f"{URL}/events/{newest.pk}").json()["proof"] is None
    assert client.get(f"{URL}/events/00000000-0000-7000-8000-000000000000").status_code == 404


WRONG = [
    {"page_size": "0"},
    {"page_size": "x"},
    {"cursor": "mine"},
    {"since": "yesterday"},
    {"until": "2026-02-30"},
]
WRONG += [{"text": "ab"}, {"subject": "x" * 501}]


@pytest.mark.parametrize("query", WRONG, ids=lambda query: str(query)[:40])
def test_a_page_that_cannot_be_is_a_400(query: dict[str, str], log: int, api: Api) -> None:
    answer = api("audit:read").get(f"{URL}/events", query)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_the_proof_holds_by_the_public_key_alone(log: int, api: Api) -> None:
    client = api("audit:read")
    proof: dict[str, Any] = client.get(f"{URL}/proof/3").json()
    checkpoint = client.get(f"{URL}/checkpoint").json()
    assert proof["checkpoint"] == checkpoint["note"]
    text = open_note(proof["checkpoint"], log_key().public_key())
    size, root = text.splitlines()[1:3]
    leaf = leaf_hash(proof["payload"].encode())
    path = [bytes.fromhex(step) for step in proof["proof"]]
    assert base64.b64decode(root).hex() == proof["root"]
    assert verify_inclusion(leaf, 3, int(size), path, base64.b64decode(root))
    assert not verify_inclusion(leaf_hash(b"forged"), 3, int(size), path, base64.b64decode(root))


def test_before_the_first_checkpoint_there_is_nothing_to_show(signed: ModelVersion, api: Api) -> None:
    client = api("audit:read")
    assert client.get(f"{URL}/checkpoint").status_code == 404
    assert client.get(f"{URL}/proof/0").status_code == 404
    assert client.get(f"{URL}/events").json()["results"][0]["seq"] is None
