"""k-anonymity, l-diversity and t-closeness as published, and an attack whose success is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from evaluations.metrics.groups import coded
from evaluations.metrics.privacy import Attack, anonymity, likely_identifiers, membership
from evaluations.metrics.privacy.membership import advantage, best_threshold
from evaluations.metrics.values import CannotMeasure, Estimate, Measured
from policy.metrics.privacy import METRICS

# Sweeney (2002), figure 2: k = 2 for race, birth, gender and ZIP code.
SWEENEY = pd.DataFrame(
    [
        ("Black", "1965", "m", "0214*", "short breath"),
        ("Black", "1965", "m", "0214*", "chest pain"),
        ("Black", "1965", "f", "0213*", "hypertension"),
        ("Black", "1965", "f", "0213*", "hypertension"),
        ("Black", "1964", "f", "0213*", "obesity"),
        ("Black", "1964", "f", "0213*", "chest pain"),
        ("White", "1964", "m", "0213*", "chest pain"),
        ("White", "1964", "m", "0213*", "obesity"),
        ("White", "1964", "m", "0213*", "short breath"),
        ("White", "1967", "m", "0213*", "chest pain"),
        ("White", "1967", "m", "0213*", "chest pain"),
    ],
    columns=["race", "birth", "gender", "zip", "problem"],
)


def patients(cells: dict[tuple[str, str], str]) -> pd.DataFrame:
    """ZIP code and age of each cell, with the first letters of its four people's conditions."""
    names = {"H": "heart disease", "V": "viral infection", "C": "cancer"}
    rows = [(*cell, names[letter]) for cell, letters in cells.items() for letter in letters]
    return pd.DataFrame(rows, columns=["zip", "age", "condition"])


# Machanavajjhala et al. (2007), figures 2 (4-anonymous) and 3 (3-diverse).
FOUR_ANONYMOUS = patients({("130**", "<30"): "HHVV", ("1485*", ">=40"): "CHVV", ("130**", "3*"): "CCCC"})
THREE_DIVERSE = patients({("1305*", "<=40"): "HVCC", ("1485*", ">40"): "CHVV", ("1306*", "<=40"): "HVCC"})

# Li et al. (2007), table 3 (3-diverse salaries, in thousands) and table 5 (0.167-close salaries).
SALARIES = pd.DataFrame({"cell": list("111222333"), "salary": [3, 4, 5, 6, 11, 8, 7, 9, 10]})
CLOSE = pd.DataFrame({"cell": list("111222333"), "salary": [3, 5, 9, 6, 11, 8, 4, 7, 10]})


def value(found: Measured, name: str) -> float:
    """A figure that must be there."""
    told = found.overall[name].value
    assert told is not None
    return told


def test_sweeneys_table_is_2_anonymous() -> None:
    found = anonymity(SWEENEY, ["race", "birth", "gender", "zip"], ["problem"])
    assert value(found, "k_anonymity") == 2
    assert value(found, "l_diversity") == 1
    assert value(found, "disclosed_share") == pytest.approx(4 / 11)  # hypertension twice, chest pain twice
    assert value(found, "unique_share") == 0


@pytest.mark.parametrize(("rows", "diversity"), [(FOUR_ANONYMOUS, 1), (THREE_DIVERSE, 3)])
def test_the_inpatients_are_4_anonymous_and_as_diverse_as_published(
    rows: pd.DataFrame, diversity: int
) -> None:
    found = anonymity(rows, ["zip", "age"], ["condition"])
    assert value(found, "k_anonymity") == 4
    assert value(found, "l_diversity") == diversity


@pytest.mark.parametrize(("rows", "distance"), [(SALARIES, 0.375), (CLOSE, 0.167)])
def test_salaries_are_as_close_as_published(rows: pd.DataFrame, distance: float) -> None:
    found = anonymity(rows, ["cell"], ["salary"])
    assert value(found, "t_closeness") == pytest.approx(distance, abs=0.0005)


