"""What a data source hands back for each model version that it trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from sklearn.pipeline import Pipeline

from governance.demo.portfolio import Story


@dataclass(frozen=True)
class Trained:
    """One trained version; `pipeline` is None when only its predictions may be known."""

    slug: str
    version: str
    story: Story
    pipeline: Pipeline | None
    example: pd.DataFrame  # a few rows of the raw feature columns, in the order that the pipeline takes
    parameters: Mapping[str, str | int | float]
    measured: Mapping[str, float]
    datasets: tuple[str, ...]  # Dataset.ref
