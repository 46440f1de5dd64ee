"""The state of a data set: figures that can be counted by hand, oracles, and data sets at their edges."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.contingency import association
from sklearn.metrics import roc_auc_score

from evaluations.metrics.data_quality import Asked, data_quality
from evaluations.metrics.data_quality.rows import repeated, row_hashes
from evaluations.metrics.data_quality.strength import (
    Target,
    correlation_ratio,
    cramers_v,
    discretised,
    folds_of,
    strength,
)
from evaluations.metrics.values import CannotMeasure, Measured
from policy.metrics.data_quality import METRICS

N = 400
DAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """400 people: one column gives the label away, one stands for sex, one for nothing."""
    generator = np.random.default_rng(3)
    sex = generator.choice(["f", "m"], N)
    label = generator.choice(["good", "bad"], N)
    return pd.DataFrame(
        {
            "noise": generator.normal(size=N),
            "height": np.where(sex == "m", 180, 165) + generator.normal(0, 3, N),
            "outcome_code": np.where(label == "good", 1, 0),
            "name": [f"person {place}" for place in range(N)],
            "sex": sex,
            "label": label,
        }
    )


def asked(**more: object) -> Asked:
    """What is asked of the people."""
    return Asked(**{"label": "label", "sensitive": ["sex"], "seed": 1, "today": DAY, **more})  # type: ignore[arg-type]


def failed(found: Measured) -> set[tuple[str, str]]:
    """Checks that fail, with what they are about."""
    return {(check.id, check.about) for check in found.checks if check.passed is False}


def test_every_figure_has_a_meaning_and_a_clean_set_fails_nothing(rows: pd.DataFrame) -> None:
    found = data_quality(rows[["noise", "label"]], asked(sensitive=()))
    assert found.overall.keys() == METRICS.keys()
    assert failed(found) == set()


def test_a_leak_and_a_proxy_are_named(rows: pd.DataFrame) -> None:
    found = data_quality(rows, asked())
    assert found.overall["strongest_feature"].value == 1.0
    assert {("data.leak", "outcome_code"), ("data.proxy", "sex")} <= failed(found)
    assert ("data.looks_like_an_identifier", "name") in failed(found)
    assert found.explanations["proxies"][0]["name"] == "height"
    proxy = found.overall["proxy_auc"]
    assert proxy.value is not None and proxy.low is not None and 0.9 < proxy.low < proxy.value


def test_a_column_of_names_tells_nothing_by_heart(rows: pd.DataFrame) -> None:
    target = Target(classes=np.asarray(rows["label"] == "good", dtype=np.int64))
    told = strength(rows["name"], discretised(rows["name"]), target, folds_of(N, 1)).value
    assert told is not None and abs(told - 0.5) < 0.05


def test_a_number_tells_as_much_as_its_order_does(rows: pd.DataFrame) -> None:
    positive = rows["sex"] == "m"
    target = Target(classes=np.asarray(positive, dtype=np.int64))
    told = strength(rows["height"], discretised(rows["height"]), target, folds_of(N, 1)).value
    assert told is not None
    assert told >= roc_auc_score(positive, rows["height"]) - 1e-12


def test_the_label_of_a_regression_is_told_by_r_squared(rows: pd.DataFrame) -> None:
    table = rows.assign(label=rows["height"] * 2 + 1)
    found = data_quality(table, asked(classes=False))
    assert found.explanations["leaks"][0]["name"] == "height"
    assert found.overall["strongest_feature"].value > 0.9  # type: ignore[operator]
    assert found.overall["minority_share"].value is None


def test_doubled_and_contradicting_rows_are_counted() -> None:
    rows = pd.DataFrame({"a": [1, 1, 1, 2, 3], "label": ["x", "x", "y", "x", "y"]})
    found = data_quality(rows, asked(sensitive=()))
    assert found.overall["duplicate_row_share"].value == pytest.approx(1 / 5)
    assert found.overall["contradicting_row_share"].value == pytest.approx(3 / 5)
    assert ("data.contradicting_row_share", "") in failed(found)


def test_rows_of_the_training_data_are_found_however_they_are_typed() -> None:
    rows = pd.DataFrame({"a": [1, 2, 3, 4], "b": ["x", "y", None, "z"]})
    reference = pd.DataFrame({"b": ["y", None, "q"], "a": [2.0, 3.0, 1.0], "more": [0, 0, 0]})
    found = data_quality(rows, Asked(), reference)
    assert found.overall["overlap_share"].value == pytest.approx(2 / 4)
    assert found.overall["overlap_share"].low is not None
    assert ("data.overlap_share", "") in failed(found)
    with pytest.raises(CannotMeasure, match="no column in common"):
        data_quality(rows, Asked(), pd.DataFrame({"q": [1]}))


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["a", "b", None])), min_size=1, max_size=30))
def test_hashes_find_exactly_the_rows_that_pandas_finds(cells: list[tuple[int, str | None]]) -> None:
    rows = pd.DataFrame(cells, columns=["x", "y"])
    assert (repeated(row_hashes(rows, ["x", "y"])) == rows.duplicated().to_numpy()).all()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=2, max_size=60))
def test_cramers_v_is_scipys(cells: list[tuple[int, int]]) -> None:
    first, second = (np.array(side, dtype=np.int64) for side in zip(*cells, strict=True))
    found = cramers_v(first, second, corrected=False)
    table = pd.crosstab(first, second).to_numpy()
    if min(table.shape) < 2:
        assert found is None
        return
    assert found == pytest.approx(association(table, method="cramer"), abs=1e-12)
    assert 0 <= (cramers_v(first, second) or 0.0) <= 1 + 1e-12


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(-9, 9)), min_size=1, max_size=40))
def test_the_correlation_ratio_is_the_variance_between_groups(cells: list[tuple[int, float]]) -> None:
    groups, amount = np.array([a for a, _ in cells]), np.array([b for _, b in cells])
    total = ((amount - amount.mean()) ** 2).sum()
    found = correlation_ratio(groups, amount)
    if total == 0:
        assert found is None
        return
    within = sum(((amount[groups == g] - amount[groups == g].mean()) ** 2).sum() for g in set(groups))
    assert found == pytest.approx(1 - within / total, abs=1e-9)


SCHEMA = {
    "on_failure": "refuse",
    "other_columns": "refuse",
    "columns": [
        {"name": "age", "type": "integer", "nullable": False, "min": 18, "max": 120},
        {"name": "sex", "type": "text", "allowed": ["f", "m"]},
        {"name": "account", "type": "text", "regex": "AC-[0-9]{2}", "unique": True},
        {"name": "gone", "type": "text"},
        {"name": "maybe", "type": "text", "optional": True},
    ],
}


def test_rows_are_held_to_the_schema() -> None:
    rows = pd.DataFrame(
        {
            "age": [20, 17, None, 30.5, 40],
            "sex": ["f", "m", "x", "f", None],
            "account": ["AC-01", "AC-02", "AC-02", "AC-3", "AC-04"],
            "extra": 1,
        }
    )
    found = data_quality(rows, Asked(schema=SCHEMA))
    table = next(table for table in found.tables if table.id == "schema")
    counts = {(row[0], row[1]): row[2] for row in table.rows}
    assert counts["age", "is of type integer"] == 1
    assert counts["age", "has no missing cell"] == 1
    assert counts["age", "is at least 18"] == 1
    assert counts["sex", "is one of the allowed values"] == 1
    assert counts["account", "holds no value twice"] == 1
    assert counts["account", "has the form that is asked for"] == 1
    assert counts["gone", "is there"] is None and counts["extra", "is named in the schema"] is None
    assert not any(row[0] == "maybe" for row in table.rows)
    assert found.overall["schema_conforming_share"].value == pytest.approx(2 / 5)
    assert found.overall["schema_failures"].value == 8


def test_odd_cells_are_told_by_column() -> None:
    rows = pd.DataFrame(
        {
            "empty": [None] * 6,
            "constant": 1,
            "mixed": ["1", "2", "x", "3", "4", "5"],
            "words": ["?", "a", "b", "a", "b", "a"],
            "blank": [" a", "a", "b", "b", "c", "c"],
            "spelt": ["Yes", "yes", "no", "no", "NO", "no"],
            "broken": ["MÃ¼ller", "x", "y", "x", "y", "x"],
            "day": ["2026-01-01", "2027-01-01", "2025-01-01", "2024-01-01", "2023-01-01", "2022-01-01"],
        }
    )
    found = data_quality(rows, Asked(today=DAY))
    troubles = {row[0]: row[5] for row in found.tables[0].rows}
    assert troubles["empty"] == "empty" and troubles["constant"] == "constant"
    assert "numbers among words" in troubles["mixed"] and "words for missing" in troubles["words"]
    assert "stray blanks" in troubles["blank"] and "several spellings" in troubles["spelt"]
    assert "broken characters" in troubles["broken"] and "dates in the future" in troubles["day"]
    assert ("data.missing", "empty") in failed(found)
    assert "2026-11-21" in found.conventions["future"]


@pytest.mark.parametrize(
    "rows",
    [
        pd.DataFrame({"a": [1]}),
        pd.DataFrame({"a": [None, None]}),
        pd.DataFrame({"a": [1] * 50, "label": ["x"] * 50}),
        pd.DataFrame({"label": ["x", "y"] * 30}),
        pd.DataFrame({"a": [math.inf, -math.inf, math.nan] * 20, "label": ["x", "y", "x"] * 20}),
        pd.DataFrame({"a": [1.0, None] * 40, "sex": ["f"] * 80, "label": [None, "y"] * 40}),
        pd.DataFrame({"sex": ["f", "m"] * 40, "label": ["x", "y"] * 40}),
    ],
    ids=[
        "one row",
        "empty column",
        "all doubles",
        "no features",
        "not finite",
        "one group",
        "no features left",
    ],
)
def test_edges_give_a_result_with_reasons(rows: pd.DataFrame) -> None:
    sensitive = ["sex"] if "sex" in rows else []
    label = "label" if "label" in rows else ""
    found = data_quality(rows, asked(label=label, sensitive=sensitive))
    assert found.overall.keys() == METRICS.keys()
    assert found.as_json()["checks"]


def test_no_rows_are_refused() -> None:
    with pytest.raises(CannotMeasure, match="no rows"):
        data_quality(pd.DataFrame({"a": []}), Asked())


@given(st.integers(0, 2**31), st.integers(30, 80))
@settings(max_examples=10, deadline=None)
def test_the_order_of_the_rows_changes_no_count(seed: int, n: int) -> None:
    generator = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {"a": generator.integers(0, 3, n), "b": [("x", None)[place] for place in generator.integers(0, 2, n)]}
    )
    names = ("missing_share", "duplicate_row_share", "columns_with_trouble")
    mixed = rows.sample(frac=1, random_state=seed % 2**32)
    first, second = (data_quality(table, Asked()).overall for table in (rows, mixed))
    assert [first[name].value for name in names] == pytest.approx([second[name].value for name in names])
