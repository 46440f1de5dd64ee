"""Whatever is counted by partition is what all rows at once give: exactly, or within the bound that it states."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluations.partitioned import COUNTED
from evaluations.sandbox import Job
from evaluations.sandbox.job import CannotEvaluate
from evaluations.sandbox.measure import measure
from evaluations.sandbox.partitions.measure import WAYS
from policy.metrics import OF_KIND
from tests.evaluations.sandbox.test_partitions import Silent

NOT_COUNTED = {  # what needs each row again
    ("performance", "binary_classification"): {"log_loss", "log_loss_over_baseline", "lift"},
    ("fairness", "binary_classification"): {
        "consistency",
        "score_impact_ratio",
        "score_distribution_difference",
        "group_calibration_gap",
    },
}
ROWS = 1100


def people(seed: int, rows: int = ROWS) -> pd.DataFrame:
    """Truth and a vendor's answers of every kind, groups, and columns of every type, some with gaps."""
    chance = np.random.default_rng(seed)
    score = np.clip(chance.beta(2, 3, rows), 0.01, 0.99)
    amount = chance.lognormal(8, 0.6, rows)
    paid = chance.choice(np.array(["late", "part", "whole"], dtype=object), rows)
    return pd.DataFrame(
        {
            "credit": np.where(chance.random(rows) < score, "good", "bad"),
            "answer": np.where(score >= 0.45, "good", "bad"),
            "score": score,
            "paid": paid,
            "said": np.where(chance.random(rows) < 0.6, paid, chance.permutation(paid)),
            "amount": amount,
            "expected": amount * chance.normal(1, 0.2, rows),
            "sex": chance.choice(np.array(["f", "m", None], dtype=object), rows, p=[0.5, 0.45, 0.05]),
            "age": np.where(chance.random(rows) < 0.03, np.nan, chance.integers(18, 90, rows)),
            "income": np.round(chance.normal(3000, 900, rows), 2),
            "town": chance.choice(np.array(["a", "b", "c"], dtype=object), rows),
            "since": pd.Timestamp("2026-01-01") + pd.to_timedelta(chance.integers(0, 500, rows), unit="D"),
        }
    )


def written(path: Path, table: pd.DataFrame, sizes: list[int]) -> str:
    """The rows in row groups of these sizes, over and over."""
    whole = pa.Table.from_pandas(table, preserve_index=False)
    with pq.ParquetWriter(path, whole.schema) as writer:
        start = turn = 0
        while start < len(table):
            writer.write_table(whole.slice(start, sizes[turn % len(sizes)]))
            start, turn = start + sizes[turn % len(sizes)], turn + 1
    return str(path)


def job_of(kind: str, model_kind: str, data: str, reference: str) -> Job:
    """A vendor's answers measured."""
    label, prediction, score = {
        "binary_classification": ("credit", "answer", "score"),
        "multiclass_classification": ("paid", "said", None),
        "regression": ("amount", "expected", None),
    }[model_kind]
    return Job(
        kind=kind,
        model_kind=model_kind,
        model_path=None,
        data_path=data,
        label=label,
        positive="good" if label == "credit" else None,
        prediction=prediction,
        score=score,
        sensitive=("sex", "age"),
        features=None,
        config={"psi_limit": 0.2} if kind == "stability" else {},
        seed=1,
        reference_path=reference if kind == "stability" else None,
    )


def found(job: Job, **changes: Any) -> dict[str, Any]:
    teller: Any = Silent()
    fields = {name: getattr(job, name) for name in job.__dataclass_fields__}
    return measure(Job(**(fields | changes)), teller).as_json()


def off(convention: str) -> float:
    """The error that a convention admits, as said with one digit."""
    said = re.findall(r"at most ([0-9.e-]+) off", convention)
    return 1.5 * max(map(float, said)) if said else 0.0


