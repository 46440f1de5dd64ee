"""What goes into the sandbox and what comes out; the same on both sides. Standard library only."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

JOB_FILE, ANSWER_FILE, PROGRESS_FILE, ERROR_FILE = "job.json", "result.json", "progress.jsonl", "stderr.txt"
OUT_OF_MEMORY = (
    "MemoryError",
    "bad_alloc",
    "Cannot allocate memory",
    "failed to map segment",
    "Unable to allocate",
    "returned NULL without setting an exception",
)
"""What Python, C++, the system, the dynamic linker, numpy and CPython's compiler say when no memory is left."""


class CannotEvaluate(Exception):
    """The evaluation is not possible. The text is a sentence for the person who asked for it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one evaluation may use: address space, processor seconds and seconds by the clock."""

    memory_mb: int
    cpu_seconds: int
    wall_seconds: int


@dataclass(frozen=True, slots=True)
class Job:
    """One measurement. Paths are absolute; without a model the data's prediction and score columns are
    measured."""

    kind: str
    model_kind: str
    model_path: str | None
    data_path: str
    label: str
    positive: str | None
    prediction: str | None
    score: str | None
    sensitive: tuple[str, ...]
    features: tuple[str, ...] | None
    config: Mapping[str, Any]
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured, or in plain words why nothing was; and how it was done."""

    result: dict[str, Any] | None
    failure: str
    provenance: dict[str, Any]


def job_text(job: Job, limits: Limits) -> str:
    """The content of job.json."""
    return json.dumps({"job": asdict(job), "limits": asdict(limits)}, ensure_ascii=False)


def read_job(text: str) -> tuple[Job, Limits]:
    """The job and its limits, out of job.json."""
    given = json.loads(text)
    fields = given["job"]
    fields["sensitive"] = tuple(fields["sensitive"])
    fields["features"] = None if fields["features"] is None else tuple(fields["features"])
    return Job(**fields), Limits(**given["limits"])
