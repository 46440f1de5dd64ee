"""Data quality and privacy, in a real child process."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from evaluations.sandbox import Job
from policy.metrics import data_quality, privacy
from tests.evaluations.sandbox.conftest import Run


@pytest.fixture
def unlabelled(job: Job) -> Job:
    """The job without a word on the label."""
    return replace(job, label="", positive=None, model_path=None)


def test_the_state_of_the_data_is_measured_without_label_and_model(run: Run, unlabelled: Job) -> None:
    ran = run(replace(unlabelled, kind="data_quality"))
    assert ran.result["overall"].keys() == data_quality.METRICS.keys()
    assert ran.result["overall"]["strongest_feature"]["value"] is None
    assert ran.result["overall"]["proxy_auc"]["value"] is not None
    assert "format" not in ran.outcome.provenance  # no model was loaded


def test_rows_that_were_trained_on_are_found(
    run: Run, job: Job, people: pd.DataFrame, tmp_path: Path
) -> None:
    people.head(50).to_parquet(tmp_path / "train.parquet")
    reference = str(tmp_path / "train.parquet")
    found = run(replace(job, kind="data_quality", reference_path=reference, sensitive=())).result
    assert found["overall"]["overlap_share"]["value"] == pytest.approx(50 / 200)


def test_privacy_without_reference_says_what_is_missing(run: Run, job: Job) -> None:
    found = run(replace(job, kind="privacy")).result
    assert found["overall"].keys() == privacy.METRICS.keys()
    assert found["overall"]["membership_auc"]["value"] is None
    assert any("Choose the training data as reference" in note for note in found["notes"])


def test_a_forest_that_learnt_its_rows_by_heart_is_found_out(
    run: Run, job: Job, models: Path, people: pd.DataFrame, tmp_path: Path
) -> None:
    people.to_parquet(tmp_path / "train.parquet")  # the forest "jobs" was fitted on these
    others = people.assign(income=people["income"].sample(frac=1, random_state=4).to_numpy() + 0.01)
    others.to_csv(tmp_path / "people.csv", index=False)
    asked = replace(
        job,
        kind="privacy",
        model_kind="multiclass_classification",
        model_path=str(models / "jobs"),
        label="job",
        positive=None,
        sensitive=("sex",),
        reference_path=str(tmp_path / "train.parquet"),
        config={"quasi_identifiers": ["sex"]},
    )
    found = run(asked).result
    assert found["overall"]["membership_auc"]["low"] > 0.8
    assert any(check["id"] == "privacy.membership" and not check["passed"] for check in found["checks"])
    assert {group["by"]["sex"] for group in found["groups"]} == {"f", "m"}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"quasi_identifiers": ["nobody"]}, "lacks the quasi-identifier nobody"),
        ({"quasi_identifiers": [1]}, "lists names of columns"),
        ({"quasi_identifiers": ["sex"], "confidential": ["sex"]}, "as quasi-identifier and as confidential"),
    ],
)
def test_wrong_columns_are_refused_with_the_reason(
    run: Run, job: Job, config: dict[str, object], said: str
) -> None:
    assert said in run(replace(job, kind="privacy", config=config)).failure
