"""What we report are Shapley values: by brute force over all coalitions, and as shap says them."""

import numpy as np
import pandas as pd
import pytest
import shap
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC, LinearSVC

from evaluations.metrics.explain_output import Target, output_of
from evaluations.metrics.explainers import exact, sampled
from tests.evaluations.metrics.shapley import against_background, along_paths, brute_force

FEATURES = list("abcd")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(7).normal(size=(150, 4)), columns=FEATURES)


@pytest.fixture(scope="module")
def label(rows: pd.DataFrame) -> np.ndarray:
    return (rows["a"] * rows["b"] + rows["c"] + np.random.default_rng(8).normal(0, 0.3, 150) > 0).to_numpy()


def test_values_of_a_boosted_tree_are_shapleys_on_the_log_odds_not_on_the_probability(
    rows: pd.DataFrame, label: np.ndarray
) -> None:
    model = HistGradientBoostingClassifier(max_iter=5, max_depth=3, random_state=1).fit(rows, label)
    found = exact(model, rows.iloc[:6], Target(positive=1))
    assert found is not None and found.unit == "log-odds"
    for place in range(6):
        row = rows.iloc[place].to_numpy()
        trees = [trees[0].nodes for trees in model._predictors]
        known = sum(brute_force(along_paths(nodes, row), 4) for nodes in trees)
        assert found.values[place] == pytest.approx(known, abs=1e-6)


def test_the_probability_output_of_shap_is_not_shapleys_so_it_is_never_explained(
    rows: pd.DataFrame, label: np.ndarray
) -> None:
    model = HistGradientBoostingClassifier(max_iter=60, learning_rate=0.3, random_state=1).fit(rows, label)
    background = rows.iloc[:30].to_numpy()

    def chance(table: np.ndarray) -> np.ndarray:
        return np.asarray(model.predict_proba(pd.DataFrame(table, columns=FEATURES))[:, 1])

    few = rows.iloc[:12]
    known = [brute_force(against_background(chance, row, background), 4) for row in few.to_numpy()]
    said = shap.TreeExplainer(model, background, model_output="probability").shap_values(few)
    assert np.abs(said - np.array(known)).max() > 0.005
    assert said.sum(axis=1) == pytest.approx(np.sum(known, axis=1), abs=1e-6)  # it adds up all the same


def test_values_against_a_background_are_shapleys(rows: pd.DataFrame, label: np.ndarray) -> None:
    model = HistGradientBoostingRegressor(max_iter=10, random_state=1).fit(rows, rows["a"] * rows["b"])
    background = rows.iloc[100:130]
    found = exact(model, rows.iloc[:4], Target(), background=background, interventional=True)
    assert found is not None
    for place in range(4):
        answers = against_background(
            lambda table: model.predict(pd.DataFrame(table, columns=FEATURES)),
            rows.iloc[place].to_numpy(),
            background.to_numpy(),
        )
        assert found.values[place] == pytest.approx(brute_force(answers, 4), abs=1e-6)


def test_values_of_a_linear_model_are_shapleys(rows: pd.DataFrame, label: np.ndarray) -> None:
    model = LogisticRegression().fit(rows, label)
    found = exact(model, rows.iloc[:4], Target(positive=0), background=rows.iloc[50:90])
    assert found is not None and found.unit == "log-odds"
    for place in range(4):
        answers = against_background(
            lambda table: -model.decision_function(pd.DataFrame(table, columns=FEATURES)),
            rows.iloc[place].to_numpy(),
            rows.iloc[50:90].to_numpy(),
        )
        assert found.values[place] == pytest.approx(brute_force(answers, 4), abs=1e-9)


