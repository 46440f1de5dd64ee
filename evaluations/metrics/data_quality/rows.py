"""Rows that are the same: within a data set, and between two."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluations.metrics.groups import text_of
from evaluations.metrics.values import Bools

Hashes = NDArray[np.uint64]
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio; Knuth, TAOCP 3, 6.4
MISSING = "\0missing"


def row_hashes(rows: pd.DataFrame, columns: Iterable[str]) -> Hashes:
    """A 64-bit hash of each row over the columns, shape (n,). Numbers and texts that are written alike are the same.

    Two different rows share a hash once in 2^64 pairs: of a million rows, fewer than one pair in ten million sets.
    """
    found = np.zeros(len(rows), dtype=np.uint64)
    for name in columns:
        places, distinct = pd.factorize(rows[name])
        texts = np.array([*(text_of(value) for value in distinct), MISSING], dtype=object)
        hashed = pd.util.hash_array(texts, categorize=False)
        found = (found ^ (found >> np.uint64(29))) * MULTIPLIER + hashed[np.asarray(places)]
    return found


def repeated(hashes: Hashes) -> Bools:
    """Rows that stand earlier already, shape (n,)."""
    return pd.Series(hashes).duplicated().to_numpy()


def contradicting(hashes: Hashes, label: "pd.Series[Any]") -> Bools:
    """Rows that another row equals in everything but the label, shape (n,)."""
    codes = pd.factorize(label)[0]
    frame = pd.DataFrame({"row": hashes, "label": codes})
    frame = frame[frame["label"] >= 0]
    labels = frame.groupby("row")["label"].nunique()
    return np.isin(hashes, labels[labels > 1].index.to_numpy()) & (codes >= 0)
