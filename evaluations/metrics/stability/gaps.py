"""Performance on the reference less performance here: what was lost on the way."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluations.metrics.bootstrap import bounds, resampled_weights
from evaluations.metrics.intervals import Z, delong, newcombe
from evaluations.metrics.values import Bools, Column, Estimate, Floats, Table

EPS = float(np.finfo(np.float64).eps)
NAMES = {
    "roc_auc": "AUC",
    "accuracy": "Accuracy",
    "brier": "Brier score",
    "log_loss": "Log loss",
    "r2": "R²",
    "mae": "Mean absolute error",
    "rmse": "Root mean squared error",
}
CONVENTIONS = {
    "roc_auc": "AUC of the reference less AUC here; DeLong variances of two independent samples added.",
    "accuracy": "Accuracy of the reference less accuracy here; Newcombe's interval, method 10.",
    "brier": "Brier score here less that of the reference; Welch's interval of two means, normal.",
    "log_loss": "Log loss here less that of the reference; Welch's interval of two means, normal.",
    "mae": "Mean absolute error here less that of the reference; Welch's interval of two means, normal.",
    "rmse": "RMSE here less that of the reference; both sides' rows resampled independently.",
    "r2": "R² of the reference less R² here; both sides' rows resampled independently.",
}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What is known row by row, shape (n,) each; None where the kind of model has it not.

    `actual` and `score` of a binary classification; `right` of any classification; `loss`: rows' contributions to
    means, such as {"brier": ...}; `numbers` and `error` (predicted less actual) of a regression.
    """

    n: int
    actual: Bools | None = None
    score: Floats | None = None
    right: Bools | None = None
    loss: Mapping[str, Floats] | None = None
    numbers: Floats | None = None
    error: Floats | None = None

    def part(self, rows: Bools) -> "Outcomes":
        """Only these rows."""
        cut = [
            None if given is None else given[rows]
            for given in (self.actual, self.score, self.right, self.numbers, self.error)
        ]
        loss = {name: values[rows] for name, values in (self.loss or {}).items()}
        return Outcomes(int(rows.sum()), cut[0], cut[1], cut[2], loss, cut[3], cut[4])  # type: ignore[arg-type]


def of_binary(actual: Bools, predicted: Bools, score: Floats | None, probability: bool) -> Outcomes:
    """A binary classification."""
    loss: dict[str, Floats] = {}
    if score is not None and probability:
        likelihood = np.where(actual, score, 1 - score)
        loss = {"brier": (score - actual) ** 2, "log_loss": -np.log(np.clip(likelihood, EPS, 1))}
    return Outcomes(len(actual), actual, score, actual == predicted, loss)


def of_regression(actual: Floats, predicted: Floats) -> Outcomes:
    """A regression."""
    error = predicted - actual
    return Outcomes(len(actual), loss={"mae": np.abs(error)}, numbers=actual, error=error)


def gaps(reference: Outcomes, current: Outcomes, *, seed: int) -> tuple[dict[str, Estimate], Table]:
    """How much worse each metric is here than on the reference, positive for worse; and all of it in a table."""
    found: dict[str, tuple[float, float, Estimate]] = {}
    n = min(reference.n, current.n)
    if reference.actual is not None and reference.score is not None:
        assert current.actual is not None and current.score is not None
        _keep(found, "roc_auc", auc_gap(reference, current, n))
    if reference.right is not None and current.right is not None:
        there, here = int(reference.right.sum()), int(current.right.sum())
        bound = newcombe(there, reference.n, here, current.n)
        a, b = there / reference.n, here / current.n
        found["accuracy"] = (a, b, Estimate(a - b, *bound, n))
    for name, values in (reference.loss or {}).items():
        found[name] = _mean_gap(values, (current.loss or {})[name])
    if reference.error is not None:
        for name, gap in _regression_gaps(reference, current, seed=seed).items():
            _keep(found, name, gap)
    columns = (
        Column("Metric"),
        Column("Reference", "number"),
        Column("Here", "number"),
        Column("Worse by", "number"),
        Column("95% interval", "interval"),
    )
    rows = [
        (NAMES[name], a, b, gap.value, None if gap.low is None else (gap.low, gap.high))
        for name, (a, b, gap) in found.items()
    ]
    note = (
        f"Reference: {reference.n:,} rows; here: {current.n:,}. Positive: worse here. Where the reference is the "
        "training data, a small gap is usual: a model knows the rows that it was fitted to."
    )
    table = Table("gaps", "Performance there and here", note, columns, rows)
    return {f"{name}_gap": gap for name, (_, _, gap) in found.items()}, table


