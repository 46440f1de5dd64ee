"""Statistics of two parts, added, are those of the whole; a histogram's bounds hold the exact value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from evaluations.metrics.histogram import BINS, CHUNK, ECE_BINS, Bounded, ScoreHistogram
from evaluations.metrics.ranked import probability_bins
from evaluations.metrics.statistics import Cells, Sums
from evaluations.metrics.values import CannotMeasure, Floats

SCORES = st.one_of(st.integers(0, 20).map(lambda part: part / 20), st.floats(0, 1))
ROWS = st.lists(st.tuples(st.booleans(), SCORES, st.integers(0, 3)), min_size=1, max_size=50)


def holds(bounded: Bounded, exact: float) -> bool:
    """The bounds hold the exact value, but for rounding."""
    assert bounded.low is not None and bounded.high is not None
    return bounded.low - 1e-12 <= exact <= bounded.high + 1e-12


@settings(max_examples=60, deadline=None)
@given(ROWS, st.booleans(), st.sampled_from([10, 50, BINS]))
def test_what_scikit_learn_says_lies_within_the_bounds(
    rows: list[tuple[bool, float, int]], weighted: bool, bins: int
) -> None:
    actual, score, weights = (np.array(column) for column in zip(*rows, strict=True))
    weight = weights + 0.5 if weighted else None
    found = ScoreHistogram.count(actual, score, weight, bins=bins)
    assert found.n == len(rows)
    brier = oracle.brier_score_loss(actual, score, sample_weight=weight, labels=[False, True], pos_label=True)
    assert found.brier().value == pytest.approx(brier, abs=1e-12)
    if not actual.any() or actual.all():
        assert found.auc().value is found.ks().value is None
        return
    assert holds(found.auc(), oracle.roc_auc_score(actual, score, sample_weight=weight))
    false_rate, true_rate, _ = oracle.roc_curve(actual, score, sample_weight=weight)
    assert holds(found.ks(), float(np.max(true_rate - false_rate)))
    precision = oracle.average_precision_score(actual, score, sample_weight=weight)
    assert holds(found.average_precision(), precision)


@settings(max_examples=30, deadline=None)
@given(ROWS)
def test_the_calibration_error_is_exact(rows: list[tuple[bool, float, int]]) -> None:
    actual, score, _ = (np.array(column) for column in zip(*rows, strict=True))
    gaps = np.bincount(probability_bins(score, ECE_BINS), actual - score)
    exact = np.abs(gaps).sum() / len(score)
    assert ScoreHistogram.count(actual, score).ece().value == pytest.approx(exact, abs=1e-12)


def test_no_scores_have_no_figures() -> None:
    nothing = ScoreHistogram.count(np.array([], dtype=bool), np.array([]))
    assert nothing.brier().value is nothing.ece().value is nothing.average_precision().error is None


def test_histograms_of_parts_add_up() -> None:
    generator = np.random.default_rng(3)
    score, weights = generator.random(3 * CHUNK), generator.random(3 * CHUNK)
    actual = generator.random(3 * CHUNK) < score
    cut = CHUNK + 11
    whole = ScoreHistogram.count(actual, score, weights)
    both = ScoreHistogram.count(actual[:cut], score[:cut], weights[:cut]) + ScoreHistogram.count(
        actual[cut:], score[cut:], weights[cut:]
    )
    assert both.rows.tolist() == whole.rows.tolist()
    assert both.auc().value == pytest.approx(whole.auc().value)
    assert both.brier().value == pytest.approx(whole.brier().value)
    assert both.coarse(10).ece().value == pytest.approx(whole.ece().value)


def test_what_does_not_fit_is_refused() -> None:
    one = ScoreHistogram.count(np.array([True]), np.array([0.5]))
    with pytest.raises(CannotMeasure, match="different bins"):
        one + ScoreHistogram.count(np.array([True]), np.array([0.5]), span=(0.0, 2.0))
    with pytest.raises(CannotMeasure, match="outside 0 to 1"):
        ScoreHistogram.count(np.array([True]), np.array([1.5]))
    with pytest.raises(CannotMeasure, match="different axes"):
        Cells.count((["a"], np.array([0]))) + Cells.count((["a"], np.array([0])), (["b"], np.array([0])))


def bins_of(scores: list[float], span: tuple[float, float], bins: int) -> list[int]:
    found = ScoreHistogram.count(np.zeros(len(scores), dtype=bool), np.array(scores), span=span, bins=bins)
    return np.repeat(np.arange(bins), found.rows[0]).tolist()


def test_bins_are_closed_on_the_right() -> None:
    assert bins_of([0.0, 1 / BINS, 1.001 / BINS, 1.0], (0.0, 1.0), BINS) == [0, 0, 1, BINS - 1]
    assert bins_of([-3.0, 0.0, 5.0], (-3.0, 5.0), 8) == [0, 2, 7]
    assert bins_of([0.0, 1.0, 4.0], (0.0, 4.0), 4) == [0, 0, 3]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(1, 4)), min_size=1, max_size=40),
    st.data(),
)
def test_cells_of_parts_add_up(rows: list[tuple[int, int, int]], data: st.DataObject) -> None:
    group, label, weight = (np.array(column) for column in zip(*rows, strict=True))
    cut = data.draw(st.integers(0, len(rows)))
    names, labels = ["a", "b", "c"], ["no", "yes"]
    whole = Cells.count((names, group), (labels, label), weights=weight.astype(float))
    first = Cells.count((names, group[:cut]), (labels, label[:cut]), weights=weight[:cut].astype(float))
    turned = [2, 1, 0]  # the other part knows the groups in another order
    second = Cells.count(
        (names[::-1], np.array(turned)[group[cut:]]),
        (labels, label[cut:]),
        weights=weight[cut:].astype(float),
    )
    both = first + second
    assert both.levels == whole.levels
    for one, other in ((both.rows, whole.rows), (both.weight, whole.weight), (both.square, whole.square)):
        assert one.tolist() == other.tolist()


def test_a_group_that_one_part_has_not_seen() -> None:
    both = Cells.count((["a"], np.array([0, 0]))) + Cells.count((["b", "a"], np.array([0, 0, 1])))
    assert both.levels == (("a", "b"),)
    assert both.rows.tolist() == [3, 2]
    assert both.n == 5


def by_rows(values: Floats, weights: Floats, draws: int) -> Floats:
    """The bootstrap in its plainest form: weighted totals of columns over rows drawn again."""
    generator = np.random.default_rng(8)
    n = len(values)
    picks = generator.integers(0, n, (draws, n))
    totals: Floats = np.stack([(weights[pick, None] * values[pick]).sum(axis=0) for pick in picks])
    return totals


def together(drawn: Floats) -> float:
    """The correlation of the first two columns."""
    found: Floats = np.atleast_2d(np.corrcoef(drawn[:, 0], drawn[:, 1]))
    return float(found[0, 1])


@pytest.mark.parametrize("weighted", [False, True])
def test_resampled_cells_spread_as_resampled_rows_do(weighted: bool) -> None:
    generator = np.random.default_rng(4)
    place = generator.choice(4, 300, p=[0.6, 0.2, 0.15, 0.05])
    weights = generator.gamma(2.0, size=300) if weighted else np.ones(300)
    cells = Cells.count((["a", "b", "c", "d"], place), weights=weights if weighted else None)
    drawn = cells.resampled(seed=1, draws=4000)
    plain = by_rows(np.eye(4)[place], weights, 4000)
    assert drawn.mean(axis=0) == pytest.approx(plain.mean(axis=0), rel=0.03)
    assert drawn.std(axis=0) == pytest.approx(plain.std(axis=0), rel=0.06)
    assert together(drawn) == pytest.approx(together(plain), abs=0.06)
    assert (drawn >= 0).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_resampled_sums_spread_as_resampled_rows_do(weighted: bool) -> None:
    generator = np.random.default_rng(4)
    values = generator.gamma(1.0, size=(400, 2)) @ np.array([[1.0, 0.5], [0.0, 1.0]])
    weights = generator.gamma(2.0, size=400) if weighted else np.ones(400)
    sums = Sums.of(values[:100], weights[:100] if weighted else None) + Sums.of(
        values[100:], weights[100:] if weighted else None
    )
    assert sums.means() == pytest.approx(np.average(values, axis=0, weights=weights))
    drawn = sums.resampled(seed=1, draws=4000)
    totals = by_rows(np.column_stack([np.ones(400), values]), weights, 4000)
    plain = totals[:, 1:] / totals[:, :1]
    assert drawn.mean(axis=0) == pytest.approx(plain.mean(axis=0), rel=0.01)
    assert drawn.std(axis=0) == pytest.approx(plain.std(axis=0), rel=0.06)


def test_a_ratio_beside_squares_of_amounts_keeps_its_spread() -> None:
    chance = np.random.default_rng(11)
    ratio, amount = chance.normal(0.16, 0.12, 5_000), chance.lognormal(12, 0.6, 5_000)
    values = np.column_stack([amount**2, amount * ratio, ratio, amount**2 * ratio])

    drawn = Sums.of(values).resampled(seed=5, draws=4_000)

    assert drawn[:, 2].std() == pytest.approx(ratio.std() / np.sqrt(5_000), rel=0.05)
    assert drawn[:, 2].mean() == pytest.approx(ratio.mean(), abs=0.1 * ratio.std() / np.sqrt(5_000))


def test_nothing_resampled_is_nothing() -> None:
    assert Cells.count((["a"], np.array([], dtype=int))).resampled(seed=1, draws=3).tolist() == [[0.0]] * 3
