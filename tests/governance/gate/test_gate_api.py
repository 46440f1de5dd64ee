"""The gate as a pipeline calls it: answers, refusals, and what is on the record afterwards."""

import base64
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.actions import revoke_key, set_active
from accounts.models import ApiKey
from audit.attestation import open_envelope
from audit.models import Event
from governance.gate.actions import decide
from governance.gate.askers import Asker
from governance.gate.idempotency import ABANDONED_AFTER, StillAnswering, once
from governance.gate.models import GateDecision, IdempotentCall
from registry.models import ModelVersion
from riskreview.models import Decision
from tests import builders
from tests.audit.signing import attestation_key
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
URL = "/api/v1/gate/decisions"
Api = Callable[..., Client]


@pytest.fixture
def version(cast: SimpleNamespace) -> ModelVersion:
    """Ready for production but for two signatures."""
    builders.active_policy(cast)
    return builders.ready_to_sign(cast)


@pytest.fixture
def signed(cast: SimpleNamespace, version: ModelVersion) -> ModelVersion:
    """Signed by the validator and the risk officer."""
    review = version.reviews.get()
    builders.a_signature(review, cast.viktor, "validator")
    builders.a_signature(review, cast.ada, "risk_officer")
    return version


def ask(client: Client, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    question = {"model": "credit-default", "version": "1", "environment": "production"} | changes
    return client.post(URL, json.dumps(question), content_type="application/json", headers=headers or {})


def test_a_version_without_signatures_is_denied_and_told_who_must_sign(
    version: ModelVersion, api: Api
) -> None:
    answer = ask(api("gate"))
    body = answer.json()
    assert answer.status_code == 200
    assert body["decision"] == "deny"
    unmet = {item["id"]: item for item in body["requirements"] if item["result"] == "unsatisfied"}
    assert set(unmet) == {"signoff.validator", "signoff.risk_officer"}
    assert any("Viktor Sahl" in who for who in unmet["signoff.validator"]["who"])
    assert unmet["signoff.validator"]["url"].startswith("http://")
    assert body["tier"] == "high"


def test_a_signed_version_is_allowed_with_an_attestation_that_verifies(
    signed: ModelVersion, api: Api
) -> None:
    body = ask(api("gate")).json()
    assert body["decision"] == "allow"
    assert body["basis"] == "policy"
    statement = open_envelope(body["attestation"], attestation_key().public_key())
    predicate: Any = statement["predicate"]
    assert predicate["verificationResult"] == "PASSED"
    assert predicate["resourceUri"].endswith("/models/credit-default/versions/1/environments/production")
    assert statement["subject"][0]["digest"]["sha256"] == signed.artifact_digest.removeprefix("sha256:")  # type: ignore[index]


def test_a_changed_card_makes_the_answer_deny_again_and_names_what_changed(
    cast: SimpleNamespace, signed: ModelVersion, api: Api
) -> None:
    assert ask(api("gate")).json()["decision"] == "allow"
    builders.a_card(cast, signed, caveats="Not for applicants with less than six months of history.")
    body = ask(api("gate")).json()
    assert body["decision"] == "deny"
    stale = [item for item in body["requirements"] if item["stale"]]
    assert {item["id"] for item in stale} == {"signoff.validator", "signoff.risk_officer"}
    assert all("card" in item["reason"] for item in stale)


def test_a_rejection_stands_after_the_evidence_changed(
    cast: SimpleNamespace, version: ModelVersion, api: Api
) -> None:
    review = version.reviews.get()
    builders.a_signature(review, cast.ada, "risk_officer", Decision.REJECT)
    builders.a_card(cast, version, caveats="Everything that the risk officer asked for is now stated.")
    body = ask(api("gate")).json()
    assert body["decision"] == "deny"
    assert any("rejected" in item["reason"] for item in body["requirements"])


def test_the_decision_is_kept_with_its_grounds_and_on_the_record(version: ModelVersion, api: Api) -> None:
    body = ask(api("gate"), context={"commit": "4be91c2"}).json()
    kept = GateDecision.objects.get(pk=body["id"])
    assert kept.requirements == [{**item} for item in body["requirements"]]
    event = Event.objects.get(verb="gate.denied")
    assert event.subject == "model:credit-default/version:1/env:production"
    assert event.detail["evidence"] == body["evidence_digest"]
    assert event.detail["policy"] == body["policy"]["digest"]
    assert event.detail["context"] == {"commit": "4be91c2"}


def test_a_dry_run_is_recorded_as_such_and_not_attested(signed: ModelVersion, api: Api) -> None:
    body = ask(api("gate"), dry_run=True).json()
    assert body["dry_run"] is True
    assert body["attestation"] is None
    assert Event.objects.get(verb="gate.allowed").detail["dry_run"] is True


def test_without_an_active_policy_everything_is_denied(cast: SimpleNamespace, api: Api) -> None:
    builders.ready_to_sign(cast)
    body = ask(api("gate")).json()
    assert body["decision"] == "deny"
    assert body["policy"] is None
    assert body["requirements"]


def test_the_version_can_be_named_by_its_digest(signed: ModelVersion, api: Api) -> None:
    body = ask(api("gate"), version=None, artifact_digest=signed.artifact_digest).json()
    assert body["decision"] == "allow"
    assert body["version"] == "1"


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("unknown model", {"model": "nothing"}, 404, "no model nothing"),
    ("unknown version", {"version": "99"}, 404, "no version 99"),
    ("unknown environment", {"environment": "moon"}, 404, "development, staging, production"),
    ("unknown digest", {"version": None, "artifact_digest": "sha256:" + "0" * 64}, 404, "No version"),
    ("another digest", {"artifact_digest": "sha256:" + "0" * 64}, 409, "has the digest"),
    ("neither version nor digest", {"version": None}, 400, "version or artifact_digest"),
    ("malformed digest", {"artifact_digest": "abc"}, 400, "artifact_digest"),
    ("unknown field", {"enviroment": "production"}, 400, "Unknown field"),
    ("version as number", {"version": 1}, 400, "quotes"),
    ("dry_run as text", {"dry_run": "false"}, 400, "true or false"),
    ("context too long", {"context": {"log": "x" * 9000}}, 400, "bytes"),
    ("context with a number beyond JSON", {"context": {"build": 2**60}}, 400, "recorded"),
]


