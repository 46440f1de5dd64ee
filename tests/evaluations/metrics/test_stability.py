"""Gaps against a reference, periods, churn: equal to what scipy and scikit-learn say, and honest at the edges."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau, spearmanr
from sklearn.metrics import brier_score_loss, log_loss, mean_absolute_error, r2_score, roc_auc_score

from evaluations.metrics.stability import churn, gaps, periods, report, shifts
from evaluations.metrics.values import CannotMeasure, Estimate


def outcomes(n: int, seed: int, strength: float = 1.0) -> gaps.Outcomes:
    """A binary classification whose score is worth something."""
    generator = np.random.default_rng(seed)
    actual = generator.random(n) < 0.4
    score = 1 / (1 + np.exp(-(strength * (2 * actual - 1) + generator.normal(size=n))))
    return gaps.of_binary(actual, score > 0.5, score, True)


def numeric(name: str, values: list[float | None]) -> "pd.Series[float]":
    return pd.Series(values, name=name, dtype=np.float64)


def test_gaps_are_the_differences_of_scikit_learns_metrics() -> None:
    there, here = outcomes(900, 1, 1.5), outcomes(700, 2, 1.0)
    found, table = gaps.gaps(there, here, seed=3)
    assert there.actual is not None and there.score is not None
    assert here.actual is not None and here.score is not None
    auc = roc_auc_score(there.actual, there.score) - roc_auc_score(here.actual, here.score)
    assert found["roc_auc_gap"].value == pytest.approx(auc, abs=1e-12)
    brier = brier_score_loss(here.actual, here.score) - brier_score_loss(there.actual, there.score)
    assert found["brier_gap"].value == pytest.approx(brier, abs=1e-12)
    loss = log_loss(here.actual, here.score) - log_loss(there.actual, there.score)
    assert found["log_loss_gap"].value == pytest.approx(loss, abs=1e-12)
    assert all(gap.low is not None and gap.low < (gap.value or 0.0) for gap in found.values())
    assert [row[0] for row in table.rows] == ["AUC", "Accuracy", "Brier score", "Log loss"]


def test_gaps_of_a_regression() -> None:
    generator = np.random.default_rng(1)
    actual, other = generator.normal(size=400), generator.normal(size=300)
    predicted, worse = actual + generator.normal(0, 0.5, 400), other + generator.normal(0, 1, 300)
    found, _ = gaps.gaps(gaps.of_regression(actual, predicted), gaps.of_regression(other, worse), seed=1)
    r2 = r2_score(actual, predicted) - r2_score(other, worse)
    assert found["r2_gap"].value == pytest.approx(r2, abs=1e-12)
    mae = mean_absolute_error(other, worse) - mean_absolute_error(actual, predicted)
    assert found["mae_gap"].value == pytest.approx(mae, abs=1e-12)
    low, high = found["rmse_gap"].low, found["rmse_gap"].high
    assert low is not None and high is not None and 0 < low < 0.5 < high < 1


def test_the_same_rows_have_no_gap() -> None:
    side = outcomes(500, 1)
    found, _ = gaps.gaps(side, side, seed=1)
    for gap in found.values():
        assert gap.value == 0 and gap.low is not None and gap.high is not None
        assert gap.low < 0 < gap.high  # as samples they still could differ


def test_the_intervals_of_gaps_cover() -> None:
    hits = {"roc_auc_gap": 0, "accuracy_gap": 0, "brier_gap": 0}
    large = [outcomes(400_000, seed, strength) for seed, strength in ((1, 1.2), (2, 0.8))]
    truth = {name: gap.value or 0.0 for name, gap in gaps.gaps(*large, seed=1)[0].items()}
    for draw in range(300):
        found, _ = gaps.gaps(outcomes(300, 2 * draw + 9, 1.2), outcomes(250, 2 * draw + 10, 0.8), seed=1)
        for name in hits:
            gap = found[name]
            assert gap.low is not None and gap.high is not None
            hits[name] += gap.low <= truth[name] <= gap.high
    assert all(count / 300 == pytest.approx(0.95, abs=0.035) for count in hits.values()), hits


def test_one_class_only_has_no_auc_to_compare() -> None:
    side = outcomes(100, 1)
    assert side.actual is not None
    found, _ = gaps.gaps(side, side.part(side.actual), seed=1)
    assert "roc_auc_gap" not in found and "accuracy_gap" in found


def test_columns_that_did_not_move_have_no_distance() -> None:
    column = numeric("x", [1.0, 2.0, None, 4.0] * 50)
    found = shifts.shift_of(column, column, seed=1)
    assert (found.psi.value, found.ks, found.wasserstein, found.js, found.kl) == (0, 0, 0, 0, 0)
    text = pd.Series(["a", "b", None] * 30, name="t")
    same = shifts.shift_of(text, text, seed=1)
    assert (same.psi.value, same.cramers_v, same.unseen) == (0, 0, 0)


def test_a_shift_is_found_and_measured_in_the_references_spread() -> None:
    generator = np.random.default_rng(1)
    there, here = generator.normal(0, 2, 5000), generator.normal(1, 2, 5000)
    found = shifts.number_shift("x", there, here, seed=1)
    assert found.wasserstein == pytest.approx(0.5, abs=0.06)
    assert found.psi.value == pytest.approx(0.25, abs=0.06)  # of two normals half a deviation apart: 0.25
    assert found.chance is not None and found.psi.value is not None and found.psi.value > 10 * found.chance


@pytest.mark.parametrize(
    ("reference", "current"),
    [
        ([5.0, 5.0, 5.0], [5.0, 6.0, 7.0]),
        ([None, None], [1.0, None]),
        ([1.0, 2.0], [None, None]),
        ([1.0], [2.0]),
        ([1.0, float("inf")], [float("-inf"), 2.0]),
    ],
    ids=["constant", "all missing there", "all missing here", "one row", "infinite"],
)
def test_odd_columns_give_figures_or_none_but_never_nonsense(
    reference: list[float | None], current: list[float | None]
) -> None:
    found = shifts.shift_of(numeric("x", reference), numeric("x", current), seed=1)
    assert found.psi.value is not None and found.psi.value > 0
    assert found.js is not None and 0 < found.js <= 1
    table = shifts.table_of([found], "t")
    assert len(table.rows[0]) == len(table.columns)


def test_dates_are_days_and_booleans_are_categories() -> None:
    days = pd.Series(pd.to_datetime(["2026-01-01", "2026-01-03", ""]), name="d")
    assert shifts.kind_of(days) == "number"
    values = shifts.floats_of(days)
    assert values[1] - values[0] == 2 and np.isnan(values[2])
    assert shifts.kind_of(pd.Series([True, False])) == "category"


def test_columns_of_another_type_and_identifiers_are_said_not_compared() -> None:
    ids = [f"id-{n}" for n in range(200)]
    there = pd.DataFrame({"a": np.arange(200.0), "b": ids, "c": ["x", "y"] * 100})
    here = pd.DataFrame({"a": ["1", "2"] * 100, "b": ids, "c": ["x", "z"] * 100})
    kept, checks = report.comparable(there, here)
    assert kept == ["c"]
    assert [check.passed for check in checks] == [False, None]
    assert "holds numbers in the reference and text here" in checks[0].said


def shifted_result(limit: float = 0.25) -> report.Found:
    generator = np.random.default_rng(1)
    still, moved = generator.normal(size=400), generator.normal(2, 1, 400)
    labels = np.array(["yes", "no"] * 200, dtype=object)
    unseen = np.array(["x"] * 390 + ["new"] * 10, dtype=object)
    return report.Found(
        columns=[
            shifts.number_shift("still", still, still, seed=1),
            shifts.number_shift("moved", still, moved, seed=1),
            shifts.category_shift("kind", np.array(["x"] * 400, dtype=object), unseen, seed=1),
        ],
        label=shifts.category_shift("y", labels, labels, seed=1),
        score=None,
        gaps=None,
        limit=limit,
    )


def test_the_column_that_moved_most_leads_and_fails_its_check() -> None:
    found = report.of_shifts(shifted_result())
    assert found.tables[0].rows[0][0] == "moved"
    assert found.overall["shifted_columns"].value == pytest.approx(
        2 / 3
    )  # 2.5% in an empty bin: a PSI of 0.14
    failed = {check.id for check in found.checks if check.passed is False}
    assert failed == {"psi.moved", "unseen.kind"}
    unseen = next(check for check in found.checks if check.id == "unseen.kind")
    assert unseen.said == "10 of 400 rows hold values of kind that the reference does not have."
    assert "custom in credit scoring, no test" in found.conventions["largest_psi"]
    assert "counts as a share of 0.0001" in found.conventions["largest_psi"]
    assert set(found.overall) <= set(found.conventions)


def test_the_limit_is_the_one_that_was_asked_for() -> None:
    found = report.of_shifts(shifted_result(limit=100.0))
    assert [check.passed for check in found.checks if check.id == "psi"] == [True]


def test_p_values_are_corrected_for_their_number() -> None:
    given = shifted_result().columns
    found = {shift.name: shift for shift in shifts.adjusted(given)}
    raw = {shift.name: shift.p for shift in given}
    assert raw["kind"] is not None and raw["moved"] is not None
    assert found["moved"].p_adjusted == pytest.approx(min(1.0, 3 * raw["moved"]))
    assert found["kind"].p_adjusted == pytest.approx(min(1.0, 2 * raw["kind"]))


@pytest.mark.parametrize(
    ("values", "names", "made"),
    [
        (
            ["2026-01-05", "2026-02-07", "2026-01-09"],
            ["2026-01-05", "2026-01-09", "2026-02-07"],
            "By day of t.",
        ),
        ([f"20{y}-03-01" for y in range(10, 50)], [str(y) for y in range(2010, 2050)], "By year of t."),
        ([2019, 2021, 2019, None], ["2019", "2021"], "By value of t."),
    ],
)
def test_periods_follow_the_calendar_or_the_numbers(
    values: list[object], names: list[str], made: str
) -> None:
    place, found, said = periods.periods_of(pd.Series(values, name="t"))
    assert (found, said) == (names, made)
    assert all(at == -1 if value is None else at >= 0 for at, value in zip(place, values, strict=True))


def test_many_numbers_are_tenths_of_the_rows() -> None:
    place, names, _ = periods.periods_of(pd.Series(np.arange(1000), name="t"))
    assert len(names) == 10 and np.bincount(place).tolist() == [100] * 10


@pytest.mark.parametrize("values", [["soon", "later"], [None, None]])
def test_a_column_that_is_no_time_is_refused(values: list[object]) -> None:
    with pytest.raises(CannotMeasure, match="Column t is no time"):
        periods.periods_of(pd.Series(values, name="t", dtype=object))


def test_the_trend_is_weighted_least_squares_and_kendalls_tau() -> None:
    values, halves = [0.8, 0.79, 0.75, 0.76, 0.7], [0.01, 0.02, 0.02, 0.03, 0.02]
    sizes = [100, 50, 80, 90, 100]
    found = [
        periods.Period(str(n), rows, Estimate(v, v - h, v + h, rows), False)
        for n, (v, h, rows) in enumerate(zip(values, halves, sizes, strict=True))
    ]
    few = periods.Period("few", 5, Estimate(0.1, 0.0, 0.9, 5), True)
    trend = periods.trend([*found, few])
    assert trend is not None
    assert trend.slope.value == pytest.approx(np.polyfit(range(5), values, 1, w=np.sqrt(sizes))[0])
    assert trend.p == pytest.approx(kendalltau(range(5), values).pvalue)
    assert trend.slope.high is not None and trend.slope.high < 0
    assert periods.trend(found[:2]) is None


def test_performance_by_period_and_its_check() -> None:
    early, late = outcomes(400, 1, 2.0), outcomes(400, 2, 0.2)
    assert early.actual is not None and early.score is not None
    assert late.actual is not None and late.score is not None
    actual, score = np.concatenate([early.actual, late.actual]), np.concatenate([early.score, late.score])
    both = gaps.of_binary(actual, score > 0.5, score, True)
    place = np.repeat(np.arange(8), 100)
    found = periods.by_period(both, place, [f"m{n}" for n in range(9)], seed=1)
    assert found[0].metric.value == pytest.approx(roc_auc_score(actual[:100], score[:100]))
    assert found[8].n == 0 and found[8].metric.value is None and found[8].too_few
    measured = report.of_periods(found, both, "By month.")
    assert measured.checks[0].passed is False and "Mann-Kendall" in measured.checks[0].said
    none = report.of_periods(found[:2], both, "By month.")
    assert none.checks[0].passed is None and none.overall["time_slope"].value is None


def test_churn_counts_changed_decisions_and_who_was_right() -> None:
    decided = np.array(["a", "a", "b", "b", "a"], dtype=object)
    other = np.array(["a", "b", "b", "a", "b"], dtype=object)
    truth = np.array(["a", "a", "a", "a", "c"], dtype=object)
    score, before = np.array([0.1, 0.4, 0.2, 0.9, 0.5]), np.array([0.1, 0.5, 0.3, 0.7, 0.6])
    found, table = churn.churn(decided, other, truth, score, before)
    assert found["churn"].value == 0.6
    assert [row[1] for row in table.rows] == [1, 1, 1, 2]
    assert found["score_change"].value == pytest.approx(0.1)
    assert found["rank_agreement"].value == pytest.approx(spearmanr(score, before).statistic)
    constant = churn.score_changes(np.ones(5), before)
    assert constant["rank_agreement"].value is None
    assert churn.score_changes(None, before) == {}


def test_the_interval_of_the_trend_covers() -> None:
    generator, hits = np.random.default_rng(5), 0
    for _ in range(300):
        rates = generator.binomial(200, 0.9 - 0.02 * np.arange(6)) / 200
        half = 1.96 * np.sqrt(rates * (1 - rates) / 200)
        found = [
            periods.Period(str(n), 200, Estimate(r, r - h, r + h, 200), False)
            for n, (r, h) in enumerate(zip(rates, half, strict=True))
        ]
        trend = periods.trend(found)
        assert trend is not None and trend.slope.low is not None and trend.slope.high is not None
        hits += trend.slope.low <= -0.02 <= trend.slope.high
    assert hits / 300 == pytest.approx(0.95, abs=0.03)
