"""What goes wrong is told in a sentence for the person who asked."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cloudpickle
import pandas as pd
import pytest

from evaluations.sandbox import Job, Limits
from tests.evaluations.sandbox.conftest import LIMITS, Run, save_mlflow


class Slow:
    """A model that is busy for ever."""

    classes_ = ["bad", "good"]

    def predict(self, rows: object) -> None:
        while True:
            pass


class Sleeping(Slow):
    """A model that waits for ever without using the processor."""

    def predict(self, rows: object) -> None:
        import time

        time.sleep(1000)


class Hungry(Slow):
    """A model that asks for ever more memory."""

    def predict(self, rows: object) -> None:
        kept = []
        while True:
            kept.append(bytearray(10_000_000))


class Raising(Slow):
    """A model that raises, with a path of its machine in the message."""

    def predict(self, rows: object) -> None:
        raise KeyError("no such file: /home/dev/secret/weights.bin")


class Crashing(Slow):
    """A model whose process dies."""

    def predict(self, rows: object) -> None:
        import os

        os.kill(os.getpid(), 11)


class Leaving(Slow):
    """A model that ends the process as if all were well."""

    def predict(self, rows: object) -> None:
        import os

        os._exit(0)


Broken = Callable[[type], Job]


@pytest.fixture
def broken(job: Job, tmp_path: Path) -> Broken:
    """The job with a model of this class, which travels inside the pickle: the child knows no tests."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])

    def make(kind: type) -> Job:
        save_mlflow(tmp_path / kind.__name__, kind(), "cloudpickle")
        return replace(job, model_path=str(tmp_path / kind.__name__), features=("income", "job"))

    return make


def test_time_by_the_clock_runs_out(run: Run, broken: Broken) -> None:
    assert run(broken(Sleeping), Limits(2048, 60, 3)).failure == (
        "The evaluation was stopped after 3 s, the time that it may take."
    )


def test_processor_time_runs_out(run: Run, broken: Broken) -> None:
    assert run(broken(Slow), Limits(2048, 3, 60)).failure == (
        "The evaluation was stopped after 3 s of processor time, all it may use."
    )


def test_memory_runs_out(run: Run, broken: Broken) -> None:
    ran = run(broken(Hungry), Limits(600, 60, 60))
    assert ran.failure == "The evaluation ran out of memory: the limit is 600 MB."
    assert ran.outcome.provenance["limits"]["memory_mb"] == 600


def test_even_the_libraries_do_not_fit(run: Run, job: Job) -> None:
    assert run(job, Limits(200, 60, 60)).failure == "The evaluation ran out of memory: the limit is 200 MB."


def test_a_model_that_raises_is_quoted_without_paths(run: Run, broken: Broken) -> None:
    failure = run(broken(Raising)).failure
    assert failure == "The model failed while it predicted: KeyError: 'no such file: weights.bin'"


def test_a_model_that_crashes(run: Run, broken: Broken) -> None:
    assert run(broken(Crashing)).failure == "The model, or a library that it uses, crashed (SIGSEGV)."


def test_a_model_that_ends_the_process_has_not_succeeded(run: Run, broken: Broken) -> None:
    assert run(broken(Leaving)).failure == "The evaluation ended without an answer (exit status 0)."


