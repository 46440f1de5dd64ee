"""Rankings, forecasts, sets of labels, weights and a second version, in a real child process."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from evaluations.sandbox import Job
from tests.evaluations.sandbox.conftest import Run, save_skops


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data and the models that answer for them: clicks to rank, demand to foretell, topics to give."""
    place = tmp_path_factory.mktemp("shop")
    generator = np.random.default_rng(9)
    rows = pd.DataFrame({"x": generator.normal(size=240), "z": generator.normal(size=240)})
    rows["search"] = np.repeat([f"q{number}" for number in range(24)], 10)
    rows["clicks"] = np.clip(np.round(rows["x"] + generator.normal(0, 0.5, 240)), 0, 3)
    rows["day"] = np.tile(pd.date_range("2026-01-01", periods=120).strftime("%Y-%m-%d"), 2)
    rows["shop"] = np.repeat(["north", "south"], 120)
    rows["demand"] = 20 + 5 * rows["x"] + generator.normal(size=240)
    rows["sport"] = (rows["x"] > 0).astype(int)
    rows["music"] = (rows["z"] > 0.3).astype(int)
    rows["weight"] = generator.integers(1, 4, 240)
    rows["region"] = generator.choice(["east", "west"], 240)
    rows.to_csv(place / "rows.csv", index=False)
    features = rows[["x", "z"]]
    save_skops(place / "ranker", LinearRegression().fit(features, rows["clicks"]))
    save_skops(place / "forecaster", LinearRegression().fit(features, rows["demand"]))
    save_skops(place / "blind", LinearRegression().fit(rows[["z"]], rows["demand"]))
    topics = RandomForestClassifier(20, max_depth=3, random_state=1)
    save_skops(place / "topics", topics.fit(features, rows[["sport", "music"]]))
    save_skops(place / "sporty", LogisticRegression().fit(features, rows["sport"]))
    return place


def of(job: Job, shop: Path, model: str, kind: str, label: str, **config: object) -> Job:
    return replace(
        job,
        model_kind=kind,
        model_path=str(shop / model),
        data_path=str(shop / "rows.csv"),
        label=label,
        positive=None,
        sensitive=("region",),
        config=config,
    )


def test_a_ranking(run: Run, job: Job, shop: Path) -> None:
    found = run(of(job, shop, "ranker", "ranking", "clicks", query="search", top=5)).result
    assert found["overall"]["ndcg"]["n"] <= 24
    assert found["overall"]["ndcg_over_baseline"]["low"] > 0
    assert {group["by"]["region"] for group in found["groups"]} == {"east", "west"}


def test_a_ranking_without_queries_says_what_to_set(run: Run, job: Job, shop: Path) -> None:
    failure = run(of(job, shop, "ranker", "ranking", "clicks")).failure
    assert 'Say which column says which items belong to one query: the setting "query".' in failure


def test_a_forecast_against_another_version_that_sees_less(run: Run, job: Job, shop: Path) -> None:
    asked = of(job, shop, "forecaster", "forecasting", "demand", time="day", series="shop", season=7)
    found = run(replace(asked, against_path=str(shop / "blind"))).result
    assert found["overall"]["mae_over_baseline"]["low"] > 0
    assert found["overall"]["mae_gain"]["low"] > 0
    assert [table["id"] for table in found["tables"]] == ["baseline", "against", "series"]
    assert {row[0] for row in found["tables"][2]["rows"]} == {"north", "south"}


def test_two_values_at_one_time_are_no_series(run: Run, job: Job, shop: Path) -> None:
    failure = run(of(job, shop, "forecaster", "forecasting", "demand", time="day")).failure
    assert "Name the column of the series in the setting series" in failure
    failure = run(of(job, shop, "forecaster", "forecasting", "demand", time="region")).failure
    assert "holds 240 values that are no time" in failure


def test_sets_of_labels(run: Run, job: Job, shop: Path) -> None:
    kind = "multilabel_classification"
    found = run(of(job, shop, "topics", kind, "sport", labels=["sport", "music"], weight="weight")).result
    assert found["overall"]["micro_f1"]["value"] > 0.8
    assert "counts a row by its weight" in found["conventions"]["weights"]
    failure = run(of(job, shop, "topics", kind, "sport", labels=["sport"])).failure
    assert "The model gives 2 labels a row, and the settings name 1: sport." in failure
    assert 'the setting "labels"' in run(of(job, shop, "topics", kind, "sport")).failure


def test_weights_that_cannot_be(run: Run, job: Job, shop: Path) -> None:
    kind = "regression"
    failure = run(of(job, shop, "forecaster", kind, "demand", weight="x")).failure
    assert "weights below 0" in failure
    failure = run(of(job, shop, "forecaster", kind, "demand", weight="region")).failure
    assert "240 values that are no finite number" in failure
    failure = run(of(job, shop, "ranker", "ranking", "clicks", query="search", weight="weight")).failure
    assert "The rows of ranking have no weights" in failure


def test_a_regression_is_no_classifier(run: Run, job: Job, shop: Path) -> None:
    for kind in ("binary_classification", "multiclass_classification"):
        asked = replace(of(job, shop, "forecaster", kind, "sport"), positive="1")
        assert "The model has no classes, so it is not a classifier" in run(asked).failure


def test_another_version_that_cannot_answer_is_said_and_harms_nothing(run: Run, job: Job, shop: Path) -> None:
    asked = replace(of(job, shop, "sporty", "binary_classification", "sport"), positive="1")
    found = run(replace(asked, against_path=str(shop / "ranker"))).result
    assert found["overall"]["roc_auc"]["value"] > 0.9
    assert "roc_auc_gain" not in found["overall"]
    (check,) = found["checks"]
    assert check["passed"] is None and "no classes" in check["said"]


def test_calibration_in_the_child(run: Run, job: Job, shop: Path) -> None:
    asked = replace(
        of(job, shop, "sporty", "binary_classification", "sport", max_rows=100, bins=5),
        positive="1",
        kind="calibration",
    )
    found = run(asked).result
    assert found["overall"]["ece"]["n"] == 100
    assert "Measured on 100 of 240 rows, drawn at random." in found["notes"]
    failure = run(replace(asked, model_kind="regression")).failure
    assert "Calibration is measured of classifications" in failure
