"""Performance on the reference less performance here: what was lost on the way."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluations.metrics.bootstrap import bounds, resampled_weights
from evaluations.metrics.closed_form import Z, newcombe
from evaluations.metrics.intervals import delong
from evaluations.metrics.statistics import Sums
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
MEANS = ("brier", "log_loss", "mae")
Gap = tuple[float, float, Estimate]
"""A metric on the reference, here, and how much worse it is here."""
Moments = tuple[float, float, int]
"""Mean, variance and number of rows."""
Resampled = Mapping[str, tuple[float | None, Floats]]
"""Each metric and what it is in resamples."""


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
    found: dict[str, Gap] = {}
    n = min(reference.n, current.n)
    if reference.actual is not None and reference.score is not None:
        assert current.actual is not None and current.score is not None
        if gap := auc_gap(reference, current, n):
            found["roc_auc"] = gap
    if reference.right is not None and current.right is not None:
        there, here = int(reference.right.sum()), int(current.right.sum())
        bound = newcombe(there, reference.n, here, current.n)
        a, b = there / reference.n, here / current.n
        found["accuracy"] = (a, b, Estimate(a - b, *bound, n))
    for name, values in (reference.loss or {}).items():
        found[name] = gap_of_means(_moments(values), _moments((current.loss or {})[name]))
    if reference.error is not None:
        drawn = [_drawn(side, seed=seed + place) for place, side in enumerate((reference, current))]
        found |= regression_gaps(drawn[0], drawn[1], n)  # seeds differ: the samples are independent
    return told(found, reference.n, current.n)


def told(found: Mapping[str, Gap], there: int, here: int) -> tuple[dict[str, Estimate], Table]:
    """The gaps as figures and in a table, of so many rows there and here."""
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
        f"Reference: {there:,} rows; here: {here:,}. Positive: worse here. Where the reference is the "
        "training data, a small gap is usual: a model knows the rows that it was fitted to."
    )
    table = Table("gaps", "Performance there and here", note, columns, rows)
    return {f"{name}_gap": gap for name, (_, _, gap) in found.items()}, table


def auc_gap(reference: Outcomes, current: Outcomes, n: int) -> Gap | None:
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


def _moments(values: Floats) -> Moments:
    n = len(values)
    return float(values.mean()), float(values.var(ddof=1)) if n > 1 else 0.0, n


def gap_of_means(there: Moments, here: Moments) -> Gap:
    """Difference of two means, here less there."""
    (a, spread, n), (b, other, m) = there, here
    if min(n, m) < 2:
        return a, b, Estimate(b - a, None, None, min(n, m))
    half = Z * math.sqrt(spread / n + other / m)
    return a, b, Estimate(b - a, b - a - half, b - a + half, min(n, m))


def regression_gaps(there: Resampled, here: Resampled, n: int) -> dict[str, Gap]:
    """RMSE and R² of both sides, each with what it is in resamples."""
    found: dict[str, Gap] = {}
    for name in ("rmse", "r2"):
        (a, drawn), (b, other) = there[name], here[name]
        if a is not None and b is not None:
            sign = -1 if name == "r2" else 1
            draws = min(len(drawn), len(other))
            gap = sign * (b - a)
            found[name] = (
                a,
                b,
                Estimate(gap, *bounds(gap, sign * (other[:draws] - drawn[:draws])), n),
            )
    return found


def drawn_of_sums(sums: Sums, *, seed: int) -> Resampled:
    """RMSE and R² out of sums whose first values are squared error, label and squared label (less any constant)."""
    drawn = sums.resampled(seed=seed)
    point = sums.means()[None]
    both = [{"rmse": np.sqrt(np.maximum(part[:, 0], 0)), "r2": _r2(part)} for part in (point, drawn)]
    return {
        name: (float(both[0][name][0]) if np.isfinite(both[0][name][0]) else None, both[1][name])
        for name in both[0]
    }


def _r2(means: Floats) -> Floats:
    spread = means[:, 2] - means[:, 1] ** 2
    known = spread > 1e-12 * means[:, 2]
    return np.where(known, 1 - means[:, 0] / np.where(known, spread, 1.0), np.nan)


def regression_metrics(side: Outcomes) -> dict[str, float | None]:
    """RMSE and R²; R² is None where the label is constant."""
    assert side.numbers is not None and side.error is not None
    spread = float(((side.numbers - side.numbers.mean()) ** 2).sum())
    squares = float((side.error**2).sum())
    return {"rmse": math.sqrt(squares / side.n), "r2": 1 - squares / spread if spread > 0 else None}


def _drawn(side: Outcomes, *, seed: int) -> Resampled:
    """RMSE and R² and those of resamples, out of the sums that they need."""
    assert side.numbers is not None and side.error is not None
    centred = side.numbers - side.numbers.mean()
    parts = np.column_stack([side.error**2, centred, centred**2])
    means = np.array([weights @ parts for weights in resampled_weights(side.n, seed=seed)]) / side.n
    point = regression_metrics(side)
    return {"rmse": (point["rmse"], np.sqrt(means[:, 0])), "r2": (point["r2"], _r2(means))}
