"""What a version should be measured by, what of it holds already, and what cannot run and why.

What is wanted follows from the policy and the tier, which stand above this package: whoever knows them registers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actor import Actor
from evaluations.actions import refuse_unless_measurable, request_evaluation
from evaluations.companions import NOTHING, companions_for
from evaluations.kinds import RULES, checked_settings, given_settings
from evaluations.models import LIVE, EvaluationKind, EvaluationRun, JobStatus, PredictionSource, Trigger
from evaluations.queries import dataset_in_role
from evaluations.queues import USUAL
from evaluations.sources import BY_ITSELF, source_for
from policy.plan import DESCRIBING, PlannedEvaluation
from policy.words import span
from registry.models import Dataset, DatasetRole, ModelVersion

HOLDS, RUNS, DUE, CANNOT = "holds", "runs", "due", "cannot"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a version should be measured by, and in a sentence why."""

    items: tuple[PlannedEvaluation, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class Line:
    """One planned evaluation: whether it holds, runs, would run now, or cannot, with the reason."""

    planned: PlannedEvaluation
    state: str
    reason: str
    dataset: Dataset | None = None
    run: EvaluationRun | None = None

    @property
    def label(self) -> str:
        """The kind, for people."""
        return str(EvaluationKind(self.planned.evaluation).label)

    @property
    def role(self) -> str:
        """The role of data set, for people."""
        return str(DatasetRole(self.planned.dataset_role).label).lower()


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of one version as it stands."""

    basis: str
    lines: tuple[Line, ...]

    @property
    def due(self) -> list[Line]:
        """What would run now."""
        return [line for line in self.lines if line.state == DUE]


Source = Callable[[ModelVersion], Wanted]
_source: list[Source] = []


def register_plan(source: Source) -> None:
    """Whoever knows policy and tier says what is wanted."""
    _source[:] = [source]


def plan_of(version: ModelVersion, *, at: datetime) -> Plan:
    """The plan with what is known of each of its lines."""
    wanted = _source[0](version) if _source else Wanted((), "Nobody here knows a policy.")
    runs = version.evaluations.select_related("dataset").defer("result", "provenance").order_by("-pk")
    known = [run for run in runs if run.source != PredictionSource.REPORTED]
    datasets = {role: dataset_in_role(version, role) for role in {item.dataset_role for item in wanted.items}}
    lines = (_line(version, item, known, datasets[item.dataset_role], at) for item in wanted.items)
    return Plan(wanted.basis, tuple(lines))


@transaction.atomic
def start_plan(
    *,
    version: ModelVersion,
    requester: User | None,
    actor: Actor,
    at: datetime,
    trigger: str = Trigger.DEMAND,
    priority: int = USUAL,
) -> list[EvaluationRun]:
    """Queue everything of the plan that does not hold. What cannot run stops nothing else."""
    return start_lines(
        version,
        plan_of(version, at=at).lines,
        requester=requester,
        actor=actor,
        at=at,
        trigger=trigger,
        priority=priority,
    )


def start_lines(
    version: ModelVersion,
    lines: Sequence[Line],
    *,
    requester: User | None,
    actor: Actor,
    at: datetime,
    trigger: str,
    priority: int,
) -> list[EvaluationRun]:
    """Queue the lines that are due; somebody else may have been faster, and that will do."""
    started = []
    for line in lines:
        if line.state != DUE or line.dataset is None:
            continue
        try:
            with transaction.atomic():
                run = request_evaluation(
                    version=version,
                    dataset=line.dataset,
                    kind=line.planned.evaluation,
                    config=line.planned.settings,
                    requester=requester,
                    actor=actor,
                    at=at,
                    trigger=trigger,
                    priority=priority,
                )
        except Conflict:
            continue
        started.append(run)
    return started


def line_for(version: ModelVersion, planned: PlannedEvaluation, dataset: Dataset) -> Line:
    """A line that is due on this data set, or cannot run and why."""
    kind = planned.evaluation
    try:
        refuse_unless_measurable(version, dataset, kind)
        companions_for(version, dataset, kind, RULES[kind], NOTHING)
        source_for(version, dataset, EvaluationKind(kind).label, RULES[kind], BY_ITSELF)
        checked_settings(kind, planned.settings)
    except Invalid as refused:
        return Line(planned, CANNOT, f"{refused} {refused.remedy}".strip(), dataset)
    return Line(planned, DUE, f"Would run on {dataset}.", dataset)


def _line(
    version: ModelVersion,
    planned: PlannedEvaluation,
    known: list[EvaluationRun],
    dataset: Dataset | None,
    at: datetime,
) -> Line:
    same = [
        run for run in known if run.kind == planned.evaluation and run.dataset.role == planned.dataset_role
    ]
    live = next((run for run in same if run.status in LIVE), None)
    if live is not None:
        word = "waits for a worker" if live.status == JobStatus.QUEUED else "is under way"
        return Line(planned, RUNS, f"Run {live.pk} {word}.", live.dataset, live)
    ended = [run for run in same if run.status == JobStatus.SUCCEEDED]
    holding = (run for run in ended if not _why_not(run, planned, version, at))
    done = next(holding, next(iter(ended), None))
    stale = _why_not(done, planned, version, at) if done else ""
    if done is not None and not stale:
        return Line(planned, HOLDS, f"Run {done.pk} holds.", done.dataset, done)
    if dataset is None:
        role = DatasetRole(planned.dataset_role).label.lower()
        why = f"No {role} data set of this model is known. Run one evaluation on it, and the plan uses it from then on."
        return Line(planned, CANNOT, f"{stale} {why}".strip())
    line = line_for(version, planned, dataset)
    return Line(planned, line.state, f"{stale} {line.reason}".strip(), dataset, done)


def _why_not(run: EvaluationRun, planned: PlannedEvaluation, version: ModelVersion, at: datetime) -> str:
    """Why a finished run does not hold; "" when it does."""
    if run.artifact_digest != version.artifact_digest:
        return f"Run {run.pk} measured other bytes."
    if planned.max_age is not None and at - (run.finished_at or run.requested_at) >= planned.max_age:
        return f"Run {run.pk} is more than {span(planned.max_age)} old."
    return _set_apart(run, planned, version)


def informs_only(run: EvaluationRun) -> str:
    """Why the gate does not count a run, by its source or its settings (docs/adr/0011); empty when it does."""
    version = run.version
    wanted = _source[0](version).items if _source else ()
    place = (run.kind, run.dataset.role)
    planned = next((item for item in wanted if (item.evaluation, item.dataset_role) == place), None)
    return _set_apart(run, planned or PlannedEvaluation(*place), version)


def _set_apart(run: EvaluationRun, planned: PlannedEvaluation, version: ModelVersion) -> str:
    if run.source == PredictionSource.ENDPOINT and not version.predictions_only:
        return f"Run {run.pk} asked an endpoint, and nobody knows that these files answered."
    if other := _other_settings(run, planned, version):
        return f"Run {run.pk} had settings of its own ({', '.join(other)})."
    return ""


def _other_settings(run: EvaluationRun, planned: PlannedEvaluation, version: ModelVersion) -> list[str]:
    """The settings that are neither the plan's nor, where that is silent, the usual ones."""
    given = given_settings(run.kind, run.config)
    other = [name for name, (used, usual) in given.items() if used != planned.settings.get(name, usual)]
    other += [name for name in planned.settings if name not in given]
    if run.reference_id and version.trained_on_id and run.reference_id != version.trained_on_id:
        other.append("reference")
    return sorted(name for name in other if name not in DESCRIBING)
