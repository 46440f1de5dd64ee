"""What is explained of a model: one number for each row, on a scale that is said.

Log-odds where the model gives them (they add up where probabilities do not), else the probability, the margin or
the decision itself; for a regression the predicted number.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.values import Floats, Ints

LOG_ODDS, PROBABILITY, MARGIN = "log-odds", "probability", "margin"
DECISION, LABEL_UNIT = "decisions (0 or 1)", "the label's unit"
SMALLEST_CHANCE = 1e-6
SAME_LOG_ODDS = 1e-6

Progress = Callable[[float], None]
Answers = Callable[[pd.DataFrame], Floats]
Decide = Callable[[pd.DataFrame], Ints]


@dataclass(frozen=True, slots=True)
class Target:
    """What is explained: a regression (neither is given), one class, or each row's predicted class.

    `labels` are the classes in the order of the model's probabilities; `decide` gives each row's class as its place
    among them, shape (n,).
    """

    positive: int | None = None
    predicted: Ints | None = None
    labels: tuple[str, ...] = ()
    decide: Decide | None = None

    @property
    def is_class(self) -> bool:
        """Whether a class is explained rather than a number."""
        return self.positive is not None or self.predicted is not None

    def part(self, picked: Ints) -> "Target":
        """The same for some of the rows."""
        return self if self.predicted is None else replace(self, predicted=self.predicted[picked])

    def one_class(self) -> "Target":
        """One class for all rows: of several, the one that is predicted most often."""
        if self.predicted is None:
            return self
        return replace(self, positive=int(np.bincount(self.predicted).argmax()), predicted=None)

    def words(self) -> str:
        """The explained output, for people."""
        if self.predicted is not None:
            return "each row's predicted class"
        if self.positive is None:
            return "the model's output"
        return f"class {self.labels[self.positive]}" if len(self.labels) > 2 else "the positive class"

    def of(self, found: Floats, *, by_class: bool) -> Floats:
        """The explained output's numbers; `by_class` says that the last axis holds the classes.

        Without that axis a binary model speaks of its second class, and the first one's numbers are the
        negatives.
        """
        if by_class and found.shape[-1] == 1:
            return np.asarray(found[..., 0])
        if by_class and self.predicted is not None:
            return np.asarray(found[np.arange(len(found)), ..., self.predicted])
        if by_class:
            return np.asarray(found[..., self.positive])
        if self.predicted is not None:
            raise ValueError("no values for each class")
        return -found if self.positive == 0 else found


@dataclass(frozen=True, slots=True)
class Output:
    """The explained number of each row, shape (n,), as a function of the rows; and its unit."""

    unit: str
    of: Answers


def output_of(model: Any, rows: pd.DataFrame, target: Target, *, unit: str | None = None) -> Output:
    """The output of one class (`target.positive`) or of a regression, in `unit` where it is given.

    `rows` decide what the scale can be: log-odds need probabilities that are never quite 0 or 1.
    """
    if not target.is_class:
        return Output(LABEL_UNIT, lambda given: _numbers(model.predict(given)).reshape(-1))
    if hasattr(model, "predict_proba") and unit != MARGIN:
        return _of_chances(model, rows, target, unit)
    if hasattr(model, "decision_function"):
        return Output(MARGIN, _margin(model, target))
    decide = target.decide
    if decide is None:
        raise TypeError("a classifier without probabilities, margins or decisions")
    return Output(DECISION, lambda given: _numbers(decide(given) == target.positive))


def _of_chances(model: Any, rows: pd.DataFrame, target: Target, unit: str | None) -> Output:
    def chance(given: pd.DataFrame) -> Floats:
        return _numbers(_numbers(model.predict_proba(given))[:, target.positive])

    known = _numbers(model.predict_proba(rows))
    if unit == PROBABILITY or known.shape[1] > 2:
        return Output(PROBABILITY, chance)
    found = known[:, target.positive]
    if hasattr(model, "decision_function"):
        margin = _margin(model, target)
        if is_log_odds(margin(rows), found):
            return Output(LOG_ODDS, margin)
    inside = bool(np.all((found > SMALLEST_CHANCE) & (found < 1 - SMALLEST_CHANCE)))
    if inside or unit == LOG_ODDS:
        return Output(LOG_ODDS, lambda given: log_odds(chance(given)))
    return Output(PROBABILITY, chance)


def _margin(model: Any, target: Target) -> Answers:
    def margin(given: pd.DataFrame) -> Floats:
        found = _numbers(model.decision_function(given))
        return target.of(found, by_class=found.ndim == 2)

    return margin


def is_log_odds(margin: Floats, chance: Floats) -> bool:
    """Whether a margin is the log of the odds of these probabilities, as far as they tell."""
    told = (chance > SMALLEST_CHANCE) & (chance < 1 - SMALLEST_CHANCE)
    return bool(told.any()) and bool(
        np.allclose(margin[told], log_odds(chance[told]), rtol=0, atol=SAME_LOG_ODDS)
    )


def log_odds(chance: Floats) -> Floats:
    """ln(p / (1 - p)), with p held a millionth away from 0 and 1."""
    held = np.clip(chance, SMALLEST_CHANCE, 1 - SMALLEST_CHANCE)
    return np.asarray(np.log(held / (1 - held)), dtype=np.float64)


def parts_of(model: Any) -> tuple[Any | None, Any]:
    """Preprocessing (None where there is none) and the estimator that decides; a fixed threshold changes
    no score."""
    steps: list[Any] = []
    while True:
        if type(model).__name__ in {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}:
            model = model.estimator_
        elif type(model).__name__ == "Pipeline" and hasattr(model, "steps"):
            if len(model.steps) > 1:
                steps.append(model[:-1])
            model = model.steps[-1][1]
        else:
            break
    if len(steps) > 1:
        return type(steps[0])([(f"part{place}", step) for place, step in enumerate(steps)]), model
    return (steps[0] if steps else None), model


def _numbers(found: Any) -> Floats:
    return np.asarray(found, dtype=np.float64)
