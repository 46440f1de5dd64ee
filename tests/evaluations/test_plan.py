"""The plan of a version: what the policy wants measured, what holds, what starts and what cannot."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.models import Event
from evaluations.models import EvaluationRun, JobStatus, Trigger
from evaluations.plan import CANNOT, DUE, HOLDS, RUNS, Plan, plan_of, start_plan
from policy.pack import load_pack
from registry.models import Dataset, ModelKind, ModelVersion
from riskreview.policies.packs import activate_pack, import_pack
from riskreview.reviews.asking import submit_for_review
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.evaluations.test_actions import ask
from tests.evaluations.test_schedules import newer_loans

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
TAB = "/models/credit-default/versions/1/evaluations/"
PACK = builders.DEFAULT_PACK.read_text().partition("\nplan:")[0].replace("name: default", "name: planned")
EXTRA = """
plan:
- {evaluation: performance, dataset_role: training, tiers: [high, critical]}
- {evaluation: explainability, dataset_role: test, max_age: 30d, settings: {max_rows: 500}, tiers: [high]}
"""


@pytest.fixture
def policy(cast: SimpleNamespace) -> None:
    """The default requirements and a plan that asks for more of high tiers."""
    actor = actor_of_user(cast.adam)
    activate_pack(import_pack(PACK + EXTRA, source="p.yaml", actor=actor, at=AT), actor=actor, at=AT)


def states(plan: Plan) -> dict[tuple[str, str], str]:
    return {(line.planned.evaluation, line.planned.dataset_role): line.state for line in plan.lines}


def known(cast: SimpleNamespace, version: ModelVersion, dataset: Dataset) -> None:
    """Somebody once asked for a run on the data set, and thought better of it."""
    run = ask(cast, version, dataset)
    EvaluationRun.objects.filter(pk=run.pk).update(status=JobStatus.CANCELLED)


def start(cast: SimpleNamespace, version: ModelVersion) -> list[EvaluationRun]:
    return start_plan(version=version, requester=cast.dev, actor=actor_of_user(cast.dev), at=AT)


def test_the_plan_is_what_the_tier_asks_for_and_what_the_pack_adds(
    cast: SimpleNamespace, policy: None, version: ModelVersion, dataset: Dataset
) -> None:
    builders.a_tier(cast, version.model, "high")
    known(cast, version, dataset)
    assert states(plan_of(version, at=AT)) == {
        ("performance", "test"): DUE,
        ("fairness", "test"): DUE,
        ("explainability", "test"): DUE,
        ("performance", "training"): CANNOT,
    }
    second = builders.a_version(cast, builders.a_model(cast, "small"))
    builders.a_tier(cast, second.model, "low")
    known(cast, second, dataset)
    assert states(plan_of(second, at=AT)) == {("performance", "test"): DUE}


def test_without_a_tier_it_is_planned_as_the_highest(policy: None, version: ModelVersion) -> None:
    plan = plan_of(version, at=AT)
    assert ("performance", "training") in states(plan)
    assert "no tier yet, planned as critical" in plan.basis


def test_without_a_policy_nothing_is_planned(version: ModelVersion) -> None:
    assert plan_of(version, at=AT).lines == ()


def test_running_the_plan_starts_what_does_not_hold_and_nothing_twice(
    cast: SimpleNamespace, policy: None, version: ModelVersion, dataset: Dataset
) -> None:
    builders.a_tier(cast, version.model, "high")
    builders.a_measurement(cast, version, dataset, "performance", builders.GOOD)
    assert states(plan_of(version, at=AT))["performance", "test"] == HOLDS
    started = start(cast, version)
    assert {run.kind for run in started} == {"fairness", "explainability"}
    assert next(run for run in started if run.kind == "explainability").config == {"max_rows": 500}
    assert states(plan_of(version, at=AT))["fairness", "test"] == RUNS
    assert start(cast, version) == []


def test_a_result_is_measured_again_when_it_is_too_old_or_had_other_settings(
    cast: SimpleNamespace, policy: None, version: ModelVersion, dataset: Dataset
) -> None:
    builders.a_tier(cast, version.model, "high")
    run = builders.a_measurement(cast, version, dataset, "explainability", builders.EXPLAINED)
    plan = plan_of(version, at=AT)
    line = next(line for line in plan.lines if line.planned.evaluation == "explainability")
    assert (line.state, line.reason.startswith(f"Run {run.pk} had settings of its own (max_rows)")) == (
        DUE,
        True,
    )
    EvaluationRun.objects.filter(pk=run.pk).update(config={"max_rows": 500})
    assert states(plan_of(version, at=AT))["explainability", "test"] == HOLDS
    later = AT + timedelta(days=30)
    assert states(plan_of(version, at=later))["explainability", "test"] == DUE


def test_each_line_that_cannot_run_says_why(
    cast: SimpleNamespace, policy: None, version: ModelVersion
) -> None:
    builders.a_tier(cast, version.model, "high")
    known(cast, version, builders.a_dataset(cast, "plain", sensitive=[]))
    said = {line.planned.evaluation: line.reason for line in plan_of(version, at=AT).lines}
    assert "names no sensitive column" in said["fairness"]
    lacking = next(line for line in plan_of(version, at=AT).lines if line.planned.dataset_role == "training")
    assert "No training data set of this model is known" in lacking.reason


def test_a_kind_of_model_that_nothing_measures_has_no_plan(cast: SimpleNamespace, policy: None) -> None:
    version = builders.a_version(cast, builders.a_model(cast, "ranks", kind=ModelKind.RANKING))
    assert {line.state for line in plan_of(version, at=AT).lines} <= {CANNOT}
    assert start(cast, version) == []


def test_the_newest_version_of_a_known_data_set_is_used(
    cast: SimpleNamespace, policy: None, version: ModelVersion, dataset: Dataset
) -> None:
    builders.a_measurement(cast, version, dataset, "performance", builders.GOOD)
    newer = newer_loans(cast)
    second = builders.a_version(cast, version.model, "2")
    lines = plan_of(second, at=AT).lines
    assert {line.dataset for line in lines if line.state == DUE} == {newer}


def submit(
    cast: SimpleNamespace, version: ModelVersion, environment: str = "production"
) -> list[EvaluationRun]:
    _, runs = submit_for_review(
        version=version,
        environment=environment,
        note="",
        opener=cast.dev,
        due_on=None,
        actor=actor_of_user(cast.dev),
        at=AT,
    )
    return runs


def test_submission_starts_the_plan_once(
    cast: SimpleNamespace, policy: None, version: ModelVersion, dataset: Dataset
) -> None:
    builders.a_tier(cast, version.model, "high")
    known(cast, version, dataset)
    runs = submit(cast, version)
    assert {run.kind for run in runs} == {"performance", "fairness", "explainability"}
    assert {run.trigger for run in runs} == {Trigger.SUBMISSION}
    assert {
        event.detail["trigger"]
        for event in Event.objects.filter(verb="evaluation.requested")
        if "trigger" in event.detail
    } == {"submission"}
    EvaluationRun.objects.update(status=JobStatus.CANCELLED)
    assert submit(cast, version) == []


def test_a_version_that_cannot_be_measured_can_still_be_submitted(
    cast: SimpleNamespace, policy: None, version: ModelVersion
) -> None:
    assert submit(cast, version) == []
    assert version.reviews.count() == 1


def test_the_tab_shows_the_plan_and_one_button_runs_it(
    cast: SimpleNamespace, policy: None, version: ModelVersion, dataset: Dataset, client_of: ClientOf
) -> None:
    builders.a_tier(cast, version.model, "high")
    builders.a_measurement(cast, version, dataset, "performance", builders.GOOD)
    client = client_of(cast.viktor)
    page = client.get(TAB).content.decode()
    assert "Run the plan: 2" in page
    assert "Would run on loans-test@1." in page
    assert "No training data set of this model is known" in page
    assert "Run the plan" not in client_of(cast.carl).get(TAB).content.decode()
    answer = client.post(f"{TAB}plan/", follow=True).content.decode()
    assert "Started: fairness, explainability." in answer
    assert "Run the plan" not in answer


def test_a_run_is_asked_for_again_with_all_that_it_was_asked_with(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, client_of: ClientOf
) -> None:
    first = builders.a_measurement(cast, version, dataset, "performance", builders.GOOD)
    EvaluationRun.objects.filter(pk=first.pk).update(config={"seed": 7})
    answer = client_of(cast.dev).post(reverse("evaluations:again", args=[first.pk]))
    second = EvaluationRun.objects.latest("pk")
    assert answer["Location"] == reverse("evaluations:run", args=[second.pk])
    assert (second.kind, second.dataset, second.config) == ("performance", dataset, {"seed": 7})
    again = client_of(cast.dev).post(reverse("evaluations:again", args=[first.pk]), follow=True)
    assert f"Run {second.pk} already measures" in again.content.decode()


def test_the_pack_in_the_repository_plans_something_for_every_tier() -> None:
    pack = load_pack(builders.DEFAULT_PACK.read_text(), source="default.yaml")
    for tier in ("low", "moderate", "high", "critical"):
        assert pack.planned(tier, "binary_classification")
