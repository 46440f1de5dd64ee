"""Distances of distributions: published numbers, scipy's, and what must hold for any data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2, chi2_contingency, entropy, ks_2samp, wasserstein_distance

from evaluations.metrics.drift import bins, counts, samples
from evaluations.metrics.values import Ints
from tests.evaluations.oracles import CASES

COUNTS = st.integers(2, 12).flatmap(
    lambda k: st.tuples(
        *[st.lists(st.integers(0, 40), min_size=k, max_size=k).filter(lambda c: sum(c) > 0) for _ in range(2)]
    )
)
NUMBERS = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=40)


def array(given: list[int]) -> Ints:
    return np.array(given, dtype=np.int64)


def test_an_empty_bin_costs_what_evidently_prints_for_its_filling() -> None:
    case = CASES["psi_evidently_zero_bin"]
    there, here = case["inputs"]["reference"], case["inputs"]["current"]
    categories = bins.category_bins(np.array(there, dtype=object))
    found = counts.psi(
        categories.counts(np.array(there, dtype=object)), categories.counts(np.array(here, dtype=object))
    )
    assert case["inputs"]["zero_fill"] == counts.FILL
    assert float(found) == pytest.approx(case["expected"]["psi_exact"], abs=1e-8)
    assert float(found) == pytest.approx(case["expected"]["psi"], abs=0.01)


def test_psi_is_that_of_the_literature_either_way_round() -> None:
    case = CASES["psi_symmetry"]
    p, q = np.array(case["inputs"]["p"]), np.array(case["inputs"]["q"])
    assert float(counts.psi(p, q)) == pytest.approx(case["expected"]["psi"], abs=1e-8)
    assert float(counts.psi(q, p)) == pytest.approx(case["expected"]["psi_reversed"], abs=1e-8)
    assert float(counts.psi(p, p)) == 0.0


def test_the_filling_decides_the_psi_of_an_empty_bin() -> None:
    there, here = array([50, 50, 0]), array([50, 40, 10])
    assert float(counts.psi(there, here, fill=1e-4)) > 1.5 * float(counts.psi(there, here, fill=1e-2))


def test_evidentlys_chi_square_is_not_moved_by_doubling_the_reference_shares() -> None:
    case = CASES["drift_chi_hellinger"]
    there, here = array(case["inputs"]["reference_counts"]), array(case["inputs"]["current_counts"])
    expected = there / there.sum() * here.sum()  # theirs takes the reference's shares as known
    statistic = ((here - expected) ** 2 / expected).sum()
    assert chi2.sf(statistic, len(here) - 1) == pytest.approx(case["expected"]["chi_square_p"], abs=1e-5)
    ours = counts.chi_square(there, here)
    assert ours is not None and ours[2] > case["expected"]["chi_square_p"]  # two samples know less than one


def test_a_small_ks_by_hand() -> None:
    case = CASES["ks_two_sample_small"]
    found = samples.kolmogorov_smirnov(
        np.array(case["inputs"]["x"], float), np.array(case["inputs"]["y"], float)
    )
    assert found is not None
    assert found[0] == case["expected"]["statistic"]
    assert found[1] == pytest.approx(case["expected"]["p_exact"], abs=1e-8)


@given(COUNTS)
def test_distances_of_counts_are_scipys(pair: tuple[list[int], list[int]]) -> None:
    there, here = array(pair[0]), array(pair[1])
    js = jensenshannon(there / there.sum(), here / here.sum(), base=2)
    assert float(counts.jensen_shannon(there, here)) == pytest.approx(0.0 if np.isnan(js) else js, abs=1e-7)
    tested = counts.chi_square(there, here)
    used = (there + here) > 0
    if used.sum() < 2:
        assert tested is None
        return
    expected = chi2_contingency(np.stack([there[used], here[used]]), correction=False)
    assert tested is not None
    assert tested[:3] == pytest.approx(
        (expected.statistic, expected.dof, expected.pvalue), rel=1e-9, abs=1e-12
    )
    assert 0 <= tested[3] <= 1 + 1e-12


@given(COUNTS)
def test_kl_is_scipys_where_no_bin_is_empty(pair: tuple[list[int], list[int]]) -> None:
    there, here = array(pair[0]) + 1, array(pair[1]) + 1
    expected = entropy(here / here.sum(), there / there.sum())
    assert float(counts.kullback_leibler(here, there)) == pytest.approx(expected, abs=1e-12)
    both = float(counts.kullback_leibler(here, there) + counts.kullback_leibler(there, here))
    assert float(counts.psi(there, here)) == pytest.approx(both, abs=1e-12)  # PSI is both ways together


@given(COUNTS)
def test_what_must_hold_of_distances(pair: tuple[list[int], list[int]]) -> None:
    there, here = array(pair[0]), array(pair[1])
    assert float(counts.psi(there, here)) >= 0
    assert float(counts.psi(there, here)) == pytest.approx(float(counts.psi(here, there)), abs=1e-12)
    assert float(counts.jensen_shannon(there, here)) == pytest.approx(
        float(counts.jensen_shannon(here, there))
    )
    assert 0 <= float(counts.jensen_shannon(there, here)) <= 1
    assert 0 <= float(counts.ks_of_counts(there, here)) <= 1 + 1e-12
    for same in (
        counts.psi(there, there),
        counts.psi(there, there * 3),
        counts.kullback_leibler(there, there),
    ):
        assert float(same) == pytest.approx(0.0, abs=1e-12)
    assert float(counts.jensen_shannon(there, there)) == 0.0


@given(NUMBERS, NUMBERS)
def test_distances_of_samples_are_scipys(x: list[float], y: list[float]) -> None:
    there, here = np.array(x), np.array(y)
    ks, expected = samples.kolmogorov_smirnov(there, here), ks_2samp(there, here, method="exact")
    assert ks is not None and 0 <= ks[0] <= 1
    assert ks == pytest.approx((expected.statistic, expected.pvalue), abs=1e-12)
    assert samples.wasserstein(there, here) == pytest.approx(wasserstein_distance(there, here), abs=1e-9)
    edges = np.unique(np.concatenate([there, here]))
    by_value = bins.NumberBins(edges)
    cumulated = counts.ks_of_counts(by_value.counts(there), by_value.counts(here))
    assert float(cumulated) == pytest.approx(ks[0], abs=1e-12)  # a bin for each value: exact


@given(NUMBERS, NUMBERS)
def test_counts_of_parts_add_up(x: list[float], y: list[float]) -> None:
    binned = bins.number_bins(np.array(x))
    both = binned.counts(np.array(x)) + binned.counts(np.array(y))
    assert (both == binned.counts(np.array(x + y))).all()
    assert both.sum() == len(x) + len(y) and len(both) == len(binned.names)


def test_many_pairs_are_measured_at_once() -> None:
    generator = np.random.default_rng(3)
    there, here = generator.integers(0, 9, (5, 7, 4)) + 1, generator.integers(0, 9, (5, 7, 4)) + 1
    for distance in (counts.psi, counts.kullback_leibler, counts.jensen_shannon, counts.ks_of_counts):
        every = distance(there, here)
        assert every.shape == (5, 7)
        assert every[2, 3] == pytest.approx(float(distance(there[2, 3], here[2, 3])))


@pytest.mark.parametrize(
    ("reference", "current", "expected"),
    [
        ([5.0, 5.0, 5.0], [4.0, 5.0, 6.0, np.nan], [1, 1, 1, 1]),
        ([np.nan, np.nan], [1.0, np.nan], [1, 1]),
        ([1.0], [1.0, 2.0], [0, 1, 1, 0]),
        ([0.0] * 95 + [7.0] * 5, [0.0, 7.0, -1.0, np.inf], [2, 2, 0]),
    ],
    ids=["constant", "all missing", "one row", "mostly one value"],
)
def test_bins_of_odd_columns(reference: list[float], current: list[float], expected: list[int]) -> None:
    assert bins.number_bins(np.array(reference)).counts(np.array(current)).tolist() == expected


def test_deciles_of_the_reference_hold_a_tenth_each() -> None:
    values = np.arange(1000.0)
    binned = bins.number_bins(values)
    assert binned.counts(values).tolist() == [100] * 10 + [0]
    assert binned.names[0].startswith("up to") and binned.names[-1] == "missing"


def test_categories_of_one_side_only_are_told_apart() -> None:
    there = np.array(["a"] * 5 + ["b"] * 3 + ["c", None], dtype=object)
    binned = bins.category_bins(there, most=2)
    assert binned.names == ["a", "b", "rarer ones", "not in the reference", "missing"]
    assert binned.counts(there).tolist() == [5, 3, 1, 0, 1]
    assert binned.counts(np.array(["z", "c", np.nan, "a"], dtype=object)).tolist() == [1, 0, 1, 1, 1]


def test_one_and_one_point_zero_are_one_category() -> None:
    binned = bins.category_bins(np.array([1, 2], dtype=object))
    assert binned.counts(np.array([1.0, 2.0], dtype=object)).tolist() == [1, 1, 0, 0, 0]


def test_psi_without_rows_is_not_computed() -> None:
    nobody = counts.psi_estimate(array([0, 0]), array([3, 4]), seed=1)
    assert (nobody.value, nobody.low, nobody.high) == (None, None, None)
    assert counts.psi_by_chance(array([0, 0]), array([3, 4])) is None
    assert np.isnan(counts.jensen_shannon(array([0, 0]), array([3, 4])))
    assert samples.kolmogorov_smirnov(np.empty(0), np.ones(2)) is None
    assert samples.wasserstein(np.empty(0), np.ones(2)) is None


def test_psi_of_one_distribution_exceeds_what_chance_allows_in_one_of_twenty_cases() -> None:
    generator = np.random.default_rng(8)
    shares = np.array([0.1, 0.2, 0.3, 0.4])
    there, here = generator.multinomial(2000, shares, 4000), generator.multinomial(1000, shares, 4000)
    chance = counts.psi_by_chance(there[0], here[0])
    assert chance is not None
    assert (counts.psi(there, here) > chance).mean() == pytest.approx(0.05, abs=0.012)


def test_the_interval_of_psi_covers() -> None:
    generator = np.random.default_rng(4)
    p, q = np.array([0.25, 0.25, 0.25, 0.25]), np.array([0.1, 0.2, 0.3, 0.4])
    truth, hits = float(counts.psi(p, q)), 0
    for draw in range(400):
        found = counts.psi_estimate(generator.multinomial(800, p), generator.multinomial(600, q), seed=draw)
        assert found.low is not None and found.high is not None
        hits += found.low <= truth <= found.high
    assert hits / 400 == pytest.approx(0.95, abs=0.03)


def test_holm_by_hand() -> None:
    assert samples.holm([0.01, 0.04, None, 0.03, 0.005]) == pytest.approx([0.03, 0.06, None, 0.06, 0.02])
    assert samples.holm([0.9, 0.8]) == [1.0, 1.0]
    assert samples.holm([]) == []
