"""Measurements that start by the calendar: adding, pausing, removing, and starting what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.rows import wrote_values
from audit.verbs import Verb
from evaluations.access import may_measure
from evaluations.kinds import RULES
from evaluations.models import EvaluationKind, EvaluationRun, EvaluationSchedule, Trigger
from evaluations.plan import CANNOT, Line, line_for, plan_of, start_lines
from evaluations.queries import newest_dataset, newest_version
from evaluations.queues import OF_SCHEDULE
from policy.plan import PlannedEvaluation
from registry.actions.locking import locked_model
from registry.models import Lifecycle, ModelVersion, RegisteredModel

CALENDAR = Actor.system("evaluation_schedule")
MOST_DAYS = 366
AT_ONCE = 20
"""Schedules that one turn of the scheduler starts; the others wait for the next one."""


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """What a person asks for. No kinds: the plan. No name of a data set: by the plan; no version of it: the newest."""

    model: RegisteredModel
    version: ModelVersion | None
    kinds: Sequence[str]
    dataset_name: str
    dataset_version: str
    dataset_role: str
    every_days: int
    first_at: datetime


@transaction.atomic
def add_schedule(*, entry: ScheduleEntry, creator: User, actor: Actor, at: datetime) -> EvaluationSchedule:
    """Keep a schedule. Raises Invalid where it could never start anything, Conflict where it stands already."""
    _refuse_nonsense(entry)
    same = EvaluationSchedule.objects.filter(
        model=entry.model,
        version=entry.version,
        kinds=list(entry.kinds),
        dataset_name=entry.dataset_name,
        dataset_version=entry.dataset_version,
        dataset_role=entry.dataset_role,
    ).first()
    if same is not None:
        raise Conflict(f"Schedule {same.pk} does this already.", "Remove it first, or resume it.")
    schedule = EvaluationSchedule.objects.create(
        model=entry.model,
        version=entry.version,
        kinds=list(entry.kinds),
        dataset_name=entry.dataset_name,
        dataset_version=entry.dataset_version,
        dataset_role=entry.dataset_role,
        every_days=entry.every_days,
        next_at=entry.first_at,
        created_by=creator,
        created_at=at,
    )
    locked_model(entry.model)  # whether a version is watched is part of what the gate judges
    detail = {
        "kinds": list(entry.kinds) or "plan",
        "version": entry.version.version if entry.version else "newest",
        "dataset": "@".join(part for part in (entry.dataset_name, entry.dataset_version) if part) or "plan",
        "every_days": entry.every_days,
        "first_at": entry.first_at.isoformat(),
    }
    record(Verb.EVALUATION_SCHEDULED, subject=schedule.ref, actor=actor, at=at, detail=detail)
    return schedule


@transaction.atomic
def pause_schedule(*, schedule: EvaluationSchedule, actor: Actor, at: datetime) -> None:
    """Start nothing until somebody resumes it."""
    locked_model(schedule.model)
    if EvaluationSchedule.objects.filter(pk=schedule.pk, active=True).update(active=False):
        wrote_values(EvaluationSchedule, [schedule.pk], {"active": False})
        record(Verb.SCHEDULE_PAUSED, subject=schedule.ref, actor=actor, at=at)


@transaction.atomic
def resume_schedule(*, schedule: EvaluationSchedule, actor: Actor, at: datetime) -> None:
    """Start again; what was due meanwhile starts once, now."""
    locked_model(schedule.model)
    if EvaluationSchedule.objects.filter(pk=schedule.pk, active=False).update(active=True):
        wrote_values(EvaluationSchedule, [schedule.pk], {"active": True})
        record(Verb.SCHEDULE_RESUMED, subject=schedule.ref, actor=actor, at=at)


@transaction.atomic
def remove_schedule(*, schedule: EvaluationSchedule, actor: Actor, at: datetime) -> None:
    """Forget it. What it started stays."""
    locked_model(schedule.model)
    subject = schedule.ref
    schedule.delete()
    record(Verb.SCHEDULE_REMOVED, subject=subject, actor=actor, at=at)


def start_due(at: datetime) -> int:
    """The scheduler's duty. Returns how many runs were started."""
    due = EvaluationSchedule.objects.filter(active=True, next_at__lte=at).order_by("next_at", "pk")
    return sum(_start(pk, at) for pk in due.values_list("pk", flat=True)[:AT_ONCE])


