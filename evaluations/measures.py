"""What cards may name: the figures of the runs that succeeded."""

from collections.abc import Iterator

from django.db.models import F
from django.urls import reverse

from evaluations.models import EvaluationRun, JobStatus, PredictionSource
from policy.metrics import label_of
from registry.measures import Measure
from registry.models import DatasetRole, ModelVersion


def measures_of_runs(version: ModelVersion) -> Iterator[Measure]:
    """Every figure of every finished run of the version, newest run first."""
    rows = EvaluationRun.objects.filter(version=version, status=JobStatus.SUCCEEDED)
    rows = rows.exclude(source=PredictionSource.REPORTED)  # a card tells what was measured
    rows = rows.annotate(overall=F("result__overall")).defer("result", "provenance")  # curves are large
    for run in rows.select_related("dataset").order_by("-pk"):
        for name, measured in (getattr(run, "overall", None) or {}).items():
            yield Measure(
                kind=run.kind,
                kind_label=run.get_kind_display(),
                dataset=run.dataset.name,
                on=str(run.dataset),
                name=name,
                label=label_of(name),
                value=measured.get("value"),
                low=measured.get("low"),
                high=measured.get("high"),
                n=measured.get("n"),
                run=run.pk,
                href=reverse("evaluations:run", args=[run.pk]),
                on_test_data=run.dataset.role == DatasetRole.TEST,
            )
