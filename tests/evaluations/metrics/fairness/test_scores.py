"""What scores add: scoring ratios, calibration and spread by group, and what other thresholds would do."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import accuracy_score
from sklearn.neighbors import NearestNeighbors

from evaluations.metrics.binary import Binary
from evaluations.metrics.fairness import GroupCells, Settings, fairness
from evaluations.metrics.fairness.consistency import as_points, consistency
from evaluations.metrics.fairness.inequality import generalized_entropy, theil
from evaluations.metrics.fairness.optimizer import halves, optimized
from evaluations.metrics.fairness.scores import ks_distance, ks_p
from evaluations.metrics.fairness.what_if import counts_at, parity, thresholds_of
from evaluations.metrics.groups import coded
from evaluations.metrics.values import Measured, Table
from tests.evaluations.metrics.fairness.people import PEOPLE, Person, columns_of

N = 3000


def scored() -> tuple[Binary, dict[str, np.ndarray]]:
    """People of two sexes and three towns; men score higher."""
    generator = np.random.default_rng(6)
    sensitive = {
        "sex": generator.choice(np.array(["f", "m"], dtype=object), N),
        "town": generator.choice(np.array(["x", "y", "z"], dtype=object), N, p=[0.6, 0.395, 0.005]),
    }
    score = np.clip(generator.beta(2, 3, N) + 0.15 * (sensitive["sex"] == "m"), 0, 1).round(3)
    return Binary(
        generator.random(N) < score, score >= 0.5, score, probability=True, threshold=0.5
    ), sensitive


def table_of(found: Measured, name: str) -> Table:
    return next(table for table in found.tables if table.id == name)


def test_scoring_ratios_split_at_the_median_of_all() -> None:
    data, sensitive = scored()
    assert data.score is not None
    above = data.score > np.median(data.score)
    rates = {sex: above[sensitive["sex"] == sex].mean() for sex in "fm"}
    found = fairness(data, {"sex": sensitive["sex"]})
    assert found.overall["score_impact_ratio"].value == pytest.approx(rates["f"] / rates["m"], abs=1e-12)
    rows = {row[1]: row for row in table_of(found, "scoring_ratios").rows}
    assert rows["f"][5] == pytest.approx(rates["f"] / rates["m"]) and rows["m"][5] == 1.0


def test_calibration_by_group_is_the_mean_of_the_rows() -> None:
    data, sensitive = scored()
    assert data.score is not None
    found = fairness(data, sensitive)
    rows = {row[1]: row for row in table_of(found, "calibration_by_group").rows}
    men = sensitive["sex"] == "m"
    error = data.score[men] - data.actual[men]
    assert rows["m"][3:6] == pytest.approx([data.score[men].mean(), data.actual[men].mean(), error.mean()])
    assert rows["m"][6] == pytest.approx(stats.norm.interval(0.95, error.mean(), stats.sem(error)), abs=1e-9)
    assert rows["z"][8] == "too few rows"
    largest = max(abs(rows[name][5]) for name in "fmxy")
    assert found.overall["group_calibration_gap"].value == pytest.approx(largest)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=40), st.lists(st.integers(0, 5), min_size=1, max_size=40)
)
def test_the_distance_of_distributions_is_scipys(one: list[int], other: list[int]) -> None:
    counts = [np.bincount(values, minlength=6) for values in (one, other)]
    expected = stats.ks_2samp(one, other, method="asymp")
    assert ks_distance(counts[0], counts[1]) == pytest.approx(expected.statistic, abs=1e-12)


def test_the_p_of_the_distance_is_near_scipys() -> None:
    generator = np.random.default_rng(3)
    one, other = generator.normal(size=4000), generator.normal(0.05, 1, 3000)
    expected = stats.ks_2samp(one, other, method="exact")
    assert ks_p(float(expected.statistic), 4000, 3000) == pytest.approx(expected.pvalue, rel=0.05)


@settings(max_examples=60, deadline=None)
@given(PEOPLE)
def test_inequality_is_that_of_the_benefits_of_the_rows(people: list[Person]) -> None:
    data, _ = columns_of(people)
    benefit = data.predicted.astype(float) - data.actual + 1
    table = np.zeros((2, 2))
    np.add.at(table, (data.actual.astype(int), data.predicted.astype(int)), 1)
    if benefit.mean() == 0:
        assert np.isnan(generalized_entropy(table)) and np.isnan(theil(table))
        return
    share = benefit / benefit.mean()
    logs = np.where(share > 0, share * np.log(np.where(share > 0, share, 1)), 0)
    assert generalized_entropy(table) == pytest.approx(np.mean(share**2 - 1) / 2, abs=1e-12)
    assert theil(table) == pytest.approx(logs.mean(), abs=1e-12)


def test_every_threshold_is_counted_as_if_the_model_decided_there() -> None:
    data, sensitive = scored()
    assert data.score is not None
    coding, grid = coded("sex", sensitive["sex"]), thresholds_of(data.score, 0.5)
    assert 0.5 in grid and len(grid) <= 101
    counts = counts_at(coding, data.actual, data.score, grid)
    for place in range(0, len(grid), 9):
        predicted = data.score >= grid[place]
        cells = GroupCells.from_codes({"sex": coding}, data.actual, predicted)
        assert counts[place].tolist() == cells.counts.tolist()
        said = parity(counts[place], np.array([True, True]))
        assert said["accuracy"] == accuracy_score(data.actual, predicted)


def test_what_ifs_are_marked_and_part_of_no_figure() -> None:
    data, sensitive = scored()
    found = fairness(data, sensitive)
    for name in ("what_if_thresholds", "what_if_by_group"):
        assert table_of(found, name).note.startswith("A what-if, not evidence")
    assert not [name for name in found.overall if "what" in name]
    rows = {(row[0], row[1]): row for row in table_of(found, "what_if_by_group").rows}
    assert rows["sex", "equal selection rates"][5] > 0.95 > rows["sex", "equal selection rates"][4]
    used = [row[1] for row in table_of(found, "what_if_thresholds").rows if row[0] == "sex"]
    assert used == ["in use", "most accurate", "most accurate with a ratio of at least 0.80"]


def test_the_optimizer_is_fitted_on_one_half_and_tested_on_the_other() -> None:
    data, sensitive = scored()
    fit, test = halves(N, 5)
    assert len(fit) + len(test) == N and not set(fit) & set(test)
    columns = {name: coded(name, values) for name, values in sensitive.items()}
    rows, table, notes = optimized(data, columns, Settings(seed=5))
    assert [(row["column"], row["goal"]) for row in rows][:2] == [
        ("sex", "equal selection rates"),
        ("sex", "equalised odds"),
    ]
    sex = rows[0]
    assert sex["n"] == len(test)
    assert sex["now"]["accuracy"] == accuracy_score(data.actual[test], data.predicted[test])
    assert sex["then"]["ratio"] > 0.85 > sex["now"]["ratio"]
    assert table.note.startswith("A what-if, not evidence") and notes == []
    assert optimized(data, columns, Settings(seed=5))[0] == rows


def test_no_optimizer_where_two_groups_with_both_labels_are_not_there() -> None:
    generator = np.random.default_rng(1)
    actual = np.ones(400, dtype=bool)
    data = Binary(actual, actual, generator.random(400), probability=True)
    columns = {"sex": coded("sex", generator.choice(np.array(["f", "m"], dtype=object), 400))}
    rows, table, notes = optimized(data, columns, Settings())
    assert rows == [] and table.rows == []
    assert notes == ["No ThresholdOptimizer for sex: fewer than two groups have enough rows of both labels."]


def test_constant_scores_give_no_error_and_no_ratio() -> None:
    _, sensitive = scored()
    actual = np.arange(N) % 3 == 0
    found = fairness(Binary(actual, np.zeros(N, dtype=bool), np.full(N, 0.3), True), sensitive)
    assert found.overall["selection_rate_ratio"].value is None
    assert found.overall["score_impact_ratio"].value is None
    assert found.overall["score_distribution_difference"].value == 0.0


def test_consistency_is_zemels_with_scikit_learns_neighbours() -> None:
    generator = np.random.default_rng(2)
    features = pd.DataFrame({"a": generator.normal(size=300), "b": generator.normal(size=300) * 50})
    predicted = 1.0 * np.asarray(features["a"] + generator.normal(size=300) > 0)
    points, left_out = as_points(features)
    found = NearestNeighbors(n_neighbors=6).fit(points).kneighbors(points, return_distance=False)[:, 1:]
    expected = 1 - np.abs(predicted - predicted[found].mean(axis=1)).mean()
    value, said = consistency(features, predicted, seed=1)
    assert value.value == pytest.approx(expected, abs=1e-12) and left_out == []
    assert "on 300 of 300 rows" in said
    assert value.low is not None and value.high is not None and value.low < expected < value.high


def test_consistency_says_what_it_samples_and_leaves_out() -> None:
    generator = np.random.default_rng(2)
    features = pd.DataFrame({"a": generator.choice(["x", "y"], 400), "name": [f"P{n}" for n in range(400)]})
    value, said = consistency(features, 1.0 * np.asarray(features["a"] == "x"), seed=1, max_rows=200)
    assert value.value == 1.0 and "on 200 of 400 rows" in said and "categories: name." in said
    assert consistency(features[["name"]], np.ones(400), seed=1)[0].value is None
