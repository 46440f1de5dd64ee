"""How well a binary classifier performs, each number with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.metrics import comparison, confusion, ranked
from evaluations.metrics.binary_words import CONVENTIONS, LABELS, RANGES, RATES, SIMPLEST, TOLD, WEIGHED
from evaluations.metrics.closed_form import wilson
from evaluations.metrics.comparison import AGAINST, BASELINE, Rival
from evaluations.metrics.curves import GRID, calibration, histogram, roc
from evaluations.metrics.histogram import ScoreHistogram
from evaluations.metrics.intervals import delong
from evaluations.metrics.ranked import Answers, Scored
from evaluations.metrics.resampling import estimates
from evaluations.metrics.scored import FROM_ROWS, figures
from evaluations.metrics.statistics import DRAWS, Cells
from evaluations.metrics.thresholds import Thresholds
from evaluations.metrics.values import (
    FEW_ROWS,
    Bools,
    Column,
    Estimate,
    Floats,
    Group,
    Measured,
    Table,
    slice_of,
)


@dataclass(frozen=True, slots=True)
class Binary:
    """Rows of a binary classification; arrays of shape (n,). `probability` says that the score is one."""

    actual: Bools
    predicted: Bools
    score: Floats | None = None
    probability: bool = False
    threshold: float | None = None
    weights: Floats | None = None

    def part(self, rows: Bools) -> "Binary":
        """Only these rows."""
        score = None if self.score is None else self.score[rows]
        weights = None if self.weights is None else self.weights[rows]
        return Binary(
            self.actual[rows], self.predicted[rows], score, self.probability, self.threshold, weights
        )

    @property
    def answers(self) -> Answers:
        """One unit for each row."""
        return Answers.of(self.actual, self.predicted, self.score, probability=self.probability)


def performance(
    data: Binary,
    slices: Mapping[str, Mapping[str, Bools]],
    *,
    seed: int,
    beta: float = 1.0,
    min_n: int = FEW_ROWS,
    against: Binary | None = None,
) -> Measured:
    """Every metric that the data allows, against the simplest answer and another version's; and again for each
    slice, {column: {value: rows}}."""
    n = len(data.actual)
    answers = data.answers
    simplest = ranked.constant(answers, data.weights)
    drawn = _Drawn([answers, simplest], data.weights, seed=seed, beta=beta)
    overall = estimates(drawn.point[0], drawn.drawn[0], n=n, ranges=RANGES)
    said = {name: f"{CONVENTIONS[name]} {drawn.how}" for name in overall}
    for name in set(overall) & set(RATES):
        said[name] = CONVENTIONS[name]
    overall |= rates(data)
    if data.weights is None:
        overall |= _ranked(data)
        said |= {name: CONVENTIONS[name] for name in ("roc_auc", "gini") if name in overall}
    if data.score is not None and n > FROM_ROWS:
        how = _binned(data, overall, seed=seed)
        said |= {name: f"{CONVENTIONS[name]} {words}" for name, words in how.items()}
    curves, tables = _curves(data, drawn), [_confusion(data)]
    if data.score is not None:
        tables.append(Thresholds(data.actual, data.score, data.weights).table(data.threshold))
    rivals = [(BASELINE, drawn)]
    if against is not None:
        both = [answers, against.answers]
        rivals.append((AGAINST, _Drawn(both, data.weights, seed=seed, beta=beta, with_band=False)))
    for rival, pair in rivals:
        gained, how_gained, table = _compare(rival, pair, n)
        overall |= gained
        said |= how_gained
        tables.append(table)
    if data.weights is not None:
        said["weights"] = WEIGHED
    groups = _slices(data, slices, seed=seed, beta=beta, min_n=min_n)
    return Measured(overall, dict(sorted(said.items())), groups, curves, tables=tables)


class _Drawn:
    """The metrics of models on all rows, and on each resample of them, the same for all. `band` holds the first
    model's true positive rates."""

    def __init__(
        self, models: list[Answers], weights: Floats | None, *, seed: int, beta: float, with_band: bool = True
    ) -> None:
        n = len(models[0].actual)
        whole = np.ones((1, n)) if weights is None else weights[None]
        self.point = [Scored(model, beta)(whole) for model in models]
        alike, units = ranked.together(models, weights)
        scored = [Scored(model, beta) for model in alike]
        found: list[list[dict[str, Floats]]] = []
        lines: list[Floats] = []
        for draw in units.drawn(seed=seed):
            found.append([model(draw) for model in scored])
            if with_band and models[0].score is not None:
                lines.append(scored[0].rates_on_grid(draw, GRID))
        self.drawn = [
            {name: np.concatenate([part[place][name] for part in found]) for name in found[0][place]}
            for place in range(len(models))
        ]
        self.band = np.concatenate(lines) if lines else np.empty((0, len(GRID)))
        self.how = _how(n, len(units.rows))


