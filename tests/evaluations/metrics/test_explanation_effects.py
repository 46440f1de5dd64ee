"""Effects, interactions, shuffled columns and the tree that imitates: against closed forms and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score

from evaluations.metrics import explain_shuffled as shuffled
from evaluations.metrics.explain_columns import changed, said
from evaluations.metrics.explain_effects import effect_of, similar_order
from evaluations.metrics.explain_interactions import interactions
from evaluations.metrics.explain_stability import over_backgrounds, over_halves, rank_correlation
from evaluations.metrics.explain_surrogate import surrogate
from evaluations.metrics.intervals import delong

SLOPES = st.floats(-5, 5).map(lambda value: round(value, 3))


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    generator = np.random.default_rng(3)
    size = generator.normal(size=400)
    return pd.DataFrame(
        {
            "size": size,
            "age": generator.integers(18, 80, 400),
            "near": size + generator.normal(0, 0.1, 400),  # moves with size
            "job": generator.choice(["a", "b", "c"], 400, p=[0.5, 0.3, 0.2]),
            "same": np.ones(400),
        }
    )


def worth(job: "pd.Series[str]") -> np.ndarray:
    return job.map({"a": 0.0, "b": 2.0, "c": -1.0}).to_numpy(dtype=float)


@settings(max_examples=20, deadline=None)
@given(slope=SLOPES, other=SLOPES)
def test_the_effect_of_a_linear_feature_is_a_line_with_its_slope(
    rows: pd.DataFrame, slope: float, other: float
) -> None:
    found = effect_of(
        lambda given: (slope * given["size"] + other * given["near"]).to_numpy(), rows, "size", seed=1
    )
    assert found is not None
    grid = np.array(found.grid)
    assert np.diff(found.value) == pytest.approx(slope * np.diff(grid), abs=1e-9)
    assert found.high - found.low == pytest.approx(np.zeros(len(grid)), abs=1e-6)  # every row moves alike


def test_effects_are_centred_on_the_rows(rows: pd.DataFrame) -> None:
    found = effect_of(lambda given: given["age"].to_numpy(dtype=float) ** 2, rows, "age", seed=1)
    assert found is not None
    grid, ages = np.array(found.grid), rows["age"].to_numpy()
    place = np.clip(np.searchsorted(grid, ages), 1, len(grid) - 1)
    assert ((found.value[place] + found.value[place - 1]) / 2).mean() == pytest.approx(0, abs=1e-9)
    assert found.value - found.value[0] == pytest.approx(grid**2 - grid[0] ** 2)


def test_single_rows_follow_an_additive_effect_and_part_where_features_act_together(
    rows: pd.DataFrame,
) -> None:
    together = effect_of(lambda given: (given["size"] * given["near"]).to_numpy(), rows, "size", seed=1)
    alone = effect_of(lambda given: (given["size"] + given["near"] ** 2).to_numpy(), rows, "size", seed=1)
    assert together is not None and alone is not None
    assert alone.ice == pytest.approx(np.tile(alone.value, (len(alone.ice), 1)))
    assert together.ice.std(axis=0).max() > 0.5


def test_values_without_an_order_differ_by_what_the_model_gives_them(rows: pd.DataFrame) -> None:
    found = effect_of(lambda given: worth(given["job"]) + given["size"].to_numpy(), rows, "job", seed=1)
    assert found is not None and not found.ordered
    effect = dict(zip(found.grid, found.value, strict=True))
    assert effect["b"] - effect["a"] == pytest.approx(2)
    assert effect["c"] - effect["a"] == pytest.approx(-1)
    assert sum(effect[job] for job in rows["job"]) == pytest.approx(0, abs=1e-9)


def test_values_stand_beside_those_whose_rows_are_alike() -> None:
    others = pd.DataFrame(
        {"x": np.concatenate([np.zeros(50), np.ones(50), np.full(50, 0.5)]), "y": ["u"] * 150}
    )
    others.loc[100:, "x"] = np.tile([0.0, 1.0], 25)  # the third value is half like each of the others
    order = similar_order(others, np.repeat([0, 1, 2], 50))
    assert order.tolist() in ([0, 2, 1], [1, 2, 0])


def test_a_constant_feature_has_no_effect_and_gaps_are_left_out(rows: pd.DataFrame) -> None:
    assert effect_of(lambda given: given["size"].to_numpy(), rows, "same", seed=1) is None
    gaps = rows.assign(size=rows["size"].where(rows["age"] > 30))
    found = effect_of(lambda given: given["size"].fillna(0).to_numpy(), gaps, "size", seed=1)
    assert found is not None
    assert (found.n, found.left_out) == (int((rows["age"] > 30).sum()), int((rows["age"] <= 30).sum()))
    nothing = rows.assign(size=np.nan)
    assert effect_of(lambda given: given["age"].to_numpy(), nothing, "size", seed=1) is None


def test_the_interval_of_an_effect_covers_the_truth() -> None:
    """y depends on x with a slope that differs by row: the mean effect is known."""
    hits = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        rows = pd.DataFrame({"x": generator.random(300), "slope": generator.normal(2, 1, 300)})
        found = effect_of(lambda given: (given["x"] * given["slope"]).to_numpy(), rows, "x", seed=1)
        assert found is not None
        hits += found.low[-1] <= 2 * (found.grid[-1] - rows["x"].mean()) <= found.high[-1]
    assert 0.90 <= hits / 200 <= 0.99


def test_the_h_statistic_is_zero_for_sums_and_one_for_a_pure_product(rows: pd.DataFrame) -> None:
    added = interactions(
        lambda given: (given["size"] ** 3 + given["age"] / 10).to_numpy() + worth(given["job"]),
        rows,
        ["size", "age", "job"],
        seed=1,
    )
    assert len(added) == 3
    assert all(pair.share == pytest.approx(0, abs=1e-6) for pair in added)
    even = pd.DataFrame({"a": np.tile([-1.0, 1.0], 20), "b": np.repeat([-1.0, 1.0], 20)})
    product = interactions(lambda given: (given["a"] * given["b"]).to_numpy(), even, ["a", "b"], seed=1)[0]
    assert (product.share, product.size) == pytest.approx((1, 1))


def test_the_pair_that_acts_together_comes_first(rows: pd.DataFrame) -> None:
    found = interactions(
        lambda given: (given["size"] * (given["age"] > 40) + given["near"]).to_numpy(),
        rows,
        ["near", "size", "age"],
        seed=1,
    )
    assert {found[0].first, found[0].second} == {"size", "age"}
    assert found[0].low is not None and found[0].high is not None
    assert found[0].low <= found[0].share <= found[0].high


def test_permutation_importance_is_scikit_learns_with_the_same_orders(rows: pd.DataFrame) -> None:
    table = rows[["size", "age", "near"]]
    actual = (table["size"] + np.random.default_rng(4).normal(size=400) > 0).to_numpy().astype(float)
    model = LogisticRegression(max_iter=1000).fit(table, actual)
    known = permutation_importance(model, table, actual, scoring="roc_auc", n_repeats=4, random_state=11)
    # scikit-learn draws one seed, begins every column with it, and shuffles what it has shuffled before
    state = np.random.RandomState(np.random.RandomState(11).randint(np.iinfo(np.int32).max + 1))
    shuffling, order, orders = np.arange(400), np.arange(400), []
    for _ in range(4):
        state.shuffle(shuffling)
        order = order[shuffling]
        orders.append(order)
    value, (low, high), drops = shuffled.drops(model.decision_function, table, shuffled.auc(actual), orders)
    assert [drop.value for drop in drops] == pytest.approx(known.importances_mean, abs=1e-12)
    assert value == pytest.approx(roc_auc_score(actual, model.decision_function(table)), abs=1e-12)
    assert low < value < high and drops[0].low > 0


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_metrics_and_their_errors_are_the_known_ones(data: st.DataObject) -> None:
    n = data.draw(st.integers(4, 40))
    actual = np.array(
        [0, 1, *data.draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2))], dtype=float
    )
    score = np.array(data.draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)), dtype=float)
    value, influence = shuffled.auc(actual)(score)
    assert value == pytest.approx(roc_auc_score(actual, score), abs=1e-12)
    assert influence.mean() == pytest.approx(0, abs=1e-9)
    recall, influence = shuffled.balanced_accuracy(actual)((score > 4).astype(float))
    assert recall == pytest.approx(balanced_accuracy_score(actual, score > 4), abs=1e-12)
    assert influence.mean() == pytest.approx(0, abs=1e-9)
    fit, influence = shuffled.r2(actual)(score)
    assert fit == pytest.approx(r2_score(actual, score), abs=1e-9)
    assert influence.mean() == pytest.approx(0, abs=1e-6)


def test_the_error_of_auc_is_delongs() -> None:
    generator = np.random.default_rng(9)
    actual = generator.random(300) < 0.4
    score = actual + generator.normal(size=300)
    _, (low, high), _ = shuffled.drops(
        lambda given: given["score"].to_numpy(),
        pd.DataFrame({"score": score}),
        shuffled.auc(actual.astype(float)),
        [np.arange(300)],
    )
    _, known_low, known_high = delong(actual, score)
    assert (low, high) == pytest.approx((known_low, known_high), abs=1e-3)


def test_a_tree_that_can_imitate_does_and_says_its_rules(rows: pd.DataFrame) -> None:
    output = np.where(rows["age"] > 40, 3.0, np.where(rows["job"] == "b", 1.0, -2.0))
    found = surrogate(rows, output, (output > 0).astype(int), seed=1)
    assert found.r2 is not None and found.r2.value == pytest.approx(1)
    assert found.agreement is not None and found.agreement.value == 1
    assert found.rules[0].words == "age above 40"
    assert {rule.words for rule in found.rules[1:]} == {
        "age at most 40 and job is b",
        "age at most 40 and job is not b",
    }
    assert sum(rule.share for rule in found.rules) == pytest.approx(1)


def test_bounds_and_values_of_hidden_columns_stay_out_of_the_rules(rows: pd.DataFrame) -> None:
    output = np.where(rows["age"] > 40, 3.0, np.where(rows["job"] == "b", 1.0, -2.0))
    words = " ".join(
        rule.words for rule in surrogate(rows, output, None, seed=1, hidden={"age", "job"}).rules
    )
    assert "40" not in words and "job is b" not in words
    assert "age above a value that is held back" in words


def test_a_tree_that_cannot_imitate_says_so(rows: pd.DataFrame) -> None:
    noise = np.random.default_rng(1).normal(size=400)
    found = surrogate(rows, noise, None, seed=1)
    assert found.r2 is not None and found.r2.value is not None and found.r2.value < 0.2
    assert surrogate(rows, np.ones(400), None, seed=1).r2 == type(found.r2)(None, None, None, 200)


def test_ranks_agree_with_themselves_and_with_nothing_where_there_is_no_order() -> None:
    assert rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([10.0, 30.0, 90.0])) == pytest.approx(1)
    assert rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])) == pytest.approx(-1)
    assert rank_correlation(np.array([1.0]), np.array([2.0])) is None
    assert rank_correlation(np.array([1.0, 1.0]), np.array([1.0, 2.0])) is None


def test_noise_has_no_firm_order_and_clear_features_have_one() -> None:
    generator = np.random.default_rng(5)
    noise, clear = generator.normal(size=(100, 8)), generator.normal(size=(100, 8)) * np.arange(1, 9)
    unsure, sure = over_halves(noise, seed=1), over_halves(clear, seed=1)
    assert unsure.value is not None and sure.value is not None
    assert unsure.value < 0.6 < 0.9 < sure.value
    against = over_backgrounds(clear, clear + generator.normal(0, 0.01, (100, 8)), seed=1)
    assert against.value == pytest.approx(1) and against.low is not None and against.low <= 1
    assert over_halves(noise[:, :1], seed=1).value is None


def test_a_changed_column_keeps_its_type_where_it_can() -> None:
    rows = pd.DataFrame({"n": [1, 2], "c": pd.Categorical(["a", "b"]), "b": [True, False], "t": ["x", "y"]})
    assert changed(rows, "n", [3.0, 4.0])["n"].dtype == rows["n"].dtype
    assert changed(rows, "n", 2.5)["n"].tolist() == [2.5, 2.5]
    assert np.isnan(changed(rows, "n", None)["n"]).all()
    assert changed(rows, "c", "a")["c"].dtype == rows["c"].dtype
    assert changed(rows, "c", "never seen")["c"].tolist() == ["never seen"] * 2
    assert changed(rows, "b", None)["b"].tolist() == [None, None]
    assert rows["n"].tolist() == [1, 2]
    assert [said(value) for value in (None, 1e5, 0.25, True, "x")] == [
        "missing",
        "100,000",
        "0.25",
        "True",
        "x",
    ]


def test_answers_of_a_real_forest_part_into_effects(rows: pd.DataFrame) -> None:
    table = rows[["size", "age"]]
    model = RandomForestRegressor(20, random_state=1).fit(table, table["size"] * 3)
    line = LinearRegression().fit(table, table["size"] * 3)
    for fitted in (model, line):
        found = effect_of(fitted.predict, table, "size", seed=1)
        assert found is not None
        assert found.reach == pytest.approx(3 * np.ptp(table["size"]), rel=0.15)
