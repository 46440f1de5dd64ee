"""Tests of gaps are scipy's, and trying many groups is taken into account."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaluations.metrics.fairness import Settings, fairness
from evaluations.metrics.fairness.rates import Counts
from evaluations.metrics.fairness.significance import fisher_exact, holm, p_of_gap, two_proportion_z
from tests.evaluations.metrics.fairness.people import by_selected

COUNTS = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(max_examples=200, deadline=None)
@given(COUNTS, COUNTS)
def test_fisher_is_scipys(one: tuple[int, int], other: tuple[int, int]) -> None:
    table = [[one[0], one[1] - one[0]], [other[0], other[1] - other[0]]]
    assert fisher_exact(Counts(*one), Counts(*other)) == pytest.approx(
        stats.fisher_exact(table).pvalue, rel=1e-9, abs=1e-12
    )


@settings(max_examples=200, deadline=None)
@given(COUNTS, COUNTS)
def test_the_square_of_z_is_scipys_chi_square(one: tuple[int, int], other: tuple[int, int]) -> None:
    z, p = two_proportion_z(Counts(*one), Counts(*other))
    table = np.array([[one[0], one[1] - one[0]], [other[0], other[1] - other[0]]])
    if (table.sum(axis=0) == 0).any():
        assert z is None and p is None
        return
    expected = stats.chi2_contingency(table, correction=False)
    assert z is not None and z**2 == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12)
    assert p == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-12)


def test_fisher_of_millions_of_rows_is_scipys_and_quick() -> None:
    one, other = Counts(30, 1_000_000), Counts(60, 1_000_000)
    expected = stats.fisher_exact([[30, 999_970], [60, 999_940]]).pvalue
    assert fisher_exact(one, other) == pytest.approx(expected, rel=1e-6)
    assert fisher_exact(Counts(0, 1_000_000), Counts(900_000, 1_000_000)) == 0.0


def test_nothing_is_tested_without_rows() -> None:
    assert two_proportion_z(Counts(0, 0), Counts(1, 2)) == (None, None)
    assert fisher_exact(Counts(0, 0), Counts(1, 2)) is None
    assert p_of_gap(Counts(0, 0), Counts(1, 2)) == (None, "")


def test_few_expected_rows_are_tested_exactly() -> None:
    assert p_of_gap(Counts(3, 30), Counts(4, 60))[1] == "Fisher"  # 7 of 90: 2.3 expected
    assert p_of_gap(Counts(15, 30), Counts(40, 60))[1] == "z"


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, None, 0.4]) == [0.8, None, 0.8]
    assert holm([]) == [] and holm([None]) == [None] and holm([0.9, 0.9]) == [1.0, 1.0]


def test_every_compared_group_is_one_trial() -> None:
    data, names = by_selected(a=(60, 100), b=(45, 100), c=(50, 100), tiny=(0, 9))
    found = fairness(data, {"name": names}, Settings())
    table = next(table for table in found.tables if table.id == "selection_tests")
    p = [two_proportion_z(Counts(hits, 100), Counts(60, 100))[1] for hits in (45, 50)]
    assert [row[1] for row in table.rows] == ["b", "c"]
    assert [row[8] for row in table.rows] == holm(p)
    assert found.overall["smallest_adjusted_p"].value == min(q for q in holm(p) if q is not None)
    assert found.overall["smallest_adjusted_p"].n == 2
