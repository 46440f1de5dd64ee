"""Our numbers are those that the sources print."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluations.metrics.binary import Binary, performance, rates
from evaluations.metrics.calibration import Forecasts, calibration
from evaluations.metrics.fairness import GroupCells, Settings, fairness, of_counts
from evaluations.metrics.fairness.rates import Counts, counts_of, hits_and_n, rates_of, ratio, widest
from evaluations.metrics.fairness.significance import fisher_exact, two_proportion_z
from evaluations.metrics.groups import coded
from evaluations.metrics.ranked import probability_bins
from evaluations.metrics.thresholds import Thresholds
from tests.evaluations.oracles import CASES

GERMAN_CREDIT = Path(__file__).parents[3] / "governance" / "demo" / "data" / "german_credit.csv"


def rows(tn: int, fp: int, fn: int, tp: int) -> Binary:
    """So many rows of each cell."""
    actual = np.repeat([False, False, True, True], [tn, fp, fn, tp])
    return Binary(actual, np.repeat([False, True, False, True], [tn, fp, fn, tp]))


@pytest.mark.parametrize("group", ["all", "african_american", "caucasian"])
def test_compas_error_rates_are_those_of_propublica(group: str) -> None:
    case = CASES["compas_two_year"]
    given, expected = case["inputs"]["groups"][group], case["expected"][group]
    data = rows(**given)
    table = np.array([[given["tn"], given["fp"]], [given["fn"], given["tp"]]])
    measured = rates(data)
    assert len(data.actual) == expected["n"]
    assert rates_of(table, "false_positive_rate") * 100 == pytest.approx(expected["fpr_percent"], abs=0.006)
    assert rates_of(table, "false_negative_rate") * 100 == pytest.approx(expected["fnr_percent"], abs=0.006)
    assert rates_of(table, "precision") == pytest.approx(expected["ppv"], abs=0.006)
    assert 1 - rates_of(table, "false_omission_rate") == pytest.approx(expected["npv"], abs=0.006)
    assert rates_of(table, "base_rate") == pytest.approx(expected["prevalence"], abs=0.006)
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


def test_compas_gaps_are_those_of_propublica() -> None:
    given = CASES["compas_two_year"]["inputs"]["groups"]
    counts = {
        (name, actual, predicted): given[name][cell]
        for name in ("african_american", "caucasian")
        for cell, actual, predicted in (("tn", 0, 0), ("fp", 0, 1), ("fn", 1, 0), ("tp", 1, 1))
    }
    found = of_counts(GroupCells.from_mapping(("race",), counts), Settings())
    gap = found.overall["false_positive_rate_difference"]
    assert gap.value == pytest.approx((44.85 - 23.45) / 100, abs=0.0002)
    assert gap.low is not None and gap.high is not None and gap.low < 0.214 < gap.high
    false_positive = widest(
        counts_of(GroupCells.from_mapping(("race",), counts).counts, "false_positive_rate"), 30
    )
    assert false_positive is not None
    assert false_positive.ratio.value == pytest.approx(23.45 / 44.85, abs=0.0005)


def test_impact_ratios_of_the_whole_table_are_those_of_the_rule() -> None:
    case = CASES["ll144_selection_race"]
    counts = {}
    for row in case["inputs"]:
        counts[row["category"], 1, 1] = row["selected"]
        counts[row["category"], 1, 0] = row["applicants"] - row["selected"]
    found = of_counts(GroupCells.from_mapping(("race",), counts), Settings())
    table = next(table for table in found.tables if table.id == "impact_ratios")
    shown = {row[1]: (row[4], row[5]) for row in table.rows}
    for row in case["expected"]:
        rate, impact = shown[row["category"]]
        assert rate * 100 == pytest.approx(
            row["selection_rate_percent"], abs=case["tolerance"]["selection_rate_percent"]
        )
        assert impact == pytest.approx(row["impact_ratio"], abs=case["tolerance"]["impact_ratio"])
    assert next(row[7] for row in table.rows if row[1] == "Native American or Alaska Native") == "under 2%"


def test_adverse_impact_of_the_uniform_guidelines_example() -> None:
    case = CASES["ugesp_80_40"]
    given, expected = case["inputs"], case["expected"]
    black = Counts(given["black"]["hired"], given["black"]["applicants"])
    white = Counts(given["white"]["hired"], given["white"]["applicants"])
    found = ratio(black, white)
    assert found.value == expected["impact_ratio"]
    assert found.high is not None and found.high < 1  # chance alone does not explain it
    z, p = two_proportion_z(white, black)
    assert z == pytest.approx(expected["two_proportion_z"], abs=1e-6)
    assert p == pytest.approx(expected["p_two_sided"], abs=1e-8)
    assert fisher_exact(white, black) == pytest.approx(expected["fisher_exact_p"], abs=1e-8)


def test_german_credit_depends_on_the_side_that_25_falls_on() -> None:
    rows = pd.read_csv(GERMAN_CREDIT)
    good = (rows["credit"] == 1).to_numpy()
    data = Binary(good, good)
    for privileged, impact in ((rows["age"] >= 25, 0.821), (rows["age"] > 25, 0.795)):
        names = np.where(privileged, "old", "young").astype(object)
        found = fairness(data, {"age": names}, Settings(references={"age": "old"}))
        assert found.overall["selection_rate_ratio"].value == pytest.approx(impact, abs=0.0005)


def test_exactly_four_fifths_is_not_under_four_fifths() -> None:
    assert (12 / 20) / (15 / 20) < 0.8  # what floating point makes of it
    assert ratio(Counts(12, 20), Counts(15, 20)).value == 0.8


def test_the_user_guide_of_fairlearn() -> None:
    case = CASES["fairlearn_user_guide"]
    given, expected = case["inputs"], case["expected"]
    data = Binary(np.array(given["y_true"], dtype=bool), np.array(given["y_pred"], dtype=bool))
    column = np.array(given["group"], dtype=object)
    cells = GroupCells.from_codes({"group": coded("group", column)}, data.actual, data.predicted)
    for place, (name,) in enumerate(cells.groups):
        numbers, table = expected["by_group"][name], cells.counts[place]
        assert rates_of(table, "true_positive_rate") == pytest.approx(numbers["tpr"], abs=1e-6)
        assert rates_of(table, "false_positive_rate") == pytest.approx(numbers["fpr"], abs=1e-6)
        assert rates_of(table, "selection_rate") == pytest.approx(numbers["sel"], abs=1e-6)
        assert hits_and_n(table, "selection_rate")[1] == numbers["count"]
    overall = fairness(data, {"group": column}, Settings(min_n=1)).overall
    assert overall["selection_rate_ratio"].value == pytest.approx(expected["demographic_parity_ratio"])
    assert overall["selection_rate_difference"].value == pytest.approx(
        expected["demographic_parity_difference"]
    )
    assert overall["equalized_odds_difference"].value == pytest.approx(expected["equalized_odds_difference"])
    assert overall["equalized_odds_ratio"].value == expected["equalized_odds_ratio"]
    gap = widest(counts_of(cells.counts, "true_positive_rate"), 1)
    assert gap is not None
    assert gap.difference.value == pytest.approx(expected["difference_between_groups"]["tpr"])
    assert gap.ratio.value == pytest.approx(expected["ratio_between_groups"]["tpr"], abs=1e-6)


def test_the_brier_score_of_scikit_learns_example() -> None:
    case = CASES["sklearn_brier"]
    actual, score = np.array(case["inputs"]["y_true"], dtype=bool), np.array(case["inputs"]["y_prob"])
    found = performance(Binary(actual, score >= 0.5, score, probability=True), {}, seed=1)
    assert found.overall["brier"].value == pytest.approx(case["expected"]["brier"], abs=1e-12)


def test_calibration_error_weights_bins_by_their_count() -> None:
    case = CASES["ece_from_sklearn"]
    actual, score = np.array(case["inputs"]["y_true"], dtype=bool), np.array(case["inputs"]["y_prob"])
    place = probability_bins(score, case["inputs"]["n_bins"])
    assert np.bincount(place).tolist() == case["inputs"]["bin_counts"]
    measured = calibration(Forecasts(actual, score), {}, seed=1, bins=case["inputs"]["n_bins"])
    found = measured.overall["ece"].value
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
    assert Thresholds(actual, score, None).score.tolist() == expected["thresholds"][1:]
