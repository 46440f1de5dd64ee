"""An ONNX model that answers like one of scikit-learn."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd

from evaluations.sandbox.job import CannotEvaluate

NUMBERS = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}


class OnnxModel:
    """Takes one matrix of all features, or one column per input; answers labels, probabilities or a
    number."""

    def __init__(self, content: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._inputs = self._session.get_inputs()
        if len(self._inputs) > 1:
            self.feature_names_in_ = np.array([given.name for given in self._inputs], dtype=object)
        else:
            width = self._inputs[0].shape[-1]
            if isinstance(width, int):
                self.n_features_in_ = width

    def predict(self, rows: pd.DataFrame) -> Any:
        """Labels of shape (n,), or numbers."""
        return np.asarray(self._run(rows)[0]).reshape(len(rows), -1)[:, 0]

    def predict_proba(self, rows: pd.DataFrame) -> Any:
        """Probabilities, shape (n, classes), in the order of `classes(rows)`."""
        return self._probabilities(rows)[1]

    def classes(self, rows: pd.DataFrame) -> list[Any] | None:
        """What the columns of `predict_proba` stand for; None for a regression. ONNX may keep it only in
        answers."""
        return self._probabilities(rows)[0] if len(self._session.get_outputs()) > 1 else None

    def _probabilities(self, rows: pd.DataFrame) -> tuple[list[Any], Any]:
        labels, given = self._run(rows)[:2]
        if isinstance(given, list) and given and isinstance(given[0], Mapping):
            classes = list(given[0])
            return classes, np.array([[row[name] for name in classes] for row in given], dtype=np.float64)
        chances = np.asarray(given, dtype=np.float64)
        if chances.ndim != 2:
            raise CannotEvaluate("This ONNX model gives no probability for each class.")
        return _classes(np.asarray(labels).reshape(-1), chances), chances

    def _run(self, rows: pd.DataFrame) -> Any:
        if len(self._inputs) == 1:
            only = self._inputs[0]
            feed = {only.name: rows.to_numpy(dtype=NUMBERS.get(only.type, np.float32))}
        else:
            feed = {given.name: _column(rows[given.name], given.type) for given in self._inputs}
        return self._session.run(None, feed)


def _column(values: "pd.Series[Any]", kind: str) -> Any:
    if kind in NUMBERS:
        return values.to_numpy(dtype=NUMBERS[kind]).reshape(-1, 1)
    return values.astype(str).to_numpy(dtype=object).reshape(-1, 1)


def _classes(labels: Any, chances: Any) -> list[Any]:
    """Whole-number labels are places; of others, the label given wherever the column is the largest."""
    width = chances.shape[1]
    if labels.dtype.kind in "iu":
        return list(range(width))
    largest = chances.argmax(axis=1)
    found = []
    for column in range(width):
        given = labels[largest == column]
        if len(given) == 0:
            raise CannotEvaluate("This ONNX model does not say which class its probabilities stand for.")
        found.append(given[0])
    return found
