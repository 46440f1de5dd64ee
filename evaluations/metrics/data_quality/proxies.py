"""Which columns stand for a sensitive one, each alone and all together."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.data_quality.strength import (
    FOLDS,
    Target,
    auc,
    correlation_ratio,
    cramers_v,
    discretised,
    folds_of,
    is_number,
    mean_of,
    strength,
)
from evaluations.metrics.groups import coded
from evaluations.metrics.values import CannotMeasure, Estimate, Floats, Ints

FEWEST_ROWS = 30
FEWEST_OF_GROUP = 10
MOST_CLASSES = 20
CONVENTION = (
    "A boosted tree model (scikit-learn, 40 rounds) learns the sensitive column from all other columns but label, "
    f"predictions and sensitive ones, on four fifths of the rows, and is tried on the rest ({FOLDS} folds). AUC with "
    "DeLong 95% interval; of several groups, the mean of each against the rest. Groups under "
    f"{FEWEST_OF_GROUP} rows are left aside."
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """How well one column tells a sensitive one."""

    of: str
    feature: str
    auc: Estimate
    association: float | None
    measure: str


@dataclass
class Found:
    """The columns one by one, all together, and what could not be done."""

    columns: list[Proxy] = field(default_factory=list)
    together: Estimate | None = None
    notes: list[str] = field(default_factory=list)


def proxies_of(rows: pd.DataFrame, name: str, features: list[str], seed: int) -> Found:
    """How well the features tell the sensitive column `name`."""
    found = Found()
    try:
        groups = coded(name, rows[name])
    except CannotMeasure as refusal:
        found.notes.append(f"Proxies of {name} were not sought: {refusal}")
        return found
    counts = np.bincount(groups.codes, minlength=len(groups.levels))
    large = np.flatnonzero(counts >= FEWEST_OF_GROUP)
    kept = np.isin(groups.codes, large)
    left = int((~kept).sum())
    if left:
        found.notes.append(
            f"Of {name}, {left:,} rows in groups under {FEWEST_OF_GROUP} rows were left aside."
        )
    if len(large) < 2 or int(kept.sum()) < FEWEST_ROWS or len(large) > MOST_CLASSES:
        found.notes.append(
            f"Proxies of {name} were not sought: it has too few groups or rows, or too many groups."
        )
        return found
    classes = np.searchsorted(large, groups.codes[kept]).astype(np.int64)
    table, fold = rows[kept].reset_index(drop=True), folds_of(int(kept.sum()), seed)
    codes = {feature: discretised(table[feature]) for feature in features}
    for feature in features:
        value, measure = _association(table[feature], codes[feature], classes)
        told = strength(table[feature], codes[feature], Target(classes=classes), fold)
        if told.value is not None:
            found.columns.append(Proxy(name, feature, told, value, measure))
    found.together = _together(np.column_stack(list(codes.values())), classes, fold, seed)
    return found


def _association(column: "pd.Series[Any]", codes: Ints, classes: Ints) -> tuple[float | None, str]:
    if is_number(column):
        values: Floats = column.to_numpy(dtype=np.float64, na_value=np.nan)
        there = np.isfinite(values)
        return correlation_ratio(classes[there], values[there]), "correlation ratio"
    return cramers_v(codes, classes), "Cramér's V"


def _together(features: Ints, classes: Ints, fold: Ints, seed: int) -> Estimate:
    """Cross-validated AUC of a small model of all features, shape (n, columns)."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    width = int(classes.max()) + 1
    chances = np.zeros((len(classes), width))
    for held in range(FOLDS):
        out = fold == held
        learner = HistGradientBoostingClassifier(
            max_iter=40, max_leaf_nodes=15, early_stopping=False, random_state=seed % 2**32
        )
        present = np.unique(classes[~out])
        if len(present) < 2:
            return Estimate(None, None, None, len(classes))
        learner.fit(features[~out], classes[~out])
        chances[np.ix_(out, present)] = learner.predict_proba(features[out])
    asked = [1] if width == 2 else range(width)
    return mean_of([auc(classes == place, chances[:, place]) for place in asked], len(classes))
