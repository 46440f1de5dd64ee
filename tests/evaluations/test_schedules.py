"""Schedules: what the calendar starts, once, and by whose leave."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.models import Event
from evaluations.models import EvaluationRun, EvaluationSchedule, JobStatus, Trigger
from evaluations.queues import OF_SCHEDULE
from evaluations.schedules import start_due
from governance.operation.scheduling import duties
from registry.models import Dataset, ModelVersion
from tests import builders
from tests.conftest import AT

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
URL = "/evaluations/schedules/"
DAY = timedelta(days=1)


def on_loans(cast: SimpleNamespace, of: ModelVersion, **changes: Any) -> EvaluationSchedule:
    given = {"kinds": ["performance"], "dataset_name": "loans-test"}
    return builders.a_schedule(cast, of.model, **(given | changes))


def newer_loans(cast: SimpleNamespace) -> Dataset:
    """Version 2 of the test set."""
    rows = "age,sex,credit\n30,f,good\n40,m,bad\n50,f,bad\n"
    file = builders.a_file(rows.encode(), "loans.csv")
    return builders.a_dataset(cast, "loans-test", version="2", file=file)


def finished() -> None:
    """As if workers had done everything that waits."""
    EvaluationRun.objects.update(status=JobStatus.CANCELLED)


def test_what_is_due_starts_once_and_again_after_its_days(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    schedule = on_loans(cast, version, every_days=7)
    assert start_due(AT - DAY) == 0
    assert start_due(AT) == 1
    assert start_due(AT + DAY) == 0
    run = EvaluationRun.objects.get()
    assert (run.trigger, run.priority, run.requested_by) == (Trigger.SCHEDULE, OF_SCHEDULE, cast.dev)
    assert run.requested_as == "system:evaluation_schedule"
    schedule.refresh_from_db()
    assert schedule.next_at == AT + 7 * DAY
    assert schedule.last_outcome == "Version 1: performance started."
    finished()
    assert start_due(AT + 7 * DAY) == 1


def test_a_scheduler_that_was_down_for_weeks_starts_it_once(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    schedule = on_loans(cast, version, every_days=7)
    assert start_due(AT + 30 * DAY) == 1
    finished()
    assert start_due(AT + 30 * DAY) == 0
    schedule.refresh_from_db()
    assert schedule.next_at == AT + 35 * DAY


def test_the_newest_version_and_the_newest_data_are_measured_when_it_is_due(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    on_loans(cast, version)
    second = builders.a_version(cast, version.model, "2")
    newer = newer_loans(cast)
    start_due(AT)
    run = EvaluationRun.objects.get()
    assert (run.version, run.dataset) == (second, newer)


def test_a_schedule_may_name_one_version_and_one_data_set(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    on_loans(cast, version, version=version, dataset_version="1")
    builders.a_version(cast, version.model, "2")
    newer_loans(cast)
    start_due(AT)
    run = EvaluationRun.objects.get()
    assert (run.version, run.dataset) == (version, dataset)


def test_without_kinds_the_plan_is_followed(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    builders.active_policy(cast)
    builders.a_tier(cast, version.model, "low")
    builders.a_measurement(cast, version, dataset, "fairness", builders.FAIR)
    schedule = builders.a_schedule(cast, version.model)
    assert start_due(AT) >= 1
    assert "performance" in EvaluationRun.objects.values_list("kind", flat=True)
    schedule.refresh_from_db()
    assert schedule.last_outcome.startswith("Version 1: ")


NOTHING_STARTS: list[tuple[str, Callable[[SimpleNamespace, ModelVersion], object], str]] = [
    (
        "whoever added it may no longer evaluate",
        lambda cast, version: version.model.developers.remove(cast.dev),
        "may no longer evaluate",
    ),
    (
        "whoever added it is gone",
        lambda cast, version: User.objects.filter(pk=cast.dev.pk).update(is_active=False),
        "may no longer evaluate",
    ),
    (
        "the model is retired",
        lambda cast, version: (
            type(version.model)
            .objects.filter(pk=version.model.pk)
            .update(lifecycle="retired", lifecycle_reason="Replaced.")
        ),
        "is retired",
    ),
    (
        "the data set has no groups",
        lambda cast, version: EvaluationSchedule.objects.update(kinds=["fairness"]),
        "names no sensitive column",
    ),
]


@pytest.mark.parametrize(("name", "change", "reason"), NOTHING_STARTS, ids=[row[0] for row in NOTHING_STARTS])
def test_what_cannot_start_says_why_and_is_not_tried_every_second(
    name: str,
    change: Callable[[SimpleNamespace, ModelVersion], object],
    reason: str,
    cast: SimpleNamespace,
    version: ModelVersion,
) -> None:
    builders.a_dataset(cast, sensitive=[])
    schedule = on_loans(cast, version)
    change(cast, version)
    assert start_due(AT) == 0
    assert not EvaluationRun.objects.exists()
    schedule.refresh_from_db()
    assert reason in schedule.last_outcome
    assert schedule.next_at == AT + 30 * DAY


def test_the_scheduler_does_it() -> None:
    assert start_due in [duty.do for duty in duties()]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"kinds": ["horoscope"]}, "No schedule measures horoscope"),
    ({"every_days": 0}, "Every 1 to 366"),
    ({"every_days": 400}, "Every 1 to 366"),
    ({"dataset_name": ""}, "On which data set shall performance be measured"),
    ({"dataset_name": "nothing"}, "no such data set"),
    ({"dataset_role": "training"}, "no such data set"),
]


@pytest.mark.parametrize(("changes", "words"), REFUSED, ids=[row[1] for row in REFUSED])
def test_a_schedule_that_could_start_nothing_is_refused(
    changes: dict[str, Any], words: str, cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    with pytest.raises(Invalid, match=words):
        on_loans(cast, version, **changes)
    assert not EvaluationSchedule.objects.exists()


def test_the_same_schedule_twice_is_refused(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    on_loans(cast, version)
    with pytest.raises(Conflict, match="does this already"):
        on_loans(cast, version, every_days=3)


def test_people_add_pause_resume_and_remove_schedules(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, client_of: ClientOf
) -> None:
    client = client_of(cast.viktor)
    form = {
        "model": "credit-default",
        "kinds": ["performance"],
        "dataset": "loans-test",
        "every_days": "14",
        "first_on": "2099-01-01",
    }
    assert client.post(URL, form).status_code == 302
    schedule = EvaluationSchedule.objects.get()
    assert (schedule.created_by, schedule.next_at.year) == (cast.viktor, 2099)
    page = client.get(URL).content.decode()
    assert "Performance on loans-test, the newest, every 14 days." in " ".join(page.split())
    one = reverse("evaluations:schedule", args=[schedule.pk])
    for deed, active in (("pause", False), ("resume", True)):
        client.post(one, {"do": deed})
        schedule.refresh_from_db()
        assert schedule.active is active
    client.post(one, {"do": "remove"})
    assert not EvaluationSchedule.objects.exists()
    verbs = Event.objects.filter(verb__startswith="evaluation.sched").values_list("verb", flat=True)
    assert sorted(verbs) == [
        "evaluation.schedule_paused",
        "evaluation.schedule_removed",
        "evaluation.schedule_resumed",
        "evaluation.scheduled",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": "9"}, "has no version 9"),
        ({"dataset": ""}, "On which data set"),
        ({"every_days": "0"}, "every_days"),
        ({"model": "other"}, "model"),
    ],
)
def test_a_wrong_form_says_what_is_wrong(
    changes: dict[str, str],
    words: str,
    cast: SimpleNamespace,
    version: ModelVersion,
    dataset: Dataset,
    client_of: ClientOf,
) -> None:
    form = {"model": "credit-default", "kinds": ["performance"], "dataset": "loans-test", "every_days": "14"}
    answer = client_of(cast.dev).post(URL, form | changes)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not EvaluationSchedule.objects.exists()


def test_a_paused_schedule_starts_nothing(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    on_loans(cast, version)
    EvaluationSchedule.objects.update(active=False)
    assert start_due(AT + 90 * DAY) == 0
    assert not EvaluationRun.objects.exists()
