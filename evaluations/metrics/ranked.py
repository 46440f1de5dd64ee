"""Metrics of scores against a binary truth, for any number of weightings of the same units at once."""

from dataclasses import dataclass

import numpy as np

from evaluations.metrics import confusion
from evaluations.metrics.resampling import Units, over
from evaluations.metrics.statistics import weigh
from evaluations.metrics.values import Bools, Floats, Ints

ECE_BINS = 10
LIFT_SHARE = 0.1
EXACT_ROWS, SCORE_CELLS = 4000, 500
"""Up to so many rows each is drawn by itself; where there are more, cells
of equally many rows by score stand for them when intervals are drawn."""
LEAST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model said of units of rows, all of shape (units,). `loss`, `square` and `gap` (outcome less
    probability) are means over the unit's rows, and None where the score is no probability."""

    actual: Bools
    predicted: Bools
    score: Floats | None
    loss: Floats | None = None
    square: Floats | None = None
    gap: Floats | None = None
    bin: Ints | None = None

    @classmethod
    def of(cls, actual: Bools, predicted: Bools, score: Floats | None, *, probability: bool) -> "Answers":
        """One unit for each row."""
        if score is None or not probability:
            return cls(actual, predicted, score)
        loss = -np.log(np.clip(np.where(actual, score, 1 - score), LEAST, 1))
        gap = actual - score
        return cls(actual, predicted, score, loss, gap**2, gap, probability_bins(score, ECE_BINS))

    def in_cells(self, cell: Ints, rows: Ints) -> "Answers":
        """Cells in place of rows: `cell` of each row, shape (n,), and how many rows each cell has."""
        first = np.zeros(len(rows), dtype=np.int64)
        first[cell[::-1]] = np.arange(len(cell))[::-1]

        def mean(values: Floats | None) -> Floats | None:
            return None if values is None else np.bincount(cell, values, len(rows)) / rows

        return Answers(
            self.actual[first],
            self.predicted[first],
            mean(self.score),
            mean(self.loss),
            mean(self.square),
            mean(self.gap),
            None if self.bin is None else self.bin[first],
        )

    def keys(self, cells: int) -> Ints:
        """Rows with the same number are alike: predicted alike, near in score, in one bin of probability."""
        found = self.predicted.astype(np.int64)
        if self.score is not None:
            edges = np.unique(np.quantile(self.score, np.linspace(0, 1, cells + 1)[1:-1]))
            found = found * (cells + 1) + np.searchsorted(edges, self.score)
        return found if self.bin is None else found * ECE_BINS + self.bin


def together(models: list[Answers], weights: Floats | None) -> tuple[list[Answers], Units]:
    """The units to draw: the rows, or where they are many cells in which every model's answers are alike."""
    n = len(models[0].actual)
    if n <= EXACT_ROWS:
        return models, Units.single(n, weights)
    varied = sum(model.score is not None and np.ptp(model.score) > 0 for model in models)
    cells = SCORE_CELLS if varied <= 1 else 40
    key = models[0].actual.astype(np.int64)
    for model in models:
        own = model.keys(cells)
        key = np.unique(key * (int(own.max()) + 1) + own, return_inverse=True)[1].astype(np.int64)
    rows, weight, square = weigh(key, (int(key.max()) + 1,), weights)
    return [model.in_cells(key, rows) for model in models], Units(rows, weight, square)


