"""Runs on more rows than are held in memory: counted partition by partition, here or on a Dask cluster."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings

from evaluations.kinds import BINARY
from evaluations.models import EvaluationKind, EvaluationRun, PredictionSource
from evaluations.processes import Ended, run
from evaluations.sandbox import Job, Limits
from evaluations.sandbox.job import job_text

COUNTED_KINDS = frozenset({EvaluationKind.PERFORMANCE, EvaluationKind.FAIRNESS})
COUNTED_SETTINGS = frozenset({"seed", "threshold", "min_n"})
COUNTED_SOURCES = frozenset({PredictionSource.MODEL, PredictionSource.COLUMNS})


def is_partitioned(evaluation: EvaluationRun) -> bool:
    """Whether the rows are more than are held, and what is measured follows from counts of them."""
    dataset = evaluation.dataset
    return (
        dataset.rows > settings.STREAM_ROWS
        and dataset.file.endswith(".parquet")
        and evaluation.kind in COUNTED_KINDS
        and evaluation.source in COUNTED_SOURCES
        and evaluation.version.model.kind == BINARY
        and evaluation.predictions is None
        and set(evaluation.config) <= COUNTED_SETTINGS
    )


def partitioned(job: Job) -> Job:
    """The same job, read partition by partition; what needs all rows at once is left out, and that is said."""
    notes = list(job.notes)
    if job.against_path is not None:
        notes.append("The comparison with another version is left out: it needs the rows of both at once.")
    return replace(job, stream=True, against_path=None, reference_path=None, notes=tuple(notes))


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
