"""On any data our values are scikit-learn's, with weights too; what is not defined is not made up."""

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from evaluations.metrics import binary, forecasting, multiclass, multilabel, ranking, regression
from evaluations.metrics.binary import Binary
from evaluations.metrics.intervals import delong, mean_auc
from evaluations.metrics.values import CannotMeasure, Measured
from policy.metrics import OF_KIND

COARSE = st.integers(0, 20).map(lambda value: value / 20)
ROWS = st.lists(st.tuples(st.booleans(), COARSE, st.booleans(), st.integers(1, 4)), min_size=2, max_size=40)
few = settings(max_examples=12, deadline=None)


def is_close(found: Measured, name: str, expected: float) -> None:
    value = found.overall[name].value
    assert value is not None, name
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-12), name


@few
@given(ROWS)
def test_binary_metrics_of_weighted_rows(rows: list[tuple[bool, float, bool, int]]) -> None:
    actual, score, predicted, whole = (np.array(column) for column in zip(*rows, strict=True))
    weights = whole / 2
    found = binary.performance(Binary(actual, predicted, score, True, weights=weights), {}, seed=3, beta=2.0)
    weighted: dict[str, Any] = {"sample_weight": weights}
    is_close(found, "accuracy", oracle.accuracy_score(actual, predicted, **weighted))
    is_close(found, "log_loss", oracle.log_loss(actual, score, labels=[False, True], **weighted))
    is_close(found, "brier", float(np.average((score - actual) ** 2, weights=weights)))
    if not actual.any() or actual.all():
        assert found.overall["roc_auc"].value is found.overall["ks"].value is None
        return
    is_close(found, "roc_auc", oracle.roc_auc_score(actual, score, **weighted))
    is_close(found, "average_precision", oracle.average_precision_score(actual, score, **weighted))
    is_close(found, "balanced_accuracy", oracle.balanced_accuracy_score(actual, predicted, **weighted))
    is_close(found, "f_beta", oracle.fbeta_score(actual, predicted, beta=2.0, **weighted))
    if predicted.any() and not predicted.all():
        is_close(found, "mcc", oracle.matthews_corrcoef(actual, predicted, **weighted))
    else:
        assert found.overall["mcc"].value is None
    is_close(found, "kappa", oracle.cohen_kappa_score(actual, predicted, **weighted))
    false_rate, true_rate, _ = oracle.roc_curve(actual, score, **weighted)
    is_close(found, "ks", float(np.max(true_rate - false_rate)))


def test_a_weight_of_two_is_two_rows() -> None:
    generator = np.random.default_rng(1)
    actual, score = generator.random(60) < 0.4, generator.random(60).round(1)
    twice = generator.integers(1, 3, 60)
    weighed = binary.performance(
        Binary(actual, score > 0.5, score, True, weights=twice.astype(float)), {}, seed=1
    )
    actual, score = np.repeat(actual, twice), np.repeat(score, twice)
    repeated = binary.performance(Binary(actual, score > 0.5, score, True), {}, seed=1)
    for name in ("roc_auc", "ks", "lift", "f1", "ece", "average_precision", "mcc"):
        assert weighed.overall[name].value == pytest.approx(repeated.overall[name].value), name


def test_lift_of_constant_scores_is_one_and_of_perfect_ones_the_most_there_can_be() -> None:
    actual = np.arange(100) < 20
    constant = binary.performance(Binary(actual, actual, np.full(100, 0.5), True), {}, seed=1)
    assert constant.overall["lift"].value == pytest.approx(1.0)
    assert constant.overall["roc_auc"].value == 0.5
    perfect = binary.performance(Binary(actual, actual, actual.astype(float), True), {}, seed=1)
    assert perfect.overall["lift"].value == pytest.approx(5.0)


def test_the_threshold_table_says_what_each_threshold_would_do() -> None:
    generator = np.random.default_rng(2)
    score = generator.random(400)
    actual = generator.random(400) < score
    found = binary.performance(Binary(actual, score >= 0.5, score, True, 0.5), {}, seed=1)
    table = next(table for table in found.tables if table.id == "thresholds")
    assert sum(row[-1] == "in use" for row in table.rows) == 1
    for row in table.rows:
        chosen = score >= row[0]
        assert row[1] == pytest.approx(chosen.mean())
        assert row[2] == pytest.approx(actual[chosen].mean())
        assert row[4] == pytest.approx(oracle.recall_score(actual, chosen))
        assert row[7] == pytest.approx(oracle.f1_score(actual, chosen))


def test_cells_of_many_rows_give_the_intervals_of_the_rows() -> None:
    generator = np.random.default_rng(3)
    score = generator.beta(2, 3, 4100)
    actual = generator.random(4100) < score
    many = binary.performance(Binary(actual, score > 0.5, score, True), {}, seed=1)
    few_rows = Binary(actual[:4000], score[:4000] > 0.5, score[:4000], True)
    exact = binary.performance(few_rows, {}, seed=1)
    assert "cells of rows" in many.conventions["ks"]
    assert "bootstrap of rows" in exact.conventions["ks"]
    for name in ("average_precision", "ks", "brier", "log_loss", "f1", "mcc"):
        one, other = many.overall[name], exact.overall[name]
        assert (
            one.low is not None and one.high is not None and other.low is not None and other.high is not None
        )
        assert one.high - one.low == pytest.approx(other.high - other.low, rel=0.2), name


