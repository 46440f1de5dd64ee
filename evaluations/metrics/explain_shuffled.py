"""Permutation importance: how much worse the predictions get when one column is shuffled. Breiman (2001), Machine
Learning 45, 5-32; as in scikit-learn, against any metric.

Each metric comes with the influence of each row on it, so that the interval of a drop is that of a mean.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluations.metrics.closed_form import Z
from evaluations.metrics.explain_output import Answers
from evaluations.metrics.intervals import midranks
from evaluations.metrics.values import Floats, Ints

Skill = Callable[[Floats], tuple[float, Floats]]
"""From the answers, shape (n,): the metric, and the influence of each row on it, shape (n,), of mean zero."""


@dataclass(frozen=True, slots=True)
class Drop:
    """What shuffling one column costs: the mean over the repeats, and its 95% interval over rows."""

    name: str
    value: float
    low: float
    high: float


def auc(actual: Floats) -> Skill:
    """AUC against a truth of 0 and 1, shape (n,); influences by DeLong et al. (1988)."""
    positive = actual == 1
    m, k = int(positive.sum()), int((~positive).sum())

    def skill(score: Floats) -> tuple[float, Floats]:
        ranks = midranks(score)
        value = float((ranks[positive].sum() - m * (m + 1) / 2) / (m * k))
        influence = np.empty(len(score))
        above = (ranks[positive] - midranks(score[positive])) / k
        below = 1 - (ranks[~positive] - midranks(score[~positive])) / m
        influence[positive] = (above - value) * len(score) / m
        influence[~positive] = (below - value) * len(score) / k
        return value, influence

    return skill


def balanced_accuracy(actual: Floats) -> Skill:
    """The mean recall of the classes that there are, against each row's class, shape (n,)."""
    classes, place = np.unique(actual, return_inverse=True)
    counts = np.bincount(place)

    def skill(predicted: Floats) -> tuple[float, Floats]:
        right = (predicted == actual).astype(np.float64)
        recalls = np.bincount(place, weights=right) / counts
        influence = (right - recalls[place]) * len(actual) / (len(classes) * counts[place])
        return float(recalls.mean()), influence

    return skill


def r2(actual: Floats) -> Skill:
    """The share of the label's variance that is explained."""
    around = (actual - actual.mean()) ** 2
    variance = float(around.mean())

    def skill(predicted: Floats) -> tuple[float, Floats]:
        errors = (actual - predicted) ** 2
        left = float(errors.mean()) / variance
        return 1 - left, np.asarray((left * around - errors) / variance)

    return skill


def drops(
    answers: Answers, rows: pd.DataFrame, skill: Skill, orders: Sequence[Ints]
) -> tuple[float, tuple[float, float], list[Drop]]:
    """The metric as it is with its 95% interval, and what shuffling each column by each of the orders costs."""
    value, influence = skill(answers(rows))
    half = Z * _error(influence)
    n, found = len(rows), []
    for name in rows.columns:
        moved = [rows.assign(**{name: rows[name].take(order).set_axis(rows.index)}) for order in orders]
        said = answers(pd.concat(moved, ignore_index=True))
        shuffled = [skill(said[place * n : (place + 1) * n]) for place in range(len(orders))]
        drop = value - float(np.mean([one for one, _ in shuffled]))
        spread = Z * _error(influence - np.mean([one for _, one in shuffled], axis=0))
        found.append(Drop(str(name), drop, drop - spread, drop + spread))
    return value, (value - half, value + half), found


def _error(influence: Floats) -> float:
    """The standard error of a metric whose rows have this influence."""
    return float(np.sqrt(np.sum(influence**2))) / len(influence)
