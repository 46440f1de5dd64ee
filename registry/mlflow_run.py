"""An MLflow run in plain values of bounded size, without what looks like a secret. Needs neither mlflow nor Django."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

LONGEST_TEXT = 500
MOST_ENTRIES = 200
MOST_ARTIFACTS = 200
MOST_LISTINGS = 20  # requests to the server
MOST_DATASETS = 20
SECRET = re.compile(
    r"secret|passw|credential|(?:api|access|private|signing)[_.-]?key|(?:auth|access|bearer|hf|git\w*)[_.-]?token|^token$",
    re.IGNORECASE,
)
WITH_PASSWORD = re.compile(r"(?<=://)[^/\s@]+@")
TOLD_ELSEWHERE = (
    "mlflow.log-model.history",
    "mlflow.loggedArtifacts",
)  # long, and about other models as well
NOT_KEPT = "not kept: its name says that it is a secret"


def told(run: Any, list_artifacts: Callable[[str], Iterable[Any]]) -> dict[str, Any]:
    """The run as JSON: name, who, when, parameters, metrics, tags, data sets, artifacts."""
    info, data = run.info, run.data
    return {
        "id": info.run_id,
        "name": (info.run_name or "")[:LONGEST_TEXT],
        "status": str(info.status),
        "user": (info.user_id or data.tags.get("mlflow.user", ""))[:LONGEST_TEXT],
        "started": moment(info.start_time),
        "ended": moment(info.end_time),
        "params": texts(data.params),
        "metrics": numbers(data.metrics),
        "tags": texts({name: value for name, value in data.tags.items() if name not in TOLD_ELSEWHERE}),
        "datasets": datasets(run),
        "artifacts": artifacts(list_artifacts),
    }


def texts(values: Mapping[str, str]) -> dict[str, str]:
    """The first so many by name, cut, without passwords in addresses and without secrets."""
    return {
        name[:LONGEST_TEXT]: NOT_KEPT if SECRET.search(name) else cut(value) for name, value in first(values)
    }


def numbers(values: Mapping[str, float]) -> dict[str, float | str]:
    """The first so many by name; what JSON cannot hold as a number goes as text."""
    return {name[:LONGEST_TEXT]: value if abs(value) < 1e300 else str(value) for name, value in first(values)}


def first(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The first so many entries by name."""
    return sorted(values.items())[:MOST_ENTRIES]


def cut(value: str) -> str:
    """The text at a length that fits, with no user and password in an address."""
    return WITH_PASSWORD.sub("", value[: 4 * LONGEST_TEXT])[:LONGEST_TEXT]


def moment(milliseconds: int | None) -> str | None:
    """A time of MLflow as RFC 3339 in UTC."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat() if milliseconds else None
    except (OverflowError, ValueError, OSError):
        return None


def datasets(run: Any) -> list[dict[str, str]]:
    """The data that the run says it read."""
    inputs = getattr(run.inputs, "dataset_inputs", None) or []
    return [
        {
            "name": cut(given.dataset.name or ""),
            "digest": cut(given.dataset.digest or ""),
            "context": cut(next((tag.value for tag in given.tags if tag.key == "mlflow.data.context"), "")),
        }
        for given in inputs[:MOST_DATASETS]
    ]


def artifacts(list_artifacts: Callable[[str], Iterable[Any]]) -> list[dict[str, Any]]:
    """Path and size in bytes of the run's files, folder by folder, as far as the limits reach."""
    found: list[dict[str, Any]] = []
    folders = [""]
    for _ in range(MOST_LISTINGS):
        if not folders or len(found) >= MOST_ARTIFACTS:
            break
        for entry in list_artifacts(folders.pop(0)):
            if entry.is_dir:
                folders.append(entry.path)
            else:
                found.append({"path": str(entry.path)[:LONGEST_TEXT], "size": entry.file_size or 0})
    return found[:MOST_ARTIFACTS]
