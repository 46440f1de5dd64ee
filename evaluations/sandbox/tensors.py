"""safetensors: numbers without a program. What they mean is said in the file's own metadata.

`countersign.layout` is `linear` or `mlp`; the layers are `NUMBER.weight`, shape (out, in), and `NUMBER.bias`, shape
(out,), in the order of their numbers, as PyTorch's Sequential names them. `countersign.activation` (relu, tanh or
sigmoid) stands between them. `countersign.classes` is a JSON list: with two classes and one output, a sigmoid of the
second; with as many outputs as classes, their softmax. Without classes the model is a regression.
`countersign.features` is a JSON list of column names.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from evaluations.sandbox.job import CannotEvaluate

TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4"}
LARGEST_HEADER = 1 << 20
ACTIVATIONS: Mapping[str, Callable[[Any], Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}
LAYOUT = "countersign.layout"


class TensorModel:
    """A linear model or a multi-layer perceptron."""

    def __init__(self, layers: list[tuple[Any, Any]], said: Mapping[str, str]) -> None:
        self._layers = layers
        self._activation = ACTIVATIONS[said.get("countersign.activation", "relu")]
        self.n_features_in_ = int(layers[0][0].shape[1])
        if names := json.loads(said.get("countersign.features", "[]")):
            self.feature_names_in_ = np.array(names, dtype=object)
        if classes := json.loads(said.get("countersign.classes", "[]")):
            self.classes_ = np.array(classes)
            self.predict_proba = self._chances

    def predict(self, rows: pd.DataFrame) -> Any:
        """Labels or numbers, shape (n,)."""
        if hasattr(self, "classes_"):
            return self.classes_[self._chances(rows).argmax(axis=1)]
        return self._out(rows)[:, 0]

    def _chances(self, rows: pd.DataFrame) -> Any:
        out = self._out(rows)
        if out.shape[1] == 1:
            positive = 1 / (1 + np.exp(-out[:, 0]))
            return np.column_stack([1 - positive, positive])
        grown = np.exp(out - out.max(axis=1, keepdims=True))
        return grown / grown.sum(axis=1, keepdims=True)

    def _out(self, rows: pd.DataFrame) -> Any:
        values = rows.to_numpy(dtype=np.float64)
        for number, (weight, bias) in enumerate(self._layers):
            values = (self._activation(values) if number else values) @ weight.T + bias
        return values


def tensor_model(content: bytes) -> TensorModel:
    """The model of a .safetensors file. Raises CannotEvaluate when it says no layout that is known."""
    said, tensors = _read(content)
    layout = said.get(LAYOUT)
    if layout not in {"linear", "mlp"}:
        raise _refusal(
            f"a safetensors file holds numbers and no model; its metadata must say {LAYOUT} = linear or mlp "
            "(docs/evaluations.md), or register the model as ONNX"
        )
    prefixes = sorted({name.rpartition(".")[0] for name in tensors}, key=lambda name: (len(name), name))
    try:
        layers = [(tensors[_named(prefix, "weight")], tensors[_named(prefix, "bias")]) for prefix in prefixes]
    except KeyError as missing:
        raise _refusal(f"the tensor {missing.args[0]} is missing") from missing
    if layout == "linear" and len(layers) != 1:
        raise _refusal(f"a linear layout has one layer, and there are {len(layers)}")
    width = None
    for weight, bias in layers:
        if weight.ndim != 2 or bias.shape != (weight.shape[0],) or width not in (None, weight.shape[1]):
            raise _refusal("the shapes of its layers do not fit together")
        width = weight.shape[0]
    classes = json.loads(said.get("countersign.classes", "[]"))
    if classes and width not in ({1, 2} if len(classes) == 2 else {len(classes)}):
        raise _refusal(f"it names {len(classes)} classes and has {width} outputs")
    if said.get("countersign.activation", "relu") not in ACTIVATIONS:
        raise _refusal(f"its activation is none of {', '.join(ACTIVATIONS)}")
    return TensorModel(layers, said)


def _read(content: bytes) -> tuple[dict[str, str], dict[str, Any]]:
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or size > min(LARGEST_HEADER, len(content) - 8):
        raise _refusal("it is no safetensors file")
    try:
        header = json.loads(content[8 : 8 + size])
        said = dict(header.pop("__metadata__", {}))
        data = memoryview(content)[8 + size :]
        tensors = {
            name: np.frombuffer(data[slice(*entry["data_offsets"])], TYPES[entry["dtype"]])
            .reshape(entry["shape"])
            .astype(np.float64)
            for name, entry in header.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refusal("its header cannot be read, or holds numbers of an unknown type") from error
    return said, tensors


def _named(prefix: str, what: str) -> str:
    return f"{prefix}.{what}" if prefix else what


def _refusal(why: str) -> CannotEvaluate:
    return CannotEvaluate(f"This artifact cannot be loaded: {why}.")
