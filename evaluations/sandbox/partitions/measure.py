"""Counting the partitions of a job, and what follows from the counts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from evaluations.metrics.values import Measured
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.partitions import binary, calibration, multiclass, regression, stability
from evaluations.sandbox.partitions.counted import Counted
from evaluations.sandbox.partitions.packing import packed, unpacked
from evaluations.sandbox.partitions.reading import Reader, Rows
from evaluations.sandbox.reference import of_reference

if TYPE_CHECKING:
    from evaluations.sandbox.child import Teller

REFERENCE = " of the reference"
ABOUT_THE_MODEL = ("format", "scan")
"""What is known once a model was loaded, on whichever machine."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a kind of evaluation of a kind of model is counted, and what follows; both sides of stability alike."""

    add: Callable[[Counted, Rows, Job], None] | None
    judged: Callable[[Job, Counted], Measured]


STABILITY = Way(None, stability.stability)
WAYS: Mapping[tuple[str, str], Way] = {
    ("performance", "binary_classification"): Way(binary.add, binary.performance),
    ("performance", "multiclass_classification"): Way(multiclass.add, multiclass.performance),
    ("performance", "regression"): Way(regression.add, regression.performance),
    ("fairness", "binary_classification"): Way(binary.add, binary.fairness),
    ("fairness", "multiclass_classification"): Way(multiclass.add, multiclass.fairness),
    ("calibration", "binary_classification"): Way(calibration.add, calibration.of_binary),
    ("calibration", "multiclass_classification"): Way(calibration.add_classes, calibration.of_classes),
    ("stability", "binary_classification"): STABILITY,
    ("stability", "multiclass_classification"): STABILITY,
    ("stability", "regression"): STABILITY,
}


@dataclass(frozen=True, slots=True)
class Parts:
    """Counts of some partitions, as the answer of a process."""

    counted: Counted

    def as_json(self) -> dict[str, Any]:
        """For another process to add up."""
        return packed(self.counted)


def measure(job: Job, teller: "Teller") -> Measured | Parts:
    """Counts where only some partitions are asked for; else what follows from all of them."""
    way = _way(job)
    teller.enter("reading", 0.02, "Counting")
    if job.counted_path is None:
        found = count(job, teller)
    else:
        found = unpacked(json.loads(Path(job.counted_path).read_text(encoding="utf-8")))
    if job.parts is not None:
        return Parts(found)
    teller.enter("measuring", 0.96, "Measuring")
    teller.facts.update({name: found.facts[name] for name in ABOUT_THE_MODEL if name in found.facts})
    if not found.parts:
        raise CannotEvaluate(f"The data set has no row with a label in column {job.label}.")
    return _noted(job, way.judged(job, found.settled()), found)


def partitions(job: Job) -> int:
    """How many row groups are to be counted: the data set's, and where it is compared with another one those, too."""
    _way(job)
    return sum(int(pq.ParquetFile(path).num_row_groups) for path in _paths(job))


def count(job: Job, teller: "Teller") -> Counted:
    """Count the row groups of the job, or all."""
    way = _way(job)
    if way.add is None:
        found = Counted(())
        turns = _both_sides(replace(job, sensitive=()), found, teller)
    else:
        found = Counted(tuple(job.sensitive))
        reader = Reader(job, found, teller)
        turns = [(reader, group, way.add) for group in range(reader.file.num_row_groups)]
    asked = range(len(turns)) if job.parts is None else job.parts
    for done, place in enumerate(asked, start=1):
        reader, group, add = turns[place]
        for rows in reader.rows(group):
            add(found, rows, reader.job)
        teller.progress(0.05 + 0.9 * done / len(asked), f"Counting: partition {done} of {len(asked)}")
    found.facts |= {name: teller.facts[name] for name in ABOUT_THE_MODEL if name in teller.facts}
    return found


Turn = tuple[Reader, int, Callable[[Counted, Rows, Job], None]]
"""Who reads which row group, and what counts its rows."""


def _both_sides(job: Job, found: Counted, teller: "Teller") -> list[Turn]:
    """The row groups of the data set, then those of its reference."""
    here = Reader(job, found, teller, everything=True)
    columns_there = pq.ParquetFile(job.reference_path).schema_arrow.names
    try:
        there = Reader(
            stability.reference_job(job),
            found,
            teller,
            everything=True,
            answered=stability.is_answered(job, columns_there),
            side=REFERENCE,
        )
    except CannotEvaluate as refusal:
        raise of_reference(refusal) from refusal
    columns = stability.compared(job, here, there)

    def counting(side: str) -> Callable[[Counted, Rows, Job], None]:
        return lambda found, rows, job: stability.add(found, rows, job, side, columns)

    return [
        (reader, group, counting(side))
        for reader, side in ((here, stability.HERE), (there, stability.THERE))
        for group in range(reader.file.num_row_groups)
    ]


def _way(job: Job) -> Way:
    way = WAYS.get((job.kind, job.model_kind))
    if way is None:
        kind = job.model_kind.replace("_", " ")
        raise CannotEvaluate(f"{job.kind.capitalize()} of {kind} cannot be measured a partition at a time.")
    return way


def _paths(job: Job) -> list[str]:
    return [
        job.data_path,
        *([str(job.reference_path)] if WAYS[job.kind, job.model_kind] is STABILITY else []),
    ]


def _noted(job: Job, measured: Measured, found: Counted) -> Measured:
    """The same with what must be known of how it was read."""
    said = (
        f"Counted by reading {partitions(job):,} partitions one after another; all rows are in the figures."
    )
    left = []
    for path, side in zip(_paths(job), ("", REFERENCE), strict=False):
        if rows := found.left_out[side]:
            total = pq.ParquetFile(path).metadata.num_rows
            left.append(f"Left out for want of a label{side}: {rows:,} of {total:,} rows.")
    return measured.noted(conventions={"rows": " ".join([said, *left])}, notes=[said, *job.notes, *left])
