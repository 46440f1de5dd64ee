"""Logging of trained versions to an MLflow tracking store and its model registry."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

import mlflow
import mlflow.sklearn
import skops.io
from mlflow.models import infer_signature
from mlflow.models.model import ModelInfo
from sklearn.pipeline import Pipeline

from governance.demo.training.trained import Trained

EXPERIMENT = "countersign-demo"
SOURCE_NAME = "governance/demo/training"
# Named here because MLflow would otherwise spend seconds per model to find out.
REQUIREMENTS = [
    f"{package}=={installed(package)}"
    for package in ("scikit-learn", "numpy", "pandas", "skops", "cloudpickle")
]


@dataclass(frozen=True)
class Logged:
    """Where MLflow keeps a version."""

    uri: str
    run_id: str


@dataclass(frozen=True)
class Store:
    """One experiment of one tracking store."""

    client: mlflow.MlflowClient
    experiment_id: str

    @classmethod
    def open(cls, tracking_uri: str, artifacts: Path | None) -> Store:
        """Open the tracking store, making the experiment when it is new.

        Artifacts go to the folder that is given; by default beside the database of a SQLite store, and
        wherever the server decides for any other.
        """
        # Making tables is no news; the one warning, that cloudpickle is unsafe, is for the policy.
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        logging.getLogger("alembic").setLevel(logging.ERROR)
        folder = artifacts or beside_database(tracking_uri)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(tracking_uri)
        client = mlflow.MlflowClient(tracking_uri)
        known = client.get_experiment_by_name(EXPERIMENT)
        if known is not None:
            return cls(client, known.experiment_id)
        location = None if folder is None else folder.resolve().as_uri()
        return cls(client, client.create_experiment(EXPERIMENT, artifact_location=location))

    def log(self, trained: Trained, pipeline: Pipeline) -> Logged:
        """Log one version with parameters, metrics, tags, signature and input example, and register it."""
        # Made by the client, because mlflow.start_run would tag the run with the machine's user name.
        run = self.client.create_run(
            self.experiment_id,
            run_name=f"{trained.slug} {trained.version}",
            tags={"mlflow.source.name": SOURCE_NAME, "mlflow.source.type": "LOCAL"},
        )
        with mlflow.start_run(run_id=run.info.run_id):
            mlflow.log_params(dict(trained.parameters))
            mlflow.log_metrics(dict(trained.measured))
            info = mlflow.sklearn.log_model(
                pipeline,
                name="model",
                serialization_format=serialisation(pipeline),
                pip_requirements=REQUIREMENTS,
                signature=infer_signature(trained.example, pipeline.predict(trained.example)),
                input_example=trained.example,
            )
        return Logged(uri=self.register(trained, info), run_id=run.info.run_id)

    def register(self, trained: Trained, info: ModelInfo) -> str:
        """Make a registered model version of what was logged; answers its `models:/name/number`."""
        if not self.client.search_registered_models(filter_string=f"name = '{trained.slug}'"):
            self.client.create_registered_model(trained.slug)
        made = self.client.create_model_version(
            trained.slug,
            source=info.model_uri,
            run_id=info.run_id,
            model_id=info.model_id,
            tags={"version": trained.version},
        )
        return f"models:/{trained.slug}/{made.version}"


def beside_database(tracking_uri: str) -> Path | None:
    """The folder `artifacts` beside a SQLite store's file; None for any other store."""
    if not tracking_uri.startswith("sqlite:///"):
        return None
    return Path(tracking_uri.removeprefix("sqlite:///")).parent / "artifacts"


def serialisation(pipeline: Pipeline) -> str:
    """skops when it trusts every type by itself; otherwise cloudpickle, which only a sandbox may open."""
    untrusted = skops.io.get_untrusted_types(data=skops.io.dumps(pipeline))
    return "cloudpickle" if untrusted else "skops"
