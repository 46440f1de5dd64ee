"""Pipelines that take a data set's raw columns, so that whoever evaluates them feeds the file as it is."""

from __future__ import annotations

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def pipeline(frame: pd.DataFrame, estimator: BaseEstimator) -> Pipeline:
    """Scale the number columns of `frame`, one-hot encode the others, then `estimator`; not fitted yet."""
    numbers = list(frame.select_dtypes("number").columns)
    words = [name for name in frame.columns if name not in numbers]
    steps = [("numbers", StandardScaler(), numbers)]
    if words:
        steps.append(("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), words))
    return Pipeline([("prepare", ColumnTransformer(steps)), ("predict", estimator)])


def with_threshold(
    estimator: BaseEstimator, *, threshold: float, positive: str | int
) -> FixedThresholdClassifier:
    """Predict `positive` from this probability on, so that the decision rule travels inside the artifact."""
    return FixedThresholdClassifier(
        estimator, threshold=threshold, pos_label=positive, response_method="predict_proba"
    )
