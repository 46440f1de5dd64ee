"""What a script that talks to a tracking server does first: limits, and files only from where they may come.

The server says where a model's files are, and MLflow's client would go there: to files of this machine, or to any
host that this machine can reach. So a server on the network may name its own artifact service and the stores of
clouds, for which this machine has its own credentials; folders only below COUNTERSIGN_MLFLOW_ARTIFACT_ROOTS.
"""

import logging
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mlflow.store.artifact.artifact_repository_registry import get_registered_artifact_repositories

MOST_MEMORY = 3 * 1024**3
PASSED_ON = frozenset({"models", "runs"})  # resolved to one of the others
CLOUDS = frozenset({"s3", "gs", "wasbs", "abfss"})
SERVED = frozenset({"mlflow-artifacts", "http", "https"})
LOCAL = frozenset({"", "file"})


class Failed(Exception):
    """Nothing was fetched; the reason and the remedy are for the person who asked."""

    def __init__(self, error: str, remedy: str = "") -> None:
        super().__init__(error)
        self.remedy = remedy


def begin(tracking_uri: str) -> None:
    """Set the limits of this process and close the ways that this store may not lead."""
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    if limit := int(os.environ.get("COUNTERSIGN_FETCH_MAX_BYTES", "0")):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if urlsplit(tracking_uri).scheme in ("http", "https"):
        guard_artifacts(tracking_uri)


def guard_artifacts(tracking_uri: str) -> None:
    """Let MLflow's client open only what `refuse_stray_place` takes, at the moment when it opens it."""
    known: dict[str, Any] = get_registered_artifact_repositories()
    for scheme in known.keys() - PASSED_ON:
        known[scheme] = _guarded(known[scheme], tracking_uri)


def _guarded(opener: Callable[..., Any], tracking_uri: str) -> Callable[..., Any]:
    def opened(artifact_uri: str, *rest: Any, **named: Any) -> Any:
        refuse_stray_place(artifact_uri, tracking_uri)
        return opener(artifact_uri, *rest, **named)

    return opened


def refuse_stray_place(artifact_uri: str, tracking_uri: str) -> None:
    """Raises Failed unless a server at the address may keep files there."""
    parts, server = urlsplit(artifact_uri), urlsplit(tracking_uri)
    scheme = parts.scheme.lower()
    if scheme == "s3" and parts.netloc == os.environ.get("COUNTERSIGN_OWN_BUCKET"):
        raise Failed(
            "MLflow says that the files are in the bucket where Countersign keeps its own.",
            "Let MLflow keep its artifacts in a bucket of their own.",
        )
    if scheme in CLOUDS:
        return
    if scheme in SERVED and parts.netloc in ("", server.netloc):
        return
    if scheme in LOCAL and parts.netloc in ("", "localhost") and _is_under_root(unquote(parts.path)):
        return
    if scheme in LOCAL:
        raise Failed(
            "MLflow says that the files are in a folder of this machine, which it may not open.",
            "Let the server serve its artifacts, or name the folder in COUNTERSIGN_MLFLOW_ARTIFACT_ROOTS.",
        )
    where = "at another host" if scheme in SERVED else f"at {scheme}:"
    raise Failed(
        f"MLflow says that the files are {where}, where Countersign does not follow.",
        "Let the server serve its artifacts, or upload the files.",
    )


def _is_under_root(path: str) -> bool:
    roots = [root for root in os.environ.get("COUNTERSIGN_MLFLOW_ARTIFACT_ROOTS", "").split(",") if root]
    return any(Path(path).resolve().is_relative_to(Path(root).resolve()) for root in roots)


def refuse_missing_store(tracking_uri: str) -> None:
    """mlflow would make a new, empty store where none is; say so instead."""
    if tracking_uri.startswith("sqlite:///"):
        store = Path(tracking_uri.removeprefix("sqlite:///"))
        if not store.exists():
            raise Failed(
                "There is no MLflow tracking store yet.", "Log a model to it, or set MLFLOW_TRACKING_URI."
            )
