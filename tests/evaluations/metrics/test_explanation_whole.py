"""A whole explanation, and that of one record: what they hold, what they refuse and what they hold back."""

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from evaluations.metrics.explain import explain
from evaluations.metrics.explain_local import explain_record
from evaluations.metrics.explain_output import Target
from evaluations.metrics.values import Measured
from policy.metrics import OF_KIND

SECRET = "Tromsø-7731"


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    generator = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "town": generator.choice([SECRET, "b", "c"], 300),
            "age": generator.integers(18, 80, 300),
            "debt": np.where(generator.random(300) < 0.1, np.nan, generator.normal(size=300)),
            "salary": generator.integers(10, 99, 300) * 1000 + 77,
        }
    )


@pytest.fixture(scope="module")
def bad(people: pd.DataFrame) -> np.ndarray:
    risk = people["debt"].fillna(0) * 2 + (people["town"] == SECRET) - people["age"] / 40
    return (risk > -1).to_numpy()


@pytest.fixture(scope="module")
def model(people: pd.DataFrame, bad: np.ndarray) -> object:
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["town"]), remainder="passthrough"
    )
    return make_pipeline(encode, HistGradientBoostingClassifier(max_iter=20, random_state=1)).fit(people, bad)


def target_for(model: object) -> Target:
    return Target(positive=1, labels=("good", "bad"), decide=lambda rows: model.predict(rows).astype(int))  # type: ignore[attr-defined]


def whole(
    model: object, rows: pd.DataFrame, target: Target, actual: np.ndarray | None, **more: Any
) -> Measured:
    return explain(
        model, rows, target, seed=1, max_rows=None, progress=lambda share: None, actual=actual, **more
    )


def record(model: object, people: pd.DataFrame, place: int = 3, **more: Any) -> Measured:
    row = people.iloc[[place]].reset_index(drop=True)
    return explain_record(model, row, people, target_for(model), seed=1, progress=lambda share: None, **more)


@pytest.fixture(scope="module")
def known(people: pd.DataFrame, bad: np.ndarray, model: object) -> Measured:
    """The whole explanation, with nothing held back."""
    return whole(model, people, target_for(model), bad.astype(float))


def test_everything_is_there_and_every_figure_has_its_words(
    people: pd.DataFrame, bad: np.ndarray, model: object, known: Measured
) -> None:
    found = known.as_json()
    assert set(found["overall"]) <= set(OF_KIND["explainability"])
    assert set(found["overall"]) <= set(found["conventions"])
    assert [table["id"] for table in found["tables"]] == ["permutation", "interactions", "surrogate"]
    assert {check["id"]: check["passed"] for check in found["checks"]} == {
        "additivity": True,
        "ranking_firm": True,
    }
    assert {effect["feature"] for effect in found["explanations"]["effects"]} == set(people.columns)
    assert found["explanations"]["permutation"]["metric"] == "AUC"
    assert found == whole(model, people, target_for(model), bad.astype(float)).as_json()


def test_no_value_of_a_confidential_column_enters_the_result(
    people: pd.DataFrame, bad: np.ndarray, model: object, known: Measured
) -> None:
    hidden = ("town", "salary")
    results = [
        whole(model, people, target_for(model), bad.astype(float), hidden=hidden),
        record(model, people, hidden=hidden, unfavourable="high"),
    ]
    for found in results:
        said = json.dumps(found.as_json(), ensure_ascii=False)
        assert SECRET not in said and not re.search(r"(?<![\d.])[1-9]\d,?077(?!\d)", said)
        assert any("onfidential" in note for note in found.notes)
    points = {part["feature"]: part["values"] for part in results[0].explanations["points"]}
    assert all(rank is None for _, rank in points["salary"]) and any(
        rank is not None for _, rank in points["age"]
    )
    shown = json.dumps(known.as_json(), ensure_ascii=False)
    assert SECRET in shown  # where nothing is confidential it is there


def test_one_feature_is_explained_too(people: pd.DataFrame, bad: np.ndarray) -> None:
    only = people[["age"]]
    found = whole(LogisticRegression().fit(only, bad), only, Target(positive=1), bad.astype(float))
    assert found.overall["top_feature_share"].value == 1
    assert found.overall["rank_stability"].value is None
    assert found.overall["strongest_interaction"].value is None
    assert {check.id: check.passed for check in found.checks}["ranking_firm"] is None


def test_a_constant_feature_moves_nothing(people: pd.DataFrame, bad: np.ndarray) -> None:
    rows = people[["age"]].assign(same=1.0)
    found = whole(LogisticRegression().fit(rows, bad), rows, Target(positive=1), bad.astype(float))
    assert found.explanations["features"][-1] == {"name": "same", "importance": 0.0, "low": 0.0, "high": 0.0}
    assert "Nothing moves same" in " ".join(found.notes)
    assert {row[0]: row[1] for row in found.tables[0].rows}["same"] == 0