def _keep(
    found: dict[str, tuple[float, float, Estimate]], name: str, gap: tuple[float, float, Estimate] | None
) -> None:
    if gap is not None:
        found[name] = gap


def auc_gap(reference: Outcomes, current: Outcomes, n: int) -> tuple[float, float, Estimate] | None:
    """AUC there, here, and the difference of two independent samples; None where a side has one class only."""
    assert reference.actual is not None and reference.score is not None
    assert current.actual is not None and current.score is not None
    a, a_low, a_high = delong(reference.actual, reference.score)
    b, b_low, b_high = delong(current.actual, current.score)
    if a is None or b is None:
        return None
    if a_low is None or a_high is None or b_low is None or b_high is None:
        return a, b, Estimate(a - b, None, None, n)
    # Newcombe's way with any two intervals: for unclipped DeLong intervals the variances add up.
    low = a - b - math.hypot(a - a_low, b_high - b)
    high = a - b + math.hypot(a_high - a, b - b_low)
    return a, b, Estimate(a - b, low, high, n)


def _mean_gap(there: Floats, here: Floats) -> tuple[float, float, Estimate]:
    """Difference of two means, here less there."""
    a, b, n = float(there.mean()), float(here.mean()), min(len(there), len(here))
    if n < 2:
        return a, b, Estimate(b - a, None, None, n)
    half = Z * math.sqrt(there.var(ddof=1) / len(there) + here.var(ddof=1) / len(here))
    return a, b, Estimate(b - a, b - a - half, b - a + half, n)


def _regression_gaps(
    reference: Outcomes, current: Outcomes, *, seed: int
) -> dict[str, tuple[float, float, Estimate] | None]:
    there, here = regression_metrics(reference), regression_metrics(current)
    drawn = [
        _drawn(side, seed=seed + place) for place, side in enumerate((reference, current))
    ]  # seeds differ: the samples are independent
    draws = min(len(drawn[0]["rmse"]), len(drawn[1]["rmse"]))
    found: dict[str, tuple[float, float, Estimate] | None] = {}
    for name in ("rmse", "r2"):
        a, b = there[name], here[name]
        if a is None or b is None:
            found[name] = None
            continue
        sign = -1 if name == "r2" else 1
        gap = sign * (b - a)
        bound = bounds(gap, sign * (drawn[1][name][:draws] - drawn[0][name][:draws]))
        found[name] = (a, b, Estimate(gap, *bound, min(reference.n, current.n)))
    return found


def regression_metrics(side: Outcomes) -> dict[str, float | None]:
    """RMSE and R²; R² is None where the label is constant."""
    assert side.numbers is not None and side.error is not None
    spread = float(((side.numbers - side.numbers.mean()) ** 2).sum())
    squares = float((side.error**2).sum())
    return {"rmse": math.sqrt(squares / side.n), "r2": 1 - squares / spread if spread > 0 else None}


def _drawn(side: Outcomes, *, seed: int) -> dict[str, Floats]:
    """RMSE and R² of resamples, out of the sums that they need."""
    assert side.numbers is not None and side.error is not None
    centred = side.numbers - side.numbers.mean()
    parts = np.column_stack([side.error**2, centred, centred**2])
    sums = np.array([weights @ parts for weights in resampled_weights(side.n, seed=seed)])
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = 1 - sums[:, 0] / (sums[:, 2] - sums[:, 1] ** 2 / side.n)
    return {"rmse": np.sqrt(sums[:, 0] / side.n), "r2": r2}
