"""Every kind of evaluation on every format, in a real child process."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rfc8785
from sklearn.metrics import accuracy_score, roc_auc_score

from evaluations.sandbox import Job, probe
from tests.evaluations.sandbox.conftest import Run

ONNX = (
    Path(__file__).parent / "models"
)  # logistic regression on two columns, and 2x - y + 1; made with skl2onnx 1.20


@pytest.mark.parametrize("artifact", ["skops", "mlflow-skops", "mlflow-cloudpickle"])
def test_each_format_of_one_model_gives_the_same_numbers(
    run: Run, job: Job, models: Path, artifact: str
) -> None:
    expected = run(job).result
    ran = run(replace(job, model_path=str(models / artifact)))
    assert ran.result == expected
    assert artifact.split("-")[-1] in ran.outcome.provenance["format"]


def test_performance_of_a_binary_model(run: Run, job: Job) -> None:
    ran = run(job)
    found = ran.result["overall"]
    assert found["roc_auc"]["low"] < found["roc_auc"]["value"] < found["roc_auc"]["high"]
    assert found["accuracy"]["n"] == 200
    assert ran.result["curves"]["roc"]["cutoff"]["threshold"] == 0.5
    assert [group["by"] for group in ran.result["groups"][:2]] == [{"sex": "f"}, {"sex": "m"}]
    assert ran.result["conventions"]["positive"] == "Positive is outcome = good."


def test_the_other_label_as_the_positive_one_turns_the_numbers_around(run: Run, job: Job) -> None:
    good, bad = run(job).result["overall"], run(replace(job, positive="bad")).result["overall"]
    assert bad["roc_auc"]["value"] == pytest.approx(good["roc_auc"]["value"])
    assert bad["selection_rate"]["value"] == pytest.approx(1 - good["selection_rate"]["value"])


def test_a_model_of_zeros_and_ones_means_one_by_positive_and_says_so(
    run: Run, job: Job, models: Path
) -> None:
    ran = run(replace(job, model_path=str(models / "zero-one")))
    assert ran.result["overall"]["roc_auc"]["value"] > 0.8
    assert (
        ran.result["conventions"]["positive"]
        == "Positive is outcome = good, which the predictions call True."
    )


def test_a_threshold_asked_for_decides_instead_of_the_model(run: Run, job: Job) -> None:
    nobody = run(replace(job, config={"threshold": 1.0})).result["overall"]
    assert nobody["selection_rate"]["value"] == 0.0
    assert nobody["precision"]["value"] is None


def test_parquet_gives_what_csv_gives(run: Run, job: Job, people: pd.DataFrame, tmp_path: Path) -> None:
    people.to_parquet(tmp_path / "people.parquet")
    assert run(replace(job, data_path=str(tmp_path / "people.parquet"))).result == run(job).result


def test_a_vendors_columns_are_measured_without_a_model(run: Run, job: Job, people: pd.DataFrame) -> None:
    ran = run(replace(job, model_path=None, prediction="vendor_says", score="vendor_score"))
    found = ran.result["overall"]
    assert found["accuracy"]["value"] == pytest.approx(
        accuracy_score(people["outcome"], people["vendor_says"])
    )
    expected = roc_auc_score(people["outcome"] == "good", people["vendor_score"])
    assert found["roc_auc"]["value"] == pytest.approx(expected)
    assert "format" not in ran.outcome.provenance


def test_fairness_of_a_vendors_predictions(run: Run, job: Job) -> None:
    ran = run(replace(job, kind="fairness", model_path=None, prediction="vendor_says", config={"min_n": 10}))
    assert 0 < ran.result["overall"]["selection_rate_ratio"]["value"] <= 1
    columns = {tuple(group["by"]) for group in ran.result["groups"]}
    assert columns == {("sex",), ("age",), ("sex", "age")}
    assert "bands" in ran.result["conventions"]


def test_fairness_of_a_model_with_its_what_ifs(run: Run, job: Job) -> None:
    ran = run(replace(job, kind="fairness", sensitive=("sex",), reference_groups={"sex": "m"}))
    assert 0 < ran.result["overall"]["consistency"]["value"] <= 1
    assert ran.result["conventions"]["reference"] == "As the data set states: sex: m."
    tables = {table["id"]: table for table in ran.result["tables"]}
    assert {"four_fifths", "selection_tests", "what_if_thresholds", "what_if_optimizer"} <= set(tables)
    assert [row["goal"] for row in ran.result["curves"]["what_if"]["optimizer"]] == [
        "equal selection rates",
        "equalised odds",
    ]


def test_fairness_of_a_regression_and_of_several_classes(run: Run, job: Job, models: Path) -> None:
    amount = replace(
        job, kind="fairness", model_kind="regression", model_path=str(models / "amount"), label="amount"
    )
    found = run(replace(amount, positive=None, sensitive=("sex",))).result["overall"]
    assert found["largest_group_loss"]["value"] > 0 and found["consistency"]["value"] is not None
    several = replace(
        job, kind="fairness", model_kind="multiclass_classification", label="job", positive=None
    )
    found = run(replace(several, model_path=str(models / "jobs"), sensitive=("sex",))).result["overall"]
    assert found["class_selection_difference"]["value"] >= 0


def test_explanations_name_the_original_columns(run: Run, job: Job) -> None:
    ran = run(replace(job, kind="explainability", config={"max_rows": 60}))
    found = ran.result["explanations"]
    assert [feature["name"] for feature in found["features"]] == ["income", "job"]
    assert found["method"] == "LinearExplainer" and found["output"] == "log-odds"
    assert ran.result["overall"]["explained_rows"]["value"] == 60


def test_a_model_of_several_classes(run: Run, job: Job, models: Path) -> None:
    several = replace(
        job,
        model_kind="multiclass_classification",
        model_path=str(models / "jobs"),
        label="job",
        positive=None,
    )
    found = run(several).result
    assert found["curves"]["confusion"]["labels"] == ["a", "b", "c"]
    assert found["overall"]["macro_f1"]["value"] > 0.8
    explained = run(replace(several, kind="explainability")).result["explanations"]
    assert explained["of"] == "each row's predicted class"


def test_a_regression(run: Run, job: Job, models: Path) -> None:
    amount = replace(
        job, model_kind="regression", model_path=str(models / "amount"), label="amount", positive=None
    )
    assert run(amount).result["overall"]["r2"]["value"] > 0.99
    assert (
        run(replace(amount, kind="explainability")).result["explanations"]["features"][0]["name"] == "income"
    )


@pytest.mark.parametrize("name", ["classifier.onnx", "classifier-tensor.onnx"])
def test_an_onnx_classifier(run: Run, job: Job, tmp_path: Path, name: str) -> None:
    generator = np.random.default_rng(1)
    rows = pd.DataFrame(generator.normal(size=(150, 2)), columns=["x", "y"])
    rows["outcome"] = np.where(rows["x"] > rows["y"], "good", "bad")
    rows.to_csv(tmp_path / "two.csv", index=False)
    bare = replace(job, model_path=str(ONNX / name), data_path=str(tmp_path / "two.csv"), sensitive=())
    assert run(bare).result["overall"]["roc_auc"]["value"] > 0.99
    explained = run(replace(bare, kind="explainability", config={"max_rows": 20})).result
    assert explained["explanations"]["method"] == "PermutationExplainer"


def test_an_onnx_regression(run: Run, job: Job, tmp_path: Path) -> None:
    rows = pd.DataFrame({"x": np.arange(30.0), "y": np.ones(30)})
    rows["z"] = 2 * rows["x"] - rows["y"] + 1
    rows.to_csv(tmp_path / "line.csv", index=False)
    line = replace(
        job,
        model_kind="regression",
        model_path=str(ONNX / "regression.onnx"),
        data_path=str(tmp_path / "line.csv"),
        label="z",
        positive=None,
        sensitive=(),
    )
    assert run(line).result["overall"]["mae"]["value"] == pytest.approx(0, abs=1e-4)


def test_labels_of_a_csv_are_numbers_and_the_positive_one_is_text(
    run: Run, job: Job, people: pd.DataFrame, tmp_path: Path
) -> None:
    coded = people.assign(
        outcome=people["outcome"].map({"good": 1, "bad": 2}),
        says=people["vendor_says"].map({"good": 1, "bad": 2}),
    )
    coded.loc[0, "outcome"] = np.nan  # which makes the whole column floats: 1.0 and 2.0
    coded.to_csv(tmp_path / "coded.csv", index=False)
    ran = run(
        replace(job, model_path=None, data_path=str(tmp_path / "coded.csv"), positive="1", prediction="says")
    )
    assert ran.result["overall"]["accuracy"]["n"] == 199
    assert ran.result["conventions"]["rows"] == "Left out for want of a label: 1 of 200 rows."


def test_the_same_job_gives_the_same_bytes(run: Run, job: Job) -> None:
    assert rfc8785.dumps(run(job).result) == rfc8785.dumps(run(job).result)


def test_provenance_says_with_what_and_how(run: Run, job: Job) -> None:
    ran = run(job)
    found = ran.outcome.provenance
    assert {"numpy", "pandas", "scikit-learn", "skops"} <= set(found["libraries"])
    assert "shap" not in found["libraries"]  # imported only by the kind that needs it
    assert found["seed"] == 7
    assert found["isolation"] == probe().name
    assert 20 < found["peak_memory_mb"] < 2048
    assert found["limits"] == {"memory_mb": 2048, "cpu_seconds": 60, "wall_seconds": 60}
    assert found["seconds"] >= sum(found["timings"].values()) - 0.1


def test_progress_grows_and_names_its_steps(run: Run, job: Job) -> None:
    seen = run(job).progress
    shares = [share for share, _ in seen]
    assert shares == sorted(shares) and shares
    assert {step for _, step in seen} <= {
        "Reading the data", "Loading the model", "Predicting", "Measuring performance", "Writing the result",
    }  # fmt: skip
