"""SHAP values are right, belong to original columns, and say how they were made."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from evaluations.metrics.explain import explain
from evaluations.metrics.explain_columns import Coding
from evaluations.metrics.explain_output import Target, parts_of
from evaluations.metrics.explainers import exact, sampled
from evaluations.metrics.original_columns import sources
from evaluations.metrics.values import Measured


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    generator = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "job": generator.choice(["a", "b", "c"], 120),
            "job_b": generator.choice(
                ["x", "y"], 120
            ),  # a name that prefixes would take for category b of job
            "age": generator.integers(18, 80, 120),
            "debt": np.where(generator.random(120) < 0.1, np.nan, generator.normal(size=120)),
        }
    )


@pytest.fixture(scope="module")
def outcome(people: pd.DataFrame) -> np.ndarray:
    risk = people["debt"].fillna(0) + (people["job"] == "a") - people["age"] / 40
    return np.where(risk + np.random.default_rng(4).normal(0, 0.5, 120) > -0.8, "bad", "good")


def prepared(last: object) -> Pipeline:
    encode = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "debt"]),
        (OneHotEncoder(handle_unknown="ignore"), ["job_b", "job"]),
    )
    return make_pipeline(encode, last)


def explained(model: object, rows: pd.DataFrame, target: Target, max_rows: int | None = None) -> Measured:
    return explain(model, rows, target, seed=1, max_rows=max_rows, progress=lambda share: None)


def test_one_hot_columns_go_back_to_the_column_they_come_from(
    people: pd.DataFrame, outcome: np.ndarray
) -> None:
    model = prepared(LogisticRegression()).fit(people, outcome)
    assert sources(model[:-1], 4) == [2, 3, 1, 1, 0, 0, 0]


def test_columns_that_mix_inputs_have_no_source(people: pd.DataFrame) -> None:
    assert sources(PolynomialFeatures().fit(people[["age"]]), 1) is None


def test_linear_values_are_the_coefficient_times_the_distance_from_the_mean() -> None:
    generator = np.random.default_rng(8)
    rows = pd.DataFrame(generator.normal(size=(50, 3)), columns=list("abc"))
    model = LinearRegression().fit(rows, rows["a"] * 3 - rows["b"])
    found = exact(model, rows, Target())
    assert found is not None
    assert found.values == pytest.approx((rows.to_numpy() - rows.to_numpy().mean(0)) * model.coef_, abs=1e-9)
    assert found.unit == "the label's unit"


def test_sampled_values_agree_with_exact_ones_on_an_additive_model() -> None:
    generator = np.random.default_rng(8)
    rows = pd.DataFrame(generator.normal(size=(30, 3)), columns=list("abc"))
    model = LinearRegression().fit(rows, rows["a"] * 3 - rows["b"])
    known = exact(model, rows, Target())
    found = sampled(model, rows, Target(), seed=1, progress=lambda share: None)
    assert known is not None
    assert found.values == pytest.approx(known.values, abs=1e-9)


@pytest.mark.parametrize("last", [LogisticRegression(), HistGradientBoostingClassifier(max_iter=20)])
@pytest.mark.parametrize("positive", [0, 1])
def test_values_add_up_to_the_log_odds_of_the_positive_class(
    people: pd.DataFrame, outcome: np.ndarray, last: object, positive: int
) -> None:
    encode = make_column_transformer(
        (SimpleImputer(), ["age", "debt"]), (OneHotEncoder(sparse_output=False), ["job", "job_b"])
    )
    model = make_pipeline(encode, last).fit(people, outcome)
    found = exact(model, people, Target(positive=positive))
    assert found is not None and found.unit == "log-odds"
    chance = model.predict_proba(people)[:, positive]
    assert found.base + found.values.sum(axis=1) == pytest.approx(np.log(chance / (1 - chance)), abs=1e-6)


def test_a_fixed_threshold_changes_no_explanation(people: pd.DataFrame, outcome: np.ndarray) -> None:
    plain = prepared(LogisticRegression()).fit(people, outcome)
    fixed = FixedThresholdClassifier(prepared(LogisticRegression()), threshold=0.7).fit(people, outcome)
    assert type(parts_of(fixed)[1]).__name__ == "LogisticRegression"
    known, found = exact(plain, people, Target(positive=1)), exact(fixed, people, Target(positive=1))
    assert known is not None and found is not None
    assert found.values == pytest.approx(known.values)


def test_the_column_that_decides_comes_first(people: pd.DataFrame) -> None:
    model = prepared(RandomForestClassifier(20, random_state=1)).fit(people, people["job"] == "a")
    found = explained(model, people, Target(positive=1)).explanations
    assert [found["method"], found["output"], found["features"][0]["name"]] == [
        "TreeExplainer",
        "probability",
        "job",
    ]
    assert len(found["features"]) == 4


def test_a_model_that_shap_does_not_know_is_sampled_on_fewer_rows(people: pd.DataFrame) -> None:
    rows = people[["age"]].assign(
        half=people["age"] / 2
    )  # few and plain: it asks the model many thousand times
    found = explained(KNeighborsRegressor().fit(rows, people["age"]), rows, Target())
    assert found.explanations["method"] == "PermutationExplainer"
    assert found.overall["explained_rows"].value == 100
    assert found.overall["additivity_error"].value == pytest.approx(0, abs=1e-6)
    assert "sampled" in found.conventions["shap"]


def test_rows_are_capped_and_drawn_by_the_seed(people: pd.DataFrame, outcome: np.ndarray) -> None:
    model = prepared(LogisticRegression()).fit(people, outcome)
    first, again = (explained(model, people, Target(positive=1), 40).as_json() for _ in range(2))
    assert first == again
    assert first["overall"]["explained_rows"]["value"] == 40


def test_points_carry_the_rank_of_the_value_and_none_where_there_is_no_order(
    people: pd.DataFrame, outcome: np.ndarray
) -> None:
    model = prepared(LogisticRegression()).fit(people, outcome)
    points = {
        part["feature"]: part["values"]
        for part in explained(model, people, Target(positive=1)).explanations["points"]
    }
    assert all(rank is None for _, rank in points["job"])
    ranks = [rank for _, rank in points["age"]]
    assert min(ranks) >= 0 and max(ranks) <= 1 and len(set(ranks)) > 20
    missing = people["debt"].isna().to_numpy()
    assert [rank is None for _, rank in points["debt"]] == missing.tolist()


def test_each_row_is_explained_for_its_predicted_class(people: pd.DataFrame) -> None:
    model = prepared(RandomForestClassifier(20, random_state=1)).fit(people, people["job"])
    predicted = np.searchsorted(model.classes_, model.predict(people))
    found = exact(model, people, Target(predicted=predicted))
    assert found is not None
    assert found.output == pytest.approx(model.predict_proba(people).max(axis=1))
    assert found.additivity_error < 1e-6


def test_coding_gives_the_rows_back_with_their_types(people: pd.DataFrame) -> None:
    rows = people.assign(yes=people["age"] > 40, kind=people["job"].astype("category"))
    coding = Coding(rows)
    pd.testing.assert_frame_equal(coding.decode(coding.encode(rows)), rows)
