"""Calibration: parts that add up, lines that scikit-learn fits too, intervals that hold the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from evaluations.metrics.calibration import Forecasts, calibration, edges_of, reliability, several
from evaluations.metrics.intervals import delong
from evaluations.metrics.recalibration import recalibrated
from evaluations.metrics.statistics import Cells
from evaluations.metrics.values import Measured
from policy.metrics import OF_KIND

ROWS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 20).map(lambda part: part / 20)), min_size=1, max_size=60
)


def value(found: Measured, name: str) -> float:
    given_value = found.overall[name].value
    assert given_value is not None, name
    return given_value


@settings(max_examples=20, deadline=None)
@given(ROWS, st.sampled_from(["width", "rows"]))
def test_the_parts_of_the_brier_score_add_up(rows: list[tuple[bool, float]], by: str) -> None:
    actual, probability = (np.array(column) for column in zip(*rows, strict=True))
    found = calibration(Forecasts(actual, probability), {}, seed=1, by=by)
    parts = value(found, "brier_reliability") - value(found, "brier_resolution")
    parts += value(found, "brier_uncertainty") + value(found, "brier_within_bins")
    assert value(found, "brier") == pytest.approx(parts, abs=1e-12)
    assert value(found, "brier") == pytest.approx(((probability - actual) ** 2).mean(), abs=1e-12)
    assert value(found, "ece") <= value(found, "mce") + 1e-12


@settings(max_examples=20, deadline=None)
@given(ROWS)
def test_the_reliability_curve_is_scikit_learns(rows: list[tuple[bool, float]]) -> None:
    actual, probability = (np.array(column) for column in zip(*rows, strict=True))
    curve = reliability(Forecasts(actual, probability), edges_of(probability, 10, "width"))
    observed, predicted = calibration_curve(actual, probability, n_bins=10)
    assert [part["observed"] for part in curve] == pytest.approx(observed.tolist())
    assert [part["predicted"] for part in curve] == pytest.approx(predicted.tolist())


def test_with_one_probability_a_bin_nothing_is_hidden_within() -> None:
    generator = np.random.default_rng(1)
    probability = generator.choice([0.15, 0.45, 0.85], 300)
    found = calibration(Forecasts(generator.random(300) < probability, probability), {}, seed=1)
    assert value(found, "brier_within_bins") == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_line_is_that_of_scikit_learn(weighted: bool) -> None:
    generator = np.random.default_rng(2)
    probability = generator.beta(2, 3, 500)
    actual = generator.random(500) < probability**1.5
    weights = generator.gamma(2.0, size=500) if weighted else None
    odds = np.log(probability / (1 - probability))[:, None]
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000).fit(odds, actual, sample_weight=weights)
    line = recalibrated(actual, probability, weights)
    assert line.slope.value == pytest.approx(model.coef_[0, 0], rel=1e-5)
    assert line.intercept.value == pytest.approx(model.intercept_[0], rel=1e-5)
    assert line.slope.low is not None and line.slope.high is not None
    assert line.slope.low < model.coef_[0, 0] < line.slope.high


@pytest.mark.parametrize(
    ("actual", "probability"),
    [
        ([True] * 4, [0.1, 0.4, 0.5, 0.9]),
        ([True, False] * 2, [0.5] * 4),
        ([False, False, True, True], [0.1, 0.2, 0.8, 0.9]),
    ],
    ids=["one outcome", "one probability", "separated"],
)
def test_where_no_line_fits_best_none_is_given(actual: list[bool], probability: list[float]) -> None:
    line = recalibrated(np.array(actual), np.array(probability))
    assert line.slope.value is line.intercept.value is line.slope.low is None
    found = calibration(Forecasts(np.array(actual), np.array(probability)), {}, seed=1)
    assert [check.passed for check in found.checks] == [None, None]


def test_too_extreme_probabilities_are_called_so() -> None:
    generator = np.random.default_rng(3)
    truth = generator.beta(2, 2, 4000)
    odds = 2 * np.log(truth / (1 - truth))
    said = Forecasts(generator.random(4000) < truth, 1 / (1 + np.exp(-odds)))
    checks = {check.id: check for check in calibration(said, {}, seed=1).checks}
    assert checks["calibration_slope"].passed is False
    assert "too extreme" in checks["calibration_slope"].said
    assert checks["calibration_intercept"].passed is True


def test_groups_are_shown_however_small() -> None:
    generator = np.random.default_rng(4)
    probability = generator.random(200)
    actual = generator.random(200) < probability
    small = np.arange(200) < 5
    found = calibration(Forecasts(actual, probability), {"sex": {"f": small, "m": ~small}}, seed=1)
    assert [(group.n, group.too_few) for group in found.groups] == [(5, True), (195, False)]
    assert len(found.curves["reliability_by_group"]) == 2


def test_several_classes() -> None:
    generator = np.random.default_rng(5)
    chances = generator.dirichlet([1, 1, 1], 3000)
    actual = (chances.cumsum(axis=1) < generator.random((3000, 1))).sum(axis=1)
    good = several(("a", "b", "c"), actual, chances, {}, seed=1)
    assert value(good, "ece") < 0.03 and value(good, "classwise_ece") < 0.03
    sharp = chances**3 / (chances**3).sum(axis=1, keepdims=True)
    bad = several(("a", "b", "c"), actual, sharp, {}, seed=1)
    assert value(bad, "ece") > 0.1
    table = next(table for table in bad.tables if table.id == "classwise")
    assert [row[0] for row in table.rows] == ["a", "b", "c"]
    assert all(row[5] < 0.6 for row in table.rows)
    assert set(bad.overall) <= set(OF_KIND["calibration"]) & set(bad.conventions)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """1,200 samples of 400 rows each: AUC (DeLong), F1 (bootstrap of counts) and the slope (Wald)."""
    generator = np.random.default_rng(6)
    big = generator.beta(2, 2, 400_000)
    happened = generator.random(400_000) < big
    auc = delong(happened, big)[0] or 0.0
    hits = (happened & (big > 0.5)).sum()
    f1 = 2 * hits / (happened.sum() + (big > 0.5).sum())
    held = np.zeros(3)
    rounds = 1200
    for turn in range(rounds):
        p = generator.beta(2, 2, 400)
        y = generator.random(400) < p
        _, low, high = delong(y, p)
        slope = recalibrated(y, p).slope
        counted = Cells.count((["n", "p"], y * 1), (["n", "p"], (p > 0.5) * 1))
        tables = counted.resampled(seed=turn, draws=400)
        drawn = 2 * tables[:, 1, 1] / (2 * tables[:, 1, 1] + tables[:, 0, 1] + tables[:, 1, 0])
        from_f1, to_f1 = np.percentile(drawn, [2.5, 97.5])
        assert low is not None and high is not None and slope.low is not None and slope.high is not None
        held += [low <= auc <= high, slope.low <= 1 <= slope.high, from_f1 <= f1 <= to_f1]
    assert held / rounds == pytest.approx(0.95, abs=0.015)
