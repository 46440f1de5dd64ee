"""Why one record got its answer. For people, never evidence."""

from pathlib import Path
from typing import Any

import pandas as pd

from evaluations.metrics.explain_columns import changed
from evaluations.metrics.explain_local import explain_record
from evaluations.metrics.values import Measured
from evaluations.sandbox.given import Given
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.kinds.explainability import target_of
from evaluations.sandbox.table import listed, read_rows


def refuse(job: Job) -> None:
    """Say what the job alone tells."""
    if job.model_path is None:
        raise CannotEvaluate("Without the model itself its predictions cannot be explained.")
    if job.config.get("row") is None and not job.config.get("values"):
        raise CannotEvaluate("Say which record: the number of its row, or the values of its features.")


def measure(given: Given) -> Measured:
    """A row of the data set, values given by hand, or a row with some values changed by hand."""
    job, config = given.job, given.job.config
    everything = read_rows(Path(job.data_path))  # rows without a label count, too
    given.rows = everything
    behind = given.features()
    record, words = _record(job, behind, config.get("row"), dict(config.get("values") or {}))
    target = target_of(given, record, behind)
    given.measuring("Explaining")
    found = explain_record(
        given.model,
        record,
        behind,
        target,
        seed=job.seed,
        progress=lambda share: given.teller.progress(0.4 + 0.55 * share, "Explaining"),
        hidden=job.confidential,
        wording={str(name): str(said) for name, said in dict(config.get("wording") or {}).items()},
        unfavourable=config.get("unfavourable"),
        sensitive=job.sensitive,
    )
    return found.noted(conventions={"record": words})


def _record(
    job: Job, features: pd.DataFrame, row: int | None, values: dict[str, Any]
) -> tuple[pd.DataFrame, str]:
    """The record as a table of one row, and in words which one it is."""
    unknown = sorted(set(values) - set(features.columns))
    if unknown:
        raise CannotEvaluate(
            f"The model takes no feature {listed(unknown)}. Its features are {listed(features.columns)}."
        )
    held_back = sorted(set(values) & set(job.confidential))
    if held_back:
        raise CannotEvaluate(f"Values of {listed(held_back)} are confidential and cannot be given by hand.")
    if row is None:
        missing = [name for name in features.columns if name not in values]
        if missing:
            raise CannotEvaluate(
                f"The values lack {listed(missing)}. Give every feature, or the row to start from."
            )
        record, words = features.iloc[[0]].reset_index(drop=True), "Values given by hand."
    elif not 0 <= row < len(features):
        raise CannotEvaluate(
            f"The data set has no row {row:,}. Its {len(features):,} rows are numbered from 0 to {len(features) - 1:,}."
        )
    else:
        record, words = (
            features.iloc[[row]].reset_index(drop=True),
            f"Row {row:,} of the data set, counted from 0.",
        )
        if values:
            words = f"{words[:-1]}, with {listed(values)} changed by hand."
    for name, value in values.items():
        if features[name].dtype.kind in "iuf" and not _is_number(value):
            raise CannotEvaluate(f"Feature {name} is a number; {value!r} is none.")
        record = changed(record, name, value)
    return record, words


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