def _how(n: int, units: int) -> str:
    what = (
        "rows" if n == units else f"the counts of {units:,} cells of rows with like label, answer and score"
    )
    return f"95% interval by bootstrap of {what}: {DRAWS:,} resamples, percentiles less their bias."


def _compare(rival: Rival, pair: _Drawn, n: int) -> tuple[dict[str, Estimate], dict[str, str], Table]:
    ours, theirs = pair.point
    found = comparison.differences(ours, theirs, *pair.drawn, n=n)
    told: Sequence[str] = TOLD if rival is AGAINST else ("accuracy", "brier", "log_loss")
    how = pair.how
    if rival is BASELINE:
        how = f"{SIMPLEST} {how}"
    labels = {name: name.replace("_", " ").capitalize() for name in found} | LABELS
    return comparison.compared(rival, found, ours, theirs, labels, told=told, how=how)


def rates(data: Binary) -> dict[str, Estimate]:
    """The metrics that are rates, each with Wilson's interval."""
    table = cells(data.actual, data.predicted, data.weights).reshape(2, 2)
    (tn, fp), (fn, tp) = table.tolist()
    n, kish = len(data.actual), 1.0
    if data.weights is not None:
        kish = float(data.weights.sum() / (data.weights**2).sum())
    parts = {
        "accuracy": (tp + tn, tn + fp + fn + tp),
        "precision": (tp, tp + fp),
        "recall": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "selection_rate": (tp + fp, tn + fp + fn + tp),
    }
    if data.weights is None:
        return {name: rate(int(hits), int(total)) for name, (hits, total) in parts.items()}
    return {
        name: Estimate(hits / total if total else None, *wilson(hits * kish, total * kish), n)
        for name, (hits, total) in parts.items()
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


def _binned(data: Binary, overall: dict[str, Estimate], *, seed: int) -> dict[str, str]:
    """Put the figures of the histogram in place of those of very many rows."""
    if data.score is None:
        return {}
    span = (0.0, 1.0) if data.probability else (float(data.score.min()), float(data.score.max()))
    counted = ScoreHistogram.count(data.actual, data.score, data.weights, span=span)
    found, how = figures(counted, seed=seed, probability=data.probability)
    overall |= found
    return how


def _slices(
    data: Binary, slices: Mapping[str, Mapping[str, Bools]], *, seed: int, beta: float, min_n: int
) -> list[Group]:
    groups = []
    for column, values in slices.items():
        for value, rows in values.items():
            part = data.part(rows)
            if len(part.actual):
                found = _of_slice(part, seed=seed, beta=beta)
                groups.append(slice_of(column, value, len(part.actual), found, min_n))
    return groups


def _of_slice(part: Binary, *, seed: int, beta: float) -> dict[str, Estimate]:
    """AUC by DeLong, rates by Wilson, what else follows from the four counts by their bootstrap."""
    n = len(part.actual)
    names = ("negative", "positive")
    counted = Cells.count(
        (names, part.actual.astype(np.int64)),
        (names, part.predicted.astype(np.int64)),
        weights=part.weights,
    )
    point = confusion.binary(counted.weight[None], beta)
    drawn = confusion.binary(counted.resampled(seed=seed), beta)
    found = {**estimates(point, drawn, n=n, ranges=RANGES), **rates(part)}
    if part.score is None:
        return found
    if part.weights is None:
        return {**_ranked(part), **found}
    again = _Drawn([part.answers], part.weights, seed=seed, beta=beta, with_band=False)
    both = estimates(again.point[0], again.drawn[0], n=n, ranges=RANGES)
    return {"roc_auc": both["roc_auc"], "gini": both["gini"], **found}


def _curves(data: Binary, drawn: _Drawn) -> dict[str, object]:
    found: dict[str, object] = {}
    if data.score is None:
        return found
    if 0 < data.actual.sum() < len(data.actual):
        if data.weights is None:
            found["roc"] = roc(data.actual, data.predicted, data.score, drawn.band, data.threshold)
        found |= Thresholds(data.actual, data.score, data.weights).curves()
    found["scores"] = histogram(data.actual, data.score, unit=data.probability)
    if data.probability and data.weights is None:
        found["calibration"] = calibration(data.actual, data.score)
    return found


def _confusion(data: Binary) -> Table:
    (tn, fp), (fn, tp) = cells(data.actual, data.predicted, data.weights).reshape(2, 2).tolist()
    count = Column("as negative", "count"), Column("as positive", "count")
    weight = Column("as negative", "number"), Column("as positive", "number")
    columns = [Column("Actual"), *(count if data.weights is None else weight)]
    rows = [["negative", tn, fp], ["positive", fn, tp]]
    note = "Rows by actual and predicted label" + (
        "." if data.weights is None else ", each counted by its weight."
    )
    return Table("confusion", "Right and wrong", note, columns, rows)
