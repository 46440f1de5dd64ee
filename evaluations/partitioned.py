"""Runs on more rows than are held in memory: counted partition by partition, here or on a Dask cluster."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings

from evaluations.kinds import BINARY, MULTICLASS, REGRESSION
from evaluations.models import EvaluationKind, EvaluationRun, PredictionSource
from evaluations.processes import Ended, run
from evaluations.sandbox import Job, Limits
from evaluations.sandbox.job import job_text

COUNTED: Mapping[str, Mapping[str, frozenset[str]]] = {
    EvaluationKind.PERFORMANCE: {
        BINARY: frozenset({"seed", "threshold", "min_n"}),
        MULTICLASS: frozenset({"seed", "min_n"}),
        REGRESSION: frozenset({"seed", "min_n", "quantile"}),
    },
    EvaluationKind.FAIRNESS: {
        BINARY: frozenset({"seed", "threshold", "min_n"}),
        MULTICLASS: frozenset({"seed", "min_n"}),
    },
    EvaluationKind.CALIBRATION: dict.fromkeys((BINARY, MULTICLASS), frozenset({"seed", "min_n", "bins"})),
    EvaluationKind.STABILITY: {
        BINARY: frozenset({"seed", "threshold", "psi_limit"}),
        **dict.fromkeys((MULTICLASS, REGRESSION), frozenset({"seed", "psi_limit"})),
    },
}
"""What is counted by partition: kinds of evaluation, of model, and the settings that they may have."""
COUNTED_SOURCES = frozenset({PredictionSource.MODEL, PredictionSource.COLUMNS})
LEFT_OUT = {
    EvaluationKind.PERFORMANCE: {
        BINARY: "log loss, lift, other thresholds, and figures of the score in groups",
        MULTICLASS: "the AUC in groups",
        REGRESSION: "the picture of single predictions",
    },
    EvaluationKind.FAIRNESS: {
        BINARY: "the consistency of similar rows, figures of the score, and other thresholds",
    },
    EvaluationKind.STABILITY: dict.fromkeys((BINARY, MULTICLASS, REGRESSION), "performance by period"),
}
"""What needs each row again, in words."""


def is_large(evaluation: EvaluationRun) -> bool:
    """Whether the data set, or the one that it is compared with, has more rows than are held in memory."""
    sides = (evaluation.dataset, evaluation.reference)
    return any(side is not None and side.rows > settings.STREAM_ROWS for side in sides)


def is_partitioned(evaluation: EvaluationRun) -> bool:
    """Whether the rows are more than are held, and what is measured follows from counts of them."""
    return is_large(evaluation) and not why_not(evaluation)


def why_not(evaluation: EvaluationRun) -> str:
    """What stands in the way of counting partitions, as the rest of a sentence; empty where nothing does."""
    kind, model_kind = evaluation.kind, evaluation.version.model.kind
    known = COUNTED.get(kind, {}).get(model_kind)
    if known is None:
        return f"{evaluation.get_kind_display().lower()} of such a model needs all rows at once"
    if others := sorted(set(evaluation.config) - known):
        return f"the setting {others[0]} needs all rows at once"
    if evaluation.source not in COUNTED_SOURCES or evaluation.predictions is not None:
        return "its answers come from somewhere else than the model or the data set's columns"
    sides = [evaluation.dataset, *([evaluation.reference] if kind == EvaluationKind.STABILITY else [])]
    if any(side is not None and not side.file.endswith(".parquet") for side in sides):
        return "only Parquet files have partitions"
    return ""


def whole(job: Job, evaluation: EvaluationRun) -> Job:
    """The same job; where there are more rows than are usually held, the result says that they were, and why."""
    if not is_large(evaluation):
        return job
    said = f"All rows were held in memory at once, not counted by partition: {why_not(evaluation)}."
    return replace(job, notes=(*job.notes, said))


def partitioned(job: Job) -> Job:
    """The same job, read partition by partition; what needs all rows at once is left out, and that is said."""
    notes = list(job.notes)
    if missing := LEFT_OUT.get(EvaluationKind(job.kind), {}).get(job.model_kind):
        notes.append(f"Not measured by partition: {missing}.")
    if job.against_path is not None:
        notes.append("The comparison with another version is left out: it needs the rows of both at once.")
    kept = job.reference_path if job.kind == EvaluationKind.STABILITY else None
    return replace(
        job,
        stream=True,
        against_path=None,
        against_packages_path=None,
        reference_path=kept,
        notes=tuple(notes),
    )


def facts() -> dict[str, Any]:
    """For the provenance: why the rows were counted in parts, and where."""
    return {
        "above_rows": settings.STREAM_ROWS,
        "where": "cluster" if settings.DASK_SCHEDULER_ADDRESS else "here",
    }


def count_on_cluster(
    job: Job,
    limits: Limits,
    folder: Path,
    on_progress: Callable[[float, str], None],
    should_stop: Callable[[], bool],
    *,
    own: bool,
) -> tuple[Job, Ended]:
    """Have the partitions counted by a Dask cluster; the job that goes on with its counts."""
    output = folder / "counts.json"
    given = {
        "address": settings.DASK_SCHEDULER_ADDRESS,
        "job": job_text(job, limits),
        "sandbox": settings.SANDBOX,
        "own": own,
        "output": str(output),
    }
    ended = run(
        "evaluations.cluster",
        json.dumps(given),
        folder,
        what="Counting on the cluster",
        seconds=settings.SCORING_SECONDS,
        on_progress=on_progress,
        should_stop=should_stop,
        passed_on="DASK_DISTRIBUTED__",  # its certificates, where it has some
    )
    return replace(job, counted_path=str(output)), ended
