"""Intervals are those of their papers, and hold the truth as often as they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluations.metrics import bootstrap
from evaluations.metrics.closed_form import katz, newcombe, wilson
from evaluations.metrics.intervals import delong, midranks


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(counts: tuple[int, int]) -> None:
    expected = stats.binomtest(*counts).proportion_ci(method="wilson")
    assert wilson(*counts) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_newcombe_gives_the_example_of_its_paper() -> None:
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_katz_is_scipys_relative_risk() -> None:
    found = stats.contingency.relative_risk(12, 40, 48, 80)
    expected = found.confidence_interval(0.95)
    assert katz(12, 40, 48, 80) == pytest.approx((expected.low, expected.high), rel=1e-12)


def test_katz_is_wide_rather_than_certain_where_its_variance_is_zero() -> None:
    low, high = katz(40, 40, 40, 40)
    assert low is not None and high is not None
    assert low < 0.96 and high > 1.04
    low, high = katz(0, 40, 20, 40)
    assert low == 0.0 and high is not None and 0.05 < high < 0.8


def test_nothing_can_be_said_without_rows() -> None:
    assert wilson(0, 0) == katz(0, 0, 1, 2) == katz(1, 2, 0, 2) == newcombe(0, 0, 1, 2) == (None, None)


@given(st.lists(st.integers(0, 5).map(float), min_size=1, max_size=40))
def test_midranks_are_scipys(values: list[float]) -> None:
    assert midranks(np.array(values)).tolist() == stats.rankdata(values).tolist()


def test_delong_is_the_variance_of_placements() -> None:
    generator = np.random.default_rng(5)
    actual = generator.random(60) < 0.4
    score = np.round(generator.normal(size=60) + actual, 1)
    positives, negatives = score[actual], score[~actual]
    wins = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    spread = wins.mean(1).var(ddof=1) / len(positives) + wins.mean(0).var(ddof=1) / len(negatives)
    half = 1.959963984540054 * np.sqrt(spread)
    assert delong(actual, score) == pytest.approx((wins.mean(), wins.mean() - half, wins.mean() + half))


def test_perfect_separation_of_few_cases_is_not_called_certain() -> None:
    actual = np.array([True] * 5 + [False] * 50)
    value, low, high = delong(actual, actual.astype(float))
    assert (value, high) == (1.0, 1.0)
    assert low is not None and low < 0.6


def test_auc_interval_holds_the_truth_about_95_times_in_100() -> None:
    generator = np.random.default_rng(11)
    truth = stats.norm.cdf(1 / np.sqrt(2))
    held = 0
    for _ in range(400):
        score = np.concatenate([generator.normal(1, 1, 80), generator.normal(0, 1, 120)])
        _, low, high = delong(np.arange(200) < 80, score)
        assert low is not None and high is not None
        held += low <= truth <= high
    assert 0.91 <= held / 400 <= 0.98


def test_bootstrap_repeats_itself_and_only_for_the_same_seed() -> None:
    first, again, other = (next(bootstrap.resampled_weights(50, seed=seed)).tolist() for seed in (1, 1, 2))
    assert first == again != other
    assert sum(first) == 50


def test_bootstrap_gives_no_interval_where_all_resamples_agree() -> None:
    assert bootstrap.bounds(1.0, np.ones(1000)) == (None, None)


@pytest.mark.parametrize(("n", "draws"), [(100, 1000), (50_000, 400), (10_000_000, 200)])
def test_fewer_resamples_for_more_rows(n: int, draws: int) -> None:
    assert bootstrap.draws_for(n) == draws
