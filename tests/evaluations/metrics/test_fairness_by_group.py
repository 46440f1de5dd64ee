"""Counting cells gives fairlearn's numbers, and groups that are too small do not decide."""

import warnings

import numpy as np
import pytest
from fairlearn import metrics as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluations.metrics.binary import Binary
from evaluations.metrics.fairness import RATES, fairness, rates_by_group
from evaluations.metrics.values import CannotMeasure, Group, Measured

PEOPLE = st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from("abc")), min_size=6, max_size=80)


def by_selected(**groups: tuple[int, int]) -> tuple[Binary, np.ndarray]:
    """Groups of (selected, n); everybody is positive."""
    predicted = np.concatenate([np.arange(n) < hits for hits, n in groups.values()])
    names = np.concatenate([np.full(n, name, dtype=object) for name, (_, n) in groups.items()])
    return Binary(np.ones(len(predicted), dtype=bool), predicted), names


def group_named(found: Measured, value: str) -> Group:
    return next(group for group in found.groups if value in group.by.values())


@settings(max_examples=40, deadline=None)
@given(PEOPLE)
def test_rates_are_those_of_fairlearn_on_every_row(people: list[tuple[bool, bool, str]]) -> None:
    actual, predicted = np.array([row[0] for row in people]), np.array([row[1] for row in people])
    names = np.array([row[2] for row in people], dtype=object)
    found = rates_by_group(Binary(actual, predicted), {(name,): names == name for name in set(names)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = oracle.MetricFrame(
            metrics=dict(RATES), y_true=actual, y_pred=predicted, sensitive_features=names
        ).by_group
    for name in set(names):
        for metric in RATES:
            assert found[name,][metric] == frame.loc[name, metric]


@settings(max_examples=40, deadline=None)
@given(PEOPLE)
def test_summaries_are_those_of_fairlearn_where_every_group_counts(
    people: list[tuple[bool, bool, str]],
) -> None:
    actual, predicted = np.array([row[0] for row in people]), np.array([row[1] for row in people])
    names = np.array([row[2] for row in people], dtype=object)
    overall = fairness(Binary(actual, predicted), {"name": names}, min_n=1).overall
    arguments = {"y_true": actual, "y_pred": predicted, "sensitive_features": names}
    if len(set(names)) > 1:
        difference = oracle.demographic_parity_difference(**arguments)
        assert overall["selection_rate_difference"].value == pytest.approx(difference)
        if predicted.any():
            assert overall["selection_rate_ratio"].value == pytest.approx(
                oracle.demographic_parity_ratio(**arguments)
            )
    whole = all(actual[names == name].any() and not actual[names == name].all() for name in set(names))
    if whole and len(set(names)) > 1:
        odds = oracle.equalized_odds_difference(**arguments)
        opportunity = oracle.equal_opportunity_difference(**arguments)
        assert overall["equalized_odds_difference"].value == pytest.approx(odds)
        assert overall["equal_opportunity_difference"].value == pytest.approx(opportunity)


def test_a_group_under_the_minimum_is_shown_and_does_not_decide() -> None:
    data, names = by_selected(large=(60, 100), middle=(50, 100), tiny=(0, 29))
    found = fairness(data, {"name": names}, min_n=30)
    assert found.overall["selection_rate_ratio"].value == pytest.approx(50 / 60)
    assert group_named(found, "tiny").too_few
    assert group_named(found, "tiny").metrics["selection_rate_ratio"].value == 0.0
    assert fairness(data, {"name": names}, min_n=29).overall["selection_rate_ratio"].value == 0.0


def test_a_tiny_group_is_not_the_reference_however_often_it_is_selected() -> None:
    data, names = by_selected(large=(60, 100), middle=(50, 100), tiny=(29, 29))
    found = fairness(data, {"name": names}, min_n=30)
    assert [group.by["name"] for group in found.groups if group.reference] == ["large"]


def test_the_lowest_ratio_is_over_all_attributes_and_not_over_their_combination() -> None:
    data, names = by_selected(aa=(50, 100), ab=(50, 100), ba=(40, 100), bb=(50, 100))
    first = np.array([name[0] for name in names], dtype=object)
    second = np.array([name[1] for name in names], dtype=object)
    found = fairness(data, {"first": first, "second": second}, min_n=30)
    assert found.overall["selection_rate_ratio"].value == pytest.approx(0.9)
    combined = [group for group in found.groups if len(group.by) == 2]
    assert [group.metrics["selection_rate_ratio"].value for group in combined] == [1.0, 1.0, 0.8, 1.0]


def test_one_group_alone_gives_no_ratio_rather_than_a_perfect_one() -> None:
    data, names = by_selected(only=(50, 100))
    overall = fairness(data, {"name": names}, min_n=30).overall
    assert overall["selection_rate_ratio"].value is None
    assert overall["equalized_odds_difference"].value is None


def test_nobody_selected_gives_no_ratio() -> None:
    data, names = by_selected(a=(0, 100), b=(0, 100))
    assert fairness(data, {"name": names}, min_n=30).overall["selection_rate_ratio"].value is None


def test_without_negative_rows_there_are_no_equalised_odds() -> None:
    data, names = by_selected(a=(40, 100), b=(50, 100))
    overall = fairness(data, {"name": names}, min_n=30).overall
    assert overall["equal_opportunity_difference"].value == pytest.approx(0.1)
    assert overall["equalized_odds_difference"].value is None


def test_age_bands_are_closed_on_the_left_and_said() -> None:
    ages = np.repeat([24.0, 25.0, 34.9, 35.0, 45.0, 55.0, 65.0, 80.0, 18.0, 30.0, 40.0, np.nan], 10)
    data = Binary(np.ones(120, dtype=bool), np.ones(120, dtype=bool))
    found = fairness(data, {"age": ages}, min_n=1)
    assert {group.by["age"]: group.n for group in found.groups} == {
        "under 25": 20, "25–34": 30, "35–44": 20, "45–54": 10, "55–64": 10, "65 and over": 20, "Not stated": 10,
    }  # fmt: skip
    assert "closed on the left" in found.conventions["bands"]


def test_a_numeric_code_is_not_banded() -> None:
    data = Binary(np.ones(4, dtype=bool), np.ones(4, dtype=bool))
    found = fairness(data, {"code": np.array([0.0, 1.0, 1.0, np.nan])}, min_n=1)
    assert [group.by["code"] for group in found.groups] == ["0", "1", "Not stated"]
    assert "bands" not in found.conventions


def test_a_column_of_names_is_refused() -> None:
    data = Binary(np.ones(101, dtype=bool), np.ones(101, dtype=bool))
    with pytest.raises(CannotMeasure, match="101 different values"):
        fairness(data, {"name": np.array([f"P{n}" for n in range(101)], dtype=object)})
