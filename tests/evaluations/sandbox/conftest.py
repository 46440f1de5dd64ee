"""Models and data in the formats that arrive, made once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from evaluations.sandbox import Job, Limits, Outcome, run_job

LIMITS = Limits(memory_mb=2048, cpu_seconds=60, wall_seconds=60)
Run = Callable[..., "Ran"]


@dataclass
class Ran:
    """A finished run: its outcome, the progress that was reported, and the folder that it had."""

    outcome: Outcome
    folder: Path
    progress: list[tuple[float, str]] = field(default_factory=list)

    @property
    def result(self) -> dict[str, Any]:
        assert self.outcome.result is not None, self.outcome.failure
        return self.outcome.result

    @property
    def failure(self) -> str:
        assert self.outcome.result is None
        return self.outcome.failure


@pytest.fixture(scope="session")
def people() -> pd.DataFrame:
    """200 applicants: two features, a label, a vendor's answers, sex and age."""
    generator = np.random.default_rng(5)
    rows = pd.DataFrame({"income": generator.normal(size=200), "job": generator.choice(["a", "b", "c"], 200)})
    score = 1 / (1 + np.exp(-(2 * rows["income"] + (rows["job"] == "a"))))
    rows["outcome"] = np.where(generator.random(200) < score, "good", "bad")
    rows["vendor_score"] = score.round(3)
    rows["vendor_says"] = np.where(score > 0.6, "good", "bad")
    rows["sex"] = generator.choice(["f", "m"], 200)
    rows["age"] = generator.integers(18, 80, 200)
    rows["amount"] = rows["income"] * 100 + generator.normal(size=200)
    return rows


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, people: pd.DataFrame) -> Path:
    """A folder of artifacts: each a folder, named for its format."""
    place = tmp_path_factory.mktemp("models")
    encode = make_column_transformer((StandardScaler(), ["income"]), (OneHotEncoder(), ["job"]))
    features = people[["income", "job"]]
    classifier = make_pipeline(encode, LogisticRegression()).fit(features, people["outcome"])
    save_skops(place / "skops", classifier)
    save_mlflow(place / "mlflow-skops", classifier, "skops")
    save_mlflow(place / "mlflow-cloudpickle", classifier, "cloudpickle")
    save_skops(
        place / "zero-one",
        make_pipeline(encode, LogisticRegression()).fit(features, people["outcome"] == "good"),
    )
    save_skops(
        place / "jobs",
        RandomForestClassifier(20, random_state=1).fit(people[["income", "age"]], people["job"]),
    )
    save_skops(place / "amount", LinearRegression().fit(people[["income", "age"]], people["amount"]))
    return place


@pytest.fixture
def job(people: pd.DataFrame, models: Path, tmp_path: Path) -> Job:
    """Performance of the classifier on the applicants."""
    data = tmp_path / "people.csv"
    people.to_csv(data, index=False)
    return Job(
        kind="performance",
        model_kind="binary_classification",
        model_path=str(models / "skops"),
        data_path=str(data),
        label="outcome",
        positive="good",
        prediction=None,
        score=None,
        sensitive=("sex", "age"),
        features=None,
        config={},
        seed=7,
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a job in a folder of its own."""

    def start(
        job: Job,
        limits: Limits = LIMITS,
        should_stop: Callable[[], bool] = lambda: False,
        sandbox: str = "auto",
        own: bool = False,
    ) -> Ran:
        folder = tmp_path / f"job-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        seen: list[tuple[float, str]] = []
        outcome = run_job(
            job,
            folder,
            limits,
            lambda share, step: seen.append((share, step)),
            should_stop,
            sandbox=sandbox,
            own=own,
        )
        return Ran(outcome, folder, seen)

    return start


def save_skops(folder: Path, model: object) -> None:
    """A bare .skops file."""
    folder.mkdir()
    skops.io.dump(model, folder / "model.skops")


def save_mlflow(folder: Path, model: object, written: str) -> None:
    """The files of an MLflow model folder that matter here."""
    folder.mkdir()
    name = "model.skops" if written == "skops" else "model.pkl"
    if written == "skops":
        skops.io.dump(model, folder / name)
    else:
        (folder / name).write_bytes(cloudpickle.dumps(model))
    (folder / "MLmodel").write_text(
        f"flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n  sklearn:\n    pickled_model: {name}\n"
        f"    serialization_format: {written}\n"
    )
