"""How well a binary classifier performs, each number with its interval."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluations.metrics import bootstrap
from evaluations.metrics.curves import Ranking, calibration, histogram, roc
from evaluations.metrics.intervals import delong, wilson
from evaluations.metrics.values import Bools, Estimate, Floats, Group, Ints, Measured, slice_of

ECE_BINS = 10
WILSON = "Rate with Wilson 95% interval."
RANGES: Mapping[str, tuple[float, float]] = {
    "average_precision": (0, 1),
    "balanced_accuracy": (0, 1),
    "f1": (0, 1),
    "ks": (0, 1),
    "ece": (0, 1),
    "brier": (0, 1),
    "log_loss": (0, np.inf),
}
CONVENTIONS = {
    "roc_auc": "Area under the ROC curve, ties count half; DeLong 95% interval (Wilson's for the smaller "
    "class where its variance is zero).",
    "gini": "2 AUC - 1; interval from the AUC's.",
    "average_precision": "Sum of precision over the steps of recall, without interpolation.",
    "accuracy": WILSON,
    "balanced_accuracy": "Mean of recall and specificity.",
    "precision": f"Of those predicted positive, the part that is. {WILSON}",
    "recall": f"Of the positive ones, the part predicted positive. {WILSON}",
    "f1": "2 TP / (2 TP + FP + FN).",
    "log_loss": "Mean negative log-likelihood, natural logarithm.",
    "brier": "Mean squared difference of probability and outcome.",
    "ece": f"Expected calibration error: {ECE_BINS} bins of equal width, closed on the right, weighted by "
    "count.",
    "ks": "Largest difference of true and false positive rate.",
    "selection_rate": f"Part of all rows that is predicted positive. {WILSON}",
}


@dataclass(frozen=True, slots=True)
class Binary:
    """Rows of a binary classification; arrays of shape (n,). `probability` says that the score is one."""

    actual: Bools
    predicted: Bools
    score: Floats | None = None
    probability: bool = False
    threshold: float | None = None

    def part(self, rows: Bools) -> "Binary":
        """Only these rows."""
        score = None if self.score is None else self.score[rows]
        return Binary(self.actual[rows], self.predicted[rows], score, self.probability, self.threshold)


def performance(data: Binary, slices: Mapping[str, Mapping[str, Bools]], *, seed: int) -> Measured:
    """Every metric that the data allows; AUC and rates again for each slice, {column: {value: rows}}."""
    overall = {**_ranked(data), **rates(data)}
    curves: dict[str, object] = {}
    band = _resampled(data, overall, seed=seed)
    if data.score is not None and 0 < data.actual.sum() < len(data.actual):
        curves["roc"] = roc(data.actual, data.predicted, data.score, band, data.threshold)
    if data.score is not None:
        curves["scores"] = histogram(data.actual, data.score, unit=data.probability)
    if data.score is not None and data.probability:
        curves["calibration"] = calibration(data.actual, data.score)
    said = {name: CONVENTIONS[name] for name in overall}
    for name in set(RANGES) & set(said):
        said[name] = f"{said[name]} {bootstrap.convention(len(data.actual))}"
    return Measured(overall, dict(sorted(said.items())), _slices(data, slices), curves)


def rates(data: Binary) -> dict[str, Estimate]:
    """The metrics that are rates, each with Wilson's interval."""
    tn, fp, fn, tp = (int(count) for count in cells(data.actual, data.predicted))
    n = tn + fp + fn + tp
    return {
        "accuracy": rate(tp + tn, n),
        "precision": rate(tp, tp + fp),
        "recall": rate(tp, tp + fn),
        "selection_rate": rate(tp + fp, n),
    }


def rate(hits: int, n: int) -> Estimate:
    """A rate with Wilson's interval; None where nobody could be counted."""
    return Estimate(hits / n if n else None, *wilson(hits, n), n)


