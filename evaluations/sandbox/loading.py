"""Loading a model from its files. Only the child process calls this: loading a model runs its author's
code."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluations.sandbox.job import CannotEvaluate

TRUSTED = ("sklearn.", "numpy.", "scipy.", "pandas.", "collections.")
KNOWN = "Known are MLflow model folders (scikit-learn or ONNX), .skops files and .onnx files"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory, and the format that it came in."""

    model: Any
    format: str


def load_model(place: Path) -> Loaded:
    """The model of an artifact: an MLflow model folder, or a folder (or path) with one .skops or .onnx
    file."""
    if place.is_file():
        return _by_suffix(place)
    descriptions = [place / "MLmodel"] if (place / "MLmodel").is_file() else sorted(place.glob("*/MLmodel"))
    if len(descriptions) == 1:
        return _mlflow(descriptions[0])
    files = sorted(path for path in place.rglob("*") if path.suffix in {".skops", ".onnx"} and path.is_file())
    if len(descriptions) > 1 or len(files) > 1:
        raise refusal("it holds several models, and which one is meant is not said")
    if files:
        return _by_suffix(files[0])
    names = sorted(path.name for path in place.rglob("*") if path.is_file())
    raise refusal(f"none of its files is a known model ({', '.join(names[:5]) or 'it is empty'}). {KNOWN}")


def refusal(why: str) -> CannotEvaluate:
    """The failure of an artifact that cannot be loaded."""
    return CannotEvaluate(f"This artifact cannot be loaded: {why}.")


def _by_suffix(path: Path) -> Loaded:
    if path.suffix == ".skops":
        return Loaded(_skops(path), "skops")
    if path.suffix == ".onnx":
        return Loaded(_onnx(path), "ONNX")
    raise refusal(f"{path.name} is of no known kind. {KNOWN}")


def _mlflow(description: Path) -> Loaded:
    """Without importing mlflow, which costs seconds: its YAML names the file and how it was written."""
    import yaml

    try:
        flavours = yaml.safe_load(description.read_text(encoding="utf-8"))["flavors"]
    except (yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise refusal("its MLmodel file cannot be read") from error
    if isinstance(flavours, Mapping) and isinstance(flavours.get("sklearn"), Mapping):
        flavour = flavours["sklearn"]
        path = _inside(description.parent, flavour.get("pickled_model", "model.pkl"))
        written = str(flavour.get("serialization_format", "pickle"))
        loader = {"skops": _skops, "cloudpickle": _pickle, "pickle": _pickle}.get(written)
        if loader is None:
            raise refusal(f"it was written as {written}; known are skops, cloudpickle and pickle")
        if flavour.get("code"):
            sys.path.insert(0, str(_inside(description.parent, flavour["code"])))
        return Loaded(loader(path), f"MLflow scikit-learn ({written})")
    if isinstance(flavours, Mapping) and isinstance(flavours.get("onnx"), Mapping):
        path = _inside(description.parent, flavours["onnx"].get("data", "model.onnx"))
        return Loaded(_onnx(path), "MLflow ONNX")
    named = ", ".join(sorted(flavours or ["none"]))
    raise refusal(f"its MLflow flavours are {named}; known are sklearn and onnx")


def _inside(folder: Path, name: object) -> Path:
    path = (folder / str(name)).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.exists():
        raise refusal(f"its MLmodel file names {name}, which is not among its files")
    return path


def _skops(path: Path) -> Any:
    import skops.io

    untrusted = skops.io.get_untrusted_types(file=path)
    foreign = sorted(name for name in untrusted if not name.startswith(TRUSTED))
    if foreign:
        raise refusal(f"it holds types that are not trusted: {', '.join(foreign[:5])}")
    return skops.io.load(path, trusted=untrusted)


def _pickle(path: Path) -> Any:
    import cloudpickle

    load: Callable[[Any], Any] = cloudpickle.load
    with path.open("rb") as file:
        return load(file)


def _onnx(path: Path) -> Any:
    from evaluations.sandbox.onnx_model import OnnxModel

    # As bytes: the runtime then refuses a model that points at other files.
    return OnnxModel(path.read_bytes())
