"""The gate by HTTP with a waiver and with break-glass: the basis, the grounds, the attestation, the record."""

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.attestation import open_envelope
from audit.models import Event
from governance.gate.models import GateDecision
from governance.portfolio.standing import standing_of
from registry.models import ModelVersion
from riskreview.exceptions.break_glass import end_break_glass
from riskreview.exceptions.waivers import end_waiver
from tests import builders
from tests.audit.signing import attestation_key
from tests.conftest import actor_of_user
from tests.downloads import streamed

pytestmark = pytest.mark.django_db
Api = Callable[..., Client]
REASON = "It is not needed any more."
FOLLOWS = ["findings_closed.high", "signoff.validator", "signoff.risk_officer"]
"""What the finding that break-glass opens leaves unmet: itself, and signatures that were given before it."""


@pytest.fixture
def version(cast: SimpleNamespace) -> ModelVersion:
    """Signed by everybody, and not explained."""
    builders.active_policy(cast)
    return builders.fully_signed(cast, builders.unexplained(cast, builders.ready_to_sign(cast)))


def ask(client: Client) -> dict[str, Any]:
    question = {"model": "credit-default", "version": "1", "environment": "production"}
    answer = client.post("/api/v1/gate/decisions", json.dumps(question), content_type="application/json")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def predicate(answer: dict[str, Any]) -> Any:
    statement = open_envelope(answer["attestation"], attestation_key().public_key())
    return statement["predicate"]


def test_a_waiver_is_an_allow_that_says_so(cast: SimpleNamespace, version: ModelVersion, api: Api) -> None:
    client = api("gate")
    assert ask(client)["decision"] == "deny"
    waiver = builders.a_waiver(cast, version, at=timezone.now())
    answer = ask(client)
    assert (answer["decision"], answer["basis"]) == ("allow", "waiver")
    results = {item["id"]: item for item in answer["requirements"]}
    assert results[builders.EXPLAINABILITY]["result"] == "waived"
    assert results[builders.EXPLAINABILITY]["url"].endswith(f"/waivers/{waiver.pk}/")
    assert [(used["kind"], used["id"]) for used in answer["exceptions"]] == [("waiver", waiver.pk)]
    stated = predicate(answer)
    assert stated["verificationResult"] == "PASSED"
    assert stated["verifiedLevels"] == ["COUNTERSIGN_TIER_HIGH_APPROVED", "COUNTERSIGN_WITH_WAIVER"]
    assert stated["countersign_decision"]["basis"] == "waiver"
    end_waiver(waiver=waiver, reason=REASON, user=cast.ada, actor=actor_of_user(cast.ada), at=timezone.now())
    assert ask(client)["decision"] == "deny"


def test_break_glass_is_an_allow_and_no_pass(cast: SimpleNamespace, version: ModelVersion, api: Api) -> None:
    client = api("gate")
    found = builders.broken_glass(cast, version, at=timezone.now())
    answer = ask(client)
    assert (answer["decision"], answer["basis"]) == ("allow", "break_glass")
    assert "against the policy" in answer["summary"]
    unmet = [item["id"] for item in answer["requirements"] if item["result"] == "unsatisfied"]
    assert unmet == [builders.EXPLAINABILITY, *FOLLOWS]
    assert [(used["kind"], used["id"]) for used in answer["exceptions"]] == [("break_glass", found.pk)]
    stated = predicate(answer)
    assert (stated["verificationResult"], stated["verifiedLevels"]) == ("FAILED", ["FAILED"])
    decided = stated["countersign_decision"]
    assert (decided["decision"], decided["basis"]) == ("allow", "break_glass")
    event = Event.objects.get(verb="gate.allowed")
    assert (event.detail["basis"], event.detail["unmet"]) == ("break_glass", unmet)
    end_break_glass(
        found=found, reason=REASON, user=cast.carl, actor=actor_of_user(cast.carl), at=timezone.now()
    )
    assert ask(client)["decision"] == "deny"


def test_an_emergency_approves_nothing(cast: SimpleNamespace, version: ModelVersion) -> None:
    builders.broken_glass(cast, version, at=timezone.now())
    standing = standing_of(version, at=timezone.now())
    assert standing.status != "approved"
    assert (standing.marks["production"], standing.answers["production"]) == ("glass", "allow")
    assert standing.note == "Break-glass: 4 requirements unmet"