def assert_same(
    kind: tuple[str, str], whole: dict[str, Any], counted: dict[str, Any], *, loose: bool = False
) -> None:
    """`loose`: of few rows, whose own intervals are another kind's, only the values."""
    missing = set(whole["overall"]) - set(counted["overall"])
    assert missing == NOT_COUNTED.get(kind, set()) & set(whole["overall"])
    assert set(counted["overall"]) <= set(OF_KIND[kind[0]]) and set(counted["overall"]) <= set(
        counted["conventions"]
    )
    for name, one in counted["overall"].items():
        other = whole["overall"][name]
        assert one["n"] == other["n"]
        if other["value"] is None:
            assert one["value"] is None
            continue
        bound = off(counted["conventions"][name]) + 1e-8 * max(1.0, abs(other["value"]))
        assert abs(one["value"] - other["value"]) <= bound, name
        if not loose and other["low"] is not None and one["low"] is not None:
            width = max(other["high"] - other["low"], 1e-6)
            for end in ("low", "high"):
                assert abs(one[end] - other[end]) <= 0.35 * width + bound, (name, end)
    by = {tuple(group["by"].items()): group for group in whole["groups"]}
    if kind[0] != "stability":
        assert {tuple(group["by"].items()) for group in counted["groups"]} == set(by)
    for group in counted["groups"]:
        one, other = group, by[tuple(group["by"].items())]
        assert (one["n"], one["too_few"], one["reference"]) == (
            other["n"],
            other["too_few"],
            other["reference"],
        )
        for name in set(one["metrics"]) & set(other["metrics"]):
            off_by = 1e-3 if name in ("calibration_slope", "calibration_intercept") else 1e-8
            assert near(one["metrics"][name]["value"], other["metrics"][name]["value"], off_by), (
                group["by"],
                name,
            )


def near(value: float | None, expected: float | None, off_by: float) -> bool:
    if value is None or expected is None:
        return value is expected
    return abs(value - expected) <= off_by * max(1.0, abs(expected))


@pytest.mark.parametrize(("kind", "model_kind"), WAYS, ids=["-".join(way) for way in WAYS])
def test_partitions_give_what_all_rows_give(kind: str, model_kind: str, tmp_path: Path) -> None:
    if (kind, model_kind) == ("calibration", "multiclass_classification"):
        pytest.skip("only a model gives the chance of every class")
    data = written(tmp_path / "data.parquet", people(3), [300, 170])
    reference = written(tmp_path / "reference.parquet", people(4, 1500), [400])
    job = job_of(kind, model_kind, data, reference)
    whole, counted = found(job), found(job, stream=True)
    assert_same((kind, model_kind), whole, counted)
    assert any("partitions one after another" in note for note in counted["notes"])
    assert {check["id"]: check["passed"] for check in whole["checks"]} == {
        check["id"]: check["passed"] for check in counted["checks"]
    }


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(40, 400), min_size=1, max_size=4),
    order=st.integers(0, 99),
    way=st.sampled_from([way for way in WAYS if way != ("calibration", "multiclass_classification")]),
)
def test_any_partition_of_the_rows_gives_the_same(
    tmp_path: Path, sizes: list[int], order: int, way: tuple[str, str]
) -> None:
    table, there = people(5, 400), people(6, 500)
    shuffled = table.sample(frac=1, random_state=order)
    one = job_of(
        *way, *(written(tmp_path / name, rows, [1000]) for name, rows in (("1", table), ("2", there)))
    )
    many = job_of(
        *way, *(written(tmp_path / name, rows, sizes) for name, rows in (("3", shuffled), ("4", there)))
    )
    left, right = found(one, stream=True), found(many, stream=True)
    for name, figure in left["overall"].items():
        other = right["overall"][name]
        assert near(other["value"], figure["value"], 1e-8), name
        if figure["low"] is not None and way[0] != "calibration":
            width = figure["high"] - figure["low"]
            assert other["low"] == pytest.approx(figure["low"], abs=0.25 * width + 1e-9), name
    assert [group["n"] for group in left["groups"]] == [group["n"] for group in right["groups"]]