def test_a_regression_and_several_classes(people: pd.DataFrame) -> None:
    rows = people[["age", "salary"]]
    line = whole(LinearRegression().fit(rows, rows["age"] * 2), rows, Target(), rows["age"].to_numpy() * 2.0)
    assert line.overall["surrogate_r2"].value is not None and "surrogate_agreement" not in line.overall
    assert line.explanations["permutation"]["metric"] == "R²"
    classes = RandomForestClassifier(10, random_state=1).fit(rows, people["town"])
    place = {label: at for at, label in enumerate(classes.classes_)}

    def decide(given: pd.DataFrame) -> np.ndarray:
        return np.array([place[label] for label in classes.predict(given)])

    target = Target(predicted=decide(rows), labels=tuple(classes.classes_), decide=decide)
    found = whole(classes, rows, target, people["town"].map(place).to_numpy(dtype=float))
    assert found.explanations["permutation"]["metric"] == "balanced accuracy"
    assert found.overall["surrogate_agreement"].value is not None and "surrogate_r2" not in found.overall
    assert found.explanations["effects_of"].startswith("class ")


def test_without_a_truth_that_differs_nothing_is_shuffled(
    people: pd.DataFrame, bad: np.ndarray, model: object
) -> None:
    found = whole(model, people, target_for(model), np.ones(300))
    assert "permutation" not in found.explanations
    assert "No column was shuffled" in found.notes[0]


def test_a_model_that_shap_does_not_know_is_explained_from_all_sides(
    people: pd.DataFrame, bad: np.ndarray
) -> None:
    rows = people[["age", "salary"]]
    nearest = KNeighborsClassifier(5).fit(rows, bad)
    target = Target(
        positive=1, labels=("good", "bad"), decide=lambda given: nearest.predict(given).astype(int)
    )
    found = whole(nearest, rows, target, bad.astype(float))
    assert (
        found.explanations["method"] == "PermutationExplainer"
        and found.explanations["output"] == "probability"
    )
    assert found.overall["background_stability"].value is not None


def test_contributions_of_one_record_give_its_output(people: pd.DataFrame, model: object) -> None:
    local = record(model, people).explanations["local"]
    given = sum(feature["contribution"] for feature in local["features"])
    assert local["base"] + given == pytest.approx(local["output"], abs=1e-6)
    chance = model.predict_proba(people.iloc[[3]])[0, 1]  # type: ignore[attr-defined]
    assert local["output"] == pytest.approx(np.log(chance / (1 - chance)))
    assert local["chance"] == pytest.approx(chance)


def test_it_holds_no_figure_that_a_policy_could_ask_for(people: pd.DataFrame, model: object) -> None:
    assert record(model, people).overall == {}


def test_reasons_are_the_features_that_push_to_the_unfavourable_side(
    people: pd.DataFrame, model: object
) -> None:
    wording = {"debt": "Your debts are high for your income."}
    for side, sign in (("high", 1), ("low", -1)):
        found = record(model, people, unfavourable=side, wording=wording)
        parts = {one["name"]: one["contribution"] for one in found.explanations["local"]["features"]}
        pushing = sorted(
            (name for name in parts if sign * parts[name] > 0), key=lambda name: -sign * parts[name]
        )
        table = next((table for table in found.tables if table.id == "reasons"), None)
        assert [row[1] for row in table.rows] == pushing[:4] if table else not pushing
        said = [row[2] for row in table.rows] if table else []
        assert ("Your debts are high for your income." in said) == ("debt" in pushing[:4])
        label = found.explanations["local"]["label"]
        assert any("favourable" in note for note in found.notes) == ((label == "bad") != (side == "high"))


def test_without_a_side_there_are_no_reasons_and_the_page_says_why(
    people: pd.DataFrame, model: object
) -> None:
    found = record(model, people)
    assert "reasons" not in [table.id for table in found.tables]
    assert "nobody said which side of the output is unfavourable" in found.notes[0]


def test_a_sensitive_reason_is_pointed_out(people: pd.DataFrame, model: object) -> None:
    for side in ("high", "low"):
        found = record(model, people, unfavourable=side, sensitive=("age",))
        reasons = [row[1] for table in found.tables if table.id == "reasons" for row in table.rows]
        assert any("Ask compliance" in note for note in found.notes) == ("age" in reasons)


def test_what_if_asks_the_model_itself(people: pd.DataFrame, model: object) -> None:
    table = next(table for table in record(model, people).tables if table.id == "what_if")
    town = {row[0]: row for row in table.rows}["town"]
    outputs = {}
    for value in people["town"].unique():
        given = people.iloc[[3]].assign(town=value)
        outputs[value] = float(model.decision_function(given)[0])  # type: ignore[attr-defined]
    assert (town[2], town[4]) == pytest.approx((min(outputs.values()), max(outputs.values())))
    assert town[5] == max(outputs, key=lambda value: outputs[value]) or outputs[town[5]] == pytest.approx(
        town[4]
    )


def test_values_never_seen_before_are_explained(people: pd.DataFrame, model: object) -> None:
    strange = people.iloc[[3]].assign(town="Atlantis", debt=np.nan).reset_index(drop=True)
    found = explain_record(model, strange, people, target_for(model), seed=1, progress=lambda share: None)
    values = {one["name"]: one["value"] for one in found.explanations["local"]["features"]}
    assert (values["town"], values["debt"]) == ("Atlantis", "missing")
