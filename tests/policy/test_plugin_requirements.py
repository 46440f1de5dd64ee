"""A pack may ask for a plug-in's figures, and only that plug-in's runs answer."""

from dataclasses import replace

import pytest

from policy.evidence import EvaluationFact, Metric
from policy.lines import PackError, parse
from policy.pack_requirements import read_requirement
from policy.plan import planned_for
from policy.requirement import Requirement
from tests.policy.builders import ask, run, unsigned

ASKED = """\
id: evaluation.gap
kind: evaluation
evaluation: {evaluation}
dataset_role: test
checks: [{{metric: {metric}, at_most: 0.2}}]
"""


def measured(kind: str, number: int, name: str, value: float) -> EvaluationFact:
    """A run of a kind with one figure."""
    metrics = {name: Metric(value, None, None)}
    return replace(run("performance", number), kind=kind, metrics=metrics)


def asked(evaluation: str = "custom.gap_a", metric: str = "gap_a.gap") -> Requirement:
    """A requirement as a pack writes it."""
    return read_requirement(
        parse(ASKED.format(evaluation=evaluation, metric=metric), source="p.yaml", what="it")
    )


@pytest.mark.parametrize(
    ("kind", "name", "value", "result"),
    [
        ("custom.gap_a", "gap_a.gap", 0.1, "satisfied"),
        ("custom.gap_a", "gap_a.gap", 0.3, "unsatisfied"),
        ("custom.gap_a", "gap_a.other", 0.1, "error"),
        ("custom.gap_b", "gap_a.gap", 0.1, "unsatisfied"),
        ("custom.gap_b", "gap_b.gap", 0.1, "unsatisfied"),
        ("custom", "gap_a.gap", 0.1, "unsatisfied"),
        ("performance", "gap_a.gap", 0.1, "unsatisfied"),
    ],
)
def test_only_the_plugins_own_runs_satisfy_it(kind: str, name: str, value: float, result: str) -> None:
    evidence = unsigned(evaluations=(measured(kind, 12, name, value),))
    assert ask(evidence, asked()).result == result


def test_a_newer_run_of_another_plugin_hides_nothing() -> None:
    mine = measured("custom.gap_a", 12, "gap_a.gap", 0.1)
    other = measured("custom.gap_b", 13, "gap_b.gap", 0.9)
    assert ask(unsigned(evaluations=(mine, other)), asked()).result == "satisfied"


@pytest.mark.parametrize(
    ("evaluation", "metric"),
    [
        ("custom", "gap_a.gap"),
        ("custom.", "gap_a.gap"),
        ("custom.Gap", "Gap.gap"),
        ("custom.gap_a", "gap_b.gap"),
        ("custom.gap_a", "gap"),
        ("custom.gap_a", "roc_auc"),
        ("performance", "gap_a.gap"),
    ],
)
def test_a_requirement_that_names_no_plugin_or_anothers_metric_is_refused(
    evaluation: str, metric: str
) -> None:
    with pytest.raises(PackError):
        asked(evaluation, metric)


def test_a_plugin_is_not_planned_by_itself() -> None:
    assert planned_for([asked()], [], tier="high", model_kind="binary_classification") == ()
