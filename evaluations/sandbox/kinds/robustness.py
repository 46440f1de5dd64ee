"""What happens to the model's answers when its inputs are not as they should be."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.robustness.adversarial import BOUND
from evaluations.metrics.robustness.disturb import NOISE
from evaluations.metrics.robustness.report import Asked, robustness
from evaluations.metrics.values import Floats, Measured
from evaluations.sandbox import predictions
from evaluations.sandbox.asking import asker
from evaluations.sandbox.given import Given, places
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.table import listed, numbers, texts, truth

MOST_ROWS = 5000


def refuse(job: Job) -> None:
    """Say what the job alone tells."""
    if job.model_path is None:
        raise CannotEvaluate("Without the model itself its answers to disturbed rows cannot be known.")
    for part in job.config.get("noise", []):
        if isinstance(part, bool) or not isinstance(part, int | float) or not 0 < part <= 1:
            raise CannotEvaluate(
                "The setting noise is a list of numbers above 0 and up to 1, such as [0.05, 0.1]."
            )


def measure(given: Given) -> Measured:
    """Disturbances, search, relations, scenarios, sensitivity; on a sample of the rows."""
    job = given.job
    given.check_label()
    model = given.model
    features = given.features()
    picked = np.random.default_rng(job.seed).permutation(len(features))
    picked = np.sort(picked[: int(job.config.get("max_rows", MOST_ROWS))])
    rows = features.iloc[picked].reset_index(drop=True)
    ask, output = asker(given, rows)
    actual = _truth(job, given.rows.iloc[picked].reset_index(drop=True), model, rows)
    given.measuring("Disturbing the inputs")
    found = robustness(
        ask,
        rows,
        actual,
        job.model_kind,
        _asked(job, list(features.columns)),
        output=output,
        seed=job.seed,
        progress=lambda share, step: given.teller.progress(0.4 + 0.55 * share, step),
    )
    return _without_records(found, {*job.confidential} & {*features.columns})


def _without_records(found: Measured, confidential: set[str]) -> Measured:
    """Examples are single records: where a column is confidential, what changed in them is held back."""
    if not confidential:
        return found
    tables = [
        replace(table, rows=[("Held back", *row[1:]) for row in table.rows])
        if table.id == "adversarial"
        else replace(table, rows=[row for row in table.rows if row[0] not in confidential])
        if table.id == "monotone_examples"
        else table
        for table in found.tables
    ]
    note = f"Values of {', '.join(sorted(confidential))} are confidential: examples do not show what changed."
    return replace(found, tables=tables).noted(notes=[note])


def _asked(job: Job, columns: list[str]) -> Asked:
    """The settings; sensitive columns that the model takes must not matter, unless others are named."""
    config: Mapping[str, Any] = job.config
    unmoved = config.get("invariant", [name for name in job.sensitive if name in columns])
    return Asked(
        noise=tuple(float(part) for part in config.get("noise", NOISE)),
        monotone=config.get("monotone", {}),
        invariant=[str(name) for name in unmoved],
        scenarios=config.get("scenarios", ()),
        bound=float(config.get("adversarial_bound", BOUND)),
    )


def _truth(job: Job, data: pd.DataFrame, model: Any, rows: pd.DataFrame) -> Floats:
    if job.model_kind == "binary_classification":
        return truth(job, data).astype(np.float64)
    if job.model_kind == "regression":
        return numbers(data[job.label], "The label column")
    labels, actual = predictions.classes_of(model, rows), texts(data[job.label])
    unknown = sorted(set(actual) - set(labels))
    if unknown:
        raise CannotEvaluate(
            f"Column {job.label} holds labels that the model does not know: {listed(unknown)}. "
            f"Its classes are {listed(labels) or 'none'}."
        )
    return np.asarray(places(actual, labels), dtype=np.float64)
