"""How a version was made, and its MLflow run, as rows for the page of its files."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.template.defaultfilters import filesizeformat

from registry.models import ModelVersion
from registry.signing import in_words

SHAPES = {"verified": "ok", "untrusted": "stale", "unverifiable": "error"}
Fold = tuple[str, list[tuple[str, str]]]


def signing_of(version: ModelVersion) -> dict[str, str]:
    """Shape and words of what the signature proves."""
    return {
        "signing_shape": SHAPES.get(version.signing.get("state", ""), "na"),
        "signing_words": in_words(version.signing),
    }


def settings_of(version: ModelVersion) -> list[Fold]:
    """What it was trained with and what that gave; parameters only where they are not the hyperparameters."""
    parameters = {} if version.parameters == version.hyperparameters else version.parameters
    return _folds(
        {
            "Hyperparameters": version.hyperparameters,
            "Parameters": parameters,
            "Training metrics": version.training_metrics,
        }
    )


def run_of(version: ModelVersion) -> dict[str, Any]:
    """The run's folds and times; empty where no run is on file."""
    run = version.run
    if not run:
        return {}
    files = {row["path"]: filesizeformat(row["size"]) for row in run.get("artifacts", [])}
    folds = {"Parameters": run.get("params"), "Metrics": run.get("metrics"), "Tags": run.get("tags")}
    started, ended = _moment(run.get("started")), _moment(run.get("ended"))
    return {
        "run_folds": _folds(folds | {"Artifacts": files}),
        "run_started": started,
        "run_ended": ended,
        "run_took": ended - started if started and ended else None,
    }


def _folds(values: Mapping[str, Mapping[str, object] | None]) -> list[Fold]:
    return [(title, _pairs(rows)) for title, rows in values.items() if rows]


def _pairs(rows: Mapping[str, object]) -> list[tuple[str, str]]:
    return [
        (name, f"{value:.6g}" if isinstance(value, float) else str(value)) for name, value in rows.items()
    ]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
