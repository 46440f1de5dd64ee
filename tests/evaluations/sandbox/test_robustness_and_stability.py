"""Both kinds in a real child process: every kind of model, models that fail, data that does not fit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from evaluations.kinds import RULES
from evaluations.sandbox import Job
from policy.metrics import OF_KIND
from tests.evaluations.sandbox.conftest import Run, save_mlflow

Written = Callable[[pd.DataFrame], str]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write rows to a file of their own."""

    def write(rows: pd.DataFrame) -> str:
        path = tmp_path / f"rows-{len(list(tmp_path.iterdir()))}.csv"
        rows.to_csv(path, index=False)
        return str(path)

    return write


@pytest.fixture
def robust(job: Job) -> Job:
    """The classifier's robustness."""
    return replace(job, kind="robustness")


@pytest.fixture
def stable(job: Job, people: pd.DataFrame, written: Written) -> Job:
    """The classifier's stability against other people."""
    return replace(job, kind="stability", reference_path=written(people.iloc[:120]))


def known(kind: str, result: dict[str, Any]) -> None:
    """Every figure has its words and its convention."""
    assert set(result["overall"]) <= set(OF_KIND[kind])
    assert set(result["overall"]) <= set(result["conventions"])


def test_robustness_of_a_binary_model(run: Run, robust: Job) -> None:
    config = {
        "monotone": {"income": "increasing"},
        "invariant": ["job"],
        "scenarios": [{"name": "Poorer", "add": {"income": -1}, "set": {"job": "c"}}],
    }
    found = run(replace(robust, config=config)).result
    known("robustness", found)
    checks = {check["id"]: check["passed"] for check in found["checks"]}
    assert checks["monotone.income"] is True and checks["invariant.job"] is False
    assert found["overall"]["scenario_drop"]["value"] is not None
    assert {point["name"] for point in found["curves"]["sobol"]} == {"income", "job"}
    # a logistic regression takes no missing numbers, and its encoder no new categories
    assert checks["answers.missing"] is False and checks["answers.unseen"] is False


def test_examples_hold_back_what_is_confidential(run: Run, robust: Job) -> None:
    found = run(
        replace(
            robust, confidential=("income",), config={**robust.config, "monotone": {"income": "decreasing"}}
        )
    )
    tables = {table["id"]: table for table in found.result["tables"]}
    assert {row[0] for row in tables["adversarial"]["rows"]} <= {"Held back"}
    assert not tables.get("monotone_examples", {"rows": []})["rows"]
    assert any("income are confidential" in note for note in found.result["notes"])


def test_the_same_numbers_again(run: Run, robust: Job) -> None:
    assert run(robust).result == run(robust).result


def test_robustness_of_several_classes_and_of_a_regression(run: Run, robust: Job, models: Path) -> None:
    several = run(
        replace(robust, model_kind="multiclass_classification", model_path=str(models / "jobs"), label="job")
    ).result
    known("robustness", several)
    assert several["curves"]["drops"]["metric"] == "Accuracy"
    assert several["conventions"]["output"].startswith("Watched is the chance of")
    number = run(
        replace(
            robust, model_kind="regression", model_path=str(models / "amount"), label="amount", positive=None
        )
    ).result
    known("robustness", number)
    assert number["curves"]["drops"]["metric"] == "RMSE"
    sobol = {point["name"]: point for point in number["curves"]["sobol"]}
    assert sobol["income"]["total"] == pytest.approx(1, abs=0.05)
    assert sobol["income"]["first"] == pytest.approx(
        sobol["income"]["total"], abs=0.05
    )  # linear: no interaction


def test_the_threshold_that_was_asked_for_decides(run: Run, robust: Job) -> None:
    found = run(replace(robust, config={"threshold": 2.0})).result
    assert found["overall"]["noise_flips"]["value"] == 0  # nobody is ever selected


