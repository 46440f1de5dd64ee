"""What fairlearn's ThresholdOptimizer would do: fitted on one half of the rows, tested on the other. A what-if.

Hardt, Price and Srebro (2016), Equality of Opportunity in Supervised Learning: thresholds by group, drawn by lot where
one threshold is not enough.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from fairlearn.postprocessing import ThresholdOptimizer
from sklearn.base import BaseEstimator, ClassifierMixin

from evaluations.metrics.binary import Binary
from evaluations.metrics.fairness.attributes import Settings
from evaluations.metrics.fairness.what_if import BY_GROUP, NOT_EVIDENCE, parity
from evaluations.metrics.groups import Coded
from evaluations.metrics.values import Bools, Column, Floats, Table

MOST_ROWS = 20_000
GOALS = {"demographic_parity": "equal selection rates", "equalized_odds": "equalised odds"}
FEWEST_OF_A_LABEL = 5


class Scores(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier whose answer is the score that it is given: the model's own."""

    def fit(self, X: Floats, y: Floats) -> "Scores":
        """Nothing is learned."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: Floats) -> Floats:
        """The scores, shape (n,)."""
        return np.asarray(X)[:, 0]


def optimized(
    data: Binary, columns: Mapping[str, Coded], settings: Settings
) -> tuple[list[dict[str, Any]], Table, list[str]]:
    """For each attribute and goal what would become of the tested half; for a chart, as a table, and notes."""
    if data.score is None:
        return [], _table([]), []
    rows, notes = [], []
    fitting, testing = halves(len(data.actual), settings.seed)
    if len(data.actual) > MOST_ROWS:
        notes.append(
            f"The what-if by ThresholdOptimizer rests on {MOST_ROWS:,} of {len(data.actual):,} rows, drawn "
            f"by the seed."
        )
    for column, coding in columns.items():
        there = _both_labels(coding, data.actual, fitting, testing, settings.min_n)
        if len(there) < 2:
            notes.append(
                f"No ThresholdOptimizer for {column}: fewer than two groups have enough rows of both labels."
            )
            continue
        inside = np.isin(coding.codes, there)
        fit, test = fitting[inside[fitting]], testing[inside[testing]]
        now = _parity(coding, data.actual[test], data.predicted[test], test, there)
        for goal, words in GOALS.items():
            then = _optimize(data, coding, fit, test, goal, settings.seed)
            after = _parity(coding, data.actual[test], then, test, there)
            rows.append({"column": column, "goal": words, "n": len(test), "now": now, "then": after})
    return rows, _table(rows), notes


def halves(n: int, seed: int) -> tuple[Any, Any]:
    """Places of the rows to fit on and of those to test on: disjoint, at most MOST_ROWS together."""
    drawn = np.random.default_rng(seed).permutation(n)[:MOST_ROWS]
    return np.sort(drawn[::2]), np.sort(drawn[1::2])


def _optimize(data: Binary, coding: Coded, fit: Any, test: Any, goal: str, seed: int) -> Bools:
    assert data.score is not None
    chooser = ThresholdOptimizer(
        estimator=Scores(),
        constraints=goal,
        objective="accuracy_score",
        prefit=True,
        predict_method="predict",
    )
    chooser.fit(data.score[fit, None], data.actual[fit].astype(int), sensitive_features=coding.codes[fit])
    found = chooser.predict(
        data.score[test, None], sensitive_features=coding.codes[test], random_state=seed % 2**32
    )
    return np.asarray(found, dtype=np.bool_)


def _both_labels(coding: Coded, actual: Bools, fitting: Any, testing: Any, min_n: int) -> list[int]:
    """Groups with enough rows, and some of both labels, in both halves."""
    there = []
    for group in range(len(coding.levels)):
        parts = [actual[half[coding.codes[half] == group]] for half in (fitting, testing)]
        if all(
            len(part) >= max(min_n, 1) and min(part.sum(), (~part).sum()) >= FEWEST_OF_A_LABEL
            for part in parts
        ):
            there.append(group)
    return there


def _parity(
    coding: Coded, actual: Bools, predicted: Bools, test: Any, there: Sequence[int]
) -> dict[str, float | None]:
    size = len(coding.levels)
    cells = (coding.codes[test] * 2 + actual) * 2 + predicted
    table = np.bincount(cells, minlength=size * 4).reshape(size, 2, 2)
    return parity(table, np.isin(np.arange(size), list(there)))


def _table(rows: Sequence[Mapping[str, Any]]) -> Table:
    names = ("accuracy", "ratio", "selection_gap", "true_positive_gap", "false_positive_gap")
    said = [
        [
            row["column"],
            row["goal"],
            row["n"],
            *(row[when][name] for name in names for when in ("now", "then")),
        ]
        for row in rows
    ]
    return Table(
        "what_if_optimizer",
        "What if: fairlearn's ThresholdOptimizer",
        f"{NOT_EVIDENCE} Fitted on one half of the rows, tested on the other, which the figures are of; it "
        f"keeps accuracy "
        f"as high as the goal allows and decides by lot between two thresholds where it must. {BY_GROUP}",
        (Column("Attribute"), Column("Goal"), Column("Tested rows", "count"), Column("Accuracy now", "share"),
         Column("then", "share"), Column("Ratio now", "number"), Column("then", "number"),
         Column("Gap in selection now", "number"), Column("then", "number"),
         Column("Gap in true positive rate now", "number"), Column("then", "number"),
         Column("Gap in false positive rate now", "number"), Column("then", "number")),
        said,
    )  # fmt: skip
