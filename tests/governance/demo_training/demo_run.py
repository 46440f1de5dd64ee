"""What one training run left behind, as the tests look at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow.sklearn
import numpy as np
import numpy.typing as npt
import pandas as pd

from governance.demo.portfolio import Dataset, Model, Portfolio, Version

Values = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Run:
    """What one run left behind."""

    folder: Path
    tracking_uri: str
    output: str
    portfolio: Portfolio

    def version(self, slug: str, version: str | None = None) -> Version:
        """This version of a model, or its only or newest one."""
        found = {entry.version: entry for entry in self.portfolio.model(slug).versions}
        return found[version] if version else list(found.values())[-1]

    def test_data(self, version: Version) -> tuple[Dataset, pd.DataFrame]:
        """The held-out data set of a version, read back from its file."""
        dataset = next(d for d in map(self.portfolio.dataset, version.datasets) if d.role == "test")
        return dataset, self.rows(dataset)

    def rows(self, dataset: Dataset) -> pd.DataFrame:
        """The rows of a data set's file."""
        file = self.folder / dataset.file
        return pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)

    def predictions(self, version: Version) -> tuple[Values, Values | None]:
        """Labels, and probabilities of the positive label if there is one, from the model MLflow keeps."""
        dataset, rows = self.test_data(version)
        if version.mlflow_uri is None:
            return rows[dataset.prediction].to_numpy(), rows[dataset.score].to_numpy()
        model = mlflow.sklearn.load_model(version.mlflow_uri)
        features = rows[list(version.features)]
        if dataset.positive is None:
            return model.predict(features), None
        column = [str(label) for label in model.classes_].index(dataset.positive)
        return model.predict(features), model.predict_proba(features)[:, column]


def every_version(portfolio: Portfolio) -> Iterator[tuple[Model, Version]]:
    """All versions of all models."""
    for model in portfolio.models:
        for version in model.versions:
            yield model, version
