"""Every address of the site with who may pass: the table behind tests/test_doors.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from accounts.models import Scope

PEOPLE = ("olga", "dev", "viktor", "ada", "carl", "etta", "bea", "aud", "adam", "sam")
"""The cast of tests/conftest.py, and Sam: a developer of other models."""

EVERYBODY = frozenset(PEOPLE)
TEAM = frozenset({"olga", "dev"})
CREATORS = TEAM | {"sam"}
STEWARDS = CREATORS | {"viktor"}
ADMINISTRATOR = frozenset({"adam"})
STOPPERS = frozenset({"olga", "ada", "carl"})
OFFICERS = frozenset({"ada", "carl"})
COMPLIANCE = frozenset({"carl"})
DECIDERS = ADMINISTRATOR | COMPLIANCE
WATCHERS = DECIDERS | {"aud"}
WHOLE = OFFICERS | {"aud"}
RAISERS = TEAM | OFFICERS | {"viktor", "etta", "bea"}
SIGNERS = frozenset({"viktor", "ada", "carl", "etta", "bea"})
ASSESSORS = TEAM | {"viktor", "ada"}
ACTIVATORS = OFFICERS | ADMINISTRATOR
SIGNERS = frozenset({"viktor", "ada", "carl", "etta", "bea"})


@dataclass(frozen=True)
class Door:
    """An address, the method, who passes and what they are answered; everybody else gets `refused`."""

    path: str
    method: str = "GET"
    who: frozenset[str] = EVERYBODY
    passed: int = 200
    refused: int = 403
    body: Mapping[str, Any] = field(default_factory=dict)
    stranger: int = 302  # to the log-in

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class KeyDoor:
    """An address of the API, the method, the scope that opens it (or another that does) and the answer."""

    path: str
    scope: Scope
    method: str = "GET"
    passed: int = 200
    body: Any = None
    also: Scope | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def posts(path: str, who: frozenset[str], passed: int = 302, **body: Any) -> Door:
    """A door that changes something."""
    return Door(path, "POST", who, passed, body=body)


MODEL = "/models/credit-default/"
VERSION = f"{MODEL}versions/1/"
REASON = "A reason that is long enough to be one."
CONCLUDED: dict[str, Any] = {
    "verdict": "partly",
    "rationale": REASON,
    "until": (date.today() + timedelta(days=90)).isoformat(),
}
PAGES = [
    Door("/"),
    Door("/settings/"),
    Door("/settings/sessions/"),
    Door("/settings/second-factor/"),
    Door("/settings/second-factor/app/"),
    Door("/inbox/"),
    Door("/password/"),
    Door("/people/"),
    Door("/system/"),
    Door("/people/new/", who=ADMINISTRATOR),
    Door("/people/dev/", who=ADMINISTRATOR),
    Door("/keys/", who=ADMINISTRATOR),
    Door("/provisioning/", who=ADMINISTRATOR),
    Door("/handovers/", who=WATCHERS | OFFICERS),
    Door("/handovers/dev/", who=WATCHERS | OFFICERS),
    Door("/role-requests/", who=WATCHERS),
    Door("/role-requests/{role_wish}/", who=WATCHERS),
    Door("/access/", who=WATCHERS),
    Door("/people/dev/data/", who=DECIDERS | {"dev"}),
    Door("/access/?format=csv", who=WATCHERS),
    Door("/access/reviews/{access_review}/", who=WATCHERS),
    Door("/fields/", who=ADMINISTRATOR),
    Door("/fields/new/", who=ADMINISTRATOR),
    Door("/fields/{field}/", who=ADMINISTRATOR),
    Door("/fields/{field}/retire/", who=ADMINISTRATOR),
    Door("/mlflow/", who=ADMINISTRATOR),
    Door("/mlflow/new/", who=ADMINISTRATOR),
    Door("/mlflow/research/", who=ADMINISTRATOR),
    Door("/mlflow/research/edit/", who=ADMINISTRATOR),
    Door("/mlflow/research/remove/", who=ADMINISTRATOR),
    Door("/mlflow/research/models/", who=ADMINISTRATOR),
    Door("/mlflow/research/runs/{sync}/", who=ADMINISTRATOR),
    Door("/models/"),
    Door("/inventory/search/"),
    Door("/search/?q=c"),
    Door("/inventory/import/", who=CREATORS),
    Door("/models/new/", who=CREATORS),
    Door(MODEL),
    Door(f"{MODEL}edit/", who=TEAM),
    Door(f"{MODEL}suspend/"),
    Door(f"{MODEL}visibility/"),
    Door("/teams/", who=WHOLE),
    Door("/teams/Retail credit models/", who=WHOLE),
    Door(f"{MODEL}versions/new/", who=TEAM),
    Door(f"{MODEL}tier/"),
    Door(f"{MODEL}compare/"),
    Door(VERSION),
    Door(f"{VERSION}as-of/"),
    Door(f"{VERSION}card/"),
    Door(f"{VERSION}card/edit/", who=TEAM),
    Door(f"{VERSION}card/import/", who=TEAM),
    Door(f"{VERSION}card/export/json/"),
    Door(f"{VERSION}card/pdf/"),
    Door(f"{VERSION}annex-iv/"),
    Door(f"{MODEL}bias-audit/"),
    Door(f"{MODEL}bias-audit/new/", who=COMPLIANCE),
    Door(f"{MODEL}due/"),
    Door("/due/"),
    Door("/glossary/"),
    Door("/maturity/"),
    Door("/maturity/retail-credit-models/"),
    Door(f"{VERSION}files/"),
    Door(f"{VERSION}files/get/model.skops"),
    Door(f"{VERSION}files/manifest.json"),
    Door(f"{VERSION}evaluations/"),
    Door(f"{VERSION}evaluations/endpoint/"),
    Door(f"{VERSION}evaluations/environment/"),
    Door(f"{VERSION}evaluations/report/", who=TEAM | {"viktor"}),
    Door(f"{VERSION}submit/", who=TEAM),
    Door(f"{VERSION}sign-offs/"),
    Door("/datasets/"),
    Door("/datasets/new/", who=STEWARDS),
    Door("/datasets/credit-default-test/1/"),
    Door("/datasets/credit-default-test/1/file/"),
    Door("/evaluations/"),
    Door("/evaluations/compare/"),
    Door("/evaluations/given-up/"),
    Door("/evaluations/schedules/"),
    Door("/evaluations/{run}/"),
    Door("/evaluations/{run}/log/", passed=286),
    Door("/evaluations/{run}/progress/", passed=286),
    Door("/evaluations/{explained}/explain/", who=TEAM | {"viktor"}),
    Door("/evaluations/{run}/result.json"),
    Door("/findings/"),
    Door("/findings/new/"),
    Door("/findings/due-dates/"),
    Door("/findings/{finding}/"),
    Door("/reviews/"),
    Door("/reviews/{review}/"),
    Door("/risks/"),
    Door("/risks/scales/"),
    Door("/risks/{risk}/"),
    Door(f"{MODEL}risks/"),
    Door(f"{MODEL}risks/new/", who=ASSESSORS),
    Door("/waivers/"),
    Door("/waivers/{waiver}/"),
    Door(f"{VERSION}waivers/new/", who=TEAM | {"viktor"}),
    Door("/break-glass/"),
    Door("/break-glass/{break_glass}/"),
    Door(f"{VERSION}break-glass/"),
    Door(f"{MODEL}tier/{{assessment}}/"),
    Door("/tiers/"),
    Door("/tiers/questionnaire/"),
    Door("/tiers/questionnaire/{questionnaire}/"),
    Door("/tiers/questionnaire/new/", who=ADMINISTRATOR),
    Door("/reviews/attest-again/"),
    Door("/reviews/delegations/"),
    Door("/obligations/"),
    Door("/policy/"),
    Door("/policy/packs/"),
    Door("/policy/packs/new/", who=ACTIVATORS),
    Door("/policy/packs/default/3/"),
    Door("/policy/packs/default/3/source/"),
    Door("/policy/diff/"),
    Door("/policy/previews/{simulation}/"),
    Door("/policy/previews/{simulation}/changes.csv"),
    Door(f"{MODEL}policy/"),
    Door("/frameworks/"),
    Door("/frameworks/new/", who=COMPLIANCE | ADMINISTRATOR),
    Door("/frameworks/eu-ai-act/"),
    Door(f"{MODEL}compliance/"),
    Door(f"{MODEL}compliance/eu-ai-act/"),
    Door(f"{MODEL}compliance/eu-ai-act/EU-10.2b/"),
    Door(f"{MODEL}register/", who=COMPLIANCE | ADMINISTRATOR),
    Door(f"{MODEL}compliance-results/eu-ai-act/"),
    Door("/programme/"),
    Door("/programme/sr-11-7/SR117-III.1/"),
    Door("/coverage/"),
    Door("/coverage/gaps/"),
    Door("/coverage/eu-ai-act/"),
    Door("/gate/decisions/"),
    Door("/pipelines/", who=ADMINISTRATOR),
    Door("/pipelines/new/", who=ADMINISTRATOR),
    Door("/pipelines/{pipeline}/", who=ADMINISTRATOR),
    Door("/pipelines/{pipeline}/github/", who=ADMINISTRATOR),
    Door("/github/questions/", who=ADMINISTRATOR),
    Door("/github/questions/{github_question}/", who=ADMINISTRATOR),
    Door("/webhooks/", who=ADMINISTRATOR),
    Door("/webhooks/new/", who=ADMINISTRATOR),
    Door("/webhooks/channel/", who=ADMINISTRATOR),
    Door("/webhooks/channel/messages/{message}/", who=ADMINISTRATOR),
    Door("/gate/decisions/{decision}/"),
    Door("/deployments/"),
    Door("/deployments/{deployment}/"),
    Door("/lineage/version/credit-default/1/"),
    Door("/audit/"),
    Door("/audit/export/"),
    Door("/audit/0/"),
    Door("/audit/0/proof.json"),
    Door("/audit/events/{event}/", passed=302),
    Door("/reports/"),
    Door("/reports/subjects/"),
    Door("/reports/{report}/"),
    Door("/reports/{report}/file/"),
    Door("/reports/{report}/file/?as=html"),
    Door("/reports/{report}/file/?as=json"),
    Door("/reports/{report}/bundle/"),
]
PUBLIC = [
    Door("/login/", passed=302, stranger=200),
    Door("/login/second/", passed=302),
    Door("/sso/nowhere/", passed=404, stranger=404),
    Door("/sso/nowhere/back/", passed=404, stranger=404),
    Door("/sso/nowhere/out/", passed=404, stranger=404),
    Door("/healthz", stranger=200),
    Door("/readyz", stranger=200),
    Door("/metrics", stranger=200),
    Door("/.well-known/countersign/keys.json", stranger=200),
    Door("/.well-known/countersign/keys.pem", stranger=200),
    Door("/register/", stranger=200),
    Door("/register/credit-default/", stranger=200),
    Door("/api/v1/schema/", stranger=200),
    Door("/api/v1/schemas/evaluation-result", stranger=200),
    Door("/api/v1/schemas/policy-pack", stranger=200),
]
KEEPS_NOTHING = [
    posts(f"{MODEL}tier/preview/", EVERYBODY, 200),
    posts("/audit/verify/", EVERYBODY, 200),
    posts(f"{VERSION}card/preview/", EVERYBODY, 200, details="Some *text*."),
]
OWN = [
    posts("/settings/", EVERYBODY, theme="dark", mail="none"),
    posts("/settings/sessions/end/", EVERYBODY),
    posts("/settings/second-factor/app/", EVERYBODY, 400),
    posts("/settings/second-factor/passkey/", EVERYBODY, 400),
    posts("/settings/second-factor/passkey/ask/", EVERYBODY, 200),
    posts("/settings/second-factor/change/", EVERYBODY, 400),
    posts("/settings/proof/", EVERYBODY, 403),
    posts("/settings/proof/ask/", EVERYBODY, 200),
    posts("/sso/nowhere/unlink/", EVERYBODY, 404),
    Door("/login/second/", "POST", passed=302),
    Door("/login/second/ask/", "POST", passed=403, stranger=403),
    posts("/inbox/read/", EVERYBODY),
    Door("/inbox/999999999/", passed=404),
    posts("/password/", EVERYBODY, 200),
    posts("/inventory/views/", EVERYBODY, name="Mine", query="view=mine"),
    Door("/inventory/views/1/delete/", "POST", passed=404),
    posts("/reports/", EVERYBODY, subject="credit-default/1", environment="production"),
    Door("/logout/", "POST", passed=302, stranger=302),
]
DEEDS = [
    posts("/people/new/", ADMINISTRATOR, 200),
    posts("/people/dev/", ADMINISTRATOR, roles=["developer"]),
    posts("/people/dev/active/", ADMINISTRATOR, active="yes"),
    posts("/people/dev/sessions/end/", ADMINISTRATOR),
    posts("/people/dev/factors/reset/", ADMINISTRATOR, reason=REASON),
    posts("/keys/", ADMINISTRATOR, 200),
    posts("/keys/{key}/revoke/", ADMINISTRATOR),
    posts("/handovers/dev/", ADMINISTRATOR | OFFICERS, 400),
    posts("/handovers/dev/parting/", DECIDERS, 409, why=REASON),
    posts("/handovers/viktor/parting/confirm/", DECIDERS, 404, password="wrong"),
    posts("/handovers/viktor/parting/withdraw/", DECIDERS, 404),
    posts("/provisioning/", ADMINISTRATOR, 200),
    posts("/provisioning/accounts/", ADMINISTRATOR, 400),
    posts("/provisioning/tokens/{scim_token}/revoke/", ADMINISTRATOR),
    posts("/role-requests/{role_wish}/confirm/", DECIDERS - {"adam"}, 400, password="wrong"),
    posts("/role-requests/{role_wish}/refuse/", DECIDERS - {"adam"}, note=REASON),
    posts("/role-requests/{role_wish}/withdraw/", ADMINISTRATOR),
    posts("/access/reviews/", DECIDERS, why=REASON),
    posts("/access/reviews/{access_review}/decide/", DECIDERS, 400, do="keep", reason=REASON),
    posts("/access/reviews/{access_review}/finish/", DECIDERS),
    posts("/pipelines/new/", ADMINISTRATOR, 400),
    posts("/pipelines/{pipeline}/off/", ADMINISTRATOR, reason=REASON),
    posts("/pipelines/{pipeline}/github/", ADMINISTRATOR, 400),
    posts("/pipelines/{pipeline}/github/{guard}/off/", ADMINISTRATOR),
    posts("/github/questions/{github_question}/again/", ADMINISTRATOR, 409),
    posts("/webhooks/new/", ADMINISTRATOR, 400),
    posts("/webhooks/channel/", ADMINISTRATOR, 400),
    posts("/webhooks/channel/switch/", ADMINISTRATOR, do="off", reason=REASON),
    posts("/webhooks/channel/secret/", ADMINISTRATOR, 200),
    posts("/webhooks/channel/try/", ADMINISTRATOR),
    posts("/webhooks/channel/messages/{message}/again/", ADMINISTRATOR, 409),
    posts("/fields/new/", ADMINISTRATOR, 400),
    posts("/fields/{field}/", ADMINISTRATOR, 400),
    posts("/fields/{field}/move/", ADMINISTRATOR, to="up"),
    posts("/fields/{field}/retire/", ADMINISTRATOR),
    posts("/mlflow/new/", ADMINISTRATOR, 400),
    posts("/mlflow/research/edit/", ADMINISTRATOR, 400),
    posts("/mlflow/research/sync/", ADMINISTRATOR),
    posts("/mlflow/research/models/", ADMINISTRATOR, 400),
    posts("/mlflow/research/remove/", ADMINISTRATOR),
    posts("/models/new/", CREATORS, 400),
    posts(f"{MODEL}edit/", TEAM, 400),
    posts(f"{MODEL}tags/", TEAM | OFFICERS, tags="retail"),
    posts(f"{MODEL}suspend/", STOPPERS, reason=REASON),
    posts(f"{MODEL}visibility/", STOPPERS, visible_to="own_people", reason=REASON),
    posts("/teams/Retail credit models/", OFFICERS, visible_to="own_people", reason=REASON),
    posts(f"{MODEL}resume/", OFFICERS, 409, reason=REASON),
    posts(f"{MODEL}retire/", STOPPERS, reason=REASON),
    posts("/inventory/import/", CREATORS, 400),
    posts("/inventory/change/", TEAM | OFFICERS, model="credit-default", do="tag", tag="new", note=REASON),
    posts(f"{MODEL}versions/new/", TEAM, version="2", source="predictions"),
    posts(f"{MODEL}tier/", TEAM),
    posts(
        f"{MODEL}tier/confirm/", frozenset({"ada"}), assessment="{assessment}", use="{use}", tier="critical"
    ),
    posts("/tiers/questionnaire/new/", ADMINISTRATOR, 400),
    posts("/tiers/questionnaire/{questionnaire}/activate/", frozenset({"ada"})),
    posts(f"{VERSION}card/edit/", TEAM, revision="1", caveats="Something else."),
    posts(f"{VERSION}card/import/", TEAM, text="Something else.", revision="1", take="details", save="1"),
    posts(f"{VERSION}card/comments/", EVERYBODY - {"aud"}, section="caveats", text="A remark."),
    posts(f"{VERSION}card/comments/{{card_comment}}/resolve/", TEAM | {"viktor"}),
    posts(f"{VERSION}files/verify/", STEWARDS | OFFICERS),
    posts(f"{VERSION}evaluations/start/", TEAM | {"viktor"}, kinds=["fairness"], dataset="{dataset}"),
    posts(f"{VERSION}evaluations/endpoint/", TEAM, 400),
    posts(f"{VERSION}evaluations/endpoint/try/", TEAM | {"viktor"}, 409),
    posts(f"{VERSION}evaluations/endpoint/remove/", TEAM, 409),
    posts(f"{VERSION}submit/", TEAM, environment="staging", due_on="2099-01-01"),
    posts("/datasets/new/", STEWARDS, 400),
    posts(f"{VERSION}evaluations/environment/build/", TEAM | {"viktor"}, 409),
    posts(f"{VERSION}evaluations/report/", TEAM | {"viktor"}, 400),
    posts(f"{VERSION}evaluations/plan/", TEAM | {"viktor"}),
    posts("/evaluations/{run}/again/", TEAM | {"viktor"}),
    posts("/evaluations/schedules/", TEAM | {"viktor"}, 400),
    posts("/evaluations/schedules/{schedule}/", TEAM | {"viktor"}, do="pause"),
    posts("/evaluations/{explained}/explain/", TEAM | {"viktor"}, row="3"),
    posts("/evaluations/{live}/cancel/", frozenset({"dev", "viktor", "adam"})),
    posts("/findings/new/?model=credit-default", RAISERS, 400),
    posts("/findings/due-dates/", frozenset({"ada", "adam"}), 400),
    posts("/findings/{finding}/respond/", TEAM, response="plan", answer=REASON),
    posts("/findings/{finding}/ask-extension/", TEAM, 400, until="2000-01-01", reason=REASON),
    posts("/findings/{finding}/verify/", frozenset({"viktor", "ada"}), verdict="yes", note=REASON),
    posts("/findings/{finding}/override/", frozenset({"ada"}), reason=REASON),
    posts("/findings/{finding}/reassign/", frozenset({"olga", "ada", "carl"}), to="dev", reason=REASON),
    posts(
        "/findings/{finding}/classify/",
        frozenset({"ada", "carl"}),
        incident_kinds="health",
        known_on="2026-01-01",
        reason=REASON,
    ),
    posts(
        f"{MODEL}register/",
        COMPLIANCE | ADMINISTRATOR,
        409,
        contact="models@example.org",
        seen="x",
        note=REASON,
    ),
    posts(f"{MODEL}register/withdraw/", COMPLIANCE | ADMINISTRATOR, reason=REASON),
    posts("/frameworks/new/", COMPLIANCE | ADMINISTRATOR, 400),
    posts("/frameworks/iso-42001/follow/", COMPLIANCE, stance="applies", rationale=REASON),
    posts(f"{MODEL}compliance-scope/iso-42001/", COMPLIANCE, stance="applies", rationale=REASON),
    posts(f"{MODEL}compliance/eu-ai-act/", COMPLIANCE, control="EU-10.2b", **CONCLUDED),
    posts(f"{MODEL}compliance/eu-ai-act/EU-10.2b/", COMPLIANCE, **CONCLUDED),
    posts(f"{MODEL}compliance/eu-ai-act/EU-10.2a/take-back/", COMPLIANCE, rationale=REASON),
    posts(f"{MODEL}bias-audit/new/", COMPLIANCE, 400),
    posts(f"{MODEL}bias-audit/{{audit}}/withdraw/", COMPLIANCE, reason=REASON),
    posts("/maturity/retail-credit-models/", COMPLIANCE, control="ML-1.2", **CONCLUDED),
    posts("/maturity/retail-credit-models/ML-1.1/take-back/", COMPLIANCE, rationale=REASON),
    posts("/programme/sr-11-7/SR117-III.1/", COMPLIANCE, **CONCLUDED),
    posts("/programme/sr-11-7/SR117-III.5/take-back/", COMPLIANCE, rationale=REASON),
    posts(
        "/coverage/gaps/open/?framework=eu-ai-act&control=EU-10.2b&model=credit-default",
        OFFICERS,
        lacks=REASON,
        owner="dev",
        due_on="2099-01-01",
    ),
    posts("/coverage/gaps/{gap}/close/", OFFICERS | {"dev"}, note=REASON),
    posts("/coverage/evidence/", COMPLIANCE, kind="document.policy", title="Policy", place="Intranet"),
    posts("/coverage/evidence/{outside}/away/", COMPLIANCE, reason=REASON),
    posts("/policy/packs/new/", ACTIVATORS, 400, text="name: x"),
    posts("/policy/packs/default/3/preview/", ACTIVATORS),
    posts("/policy/previews/{simulation}/stop/", ACTIVATORS, 409),
    posts("/policy/previews/{simulation}/ask/", ACTIVATORS, 409, seen="sha256:0", why=REASON),
    posts("/policy/activations/{activation}/confirm/", ACTIVATORS - {"carl"}, 400, password="wrong"),
    posts("/policy/activations/{activation}/refuse/", ACTIVATORS - {"carl"}, note=REASON),
    posts("/policy/activations/{activation}/withdraw/", frozenset({"carl"})),
    posts("/reviews/{review}/sign/", frozenset({"ada"}), 400, role="risk_officer"),
    posts("/reviews/{review}/comment/", EVERYBODY - {"aud"}, text="A remark."),
    posts("/signoffs/{signoff}/withdraw/", frozenset({"viktor"}), reason=REASON),
    posts(f"{VERSION}waivers/new/", TEAM | {"viktor"}, 400),
    posts("/waivers/{waiver}/decide/", frozenset({"ada"}), 400, role="risk_officer", do="approve"),
    posts("/waivers/{waiver}/end/", TEAM, reason=REASON),
    posts(f"{VERSION}break-glass/", frozenset({"ada", "carl", "bea"}), 400, role="risk_officer"),
    posts(
        "/break-glass/{break_glass}/consent/", frozenset({"carl"}), 400, role="compliance_officer", do="agree"
    ),
    posts("/break-glass/{break_glass}/end/", TEAM | {"ada"}, reason=REASON),
    posts("/conditions/{condition}/met/", TEAM, note="Done in the dashboard."),
    posts(f"{MODEL}risks/add/", ASSESSORS, risk="EXP-01"),
    posts(f"{MODEL}risks/new/", ASSESSORS, 400),
    posts("/evaluations/{run}/propose/", ASSESSORS, check="none"),
    posts("/risks/{risk}/rate/", ASSESSORS, inherent_likelihood="4", inherent_impact="4"),
    posts("/risks/{risk}/treat/", ASSESSORS, 400, treatment="accept", review_on="2099-01-01"),
    posts("/risks/{risk}/assign/", TEAM | OFFICERS, owner="bea", note=REASON),
    posts("/risks/{risk}/accept/", frozenset({"ada"}), 400, until="2099-01-01", reason=REASON),
    posts("/risks/{risk}/withdraw/", SIGNERS, 409, reason=REASON),
    posts("/risks/{risk}/close/", frozenset({"viktor", "ada"}), reason=REASON),
    posts("/risks/{risk}/reopen/", ASSESSORS, 409, reason=REASON),
    posts("/risks/hand-over/", TEAM | OFFICERS, 200, risk="{risk}", owner="bea", note=REASON),
    posts("/risks/scales/", frozenset({"ada", "adam"}), 400),
    posts("/reviews/comments/{question}/reply/", EVERYBODY - {"aud"}, text="An answer."),
    posts("/reviews/comments/{question}/resolve/", frozenset({"viktor", "ada"})),
    posts("/reviews/{review}/assign/", TEAM | {"ada", "adam"}, role="risk_officer", person="ada"),
    posts("/reviews/assignments/{assignment}/end/", TEAM | {"ada", "adam"}),
    posts("/reviews/{review}/recuse/", SIGNERS, reason=REASON),
    posts("/reviews/{review}/due/", TEAM | {"ada", "adam"}, due_on="2099-01-01", reason=REASON),
    posts("/reviews/{review}/again/", TEAM, 409, answer=REASON),
    posts("/reviews/{review}/close/", TEAM | {"ada", "adam"}, reason=REASON),
    posts("/reviews/attest-again/", SIGNERS, 400, note=REASON, password="guessed"),
    posts("/reviews/delegations/", SIGNERS, 400),
    posts("/reviews/delegations/{delegation}/end/", frozenset({"ada", "carl", "adam"})),
    posts("/conditions/{condition}/met/", TEAM, note="Done in the dashboard."),
    posts("/conditions/{met_condition}/verify/", frozenset({"viktor"}), note="I looked at it."),
]
SCIM = (
    *(
        "Users",
        "Users/1",
        "ServiceProviderConfig",
        "Schemas",
        "Schemas/x",
        "ResourceTypes",
        "ResourceTypes/x",
    ),
    "elsewhere",
)
SIGNED = [
    Door("/api/v1/mlflow/research/events", "POST", passed=401, stranger=401),
    Door("/api/v1/github/events", "POST", passed=401, stranger=401),
    *(Door(f"/scim/v2/{path}", passed=401, stranger=401) for path in SCIM),
    *(Door(f"/scim/v2/{path}", "POST", passed=401, stranger=401) for path in (".search", "Users/.search")),
]
"""Open to whoever can sign with a secret, which tests/governance/tracking/test_webhook.py and protection/ do, or holds
a token of an identity provider (tests/accounts/test_scim.py)."""

GROUPS = {"pages": PAGES, "public": PUBLIC, "own": [*KEEPS_NOTHING, *OWN], "deeds": DEEDS}
DOORS = [door for doors in GROUPS.values() for door in doors]

QUESTION = {"model": "credit-default", "version": "1"}
API = "/api/v1"
NEW_MODEL = {"slug": "new-model", "name": "New", "purpose": "Foretells the demand.", "kind": "regression"}
NEW_FINDING = {
    "model": "credit-default",
    "severity": "low",
    "origin": "audit",
    "title": "The notice names nobody",
    "description": "Applicants cannot find out whom to ask.",
}
A_FILE = {"path": "weights", "size": 3, "sha256": "0" * 64}

KEY_DOORS = [
    KeyDoor(f"{API}/models", Scope.REGISTRY_READ),
    KeyDoor(f"{API}/models", Scope.REGISTRY_WRITE, "POST", 201, NEW_MODEL),
    KeyDoor(f"{API}/models", Scope.REGISTRY_WRITE, "PUT", 200, {"models": [NEW_MODEL], "dry_run": True}),
    KeyDoor(f"{API}/models/credit-default", Scope.REGISTRY_READ),
    KeyDoor(f"{API}/models/credit-default", Scope.REGISTRY_WRITE, "PATCH", 200, {"name": "New"}),
    KeyDoor(
        f"{API}/models/credit-default/versions",
        Scope.REGISTRY_WRITE,
        "POST",
        201,
        {"version": "2", "predictions_only": True},
    ),
    KeyDoor(f"{API}/models/credit-default/versions/1", Scope.REGISTRY_READ),
    KeyDoor(f"{API}/models/credit-default/versions/1/manifest", Scope.REGISTRY_READ),
    KeyDoor(f"{API}/models/credit-default/versions/1/as-of?at=2026-11-21T09:00:00Z", Scope.REGISTRY_READ),
    KeyDoor(
        f"{API}/models/credit-default/compare",
        Scope.REGISTRY_READ,
        body={"from": "1", "to": "1"},
    ),
    KeyDoor(f"{API}/models/credit-default/policy", Scope.REGISTRY_READ, also=Scope.GATE),
    KeyDoor(f"{API}/models/credit-default/tier", Scope.REGISTRY_READ),
    KeyDoor(f"{API}/tiering/questionnaire", Scope.REGISTRY_READ),
    KeyDoor(f"{API}/tiering/questionnaires/{{questionnaire}}", Scope.REGISTRY_READ),
    KeyDoor(f"{API}/fields", Scope.REGISTRY_READ),
    KeyDoor(f"{API}/models/credit-default/versions/1/card", Scope.REGISTRY_READ),
    KeyDoor(
        f"{API}/models/credit-default/versions/1/card",
        Scope.REGISTRY_WRITE,
        "PUT",
        428,
        {"sections": {"details": "Written by a pipeline."}},
    ),
    KeyDoor(f"{API}/models/credit-default/uploads", Scope.REGISTRY_WRITE, "POST", 201, {"files": [A_FILE]}),
    KeyDoor(f"{API}/uploads/{{upload}}", Scope.REGISTRY_WRITE),
    KeyDoor(f"{API}/uploads/{{upload}}/files/weights", Scope.REGISTRY_WRITE, "PATCH", 400, {}),
    KeyDoor(f"{API}/versions", Scope.REGISTRY_READ),
    KeyDoor(f"{API}/datasets", Scope.REGISTRY_READ),
    KeyDoor(f"{API}/datasets", Scope.REGISTRY_WRITE, "POST", 415, {}),
    KeyDoor(f"{API}/deployments", Scope.REGISTRY_READ, also=Scope.GATE),
    KeyDoor(f"{API}/datasets/credit-default-test/1", Scope.REGISTRY_READ),
    KeyDoor(f"{API}/datasets/credit-default-test/1/file", Scope.REGISTRY_READ),
    KeyDoor(
        f"{API}/deployments",
        Scope.REGISTRY_WRITE,
        "POST",
        201,
        QUESTION | {"environment": "production", "decision_id": "{decision}"},
        also=Scope.GATE,
    ),
    KeyDoor(f"{API}/deployments/{{deployment}}", Scope.REGISTRY_READ, also=Scope.GATE),
    *(
        KeyDoor(
            f"{API}/deployments/{{deployment}}/{step}", Scope.REGISTRY_WRITE, "POST", status, {}, Scope.GATE
        )
        for step, status in (("finish", 200), ("fail", 409), ("end", 200), ("roll-back", 200))
    ),
    KeyDoor(f"{API}/lineage/deployment/{{deployment}}", Scope.REGISTRY_READ),
    KeyDoor(
        f"{API}/evaluations",
        Scope.EVALUATIONS_WRITE,
        "POST",
        202,
        QUESTION | {"dataset": "credit-default-test@1", "kind": "fairness"},
    ),
    KeyDoor(f"{API}/models/credit-default/versions/1/endpoint", Scope.EVALUATIONS_READ, passed=404),
    KeyDoor(
        f"{API}/models/credit-default/versions/1/endpoint",
        Scope.EVALUATIONS_WRITE,
        "PUT",
        201,
        {"url": "https://scoring.example.org/score", "answers": "labels"},
    ),
    KeyDoor(
        f"{API}/models/credit-default/versions/1/endpoint", Scope.EVALUATIONS_WRITE, "DELETE", passed=409
    ),
    KeyDoor(f"{API}/evaluations", Scope.EVALUATIONS_READ),
    KeyDoor(f"{API}/evaluations/{{run_id}}", Scope.EVALUATIONS_READ),
    KeyDoor(f"{API}/evaluations/{{run_id}}/cancel", Scope.EVALUATIONS_WRITE, "POST", 409),
    KeyDoor(f"{API}/evaluations/{{run_id}}/log", Scope.EVALUATIONS_READ),
    KeyDoor(f"{API}/evaluations/{{run_id}}/compare", Scope.EVALUATIONS_READ, passed=400),
    KeyDoor(f"{API}/frameworks", Scope.REGISTRY_READ),
    KeyDoor(f"{API}/frameworks/eu-ai-act", Scope.REGISTRY_READ),
    KeyDoor(f"{API}/coverage?model=credit-default", Scope.REPORTS_READ),
    KeyDoor(f"{API}/due?model=credit-default", Scope.REPORTS_READ),
    KeyDoor(f"{API}/maturity", Scope.REPORTS_READ),
    KeyDoor(f"{API}/models/credit-default/bias-audit", Scope.REPORTS_READ),
    KeyDoor(f"{API}/models/credit-default/versions/1/annex-iv", Scope.REPORTS_READ),
    KeyDoor(f"{API}/models/credit-default/publication", Scope.REGISTRY_READ),
    # Dev, who owns the keys, publishes nothing
    KeyDoor(f"{API}/models/credit-default/publication", Scope.REGISTRY_WRITE, "PUT", 403, {}),
    KeyDoor(f"{API}/models/credit-default/publication/withdraw", Scope.REGISTRY_WRITE, "POST", 403, {}),
    KeyDoor(f"{API}/oscal/component-definition", Scope.REPORTS_READ),
    KeyDoor(f"{API}/oscal/assessment-results?model=credit-default&framework=eu-ai-act", Scope.REPORTS_READ),
    KeyDoor(f"{API}/risks", Scope.RISKS_READ),
    KeyDoor(f"{API}/risks/{{risk}}", Scope.RISKS_READ),
    KeyDoor(f"{API}/findings", Scope.FINDINGS_READ),
    KeyDoor(f"{API}/findings", Scope.FINDINGS_WRITE, "POST", 201, NEW_FINDING),
    KeyDoor(f"{API}/findings/{{finding}}", Scope.FINDINGS_READ),
    KeyDoor(f"{API}/gate/decisions", Scope.GATE, "POST", 200, QUESTION | {"environment": "production"}),
    KeyDoor(f"{API}/gate/decisions/{{decision}}", Scope.GATE),
    KeyDoor(f"{API}/gate/decisions/{{decision}}/sigstore", Scope.GATE),
    KeyDoor(f"{API}/waivers", Scope.AUDIT_READ, also=Scope.GATE),
    KeyDoor(f"{API}/break-glass", Scope.AUDIT_READ, also=Scope.GATE),
    KeyDoor(f"{API}/reports", Scope.REPORTS_WRITE, "POST", 202, QUESTION),
    KeyDoor(f"{API}/reports/{{report_id}}", Scope.REPORTS_READ),
    KeyDoor(f"{API}/reports/{{report_id}}/file", Scope.REPORTS_READ),
    KeyDoor(f"{API}/reports/{{report_id}}/file?as=html", Scope.REPORTS_READ),
    KeyDoor(f"{API}/reports/{{report_id}}/file?as=json", Scope.REPORTS_READ),
    KeyDoor(f"{API}/reports/{{report_id}}/bundle", Scope.REPORTS_READ),
    KeyDoor(f"{API}/audit/events", Scope.AUDIT_READ),
    KeyDoor(f"{API}/audit/events/{{event}}", Scope.AUDIT_READ),
    KeyDoor(f"{API}/audit/export", Scope.AUDIT_READ),
    KeyDoor(f"{API}/audit/checkpoint", Scope.AUDIT_READ),
    KeyDoor(f"{API}/audit/consistency", Scope.AUDIT_READ, body={"old": "1", "size": "1"}),
    KeyDoor(f"{API}/audit/proof/0", Scope.AUDIT_READ),
]
