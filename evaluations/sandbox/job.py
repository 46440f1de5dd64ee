"""What goes into the sandbox and what comes out; the same on both sides. Standard library only."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

JOB_FILE, ANSWER_FILE, PROGRESS_FILE, ERROR_FILE = "job.json", "result.json", "progress.jsonl", "stderr.txt"
WALLS_FILE = "walls.json"
GONE = "The process that held the model ended without an answer."
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


class ModelRaised(Exception):
    """What a model in a process of its own raised there; `kind` is the name of that exception."""

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(said)
        self.kind = kind


class ModelGone(BaseException):
    """The process that held the model has ended. Like the end of one's own process, nobody goes on after it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one evaluation may use: address space, processor seconds, seconds by the clock, and what it may leave in
    its folder."""

    memory_mb: int
    cpu_seconds: int
    wall_seconds: int
    output_mb: int = 256
    files: int = 1000


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
    plugins_path: str | None = None  # a folder of evaluations that others wrote
    reference_path: str | None = None  # a second data set, compared with
    against_path: str | None = None  # another version's model, compared with
    reference_groups: Mapping[str, str] = field(
        default_factory=dict
    )  # sensitive column → group compared with
    predictions_path: str | None = None  # answers in a file of their own
    join: str | None = None  # the column that this file shares with the data; None: the same rows in order
    stream: bool = False  # read partition by partition instead of holding all rows
    parts: tuple[int, ...] | None = None  # answer the counts of these partitions only
    counted_path: str | None = None  # the counts of all partitions, made elsewhere
    notes: tuple[str, ...] = ()  # sentences that stand with the result
    data_schema: Mapping[str, Any] = field(default_factory=dict)  # what the data set's rows must hold
    confidential: tuple[str, ...] = ()  # columns whose single values must not enter the result

    manifest: Mapping[str, str] | None = None  # SHA-256 of each file of the model, by its path
    against_manifest: Mapping[str, str] | None = None  # the same of the other version
    formats: tuple[str, ...] | None = None  # what the policy allows; None: everything
    packages_path: str | None = None  # the environment that the model predicts in; None: the product's own
    against_packages_path: str | None = None  # the same of the other version
    against_refused: str = ""  # why the other version cannot be asked
    channel: tuple[int, int] | None = None  # handles that answers come from and questions go to
    against_channel: tuple[int, int] | None = None  # the same of the other version

    @property
    def other(self) -> "Job":
        """The same job for the other version's model."""
        return replace(
            self,
            model_path=self.against_path,
            manifest=self.against_manifest,
            packages_path=self.against_packages_path,
            channel=self.against_channel,
            against_path=None,
            against_packages_path=None,
            against_channel=None,
        )

    @property
    def readable(self) -> tuple[str, ...]:
        """Every path that the child reads."""
        given = (
            self.model_path,
            self.data_path,
            self.reference_path,
            self.plugins_path,
            self.against_path,
            self.predictions_path,
            self.counted_path,
        )
        return tuple(path for path in given if path is not None)


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
    fields["parts"] = None if fields["parts"] is None else tuple(fields["parts"])
    fields["notes"] = tuple(fields["notes"])
    fields["confidential"] = tuple(fields["confidential"])
    fields["features"] = None if fields["features"] is None else tuple(fields["features"])
    fields["formats"] = None if fields["formats"] is None else tuple(fields["formats"])
    for name in ("channel", "against_channel"):
        fields[name] = None if fields[name] is None else tuple(fields[name])
    return Job(**fields), Limits(**given["limits"])