LOUD = [
    "/models/credit-default/",
    "/models/credit-default/versions/1/",
    "/models/credit-default/versions/1/files/",
]


def test_both_are_loud_on_every_page_that_they_touch(
    cast: SimpleNamespace, version: ModelVersion, api: Api, client_of: Callable[[User], Client]
) -> None:
    now = timezone.now()
    builders.broken_glass(cast, version, at=now)
    told = ask(api("gate"))
    waiver = builders.a_waiver(cast, version, at=now, last_day=(now + timedelta(days=9)).date())
    pages = [*LOUD, f"/reviews/{version.reviews.get().pk}/"]
    for path in pages:
        text = client_of(cast.aud).get(path).content.decode()
        assert f"Waiver W-{waiver.pk} is in force in production" in text, path
        assert "is live in production until" in text, path
    decision = client_of(cast.aud).get(f"/gate/decisions/{told['id']}/").content.decode()
    assert "Allowed by break-glass, against the policy." in decision


def test_the_panel_offers_a_waiver_to_those_who_may_ask(
    cast: SimpleNamespace, version: ModelVersion, client_of: Callable[[User], Client]
) -> None:
    path = "/models/credit-default/versions/1/"
    link = f"waivers/new/?environment=production&amp;requirement={builders.EXPLAINABILITY}"
    assert link in client_of(cast.olga).get(path).content.decode()
    assert link not in client_of(cast.ada).get(path).content.decode()


def test_a_waiver_goes_from_wish_to_allow_in_the_browser(
    cast: SimpleNamespace, version: ModelVersion, client_of: Callable[[User], Client]
) -> None:
    asked = {"environment": "production", "requirement": builders.EXPLAINABILITY}
    given = asked | {
        "why": "The vendor keeps the model to itself.",
        "controls": "A senior underwriter decides each case.",
        "last_day": (timezone.now() + timedelta(days=20)).date().isoformat(),
    }
    path = "/models/credit-default/versions/1/waivers/new/"
    short = client_of(cast.olga).post(path, given | {"why": "Short."})
    assert short.status_code == 400
    assert "A senior underwriter decides each case." in short.content.decode()
    page = client_of(cast.olga).post(path, given).headers["Location"]
    refused = client_of(cast.ada).post(
        f"{page}decide/", {"role": "risk_officer", "do": "approve", "password": "no"}
    )
    assert refused.status_code == 400
    assert "This is not your password or code." in refused.content.decode()
    for person, role in ((cast.ada, "risk_officer"), (cast.carl, "compliance_officer")):
        waits = client_of(person).get("/").content.decode()
        assert "Waiver of Outputs explained" in waits
        word = {"role": role, "do": "approve", "password": "correct horse battery staple"}
        assert client_of(person).post(f"{page}decide/", word).status_code == 302
    assert standing_of(version, at=timezone.now()).marks["production"] == "waived"
    listed = streamed(client_of(cast.aud).get("/waivers/?format=csv"))
    assert "Outputs explained" in listed and "ada as risk_officer; carl as compliance_officer" in listed


def test_keys_read_both_lists(cast: SimpleNamespace, version: ModelVersion, api: Api) -> None:
    waiver = builders.a_waiver(cast, version, at=timezone.now())
    found = builders.broken_glass(cast, builders.ready_to_sign(cast, slug="other"), at=timezone.now())
    client = api("audit:read")
    rows = client.get("/api/v1/waivers?live=true&model=credit-default").json()["results"]
    assert [(row["id"], row["live"], len(row["approvals"])) for row in rows] == [(waiver.pk, True, 2)]
    assert client.get("/api/v1/waivers?live=false").json()["results"] == []
    rows = client.get("/api/v1/break-glass?live=true").json()["results"]
    assert [(row["id"], row["finding"]) for row in rows] == [(found.pk, found.finding_id)]
    assert client.get("/api/v1/waivers?environment=moon").status_code == 400


def test_a_decision_of_before_there_were_exceptions_still_answers(
    cast: SimpleNamespace, version: ModelVersion, api: Api
) -> None:
    client = api("gate")
    told = ask(client)
    GateDecision.objects.update(exceptions=None)
    assert client.get(f"/api/v1/gate/decisions/{told['id']}").json()["exceptions"] == []