def test_stopping_ends_the_run_at_once(run: Run, broken: Broken) -> None:
    asked = iter([False] * 10)
    ran = run(broken(Sleeping), LIMITS, lambda: next(asked, True))
    assert ran.failure == "Stopped on request."
    assert ran.outcome.provenance["seconds"] < 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"label": "paid"}, "The data set lacks the label column paid. Its columns are income, job, outcome,"),
        ({"sensitive": ("sex", "faith")}, "The data set lacks the sensitive column faith. Its columns are"),
        ({"features": ("income", "rent")}, "lacks feature columns that the model needs: rent. Its columns are"),
        ({"positive": "1"}, "No row has the positive label 1 in column outcome. The labels there are bad, good."),
        ({"label": "job", "positive": "a"}, "Column job has 3 different labels (a, b, c); binary"),
        ({"model_path": None}, "There is no model, and the data set names no prediction and no score column."),
        ({"model_path": None, "prediction": "said"}, "The data set lacks the prediction column said."),
        ({"model_path": None, "prediction": "job"}, "Column job predicts a, b, c; the positive label good is not"),
        ({"model_path": None, "score": "job"}, "The score column job holds 200 values that are no finite number."),
        ({"model_path": None, "score": "age"}, "The scores are no probabilities; say from which threshold"),
        ({"model_path": None, "kind": "explainability"}, "Without the model itself its predictions cannot be expl"),
        ({"kind": "fairness", "sensitive": ()}, "The data set names no sensitive column, so there are no groups"),
        ({"kind": "fairness", "model_kind": "clustering"}, "Fairness is measured for classification and regression"),
        ({"kind": "fairness", "reference_groups": {"sex": "x"}}, "The data set compares with x in column sex, which"),
        ({"kind": "fairness", "sensitive": ("vendor_name",)}, "lacks the sensitive column vendor_name"),
        ({"model_kind": "regression"}, "The label column outcome holds 200 values that are no finite number."),
        ({"model_kind": "multiclass_classification", "label": "job"}, "labels that the model does not know: a, b, c."),
    ],
)  # fmt: skip
def test_data_that_do_not_fit(run: Run, job: Job, change: dict[str, object], said: str) -> None:
    assert said in run(replace(job, **change)).failure  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["same"] * 200, "Column club says same in every row, so there are no groups to compare."),
        (
            [f"club {n}" for n in range(200)],
            "Column club has 200 different values; a sensitive column may have at most",
        ),
    ],
)
def test_a_column_that_divides_nobody_or_everybody(
    run: Run, job: Job, people: pd.DataFrame, tmp_path: Path, values: list[str], said: str
) -> None:
    people.assign(club=values).to_csv(tmp_path / "clubs.csv", index=False)
    clubs = replace(job, kind="fairness", sensitive=("sex", "club"), data_path=str(tmp_path / "clubs.csv"))
    assert said in run(clubs).failure


def test_an_empty_label_column(run: Run, job: Job, people: pd.DataFrame, tmp_path: Path) -> None:
    people.assign(outcome=None).to_csv(tmp_path / "empty.csv", index=False)
    ran = run(replace(job, data_path=str(tmp_path / "empty.csv")))
    assert ran.failure == "The data set has no row with a label in column outcome."


def test_a_file_that_is_no_table(run: Run, job: Job, tmp_path: Path) -> None:
    (tmp_path / "no.csv").write_bytes(b"")
    assert run(replace(job, data_path=str(tmp_path / "no.csv"))).failure.startswith(
        "The data set cannot be read: "
    )
    (tmp_path / "no.parquet").write_bytes(b"PAR1 and then nothing of the kind")
    ran = run(replace(job, data_path=str(tmp_path / "no.parquet")))
    assert ran.failure.startswith("The data set cannot be read: ") and str(tmp_path) not in ran.failure


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "none of its files is a known model (it is empty)"),
        ({"model.pkl": b"x", "notes.txt": b"y"}, "none of its files is a known model (model.pkl, notes.txt)"),
        ({"a.onnx": b"x", "b.skops": b"y"}, "it holds several models"),
        ({"model.onnx": b"not onnx"}, "INVALID_PROTOBUF"),
        ({"model.skops": b"not a zip"}, "BadZipFile"),
        ({"MLmodel": b"flavors: {xgboost: {data: m.xgb}}"}, "names m.xgb, which is not among its files"),
        ({"MLmodel": b"{{{"}, "its MLmodel file cannot be read"),
        ({"MLmodel": b"flavors: {sklearn: {pickled_model: ../../etc/passwd}}"}, "which is not among its files"),
        ({"MLmodel": b"flavors: {sklearn: {pickled_model: m.pkl}}", "m.pkl": b"junk"}, "UnpicklingError"),
    ],
)  # fmt: skip
def test_artifacts_that_cannot_be_loaded(
    run: Run, job: Job, tmp_path: Path, files: dict[str, bytes], said: str
) -> None:
    folder = tmp_path / "artifact"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    failure = run(replace(job, model_path=str(folder))).failure
    assert failure.startswith("This artifact cannot be loaded: ") and said in failure
    assert str(tmp_path) not in failure
