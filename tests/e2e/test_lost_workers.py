"""A worker that is killed in the middle of its work loses nothing; one that is not there is waited for."""

import io
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.utils import timezone

from audit.models import Event
from evaluations.actions import request_evaluation
from evaluations.jobs import LEASE, sweep
from evaluations.models import EvaluationRun, JobStatus
from registry.actions import register_upload
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def run(cast: SimpleNamespace, stack: Stack, small_model: Path) -> EvaluationRun:
    """An explanation of a real model, asked for just now."""
    dev = actor_of_user(cast.dev)
    folder = small_model / "model"
    files = [(path.name, io.BytesIO(path.read_bytes())) for path in folder.iterdir() if path.is_file()]
    version = register_upload(
        model=builders.a_model(cast), version="1", files=files, registrant=cast.dev, actor=dev, at=AT
    )
    content = builders.a_file((small_model / "loans-test.csv").read_bytes(), "loans.csv")
    dataset = builders.a_dataset(cast, "loans-test", file=content, positive="1")
    return request_evaluation(
        version=version,
        dataset=dataset,
        kind="explainability",
        config={},
        requester=cast.dev,
        actor=dev,
        at=timezone.now(),
    )


def has_become(run: EvaluationRun, *statuses: str) -> bool:
    run.refresh_from_db()
    return run.status in statuses


def test_a_killed_worker_leaves_its_run_to_the_next_one(stack: Stack, run: EvaluationRun) -> None:
    stack.until("the run to begin", lambda: has_become(run, JobStatus.RUNNING))
    stack.kill("worker")
    assert has_become(run, JobStatus.RUNNING)  # nobody has noticed yet

    later = timezone.now() + LEASE + timedelta(seconds=1)
    assert sweep(at=later) >= 1
    assert has_become(run, JobStatus.QUEUED)
    stack.start_worker()
    stack.until("the run to end", lambda: has_become(run, JobStatus.SUCCEEDED, JobStatus.FAILED))
    assert run.failure == ""
    assert run.status == JobStatus.SUCCEEDED
    assert run.attempt == 2
    assert Event.objects.filter(verb="evaluation.started").count() == 2
    assert Event.objects.filter(verb="evaluation.succeeded").count() == 1


def test_a_run_asked_for_while_no_worker_is_there_waits_for_one(
    cast: SimpleNamespace, stack: Stack, run: EvaluationRun
) -> None:
    stack.until("the run to begin", lambda: has_become(run, JobStatus.RUNNING))
    stack.kill("worker")
    second = request_evaluation(
        version=run.version,
        dataset=run.dataset,
        kind="performance",
        config={},
        requester=cast.dev,
        actor=actor_of_user(cast.dev),
        at=timezone.now(),
    )
    stack.start_worker()
    stack.until("the second run to end", lambda: has_become(second, JobStatus.SUCCEEDED, JobStatus.FAILED))
    assert second.status == JobStatus.SUCCEEDED


def test_a_cancelled_run_is_stopped_in_the_worker(stack: Stack, run: EvaluationRun) -> None:
    stack.until("the run to begin", lambda: has_become(run, JobStatus.RUNNING))
    EvaluationRun.objects.filter(pk=run.pk).update(status=JobStatus.CANCELLED, failure="Stopped.")
    stack.until("the sandbox to be gone", lambda: not list((stack.folder / "jobs").glob("run-*")))
    assert has_become(run, JobStatus.CANCELLED)
    assert not Event.objects.filter(verb="evaluation.succeeded").exists()