@transaction.atomic
def _start(pk: int, at: datetime) -> int:
    rows = EvaluationSchedule.objects.select_for_update(of=("self",), skip_locked=True)
    rows = rows.select_related("model", "version__model", "created_by")
    schedule = rows.filter(pk=pk, active=True, next_at__lte=at).first()
    if schedule is None:
        return 0
    started, outcome = _started(schedule, at)
    step = timedelta(days=schedule.every_days)
    missed = (
        at - schedule.next_at
    ) // step  # a scheduler that was down for a month starts it once, not often
    schedule.next_at += step * (missed + 1)
    schedule.last_at, schedule.last_outcome = at, outcome
    schedule.save(update_fields=["next_at", "last_at", "last_outcome"])
    return len(started)


def _started(schedule: EvaluationSchedule, at: datetime) -> tuple[list[EvaluationRun], str]:
    model, creator = schedule.model, schedule.created_by
    if model.lifecycle == Lifecycle.RETIRED:
        return [], f"{model.name} is retired."
    if not creator.is_active or not may_measure(creator, model):
        return (
            [],
            f"{creator.name} may no longer evaluate {model.name}. Somebody who may must add the schedule anew.",
        )
    version = schedule.version or newest_version(model)
    if version is None:
        return [], f"{model.name} has no version yet."
    lines = _lines(schedule, version, at)
    runs = start_lines(
        version,
        lines,
        requester=creator,
        actor=CALENDAR,
        at=at,
        trigger=Trigger.SCHEDULE,
        priority=OF_SCHEDULE,
    )
    return runs, _outcome(version, runs, lines)


def _lines(schedule: EvaluationSchedule, version: ModelVersion, at: datetime) -> Sequence[Line]:
    """What the schedule starts. On a data set of its own it measures anew, whatever holds already."""
    if not schedule.kinds and not schedule.dataset_name:
        return plan_of(version, at=at).lines
    dataset = newest_dataset(schedule.dataset_name, schedule.dataset_version, schedule.dataset_role)
    kinds = schedule.kinds or sorted({line.planned.evaluation for line in plan_of(version, at=at).lines})
    wanted = [PlannedEvaluation(kind, schedule.dataset_role or "test") for kind in kinds]
    if dataset is None:
        return [
            Line(item, CANNOT, f"There is no data set {schedule.dataset_name} any more.") for item in wanted
        ]
    return [line_for(version, item, dataset) for item in wanted]


def _outcome(version: ModelVersion, runs: list[EvaluationRun], lines: Sequence[Line]) -> str:
    said = [f"Version {version.version}:"]
    if runs:
        said.append(f"{', '.join(run.get_kind_display().lower() for run in runs)} started.")
    else:
        said.append("nothing started.")
    said += [f"{line.label}: {line.reason}" for line in lines if line.state == CANNOT]
    return " ".join(said)


def _refuse_nonsense(entry: ScheduleEntry) -> None:
    known = [kind for kind, rules in RULES.items() if rules.evidence]
    unknown = [kind for kind in entry.kinds if kind not in known]
    if unknown:
        raise Invalid(
            f"No schedule measures {unknown[0]}.", f"The kinds are {', '.join(known)}.", field="kinds"
        )
    if not 1 <= entry.every_days <= MOST_DAYS:
        raise Invalid(f"Every 1 to {MOST_DAYS} days can be asked for.", field="every_days")
    if entry.version is not None and entry.version.model_id != entry.model.pk:
        raise Invalid(f"{entry.version} is a version of another model.", field="version")
    if entry.kinds and not entry.dataset_name:
        labels = ", ".join(str(EvaluationKind(kind).label).lower() for kind in entry.kinds)
        raise Invalid(
            f"On which data set shall {labels} be measured?",
            "Choose one, or leave the kinds out to follow the plan.",
            field="dataset",
        )
    if entry.dataset_name and not newest_dataset(
        entry.dataset_name, entry.dataset_version, entry.dataset_role
    ):
        raise Invalid("There is no such data set.", "Choose another name or another role.", field="dataset")
