"""Partitions give what all rows at once give: counts exactly, score metrics within the bound that they state."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluations.sandbox import Job, Limits, Outcome, run_job
from evaluations.sandbox.job import CannotEvaluate
from evaluations.sandbox.measure import measure
from evaluations.sandbox.partitions.counted import Counted
from evaluations.sandbox.partitions.measure import count
from evaluations.sandbox.partitions.packing import packed, unpacked

LIMITS = Limits(memory_mb=4096, cpu_seconds=120, wall_seconds=120)
EXACT = ("accuracy", "precision", "recall", "selection_rate", "balanced_accuracy", "f1", "brier", "ece")
WITHIN = ("roc_auc", "gini", "average_precision", "ks")


class Silent:
    """Takes what a measurement tells on its way, and keeps it."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.steps: list[str] = []

    def progress(self, share: float, step: str) -> None:
        self.steps.append(step)

    def enter(self, stage: str, share: float, step: str) -> None:
        self.steps.append(step)


def a_table(rows: int, seed: int = 3) -> pd.DataFrame:
    """Loans with truth, a vendor's prediction and score, and four sensitive columns of different types."""
    chance = np.random.default_rng(seed)
    score = np.round(chance.random(rows), 3)
    return pd.DataFrame(
        {
            "credit": np.where(chance.random(rows) < score, "good", "bad"),
            "predicted": np.where(score >= 0.5, "good", "bad"),
            "score": score,
            "sex": chance.choice(np.array(["f", "m", None], dtype=object), rows, p=[0.5, 0.45, 0.05]),
            "age": chance.integers(18, 90, rows),
            "member": chance.integers(0, 2, rows),
            "region": pd.Categorical(chance.choice(["north", "south"], rows)),
        }
    )


def a_job(path: Path, table: pd.DataFrame, **changes: Any) -> Job:
    table.to_parquet(path, row_group_size=250)
    fields: dict[str, Any] = {
        "kind": "performance",
        "model_kind": "binary_classification",
        "model_path": None,
        "data_path": str(path),
        "label": "credit",
        "positive": "good",
        "prediction": "predicted",
        "score": "score",
        "sensitive": ("sex", "age", "member", "region"),
        "features": None,
        "config": {},
        "seed": 1,
    }
    return Job(**(fields | changes))


def measured(job: Job, **changes: Any) -> dict[str, Any]:
    fields = {name: getattr(job, name) for name in job.__dataclass_fields__}
    teller: Any = Silent()
    return measure(Job(**(fields | changes)), teller).as_json()


def assert_same(whole: dict[str, Any], counted: dict[str, Any]) -> None:
    for name in EXACT:
        assert counted["overall"][name]["value"] == pytest.approx(
            whole["overall"][name]["value"], abs=1e-9
        ), name
    for name in WITHIN:
        off = abs(counted["overall"][name]["value"] - whole["overall"][name]["value"])
        assert off <= bound(counted["conventions"][name]) + 1e-9, name
    sizes = {(*group["by"].items(),): group["n"] for group in counted["groups"]}
    assert sizes == {(*group["by"].items(),): group["n"] for group in whole["groups"]}
    for one in whole["groups"]:
        other = next(group for group in counted["groups"] if group["by"] == one["by"])
        for name in set(one["metrics"]) & set(other["metrics"]):
            assert other["metrics"][name]["value"] == one["metrics"][name]["value"], (one["by"], name)


def bound(convention: str) -> float:
    """The error that a convention admits, rounded to one digit as it is said."""
    if found := re.search(r"at most ([0-9.e-]+) off", convention):
        return float(found[1]) * 1.5
    assert "exactly" in convention
    return 0.0


def test_partitions_give_what_all_rows_give(tmp_path: Path) -> None:
    job = a_job(tmp_path / "loans.parquet", a_table(3000))
    counted = measured(job, stream=True)
    assert_same(measured(job), counted)
    assert "12 partitions" in counted["notes"][0]
    assert {"roc", "calibration", "scores"} <= set(counted["curves"])
    assert (
        sum(counted["curves"]["scores"]["positive"])
        == (pd.read_parquet(job.data_path)["credit"] == "good").sum()
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.integers(60, 700), seed=st.integers(0, 99), missing=st.booleans(), columns=st.booleans())
def test_on_any_data(tmp_path: Path, rows: int, seed: int, missing: bool, columns: bool) -> None:
    table = a_table(rows, seed)
    if missing:
        table.loc[table.index % 7 == 0, "credit"] = None
        table["age"] = table["age"].where(table.index % 5 > 0)
    changes: dict[str, Any] = {} if columns else {"prediction": None}
    job = a_job(tmp_path / "loans.parquet", table, **changes)
    assert_same(measured(job), measured(job, stream=True))


