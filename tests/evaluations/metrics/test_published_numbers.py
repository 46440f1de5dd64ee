"""Our numbers are those that the sources print."""

import numpy as np
import pytest

from evaluations.metrics.binary import Binary, calibration_error, performance, probability_bins, rates
from evaluations.metrics.curves import Ranking
from evaluations.metrics.fairness import Counts, counts_by_group, fairness, rates_by_group, ratio, widest
from evaluations.metrics.values import Bools
from tests.evaluations.oracles import CASES


def rows(tn: int, fp: int, fn: int, tp: int) -> Binary:
    """So many rows of each cell."""
    actual = np.repeat([False, False, True, True], [tn, fp, fn, tp])
    return Binary(actual, np.repeat([False, True, False, True], [tn, fp, fn, tp]))


@pytest.mark.parametrize("group", ["all", "african_american", "caucasian"])
def test_compas_error_rates_are_those_of_propublica(group: str) -> None:
    case = CASES["compas_two_year"]
    given, expected = case["inputs"]["groups"][group], case["expected"][group]
    data = rows(**given)
    everybody: Bools = np.ones(len(data.actual), dtype=np.bool_)
    by_group = rates_by_group(data, {(group,): everybody})[group,]
    measured = rates(data)
    assert len(data.actual) == expected["n"]
    assert by_group["false_positive_rate"] * 100 == pytest.approx(expected["fpr_percent"], abs=0.006)
    assert 100 - by_group["true_positive_rate"] * 100 == pytest.approx(expected["fnr_percent"], abs=0.006)
    assert measured["recall"].value == pytest.approx(expected["sensitivity"], abs=0.006)
    assert measured["precision"].value == pytest.approx(expected["ppv"], abs=0.006)


def test_impact_ratios_are_those_of_new_york_citys_rule() -> None:
    case = CASES["ll144_selection_race"]
    table = {row["category"]: Counts(row["selected"], row["applicants"]) for row in case["inputs"]}
    highest = max(table.values(), key=lambda counts: counts.hits / counts.n)
    assert highest == table["White"]
    for row in case["expected"]:
        found = ratio(table[row["category"]], highest)
        assert found.value == pytest.approx(row["impact_ratio"], abs=case["tolerance"]["impact_ratio"])


def test_adverse_impact_of_the_uniform_guidelines_example() -> None:
    case = CASES["ugesp_80_40"]
    given = case["inputs"]
    found = ratio(
        Counts(given["black"]["hired"], given["black"]["applicants"]),
        Counts(given["white"]["hired"], given["white"]["applicants"]),
    )
    assert found.value == case["expected"]["impact_ratio"]
    assert case["expected"]["p_two_sided"] < 0.05
    assert found.high is not None and found.high < 1  # chance alone does not explain it


def test_exactly_four_fifths_is_not_under_four_fifths() -> None:
    assert (12 / 20) / (15 / 20) < 0.8  # what floating point makes of it
    assert ratio(Counts(12, 20), Counts(15, 20)).value == 0.8


def test_the_user_guide_of_fairlearn() -> None:
    case = CASES["fairlearn_user_guide"]
    given, expected = case["inputs"], case["expected"]
    data = Binary(np.array(given["y_true"], dtype=bool), np.array(given["y_pred"], dtype=bool))
    column = np.array(given["group"], dtype=object)
    groups: dict[tuple[str, ...], Bools] = {(name,): column == name for name in "abc"}
    found = rates_by_group(data, groups)
    for name, numbers in expected["by_group"].items():
        assert found[name,]["true_positive_rate"] == pytest.approx(numbers["tpr"], abs=1e-6)
        assert found[name,]["false_positive_rate"] == pytest.approx(numbers["fpr"], abs=1e-6)
        assert found[name,]["selection_rate"] == pytest.approx(numbers["sel"], abs=1e-6)
    overall = fairness(data, {"group": column}, min_n=1).overall
    assert overall["selection_rate_ratio"].value == pytest.approx(expected["demographic_parity_ratio"])
    assert overall["selection_rate_difference"].value == pytest.approx(
        expected["demographic_parity_difference"]
    )
    assert overall["equalized_odds_difference"].value == pytest.approx(expected["equalized_odds_difference"])
    assert widest(counts_by_group(data, groups), "true_positive_rate", 1).value == pytest.approx(
        expected["difference_between_groups"]["tpr"]
    )


def test_the_brier_score_of_scikit_learns_example() -> None:
    case = CASES["sklearn_brier"]
    actual, score = np.array(case["inputs"]["y_true"], dtype=bool), np.array(case["inputs"]["y_prob"])
    found = performance(Binary(actual, score >= 0.5, score, probability=True), {}, seed=1)
    assert found.overall["brier"].value == pytest.approx(case["expected"]["brier"], abs=1e-12)


def test_calibration_error_weights_bins_by_their_count() -> None:
    case = CASES["ece_from_sklearn"]
    actual, score = np.array(case["inputs"]["y_true"], dtype=float), np.array(case["inputs"]["y_prob"])
    place = probability_bins(score, case["inputs"]["n_bins"])
    assert np.bincount(place).tolist() == case["inputs"]["bin_counts"]
    found = calibration_error(place, actual, score, np.ones(len(score)))
    assert found == pytest.approx(case["expected"]["ece"], abs=1e-12)


def test_the_roc_curve_of_scikit_learns_example() -> None:
    case = CASES["sklearn_roc_auc_ks"]
    expected = case["expected"]
    actual, score = np.array(case["inputs"]["y_true"], dtype=bool), np.array(case["inputs"]["score"])
    found = performance(Binary(actual, score >= 0.5, score, probability=True), {}, seed=1)
    assert found.overall["roc_auc"].value == expected["auc"]
    assert found.overall["gini"].value == expected["gini"]
    assert found.overall["ks"].value == expected["ks"]
    assert found.overall["average_precision"].value == pytest.approx(expected["average_precision"], abs=1e-8)
    assert found.curves["roc"]["points"].tolist() == [
        list(point) for point in zip(expected["fpr"], expected["tpr"], strict=True)
    ]
    assert Ranking(actual, score).thresholds.tolist() == expected["thresholds"][1:]