def test_sampled_values_of_two_features_are_shapleys(rows: pd.DataFrame, label: np.ndarray) -> None:
    """An order and its reverse are all orders of two features, so nothing is left to chance."""
    two, target = rows[["a", "c"]], Target(positive=1)
    model = SVC(probability=False).fit(two, label)
    background = two.iloc[60:80]
    found = sampled(model, two.iloc[:4], target, seed=1, progress=lambda share: None, background=background)
    assert found.unit == "margin" and found.method == "PermutationExplainer"
    for place in range(4):
        answers = against_background(
            lambda table: model.decision_function(pd.DataFrame(table, columns=["a", "c"])),
            two.iloc[place].to_numpy(),
            background.to_numpy(),
        )
        assert found.values[place] == pytest.approx(brute_force(answers, 2), abs=1e-6)
    assert found.additivity_error < 1e-6


def test_our_values_are_shaps_own(rows: pd.DataFrame, label: np.ndarray) -> None:
    model = HistGradientBoostingClassifier(max_iter=20, random_state=1).fit(rows, label)
    found = exact(model, rows, Target(positive=1))
    assert found is not None
    known = shap.TreeExplainer(model).shap_values(rows)
    assert found.values == pytest.approx(known, abs=1e-12)
    assert found.base + found.values.sum(axis=1) == pytest.approx(model.decision_function(rows), abs=1e-6)


def test_the_scale_is_the_one_on_which_the_model_speaks(rows: pd.DataFrame, label: np.ndarray) -> None:
    target = Target(
        positive=1, labels=("False", "True"), decide=lambda given: (given["a"] > 0).to_numpy().astype(int)
    )
    logistic = LogisticRegression().fit(rows, label)
    assert output_of(logistic, rows, target).unit == "log-odds"
    assert output_of(logistic, rows, target).of(rows) == pytest.approx(logistic.decision_function(rows))
    assert output_of(logistic, rows, target, unit="probability").of(rows) == pytest.approx(
        logistic.predict_proba(rows)[:, 1]
    )
    forest = RandomForestClassifier(10, random_state=1).fit(rows, label)
    assert output_of(forest, rows, target).unit == "probability"  # it is sure of some rows
    assert output_of(KNeighborsClassifier(3).fit(rows, label), rows, target).unit == "probability"
    margin = output_of(LinearSVC().fit(rows, label), rows, Target(positive=0))
    assert margin.unit == "margin"

    class OnlyDecides:
        """A model with nothing but `predict`."""

        def predict(self, given: pd.DataFrame) -> np.ndarray:
            return (given["a"] > 0).to_numpy()

    decided = output_of(OnlyDecides(), rows, target)
    assert decided.unit == "decisions (0 or 1)"
    assert decided.of(rows).tolist() == (rows["a"] > 0).astype(float).tolist()
    with pytest.raises(TypeError, match="without probabilities"):
        output_of(OnlyDecides(), rows, Target(positive=1))


def test_a_margin_that_is_no_log_odds_is_not_taken_for_one(rows: pd.DataFrame, label: np.ndarray) -> None:
    model = GradientBoostingClassifier(loss="exponential", n_estimators=5, learning_rate=0.05).fit(
        rows, label
    )
    output = output_of(model, rows, Target(positive=1))
    assert output.unit == "log-odds"  # by the probabilities: the margin is half of it
    assert output.of(rows) == pytest.approx(2 * model.decision_function(rows))
    assert output_of(model, rows, Target(positive=1), unit="margin").of(rows) == pytest.approx(
        model.decision_function(rows)
    )


@pytest.mark.parametrize("classes", [3, 5])
def test_each_class_of_several_adds_up(rows: pd.DataFrame, classes: int) -> None:
    label = pd.qcut(rows["a"] + rows["b"], classes, labels=False)
    model = HistGradientBoostingClassifier(max_iter=5, random_state=1).fit(rows, label)
    predicted = model.predict(rows)
    found = exact(model, rows, Target(predicted=predicted, labels=tuple(map(str, range(classes)))))
    assert found is not None and found.unit == "margin"
    raw = model.decision_function(rows)
    assert found.output == pytest.approx(raw[np.arange(150), predicted])
    assert found.adds_up
