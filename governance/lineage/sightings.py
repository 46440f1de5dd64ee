"""Which deployed models saw this data set?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from evaluations.models import EvaluationRun, JobStatus
from governance.deployments.queries import Row, rows_of
from registry.models import RUNNING, Dataset, Deployment, ModelVersion
from registry.sight import seen_by
from riskreview.evidence import UNREAD, VERSION_RELATIONS

GENERATIONS = 8


@dataclass(frozen=True)
class Sighting:
    """A deployment of a version that saw the data, and how it saw it."""

    row: Row
    how: str


def deployed_that_saw(dataset: Dataset, reader: User, *, at: datetime) -> list[Sighting]:
    """What runs now of every version that saw the data and that the reader may see, in a fixed number of queries."""
    how = versions_that_saw(dataset)
    related = [f"version__{name}" for name in VERSION_RELATIONS]
    found = (
        Deployment.objects.filter(RUNNING, seen_by(reader, "version__model"), version__in=how)
        .select_related("version__model", *related)
        .defer(*(f"version__{name}" for name in UNREAD))
    )
    rows = rows_of(list(found.order_by("version__model__name", "-deployed_at")), at=at)
    return [Sighting(row, how[row.deployment.version_id]) for row in rows]


def versions_that_saw(dataset: Dataset) -> dict[int, str]:
    """Versions that were trained or measured on the data, or made from one that was trained on it; and how."""
    runs = EvaluationRun.objects.filter(dataset=dataset, status=JobStatus.SUCCEEDED)
    found = _all(runs.order_by().values_list("version_id", flat=True).distinct(), "measured on it")
    found |= _all(dataset.evaluated_versions.order_by().values_list("pk", flat=True), "evaluated on it")
    trained = _all(dataset.trained_versions.order_by().values_list("pk", flat=True), "trained on it")
    older = dict(trained)
    for _ in range(GENERATIONS):
        if not older:
            break
        younger = ModelVersion.objects.filter(parent__in=older).select_related("parent")
        older = {
            row.pk: f"made from v{row.parent.version}, which was trained on it"
            for row in younger
            if row.parent is not None and row.pk not in trained
        }
        trained = older | trained
    return found | trained


def _all(pks: Iterable[int], how: str) -> dict[int, str]:
    return dict.fromkeys(pks, how)
