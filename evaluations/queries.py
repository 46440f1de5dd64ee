"""Runs for lists and pages."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from evaluations.models import EvaluationRun
from registry.models import Dataset, DatasetRole, ModelVersion


@dataclass(frozen=True)
class RunFilters:
    """What the list's address asks for."""

    q: str = ""
    kind: str = ""
    status: str = ""


def runs(filters: RunFilters) -> QuerySet[EvaluationRun]:
    """Runs that match, newest first."""
    found = EvaluationRun.objects.select_related("version__model", "dataset", "requested_by").defer("result")
    if filters.q:
        found = found.filter(
            Q(version__model__name__icontains=filters.q)
            | Q(version__model__slug__icontains=filters.q)
            | Q(dataset__name__icontains=filters.q)
        )
    if filters.kind:
        found = found.filter(kind=filters.kind)
    if filters.status:
        found = found.filter(status=filters.status)
    return found


def runs_of(version: ModelVersion) -> QuerySet[EvaluationRun]:
    """Every run of a version, newest first."""
    return version.evaluations.select_related("dataset", "requested_by").defer("result").order_by("-pk")


def datasets_to_measure_on() -> list[Dataset]:
    """Data sets that hold the truth, test sets first."""
    found = Dataset.objects.exclude(label="").order_by("name", "-registered_at")
    return sorted(found, key=lambda row: (row.role != DatasetRole.TEST, row.name))


def previous_run(run: EvaluationRun) -> EvaluationRun | None:
    """The newest earlier run of the same kind that succeeded, on this model."""
    same = EvaluationRun.objects.filter(
        version__model=run.version.model_id, kind=run.kind, status="succeeded", pk__lt=run.pk
    )
    return same.select_related("version").order_by("-pk").first()
