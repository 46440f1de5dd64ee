"""What a disturbance costs: the metric before and after on the same rows, with a paired bootstrap."""

from dataclasses import dataclass

import numpy as np

from evaluations.metrics.bootstrap import bounds
from evaluations.metrics.intervals import midranks
from evaluations.metrics.robustness.answers import Answers
from evaluations.metrics.values import Bools, Estimate, Floats, Ints

DRAWS = 1000
CONVENTION = (
    f"Before less after (for errors: after less before), on the same rows; paired bootstrap of rows: {DRAWS:,} "
    "resamples that all disturbances share, percentiles less their bias."
)


@dataclass(frozen=True, slots=True)
class Drop:
    """The metric after the disturbance, and how much worse that is; positive is worse."""

    after: float | None
    drop: Estimate


class Paired:
    """The truth of the rows, and the resamples that every comparison uses.

    `truth` (n,): 1 and 0 of a binary classification, class indices, or a regression's numbers.
    """

    def __init__(self, kind: str, truth: Floats, before: Answers, *, seed: int) -> None:
        n = len(truth)
        self.truth = truth
        self._kind = kind
        generator = np.random.default_rng(seed)
        drawn = generator.integers(0, n, (DRAWS, n)) + (np.arange(DRAWS) * n)[:, None]
        counts = np.bincount(drawn.reshape(-1), minlength=DRAWS * n).reshape(DRAWS, n)
        self._weights = np.ascontiguousarray(counts.T.astype(np.float32))
        self.before, self._drawn = self._measured(before)

    @property
    def metric(self) -> str:
        """Which metric is followed."""
        return {"binary_classification": "roc_auc", "regression": "rmse"}.get(self._kind, "accuracy")

    def drop(self, after: Answers) -> Drop:
        """How much worse the answers after the disturbance are."""
        value, drawn = self._measured(after)
        if value is None or self.before is None:
            return Drop(value, Estimate(None, None, None, len(self.truth)))
        sign = -1.0 if self.metric == "rmse" else 1.0
        lost = sign * (self.before - value)
        return Drop(value, Estimate(lost, *bounds(lost, sign * (self._drawn - drawn)), len(self.truth)))

    def _measured(self, answers: Answers) -> tuple[float | None, Floats]:
        n = len(self.truth)
        if self.metric == "roc_auc":
            positive = self.truth == 1
            return auc(positive, answers.score), auc_drawn(positive, answers.score, self._weights)
        if self.metric == "rmse":
            squares = (answers.score - self.truth) ** 2
            return float(np.sqrt(squares.mean())), np.sqrt(squares.astype(np.float32) @ self._weights / n)
        assert answers.decided is not None
        right = np.asarray(answers.decided == self.truth)
        return float(right.mean()), right.astype(np.float32) @ self._weights / n


def auc(positive: Bools, score: Floats) -> float | None:
    """Area under the ROC curve, ties count half; None with one class."""
    m, n = int(positive.sum()), int((~positive).sum())
    if m == 0 or n == 0:
        return None
    return float((midranks(score)[positive].sum() - m * (m + 1) / 2) / (m * n))


def auc_drawn(
    positive: Bools, score: Floats, weights: "np.ndarray[tuple[int, int], np.dtype[np.float32]]"
) -> Floats:
    """AUC of each resample. `weights`, shape (n, draws), say how often each row was drawn."""
    others: Ints = np.flatnonzero(~positive)
    others = others[np.argsort(score[others], kind="stable")]
    below = np.zeros((len(others) + 1, weights.shape[1]), dtype=np.float32)
    np.cumsum(weights[others], axis=0, out=below[1:])
    low = np.searchsorted(score[others], score[positive], side="left")
    high = np.searchsorted(score[others], score[positive], side="right")
    chosen = weights[positive]
    won = np.einsum("ij,ij->j", chosen, below[low], dtype=np.float64)
    won += np.einsum("ij,ij->j", chosen, below[high], dtype=np.float64)
    pairs = chosen.sum(axis=0, dtype=np.float64) * below[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(won / 2 / pairs, dtype=np.float64)
