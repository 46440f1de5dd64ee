"""Jobs: taken once, kept alive by heartbeats, brought back by the sweep, given up at last."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from audit.models import Event
from evaluations import jobs
from evaluations.actions import fail_evaluation, retry_evaluation, succeed_evaluation
from evaluations.models import EvaluationRun, Job, JobStatus
from governance.celery import app
from registry.models import ModelVersion
from tests.conftest import AT

pytestmark = pytest.mark.django_db
RESULT = {"overall": {"roc_auc": {"value": 0.8}}}


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the runs for which a worker was woken; the broker is none of this module's business."""
    numbers: list[int] = []
    wakers: dict[type[Job], Callable[[int], None]] = {**jobs._wakers, EvaluationRun: numbers.append}
    monkeypatch.setattr(jobs, "_wakers", wakers)
    return numbers


def claimed(run: EvaluationRun, after: timedelta = timedelta(0)) -> EvaluationRun:
    job = jobs.claim(EvaluationRun, run.pk, at=AT + after)
    assert job is not None
    return job


def test_only_one_worker_gets_a_job(run: EvaluationRun) -> None:
    first, second = claimed(run), jobs.claim(EvaluationRun, run.pk, at=AT)
    assert first.status == JobStatus.RUNNING
    assert first.attempt == 1
    assert second is None


def test_a_job_that_does_not_exist_is_no_job(run: EvaluationRun) -> None:
    assert jobs.claim(EvaluationRun, run.pk + 1, at=AT) is None


def test_a_heartbeat_shows_progress_and_keeps_the_job(run: EvaluationRun, woken: list[int]) -> None:
    job = claimed(run)
    late = AT + jobs.LEASE - timedelta(seconds=1)
    assert jobs.heartbeat(job, progress=0.4, step="Predicting", at=late)
    jobs.sweep(at=late + timedelta(seconds=30))
    run.refresh_from_db()
    assert (run.status, run.progress, run.step) == (JobStatus.RUNNING, 0.4, "Predicting")
    assert woken == []


@pytest.mark.parametrize(("given", "kept"), [(-1.0, 0.0), (7.0, 1.0)])
def test_progress_stays_between_nothing_and_all(run: EvaluationRun, given: float, kept: float) -> None:
    jobs.heartbeat(claimed(run), progress=given, step="x" * 500, at=AT)
    run.refresh_from_db()
    assert run.progress == kept
    assert len(run.step) == 120


def test_a_job_whose_worker_fell_silent_is_queued_and_woken_again(
    run: EvaluationRun, woken: list[int]
) -> None:
    claimed(run)
    jobs.sweep(at=AT + jobs.LEASE + timedelta(seconds=1))
    run.refresh_from_db()
    assert run.status == JobStatus.QUEUED
    assert run.lease_token is None
    assert woken == [run.pk]


def stamp_of(run: EvaluationRun) -> object:
    return ModelVersion.objects.values_list("evidence_stamp", flat=True).get(pk=run.version_id)


def test_the_gate_forgets_what_it_knew_of_a_run_that_waits_again(
    run: EvaluationRun, woken: list[int]
) -> None:
    claimed(run)
    before = stamp_of(run)
    jobs.sweep(at=AT + jobs.LEASE + timedelta(seconds=1))
    swept = stamp_of(run)
    assert swept != before
    job = claimed(run, after=jobs.LEASE)
    assert retry_evaluation(run=job, reason="A hiccup.", at=AT + jobs.LEASE, log="")
    assert stamp_of(run) != swept


Late = Callable[[EvaluationRun], bool]
LATE: list[tuple[str, Late]] = [
    ("heartbeat", lambda job: jobs.heartbeat(job, progress=0.9, step="Late", at=AT)),
    ("success", lambda job: succeed_evaluation(run=job, result=RESULT, provenance={}, at=AT)),
    ("failure", lambda job: fail_evaluation(run=job, failure="Late.", provenance={}, at=AT)),
]


@pytest.mark.parametrize(("name", "late"), LATE, ids=[row[0] for row in LATE])
def test_a_worker_that_lost_its_job_cannot_touch_it_any_more(
    name: str, late: Late, run: EvaluationRun, woken: list[int]
) -> None:
    lost = claimed(run)
    later = jobs.LEASE + timedelta(seconds=1)
    jobs.sweep(at=AT + later)
    second = claimed(run, after=later)
    known = Event.objects.count()
    assert late(lost) is False
    run.refresh_from_db()
    assert (run.status, run.lease_token) == (JobStatus.RUNNING, second.lease_token)
    assert run.result is None
    assert Event.objects.count() == known


def test_a_job_that_kills_its_worker_every_time_fails_with_the_reason(
    run: EvaluationRun, woken: list[int]
) -> None:
    now = AT
    for _ in range(jobs.MAX_ATTEMPTS):
        assert jobs.claim(EvaluationRun, run.pk, at=now) is not None
        now += jobs.LEASE + timedelta(seconds=1)
        jobs.sweep(at=now)
    run.refresh_from_db()
    assert run.status == JobStatus.FAILED
    assert run.failure == jobs.LOST
    assert run.attempt == jobs.MAX_ATTEMPTS
    assert Event.objects.get(verb="evaluation.failed").detail == {"failure": jobs.LOST}
    assert jobs.sweep(at=now + timedelta(days=1)) == 0


def test_a_lost_wake_up_costs_ten_seconds(run: EvaluationRun, woken: list[int]) -> None:
    jobs.sweep(at=AT + timedelta(seconds=9))
    assert woken == []
    jobs.sweep(at=AT + timedelta(seconds=11))
    assert woken == [run.pk]


def test_a_broker_that_is_down_loses_no_job(
    run: EvaluationRun, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = str(settings.VAR_DIR / "no" / "such" / "folder")
    monkeypatch.setitem(app.conf, "broker_url", "filesystem://")
    monkeypatch.setitem(
        app.conf, "broker_transport_options", {"data_folder_in": nowhere, "data_folder_out": nowhere}
    )
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    jobs.sweep(at=AT + timedelta(minutes=1))
    assert "The sweep will try again" in caplog.text
    run.refresh_from_db()
    assert run.status == JobStatus.QUEUED
