"""Groups are compared with the stated reference or the most selected one; those that are too small do not decide."""

import numpy as np
import pytest

from evaluations.metrics.binary import Binary
from evaluations.metrics.fairness import GroupCells, Settings, fairness, of_counts
from evaluations.metrics.groups import NOT_STATED
from evaluations.metrics.values import CannotMeasure
from tests.evaluations.metrics.fairness.people import by_selected, group_named


def test_a_group_under_the_minimum_is_shown_and_does_not_decide() -> None:
    data, names = by_selected(large=(60, 100), middle=(50, 100), tiny=(0, 29))
    found = fairness(data, {"name": names}, Settings(min_n=30))
    assert found.overall["selection_rate_ratio"].value == pytest.approx(50 / 60)
    assert group_named(found, "tiny").too_few
    assert group_named(found, "tiny").metrics["selection_rate_ratio"].value == 0.0
    assert fairness(data, {"name": names}, Settings(min_n=29)).overall["selection_rate_ratio"].value == 0.0


def test_a_tiny_group_is_not_the_reference_however_often_it_is_selected() -> None:
    data, names = by_selected(large=(60, 100), middle=(50, 100), tiny=(29, 29))
    found = fairness(data, {"name": names}, Settings(min_n=30))
    assert [group.by["name"] for group in found.groups if group.reference] == ["large"]


def test_the_lowest_ratio_is_over_all_attributes_and_not_over_their_combination() -> None:
    data, names = by_selected(aa=(50, 100), ab=(50, 100), ba=(40, 100), bb=(50, 100))
    first = np.array([name[0] for name in names], dtype=object)
    second = np.array([name[1] for name in names], dtype=object)
    found = fairness(data, {"first": first, "second": second}, Settings(min_n=30))
    assert found.overall["selection_rate_ratio"].value == pytest.approx(0.9)
    combined = [group for group in found.groups if len(group.by) == 2]
    assert [group.metrics["selection_rate_ratio"].value for group in combined] == [1.0, 1.0, 0.8, 1.0]


def test_one_group_alone_is_refused_with_the_reason() -> None:
    data, names = by_selected(only=(50, 100))
    with pytest.raises(CannotMeasure, match="Column name says only in every row, so there are no groups"):
        fairness(data, {"name": names})


def test_one_large_group_among_small_ones_gives_no_ratio_rather_than_a_perfect_one() -> None:
    data, names = by_selected(only=(50, 100), tiny=(1, 3))
    found = fairness(data, {"name": names})
    for figure in ("selection_rate_ratio", "demographic_parity_ratio", "equalized_odds_difference"):
        assert found.overall[figure].value is None
    assert [check.passed for check in found.checks] == [None, None, None]


def test_nobody_selected_gives_no_ratio() -> None:
    data, names = by_selected(a=(0, 100), b=(0, 100))
    assert fairness(data, {"name": names}, Settings(min_n=30)).overall["selection_rate_ratio"].value is None


def test_without_negative_rows_there_are_no_equalised_odds() -> None:
    data, names = by_selected(a=(40, 100), b=(50, 100))
    overall = fairness(data, {"name": names}, Settings(min_n=30)).overall
    assert overall["equal_opportunity_difference"].value == pytest.approx(0.1)
    assert overall["equalized_odds_difference"].value is None


def test_age_bands_are_closed_on_the_left_and_said() -> None:
    ages = np.repeat([24.0, 25.0, 34.9, 35.0, 45.0, 55.0, 65.0, 80.0, 18.0, 30.0, 40.0, np.nan], 10)
    data = Binary(np.ones(120, dtype=bool), np.ones(120, dtype=bool))
    found = fairness(data, {"age": ages}, Settings(min_n=1))
    assert {group.by["age"]: group.n for group in found.groups} == {
        "under 25": 20, "25–34": 30, "35–44": 20, "45–54": 10, "55–64": 10, "65 and over": 20, "Not stated": 10,
    }  # fmt: skip
    assert "closed on the left" in found.conventions["bands"]


def test_a_numeric_code_is_not_banded() -> None:
    data = Binary(np.ones(4, dtype=bool), np.ones(4, dtype=bool))
    found = fairness(data, {"code": np.array([0.0, 1.0, 1.0, np.nan])}, Settings(min_n=1))
    assert [group.by["code"] for group in found.groups] == ["0", "1", "Not stated"]
    assert "bands" not in found.conventions


def test_a_column_of_names_is_refused() -> None:
    data = Binary(np.ones(101, dtype=bool), np.ones(101, dtype=bool))
    with pytest.raises(CannotMeasure, match="101 different values"):
        fairness(data, {"name": np.array([f"P{n}" for n in range(101)], dtype=object)})


STATED = Settings(references={"name": "b"})


def test_a_stated_reference_group_is_compared_with_and_said() -> None:
    data, names = by_selected(a=(60, 100), b=(50, 100), c=(45, 100))
    found = fairness(data, {"name": names}, STATED)
    assert [group.by["name"] for group in found.groups if group.reference] == ["b"]
    assert group_named(found, "a").metrics["selection_rate_ratio"].value == 1.2
    assert group_named(found, "c").metrics["selection_rate_ratio"].value == 0.9
    assert found.conventions["reference"] == "As the data set states: name: b."
    assert found.curves["min_n"] == 30
    assert found.curves["references"] == [{"columns": ["name"], "group": ["b"], "stated": True}]
    assert (
        "highest rate that is large enough: name: a."
        in fairness(data, {"name": names}).conventions["reference"]
    )