@few
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(1, 3)), min_size=2, max_size=40))
def test_multiclass_metrics_of_weighted_rows(rows: list[tuple[int, int, int]]) -> None:
    actual, predicted, weights = (np.array(column) for column in zip(*rows, strict=True))
    data = multiclass.Multiclass(list("abc"), actual, predicted, weights=weights * 1.0)
    found = multiclass.performance(data, {}, seed=3)
    weighted: dict[str, Any] = {"sample_weight": weights}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        is_close(found, "accuracy", oracle.accuracy_score(actual, predicted, **weighted))
        is_close(found, "macro_f1", oracle.f1_score(actual, predicted, average="macro", **weighted))
        for name, function in (
            ("macro_precision", oracle.precision_score),
            ("macro_recall", oracle.recall_score),
        ):
            expected = function(actual, predicted, average="macro", zero_division=0, **weighted)
            is_close(found, name, expected)
        if len(set(actual)) > 1 and len(set(predicted)) > 1:
            is_close(found, "mcc", oracle.matthews_corrcoef(actual, predicted, **weighted))
            is_close(found, "kappa", oracle.cohen_kappa_score(actual, predicted, **weighted))


def test_the_mean_auc_is_scikit_learns_and_its_interval_delongs() -> None:
    generator = np.random.default_rng(4)
    actual = generator.integers(0, 3, 90)
    chances = generator.dirichlet([1, 1, 1], 90)
    truths = [actual == place for place in range(3)]
    found = mean_auc(truths, [chances[:, place] for place in range(3)])
    assert found[0] == pytest.approx(oracle.roc_auc_score(actual, chances, multi_class="ovr"))
    assert mean_auc(truths[:1], [chances[:, 0]]) == pytest.approx(delong(truths[0], chances[:, 0]))
    assert mean_auc([truths[0]] * 2, [chances[:, 0]] * 2) == pytest.approx(delong(truths[0], chances[:, 0]))


@few
@given(st.lists(st.tuples(*[st.booleans()] * 6), min_size=2, max_size=30))
def test_multilabel_metrics(rows: list[tuple[bool, ...]]) -> None:
    both = np.array(rows)
    actual, predicted = both[:, :3], both[:, 3:]
    found = multilabel.performance(multilabel.Multilabel(list("abc"), actual, predicted), {}, seed=1)
    is_close(found, "hamming_loss", oracle.hamming_loss(actual, predicted))
    is_close(found, "subset_accuracy", oracle.accuracy_score(actual, predicted))
    jaccard = oracle.jaccard_score(actual, predicted, average="samples", zero_division=1)
    is_close(found, "jaccard", jaccard)
    if (actual | predicted).any():
        is_close(found, "micro_f1", oracle.f1_score(actual, predicted, average="micro"))
    if (actual | predicted).any(axis=0).all():
        is_close(found, "macro_f1", oracle.f1_score(actual, predicted, average="macro"))


@few
@given(
    st.lists(
        st.tuples(st.integers(-9, 9).filter(bool), st.integers(-9, 9), st.integers(1, 3)),
        min_size=2,
        max_size=40,
    )
)
def test_regression_metrics_of_weighted_rows(rows: list[tuple[int, int, int]]) -> None:
    actual, predicted, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = regression.performance(actual, predicted, {}, seed=3, weights=weights, quantile=0.9)
    weighted = {"sample_weight": weights}
    is_close(found, "mae", oracle.mean_absolute_error(actual, predicted, **weighted))
    is_close(found, "rmse", oracle.root_mean_squared_error(actual, predicted, **weighted))
    is_close(found, "mape", oracle.mean_absolute_percentage_error(actual, predicted, **weighted))
    is_close(found, "quantile_loss", oracle.mean_pinball_loss(actual, predicted, alpha=0.9, **weighted))
    is_close(found, "bias", float(np.average(predicted - actual, weights=weights)))
    if len(set(actual)) > 1:
        is_close(found, "r2", oracle.r2_score(actual, predicted, **weighted))
    else:
        assert found.overall["r2"].value is None


@few
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 4)), min_size=2, max_size=40))
def test_ranking_metrics(rows: list[tuple[int, int, int]]) -> None:
    query, relevance, score = (np.array(column) for column in zip(*rows, strict=True))
    asked = [place for place in sorted(set(query)) if relevance[query == place].any()]
    if not asked:
        with pytest.raises(CannotMeasure, match="No query has a relevant item"):
            ranking.performance(relevance * 1.0, score * 1.0, query, {}, seed=1)
        return
    found = ranking.performance(relevance * 1.0, score * 1.0, query, {}, seed=1, top=3)
    parts = [(relevance[query == place], score[query == place]) for place in asked]
    precisions = [oracle.average_precision_score(truth > 0, said) for truth, said in parts]
    is_close(found, "map", float(np.mean(precisions)))
    gains = [1.0 if len(truth) == 1 else oracle.ndcg_score([truth], [said]) for truth, said in parts]
    is_close(found, "ndcg", float(np.mean(gains)))
    tops = [1.0 if len(truth) == 1 else oracle.ndcg_score([truth], [said], k=3) for truth, said in parts]
    is_close(found, "ndcg_at_k", float(np.mean(tops)))


