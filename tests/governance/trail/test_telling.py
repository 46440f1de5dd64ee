"""What happened, in a sentence, with the details that matter."""

from typing import Any

import pytest

from audit.models import Event
from audit.verbs import Verb
from governance.trail.telling import sentence, subject_url

TOLD: list[tuple[Verb, dict[str, Any], str]] = [
    (Verb.REVIEW_SIGNED, {"role": "risk_officer", "decision": "approve"}, "risk officer, approve"),
    (Verb.REVIEW_SIGN_REFUSED, {"reasons": ["Too early.", "Too late."]}, "Too early. Too late."),
    (Verb.EVALUATION_FAILED, {"failure": "The file is gone."}, "The file is gone."),
    (Verb.GATE_DENIED, {"unmet": ["card.complete", "tier"]}, "unmet: card.complete, tier"),
    (Verb.GATE_ALLOWED, {"basis": "policy"}, ""),
    (Verb.GATE_ALLOWED, {"basis": "waiver"}, "with a waiver"),
    (
        Verb.GATE_ALLOWED,
        {
            "basis": "waiver",
            "pipeline": {"repository": "acme/credit", "ref": "refs/heads/main", "run_id": "7"},
        },
        "with a waiver; asked by acme/credit on refs/heads/main in run 7",
    ),
    (Verb.GATE_REFUSED, {"reason": "Unknown.", "pipeline": {"project_path": "a/b"}}, "Unknown; asked by a/b"),
    (
        Verb.PIPELINE_TRUSTED,
        {"repository": "acme/credit", "models": ["churn"], "team": "Retail", "environments": ["staging"]},
        "acme/credit for churn, every model of Retail in staging",
    ),
    (Verb.PIPELINE_REFUSED, {"reason": "No.", "pipeline": {"repository": "a/b"}}, "No; asked by a/b"),
    (Verb.GATE_ALLOWED, {"basis": "break_glass"}, "by break-glass, against the policy"),
    (Verb.DEPLOYMENT_STARTED, {"environment": "production"}, "in production, real time"),
    (
        Verb.DEPLOYMENT_UNDECIDED,
        {"environment": "staging", "problem": "No decision."},
        "in staging: No decision",
    ),
    (Verb.MODEL_TAGGED, {"added": ["a"], "removed": ["b"]}, "a, no longer b"),
    (Verb.DEPENDENCIES_CHANGED, {"is": {}}, "takes answers from no other model"),
    (Verb.MODEL_SUSPENDED, {"reason": "It drifts."}, "It drifts"),
    (Verb.RISK_RATED, {"is": {"inherent": [4, 4], "residual": [3, 3]}}, "16 to 9"),
    (Verb.RISK_RATED, {"is": {"inherent": None, "residual": [3, 2]}}, "6"),
    (Verb.RISK_RAISED, {"title": "Leak of user_id"}, "Leak of user_id"),
    (Verb.FINDING_RAISED, {"title": "roc_auc is low"}, "roc_auc is low"),
    (Verb.WAIVER_GRANTED, {"requirement": "card", "environment": "production"}, "card in production"),
    (Verb.CARD_REVISED, {"revision": 3}, "revision 3"),
    (Verb.RISKS_EXPORTED, {"rows": 1200, "format": "csv"}, "1,200 rows, csv"),
    (Verb.RISKS_EXPORTED, {"rows": 1, "format": "xlsx"}, "1 row, xlsx"),
    (Verb.RISKS_EXPORTED, {}, ""),
    (Verb.CARD_DOWNLOADED, {"revision": 2, "format": "pdf"}, "revision 2, pdf"),
    (Verb.ARTIFACT_DOWNLOADED, {"path": "model_a.skops"}, "model_a.skops"),
    (Verb.AUDIT_EXPORTED, {"format": "cef"}, "cef"),
]


def told(verb: Verb, detail: dict[str, Any]) -> str:
    return str(sentence(Event(verb=verb.value, subject="model:x", detail=detail)))


@pytest.mark.parametrize(("verb", "detail", "words"), TOLD)
def test_an_event_is_told_with_what_matters(verb: Verb, detail: dict[str, Any], words: str) -> None:
    said = told(verb, detail)
    assert (f">{words}<" in said) if words else ("cs-2" not in said)


@pytest.mark.parametrize("verb", Verb)
def test_an_event_without_details_is_told_all_the_same(verb: Verb) -> None:
    assert told(verb, {}).startswith("<b>")


@pytest.mark.parametrize(
    ("subject", "address"),
    [
        ("model:x", "/models/x/"),
        ("model:x/version:1", "/models/x/versions/1/"),
        ("model:x/version:1/evaluation:3", "/evaluations/3/"),
        ("model:x/finding:4", "/findings/4/"),
        ("model:x/risk:3", "/risks/3/"),
        ("model:x/version:1/waiver:2", "/waivers/2/"),
        ("model:x/version:1/review:production", "/models/x/versions/1/"),
        ("policy:x/version:1", None),
    ],
)
def test_a_subject_leads_to_its_page(subject: str, address: str | None) -> None:
    assert subject_url(subject) == address
