"""Each kind of requirement, each way it can turn out, with the words that people read."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policy.evidence import Artifact, Evidence, Metric, RunningFact
from policy.pack import Check, Requirement
from tests.policy.builders import (
    BYTES,
    NOW,
    PACK,
    YESTERDAY,
    ask,
    condition,
    run,
    sign,
    unsigned,
    with_signoffs,
)

PERFORMANCE = PACK.requirements["evaluation.performance"]
FAIRNESS = PACK.requirements["evaluation.fairness"]
EXPLAINED = PACK.requirements["evaluation.explainability"]
MONTHLY = Requirement(
    "artifact_verified", "artifact_verified", "Artifact verified", max_age=timedelta(days=30)
)
CARD, CONDITIONS = PACK.requirements["card_complete"], PACK.requirements["conditions_met"]
ARTIFACT, TIER = PACK.requirements["artifact_verified"], PACK.requirements["tier_confirmed"]


def measured(kind: str = "performance", name: str = "roc_auc", **bounds: float | None) -> dict[str, Any]:
    """Changes that leave one run with one metric."""
    metric = Metric(bounds.get("value"), bounds.get("low"), bounds.get("high"))
    return {"evaluations": (run(kind, 12, metrics={name: metric}),)}


def ran(**changes: Any) -> dict[str, Any]:
    """Changes that leave one performance run, itself changed."""
    return {"evaluations": (run("performance", 12, **changes),)}


def underway(status: Any, failure: str | None = None) -> dict[str, Any]:
    """Changes that leave only a performance run that has not succeeded."""
    return {
        "evaluations": (),
        "running": (RunningFact(14, "performance", status, failure, "/evaluations/14/"),),
    }


def between(low: float, high: float) -> Requirement:
    """Performance with a range on the selection rate."""
    check = Check("selection_rate", at_least=low, at_most=high)
    return replace(PERFORMANCE, checks=(check,))


SPLIT = (
    run("performance", 1),
    run("performance", 2, dataset="easy@1", metrics={"roc_auc": Metric(0.60, 0.5, 0.7)}),
)

TABLE: list[tuple[str, Requirement, dict[str, Any], str, str]] = [
    ("tier", TIER, {}, "satisfied", "High, confirmed by Ada Okafor on 20 Nov; questionnaire version 1."),
    ("artifact", ARTIFACT, {}, "satisfied", "14 files match their digests, verified on 20 Nov."),
    ("one file", ARTIFACT, {"artifact": Artifact(BYTES, 1, YESTERDAY)}, "satisfied",
     "1 file matches its digest,"),
    ("no artifact", ARTIFACT, {"artifact": None}, "unsatisfied", "No artifact is stored for this version."),
    ("never verified", ARTIFACT, {"artifact": Artifact(BYTES, 14)}, "unsatisfied", "never compared"),
    ("changed bytes", ARTIFACT, {"artifact": Artifact(BYTES, 14, YESTERDAY, "model.pkl differs")},
     "unsatisfied",
     "model.pkl differs."),
    ("verified long ago", MONTHLY, {"artifact": Artifact(BYTES, 14, NOW - timedelta(days=30))}, "unsatisfied",
     "last compared with their digests on 22 Oct, more than 30 days ago."),
    ("verified lately", MONTHLY, {"artifact": Artifact(BYTES, 14, NOW - timedelta(days=29))}, "satisfied",
     "on 23 Oct"),
    ("vendor model", ARTIFACT, {"artifact": Artifact(BYTES, 1, YESTERDAY, None, True)}, "satisfied",
     "The declaration matches its digest, verified on 20 Nov. The model's files stay with the vendor."),
    ("card", CARD, {}, "satisfied",
     "All 12 sections that high asks for are written; revision 7 by Dev Menon, 20 Nov."),
    ("no card", CARD, {"card": None}, "unsatisfied", "No card is written yet."),
    ("AUC", PERFORMANCE, {}, "satisfied", "AUC 0.812 [0.801, 0.823], asked at least 0.700."),
    ("AUC low", PERFORMANCE, measured(value=0.691, low=0.66), "unsatisfied",
     "AUC 0.691, asked at least 0.700."),
    ("AUC uncertain", PERFORMANCE, measured(value=0.74, low=0.64, high=0.84), "unsatisfied",
     "AUC lower bound 0.640, asked at least 0.650."),
    ("just under", PERFORMANCE, measured(value=0.69996, low=0.66), "unsatisfied",
     "AUC 0.69996, asked at least 0.70000."),
    ("no lower bound", PERFORMANCE, measured(value=0.9), "error", "AUC lower bound has no number in run 12."),
    ("metric missing", PERFORMANCE, measured(name="f1", value=0.9), "error",
     "AUC lower bound has no number in run 12."),
    ("metric NaN", PERFORMANCE, measured(value=float("nan"), low=0.7), "error",
     "AUC is not a number in run 12."),
    ("metric infinite", PERFORMANCE, measured(value=float("inf"), low=0.7), "error",
     "AUC is not a number in run 12."),
    ("never run", PERFORMANCE, {"evaluations": ()}, "unsatisfied",
     "Performance was never measured on test data."),
    ("queued", PERFORMANCE, underway("queued"), "unsatisfied", "Run 14 waits in the queue."),
    ("running", PERFORMANCE, underway("running"), "unsatisfied", "Run 14 is under way."),
    ("failed", PERFORMANCE, underway("failed", "column label is missing"), "unsatisfied",
     "Run 14 failed: column label is missing."),
    ("other data", PERFORMANCE, ran(dataset_role="training"), "unsatisfied",
     "Run 12 used training data; test data are asked for."),
    ("other bytes", PERFORMANCE, ran(artifact_digest="sha256:b"), "unsatisfied", "measured other bytes"),
    ("a year old", PERFORMANCE, ran(finished_at=NOW - timedelta(days=365)), "unsatisfied",
     "Run 12 of 21 Nov 2025 is 365 days old or older."),
    ("almost a year old", PERFORMANCE, ran(finished_at=NOW - timedelta(days=364)), "satisfied",
     "Run 12, 22 Nov 2025."),
    ("every test set counts", PERFORMANCE, {"evaluations": SPLIT}, "unsatisfied",
     "AUC 0.600 [0.500, 0.700], asked "
     "at least 0.700 on easy@1."),
    ("multiclass", PERFORMANCE, {"model_kind": "multiclass_classification",
     **measured(name="balanced_accuracy", value=0.80)},
     "satisfied", "Balanced accuracy 0.800, asked at least 0.800."),
    ("multiclass low", PERFORMANCE, {"model_kind": "multiclass_classification",
     **measured(name="balanced_accuracy", value=0.79)}, "unsatisfied",
     "Balanced accuracy 0.790, asked at least 0.800."),
    ("regression", PERFORMANCE, {"model_kind": "regression", **measured(name="r2", value=0.3)}, "satisfied",
     "R² 0.300"),
    ("regression low", PERFORMANCE, {"model_kind": "regression", **measured(name="r2", value=-0.2)},
     "unsatisfied",
     "R² -0.200, asked at least 0.300."),
    ("unknown kind of model", PERFORMANCE, {"model_kind": "clustering"}, "error",
     "No check is meant for this kind"),
    ("fair enough", FAIRNESS, {}, "satisfied",
     "Lowest selection ratio 0.860 [0.840, 0.880], asked at least 0.800."),
    ("four fifths exactly", FAIRNESS, measured("fairness", "selection_rate_ratio", value=0.04 / 0.05),
     "satisfied", "0.800"),
    ("under four fifths", FAIRNESS, measured("fairness", "selection_rate_ratio", value=0.79), "unsatisfied",
     "0.790"),
    ("nobody escapes by another name", FAIRNESS, {"model_kind": "rule_set"}, "error",
     "it is for applying rules"),
    ("fairness of a regression", FAIRNESS, {"model_kind": "regression"}, "not_applicable",
     "Asked of binary classification only; this model is for regression."),
    ("no sensitive attribute", FAIRNESS, {"sensitive_attributes": ()}, "not_applicable",
     "No data set declares a sensitive attribute"),
    ("explained", EXPLAINED, {}, "satisfied", "Rows explained 200, asked at least 50."),
    ("explained too few", EXPLAINED, measured("explainability", "explained_rows", value=49), "unsatisfied",
     "Rows explained 49, asked at least 50."),
    ("in a range", between(0.1, 0.5), measured(name="selection_rate", value=0.3), "satisfied",
     "0.300, asked 0.100 to 0.500"),
    ("above a range", between(0.1, 0.5), measured(name="selection_rate", value=0.6), "unsatisfied",
     "0.600, asked 0.100"),
    ("below a range", between(0.1, 0.5), measured(name="selection_rate", value=0.05), "unsatisfied",
     "0.050, asked"),
    ("no conditions", CONDITIONS, {}, "not_applicable", "No sign-off carries a condition."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("requirement", "changes", "result", "reason"),
    [case[1:] for case in TABLE],
    ids=[case[0] for case in TABLE],
)
def test_a_requirement_turns_out_as_the_table_says(
    requirement: Requirement, changes: dict[str, Any], result: str, reason: str
) -> None:
    found = ask(replace(unsigned(), **changes), requirement)
    assert found.result == result, found
    assert reason in found.reason
    assert (found.remedy is not None) == (result in ("unsatisfied", "error"))
    assert bool(found.who) == (result in ("unsatisfied", "error"))


def test_a_card_that_lacks_sections_names_them_and_who_writes() -> None:
    evidence = unsigned()
    assert evidence.card is not None
    sections = {**evidence.card.sections, "oversight": "to do", "caveats": ""}
    found = ask(replace(evidence, card=replace(evidence.card, sections=sections)), CARD)
    assert (
        found.reason
        == "2 of 12 sections that high asks for say too little: Caveats and limits and Human oversight."
    )
    assert found.remedy == "Write Caveats and limits and Human oversight, at least 20 characters each."
    assert found.who == ("Dev Menon (developer)", "Olga Brandt (owner)")
    assert found.detail == {"missing": ["caveats", "oversight"]}
    assert found.url == "/models/credit-default/versions/3/card/"


def test_a_newer_success_replaces_an_older_one_on_the_same_data() -> None:
    worse = run("performance", 30, finished_at=NOW, metrics={"roc_auc": Metric(0.5, 0.4, 0.6)})
    found = ask(replace(unsigned(), evaluations=(worse, run("performance", 29))), PERFORMANCE)
    assert found.result == "unsatisfied"
    assert found.url == "/evaluations/30/"
    assert found.evidence == ("run 30", worse.digest)


def test_what_was_compared_is_kept_as_numbers() -> None:
    checks = ask(unsigned(), FAIRNESS).detail["checks"]
    assert checks == [
        {
            "run": 2,
            "metric": "selection_rate_ratio",
            "bound": "value",
            "value": 0.86,
            "at_least": 0.8,
            "at_most": None,
            "met": True,
        }
    ]


def with_condition(days: int, met: bool) -> Evidence:
    """The validator approved with one condition."""
    evidence = unsigned()
    return with_signoffs(
        evidence, sign(evidence, "validator", "approve_with_conditions", conditions=(condition(days, met),))
    )


@pytest.mark.parametrize(
    ("days", "met", "result", "reason"),
    [
        (5, False, "satisfied", "1 condition open, next due on 26 Nov."),
        (0, False, "satisfied", "1 condition open, next due on 21 Nov."),
        (-1, False, "unsatisfied", '"Monitor drift weekly" was due on 20 Nov and is not met.'),
        (-1, True, "satisfied", "1 condition met."),
    ],
)
def test_conditions_hold_until_they_are_overdue(days: int, met: bool, result: str, reason: str) -> None:
    found = ask(with_condition(days, met), CONDITIONS)
    assert (found.result, found.reason) == (result, reason)


def test_a_condition_goes_when_its_signer_signs_again_or_withdraws() -> None:
    overdue = with_condition(-1, False)
    again = with_signoffs(overdue, sign(overdue, "validator", signed_at=NOW))
    withdrawn = replace(overdue, signoffs=(replace(overdue.signoffs[0], withdrawn=True),))
    assert ask(again, CONDITIONS).result == "not_applicable"
    assert ask(withdrawn, CONDITIONS).result == "not_applicable"
