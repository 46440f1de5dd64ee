"""Fairness of regressions and of several classes; and intervals that hold the truth as often as they say."""

import numpy as np
import pytest
from fairlearn import metrics as oracle
from scipy import stats
from sklearn.metrics import mean_absolute_error, mean_squared_error

from evaluations.metrics.fairness import GroupCells, Settings, multiclass, of_counts, regression
from evaluations.metrics.fairness.multiclass import one_against_rest
from evaluations.metrics.multiclass import Multiclass
from evaluations.metrics.values import CannotMeasure


def numbers(n: int = 900) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, prediction and sex: men are predicted too high."""
    generator = np.random.default_rng(9)
    sex = generator.choice(np.array(["f", "m"], dtype=object), n)
    actual = generator.normal(size=n)
    return actual, actual + generator.normal(size=n) + 0.5 * (sex == "m"), sex


def test_losses_by_group_are_those_of_fairlearn() -> None:
    actual, predicted, sex = numbers()
    found = regression.fairness(actual, predicted, {"sex": sex})
    frame = oracle.MetricFrame(
        metrics={
            "mae": mean_absolute_error,
            "mse": mean_squared_error,
            "mean_prediction": oracle.mean_prediction,
        },
        y_true=actual,
        y_pred=predicted,
        sensitive_features=sex,
    )
    for group in found.groups:
        for name in ("mae", "mse", "mean_prediction"):
            assert group.metrics[name].value == pytest.approx(
                frame.by_group.loc[group.by["sex"], name], abs=1e-12
            )
    assert found.overall["largest_group_loss"].value == pytest.approx(frame.by_group["mse"].max(), abs=1e-12)
    gap = frame.difference(method="between_groups")["mean_prediction"]
    assert found.overall["mean_prediction_difference"].value == pytest.approx(gap, abs=1e-12)
    residual = predicted - actual
    expected = residual[sex == "m"].mean() - residual[sex == "f"].mean()
    assert found.overall["mean_residual_difference"].value == pytest.approx(expected, abs=1e-12)


def test_a_regressions_intervals_and_distance_are_scipys() -> None:
    actual, predicted, sex = numbers()
    found = regression.fairness(actual, predicted, {"sex": sex}, Settings(references={"sex": "f"}))
    men = next(group for group in found.groups if group.by["sex"] == "m").metrics["mean_prediction"]
    mine = predicted[sex == "m"]
    assert (men.low, men.high) == pytest.approx(
        stats.norm.interval(0.95, mine.mean(), stats.sem(mine)), abs=1e-9
    )
    expected = stats.ks_2samp(mine, predicted[sex == "f"]).statistic
    assert found.overall["score_distribution_difference"].value == pytest.approx(expected, abs=1e-12)
    assert "sex: f (stated by the data set)" in found.conventions["reference"]


def test_a_regression_of_one_group_is_refused() -> None:
    actual, predicted, _ = numbers(50)
    with pytest.raises(CannotMeasure, match="no groups to compare"):
        regression.fairness(actual, predicted, {"sex": np.full(50, "f", dtype=object)})


def classes(n: int = 1200) -> tuple[Multiclass, np.ndarray]:
    """Three classes; women are often taken for the first."""
    generator = np.random.default_rng(4)
    sex = generator.choice(np.array(["f", "m"], dtype=object), n)
    actual = generator.integers(0, 3, n)
    predicted = np.where((generator.random(n) < 0.2) & (sex == "f"), 0, actual)
    return Multiclass(["x", "y", "z"], actual, predicted), sex


def test_each_class_is_measured_as_fairlearn_measures_it_against_the_rest() -> None:
    data, sex = classes()
    found = multiclass.fairness(data, {"sex": sex})
    gaps, hits = [], []
    for place in range(3):
        given = {"y_true": data.actual == place, "y_pred": data.predicted == place, "sensitive_features": sex}
        gaps.append(oracle.demographic_parity_difference(**given))
        hits.append(oracle.equal_opportunity_difference(**given))
    assert found.overall["class_selection_difference"].value == pytest.approx(max(gaps), abs=1e-12)
    assert found.overall["macro_selection_difference"].value == pytest.approx(np.mean(gaps), abs=1e-12)
    assert found.overall["macro_true_positive_difference"].value == pytest.approx(np.mean(hits), abs=1e-12)
    assert [row[1] for row in found.tables[0].rows] == ["x", "y", "z"]
    assert found.overall["accuracy"].value == np.mean(data.actual == data.predicted)


def test_one_against_the_rest_counts_every_row_once() -> None:
    table = np.arange(18).reshape(2, 3, 3)
    found = one_against_rest(table, 1)
    assert found.sum(axis=(1, 2)).tolist() == table.sum(axis=(1, 2)).tolist()
    assert found[0].tolist() == [[0 + 2 + 6 + 8, 1 + 7], [3 + 5, 4]]


def test_too_many_classes_are_refused() -> None:
    places = np.arange(51)
    data = Multiclass([f"c{n}" for n in places], places, places)
    with pytest.raises(CannotMeasure, match="51 classes; fairness is measured for at most 50"):
        multiclass.fairness(data, {"sex": np.array(["f", "m", "f"] * 17, dtype=object)})


FIGURES = (
    "selection_rate_ratio",
    "selection_rate_difference",
    "false_positive_rate_difference",
    "equalized_odds_difference",
    "equalized_odds_ratio",
    "generalized_entropy_index",
    "theil_index",
)
CHANCES = np.array([[[0.18, 0.07], [0.05, 0.2]], [[0.2, 0.04], [0.11, 0.15]]])
"""Group × label × prediction: the gaps are clear, so that chance does not choose the pair that is compared."""


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rounds, n = 1200, 4000
    generator = np.random.default_rng(12)

    def measured(counts: np.ndarray) -> dict[str, tuple[float | None, float | None, float | None]]:
        cells = GroupCells(("g",), (("a",), ("b",)), ("0", "1"), counts)
        found = of_counts(cells, Settings(seed=3)).overall
        return {name: (found[name].value, found[name].low, found[name].high) for name in FIGURES}

    truth = measured(np.round(CHANCES * 1e9).astype(np.int64))
    held = dict.fromkeys(FIGURES, 0)
    for _ in range(rounds):
        found = measured(generator.multinomial(n, CHANCES.reshape(-1)).reshape(2, 2, 2))
        for name in FIGURES:
            exact, (_, low, high) = truth[name][0], found[name]
            assert exact is not None and low is not None and high is not None
            held[name] += low <= exact <= high
    for name, count in held.items():
        assert abs(count / rounds - 0.95) <= 0.015, (name, count / rounds)
