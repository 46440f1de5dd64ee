"""Loading a model from its files. Only the child process calls this: loading a model runs its author's
code."""

import pickle
import re
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluations.sandbox.artifact import Artifact
from evaluations.sandbox.job import CannotEvaluate
from evaluations.sandbox.scan import scan

TRUSTED = ("sklearn.", "numpy.", "scipy.", "pandas.", "collections.")
SUFFIXES = {
    ".skops": "skops",
    ".onnx": "onnx",
    ".safetensors": "safetensors",
    ".ubj": "xgboost",
    ".xgb": "xgboost",
    ".lgb": "lightgbm",
}
KNOWN = (
    "Known are MLflow model folders (sklearn, onnx, xgboost, lightgbm, pyfunc), .skops, .onnx, .safetensors, .ubj, "
    ".xgb and .lgb files"
)
RUNS_CODE = ("pickle", "pyfunc")
"""Formats whose loading runs what their author wrote."""
ATTACK = re.compile(
    r"\b(?:(?:os|posix|nt|subprocess|pty|socket|shutil|ctypes|runpy|webbrowser|urllib|requests|importlib)\.|"
    r"builtins\.(?:eval|exec|compile|open|__import__))"
)
"""What no model needs while it is unpickled; any other finding of the scan is told and stops nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """Which file holds the model, in which format (as a policy names it), and what MLflow says about it."""

    path: Path
    format: str
    said: str
    flavour: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Examined:
    """An artifact whose model may be loaded, and what a scan of it said."""

    artifact: Artifact
    found: Found
    scan: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory, the format that it came in, and what a scan of it said."""

    model: Any
    format: str
    scan: Mapping[str, int] | None = None  # findings by level, where loading runs code


class PyfuncModel:
    """A model of MLflow's own interface, which only knows `predict`; what it answers are labels or numbers."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, rows: Any) -> Any:
        """Answers, shape (n,)."""
        import numpy as np

        answered = np.asarray(self._model.predict(rows))
        if answered.reshape(len(rows), -1).shape[1] != 1:
            raise CannotEvaluate(
                "This pyfunc model answers several numbers for each row, and nothing says what they are. Log it with "
                "its own flavour, or let it answer labels."
            )
        return answered.reshape(-1)

    def classes(self, rows: Any) -> list[Any]:
        """The labels that it answers for these rows."""
        return sorted(set(self.predict(rows)))


def load_model(
    place: Path, manifest: Mapping[str, str] | None = None, formats: Collection[str] | None = None
) -> Loaded:
    """The model of an artifact: an MLflow model folder, or a folder (or path) with one model file.

    `manifest`: SHA-256 by path, checked against the bytes that are loaded. `formats`: what the policy allows; None is
    everything. Raises CannotEvaluate.
    """
    examined = examine(place, manifest, formats)
    return Loaded(load_found(examined.artifact, examined.found), examined.found.said, examined.scan)


def examine(
    place: Path, manifest: Mapping[str, str] | None = None, formats: Collection[str] | None = None
) -> "Examined":
    """Which file is the model, and whether it may be loaded. Nothing is. Raises CannotEvaluate."""
    artifact = Artifact(place, manifest)
    artifact.check()
    found = find_model(artifact)
    if formats is not None and found.format not in formats:
        raise CannotEvaluate(
            f"The policy does not allow models in the format {found.format}, and this one is {found.said}. "
            f"It allows {', '.join(formats)}. Register the model in one of these, or change the policy pack."
        )
    return Examined(artifact, found, _scanned(place) if found.format in RUNS_CODE else None)


def load_found(artifact: Artifact, found: Found) -> Any:
    """The model of the file that was found: this runs its author's code."""
    return LOADERS[found.format](artifact, found)


