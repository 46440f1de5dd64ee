"""Counting cells gives fairlearn's numbers: rates of every group, differences and ratios, with weights and without."""

import warnings

import numpy as np
import pandas as pd
import pytest
from fairlearn import metrics as oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_score

from evaluations.metrics.fairness import GroupCells, Settings, fairness
from evaluations.metrics.fairness.rates import rates_of
from evaluations.metrics.groups import coded
from tests.evaluations.metrics.fairness.people import PEOPLE, Person, columns_of

EXACT = {
    "selection_rate": oracle.selection_rate,
    "true_positive_rate": oracle.true_positive_rate,
    "false_positive_rate": oracle.false_positive_rate,
    "false_negative_rate": oracle.false_negative_rate,
    "accuracy": accuracy_score,
}


def frame_of(metrics: dict[str, object], data: object, groups: object, **more: object) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: pd.DataFrame = oracle.MetricFrame(
            metrics=metrics,
            y_true=data.actual,  # type: ignore[attr-defined]
            y_pred=data.predicted,  # type: ignore[attr-defined]
            sensitive_features=groups,
            **more,
        ).by_group
    return found


@settings(max_examples=20, deadline=None)
@given(PEOPLE)
def test_rates_of_two_attributes_together_are_the_very_same(people: list[Person]) -> None:
    data, columns = columns_of(people)
    cells = GroupCells.from_codes(
        {name: coded(name, values) for name, values in columns.items()}, data.actual, data.predicted
    )
    expected = frame_of(EXACT, data, pd.DataFrame(columns))
    for place, group in enumerate(cells.groups):
        for name in EXACT:
            found, theirs = float(rates_of(cells.counts[place], name)), expected.loc[group, name]
            if np.isnan(found):  # nobody counts: fairlearn answers 0, we answer nothing
                assert theirs == 0
            else:
                assert found == theirs


@settings(max_examples=40, deadline=None)
@given(PEOPLE)
def test_precision_is_scikit_learns(people: list[Person]) -> None:
    data, columns = columns_of(people)
    cells = GroupCells.from_codes({"first": coded("first", columns["first"])}, data.actual, data.predicted)
    for place, (name,) in enumerate(cells.groups):
        rows = columns["first"] == name
        if data.predicted[rows].any():
            expected = precision_score(data.actual[rows], data.predicted[rows])
            assert rates_of(cells.counts[place], "precision") == expected
            assert rates_of(cells.counts[place], "false_discovery_rate") == pytest.approx(
                1 - expected, abs=1e-15
            )


@settings(max_examples=20, deadline=None)
@given(PEOPLE, st.integers(0, 2**32 - 1))
def test_weighted_rates_are_the_same_but_for_rounding(people: list[Person], seed: int) -> None:
    data, columns = columns_of(people)
    weights = np.random.default_rng(seed).random(len(people)) + 0.1
    cells = GroupCells.from_codes(
        {"first": coded("first", columns["first"])}, data.actual, data.predicted, weights=weights
    )
    parts = {name: {"sample_weight": weights} for name in EXACT}
    expected = frame_of(EXACT, data, columns["first"], sample_params=parts)
    for place, (group,) in enumerate(cells.groups):
        for name in EXACT:
            found = float(rates_of(cells.counts[place], name))
            assert np.isnan(found) or found == pytest.approx(expected.loc[group, name], abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(PEOPLE)
def test_differences_and_ratios_are_the_same_where_every_group_counts(people: list[Person]) -> None:
    data, columns = columns_of(people)
    names = columns["first"]
    if len(set(names)) < 2:
        return
    found = fairness(data, {"name": names}, Settings(min_n=1)).overall
    given_to = {"y_true": data.actual, "y_pred": data.predicted, "sensitive_features": names}
    difference = oracle.demographic_parity_difference(**given_to)
    assert found["selection_rate_difference"].value == pytest.approx(difference, abs=1e-12)
    if data.predicted.any():
        both = oracle.demographic_parity_ratio(**given_to)
        assert found["demographic_parity_ratio"].value == pytest.approx(both, abs=1e-12)
        assert found["selection_rate_ratio"].value == pytest.approx(both, abs=1e-12)
    whole = all(
        data.actual[names == name].any() and not data.actual[names == name].all() for name in set(names)
    )
    if whole:
        odds = oracle.equalized_odds_difference(**given_to)
        assert found["equalized_odds_difference"].value == pytest.approx(odds, abs=1e-12)
        opportunity = oracle.equal_opportunity_difference(**given_to)
        assert found["equal_opportunity_difference"].value == pytest.approx(opportunity, abs=1e-12)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            both = oracle.equalized_odds_ratio(**given_to)
        if found["equalized_odds_ratio"].value is not None:
            assert found["equalized_odds_ratio"].value == pytest.approx(both, abs=1e-12)
