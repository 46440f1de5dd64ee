"""The demo's states follow from real results, measured here by other code than the training's own."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame, count, selection_rate
from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score

from evaluations.metrics.binary import Binary, performance
from evaluations.metrics.fairness import fairness
from governance.demo.portfolio import Story, Version
from tests.governance.demo_training.demo_run import Run, every_version

PASSES_ALL = [
    ("consumer-credit", "2"),
    ("mortgage-retention", "1"),
    ("vendor-affordability", "2026.1"),
    ("tenant-screening", "1"),
]


def measured_auc(run: Run, version: Version) -> tuple[float, float]:
    """AUC and its lower 95% bound by Hanley and McNeil (1982)."""
    dataset, rows = run.test_data(version)
    actual = rows[dataset.label].astype(str) == dataset.positive
    area = float(roc_auc_score(actual, run.predictions(version)[1]))
    positives, negatives = int(actual.sum()), int((~actual).sum())
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (positives - 1) * (first - area**2) + (negatives - 1) * (second - area**2)
    return area, area - 1.96 * math.sqrt((area * (1 - area) + spread) / (positives * negatives))


def banded(values: pd.Series) -> pd.Series:
    """Words as they are, ages in bands closed on the left at 25, 35, 45, 55 and 65."""
    if values.dtype.kind not in "if":
        return values
    return pd.Series(np.digitize(values, [25, 35, 45, 55, 65]), name=values.name)


def measured_ratio(run: Run, version: Version) -> float:
    """Lowest over highest selection rate by fairlearn, the least over attributes; groups of at least 30."""
    dataset, rows = run.test_data(version)
    selected = pd.Series(run.predictions(version)[0]).astype(str) == dataset.positive
    ratios = []
    for name in dataset.sensitive:
        frame = MetricFrame(
            metrics={"rate": selection_rate, "n": count},
            y_true=selected,
            y_pred=selected,
            sensitive_features=banded(rows[name]),
        ).by_group
        rates = frame.loc[frame["n"] >= 30, "rate"]
        assert len(rates) > 1
        ratios.append(float(rates.min() / rates.max()))
    return min(ratios)


@pytest.mark.parametrize(("slug", "number"), PASSES_ALL)
def test_these_pass_performance_and_fairness_with_room_to_spare(run: Run, slug: str, number: str) -> None:
    version = run.version(slug, number)
    area, low = measured_auc(run, version)
    assert area >= 0.72
    assert low >= 0.67
    assert measured_ratio(run, version) >= 0.82


def test_the_first_scorecard_fails_on_age_and_ranks_no_better_than_its_successor(run: Run) -> None:
    first, second = run.version("consumer-credit", "1"), run.version("consumer-credit", "2")
    assert first.story is Story.RETIRED
    assert measured_ratio(run, first) < 0.75
    assert measured_auc(run, first)[0] <= measured_auc(run, second)[0]


@pytest.mark.parametrize("slug", ["income-screening", "citizen-trust"])
def test_good_ranking_goes_with_very_unequal_selection(run: Run, slug: str) -> None:
    version = run.version(slug)
    assert measured_auc(run, version)[1] >= 0.65
    assert measured_ratio(run, version) < 0.5


def test_the_campaign_model_is_too_weak_and_fails_on_nothing_else(run: Run) -> None:
    version = run.version("campaign-response")
    assert measured_auc(run, version)[0] < 0.65
    assert measured_ratio(run, version) >= 0.82


def test_the_tumour_model_ranks_nearly_all_malignant_samples_first(run: Run) -> None:
    version = run.version("tumour-triage")
    assert measured_auc(run, version)[1] >= 0.95
    assert run.test_data(version)[0].sensitive == ()


def test_the_regression_explains_at_least_a_third_of_the_variance(run: Run) -> None:
    version = run.version("diabetes-progression")
    dataset, rows = run.test_data(version)
    assert r2_score(rows[dataset.label], run.predictions(version)[0]) >= 0.33


@pytest.mark.parametrize(
    ("slug", "number"), [("wine-origin", "1"), ("mail-digits", "1"), ("mail-digits", "2")]
)
def test_the_multiclass_models_recognise_their_classes(run: Run, slug: str, number: str) -> None:
    version = run.version(slug, number)
    dataset, rows = run.test_data(version)
    assert balanced_accuracy_score(rows[dataset.label], run.predictions(version)[0]) >= 0.9


def test_predicted_labels_are_the_labels_of_the_data(run: Run) -> None:
    for model, version in every_version(run.portfolio):
        if model.kind != "regression":
            dataset, rows = run.test_data(version)
            assert set(run.predictions(version)[0]) <= set(rows[dataset.label]), model.slug


def test_every_number_that_the_training_reports_agrees_with_this_measurement(run: Run) -> None:
    for model, version in every_version(run.portfolio):
        if model.kind == "binary_classification":
            area, low = measured_auc(run, version)
            assert version.measured["roc_auc"] == pytest.approx(area, abs=1e-6), model.slug
            assert version.measured["roc_auc_low"] == pytest.approx(low, abs=0.02), model.slug
            if run.test_data(version)[0].sensitive:
                assert version.measured["selection_rate_ratio"] == pytest.approx(
                    measured_ratio(run, version)
                ), model.slug


def test_the_products_own_engine_finds_the_same(run: Run) -> None:
    for model, version in every_version(run.portfolio):
        if model.kind != "binary_classification":
            continue
        dataset, rows = run.test_data(version)
        labels, score = run.predictions(version)
        positive = dataset.positive
        data = Binary(
            actual=(rows[dataset.label].astype(str) == positive).to_numpy(),
            predicted=(pd.Series(labels).astype(str) == positive).to_numpy(),
            score=np.asarray(score, dtype=np.float64),
            probability=True,
        )
        ranked = performance(data, {}, seed=1).overall["roc_auc"]
        assert ranked.value == pytest.approx(version.measured["roc_auc"]), model.slug
        assert ranked.low == pytest.approx(version.measured["roc_auc_low"], abs=0.02), model.slug
        if dataset.sensitive:
            found = fairness(data, {name: rows[name].to_numpy() for name in dataset.sensitive})
            ratio = found.overall["selection_rate_ratio"].value
            assert ratio == pytest.approx(version.measured["selection_rate_ratio"]), model.slug


def test_training_and_held_out_rows_do_not_overlap(run: Run) -> None:
    for prefix in ("german-credit", "breast-cancer", "diabetes"):  # sources whose rows are all distinct
        train = run.rows(run.portfolio.dataset(f"{prefix}-training@1"))
        test = run.rows(run.portfolio.dataset(f"{prefix}-test@1"))
        assert not np.isin(
            pd.util.hash_pandas_object(test, index=False), pd.util.hash_pandas_object(train, index=False)
        ).any(), prefix