def find_model(artifact: Artifact) -> Found:
    """Which file of the artifact is the model. Nothing is loaded."""
    place = artifact.place
    if place.is_file():
        return _by_suffix(place)
    descriptions = [place / "MLmodel"] if (place / "MLmodel").is_file() else sorted(place.glob("*/MLmodel"))
    if len(descriptions) == 1:
        return _mlflow(artifact, descriptions[0])
    files = sorted(path for path in place.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    if len(descriptions) > 1 or len(files) > 1:
        raise refusal("it holds several models, and which one is meant is not said")
    if files:
        return _by_suffix(files[0])
    names = sorted(path.name for path in place.rglob("*") if path.is_file())
    raise refusal(f"none of its files is a known model ({', '.join(names[:5]) or 'it is empty'}). {KNOWN}")


def refusal(why: str) -> CannotEvaluate:
    """The failure of an artifact that cannot be loaded."""
    return CannotEvaluate(f"This artifact cannot be loaded: {why}.")


def _by_suffix(path: Path) -> Found:
    if path.suffix in SUFFIXES:
        format = SUFFIXES[path.suffix]
        return Found(path.resolve(), format, "ONNX" if format == "onnx" else format)
    raise refusal(f"{path.name} is of no known kind. {KNOWN}")


def _mlflow(artifact: Artifact, description: Path) -> Found:
    """Without importing mlflow, which costs seconds: its YAML names the file and how it was written."""
    import yaml

    try:
        flavours = yaml.safe_load(artifact.read(description.resolve()).decode("utf-8"))["flavors"]
    except (yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise refusal("its MLmodel file cannot be read") from error
    if not isinstance(flavours, Mapping):
        raise refusal("its MLmodel file names no flavour")
    for name, read in FLAVOURS.items():
        if isinstance(flavours.get(name), Mapping):
            return read(description.parent, flavours[name])
    raise refusal(f"its MLflow flavours are {', '.join(sorted(flavours))}; known are {', '.join(FLAVOURS)}")


def _sklearn(folder: Path, flavour: Mapping[str, Any]) -> Found:
    path = _inside(folder, flavour.get("pickled_model", "model.pkl"))
    written = str(flavour.get("serialization_format", "pickle"))
    if written not in ("skops", "cloudpickle", "pickle"):
        raise refusal(f"it was written as {written}; known are skops, cloudpickle and pickle")
    format = "skops" if written == "skops" else "pickle"
    return Found(path, format, f"MLflow scikit-learn ({written})", flavour)


def _onnx_flavour(folder: Path, flavour: Mapping[str, Any]) -> Found:
    return Found(_inside(folder, flavour.get("data", "model.onnx")), "onnx", "MLflow ONNX", flavour)


def _xgboost_flavour(folder: Path, flavour: Mapping[str, Any]) -> Found:
    return Found(_inside(folder, flavour.get("data", "model.xgb")), "xgboost", "MLflow xgboost", flavour)


def _lightgbm_flavour(folder: Path, flavour: Mapping[str, Any]) -> Found:
    """MLflow writes boosters as text, and what has scikit-learn's interface as a pickle."""
    path = _inside(folder, flavour.get("data", "model.lgb"))
    format = "pickle" if path.suffix == ".pkl" else "lightgbm"
    return Found(path, format, f"MLflow LightGBM ({'pickle' if format == 'pickle' else 'text'})", flavour)


def _pyfunc_flavour(folder: Path, flavour: Mapping[str, Any]) -> Found:
    loader = str(flavour.get("loader_module", ""))
    return Found(
        (folder / "MLmodel").resolve(), "pyfunc", f"MLflow pyfunc ({loader or 'no loader'})", flavour
    )


FLAVOURS: Mapping[str, Callable[[Path, Mapping[str, Any]], Found]] = {
    "sklearn": _sklearn,
    "onnx": _onnx_flavour,
    "xgboost": _xgboost_flavour,
    "lightgbm": _lightgbm_flavour,
    "python_function": _pyfunc_flavour,
}


def _inside(folder: Path, name: object) -> Path:
    path = (folder / str(name)).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.exists():
        raise refusal(f"its MLmodel file names {name}, which is not among its files")
    return path


def _scanned(place: Path) -> Mapping[str, int]:
    """How many findings of each level; certain signs of an attack stop the load."""
    findings = scan(place)
    dangers = [
        found for found in findings if found.id == "dangerous_name" and ATTACK.search(found.said) is not None
    ]
    if dangers:
        raise refusal(
            f"a scan found in {dangers[0].file} what does harm when it is loaded. {dangers[0].said.rstrip('.')}"
        )
    levels = [found.level for found in findings]
    return {level: levels.count(level) for level in sorted(set(levels))}


def _skops(artifact: Artifact, found: Found) -> Any:
    import skops.io

    content = artifact.read(found.path)
    untrusted = skops.io.get_untrusted_types(data=content)
    foreign = sorted(name for name in untrusted if not name.startswith(TRUSTED))
    if foreign:
        raise refusal(f"it holds types that are not trusted: {', '.join(foreign[:5])}")
    return skops.io.loads(content, trusted=untrusted)


def _pickle(artifact: Artifact, found: Found) -> Any:
    if code := found.flavour.get("code"):
        sys.path.insert(0, str(_inside(found.path.parent, code)))
    return pickle.loads(artifact.read(found.path))  # noqa: S301  scanned before, and behind the walls


def _onnx(artifact: Artifact, found: Found) -> Any:
    from evaluations.sandbox.onnx_model import OnnxModel

    # As bytes: the runtime then refuses a model that points at other files.
    return OnnxModel(artifact.read(found.path))


def _tensors(artifact: Artifact, found: Found) -> Any:
    from evaluations.sandbox.tensors import tensor_model

    return tensor_model(artifact.read(found.path))


def _xgboost(artifact: Artifact, found: Found) -> Any:
    from evaluations.sandbox.boosters import xgboost_model

    return xgboost_model(artifact.read(found.path), str(found.flavour.get("model_class", "")))


def _lightgbm(artifact: Artifact, found: Found) -> Any:
    from evaluations.sandbox.boosters import lightgbm_model

    return lightgbm_model(artifact.read(found.path))


def _pyfunc(artifact: Artifact, found: Found) -> Any:
    """By mlflow itself, which alone knows how such a model is put together. It answers `predict` only."""
    import mlflow.pyfunc

    return PyfuncModel(mlflow.pyfunc.load_model(str(found.path.parent)))


LOADERS: Mapping[str, Callable[[Artifact, Found], Any]] = {
    "skops": _skops,
    "onnx": _onnx,
    "safetensors": _tensors,
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
    "pickle": _pickle,
    "pyfunc": _pyfunc,
}
