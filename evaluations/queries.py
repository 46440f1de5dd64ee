"""Runs for lists and pages."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import User
from evaluations.kinds import FOR_PEOPLE
from evaluations.models import LIVE, Environment, EvaluationRun, EvaluationSchedule, JobStatus
from evaluations.queues import kinds_in
from registry.models import Dataset, DatasetRole, ModelVersion, RegisteredModel, VersionSource
from registry.sight import seen_by


@dataclass(frozen=True)
class RunFilters:
    """What a list is narrowed to; "" is anything. A data set is a name, or name@version."""

    q: str = ""
    kind: str = ""
    status: str = ""
    model: str = ""
    version: str = ""
    dataset: str = ""
    source: str = ""
    trigger: str = ""


def runs(filters: RunFilters, reader: User) -> QuerySet[EvaluationRun]:
    """Runs that match and that the reader may see, newest first."""
    found = EvaluationRun.objects.select_related("version__model", "dataset", "requested_by").defer("result")
    found = found.filter(seen_by(reader, "version__model"))
    if filters.q:
        found = found.filter(
            Q(version__model__name__icontains=filters.q)
            | Q(version__model__slug__icontains=filters.q)
            | Q(dataset__name__icontains=filters.q)
        )
    name, _, version = filters.dataset.partition("@")
    exact = {
        "kind": filters.kind,
        "status": filters.status,
        "version__model__slug": filters.model,
        "version__version": filters.version,
        "dataset__name": name,
        "dataset__version": version,
        "source": filters.source,
        "trigger": filters.trigger,
    }
    return found.filter(**{field: value for field, value in exact.items() if value})


def runs_of(version: ModelVersion) -> QuerySet[EvaluationRun]:
    """Every run of a version, newest first."""
    return version.evaluations.select_related("dataset", "requested_by").defer("result").order_by("-pk")


def waiting_in(queue: str, *, at: datetime) -> QuerySet[EvaluationRun]:
    """Runs that a worker of the queue may take now, the most urgent first."""
    due = Q(not_before=None) | Q(not_before__lte=at)
    rows = EvaluationRun.objects.filter(due, status=JobStatus.QUEUED, kind__in=kinds_in(queue))
    rows = rows.exclude(awaits__status__in=LIVE)
    return rows.select_related("version__model", "dataset").order_by("priority", "pk")


def measurements_of(version: ModelVersion) -> QuerySet[EvaluationRun]:
    """The finished runs that are evidence, newest first."""
    found = version.evaluations.filter(status=JobStatus.SUCCEEDED).exclude(kind__in=FOR_PEOPLE)
    return found.select_related("dataset").order_by("-pk")


def datasets_to_measure_on() -> list[Dataset]:
    """Data sets that hold the truth, test sets first."""
    found = Dataset.objects.exclude(label="").order_by("name", "-registered_at")
    return sorted(found, key=lambda row: (row.role != DatasetRole.TEST, row.name))


def versions_to_compare_with(version: ModelVersion) -> list[ModelVersion]:
    """The other versions of the model that can be run, newest first."""
    others = ModelVersion.objects.filter(model=version.model_id).exclude(pk=version.pk)
    return list(others.exclude(source=VersionSource.PREDICTIONS).order_by("-pk"))


def dataset_in_role(version: ModelVersion, role: str) -> Dataset | None:
    """The data set of this role that the version is measured on; the newest version of it.

    What its lineage names comes first, then what its model was measured on lately.
    """
    if role == DatasetRole.TRAINING and version.trained_on is not None:
        return version.trained_on
    known = version.evaluated_on.filter(role=role).order_by("-registered_at", "-pk").first()
    if known is not None:
        return known
    runs = EvaluationRun.objects.filter(version__model=version.model_id, dataset__role=role)
    last = runs.select_related("dataset").only("dataset").order_by("-pk").first()
    return newest_dataset(last.dataset.name, "", role) if last else None


def newest_dataset(name: str, version: str, role: str) -> Dataset | None:
    """The data set of this name; of no version the newest one, of no role any."""
    found = Dataset.objects.filter(name=name)
    if version:
        found = found.filter(version=version)
    if role:
        found = found.filter(role=role)
    return found.order_by("-registered_at", "-pk").first()


def newest_version(model: RegisteredModel) -> ModelVersion | None:
    """The version of a model that was registered last."""
    return model.versions.select_related("model").order_by("-registered_at", "-pk").first()


def environments() -> QuerySet[Environment]:
    """Every environment, the newest first."""
    return Environment.objects.defer("log")


def schedules(reader: User) -> QuerySet[EvaluationSchedule]:
    """Every schedule that the reader may see, what is due first at the top."""
    rows = EvaluationSchedule.objects.select_related("model", "version", "created_by")
    return rows.filter(seen_by(reader, "model")).order_by("-active", "next_at", "pk")


def dataset_choices() -> list[tuple[str, str]]:
    """Data sets that hold the truth, for a form: the newest of each name, then each version of it."""
    choices: list[tuple[str, str]] = []
    for row in Dataset.objects.exclude(label="").order_by("name", "-registered_at"):
        if not choices or choices[-1][0].partition("@")[0] != row.name:
            choices.append((row.name, f"{row.name}, the newest"))
        choices.append((str(row), f"{row} · {row.get_role_display().lower()}"))
    return choices


def given_up(reader: User) -> QuerySet[EvaluationRun]:
    """Runs that failed for want of a machine, newest first."""
    seen = seen_by(reader, "version__model")
    rows = EvaluationRun.objects.filter(seen, status=JobStatus.FAILED, given_up=True)
    return rows.select_related("version__model", "dataset").defer("result", "provenance").order_by("-pk")


MOST_CHOICES = 100


def comparable_runs(a: EvaluationRun | None, b: EvaluationRun | None, reader: User) -> list[EvaluationRun]:
    """Runs with a result to choose from; once one is chosen, those of its kind, its own model's first."""
    rows = EvaluationRun.objects.filter(seen_by(reader, "version__model"), status=JobStatus.SUCCEEDED)
    rows = rows.select_related("version__model", "dataset").defer("result", "provenance", "log")
    chosen = a or b
    if chosen is None:
        return list(rows.order_by("-pk")[:MOST_CHOICES])
    rows = rows.filter(kind=chosen.kind)
    own = list(rows.filter(version__model=chosen.version.model_id).order_by("-pk")[:MOST_CHOICES])
    others = rows.exclude(version__model=chosen.version.model_id).order_by("-pk")
    return own + list(others[: MOST_CHOICES - len(own)])


def previous_run(run: EvaluationRun) -> EvaluationRun | None:
    """The newest earlier run of the same kind that succeeded, on this model."""
    same = EvaluationRun.objects.filter(
        version__model=run.version.model_id, kind=run.kind, status="succeeded", pk__lt=run.pk
    )
    return same.select_related("version").order_by("-pk").first()
