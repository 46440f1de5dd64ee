"""A real `mlflow server`, and a data scientist who works with it."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlflow
import requests
from mlflow import MlflowClient

from tests.ops.processes import embedded, eventually, free_port, running

MLMODEL = """flavors:
  python_function: {{loader_module: nobody, python_version: 3.11.7}}
run_id: {run}
signature:
  inputs: '[{{"name": "age", "type": "double"}}]'
  outputs: '[{{"name": "score", "type": "double"}}]'
"""


@dataclass(frozen=True)
class MlflowServer:
    """A tracking server that runs, and its client."""

    uri: str
    client: MlflowClient

    def logs(
        self,
        name: str,
        metrics: Mapping[str, float] | None = None,
        *,
        content: str = "",
        tags: Mapping[str, str] | None = None,
        source: str = "",
        described: str = "",
    ) -> str:
        """A run with a model among its artifacts, registered as a new version; answers its number."""
        run = self.client.create_run("0").info.run_id
        self.client.log_param(run, "C", 0.5)
        for metric, value in (metrics or {}).items():
            self.client.log_metric(run, metric, value)
        self.client.log_text(run, MLMODEL.format(run=run), "model/MLmodel")
        self.client.log_text(run, content or f"weights of {name} in {run}", "model/weights.txt")
        if not self.client.search_registered_models(f"name = '{name}'"):
            self.client.create_registered_model(name, description=described or None)
        made = self.client.create_model_version(
            name, source=source or f"runs:/{run}/model", run_id=run, tags=dict(tags or {})
        )
        return str(made.version)

    def tags_of(self, name: str, number: str) -> dict[str, str]:
        """The tags of a version."""
        return dict(self.client.get_model_version(name, number).tags)

    def aliases_of(self, name: str) -> dict[str, str]:
        """Alias → number."""
        aliases = self.client.get_registered_model(name).aliases
        return {alias: str(number) for alias, number in aliases.items()}


@contextmanager
def mlflow_server(folder: Path) -> Iterator[MlflowServer]:
    """Started on a free port with a store of its own; messages may go to this machine."""
    uri = f"http://127.0.0.1:{free_port()}"
    environment = embedded(
        folder,
        MLFLOW_WEBHOOK_ALLOWED_SCHEMES="http,https",
        MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS="true",
        MLFLOW_WEBHOOK_CACHE_TTL="1",
        MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES="0",
        MLFLOW_DISABLE_TELEMETRY="true",
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",  # seven idle consumers that take most of a core
    )
    command = [
        *("-m", "mlflow", "server", "--workers", "1", "--port", uri.rpartition(":")[2]),
        *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]
    with running(*command, folder=folder, environment=environment) as server:
        assert eventually(lambda: is_up(uri), within=90), server.said
        mlflow.set_tracking_uri(uri)
        yield MlflowServer(uri, MlflowClient(uri))


def is_up(uri: str) -> bool:
    """Whether it answers."""
    try:
        return requests.get(f"{uri}/health", timeout=2).status_code == 200
    except requests.RequestException:
        time.sleep(0.2)
        return False
