"""How results are written out for people."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.metrics.values import Check, Column, Estimate, Measured, Table
from evaluations.presenting import checks_of, counted, figures_of, interval, number, tables_of, written

RESULT: dict[str, Any] = Measured(
    overall={
        "accuracy": Estimate(0.9, 0.88, 0.92, 1000),
        "roc_auc": Estimate(0.812, None, None, 1000),
        "house_score": Estimate(3.0, None, None, 10),
    },
    conventions={"roc_auc": "Area under the curve."},
    tables=[
        Table(
            "t",
            "Thresholds",
            "",
            [
                Column("At"),
                Column("n", "count"),
                Column("Part", "share"),
                Column("p", "p"),
                Column("CI", "interval"),
            ],
            [["0.5", 12345, 0.125, 0.00001, (0.1, 0.2)], ["0.6", None, None, 0.05, (None, 0.2)]],
        )
    ],
    checks=[
        Check("a", "Fits", True, "All of it."),
        Check("b", "Unknown", None, "No rows."),
        Check("c", "Leaks", False, "Column x tells the label.", "x"),
    ],
).as_json()


def test_figures_come_with_their_meaning_and_the_headlines_first() -> None:
    auc, accuracy, own = figures_of(RESULT, "performance")
    assert (auc.label, auc.value, auc.interval) == ("AUC", "0.812", "")
    assert auc.meaning.endswith("Higher is better.")
    assert auc.convention == "Area under the curve."
    assert (accuracy.label, accuracy.interval) == ("Accuracy", "0.880 to 0.920")
    assert (own.label, own.meaning) == ("House score", "")


def test_cells_are_written_by_the_kind_of_their_column() -> None:
    (table,) = tables_of(RESULT)
    assert [cell for cell, _ in table.rows[0]] == ["0.5", "12,345", "12.5%", "< 0.001", "0.100 to 0.200"]
    assert [cell for cell, _ in table.rows[1]] == ["0.6", "–", "–", "0.050", "–"]
    assert [right for _, right in table.headers] == [False, True, True, True, True]
    assert not table.long


def test_what_fails_stands_first() -> None:
    found = checks_of(RESULT)
    assert [check["id"] for check in found] == ["c", "b", "a"]
    assert [check["shape"] for check in found] == ["no", "na", "ok"]
    assert counted(found) == "1 of 3 checks hold"
    assert counted([]) == ""


def test_a_result_of_before_has_none_of_it() -> None:
    assert not figures_of({}, "performance")
    assert not tables_of({})
    assert not checks_of({})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"),
        (-0.5, "−0.500"),
        (0.00012, "0.00012"),
        (4.2e-16, "0.000"),
        (123.456, "123.5"),
        (48211.0, "48,211"),
        (None, "–"),
    ],
)
def test_numbers_are_as_long_as_they_need_to_be(value: float | None, text: str) -> None:
    assert number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["number", "count", "share", "p"]))
def test_any_number_can_be_written(value: float, kind: str) -> None:
    assert written(value, kind)
    assert "-" not in written(value, kind).replace("e-", "") or kind == "p"
    assert interval((value, value))