def test_a_forecast_by_hand() -> None:
    actual = np.array([10.0, 12.0, 11.0, 15.0])
    data = forecasting.Series(
        actual, np.array([10.0, 11.0, 13.0, 15.0]), np.zeros(4, dtype=int), np.arange(4)
    )
    found = forecasting.performance(data, {}, seed=1)
    is_close(found, "mae", 0.75)
    is_close(found, "mase", 0.75 / ((2 + 1 + 4) / 3))
    is_close(found, "smape", (2 * 1 / 23 + 2 * 2 / 24) / 4)
    table = next(table for table in found.tables if table.id == "baseline")
    mae = next(row for row in table.rows if row[0] == "Mean absolute error")
    assert mae[1:4] == pytest.approx([1.0, 7 / 3, 4 / 3])  # on the three rows that have a value before


def test_the_seasonal_naive_forecast_has_a_mase_of_one_and_no_advantage_over_itself() -> None:
    generator = np.random.default_rng(5)
    time, series = np.tile(np.arange(48), 3), np.repeat(np.arange(3), 48)
    actual = 50 + 10 * np.sin(time / 12 * 2 * np.pi) + generator.normal(size=144)
    data = forecasting.Series(actual, actual, series, time, 12)
    before, there = data.naive()
    said = np.where(there, before, actual)
    found = forecasting.performance(forecasting.Series(actual, said, series, time, 12), {}, seed=1)
    assert found.overall["mase"].value == pytest.approx(there.mean())
    assert found.overall["mae_over_baseline"].value == 0.0
    with pytest.raises(CannotMeasure, match="No series is longer than a season of 60 steps"):
        forecasting.performance(forecasting.Series(actual, said, series, time, 60), {}, seed=1)


def test_a_model_has_no_advantage_over_itself_and_a_better_one_has() -> None:
    generator = np.random.default_rng(6)
    score = generator.random(800)
    actual = generator.random(800) < score
    blurred = np.clip(score + generator.normal(0, 0.3, 800), 0, 1)
    good = Binary(actual, score > 0.5, score, True)
    bad = Binary(actual, blurred > 0.5, blurred, True)
    same = binary.performance(good, {}, seed=1, against=good)
    assert same.overall["roc_auc_gain"].value == same.overall["brier_gain"].value == 0
    found = binary.performance(good, {}, seed=1, against=bad)
    for name in ("roc_auc_gain", "brier_gain", "log_loss_gain"):
        gain = found.overall[name]
        assert gain.low is not None and gain.low > 0, name
    paired = found.overall["roc_auc_gain"]
    alone = found.overall["roc_auc"]
    assert (
        paired.low is not None
        and paired.high is not None
        and alone.low is not None
        and alone.high is not None
    )
    assert paired.high - paired.low < 1.2 * (alone.high - alone.low)
    back = binary.performance(bad, {}, seed=1, against=good)
    assert back.overall["roc_auc_gain"].value == pytest.approx(-(paired.value or 0))


def test_a_constant_answer_is_no_better_than_the_simplest() -> None:
    actual = np.arange(100) < 30
    data = Binary(actual, np.zeros(100, dtype=bool), np.full(100, 0.3), True)
    found = binary.performance(data, {}, seed=1)
    assert found.overall["accuracy_over_baseline"].value == 0
    assert found.overall["brier_over_baseline"].value == pytest.approx(0)
    assert found.overall["mcc"].value is None


def test_every_figure_says_how_it_was_computed_and_what_it_means() -> None:
    generator = np.random.default_rng(7)
    score = generator.random(300)
    actual = generator.random(300) < score
    data = Binary(actual, score > 0.5, score, True, weights=generator.random(300))
    number = generator.random(300)
    classes = multiclass.Multiclass(
        ["a", "b"], actual * 1, (score > 0.5) * 1, np.column_stack([1 - score, score])
    )
    labels = multilabel.Multilabel(
        ["a", "b"], np.column_stack([actual, ~actual]), np.column_stack([actual, actual])
    )
    query = np.arange(300) // 10
    series = forecasting.Series(number, score, query, np.arange(300) % 10)
    results = (
        binary.performance(data, {}, seed=1, beta=2.0, against=data),
        multiclass.performance(classes, {}, seed=1, beta=2.0, against=classes),
        multilabel.performance(labels, {}, seed=1, beta=2.0, against=labels),
        regression.performance(number, score, {}, seed=1, quantile=0.5, against=number),
        ranking.performance(actual.astype(float), score, query, {}, seed=1, against=score),
        forecasting.performance(series, {}, seed=1, against=score),
    )
    for result in results:
        assert set(result.overall) <= set(result.conventions)
        assert set(result.overall) <= set(OF_KIND["performance"])
        assert result.as_json()["overall"]