def test_no_value_of_anybody_stands_in_the_result() -> None:
    rows = SWEENEY.assign(problem=[f"secret-{place}" for place in range(11)], race="secret-race")
    text = str(anonymity(rows, ["race", "birth", "gender", "zip"], ["problem"]).as_json())
    assert "secret" not in text and "1965" not in text and "0213" not in text


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40))
def test_more_quasi_identifiers_never_hide_people_better(cells: list[tuple[int, int, int]]) -> None:
    rows = pd.DataFrame(cells, columns=["a", "b", "c"])
    one, two = anonymity(rows, ["a"], ["c"]), anonymity(rows, ["a", "b"], ["c"])
    assert value(two, "k_anonymity") <= value(one, "k_anonymity") <= len(rows)
    assert value(two, "unique_share") >= value(one, "unique_share")
    assert value(two, "l_diversity") <= value(one, "l_diversity")
    assert value(one, "k_anonymity") == rows.groupby("a").size().min()
    assert value(one, "l_diversity") == rows.groupby("a")["c"].nunique().min()
    assert 0 <= value(two, "t_closeness") <= 1


def test_what_is_like_people_is_chosen_and_numbers_of_many_values_are_not() -> None:
    rows = pd.DataFrame({"Age": range(200), "zip_code": "1", "income": 1, "sex": "f", "gender_label": "x"})
    assert likely_identifiers(rows, ["sex"], ["gender_label"]) == ["sex", "zip_code"]


def test_without_rows_or_identifiers_there_is_a_reason() -> None:
    with pytest.raises(CannotMeasure, match="quasi_identifiers"):
        anonymity(pd.DataFrame({"a": [1]}), [], [])
    with pytest.raises(CannotMeasure, match="no rows"):
        anonymity(pd.DataFrame({"a": []}), ["a"], [])


def attack(shift: float, n: int = 2_000) -> Attack:
    """Members are surer by `shift` standard deviations."""
    generator = np.random.default_rng(8)
    return Attack(generator.normal(np.repeat([shift, 0.0], n)), np.repeat([True, False], n))


def test_a_model_that_remembers_is_found_out() -> None:
    given_attack = attack(1.0)
    sex = coded("sex", np.tile(["f", "m"], 2_000))
    found = membership(given_attack, {"sex": sex}, seed=1)
    assert set(found.overall) <= METRICS.keys()
    expected = roc_auc_score(given_attack.member, given_attack.certainty)
    assert value(found, "membership_auc") == pytest.approx(expected, abs=1e-12)
    assert value(found, "membership_advantage") == pytest.approx(0.383, abs=0.05)  # 2 Φ(1/2) - 1
    assert value(found, "membership_caught_at_1") == pytest.approx(0.092, abs=0.04)  # Φ(1 - 2.326)
    assert [check.passed for check in found.checks] == [False]
    assert [dict(group.by) for group in found.groups] == [{"sex": "f"}, {"sex": "m"}]


def test_a_model_that_does_not_remember_is_not_accused() -> None:
    found = membership(attack(0.0), {}, seed=1)
    auc = found.overall["membership_auc"]
    assert auc.low is not None and auc.high is not None and auc.low < 0.5 < auc.high
    assert abs(value(found, "membership_advantage")) < 0.06
    assert [check.passed for check in found.checks] == [True]


def test_small_groups_are_shown_as_too_few() -> None:
    column = coded("sex", np.array(["x", *["f"] * 3_999], dtype=object))
    groups = {
        group.by["sex"]: group.too_few for group in membership(attack(0.0), {"sex": column}, seed=1).groups
    }
    assert groups == {"f": False, "x": True}


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=40))
def test_the_best_threshold_is_scikit_learns(cells: list[tuple[bool, int]]) -> None:
    member, score = np.array([a for a, _ in cells]), np.array([float(b) for _, b in cells])
    threshold = best_threshold(member, score)
    if member.all() or not member.any():
        assert threshold == np.inf
        return
    alarms, hits, _ = roc_curve(member, score)
    said = score >= threshold
    gained = said[member].mean() - said[~member].mean()
    assert gained == pytest.approx(max((hits - alarms)[1:]), abs=1e-12)


def test_one_row_of_each_kind_is_too_few() -> None:
    with pytest.raises(CannotMeasure, match="too few rows"):
        membership(Attack(np.array([1.0, 0.0]), np.array([True, False])), {}, seed=1)
    assert advantage(np.array([True, False]), np.array([1.0, 0.0]), seed=1) == Estimate(None, None, None, 1)
