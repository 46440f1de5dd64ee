"""Asking MLflow for a logged model, in a process of its own with a time limit."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.refusals import Invalid

ADDRESS = re.compile(
    r"models:/[^/@\s]{1,200}/\d{1,9}"  # a registered model's version
    r"|models:/[^/@\s]{1,200}@[\w-]{1,100}"  # ... or its alias
    r"|models:/m-[0-9a-f]{32}"  # a logged model
    r"|runs:/[0-9a-f]{32}/[^\s?#%\\]{1,200}"  # a model among a run's artifacts
)
KEPT_FROM_CHILD = re.compile(r"^(COUNTERSIGN_SECRET_KEY|DATABASE_URL|REDIS_URL)$")


@dataclass(frozen=True)
class Fetched:
    """What MLflow says about the run that made the model."""

    run_id: str
    parameters: dict[str, str]
    metrics: dict[str, float | str]
    repository: str
    commit: str
    run: dict[str, Any] = field(default_factory=dict)  # as registry/mlflow_run.py tells it


def refuse_bad_address(uri: str) -> None:
    """Only addresses inside the tracking store: never files of this machine, never other hosts."""
    if not ADDRESS.fullmatch(uri) or ".." in uri:
        raise Invalid(
            f"{uri[:80] or 'Nothing'} is not the address of a model in MLflow.",
            "Write it like models:/credit-default/3, models:/credit-default@champion or runs:/RUN_ID/model.",
            field="mlflow_uri",
        )


def fetch(uri: str, folder: Path) -> Fetched:
    """Download the model's files into the folder. Raises Invalid with a sentence when that cannot be done."""
    return fetch_all([(uri, folder)])[0]


def fetch_all(wanted: Sequence[tuple[str, Path]]) -> list[Fetched]:
    """The same for several models, each into its folder, in one process: loading mlflow is the slow part."""
    for uri, _ in wanted:
        refuse_bad_address(uri)
    pairs = [part for uri, folder in wanted for part in (uri, str(folder))]
    command = [sys.executable, "-m", "registry.mlflow_fetch", *pairs]
    try:
        done = subprocess.run(
            command,
            cwd=settings.BASE_DIR,
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=settings.MLFLOW_SECONDS * len(wanted),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Invalid(
            f"MLflow did not answer within {settings.MLFLOW_SECONDS} seconds.",
            "Check that the server runs, or upload the files.",
            field="mlflow_uri",
        ) from error
    return _read(done, len(wanted))


def _read(done: "subprocess.CompletedProcess[str]", count: int) -> list[Fetched]:
    lines = done.stdout.strip().splitlines()[-count:]
    try:
        answers = [json.loads(line) for line in lines]
        answer = answers[-1]
    except (IndexError, ValueError) as error:
        raise Invalid(
            "MLflow could not be asked: its client stopped without an answer.",
            "Upload the files instead, and tell an administrator.",
            field="mlflow_uri",
        ) from error
    if "error" in answer:
        raise Invalid(answer["error"], answer["remedy"], field="mlflow_uri")
    return [Fetched(**answer) for answer in answers]


def _environment() -> dict[str, str]:
    """The child gets the credentials for MLflow's stores, none of ours, and gives up early on silence."""
    environment = {name: value for name, value in os.environ.items() if not KEPT_FROM_CHILD.match(name)}
    return environment | {
        "MLFLOW_TRACKING_URI": settings.MLFLOW_TRACKING_URI,
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(max(5, settings.MLFLOW_SECONDS // 4)),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "COUNTERSIGN_FETCH_MAX_BYTES": str(settings.UPLOAD_MAX_BYTES),
    }