def cells(actual: Bools, predicted: Bools, weights: Floats | None = None) -> Floats:
    """Counts of true negatives, false positives, false negatives and true positives."""
    return np.bincount(actual * 2 + predicted, weights=weights, minlength=4).astype(np.float64)


def _ranked(data: Binary) -> dict[str, Estimate]:
    if data.score is None:
        return {}
    value, low, high = delong(data.actual, data.score)
    gini = [None if part is None else 2 * part - 1 for part in (value, low, high)]
    n = len(data.actual)
    return {"roc_auc": Estimate(value, low, high, n), "gini": Estimate(gini[0], gini[1], gini[2], n)}


def _slices(data: Binary, slices: Mapping[str, Mapping[str, Bools]]) -> list[Group]:
    groups = []
    for column, values in slices.items():
        for value, rows in values.items():
            part = data.part(rows)
            groups.append(slice_of(column, value, int(rows.sum()), {**_ranked(part), **rates(part)}))
    return groups


def _resampled(data: Binary, overall: dict[str, Estimate], *, seed: int) -> Floats:
    """Add the metrics whose interval is bootstrapped. Returns the true positive rates drawn, for the ROC
    band."""
    weighted = Weighted(data)
    n = len(data.actual)
    found = weighted.metrics(np.ones(n))
    drawn: dict[str, list[float]] = {name: [] for name in found}
    lines: list[Floats] = []
    for weights in bootstrap.resampled_weights(n, seed=seed):
        for name, value in weighted.metrics(weights).items():
            drawn[name].append(value)
        if weighted.ranking is not None:
            lines.append(weighted.ranking.rates_on_grid(weights))
    for name, value in found.items():
        least, most = RANGES[name]
        point = value if np.isfinite(value) else None
        low, high = bootstrap.bounds(point, np.array(drawn[name]))
        overall[name] = Estimate(
            point, None if low is None else max(low, least), None if high is None else min(high, most), n
        )
    return np.array(lines)


class Weighted:
    """The bootstrapped metrics for any weights of the rows; sorts once."""

    def __init__(self, data: Binary) -> None:
        self._data = data
        self.ranking = None if data.score is None else Ranking(data.actual, data.score)
        self._truth = data.actual.astype(np.float64)
        self._cell: Ints = (data.actual * 2 + data.predicted).astype(np.int64)
        if data.score is not None and data.probability:
            likelihood = np.where(data.actual, data.score, 1 - data.score)
            self._loss = -np.log(np.clip(likelihood, np.finfo(np.float64).eps, 1))
            self._square = (data.score - self._truth) ** 2
            self._bin = probability_bins(data.score, ECE_BINS)

    def metrics(self, weights: Floats) -> dict[str, float]:
        """Name and value; not a number where it is not defined."""
        tn, fp, fn, tp = np.bincount(self._cell, weights, minlength=4)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = {
                "balanced_accuracy": float((tp / (tp + fn) + tn / (tn + fp)) / 2),
                "f1": float(2 * tp / (2 * tp + fp + fn)),
            }
            if self.ranking is not None:
                found["average_precision"], found["ks"] = self.ranking.precision_and_ks(weights)
        if self._data.score is not None and self._data.probability:
            total = weights.sum()
            found["log_loss"] = float(weights @ self._loss / total)
            found["brier"] = float(weights @ self._square / total)
            found["ece"] = calibration_error(self._bin, self._truth, self._data.score, weights)
        return found


def probability_bins(score: Floats, bins: int) -> Ints:
    """Bin of each probability: equal width, closed on the right, as scikit-learn's calibration_curve has
    them."""
    return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], score).astype(np.int64)


def calibration_error(place: Ints, truth: Floats, score: Floats, weights: Floats) -> float:
    """Mean over rows of the gap between mean score and observed rate in the row's bin (Naeini et al., AAAI
    2015)."""
    gaps = np.bincount(place, weights * (truth - score))
    return float(np.abs(gaps).sum() / weights.sum())
