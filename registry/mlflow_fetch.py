"""`python -m registry.mlflow_fetch URI FOLDER …`: a logged model's files into FOLDER, its run's words as JSON.

A script, run in a process of its own: mlflow takes seconds to load and must not live in the web process. It
imports nothing of Django. Several pairs are fetched one after the other. Standard output is one line of JSON for each
pair as it is done; one that could not be fetched is `{"error", "remedy", "away"}`. A server that is away ends the work.
"""

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlflow
import yaml
from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]
from mlflow.exceptions import MlflowException

from registry import mlflow_run
from registry.mlflow_guard import Failed, begin, refuse_missing_store

ADDED_BY_CLIENT = "registered_model_meta"  # depends on the address that was asked for, not on the model
# What its client raises when a server sends something else than MLflow would.
LIES = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    MemoryError,
    RecursionError,
    yaml.YAMLError,
    ParseError,
)
ADDRESS = re.compile(r"\w+://\S+")
NOT_MLFLOW = "Check that the address is that of an MLflow tracking server."
MISSING = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "NOT_FOUND", "ENDPOINT_NOT_FOUND"}


class Away(Failed):
    """The server does not answer; there is no use in asking on."""


def main(arguments: Sequence[str]) -> int:
    """Fetch, print, and answer the exit code."""
    tracking_uri = os.environ["MLFLOW_TRACKING_URI"]
    begin(tracking_uri)
    for uri, folder in zip(arguments[::2], arguments[1::2], strict=True):
        try:
            say(fetch(uri, Path(folder), tracking_uri))
        except Failed as failure:
            away = isinstance(failure, Away)
            say({"error": str(failure), "remedy": failure.remedy, "away": away})
            if away:
                return 1
    return 0


def say(answer: dict[str, Any]) -> None:
    """One line, at once."""
    print(json.dumps(answer), flush=True)


def fetch(uri: str, folder: Path, tracking_uri: str) -> dict[str, Any]:
    """Download and describe. Raises Failed."""
    refuse_missing_store(tracking_uri)
    mlflow.set_tracking_uri(tracking_uri)
    try:
        got = mlflow.artifacts.download_artifacts(
            artifact_uri=uri, dst_path=str(folder), tracking_uri=tracking_uri
        )
        flatten(Path(got), folder)
        return about(uri, folder, mlflow.MlflowClient(tracking_uri))
    except MlflowException as error:
        raise in_words(error, uri) from error
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise Failed(
                f"The files of {uri} are not where MLflow says.", "Check MLflow's artifact store."
            ) from error
        raise Failed(f"The files of {uri} could not be fetched: {error.strerror or 'no answer'}.") from error
    except LIES as error:
        raise Failed(f"What MLflow answered about {uri} makes no sense.", NOT_MLFLOW) from error


def flatten(got: Path, folder: Path) -> None:
    """Let the folder hold the model itself: some addresses come down in a folder of their own."""
    if got.is_dir() and got.resolve() != folder.resolve():
        inner = got.rename(folder.with_name(folder.name + ".inner"))
        for path in list(inner.iterdir()):
            path.rename(folder / path.name)
        inner.rmdir()
    (folder / ADDED_BY_CLIENT).unlink(missing_ok=True)


def in_words(error: MlflowException, uri: str) -> Failed:
    """What went wrong, without the store's address: it may hold a password."""
    text = str(error)
    if "Max retries" in text or "Failed to establish" in text or "timed out" in text:
        return Away("The MLflow server did not answer.", "Check its address and that the server runs.")
    if error.error_code in MISSING or "No such" in text or "not found" in text.lower():
        return Failed(f"MLflow knows no model {uri}.", "Check its name and version in MLflow.")
    if error.error_code in {"PERMISSION_DENIED", "UNAUTHENTICATED"}:
        return Failed(
            "MLflow refused the request.", "Check the credentials that Countersign uses for MLflow."
        )
    if "failed with exception" in text or "valid JSON" in text or "<html" in text.lower():
        return Failed("What this address answers is not what MLflow answers.", NOT_MLFLOW)
    told = ADDRESS.sub("its address", text.splitlines()[0])[:200]
    return Failed(f"MLflow could not give {uri}: {told}")


def about(uri: str, folder: Path, client: mlflow.MlflowClient) -> dict[str, Any]:
    """The run that made the model, with its parameters, metrics and code; empty when the run is gone."""
    run_id = run_of(uri, folder)
    empty: dict[str, Any] = {
        "run_id": run_id,
        "parameters": {},
        "metrics": {},
        "repository": "",
        "commit": "",
        "run": {},
    }
    if not run_id:
        return empty
    try:
        run = client.get_run(run_id)
    except MlflowException:
        return empty
    tags = run.data.tags
    source = tags.get("mlflow.source.git.repoURL") or tags.get("mlflow.source.name", "")
    return {
        "run_id": run_id,
        "parameters": mlflow_run.texts(run.data.params),
        "metrics": mlflow_run.numbers(run.data.metrics),
        "repository": mlflow_run.cut(source)[:300],
        "commit": tags.get("mlflow.source.git.commit", "")[:64],
        "run": mlflow_run.told(run, lambda folder: artifacts_in(client, run_id, folder)),
    }


def artifacts_in(client: mlflow.MlflowClient, run_id: str, folder: str) -> list[Any]:
    """What a folder of the run holds; nothing when the store cannot say."""
    try:
        return list(client.list_artifacts(run_id, folder or None))
    except (MlflowException, OSError, Failed):
        return []


def run_of(uri: str, folder: Path) -> str:
    """The run that logged the model, from the MLmodel file that came with it or from the address itself."""
    if uri.startswith("runs:/"):
        return uri.removeprefix("runs:/").split("/", 1)[0]
    described = folder / "MLmodel"
    if not described.is_file():
        return ""
    parsed = yaml.safe_load(described.read_text(encoding="utf-8"))
    return str(parsed.get("run_id") or "") if isinstance(parsed, dict) else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
