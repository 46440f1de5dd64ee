"""Pipelines at the gate with identity tokens from an issuer that runs: who is taken, who is refused, what is kept."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.models import Event
from governance.gate.models import GateDecision
from governance.operation.scheduling import duties
from governance.pipelines import issuers
from governance.pipelines.actions import forget_ended_tokens, switch_off
from governance.pipelines.models import SpentToken, TrustRule
from registry.models import ModelVersion
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.governance.pipelines.issuer import (
    CURVE,
    FIRST,
    GITHUB_CLAIMS,
    GITLAB_CLAIMS,
    SECOND,
    SHORT,
    STRANGE,
    Issuer,
    public,
)

pytestmark = pytest.mark.django_db
QUESTION = {"model": "credit-default", "version": "1", "environment": "production"}


def ask(token: str, *, key: str = "", **changes: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
    body = json.dumps(QUESTION | changes)
    return Client().post("/api/v1/gate/decisions", body, content_type="application/json", headers=headers)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed_with_the_public_key(issuer: Issuer) -> str:
    """HS256 with what everybody may read as the secret: the classic confusion."""
    pem = FIRST.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _, claims, _ = issuer.token().split(".")
    said = f"{part({'alg': 'HS256', 'kid': 'first', 'typ': 'JWT'})}.{claims}"
    mac = hmac.new(pem, said.encode(), hashlib.sha256).digest()
    return f"{said}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def unsigned(issuer: Issuer) -> str:
    _, claims, _ = issuer.token().split(".")
    return f"{part({'alg': 'none', 'kid': 'first'})}.{claims}."


def changed_after_signing(issuer: Issuer) -> str:
    head, claims, signature = issuer.token().split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return f"{head}.{part(said | {'repository_id': '1002'})}.{signature}"


Make = Callable[[Issuer], str]


def with_claims(**changes: Any) -> Make:
    return lambda issuer: issuer.token(**changes)


def gitlab(**changes: Any) -> Make:
    return with_claims(path="/gl", base=GITLAB_CLAIMS, **changes)


SOON = 3600
NO_RULE = "No rule lets this repository"
TIMES_AND_NAMES = ("exp", "iat", "nbf", "jti", "sub", "aud")
REFUSED: dict[str, tuple[Make, int, str]] = {
    "no token at all": (lambda issuer: "a.b.c", 401, "no identity token that can be read"),
    "letters that no token has": (lambda issuer: "ä.ö.ü", 401, "no identity token that can be read"),
    "an issuer that no database can hold": (
        with_claims(iss="https://a\0b"),
        401,
        "does not say who issued it",
    ),
    "an id that no database can hold": (with_claims(jti="a\0b"), 401, "claim jti"),
    "half a letter as its id": (with_claims(jti="\ud800"), 401, "claim jti"),
    "a repository that no database can hold": (with_claims(repository_id="1\0"), 403, NO_RULE),
    "far too long": (lambda issuer: issuer.token(sub="x" * 9000), 401, "longer than"),
    "another audience": (with_claims(aud="https://other.example"), 401, "for another audience"),
    "our audience among others": (
        with_claims(aud=["https://countersign.example", "x"]),
        401,
        "for another audience",
    ),
    "an issuer that no rule names": (
        with_claims(iss="https://evil.example"),
        401,
        "No rule trusts the issuer",
    ),
    "the issuer with a slash": (lambda issuer: issuer.token(path="/"), 401, "No rule trusts the issuer"),
    "no issuer": (with_claims(without="iss"), 401, "does not say who issued it"),
    "unsigned": (unsigned, 401, "must be signed with RS256 or ES256"),
    "HS256 with the public key": (signed_with_the_public_key, 401, "must be signed with RS256 or ES256"),
    "RS512": (with_claims(alg="RS512"), 401, "must be signed with"),
    "signed by somebody else": (with_claims(key=STRANGE), 401, "signature is not its issuer's"),
    "changed after signing": (changed_after_signing, 401, "signature is not its issuer's"),
    "a key that nobody published": (with_claims(key=STRANGE, kid="unknown"), 401, "has no such key"),
    "no key id": (with_claims(kid=None), 401, "does not name the key"),
    "a key that is too short": (with_claims(key=SHORT, kid="short"), 401, "has no such key"),
    "an algorithm that is not the key's": (with_claims(kid="curve"), 401, "has no such key for RS256"),
    "run out": (lambda issuer: issuer.token(exp=int(time.time()) - 60), 401, "has run out"),
    "not yet": (lambda issuer: issuer.token(nbf=int(time.time()) + SOON), 401, "does not hold yet"),
    "issued tomorrow": (lambda issuer: issuer.token(iat=int(time.time()) + SOON), 401, "does not hold yet"),
    "for ever": (lambda issuer: issuer.token(exp=int(time.time()) + 90_000), 401, "longer than a day"),
    **{
        f"without {name}": (with_claims(without=name), 401, f"lacks the claim {name}")
        for name in TIMES_AND_NAMES
    },
    "an empty jti": (with_claims(jti=""), 401, "claim jti"),
    "keys that cannot be had": (with_claims(path="/broken"), 401, "cannot be had now"),
    "keys that are too many bytes": (with_claims(path="/big"), 401, "more than 256 KiB"),
    "keys that lie elsewhere": (with_claims(path="/elsewhere"), 401, "redirects are not followed"),
    "keys that are none": (with_claims(path="/none"), 401, "no set of keys"),
    "keys inside the network": (with_claims(iss="https://127.0.0.1:1"), 401, "where Countersign does not go"),
    "a pull request": (with_claims(event_name="pull_request"), 403, "started by pull_request;"),
    "a pull request's target": (
        with_claims(event_name="pull_request_target"),
        403,
        "started by pull_request_target",
    ),
    "a comment": (with_claims(event_name="issue_comment"), 403, "started by issue_comment"),
    "another workflow's end": (with_claims(event_name="workflow_run"), 403, "started by workflow_run"),
    "an event that is not named": (with_claims(without="event_name"), 403, "does not name"),
    "a pull request's ref": (with_claims(ref="refs/pull/7/merge"), 403, "nobody has merged"),
    "another repository": (with_claims(repository_id="1002", repository="acme/other"), 403, NO_RULE),
    "the same name with another number": (with_claims(repository_id="2002"), 403, NO_RULE),
    "the same number of another owner": (with_claims(repository_owner_id="43"), 403, NO_RULE),
    "no repository": (with_claims(without="repository_id"), 403, NO_RULE),
    "an unprotected branch": (with_claims(ref_protected="false"), 403, "asks for ref_protected true"),
    "a branch of unknown protection": (with_claims(without="ref_protected"), 403, "says nothing"),
    "GitLab: a merge request": (
        gitlab(pipeline_source="merge_request_event"),
        403,
        "started by merge_request_event",
    ),
    "GitLab: a child of one": (gitlab(pipeline_source="parent_pipeline"), 403, "started by parent_pipeline"),
    "GitLab: a merge request's ref": (
        gitlab(ref_path="refs/merge-requests/3/head"),
        403,
        "nobody has merged",
    ),
    "GitLab: another file": (gitlab(ci_config_ref_uri="gitlab.example/x"), 403, "asks for ci_config_ref_uri"),
    "GitLab: another job's project": (gitlab(job_project_id="10"), 403, "asks for job_project_id 9"),
    "GitLab: another branch": (gitlab(ref="dev"), 403, "asks for ref main"),
    "GitLab: another environment": (gitlab(environment="test"), 403, "asks for environment production"),
    "GitLab: another project": (gitlab(project_id="1002"), 403, NO_RULE),
    "GitHub's claims from GitLab": (with_claims(path="/gl"), 403, NO_RULE),
}


@pytest.fixture
def rules(cast: SimpleNamespace, issuer: Issuer, rule: TrustRule) -> None:
    """Issuers that misbehave, one inside the network, and a GitLab."""
    for number, place in enumerate(("/broken", "/big", "/elsewhere", "/none")):
        builders.a_trust_rule(cast, f"bad-{number}", kind="github_server", issuer=issuer.url + place)
    builders.a_trust_rule(cast, "inside", kind="github_server", issuer="https://127.0.0.1:1")
    builders.a_trust_rule(
        cast,
        "gitlab",
        kind="gitlab_server",
        issuer=f"{issuer.url}/gl",
        workflow=GITLAB_CLAIMS["ci_config_ref_uri"],
        job_project_id="9",
        git_ref="main",
        ci_environment="production",
    )


def test_every_token_that_proves_too_little_is_refused(rules: None, issuer: Issuer) -> None:
    wrong = []
    for name, (make, status, words) in REFUSED.items():
        token = make(issuer)
        answer = ask(token)
        said = answer.json()["detail"]
        if answer.status_code != status or words not in said or token in said:
            wrong.append(f"{name}: {answer.status_code} {said}")
    assert not wrong, "\n".join(wrong)
    assert (GateDecision.objects.count(), SpentToken.objects.count()) == (0, 0)
    asked = {
        path for path in issuer.asked if not path.endswith(("/.well-known/jwks", "/oauth/discovery/keys"))
    }
    assert asked == set()


@pytest.fixture
def version(cast: SimpleNamespace, issuer: Issuer) -> ModelVersion:
    """Waits for signatures; the rules that trust the issuer are there."""
    builders.active_policy(cast)
    found = builders.ready_to_sign(cast)
    builders.a_trust_rule(cast, kind="github_server", issuer=issuer.url)
    gitlab = {"kind": "gitlab_server", "issuer": f"{issuer.url}/gl", "models": (), "team": "Retail"}
    builders.a_trust_rule(cast, "gitlab", **gitlab)
    return found


def test_a_proven_pipeline_is_answered_and_stands_in_the_record_as_the_asker(
    version: ModelVersion, issuer: Issuer
) -> None:
    token = issuer.token()
    body = ask(token).json()
    assert body["decision"] == "deny"
    kept = GateDecision.objects.get(pk=body["id"])
    assert (kept.asked_by, kept.asker_name) == ("pipeline:github_server/1001", "acme/credit")
    assert kept.pipeline is not None
    expected = {name: GITHUB_CLAIMS[name] for name in ("repository_id", "job_workflow_ref", "run_id", "ref")}
    assert {name: kept.pipeline[name] for name in expected} == expected
    assert kept.pipeline["rule"] == "retail-deploy"
    event = Event.objects.get(verb="gate.denied")
    assert (event.actor, event.authenticated_by) == (kept.asked_by, "identity token, GitHub Actions")
    assert event.detail["pipeline"] == kept.pipeline
    assert not [one for one in Event.objects.all() if token.rpartition(".")[2] in one.payload]
    assert TrustRule.objects.get(name="retail-deploy").last_used_at is not None


def test_an_elliptic_key_and_gitlab_are_taken_and_a_team_stands_for_its_models(
    cast: SimpleNamespace, version: ModelVersion, issuer: Issuer
) -> None:
    assert ask(issuer.token(key=CURVE, kid="curve", alg="ES256")).status_code == 200
    refused = ask(issuer.token(path="/gl", base=GITLAB_CLAIMS))
    assert refused.status_code == 403
    assert "No rule lets this pipeline ask about credit-default in production" in refused.json()["detail"]
    version.model.team = "Retail"
    version.model.save(update_fields=["team"])
    assert ask(issuer.token(path="/gl", base=GITLAB_CLAIMS)).json()["decision"] == "deny"
    assert GateDecision.objects.filter(pipeline__rule="gitlab", asker_name="acme/credit").count() == 1


def test_a_rule_covers_its_models_and_environments_only(version: ModelVersion, issuer: Issuer) -> None:
    answers = {
        (field, value): ask(issuer.token(), **{field: value}).status_code
        for field, value in (("model", "other"), ("environment", "staging"), ("environment", "moon"))
    }
    assert set(answers.values()) == {403}
    refused = Event.objects.filter(verb="pipeline.refused").order_by("at")
    assert refused.count() == 3
    assert {event.detail["pipeline"]["run_id"] for event in refused} == {"77"}
    assert {event.subject for event in refused} == {"pipeline:retail-deploy"}


def test_a_token_serves_one_call_and_the_same_call_again(version: ModelVersion, issuer: Issuer) -> None:
    plain, retried = issuer.token(), issuer.token()
    assert [ask(plain).status_code for _ in range(2)] == [200, 401]
    assert "was used before" in ask(plain).json()["detail"]
    first, again = ask(retried, key="call-1"), ask(retried, key="call-1")
    assert first.json()["id"] == again.json()["id"]
    assert ask(issuer.token(), key="call-1").json()["id"] == first.json()["id"]
    other = [ask(retried, key="call-2"), ask(retried), ask(retried, key="call-1", dry_run=True)]
    assert [answer.status_code for answer in other] == [401, 401, 401]
    assert GateDecision.objects.count() == 2
    refused = Event.objects.filter(verb="pipeline.refused")
    assert ["used before" in event.detail["reason"] for event in refused] == [True] * 5


def test_spent_tokens_are_forgotten_once_they_have_run_out(version: ModelVersion, issuer: Issuer) -> None:
    token = issuer.token()
    ask(token)
    now = timezone.now()
    assert forget_ended_tokens(now) == 0
    assert ask(token).status_code == 401
    assert forget_ended_tokens(now + timedelta(minutes=6)) == 1
    assert forget_ended_tokens in [duty.do for duty in duties()]


def test_a_rotated_key_is_taken_at_once_and_invented_ids_do_not_make_us_ask_again_and_again(
    version: ModelVersion, issuer: Issuer
) -> None:
    assert ask(issuer.token()).status_code == 200
    issuer.keys = [public(SECOND, "second")]
    assert ask(issuer.token(key=SECOND, kid="second")).status_code == 200
    assert ask(issuer.token()).status_code == 401, "the old key is gone"
    for number in range(5):
        assert ask(issuer.token(kid=f"made-up-{number}")).status_code == 401
    assert issuer.asked["/.well-known/jwks"] == 2


def test_known_keys_serve_on_while_the_issuer_is_silent_but_not_for_ever(
    version: ModelVersion, issuer: Issuer, settings: Settings
) -> None:
    assert ask(issuer.token()).status_code == 200
    settings.CI_ALLOW = frozenset()  # nothing can be fetched from there any more
    later = datetime.now(UTC).timestamp() + issuers.FRESH_SECONDS + 1
    kept = issuers.key_of("github_server", issuer.url, "first", now=later)
    assert kept is not None
    with pytest.raises(issuers.KeysUnavailable):
        issuers.key_of("github_server", issuer.url, "first", now=later + issuers.KEPT_SECONDS)


def test_a_rule_that_was_switched_off_lets_nobody_ask(
    cast: SimpleNamespace, version: ModelVersion, issuer: Issuer
) -> None:
    builders.a_trust_rule(cast, "other", kind="github_server", issuer=issuer.url, repository_id="5")
    rule = TrustRule.objects.get(name="retail-deploy")
    switch_off(rule=rule, reason="Moved.", actor=actor_of_user(cast.adam), at=AT)
    refused = ask(issuer.token())
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "The rule retail-deploy was switched off.",
    )
    switch_off(rule=TrustRule.objects.get(name="other"), reason="Too.", actor=actor_of_user(cast.adam), at=AT)
    assert "No rule trusts the issuer" in ask(issuer.token()).json()["detail"]
    assert GateDecision.objects.count() == 0


def test_api_keys_ask_as_before(version: ModelVersion, api: Callable[..., Client]) -> None:
    asked = api("gate").post("/api/v1/gate/decisions", json.dumps(QUESTION), content_type="application/json")
    assert asked.status_code == 200
    assert GateDecision.objects.get().pipeline is None
    assert "pipeline" not in Event.objects.get(verb="gate.denied").detail