class Odd:
    """A model that says strange things when a job is unknown or missing."""

    classes_ = np.array(["bad", "good"])

    def __init__(self, how: str) -> None:
        self.how = how

    def predict_proba(self, rows: pd.DataFrame) -> Any:
        chance = np.where(rows["income"].to_numpy() > 0, 0.9, 0.1)
        if not set(rows["job"]) <= {"a", "b", "c"}:
            if self.how == "raise":
                raise LookupError("no such job. Please see the manual.")
            chance = chance[:-1] if self.how == "short" else np.full(len(rows), np.nan)
        return np.column_stack([1 - chance, chance])

    def predict(self, rows: pd.DataFrame) -> Any:
        return self.classes_[self.predict_proba(rows).argmax(axis=1)]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("raise", "LookupError: no such job."),
        ("nan", "it gave no finite output for"),
        ("short", "it gave 199 answers for 200 rows."),
    ],
)
def test_a_model_that_fails_on_disturbed_rows_is_a_finding_not_a_failed_run(
    run: Run, robust: Job, tmp_path: Path, how: str, said: str
) -> None:
    import cloudpickle

    cloudpickle.register_pickle_by_value(__import__(__name__, fromlist=["Odd"]))
    save_mlflow(tmp_path / "odd", Odd(how), "cloudpickle")
    found = run(replace(robust, model_path=str(tmp_path / "odd"), features=("income", "job"))).result
    failed = [check for check in found["checks"] if check["id"].startswith("answers.unseen")]
    assert failed[0]["passed"] is False
    assert "unseen categories in job" in failed[0]["said"] or how == "short"
    shown = [row[-1] for row in found["tables"][0]["rows"] if row[-1]]
    assert any(said in one for one in shown) and not any("manual" in one for one in shown)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"noise": [0.1, "much"]}, "noise is a list of numbers"),
        ({"monotone": {"height": "increasing"}}, "name the column height"),
        ({"scenarios": [{"name": "x", "add": {"job": 1}}]}, "add needs a column of numbers"),
    ],
)
def test_robustness_says_which_setting_does_not_fit(
    run: Run, robust: Job, config: dict[str, Any], said: str
) -> None:
    assert said in run(replace(robust, config=config)).failure


def test_robustness_needs_the_model(run: Run, robust: Job) -> None:
    failure = run(replace(robust, model_path=None, prediction="vendor_says")).failure
    assert failure == "Without the model itself its answers to disturbed rows cannot be known."


def test_stability_of_a_binary_model(run: Run, stable: Job) -> None:
    found = run(replace(stable, config={"time": "age"})).result
    known("stability", found)
    assert {table["id"] for table in found["tables"]} == {"gaps", "shifts", "periods"}
    assert [row[0] for row in found["tables"][1]["rows"]] in (["income", "job"], ["job", "income"])
    assert found["curves"]["distributions"][0]["name"] == "score"
    assert "cannot be fitted again" in found["notes"][-1]


def test_the_reference_itself_has_no_shift_and_no_gap(run: Run, stable: Job) -> None:
    found = run(replace(stable, reference_path=stable.data_path)).result["overall"]
    assert found["score_psi"]["value"] == found["largest_psi"]["value"] == found["roc_auc_gap"]["value"] == 0


def test_another_version_on_the_same_rows(run: Run, stable: Job, models: Path) -> None:
    same = run(replace(stable, against_path=str(models / "mlflow-skops"))).result
    known("stability", same)
    assert same["overall"]["churn"]["value"] == 0 and same["overall"]["rank_agreement"]["value"] == 1
    mute = run(replace(stable, against_path=str(models / "amount"))).result
    check = next(check for check in mute["checks"] if check["id"] == "against")
    assert check["passed"] is None and "not a classifier" in check["said"]
    assert "churn" not in mute["overall"]