def test_a_reference_that_is_selected_less_than_others_does_not_hide_the_gap() -> None:
    data, names = by_selected(a=(90, 100), b=(50, 100))
    found = fairness(data, {"name": names}, STATED).overall
    assert found["selection_rate_ratio"].value == found["demographic_parity_ratio"].value == 50 / 90


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("z", "compares with z in column name, which no measured row says"),
        ("tiny", "has 29 rows, fewer than the 30"),
    ],
)
def test_a_stated_reference_that_cannot_serve_fails_the_run(stated: str, said: str) -> None:
    data, names = by_selected(a=(60, 100), b=(50, 100), tiny=(9, 29))
    with pytest.raises(CannotMeasure, match=said):
        fairness(data, {"name": names}, Settings(references={"name": stated}))


def test_a_stated_number_is_its_band() -> None:
    ages = np.repeat(np.arange(20.0, 70.0), 4)
    data = Binary(np.ones(200, dtype=bool), np.ones(200, dtype=bool))
    found = fairness(data, {"age": ages}, Settings(min_n=1, references={"age": "30"}))
    assert [group.by["age"] for group in found.groups if group.reference] == ["25–34"]


def test_every_pair_and_all_attributes_together_are_shown_with_their_own_reference() -> None:
    generator = np.random.default_rng(1)
    columns = {name: generator.choice(np.array(["x", "y"], dtype=object), 2000) for name in ("a", "b", "c")}
    data = Binary(generator.random(2000) < 0.5, generator.random(2000) < 0.5)
    found = fairness(data, columns, Settings(references={"a": "x", "b": "y"}))
    together = [tuple(group.by) for group in found.groups if len(group.by) > 1]
    assert list(dict.fromkeys(together)) == [("a", "b"), ("a", "c"), ("b", "c"), ("a", "b", "c")]
    stated = {tuple(row["columns"]): (row["stated"], row["group"]) for row in found.curves["references"]}
    assert stated["a", "b"] == (True, ["x", "y"]) and not stated["a", "c"][0]
    assert [len([g for g in found.groups if tuple(g.by) == key and g.reference]) for key in stated] == [1] * 7


def test_many_groups_together_are_counted_and_the_smallest_said_to_be_left_out() -> None:
    generator = np.random.default_rng(2)
    columns = {name: generator.integers(0, 10, 3000).astype(str) for name in ("a", "b")}
    data = Binary(generator.random(3000) < 0.5, generator.random(3000) < 0.5)
    found = fairness(data, columns)
    listed = [group.n for group in found.groups if len(group.by) == 2]
    assert len(listed) == 60
    note = "a and b have 100 groups together. The 60 largest are listed; the other 40 hold "
    assert list(found.notes) == [f"{note}{3000 - sum(listed):,} rows."]


def test_more_pairs_than_can_be_shown_are_said() -> None:
    generator = np.random.default_rng(2)
    columns = {name: generator.choice(np.array(["x", "y"], dtype=object), 400) for name in "abcdef"}
    data = Binary(generator.random(400) < 0.5, generator.random(400) < 0.5)
    found = fairness(data, columns)
    assert "6 attributes make 15 pairs. The first 10 are shown, and all attributes together." in found.notes


def test_small_groups_are_in_the_table_of_those_not_judged() -> None:
    data, names = by_selected(large=(60, 100), middle=(50, 100), tiny=(0, 29))
    found = fairness(data, {"name": names})
    table = next(table for table in found.tables if table.id == "too_small")
    assert table.rows == [["name", "tiny", 29]]
    assert found.overall["groups_too_small"].value == 1
    assert next(c.said for c in found.checks if c.id == "groups_too_small").endswith("not judged: tiny.")


def test_checks_say_the_statistic_and_not_that_the_law_is_met() -> None:
    data, names = by_selected(a=(100, 125), b=(80, 125), c=(50, 125))
    checks = {check.id: check for check in fairness(data, {"name": names}).checks}
    assert checks["four_fifths"].passed is False and "0.50" in checks["four_fifths"].said
    assert "does not decide whether the law is met" in checks["four_fifths"].said
    assert checks["selection_by_chance"].passed is False
    data, names = by_selected(a=(100, 125), b=(80, 125))
    checks = {check.id: check for check in fairness(data, {"name": names}).checks}
    assert checks["four_fifths"].passed is True  # exactly 0.80


def test_counts_alone_give_the_same_as_rows() -> None:
    generator = np.random.default_rng(4)
    sexes = generator.choice(np.array(["f", "m", None], dtype=object), 900)
    data = Binary(generator.random(900) < 0.4, generator.random(900) < 0.5)
    counts: dict[tuple[object, ...], float] = {}
    for sex, actual, predicted in zip(sexes, data.actual, data.predicted, strict=True):
        counts[sex, actual, predicted] = counts.get((sex, actual, predicted), 0) + 1
    from_rows = fairness(data, {"sex": sexes}).as_json()
    from_counts = of_counts(GroupCells.from_mapping(("sex",), counts), Settings()).as_json()
    assert from_counts == from_rows
    assert [group["by"]["sex"] for group in from_counts["groups"]] == ["f", "m", NOT_STATED]


def test_the_same_seed_gives_the_same_result() -> None:
    data, names = by_selected(a=(60, 100), b=(50, 100))
    once, again = (fairness(data, {"name": names}, Settings(seed=3)).as_json() for _ in range(2))
    assert once == again
