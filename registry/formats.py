"""What a version's files say about themselves. Read as text; nothing is ever loaded or run here."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from registry.environment import Environment, environment_of

LARGEST_DESCRIPTION = 1 << 20
MOST_COLUMNS = 5_000
MOST_FLAVOURS = 20
BY_SUFFIX = {
    ".skops": "skops",
    ".onnx": "ONNX",
    ".safetensors": "safetensors",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".joblib": "pickle",
    ".pt": "PyTorch",
    ".pth": "PyTorch",
}
FLAVOURS = {"sklearn": "scikit-learn", "xgboost": "XGBoost", "lightgbm": "LightGBM", "onnx": "ONNX"}


@dataclass(frozen=True)
class Description:
    """Format in a few words, signature as `{"inputs": [{"name", "type"}], "outputs": [...]}`."""

    format: str
    signature: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    flavours: tuple[str, ...] = ()  # as MLflow names them
    environment: Environment = field(default_factory=Environment)


def describe(folder: Path, paths: Iterable[str]) -> Description:
    """Read what the files say. What cannot be read is left out: the evaluation will say why."""
    paths = list(paths)
    described = _mlmodel(folder / "MLmodel") if "MLmodel" in paths else None
    environment = environment_of(folder, paths, described or {})
    if described is not None:
        return Description(_flavour(described), _signature(described), _flavours(described), environment)
    known = [BY_SUFFIX[suffix] for path in paths if (suffix := Path(path).suffix.lower()) in BY_SUFFIX]
    return Description(known[0] if known else "files", environment=environment)


def _mlmodel(path: Path) -> dict[str, Any] | None:
    if path.stat().st_size > LARGEST_DESCRIPTION:
        return None
    try:
        parsed = yaml.safe_load(path.read_bytes())
    except (
        yaml.YAMLError,
        ValueError,
        RecursionError,
    ):  # a date or a number that YAML takes and Python does not
        return None
    return parsed if isinstance(parsed, dict) else None


def _flavour(described: dict[str, Any]) -> str:
    flavours = described.get("flavors")
    if not isinstance(flavours, dict):
        return "MLflow"
    for name, label in FLAVOURS.items():
        if isinstance(flavours.get(name), dict):
            serialised = flavours[name].get("serialization_format")
            return (
                f"MLflow, {label}, {serialised}"[:40] if isinstance(serialised, str) else f"MLflow, {label}"
            )
    named = next((str(name) for name in flavours if name != "python_function"), "Python function")
    return f"MLflow, {named}"[:40]


def _flavours(described: dict[str, Any]) -> tuple[str, ...]:
    flavours = described.get("flavors")
    names = [name[:40] for name in flavours if isinstance(name, str)] if isinstance(flavours, dict) else []
    return tuple(sorted(names)[:MOST_FLAVOURS])


def _signature(described: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    written = described.get("signature")
    if not isinstance(written, dict):
        return {}
    sides = {side: _columns(written.get(side)) for side in ("inputs", "outputs")}
    sides["inputs"] = [
        column for column in sides["inputs"] if column["name"]
    ]  # a bare array names no columns
    return {side: columns for side, columns in sides.items() if columns}


def _columns(written: Any) -> list[dict[str, str]]:
    """MLflow writes each side as JSON text inside the YAML; else it is left out: YAML aliases explode."""
    try:
        parsed = json.loads(written) if isinstance(written, str) else None
    except (ValueError, RecursionError):
        return []
    if not isinstance(parsed, list):
        return []
    return [
        {"name": str(column.get("name") or "")[:200], "type": _type(column)}
        for column in parsed[:MOST_COLUMNS]
        if isinstance(column, dict)
    ]


def _type(column: dict[str, Any]) -> str:
    tensor = column.get("tensor-spec")
    if isinstance(tensor, dict):
        return f"tensor {tensor.get('dtype', '')} {tensor.get('shape', '')}".strip()[:80]
    return str(column.get("type", ""))[:80]
