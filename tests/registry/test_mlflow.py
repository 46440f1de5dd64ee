"""Against a real tracking store in SQLite, with a model that MLflow itself logged."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import mlflow
import pandas as pd
import pytest
from django.test import Client
from mlflow.models import infer_signature
from pytest_django.fixtures import Settings
from sklearn.linear_model import LogisticRegression

from accounts.refusals import Conflict, Invalid
from registry.actions import register_from_mlflow
from registry.models import ModelVersion, RegisteredModel
from registry.storage import artifact_problem
from registry.tracking import refuse_bad_address
from tests.conftest import AT, actor_of_user

RUN = "0" * 32


@dataclass(frozen=True)
class Store:
    uri: str
    run_id: str


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient(uri)
    experiment = client.create_experiment("tests", artifact_location=(folder / "artifacts").as_uri())
    tags = {
        "mlflow.source.git.commit": "3fa9d10",
        "mlflow.source.git.repoURL": "https://me:pw@git.example/m.git",
    }
    rows = pd.DataFrame({"age": [0.0, 1.0, 1.0, 0.0], "amount": [1.0, 0.0, 1.0, 0.0]})
    with mlflow.start_run(run_id=client.create_run(experiment, tags=tags).info.run_id) as run:
        mlflow.log_params({"C": 0.5, "solver": "lbfgs", "random_state": 7, "api_key": "s3cret"})
        mlflow.set_tag("data.source", "https://me:s3cret@data.example/loans")
        mlflow.log_text("notes", "notes/training.md")
        mlflow.log_input(mlflow.data.pandas_dataset.from_pandas(rows, name="loans"), context="training")
        mlflow.log_metrics({"auc": 0.81, "broken": float("nan")})
        model = LogisticRegression(C=0.5).fit(rows, [0, 1, 1, 0])
        mlflow.sklearn.log_model(
            model,
            name="model",
            pip_requirements=["scikit-learn"],
            signature=infer_signature(rows, [0, 1]),
            registered_model_name="credit-default",
        )
    return Store(uri, run.info.run_id)


@pytest.fixture
def register(
    cast: SimpleNamespace, model: RegisteredModel, settings: Settings
) -> Callable[..., ModelVersion]:
    def register(store_uri: str, uri: str, version: str = "1") -> ModelVersion:
        settings.MLFLOW_TRACKING_URI = store_uri
        return register_from_mlflow(
            model=model,
            version=version,
            mlflow_uri=uri,
            registrant=cast.dev,
            actor=actor_of_user(cast.dev),
            at=AT,
        )

    return register


def test_a_logged_model_comes_with_its_files_parameters_and_code(
    store: Store, register: Callable[..., ModelVersion]
) -> None:
    version = register(store.uri, "models:/credit-default/1")

    assert artifact_problem(version) == ""
    assert "MLmodel" in [file.path for file in version.files.all()]
    assert (version.source, version.source_uri) == ("mlflow", "models:/credit-default/1")
    assert {"C": "0.5", "solver": "lbfgs"}.items() <= version.parameters.items()
    assert version.hyperparameters == version.parameters
    assert version.random_seed == 7
    assert version.requirements[-1] == "scikit-learn"
    assert version.requirements[0].startswith("mlflow==")
    assert version.python_version.startswith("3.")
    assert version.flavors == ["python_function", "sklearn"]
    assert version.training_metrics["auc"] == 0.81
    assert [column["name"] for column in version.signature["inputs"]] == ["age", "amount"]
    assert version.artifact_format.startswith("MLflow, scikit-learn")
    assert (version.code_repository, version.code_commit) == ("https://git.example/m.git", "3fa9d10")


def test_the_run_is_kept_and_shown_beside_the_version_without_secrets(
    store: Store,
    register: Callable[..., ModelVersion],
    client_of: Callable[..., Client],
    cast: SimpleNamespace,
) -> None:
    version = register(store.uri, "models:/credit-default/1")

    assert version.run_id == version.run["id"] == store.run_id
    assert version.run["name"]
    assert version.run["status"] == "FINISHED"
    assert version.run["started"] < version.run["ended"]
    assert version.run["params"]["solver"] == "lbfgs"
    assert version.run["metrics"] == {"auc": 0.81, "broken": "nan"}
    assert {"path": "notes/training.md", "size": 5} in version.run["artifacts"]
    assert [(data["name"], data["context"]) for data in version.run["datasets"]] == [("loans", "training")]
    assert version.run["tags"]["data.source"] == "https://data.example/loans"
    page = client_of(cast.aud).get("/models/credit-default/versions/1/files/").content.decode()
    for words in ("MLflow run", version.run["name"], "notes/training.md", "Tags", "loans"):
        assert words in page, words
    told = json.dumps([version.run, version.parameters, version.hyperparameters])
    assert "s3cret" not in told
    assert ":pw@" not in told


def test_the_same_model_by_another_address_is_the_same_bytes(
    store: Store, register: Callable[..., ModelVersion], leftovers: Callable[[], list[str]]
) -> None:
    register(store.uri, "models:/credit-default/1")
    kept = leftovers()

    with pytest.raises(Conflict, match="registered already, as Credit default version 1"):
        register(store.uri, f"runs:/{store.run_id}/model", "2")
    assert leftovers() == kept


@pytest.mark.parametrize("uri", ["models:/credit-default/9", f"runs:/{RUN}/model"])
def test_a_model_that_mlflow_does_not_know_is_said_so(
    store: Store, register: Callable[..., ModelVersion], leftovers: Callable[[], list[str]], uri: str
) -> None:
    with pytest.raises(Invalid, match="MLflow knows no model") as refused:
        register(store.uri, uri)

    assert uri in str(refused.value)
    assert refused.value.field == "mlflow_uri"
    assert leftovers() == []


def test_a_server_that_does_not_answer_is_said_so(register: Callable[..., ModelVersion]) -> None:
    with pytest.raises(Invalid, match="The MLflow server did not answer"):
        register("http://127.0.0.1:9", "models:/credit-default/1")


def test_a_server_that_takes_too_long_is_said_so(
    store: Store, register: Callable[..., ModelVersion], settings: Settings
) -> None:
    settings.MLFLOW_SECONDS = 0.01

    with pytest.raises(Invalid, match="MLflow did not answer within"):
        register(store.uri, "models:/credit-default/1")


def test_no_store_yet_is_said_so_and_none_is_made(
    register: Callable[..., ModelVersion], tmp_path: Path
) -> None:
    with pytest.raises(Invalid, match="no MLflow tracking store yet"):
        register(f"sqlite:///{tmp_path / 'none.db'}", "models:/credit-default/1")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "file:///etc/passwd",
        "/etc/passwd",
        "http://169.254.169.254/latest",
        "s3://bucket/model",
        "models:/a/../../b/1",
        "models:/a/latest",
        f"runs:/{RUN}/../../other",
        f"runs:/{RUN}/model?x=1",
        "models:/a/1 --help",
    ],
)
def test_only_addresses_inside_the_tracking_store_are_taken(uri: str) -> None:
    with pytest.raises(Invalid) as refused:
        refuse_bad_address(uri)

    assert "is not the address of a model in MLflow" in str(refused.value)
