"""Splitting and writing of data sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from pandas.api.types import is_integer_dtype
from sklearn.model_selection import train_test_split

from governance.demo.portfolio import Dataset, Role

# One seed for every split and model, so that nobody picks a lucky one for each.
SEED = 7


@dataclass(frozen=True)
class Split:
    """Training rows and held-out rows of one source."""

    train: pd.DataFrame
    test: pd.DataFrame


def split(frame: pd.DataFrame, *, test_rows: int, stratify: str | None = None) -> Split:
    """Hold out `test_rows` rows, keeping the shares of the column `stratify`."""
    train, test = train_test_split(
        plain_types(frame),
        test_size=test_rows,
        stratify=None if stratify is None else frame[stratify],
        random_state=SEED,
    )
    return Split(train.reset_index(drop=True), test.reset_index(drop=True))


def plain_types(frame: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers as int64, others as float64: as they read back from CSV, so that signatures hold."""
    wide = {
        name: "int64" if is_integer_dtype(frame[name]) else "float64"
        for name in frame.select_dtypes("number").columns
    }
    return frame.astype(wide)


@dataclass
class Shelf:
    """The folder of data set files, and what has been put there."""

    folder: Path  # the portfolio's folder; files go to its `datasets`
    datasets: list[Dataset] = field(default_factory=list)

    def put(
        self,
        frame: pd.DataFrame,
        *,
        name: str,
        role: Role,
        label: str,
        description: str,
        source: str,
        licence: str,
        suffix: str = "csv",
        positive: str | None = None,
        prediction: str | None = None,
        score: str | None = None,
        sensitive: tuple[str, ...] = (),
    ) -> str:
        """Write one data set as CSV or Parquet and answer its `name@version`."""
        file = Path("datasets") / f"{name}-1.{suffix}"
        target = self.folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if suffix == "parquet":
            frame.to_parquet(target, index=False)
        else:
            frame.to_csv(target, index=False)
        dataset = Dataset(
            name=name,
            version="1",
            file=str(file),
            role=role,
            label=label,
            positive=positive,
            prediction=prediction,
            score=score,
            sensitive=sensitive,
            rows=len(frame),
            description=description,
            source=source,
            licence=licence,
        )
        self.datasets.append(dataset)
        return dataset.ref
