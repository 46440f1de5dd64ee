"""Explaining a model and one record of it, in a real child process."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluations.sandbox import Job
from tests.evaluations.sandbox.conftest import Run

ONNX = Path(__file__).parent / "models"


@pytest.fixture
def local(job: Job) -> Job:
    """The fourth applicant."""
    return replace(job, kind="local_explanation", config={"row": 3, "unfavourable": "low"})


def table(result: dict[str, Any], name: str) -> list[list[Any]]:
    return next(found["rows"] for found in result["tables"] if found["id"] == name)


def test_a_model_is_explained_from_all_sides(run: Run, job: Job) -> None:
    found = run(replace(job, kind="explainability")).result
    assert found["overall"]["rank_stability"]["value"] == pytest.approx(1)
    assert found["explanations"]["output"] == "log-odds"
    assert {row[0] for row in table(found, "permutation")} == {"income", "job"}
    assert table(found, "interactions")[0][2] == pytest.approx(0, abs=1e-6)  # a logistic regression adds up
    income = next(one for one in found["explanations"]["effects"] if one["feature"] == "income")
    slopes = np.diff(income["value"]) / np.diff(income["grid"])
    assert slopes == pytest.approx(np.full(len(slopes), slopes[0]), rel=1e-6)


def test_one_record_is_explained(run: Run, local: Job, people: pd.DataFrame) -> None:
    found = run(local).result
    assert found["overall"] == {}
    values = {row[0]: row[1] for row in table(found, "contributions")}
    assert values["job"] == people["job"][3]
    assert float(values["income"]) == pytest.approx(people["income"][3], rel=1e-3)
    assert found["conventions"]["record"] == "Row 3 of the data set, counted from 0."


def test_a_row_is_counted_in_the_whole_data_set(run: Run, local: Job, people: pd.DataFrame) -> None:
    gaps = people.assign(outcome=people["outcome"].where(people.index > 2))
    gaps.to_csv(local.data_path, index=False)
    found = run(local).result
    assert {row[0]: row[1] for row in table(found, "contributions")}["job"] == people["job"][3]
    first = run(replace(local, config={"row": 0})).result  # a row without a label
    assert {row[0]: row[1] for row in table(first, "contributions")}["job"] == people["job"][0]


def test_values_by_hand_and_a_row_changed_by_hand(run: Run, local: Job) -> None:
    whole = run(replace(local, config={"values": {"income": 1.5, "job": "never seen"}}))
    assert "unknown categories" in whole.failure  # this model refuses what it does not know, and that is said
    found = run(replace(local, config={"values": {"income": 1.5, "job": "b"}})).result
    assert {row[0]: row[1] for row in table(found, "contributions")} == {"income": "1.5", "job": "b"}
    changed = run(replace(local, config={"row": 3, "values": {"income": 1.5}})).result
    assert {row[0]: row[1] for row in table(changed, "contributions")}["income"] == "1.5"
    assert changed["conventions"]["record"].endswith("with income changed by hand.")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "Say which record"),
        ({"row": 200}, "The data set has no row 200"),
        ({"values": {"income": 1.5}}, "The values lack job"),
        ({"values": {"income": 1.5, "job": "a", "shoe": 43}}, "takes no feature shoe"),
        ({"row": 3, "values": {"income": "much"}}, "Feature income is a number"),
    ],
)
def test_what_cannot_be_explained_says_why(run: Run, local: Job, config: dict[str, Any], said: str) -> None:
    assert said in run(replace(local, config=config)).failure


def test_confidential_values_do_not_leave_the_sandbox(run: Run, job: Job, people: pd.DataFrame) -> None:
    secret = people.assign(job=people["job"].map({"a": "a", "b": "b", "c": "c"}), income=people["income"])
    secret.to_csv(job.data_path, index=False)
    for kind, config in (("explainability", {}), ("local_explanation", {"row": 3})):
        found = run(replace(job, kind=kind, config=config, confidential=("income",))).result
        said = json.dumps(found)
        assert f"{people['income'][3]:.4g}" not in said
        assert "income" not in [one["feature"] for one in found["explanations"].get("effects", [])]
    assert {row[0]: row[1] for row in table(found, "contributions")}["income"] == "held back"
    by_hand = replace(
        job, kind="local_explanation", config={"row": 3, "values": {"income": 9}}, confidential=("income",)
    )
    assert "income are confidential" in run(by_hand).failure


def test_an_onnx_model_is_explained_without_trees(run: Run, job: Job, people: pd.DataFrame) -> None:
    rows = pd.DataFrame(
        {
            "a": people["income"],
            "b": people["age"] / 80.0,
            "label": np.where(people["income"] > 0, "good", "bad"),
        }
    )
    rows.to_csv(job.data_path, index=False)
    given = replace(
        job,
        model_path=str(ONNX / "classifier.onnx"),
        label="label",
        positive="good",
        sensitive=(),
        features=("a", "b"),
    )
    found = run(replace(given, kind="explainability", config={"max_rows": 30})).result
    assert found["explanations"]["method"] == "PermutationExplainer"
    one = run(replace(given, kind="local_explanation", config={"row": 0})).result
    local = one["explanations"]["local"]
    assert local["base"] + sum(part["contribution"] for part in local["features"]) == pytest.approx(
        local["output"], abs=1e-5
    )


def test_classes_and_numbers_are_explained_too(run: Run, local: Job, models: Path) -> None:
    classes = replace(
        local,
        model_kind="multiclass_classification",
        model_path=str(models / "jobs"),
        label="job",
        positive=None,
        config={"row": 3},
    )
    assert run(classes).result["explanations"]["local"]["of"].startswith("class ")
    number = replace(
        local,
        model_kind="regression",
        model_path=str(models / "amount"),
        label="amount",
        positive=None,
        config={"row": 3},
    )
    assert run(number).result["explanations"]["local"]["unit"] == "the label's unit"
    assert "without the model itself" in run(replace(local, model_path=None)).failure.lower()
