"""Counts by group are those of the rows, whoever counted them, and parts add up to the whole."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluations.metrics.fairness import GroupCells
from evaluations.metrics.groups import NOT_STATED, coded, grouped
from evaluations.metrics.values import CannotMeasure

Row = tuple[str | None, str, bool, bool]
ROWS = st.lists(
    st.tuples(st.sampled_from(["m", "f", None]), st.sampled_from("xyz"), st.booleans(), st.booleans()),
    max_size=60,
)


def counted(rows: list[Row]) -> GroupCells:
    sexes, towns, actual, predicted = (
        (list(part) for part in zip(*rows, strict=True)) if rows else ([], [], [], [])
    )
    columns = {
        "sex": coded("sex", np.array(sexes, dtype=object)),
        "town": coded("town", np.array(towns, dtype=object)),
    }
    return GroupCells.from_codes(columns, np.array(actual, dtype=bool), np.array(predicted, dtype=bool))


def as_mapping(cells: GroupCells) -> dict[tuple[object, ...], int]:
    return {
        (*group, actual, predicted): int(cells.counts[place, actual, predicted])
        for place, group in enumerate(cells.groups)
        for actual in range(len(cells.classes))
        for predicted in range(len(cells.classes))
        if cells.counts[place, actual, predicted]
    }


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS)
def test_parts_add_up_to_the_whole(first: list[Row], second: list[Row]) -> None:
    whole, added = counted(first + second), counted(first) + counted(second)
    assert (added.columns, added.groups) == (whole.columns, whole.groups)
    assert added.counts.tolist() == whole.counts.tolist()


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_counts_from_rows_and_from_a_mapping_are_the_same(rows: list[Row]) -> None:
    expected = Counter((sex or NOT_STATED, town, actual, predicted) for sex, town, actual, predicted in rows)
    assert as_mapping(counted(rows)) == expected
    mapped = GroupCells.from_mapping(("sex", "town"), Counter(rows))
    assert (mapped.groups, mapped.counts.tolist()) == (counted(rows).groups, counted(rows).counts.tolist())


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_fewer_columns_count_the_same_rows(rows: list[Row]) -> None:
    cells = counted(rows)
    assert as_mapping(cells.over(["town"])) == Counter((row[1], row[2], row[3]) for row in rows)
    everybody = cells.over([])
    assert everybody.groups == (((),) if rows else ()) and everybody.counts.sum() == len(rows)
    assert cells.over(["town", "sex"]).sizes.sum() == len(rows)


def test_many_possible_groups_are_counted_where_they_occur() -> None:
    generator = np.random.default_rng(3)
    columns = {f"c{place}": coded("c", generator.integers(0, 9, 500).astype(str)) for place in range(7)}
    actual, predicted = generator.random(500) < 0.5, generator.random(500) < 0.5
    weights = generator.random(500)
    sparse = GroupCells.from_codes(columns, actual, predicted)
    assert len(sparse.groups) > 400 and sparse.counts.sum() == 500
    one = sparse.over(["c3"])
    again = GroupCells.from_codes({"c3": columns["c3"]}, actual, predicted)
    assert (one.groups, one.counts.tolist()) == (again.groups, again.counts.tolist())
    weighed = GroupCells.from_codes(columns, actual, predicted, weights=weights).over([])
    assert weighed.counts.sum() == pytest.approx(weights.sum(), rel=1e-12)


def test_rows_without_a_label_are_left_out_and_counted() -> None:
    columns = {"sex": coded("sex", np.array(["m", "f", "f"], dtype=object))}
    cells = GroupCells.from_codes(columns, np.array([1, -1, 0]), np.array([1, 1, 0]))
    assert (cells.counts.sum(), cells.left_out, cells.groups) == (2, 1, (("f",), ("m",)))
    mapped = GroupCells.from_mapping(("sex",), {("m", 1, 1): 4, ("m", None, 1): 3, ("f", 0.0, np.nan): 2})
    assert (mapped.counts.sum(), mapped.left_out, mapped.groups) == (4, 5, (("m",),))
    assert (mapped + mapped).left_out == 10


def test_groups_come_in_the_same_order_whatever_was_counted_first() -> None:
    names = ["65 and over", NOT_STATED, "under 25", "35–44"]
    parts = [GroupCells.from_mapping(("age",), {(name, 1, 1): 1}) for name in names]
    together = parts[0] + parts[1] + parts[2] + parts[3]
    assert [group[0] for group in together.groups] == ["under 25", "35–44", "65 and over", NOT_STATED]


def test_classes_may_be_several() -> None:
    cells = GroupCells.from_mapping(("sex",), {("m", "cat", "dog"): 3}, classes=("cat", "dog"))
    assert cells.counts[0].tolist() == [[0, 3], [0, 0]]


@pytest.mark.parametrize(
    "counts", [{("m", 2, 1): 1}, {("m", 1, 1): -1}, {("m", "x", 1, 1): 1}, {("m", 1, 1): float("nan")}]
)
def test_what_is_no_count_is_refused(counts: dict[tuple[object, ...], float]) -> None:
    with pytest.raises(CannotMeasure):
        GroupCells.from_mapping(("sex",), counts)


def test_counts_of_other_columns_do_not_add_up() -> None:
    with pytest.raises(CannotMeasure, match="do not add up"):
        GroupCells.from_mapping(("sex",), {}) + GroupCells.from_mapping(("age",), {})


def test_draws_are_seeded_and_keep_the_number_of_rows() -> None:
    cells = GroupCells.from_mapping(("sex",), {("m", 1, 1): 40, ("f", 0, 1): 60})
    drawn = cells.resampled(500, seed=4)
    assert drawn.shape == (500, 2, 2, 2) and (drawn.sum(axis=(1, 2, 3)) == 100).all()
    assert drawn[:, 1, 1, 1].mean() == pytest.approx(40, abs=1)
    assert (drawn == cells.resampled(500, seed=4)).all() and not (drawn == cells.resampled(500, seed=5)).all()
    assert GroupCells.from_mapping(("sex",), {}).resampled(3, seed=1).shape == (3, 0, 2, 2)


@pytest.mark.parametrize("kind", ["object", "str", "category"])
def test_a_column_is_coded_alike_however_it_is_kept(kind: str) -> None:
    found = coded("x", pd.Series(["b", "a", None, "b"], dtype=pd.api.types.pandas_dtype(kind)))
    assert found.levels == ("a", "b", NOT_STATED) and found.codes.tolist() == [1, 0, 2, 1]


def test_categories_that_nobody_has_make_no_group() -> None:
    column = pd.Categorical(["b", "a", "b"], categories=["c", "b", "a", *(f"x{n}" for n in range(99))])
    found = coded("x", column)
    assert found.levels == ("a", "b") and found.codes.tolist() == [1, 0, 1]
    few = {"x": coded("x", pd.Categorical(["b", None, "b"], categories=["a", "b"]))}
    cells = GroupCells.from_codes(few, np.array([True, False, True]), np.array([True, True, True]))
    assert cells.groups == (("b",), (NOT_STATED,)) and cells.sizes.tolist() == [2, 1]
    assert list(grouped("x", pd.Categorical(["b", "b"], categories=["a", "b"]))[0]) == ["b"]


def test_numbers_and_their_texts_are_the_same_group() -> None:
    found = coded("x", np.array([1, "1", 1.0, "2"], dtype=object))
    assert found.levels == ("1", "2") and found.codes.tolist() == [0, 0, 0, 1]


def test_nullable_numbers_are_banded_like_others() -> None:
    ages = pd.Series([*range(20, 80, 5), None], dtype="Int64")
    assert coded("age", ages).banded and coded("age", ages).levels[-1] == NOT_STATED


@pytest.mark.parametrize("kind", ["object", "category"])
def test_ten_thousand_groups_are_refused(kind: str) -> None:
    names = pd.Series([f"P{n}" for n in range(10_000)], dtype=pd.api.types.pandas_dtype(kind))
    with pytest.raises(CannotMeasure, match="Column name has 10,000 different values"):
        coded("name", names)