def test_stability_of_several_classes_and_of_a_regression(run: Run, stable: Job, models: Path) -> None:
    several = replace(
        stable, model_kind="multiclass_classification", model_path=str(models / "jobs"), label="job"
    )
    found = run(replace(several, against_path=several.model_path)).result
    known("stability", found)
    assert found["overall"]["churn"]["value"] == 0 and "accuracy_gap" in found["overall"]
    number = replace(
        stable, model_kind="regression", model_path=str(models / "amount"), label="amount", positive=None
    )
    found = run(replace(number, against_path=number.model_path)).result
    known("stability", found)
    assert found["overall"]["score_change"]["value"] == 0 and "rmse_gap" in found["overall"]


def test_a_vendors_columns_are_compared_with_those_of_the_reference(run: Run, stable: Job) -> None:
    vendor = replace(stable, model_path=None, prediction="vendor_says", score="vendor_score", sensitive=())
    assert "roc_auc_gap" in run(vendor).result["overall"]


def test_a_reference_without_the_vendors_predictions_is_compared_by_its_columns(
    run: Run, stable: Job, people: pd.DataFrame, written: Written
) -> None:
    bare = written(people.drop(columns=["vendor_says", "vendor_score"]))
    found = run(
        replace(stable, model_path=None, prediction="vendor_says", score="vendor_score", reference_path=bare)
    ).result
    assert "largest_psi" in found["overall"] and "score_psi" not in found["overall"]
    assert any("performance is not compared" in note for note in found["notes"])


def test_what_the_reference_lacks_is_named(
    run: Run, stable: Job, people: pd.DataFrame, written: Written
) -> None:
    lacking = written(people.drop(columns="income"))
    failure = run(replace(stable, reference_path=lacking)).failure
    assert failure.startswith("The reference data set lacks feature columns that the model needs: income.")
    unlabelled = written(people.drop(columns="outcome"))
    assert run(replace(stable, reference_path=unlabelled)).failure.startswith(
        "The reference data set lacks the label column outcome."
    )
    onesided = written(people.assign(outcome="bad"))
    assert "reference" in run(replace(stable, reference_path=onesided)).failure
    assert "There is no reference data set" in run(replace(stable, reference_path=None)).failure


def test_nothing_in_common_and_another_type(
    run: Run, stable: Job, people: pd.DataFrame, written: Written
) -> None:
    vendor = replace(stable, model_path=None, prediction="vendor_says", sensitive=())
    alone = written(people[["outcome", "vendor_says"]])
    assert "no column in common" in run(replace(vendor, reference_path=alone)).failure
    typed = written(people.assign(age=[f"about {age}" for age in people["age"]]))
    found = run(replace(vendor, reference_path=typed)).result
    check = next(check for check in found["checks"] if check["id"] == "same_type.age")
    assert check["passed"] is False and "holds text in the reference and numbers here" in check["said"]


def test_a_column_that_is_no_time_fails_with_the_reason(run: Run, stable: Job) -> None:
    assert "Column job is no time" in run(replace(stable, config={"time": "job"})).failure
    assert "lacks the column of time when" in run(replace(stable, config={"time": "when"})).failure


def test_categories_that_only_one_side_has(
    run: Run, stable: Job, people: pd.DataFrame, written: Written, tmp_path: Path
) -> None:
    encode = make_column_transformer(
        (StandardScaler(), ["income"]), (OneHotEncoder(handle_unknown="ignore"), ["job"])
    )
    known_jobs = people[people["job"] != "c"]
    model = make_pipeline(encode, LogisticRegression()).fit(
        known_jobs[["income", "job"]], known_jobs["outcome"]
    )
    save_mlflow(tmp_path / "patient", model, "skops")
    found = run(
        replace(stable, model_path=str(tmp_path / "patient"), reference_path=written(known_jobs))
    ).result
    strange = int((people["job"] == "c").sum())
    said = next(check["said"] for check in found["checks"] if check["id"] == "unseen.job")
    assert said == f"{strange:,} of 200 rows hold values of job that the reference does not have."


def test_the_rules_of_both_kinds() -> None:
    assert RULES["robustness"].model and not RULES["robustness"].reference
    assert RULES["stability"].reference and not RULES["stability"].model
