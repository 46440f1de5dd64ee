"""Which run a woken worker takes, what it may use, and what is tried again."""

from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.refusals import Unavailable
from audit.models import Event
from evaluations import jobs, tasks
from evaluations.actions import cancel_evaluation, retry_evaluation
from evaluations.models import EvaluationKind, EvaluationRun, JobStatus
from evaluations.queries import waiting_in
from evaluations.queues import HEAVY, LIGHT, kinds_in, limits_of, queue_of
from evaluations.tasks import run_evaluation
from governance.celery import app
from governance.configuration import environment_numbers
from registry import storage
from registry.models import Dataset, ModelVersion
from tests.conftest import AT, actor_of_user
from tests.evaluations.test_actions import ask

pytestmark = pytest.mark.django_db


def test_every_kind_waits_in_one_queue_that_workers_serve() -> None:
    assert sorted(kinds_in(LIGHT) + kinds_in(HEAVY)) == sorted(EvaluationKind.values)
    served = {queue.name for queue in app.conf.task_queues}
    assert {queue_of(kind) for kind in EvaluationKind.values} == {LIGHT, HEAVY} <= served


def test_the_most_urgent_run_of_a_queue_is_taken_first(
    cast: SimpleNamespace, run: EvaluationRun, version: ModelVersion, dataset: Dataset
) -> None:
    fairness = ask(cast, version, dataset, "fairness")
    heavy = ask(cast, version, dataset, "explainability")
    EvaluationRun.objects.filter(pk=fairness.pk).update(priority=1)
    assert list(waiting_in(LIGHT, at=AT)) == [fairness, run]
    taken = jobs.claim_most_urgent(waiting_in(LIGHT, at=AT), at=AT)
    assert taken == fairness
    assert jobs.claim_most_urgent(waiting_in(LIGHT, at=AT), at=AT) == run
    assert jobs.claim_most_urgent(waiting_in(LIGHT, at=AT), at=AT) is None
    assert list(waiting_in(HEAVY, at=AT)) == [heavy]


def test_a_wake_up_for_one_run_takes_the_more_urgent_one(
    cast: SimpleNamespace, run: EvaluationRun, version: ModelVersion, dataset: Dataset
) -> None:
    urgent = ask(cast, version, dataset, "fairness")
    EvaluationRun.objects.filter(pk=urgent.pk).update(priority=0)
    run_evaluation(run.pk)
    run.refresh_from_db()
    urgent.refresh_from_db()
    assert run.status == JobStatus.QUEUED
    assert urgent.status == JobStatus.FAILED  # its file is no model
    assert not urgent.given_up


def test_limits_are_by_kind_where_the_operator_set_them(settings: Settings) -> None:
    settings.SANDBOX_SECONDS, settings.SANDBOX_MEMORY_MB = 60, 1000
    settings.SANDBOX_SECONDS_BY_KIND = {"robustness": 900}
    settings.SANDBOX_MEMORY_MB_BY_KIND = {"robustness": 3000}
    assert (limits_of("robustness").wall_seconds, limits_of("robustness").memory_mb) == (900, 3000)
    assert (limits_of("fairness").cpu_seconds, limits_of("fairness").memory_mb) == (60, 1000)


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_SANDBOX_SECONDS_ROBUSTNESS", "1800")
    monkeypatch.setenv("COUNTERSIGN_SANDBOX_SECONDS_PRIVACY", "")
    assert environment_numbers("COUNTERSIGN_SANDBOX_SECONDS_") == {"robustness": 1800}
    monkeypatch.setenv("COUNTERSIGN_SANDBOX_SECONDS_PRIVACY", "two")
    with pytest.raises(ImproperlyConfigured, match="PRIVACY is 'two'"):
        environment_numbers("COUNTERSIGN_SANDBOX_SECONDS_")


HICCUPS = [
    (Unavailable("The object store does not answer.", "Try again."), "The object store does not answer."),
    (OSError(28, "No space left on device", "/srv/countersign/files"), "No space left on device."),
]


@pytest.fixture
def hiccup(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """What the storage answers instead of bytes, as long as there is something in the list."""
    problems: list[Exception] = []
    real = storage.materialised

    @contextmanager
    def shaky(version: ModelVersion) -> Any:
        if problems:
            raise problems.pop()
        with real(version) as folder:
            yield folder

    monkeypatch.setattr(tasks, "materialised", shaky)
    return problems


@pytest.mark.parametrize(("problem", "reason"), HICCUPS)
def test_a_hiccup_of_the_storage_is_tried_again_later(
    problem: Exception, reason: str, run: EvaluationRun, hiccup: list[Exception]
) -> None:
    hiccup.append(problem)
    run_evaluation(run.pk)
    run.refresh_from_db()
    assert (run.status, run.attempt) == (JobStatus.QUEUED, 1)
    assert run.step == f"Waiting to be tried again: {reason}"
    assert f"Broken off: {reason}" in run.log
    assert Event.objects.get(verb="evaluation.retried").detail == {"reason": reason, "attempt": 1}
    assert run.not_before is not None
    assert not waiting_in(LIGHT, at=timezone.now()).exists()
    assert waiting_in(LIGHT, at=run.not_before).get() == run


def test_after_the_last_attempt_it_is_given_up_with_the_reason(
    run: EvaluationRun, hiccup: list[Exception]
) -> None:
    for _ in range(jobs.MAX_ATTEMPTS):
        hiccup.append(HICCUPS[0][0])
        EvaluationRun.objects.filter(pk=run.pk).update(not_before=None)
        run_evaluation(run.pk)
    run.refresh_from_db()
    assert (run.status, run.given_up, run.attempt) == (JobStatus.FAILED, True, 3)
    assert run.failure == "The object store does not answer. It was tried 3 times."
    assert run.log.count("Broken off") == 3
    assert "Attempt 3" in run.log
    run_evaluation(run.pk)
    run.refresh_from_db()
    assert run.attempt == 3


def test_what_the_model_cannot_do_is_not_tried_again(run: EvaluationRun) -> None:
    run_evaluation(run.pk)
    run.refresh_from_db()
    assert (run.status, run.attempt, run.given_up) == (JobStatus.FAILED, 1, False)
    assert not Event.objects.filter(verb="evaluation.retried").exists()


def test_a_hiccup_after_the_run_was_cancelled_changes_nothing(
    cast: SimpleNamespace, run: EvaluationRun
) -> None:
    job = jobs.claim(EvaluationRun, run.pk, at=AT)
    assert job is not None
    cancel_evaluation(run=run, user=cast.dev, actor=actor_of_user(cast.dev), at=AT)
    assert not retry_evaluation(run=job, reason="Late.", at=AT + timedelta(seconds=1), log="")
    run.refresh_from_db()
    assert run.status == JobStatus.CANCELLED
