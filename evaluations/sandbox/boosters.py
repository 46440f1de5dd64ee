"""Models of xgboost and LightGBM in their own formats, answering like those of scikit-learn."""

import json
from typing import Any

import numpy as np
import pandas as pd

BINARY, SEVERAL = ("binary:logistic", "binary"), ("multi:softprob", "multiclass")


class Booster:
    """A bare booster. What its numbers mean is said by its objective."""

    def __init__(self, booster: Any, objective: str, features: list[str] | None, matrix: Any) -> None:
        self._booster, self._matrix = booster, matrix
        if features:
            self.feature_names_in_ = np.array(features, dtype=object)
        self._kind = objective.split(" ")[0]
        if self._kind in BINARY:
            self.classes_ = np.array([0, 1])
            self.predict_proba = self._chances
        elif self._kind in SEVERAL:
            self.predict_proba = self._chances

    def classes(self, rows: pd.DataFrame) -> list[int] | None:
        """The places of the classes; None for a regression."""
        return list(range(self._chances(rows).shape[1])) if self._kind in (*BINARY, *SEVERAL) else None

    def predict(self, rows: pd.DataFrame) -> Any:
        """Labels or numbers, shape (n,)."""
        if self._kind in (*BINARY, *SEVERAL):
            return self._chances(rows).argmax(axis=1)
        return np.asarray(self._booster.predict(self._matrix(rows))).reshape(-1)

    def _chances(self, rows: pd.DataFrame) -> Any:
        out = np.asarray(self._booster.predict(self._matrix(rows)), dtype=np.float64)
        return out if out.ndim == 2 else np.column_stack([1 - out, out])


def xgboost_model(content: bytes, model_class: str) -> Any:
    """Of the class that MLflow names, else a bare booster."""
    import xgboost

    name = model_class.rpartition(".")[2]
    if name in ("XGBClassifier", "XGBRegressor"):
        model = getattr(xgboost, name)()
        model.load_model(bytearray(content))
        return model
    booster = xgboost.Booster()
    booster.load_model(bytearray(content))
    objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
    return Booster(booster, objective, booster.feature_names, xgboost.DMatrix)


def lightgbm_model(content: bytes) -> Any:
    """From LightGBM's text."""
    import lightgbm

    booster = lightgbm.Booster(model_str=content.decode("utf-8"))
    objective = next(
        (line[10:] for line in content.decode().splitlines() if line.startswith("objective=")), ""
    )
    return Booster(booster, objective, booster.feature_name(), lambda rows: rows)