@pytest.mark.parametrize(("name", "changes", "status", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_question_that_cannot_be_judged_is_a_problem_and_never_an_allow(
    name: str, changes: dict[str, Any], status: int, words: str, signed: ModelVersion, api: Api
) -> None:
    answer = ask(api("gate"), **changes)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    told = json.dumps(answer.json())
    assert words in told
    assert '"allow"' not in told
    assert not GateDecision.objects.exists()
    if status in (404, 409):
        assert Event.objects.filter(verb="gate.refused").count() == 1


def test_malformed_json_is_a_400_problem(signed: ModelVersion, api: Api) -> None:
    answer = api("gate").post(URL, "{not json", content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Bearer cs_00000000_x", "Basic abc"])
def test_without_a_good_key_the_answer_is_401(header: str, signed: ModelVersion) -> None:
    answer = ask(Client(headers={"Authorization": header} if header else {}))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert not GateDecision.objects.exists()


def test_a_key_without_the_scope_is_a_403(signed: ModelVersion, api: Api) -> None:
    assert ask(api("registry:read")).status_code == 403


def test_a_revoked_key_and_a_key_of_a_disabled_owner_open_nothing(
    cast: SimpleNamespace, signed: ModelVersion, api: Api
) -> None:
    first, second = api("gate"), api("gate", owner=cast.olga)
    assert ask(first).status_code == ask(second).status_code == 200
    revoke_key(key=ApiKey.objects.get(owner=cast.dev), actor=actor_of_user(cast.adam), at=AT)
    set_active(user=cast.olga, active=False, actor=actor_of_user(cast.adam), at=AT)
    assert ask(first).status_code == ask(second).status_code == 401


def test_the_same_idempotency_key_gets_the_same_answer_once(signed: ModelVersion, api: Api) -> None:
    client, headers = api("gate"), {"Idempotency-Key": str(uuid.uuid4())}
    first, again = ask(client, headers), ask(client, headers)
    assert first.json() == again.json()
    assert GateDecision.objects.count() == 1
    assert ask(client, headers, environment="staging").status_code == 422


def test_a_call_in_flight_with_the_same_idempotency_key_is_a_409(signed: ModelVersion, api: Api) -> None:
    client, headers = api("gate"), {"Idempotency-Key": "deploy-17"}
    ask(client, headers)
    IdempotentCall.objects.update(decision=None, started_at=timezone.now())
    assert ask(client, headers).status_code == 409


def test_a_call_that_was_taken_for_dead_and_lives_after_all_decides_nothing(
    signed: ModelVersion, cast: SimpleNamespace, api: Api
) -> None:
    client, now = api("gate"), timezone.now()
    question: dict[str, object] = {"model": "credit-default", "version": "1", "environment": "production"}
    asker = Asker(actor_of_user(cast.dev), key=ApiKey.objects.get(owner=cast.dev))
    body = question | {"context": {}, "dry_run": False}
    late = {
        "asker": asker,
        "token": "deploy-17",
        "body": body,
        "at": now - ABANDONED_AFTER - timedelta(seconds=1),
    }
    with pytest.raises(StillAnswering), once(**late) as remembered:  # type: ignore[arg-type]
        retried = ask(client, {"Idempotency-Key": "deploy-17"})
        assert retried.status_code == 200
        with transaction.atomic():
            second = decide(
                version=signed, environment="production", context={}, dry_run=False, actor=asker.actor, at=now
            )
            remembered.keep(second)
    assert [str(decision.pk) for decision in GateDecision.objects.all()] == [retried.json()["id"]]


def test_an_idempotency_key_is_forgotten_after_a_day_and_free_after_an_error(
    signed: ModelVersion, api: Api
) -> None:
    client, headers = api("gate"), {"Idempotency-Key": "deploy-17"}
    assert ask(client, headers, version="99").status_code == 404
    first = ask(client, headers).json()
    IdempotentCall.objects.update(started_at=timezone.now() - timedelta(hours=25))
    assert ask(client, headers).json()["id"] != first["id"]


def test_a_decision_can_be_read_again(signed: ModelVersion, api: Api) -> None:
    client = api("gate")
    body = ask(client).json()
    assert client.get(f"{URL}/{body['id']}").json() == body
    assert client.get(f"{URL}/{uuid.uuid4()}").status_code == 404


def test_the_payload_of_the_attestation_is_json_about_this_decision(signed: ModelVersion, api: Api) -> None:
    body = ask(api("gate")).json()
    payload = json.loads(base64.b64decode(body["attestation"]["payload"]))
    assert payload["predicate"]["countersign_decision"]["id"] == body["id"]
    assert body["attestation"]["payloadType"] == "application/vnd.in-toto+json"
