"""On any data our values are scikit-learn's."""

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from evaluations.metrics import binary, multiclass, regression
from evaluations.metrics.binary_words import RANGES
from evaluations.metrics.values import Measured

COARSE = st.integers(0, 20).map(lambda value: value / 20)  # many ties, and probabilities of exactly 0 and 1
ROWS = st.lists(st.tuples(st.booleans(), COARSE, st.booleans()), min_size=2, max_size=60)


def is_close(found: Measured, name: str, expected: float) -> None:
    value = found.overall[name].value
    assert value is not None, name
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-12), name


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_binary_metrics(rows: list[tuple[bool, float, bool]]) -> None:
    actual, score, predicted = (np.array(column) for column in zip(*rows, strict=True))
    found = binary.performance(binary.Binary(actual, predicted, score, probability=True), {}, seed=3)
    is_close(found, "accuracy", oracle.accuracy_score(actual, predicted))
    is_close(found, "brier", oracle.brier_score_loss(actual, score, labels=[False, True], pos_label=True))
    is_close(found, "log_loss", oracle.log_loss(actual, score, labels=[False, True]))
    is_close(found, "selection_rate", predicted.mean())
    if predicted.any():
        is_close(found, "precision", oracle.precision_score(actual, predicted, zero_division=0))
    else:
        assert found.overall["precision"].value is None
    if actual.any():
        is_close(found, "recall", oracle.recall_score(actual, predicted))
    if not actual.any() or actual.all():
        assert found.overall["roc_auc"].value is None
        assert found.overall["balanced_accuracy"].value is None
        assert "roc" not in found.curves
        return
    is_close(found, "roc_auc", oracle.roc_auc_score(actual, score))
    is_close(found, "average_precision", oracle.average_precision_score(actual, score))
    is_close(found, "balanced_accuracy", oracle.balanced_accuracy_score(actual, predicted))
    is_close(found, "f1", oracle.f1_score(actual, predicted))
    false_rate, true_rate, _ = oracle.roc_curve(actual, score)
    is_close(found, "ks", float(np.max(true_rate - false_rate)))


@settings(max_examples=20, deadline=None)
@given(ROWS)
def test_an_interval_holds_its_value_and_stays_in_the_metrics_range(
    rows: list[tuple[bool, float, bool]],
) -> None:
    actual, score, predicted = (np.array(column) for column in zip(*rows, strict=True))
    found = binary.performance(binary.Binary(actual, predicted, score, probability=True), {}, seed=3)
    for name, estimate in found.overall.items():
        if estimate.low is not None and estimate.high is not None:
            assert estimate.value is not None
            least, most = RANGES.get(name, (-np.inf, np.inf))
            assert least <= estimate.low <= estimate.value <= estimate.high <= most, name


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60), st.randoms())
def test_multiclass_metrics(rows: list[tuple[int, int]], random: Any) -> None:
    actual, predicted = (np.array(column) for column in zip(*rows, strict=True))
    chances = np.array([[random.random() + 0.01 for _ in range(4)] for _ in rows])
    chances /= chances.sum(axis=1, keepdims=True)
    found = multiclass.performance(
        multiclass.Multiclass(list("abcd"), actual, predicted, chances), {}, seed=3
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of classes that are only predicted
        is_close(found, "accuracy", oracle.accuracy_score(actual, predicted))
        is_close(found, "balanced_accuracy", oracle.balanced_accuracy_score(actual, predicted))
        is_close(found, "macro_f1", oracle.f1_score(actual, predicted, average="macro"))
        is_close(found, "log_loss", oracle.log_loss(actual, chances, labels=[0, 1, 2, 3]))
    counts = oracle.confusion_matrix(actual, predicted, labels=[0, 1, 2, 3])
    assert found.curves["confusion"]["counts"].tolist() == counts.tolist()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=2, max_size=60))
def test_regression_metrics(rows: list[tuple[int, int]]) -> None:
    actual, predicted = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = regression.performance(actual, predicted, {}, seed=3)
    is_close(found, "mae", oracle.mean_absolute_error(actual, predicted))
    is_close(found, "rmse", oracle.root_mean_squared_error(actual, predicted))
    if len(set(actual)) > 1:
        is_close(found, "r2", oracle.r2_score(actual, predicted))
    else:
        assert found.overall["r2"].value is None