class Scored:
    """Every metric of one model's answers, for weights of shape (draws, units). Sorts once."""

    def __init__(self, answers: Answers, beta: float = 1.0) -> None:
        self._answers, self._beta = answers, beta
        self._place = answers.actual * 2 + answers.predicted
        self._one_hot = np.eye(4)[self._place]
        if answers.score is not None:
            self._order: Ints = np.argsort(-answers.score, kind="stable")
            ordered = answers.score[self._order]
            self._truth = answers.actual[self._order].astype(np.float64)
            self._ends: Ints = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
        if answers.gap is not None and answers.bin is not None:
            self._binned = np.eye(ECE_BINS)[answers.bin] * answers.gap[:, None]

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        """Name and values of shape (draws,); not a number where it is not defined."""
        found = confusion.binary((weights @ self._one_hot).reshape(-1, 2, 2), self._beta)
        if self._answers.score is not None:
            found |= self.ranking(weights)
        given, total = self._answers, weights.sum(axis=1)
        if given.loss is not None and given.square is not None:
            found["log_loss"] = over(weights @ given.loss, total)
            found["brier"] = over(weights @ given.square, total)
            found["ece"] = over(np.abs(weights @ self._binned).sum(axis=1), total)
        return found

    def counts(self, weights: Floats) -> tuple[Floats, Floats]:
        """True and false positives at each different score, highest first, shape (draws, scores)."""
        ordered = weights[:, self._order]
        hits, chosen = np.cumsum(ordered * self._truth, axis=1), np.cumsum(ordered, axis=1)
        if len(self._ends) < hits.shape[1]:
            hits, chosen = hits[:, self._ends], chosen[:, self._ends]
        return hits, chosen - hits

    def ranking(self, weights: Floats) -> dict[str, Floats]:
        """AUC, Gini, average precision, KS, and the lift in the tenth of the rows with the highest scores."""
        hits, misses = self.counts(weights)
        positive, negative = hits[:, -1], misses[:, -1]
        steps, missed = np.diff(hits, prepend=0.0), np.diff(misses, prepend=0.0)
        auc = over((missed * (hits - steps / 2)).sum(axis=1), positive * negative)
        chosen = hits + misses
        precision = np.divide(hits, chosen, out=np.zeros_like(hits), where=chosen > 0)
        both = (positive > 0) & (negative > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = np.max(hits / positive[:, None] - misses / negative[:, None], axis=1)
        return {
            "roc_auc": auc,
            "gini": 2 * auc - 1,
            "average_precision": over((steps * precision).sum(axis=1), positive),
            "ks": np.where(both, np.maximum(gap, 0.0), np.nan),
            "lift": over(_at_share(hits, chosen, LIFT_SHARE), positive * LIFT_SHARE),
        }

    def rates_on_grid(self, weights: Floats, grid: Floats) -> Floats:
        """True positive rate at each false positive rate of the grid, shape (draws, grid)."""
        hits, misses = self.counts(weights)
        found = np.full((len(weights), len(grid)), np.nan)
        for place, (hit, miss) in enumerate(zip(hits, misses, strict=True)):
            if hit[-1] > 0 and miss[-1] > 0:
                found[place] = np.interp(grid, np.append(0, miss / miss[-1]), np.append(0, hit / hit[-1]))
        return found


def _at_share(hits: Floats, chosen: Floats, share: float) -> Floats:
    """Positives among so large a share of the rows, from the highest score down; ties are shared out evenly."""
    wanted = chosen[:, -1] * share
    place = np.minimum((chosen < wanted[:, None]).sum(axis=1), chosen.shape[1] - 1)
    line = np.arange(len(hits))
    before = np.where(place > 0, chosen[line, place - 1], 0.0)
    found = np.where(place > 0, hits[line, place - 1], 0.0)
    part = np.nan_to_num(over(wanted - before, chosen[line, place] - before))
    shared: Floats = found + part * (hits[line, place] - found)
    return shared


def probability_bins(score: Floats, bins: int) -> Ints:
    """Bin of each probability: equal width, closed on the right, as scikit-learn's calibration_curve has them."""
    return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], score).astype(np.int64)


def constant(answers: Answers, weights: Floats | None) -> Answers:
    """The simplest answer: for every row the more frequent class and the share of positive rows as the score."""
    prior = float(np.average(answers.actual, weights=weights))
    n = len(answers.actual)
    predicted = np.full(n, prior >= 0.5)
    found = Answers.of(answers.actual, predicted, np.full(n, prior), probability=answers.loss is not None)
    return found if answers.score is not None else Answers(answers.actual, predicted, None)
