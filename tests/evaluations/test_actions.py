"""Asking for evaluations, stopping them, and what is kept of them."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.models import Event
from evaluations.actions import cancel_evaluation, fail_evaluation, request_evaluation, succeed_evaluation
from evaluations.jobs import claim, heartbeat
from evaluations.models import EvaluationRun, JobStatus
from registry.actions import register_predictions_only
from registry.models import Dataset, ModelKind, ModelVersion
from riskreview.evidence import gather
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
RESULT = {"overall": {"roc_auc": {"value": 0.81, "low": 0.78, "high": 0.84, "n": 60}}}


def ask(
    cast: SimpleNamespace,
    version: ModelVersion,
    dataset: Dataset,
    kind: str = "performance",
    config: Mapping[str, Any] | None = None,
) -> EvaluationRun:
    return request_evaluation(
        version=version,
        dataset=dataset,
        kind=kind,
        config=config or {},
        requester=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )


def test_a_run_keeps_the_digests_of_what_it_will_measure(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    run = ask(cast, version, dataset)
    assert (run.artifact_digest, run.dataset_digest) == (version.artifact_digest, dataset.digest)
    event = Event.objects.get(verb="evaluation.requested")
    assert event.subject == f"model:credit-default/version:1/evaluation:{run.pk}"
    assert event.actor == "user:dev"


def test_the_same_measurement_is_not_queued_twice(
    cast: SimpleNamespace, run: EvaluationRun, version: ModelVersion, dataset: Dataset
) -> None:
    with pytest.raises(Conflict, match=f"Run {run.pk} already measures"):
        ask(cast, version, dataset)
    assert ask(cast, version, dataset, "fairness").pk != run.pk
    claim(EvaluationRun, run.pk, at=AT)
    with pytest.raises(Conflict):
        ask(cast, version, dataset)


NOT_MEASURABLE: list[tuple[str, str, dict[str, Any], str]] = [
    ("unknown kind", "horoscope", {}, "The kinds are"),
    ("no label", "performance", {"label": "", "positive": "", "role": "production_sample"}, "names no label"),
    ("no groups", "fairness", {"sensitive": []}, "names no sensitive column"),
    ("no positive value", "performance", {"positive": ""}, "which value of credit is positive"),
]


@pytest.mark.parametrize(
    ("name", "kind", "changes", "words"), NOT_MEASURABLE, ids=[row[0] for row in NOT_MEASURABLE]
)
def test_what_cannot_be_measured_is_refused_at_once(
    name: str, kind: str, changes: dict[str, Any], words: str, cast: SimpleNamespace, version: ModelVersion
) -> None:
    dataset = builders.a_dataset(cast, "odd", **changes)
    with pytest.raises(Invalid) as refused:
        ask(cast, version, dataset, kind)
    assert words in f"{refused.value} {refused.value.remedy}"
    assert not EvaluationRun.objects.exists()
    assert not Event.objects.filter(verb="evaluation.requested").exists()


def test_fairness_is_for_classification_and_regression(cast: SimpleNamespace, dataset: Dataset) -> None:
    prices = builders.a_version(cast, builders.a_model(cast, "prices", kind=ModelKind.REGRESSION))
    assert ask(cast, prices, dataset, "fairness").kind == "fairness"
    version = builders.a_version(cast, builders.a_model(cast, "sales", kind=ModelKind.CLUSTERING))
    with pytest.raises(Invalid, match="nothing measures the fairness"):
        ask(cast, version, dataset, "fairness")


def test_a_model_known_by_its_predictions_needs_them_in_the_data(
    cast: SimpleNamespace, dataset: Dataset
) -> None:
    dev = actor_of_user(cast.dev)
    version = register_predictions_only(
        model=builders.a_model(cast), version="1", registrant=cast.dev, actor=dev, at=AT
    )
    with pytest.raises(Invalid, match="no prediction column"):
        ask(cast, version, dataset)
    with pytest.raises(Invalid, match="needs the model itself"):
        ask(cast, version, dataset, "explainability")


@pytest.mark.parametrize("config", [{"seeds": 1}, {"seed": "1"}, {"seed": True}, {"threshold": [0.5]}])
def test_a_setting_that_nobody_knows_is_refused(
    config: dict[str, Any], cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    with pytest.raises(Invalid, match="setting"):
        ask(cast, version, dataset, config=config)


def test_what_was_measured_is_evidence_and_on_the_record(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    run = builders.a_measurement(cast, version, dataset, "performance", RESULT["overall"])
    assert run.status == JobStatus.SUCCEEDED
    assert run.progress == 1.0
    fact = gather(version, "production").evaluations[0]
    assert (fact.kind, fact.digest, fact.metrics["roc_auc"].low) == ("performance", run.result_digest, 0.78)
    assert Event.objects.get(verb="evaluation.succeeded").detail == {"result": run.result_digest}


def test_the_same_figures_have_the_same_digest_and_others_another(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    first = builders.a_measurement(cast, version, dataset, "performance", {"roc_auc": {"value": 0.8}})
    again = builders.a_measurement(cast, version, dataset, "performance", {"roc_auc": {"value": 0.8}})
    other = builders.a_measurement(cast, version, dataset, "performance", {"roc_auc": {"value": 0.9}})
    assert first.result_digest == again.result_digest != other.result_digest


def test_a_failed_run_is_no_evidence(cast: SimpleNamespace, run: EvaluationRun) -> None:
    job = claim(EvaluationRun, run.pk, at=AT)
    assert job is not None
    assert fail_evaluation(run=job, failure="It broke.", provenance={}, at=AT)
    evidence = gather(run.version, "production")
    assert evidence.evaluations == ()
    assert [(fact.status, fact.failure) for fact in evidence.running] == [("failed", "It broke.")]


def test_a_cancelled_run_stops_its_worker_and_keeps_nothing(
    cast: SimpleNamespace, run: EvaluationRun
) -> None:
    job = claim(EvaluationRun, run.pk, at=AT)
    assert job is not None
    cancel_evaluation(run=run, user=cast.viktor, actor=actor_of_user(cast.viktor), at=AT)
    assert heartbeat(job, progress=0.5, step="Predicting", at=AT) is False
    assert succeed_evaluation(run=job, result=RESULT, provenance={}, at=AT) is False
    run.refresh_from_db()
    assert (run.status, run.failure, run.result) == (JobStatus.CANCELLED, "Stopped by Viktor Sahl.", None)
    assert gather(run.version, "production").evaluations == ()


def test_who_did_not_start_a_run_and_validates_nothing_cannot_stop_it(
    cast: SimpleNamespace, run: EvaluationRun
) -> None:
    with pytest.raises(NotAllowed):
        cancel_evaluation(run=run, user=cast.ada, actor=actor_of_user(cast.ada), at=AT)
    run.refresh_from_db()
    assert run.status == JobStatus.QUEUED
    assert not Event.objects.filter(verb="evaluation.cancelled").exists()


def test_a_run_that_has_ended_cannot_be_stopped(cast: SimpleNamespace, run: EvaluationRun) -> None:
    dev = actor_of_user(cast.dev)
    cancel_evaluation(run=run, user=cast.dev, actor=dev, at=AT)
    with pytest.raises(Conflict, match="has ended already"):
        cancel_evaluation(run=run, user=cast.dev, actor=dev, at=AT)


@pytest.mark.parametrize("status", [JobStatus.SUCCEEDED, JobStatus.FAILED])
def test_the_database_keeps_no_end_without_its_result_or_reason(
    status: JobStatus, run: EvaluationRun
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        EvaluationRun.objects.filter(pk=run.pk).update(status=status)