def test_the_columns_table_is_the_same_within_its_bounds(tmp_path: Path) -> None:
    data = written(tmp_path / "data.parquet", people(8, 1300), [250])
    reference = written(tmp_path / "reference.parquet", people(9, 1700), [600])
    job = job_of("stability", "binary_classification", data, reference)
    whole, counted = (
        {table["id"]: table for table in found(job, stream=stream)["tables"]} for stream in (False, True)
    )
    names = ("psi", "ks", "js", "kl", "area")
    bounds = {row[0]: dict(zip(names, row[1:], strict=True)) for row in counted["bounds"]["rows"]}
    assert bounds["age"] == dict.fromkeys(names, 0.0)  # whole numbers lose nothing
    rows = {row[0]: row for row in counted["shifts"]["rows"]}
    assert set(rows) == {row[0] for row in whole["shifts"]["rows"]} >= {"age", "income", "since", "town"}
    for row in whole["shifts"]["rows"]:
        told = bounds.get(row[0], {})
        for name, place in (("psi", 1), ("ks", 4), ("js", 6), ("kl", 7), ("area", 8)):
            if row[place] is None:
                assert rows[row[0]][place] is None
            else:
                assert abs(rows[row[0]][place] - row[place]) <= told.get(name, 0.0) + 1e-8, (row[0], name)
        assert rows[row[0]][5] == row[5]  # Cramér's V


def test_errors_have_quantiles_with_their_bound(tmp_path: Path) -> None:
    table = people(11)
    data = written(tmp_path / "data.parquet", table, [200])
    tables = {
        one["id"]: one for one in found(job_of("performance", "regression", data, ""), stream=True)["tables"]
    }
    error = table["expected"] - table["amount"]
    for share, value, (low, high), bound in tables["error_quantiles"]["rows"]:
        assert abs(value - np.quantile(error, share)) <= bound + 1e-6
        assert low < value < high


def test_a_reference_without_answers_is_compared_by_its_columns(tmp_path: Path) -> None:
    data = written(tmp_path / "data.parquet", people(3), [300])
    bare = people(4).drop(columns=["answer", "score"])
    job = job_of("stability", "binary_classification", data, written(tmp_path / "bare.parquet", bare, [300]))
    whole, counted = found(job), found(job, stream=True)
    assert_same(("stability", "binary_classification"), whole, counted)
    assert any("holds no predictions" in note for note in counted["notes"])


@pytest.mark.parametrize(
    ("kind", "model_kind", "change", "said"),
    [
        ("performance", "regression", {"label": "town"}, "no finite number"),
        ("performance", "regression", {"prediction": None}, "no prediction column"),
        ("performance", "multiclass_classification", {"label": "income"}, "different labels"),
        ("calibration", "binary_classification", {"score": None}, "nothing to calibrate"),
        ("calibration", "binary_classification", {"score": "income"}, "nothing to calibrate"),
        ("calibration", "multiclass_classification", {}, "no probabilities"),
        ("stability", "regression", {"label": "since_when"}, "lacks the label column"),
        ("fairness", "regression", {}, "cannot be measured a partition at a time"),
    ],
)
def test_what_cannot_be_counted_is_said(
    kind: str, model_kind: str, change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    data = written(tmp_path / "data.parquet", people(3, 600), [300])
    with pytest.raises(CannotEvaluate, match=said):
        found(job_of(kind, model_kind, data, data), stream=True, **change)


def test_what_the_site_counts_is_what_the_sandbox_can_count() -> None:
    assert {(str(kind), model) for kind, models in COUNTED.items() for model in models} == set(WAYS)


MODELS = {
    "binary_classification": ("skops", "outcome"),
    "multiclass_classification": ("jobs", "job"),
    "regression": ("amount", "amount"),
}


@pytest.mark.parametrize(("kind", "model_kind"), WAYS, ids=["-".join(way) for way in WAYS])
def test_a_models_answers_too(kind: str, model_kind: str, models: Path, job: Job, tmp_path: Path) -> None:
    applicants = pd.read_csv(job.data_path)
    if model_kind == "multiclass_classification":  # a forest knows its own rows: others are less sure
        applicants["income"] = applicants["income"] + np.random.default_rng(2).normal(0, 0.3, len(applicants))
    folder, label = MODELS[model_kind]
    fields = {name: getattr(job, name) for name in job.__dataclass_fields__} | {
        "kind": kind,
        "model_kind": model_kind,
        "model_path": str(models / folder),
        "data_path": written(tmp_path / "data.parquet", applicants, [60]),
        "reference_path": written(tmp_path / "there.parquet", applicants.iloc[:150], [70]),
        "label": label,
        "positive": "good" if label == "outcome" else None,
    }
    asked = Job(**fields)
    assert_same((kind, model_kind), found(asked), found(asked, stream=True), loose=True)
