"""Measures that the cards quote. What is judged is measured again by the product's own engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_numeric_dtype
from scipy.stats import rankdata
from sklearn.metrics import balanced_accuracy_score, mean_absolute_error, r2_score
from sklearn.pipeline import Pipeline

from governance.demo.training.frames import SEED

SMALLEST_GROUP = 30  # below this a group's rate says more about chance than about the model
RESAMPLES = 200
AGE_EDGES = (0, 25, 35, 45, 55, 65, 200)
AGE_NAMES = ("under 25", "25-34", "35-44", "45-54", "55-64", "65 and over")

Array = npt.NDArray[np.generic]


def groups_of(values: pd.Series) -> pd.Series:
    """Words as they are; numbers, which are ages here, in bands closed on the left: 25 belongs to 25-34."""
    if not is_numeric_dtype(values):
        return values
    return pd.cut(values, list(AGE_EDGES), right=False, labels=list(AGE_NAMES)).astype(str)


def auc(actual: Array, score: Array) -> float:
    """Area under the ROC curve as the Mann-Whitney statistic, ties counted half; fast enough to resample."""
    positives = int(actual.sum())
    ranks = float(rankdata(score)[actual.astype(bool)].sum())
    return (ranks - positives * (positives + 1) / 2) / (positives * (len(actual) - positives))


def bounds(score: Callable[[Array, Array], float], truth: Array, guess: Array) -> tuple[float, float]:
    """95% percentile bootstrap over rows; resamples that hold a single class are left out."""
    chance = np.random.default_rng(SEED)
    picks = (chance.integers(0, len(truth), len(truth)) for _ in range(RESAMPLES))
    values = [score(truth[pick], guess[pick]) for pick in picks if len(np.unique(truth[pick])) > 1]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def selection_rates(selected: Array, groups: pd.Series) -> pd.Series:
    """Share selected in each group of at least 30 rows."""
    table = pd.DataFrame({"selected": selected, "group": groups.to_numpy()}).groupby("group")["selected"]
    return table.mean()[table.size() >= SMALLEST_GROUP]


def binary(
    truth: pd.Series, prediction: Array, score: Array, *, positive: str | int, sensitive: pd.DataFrame
) -> dict[str, float]:
    """AUC with bounds, rates, and lowest group rate over highest for each sensitive column."""
    actual = (truth == positive).to_numpy()
    selected = np.asarray(prediction == positive)
    low, high = bounds(auc, actual, score)
    found = {
        "n_test": float(len(actual)),
        "roc_auc": auc(actual, score),
        "roc_auc_low": low,
        "roc_auc_high": high,
        "accuracy": float((selected == actual).mean()),
        "sensitivity": float(selected[actual].mean()),
        "specificity": float(1 - selected[~actual].mean()),
        "selection_rate": float(selected.mean()),
        "missed": float((actual & ~selected).sum()),
        "base_rate": float(actual.mean()),
    }
    for name in sensitive.columns:
        rates = selection_rates(selected, groups_of(sensitive[name]))
        found[f"ratio_{name}"] = float(rates.min() / rates.max())
        found[f"rate_lowest_{name}"], found[f"rate_highest_{name}"] = float(rates.min()), float(rates.max())
    if len(sensitive.columns):
        found["selection_rate_ratio"] = min(found[f"ratio_{name}"] for name in sensitive.columns)
    return found


def binary_pipeline(
    model: Pipeline,
    test: pd.DataFrame,
    *,
    features: list[str],
    label: str,
    positive: str | int,
    sensitive: tuple[str, ...] = (),
) -> dict[str, float]:
    """`binary` for a fitted pipeline on the held-out rows."""
    column = list(model.classes_).index(positive)
    return binary(
        test[label],
        model.predict(test[features]),
        model.predict_proba(test[features])[:, column],
        positive=positive,
        sensitive=test[list(sensitive)],
    )


def multiclass(truth: pd.Series, prediction: Array) -> dict[str, float]:
    """Balanced accuracy with bounds, accuracy, and how many rows went to a wrong class."""
    actual = truth.to_numpy()
    low, high = bounds(balanced_accuracy_score, actual, prediction)
    return {
        "n_test": float(len(actual)),
        "balanced_accuracy": float(balanced_accuracy_score(actual, prediction)),
        "balanced_accuracy_low": low,
        "balanced_accuracy_high": high,
        "accuracy": float((actual == prediction).mean()),
        "wrong": float((actual != prediction).sum()),
    }


def regression(truth: pd.Series, prediction: Array) -> dict[str, float]:
    """R² with bounds, mean absolute error, and the spread of the truth in the label's unit."""
    actual = truth.to_numpy()
    low, high = bounds(r2_score, actual, prediction)
    return {
        "n_test": float(len(actual)),
        "r2": float(r2_score(actual, prediction)),
        "r2_low": low,
        "r2_high": high,
        "mae": float(mean_absolute_error(actual, prediction)),
        "truth_sd": float(actual.std()),
    }
