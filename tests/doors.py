"""Every address of the site with who may pass: the table behind tests/test_doors.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
PAGES = [
    Door("/"),
    Door("/settings/"),
    Door("/inbox/"),
    Door("/password/"),
    Door("/people/"),
    Door("/system/"),
    Door("/people/new/", who=ADMINISTRATOR),
    Door("/people/dev/", who=ADMINISTRATOR),
    Door("/keys/", who=ADMINISTRATOR),
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
    Door("/inventory/import/", who=CREATORS),
    Door("/models/new/", who=CREATORS),
    Door(MODEL),
    Door(f"{MODEL}edit/", who=TEAM),
    Door(f"{MODEL}suspend/"),
    Door(f"{MODEL}versions/new/", who=TEAM),
    Door(f"{MODEL}tier/"),
    Door(f"{MODEL}compare/"),
    Door(VERSION),
    Door(f"{VERSION}card/"),
    Door(f"{VERSION}card/edit/", who=TEAM),
    Door(f"{VERSION}card/import/", who=TEAM),
    Door(f"{VERSION}card/export/json/"),
    Door(f"{VERSION}card/pdf/"),
    Door(f"{VERSION}files/"),
    Door(f"{VERSION}files/get/model.skops"),
    Door(f"{VERSION}files/manifest.json"),
    Door(f"{VERSION}evaluations/"),
    Door(f"{VERSION}evaluations/endpoint/"),
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
    Door("/reviews/"),
    Door("/reviews/{review}/"),
    Door("/policy/"),
    Door("/gate/decisions/"),
    Door("/gate/decisions/{decision}/"),
    Door("/deployments/"),
    Door("/deployments/{deployment}/"),
    Door("/lineage/version/credit-default/1/"),
    Door("/audit/"),
    Door("/audit/0/"),
    Door("/reports/"),
    Door("/reports/{report}/"),
    Door("/reports/{report}/file/"),
]
PUBLIC = [
    Door("/login/", passed=302, stranger=200),
    Door("/healthz", stranger=200),
    Door("/readyz", stranger=200),
    Door("/metrics", stranger=200),
    Door("/.well-known/countersign/keys.json", stranger=200),
    Door("/api/v1/schema/", stranger=200),
    Door("/api/v1/schemas/evaluation-result", stranger=200),
]
KEEPS_NOTHING = [
    posts(f"{MODEL}tier/preview/", EVERYBODY, 200),
    posts("/audit/verify/", EVERYBODY, 200),
    posts(f"{VERSION}card/preview/", EVERYBODY, 200, details="Some *text*."),
]
OWN = [
    posts("/settings/", EVERYBODY, theme="dark", mail="none"),
    posts("/inbox/read/", EVERYBODY),
    Door("/inbox/1/", passed=404),
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
    posts("/keys/", ADMINISTRATOR, 200),
    posts("/keys/{key}/revoke/", ADMINISTRATOR),
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
    posts(f"{MODEL}resume/", OFFICERS, 409, reason=REASON),
    posts(f"{MODEL}retire/", STOPPERS, reason=REASON),
    posts("/inventory/import/", CREATORS, 400),
    posts("/inventory/change/", TEAM | OFFICERS, model="credit-default", do="tag", tag="new", note=REASON),
    posts(f"{MODEL}versions/new/", TEAM, version="2", source="predictions"),
    posts(f"{MODEL}tier/", TEAM),
    posts(f"{MODEL}tier/confirm/", frozenset({"ada"}), assessment="{assessment}", tier="critical"),
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
    posts(f"{VERSION}evaluations/report/", TEAM | {"viktor"}, 400),
    posts(f"{VERSION}evaluations/plan/", TEAM | {"viktor"}),
    posts("/evaluations/{run}/again/", TEAM | {"viktor"}),
    posts("/evaluations/schedules/", TEAM | {"viktor"}, 400),
    posts("/evaluations/schedules/{schedule}/", TEAM | {"viktor"}, do="pause"),
    posts("/evaluations/{explained}/explain/", TEAM | {"viktor"}, row="3"),
    posts("/evaluations/{live}/cancel/", frozenset({"dev", "viktor", "adam"})),
    posts("/reviews/{review}/sign/", frozenset({"ada"}), 400, role="risk_officer"),
    posts("/reviews/{review}/comment/", EVERYBODY - {"aud"}, text="A remark."),
    posts("/signoffs/{signoff}/withdraw/", frozenset({"viktor"}), reason=REASON),
    posts("/conditions/{condition}/met/", TEAM, note="Done in the dashboard."),
]
SIGNED = [Door("/api/v1/mlflow/research/events", "POST", passed=401, stranger=401)]
"""Open to whoever can sign with the server's secret; tests/governance/tracking/test_webhook.py does."""

GROUPS = {"pages": PAGES, "public": PUBLIC, "own": [*KEEPS_NOTHING, *OWN], "deeds": DEEDS}
DOORS = [door for doors in GROUPS.values() for door in doors]

QUESTION = {"model": "credit-default", "version": "1"}
API = "/api/v1"
NEW_MODEL = {"slug": "new-model", "name": "New", "purpose": "Foretells the demand.", "kind": "regression"}
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
    KeyDoor(
        f"{API}/models/credit-default/compare",
        Scope.REGISTRY_READ,
        body={"from": "1", "to": "1"},
    ),
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
    KeyDoor(f"{API}/gate/decisions", Scope.GATE, "POST", 200, QUESTION | {"environment": "production"}),
    KeyDoor(f"{API}/gate/decisions/{{decision}}", Scope.GATE),
    KeyDoor(f"{API}/reports", Scope.REPORTS_WRITE, "POST", 202, QUESTION),
    KeyDoor(f"{API}/reports/{{report_id}}", Scope.REPORTS_READ),
    KeyDoor(f"{API}/reports/{{report_id}}/file", Scope.REPORTS_READ),
    KeyDoor(f"{API}/audit/events", Scope.AUDIT_READ),
    KeyDoor(f"{API}/audit/checkpoint", Scope.AUDIT_READ),
    KeyDoor(f"{API}/audit/proof/0", Scope.AUDIT_READ),
]