def test_counts_of_parts_add_up_in_any_order(tmp_path: Path) -> None:
    job = a_job(tmp_path / "loans.parquet", a_table(2000))
    teller: Any = Silent()
    fields = {name: getattr(job, name) for name in job.__dataclass_fields__} | {"stream": True}
    parts = [count(Job(**(fields | {"parts": part})), teller) for part in ((5, 1), (0, 7, 2), (3,), (6, 4))]
    whole = count(Job(**fields), teller)
    total = Counted(whole.columns)
    for part in parts:
        total = total + unpacked(json.loads(json.dumps(packed(part))))
    assert total.settled().tally() == whole.settled().tally()
    assert (total.get("scores").rows == whole.get("scores").rows).all()
    assert total.get("scores").squared == pytest.approx(whole.get("scores").squared)
    assert teller.steps[-1] == "Counting: partition 8 of 8"


def test_numbers_are_banded_as_when_all_rows_are_at_hand(tmp_path: Path) -> None:
    """Each partition sees fewer than eleven different ages, all of them together more."""
    table = a_table(1000).sort_values("age")
    table["age"] = np.repeat(np.arange(20, 70, 2), 40)
    job = a_job(tmp_path / "loans.parquet", table, sensitive=("age",))
    whole, counted = measured(job), measured(job, stream=True)
    assert [group["by"] for group in counted["groups"]] == [group["by"] for group in whole["groups"]]
    assert {"age": "25–34"} in [group["by"] for group in counted["groups"]]


def test_scores_that_are_no_probabilities_are_counted_over_their_range(tmp_path: Path) -> None:
    table = a_table(2000)
    table["score"] = table["score"] * 40 - 20
    job = a_job(tmp_path / "loans.parquet", table, config={"threshold": 0.0})
    whole, counted = measured(job), measured(job, stream=True)
    assert counted["overall"]["accuracy"]["value"] == whole["overall"]["accuracy"]["value"]
    off = abs(counted["overall"]["roc_auc"]["value"] - whole["overall"]["roc_auc"]["value"])
    assert off <= bound(counted["conventions"]["roc_auc"]) + 1e-9
    assert "brier" not in counted["overall"]


Change = Callable[[pd.DataFrame], None]
BAD: list[tuple[str, dict[str, Any], Change, str]] = [
    ("no such label", {"label": "truth"}, lambda table: None, "lacks the label column truth"),
    ("no such group", {"sensitive": ("race",)}, lambda table: None, "lacks the sensitive column race"),
    ("nobody positive", {"positive": "fine"}, lambda table: None, "No row has the positive label fine"),
    (
        "three labels",
        {},
        lambda table: table.__setitem__("credit", ["good", "bad", "late"] * 200),
        "has 3 different labels",
    ),
    (
        "NaN",
        {},
        lambda table: table.__setitem__("score", table["score"].where(table.index != 400)),
        "no finite number",
    ),
    (
        "no prediction",
        {},
        lambda table: table.__setitem__("predicted", table["predicted"].where(table.index != 400)),
        "no prediction",
    ),
    (
        "too many groups",
        {"sensitive": ("sex",)},
        lambda table: table.__setitem__("sex", [f"g{n}" for n in range(600)]),
        "different values",
    ),
    (
        "unknown prediction",
        {},
        lambda table: table.loc.__setitem__((400, "predicted"), "maybe"),
        "predicts maybe",
    ),
    (
        "another kind",
        {"kind": "explainability", "model_path": "m"},
        lambda table: None,
        "a partition at a time",
    ),
]


@pytest.mark.parametrize(("name", "changes", "change", "said"), BAD, ids=[row[0] for row in BAD])
def test_what_cannot_be_counted_is_said(
    name: str, changes: dict[str, Any], change: Change, said: str, tmp_path: Path
) -> None:
    table = a_table(600)
    change(table)
    with pytest.raises(CannotEvaluate, match=said):
        measured(a_job(tmp_path / "loans.parquet", table, **changes), stream=True)


def in_the_sandbox(job: Job, folder: Path) -> Outcome:
    folder.mkdir()
    return run_job(job, folder, LIMITS, lambda share, step: None, lambda: False)


def test_a_model_is_asked_partition_by_partition(tmp_path: Path, small_model: Path) -> None:
    frame = pd.read_csv(small_model / "loans-test.csv")
    whole = pd.concat([frame] * 3, ignore_index=True)
    data = tmp_path / "loans.parquet"
    pq.write_table(pa.Table.from_pandas(whole), data, row_group_size=len(frame))
    fields: dict[str, Any] = {
        "kind": "performance",
        "model_kind": "binary_classification",
        "model_path": str(small_model / "model"),
        "data_path": str(data),
        "label": "credit",
        "positive": "1",
        "prediction": None,
        "score": None,
        "sensitive": ("sex",),
        "features": None,
        "config": {},
        "seed": 1,
    }
    one, two = (
        in_the_sandbox(Job(**fields, stream=stream), tmp_path / str(stream)) for stream in (False, True)
    )
    assert (one.failure, two.failure) == ("", "")
    assert one.result is not None and two.result is not None
    assert_same(one.result, two.result)
    assert two.provenance["format"] == one.provenance["format"]
