"""Disturbances, search, relations and sensitivity, on models whose answers can be worked out by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import sobol_indices, uniform
from sklearn.metrics import roc_auc_score

from evaluations.metrics.robustness import adversarial, relations, scenarios, sensitivity
from evaluations.metrics.robustness.answers import Answers, ModelFailed, together, undisturbed
from evaluations.metrics.robustness.disturb import UNSEEN, Disturbance, catalogue
from evaluations.metrics.robustness.drops import DRAWS, Paired, auc_drawn
from evaluations.metrics.robustness.features import features_of, with_value
from evaluations.metrics.robustness.report import Asked, robustness
from evaluations.metrics.values import CannotMeasure, Floats, Measured

ISHIGAMI = {"first": (0.3139, 0.4424, 0.0), "total": (0.5576, 0.4424, 0.2437)}
"""Ishigami and Homma (1990) with a = 7 and b = 0.1: Saltelli et al. (2008), Global Sensitivity Analysis, 4.6.1."""


@pytest.fixture
def people() -> pd.DataFrame:
    """600 people: a whole number, a number, a text, a code, and a date."""
    generator = np.random.default_rng(11)
    n = 600
    return pd.DataFrame(
        {
            "age": generator.integers(18, 80, n),
            "income": generator.normal(0, 2, n),
            "job": generator.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]),
            "flag": generator.integers(0, 2, n),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(generator.integers(0, 900, n), unit="D"),
        }
    )


def by_income(rows: pd.DataFrame) -> Answers:
    """A model that rises with the income only; missing incomes are 0."""
    score = expit(rows["income"].fillna(0).to_numpy(dtype=np.float64))
    return Answers(score, (score > 0.5).astype(np.int64))


def found_of(
    people: pd.DataFrame, ask: Any = by_income, asked: Asked | None = None, seed: int = 5
) -> Measured:
    noise = np.random.default_rng(2).normal(0, 1, len(people))
    truth = np.asarray(people["income"].to_numpy() + noise > 0).astype(np.float64)
    return robustness(
        ask,
        people,
        truth,
        "binary_classification",
        asked or Asked(),
        output="the score",
        seed=seed,
        progress=lambda share, step: None,
    )


def by_label(people: pd.DataFrame) -> dict[str, Disturbance]:
    return {one.label: one for one in catalogue(features_of(people))}


def changed(people: pd.DataFrame, label: str) -> pd.DataFrame:
    return by_label(people)[label].change(people, np.random.default_rng(1))


def test_columns_are_told_apart(people: pd.DataFrame) -> None:
    kinds = {feature.name: feature.kind for feature in features_of(people)}
    assert kinds == {
        "age": "number",
        "income": "number",
        "job": "category",
        "flag": "category",
        "since": "other",
    }


def test_every_disturbance_keeps_rows_columns_and_what_it_does_not_touch(people: pd.DataFrame) -> None:
    untouched = people.copy()
    for label, one in by_label(people).items():
        after = one.change(people, np.random.default_rng(1))
        assert list(after.columns) == list(people.columns) and len(after) == len(people), label
        assert not after.equals(people), label
        if one.family != "missing":
            pd.testing.assert_series_equal(after["since"], people["since"])
    pd.testing.assert_frame_equal(people, untouched)


def test_noise_has_the_size_that_it_is_named_for(people: pd.DataFrame) -> None:
    moved = changed(people, "Noise of 25%")
    assert (moved["income"] - people["income"]).std() == pytest.approx(0.25 * people["income"].std(), rel=0.1)
    assert moved["age"].dtype == people["age"].dtype  # whole numbers stay whole


def test_units_shift_and_range(people: pd.DataFrame) -> None:
    wrong = changed(people, "One number × 100")
    touched = (wrong["age"] != people["age"]).to_numpy() + (wrong["income"] != people["income"]).to_numpy()
    assert (touched == 1).all()  # one number of each row
    assert ((wrong["age"] == people["age"]) | (wrong["age"] == people["age"] * 100)).all()
    shifted = changed(people, "All numbers -50%")["income"] - people["income"]
    assert shifted.to_numpy() == pytest.approx(-0.5 * people["income"].std(ddof=0))
    outside = changed(people, "5% of numbers out of range")["income"]
    beyond = (outside > people["income"].max()) | (outside < people["income"].min())
    assert beyond.mean() == pytest.approx(0.05, abs=0.03)


def test_swaps_take_another_value_of_the_same_column(people: pd.DataFrame) -> None:
    swapped = changed(people, "20% of categories swapped")
    assert set(swapped["job"]) == set(people["job"]) and set(swapped["flag"]) == {0, 1}
    assert (swapped["job"] != people["job"]).mean() == pytest.approx(0.2, abs=0.04)
    assert (swapped["flag"] != people["flag"]).mean() == pytest.approx(0.2, abs=0.04)
    assert swapped["flag"].dtype == people["flag"].dtype


def test_missing_and_unseen_values(people: pd.DataFrame) -> None:
    assert changed(people, "20% of values missing").isna().to_numpy().mean() == pytest.approx(0.2, abs=0.03)
    alone = changed(people, "job missing")
    assert alone["job"].isna().all() and alone.drop(columns="job").equals(people.drop(columns="job"))
    unseen = changed(people, "5% of categories unseen")
    assert (unseen["job"] == UNSEEN).mean() == pytest.approx(0.05, abs=0.03)
    assert unseen["flag"].equals(people["flag"])  # a code has no text to make up


def test_a_constant_and_an_empty_column_are_left_alone() -> None:
    odd = pd.DataFrame({"constant": [1.5] * 30, "empty": [np.nan] * 30, "text": ["x"] * 30})
    families = {one.family for one in catalogue(features_of(odd))}
    assert families == {"unseen", "missing"}


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_resampled_aucs_are_scikit_learns(rows: list[tuple[bool, int]]) -> None:
    positive = np.array([row[0] for row in rows])
    score = np.array([float(row[1]) for row in rows])
    weights = np.random.default_rng(1).integers(0, 3, (len(rows), 5)).astype(np.float32)
    drawn = auc_drawn(positive, score, weights)
    for draw in range(5):
        weight = weights[:, draw]
        if weight[positive].sum() and weight[~positive].sum():
            expected = roc_auc_score(positive, score, sample_weight=weight)
            assert drawn[draw] == pytest.approx(expected, abs=1e-9)
        else:
            assert np.isnan(drawn[draw])


def test_a_disturbance_that_changes_nothing_costs_nothing_and_has_no_interval() -> None:
    answers = Answers(np.linspace(0, 1, 50), (np.linspace(0, 1, 50) > 0.5).astype(np.int64))
    truth = np.tile([0.0, 1.0], 25)
    drop = Paired("binary_classification", truth, answers, seed=1).drop(answers).drop
    assert (drop.value, drop.low, drop.high) == (0.0, None, None)


@pytest.mark.parametrize("kind", ["regression", "multiclass_classification"])
def test_errors_rise_and_accuracy_falls(kind: str) -> None:
    truth = np.tile([0.0, 1.0, 2.0], 100)
    good = Answers(truth + 0.0, truth.astype(np.int64))
    spoiled = truth.copy()
    spoiled[:60] = (spoiled[:60] + 1) % 3
    paired = Paired(kind, truth, good, seed=1)
    drop = paired.drop(Answers(spoiled, spoiled.astype(np.int64))).drop
    expected = 0.2 if kind != "regression" else np.sqrt(((spoiled - truth) ** 2).mean())
    assert drop.value == pytest.approx(expected)
    assert drop.low is not None and drop.high is not None and drop.low < expected < drop.high


def test_the_paired_interval_covers_the_true_loss() -> None:
    hits, generator = 0, np.random.default_rng(3)
    for _ in range(200):
        truth = generator.integers(0, 2, 300).astype(np.float64)
        right = generator.random(300) < 0.9
        worse = right & (generator.random(300) < 0.8)  # accuracy 0.9 becomes 0.72
        before = np.where(right, truth, 1 - truth)
        after = np.where(worse, truth, 1 - truth)
        paired = Paired("multiclass_classification", truth, Answers(before, before.astype(np.int64)), seed=1)
        drop = paired.drop(Answers(after, after.astype(np.int64))).drop
        assert drop.low is not None and drop.high is not None
        hits += drop.low <= 0.18 <= drop.high
    assert hits / 200 == pytest.approx(0.95, abs=0.045)
    assert DRAWS == 1000


def test_only_what_the_model_uses_costs_anything(people: pd.DataFrame) -> None:
    found = found_of(people)
    cost = {point["label"]: point for point in found.curves["drops"]["points"]}
    assert cost["job missing"]["drop"] == 0 and cost["job missing"]["flips"] == 0
    assert cost["income missing"]["drop"] > 0.2
    assert found.overall["worst_drop"].value == max(point["drop"] for point in cost.values())
    assert set(found.overall) <= set(found.conventions)
    assert found.overall["failed_disturbances"].value == 0
    assert [check.passed for check in found.checks] == [True]


def test_the_same_seed_gives_the_same_result(people: pd.DataFrame) -> None:
    assert found_of(people).as_json() == found_of(people).as_json()
    assert found_of(people).as_json() != found_of(people, seed=6).as_json()


def test_a_model_that_fails_on_gaps_is_a_finding_with_the_columns(people: pd.DataFrame) -> None:
    def touchy(rows: pd.DataFrame) -> Answers:
        if rows["age"].isna().any():
            raise ModelFailed("ValueError: age is missing.")
        if not set(rows["job"].dropna()) <= {"a", "b", "c"}:
            raise ModelFailed("KeyError: job.")
        return by_income(rows)

    found = found_of(people, touchy)
    said = {check.id: check for check in found.checks}
    assert said["answers.missing"].passed is False
    assert said["answers.missing"].said == (
        "The model fails on missing values in age. It says: ValueError: age is missing."
    )
    assert (
        said["answers.unseen"].said == "The model fails on unseen categories in job. It says: KeyError: job."
    )
    assert found.overall["unseen_drop"].value is None
    assert found.overall["failed_disturbances"].value == 4  # two shares of all values, age alone, unseen
    assert found.overall["noise_drop"].value is not None
    failures = [row[-1] for row in found.tables[0].rows if row[-1]]
    assert len(failures) == 4


def test_a_model_that_fails_on_the_rows_as_they_are_cannot_be_measured(people: pd.DataFrame) -> None:
    def broken(rows: pd.DataFrame) -> Answers:
        raise ModelFailed("OSError: gone.")

    with pytest.raises(CannotMeasure, match="failed on the rows as they are: OSError: gone"):
        found_of(people, broken)


def test_the_search_finds_only_changes_within_its_bound(people: pd.DataFrame) -> None:
    base = undisturbed(by_income, people)
    found = adversarial.attack(by_income, base, features_of(people), bound=0.1, seed=1)
    assert found is not None
    picked = np.sort(np.random.default_rng(1).permutation(len(people))[: adversarial.ROWS])
    income, reach = people["income"].to_numpy()[picked], 0.1 * people["income"].std(ddof=0)
    near = ((income > 0) & (income - reach <= 0)) | ((income <= 0) & (income + reach > 0))
    assert found.flipped.value == pytest.approx(
        near.mean()
    )  # this model's border is at 0: all of them, no others
    assert found.smallest.value is not None and 0 < found.smallest.value <= 0.1
    assert all(0 < row[3] <= 0.1 + 1e-9 for row in found.examples.rows)


def test_the_search_finds_the_smallest_change_by_halving(people: pd.DataFrame) -> None:
    few = people.iloc[:200]
    found = adversarial.attack(by_income, undisturbed(by_income, few), features_of(few), bound=5.0, seed=1)
    assert found is not None and found.smallest.value is not None
    distance = np.median(np.abs(few["income"])) / few["income"].std(ddof=0)
    assert found.flipped.value is not None and found.flipped.value > 0.95
    # all columns move together when steps are halved, so age (in the same units) moves as far as income
    assert found.smallest.value == pytest.approx(distance, rel=0.25)


def test_without_numbers_nothing_is_searched() -> None:
    rows = pd.DataFrame({"job": ["a", "b"] * 20})
    base = undisturbed(lambda rows: Answers(np.zeros(len(rows)), np.zeros(len(rows), dtype=np.int64)), rows)
    assert adversarial.attack(lambda rows: base.answers, base, features_of(rows), bound=0.1, seed=1) is None


def test_monotone_violations_are_counted_and_shown(people: pd.DataFrame) -> None:
    def bent(rows: pd.DataFrame) -> Answers:
        income = rows["income"].to_numpy(dtype=np.float64)
        score = np.where(rows["job"] == "a", income, -income)
        return Answers(score, (score > 0).astype(np.int64))

    rising, examples = relations.monotone(bent, people, {"income": "increasing"})
    assert rising[0].share.value == pytest.approx((people["job"] != "a").mean())
    assert len(examples.rows) == relations.EXAMPLES
    assert all(row[2] < row[3] and row[4] > row[5] for row in examples.rows)
    held, none = relations.monotone(by_income, people, {"income": "increasing", "age": "decreasing"})
    assert [relation.share.value for relation in held] == [0.0, 0.0] and none.rows == []


def test_what_must_not_matter(people: pd.DataFrame) -> None:
    def biased(rows: pd.DataFrame) -> Answers:
        score = rows["income"].to_numpy(dtype=np.float64) + 0.5 * (rows["job"] == "b").to_numpy()
        return Answers(score, (score > 0).astype(np.int64))

    base = undisturbed(biased, people)
    job, flag = relations.invariant(biased, base, features_of(people), ["job", "flag"])
    income = people["income"]
    assert job.share.value == pytest.approx(((income > -0.5) & (income <= 0)).mean())
    assert job.worst == pytest.approx(0.5)
    assert flag.share.value == 0.0 and flag.mean == 0.0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(monotone={"height": "increasing"}), "name the column height"),
        (Asked(monotone={"age": "up"}), "must be increasing or decreasing, not up"),
        (Asked(monotone={"job": "increasing"}), "Column job is no number"),
        (Asked(invariant=["height"]), "name the column height"),
        (Asked(scenarios=["boom"]), "Each scenario is a mapping with a name"),
        (Asked(scenarios=[{"name": "x"}]), "Scenario x changes no column"),
        (Asked(scenarios=[{"name": "x", "divide": {"age": 2}}]), "holds divide, which is none of"),
        (Asked(scenarios=[{"name": "x", "add": {"height": 2}}]), "changes the column height"),
        (Asked(scenarios=[{"name": "x", "add": {"job": 2}}]), "add needs a column of numbers"),
        (
            Asked(scenarios=[{"name": "x", "set": {"age": "old"}}]),
            "sets age to old, and the column holds a number",
        ),
        (Asked(scenarios=[{"name": "x", "add": {"age": 1}}] * 2), "Two scenarios are called x"),
        (Asked(scenarios=[{"name": str(n), "add": {"age": 1}} for n in range(51)]), "at most 50"),
    ],
)
def test_settings_that_do_not_fit_are_refused_with_the_reason(
    people: pd.DataFrame, asked: Asked, said: str
) -> None:
    with pytest.raises(CannotMeasure, match=said):
        found_of(people, asked=asked)


def test_a_scenario_multiplies_adds_and_sets(people: pd.DataFrame) -> None:
    written = [
        {"name": "Crisis", "multiply": {"income": 0.5}, "add": {"income": -1, "age": 2}, "set": {"job": "c"}}
    ]
    (one,) = scenarios.scenarios(written, people)
    after = one.change(people, np.random.default_rng(1))
    assert after["income"].to_numpy() == pytest.approx(people["income"].to_numpy() * 0.5 - 1)
    assert (after["age"] == people["age"] + 2).all() and (after["job"] == "c").all()
    found = found_of(people, asked=Asked(scenarios=written))
    assert found.overall["scenario_flips"].value == pytest.approx(
        ((people["income"] * 0.5 - 1 > 0) != (people["income"] > 0)).mean()
    )


def ishigami(x: Floats) -> Floats:
    """Of points in the unit cube, stretched to ±π."""
    a, b, c = np.pi * (2 * x.T - 1)
    return np.asarray(np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a), dtype=np.float64)


def test_sobols_indices_of_ishigamis_function_are_the_published_ones() -> None:
    found = sensitivity.sobol(ishigami, 3, 8192, seed=1)
    assert found is not None
    assert found.first == pytest.approx(ISHIGAMI["first"], abs=0.02)
    assert found.total == pytest.approx(ISHIGAMI["total"], abs=0.02)
    assert (found.first_low <= found.first).all() and (found.first <= found.first_high).all()


def test_estimators_are_scipys_on_the_same_outputs() -> None:
    generator = np.random.default_rng(1)
    a, b = generator.random((256, 3)), generator.random((256, 3))
    mixed = np.stack([np.column_stack([b[:, k] if k == j else a[:, k] for k in range(3)]) for j in range(3)])
    outputs = ishigami(a), ishigami(b), np.stack([ishigami(part) for part in mixed])
    ours = sensitivity.jansen(*outputs, seed=1)
    theirs = sobol_indices(
        func={"f_A": outputs[0][None], "f_B": outputs[1][None], "f_AB": outputs[2][:, None]}, n=256
    )
    assert ours is not None
    assert ours.total == pytest.approx(theirs.total_order, abs=1e-12)  # theirs is Jansen's, too
    exact = sobol_indices(func=lambda x: ishigami(x.T), n=4096, dists=[uniform()] * 3, rng=1)
    many = sensitivity.sobol(ishigami, 3, 4096, seed=2)
    assert many is not None and many.first == pytest.approx(exact.first_order, abs=0.03)


def test_a_constant_output_has_no_indices(people: pd.DataFrame) -> None:
    def constant(rows: pd.DataFrame) -> Answers:
        return Answers(np.full(len(rows), 0.3), np.zeros(len(rows), dtype=np.int64))

    assert sensitivity.sobol_of_model(constant, people, seed=1) is None
    found = found_of(people, constant)
    assert "no Sobol indices" in found.notes[0] and "sobol" not in found.curves


def test_only_the_column_that_is_used_is_sensitive(people: pd.DataFrame) -> None:
    swings = sensitivity.one_at_a_time(by_income, people, features_of(people))
    assert swings[0].name == "income" and swings[0].high > swings[0].low
    assert all(swing.high == swing.low for swing in swings[1:])
    indices = sensitivity.sobol_of_model(by_income, people, seed=1)
    assert indices is not None
    assert indices.first[1] == pytest.approx(1, abs=0.02) and np.delete(indices.total, 1) == pytest.approx(0)


def test_wide_tables_get_fewer_base_points() -> None:
    assert sensitivity.base_points(14) == 1024
    assert sensitivity.base_points(100) == 128
    assert sensitivity.base_points(5000) == sensitivity.FEWEST_BASE


def test_values_keep_their_columns_type(people: pd.DataFrame) -> None:
    for name, value in (("age", 40.0), ("flag", 1), ("job", "b"), ("income", 2)):
        assert with_value(people, name, value)[name].dtype == people[name].dtype
    both = together(by_income, [people.iloc[:3], people.iloc[3:10]])
    assert [len(one.score) for one in both] == [3, 7]
    assert np.concatenate([one.score for one in both]).tolist() == by_income(people.iloc[:10]).score.tolist()


def test_a_row_alone_can_be_disturbed(people: pd.DataFrame) -> None:
    found = found_of(people.iloc[:1])
    assert "worst_drop" not in found.overall  # one class only: there is no AUC to lose
    assert found.overall["missing_flips"].n == 1
