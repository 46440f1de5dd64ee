"""Five metrics of 5 × 4 groups on a million rows, against fairlearn's MetricFrame on the same rows: at least 3,000
times as fast where the columns are categories, 300 times with strings; everything with 1,000 bootstraps in under
100 ms. All of it in processor time, which others on the machine disturb less."""

import resource
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from fairlearn import metrics as peer
from sklearn.metrics import accuracy_score

from evaluations.metrics.binary import Binary
from evaluations.metrics.fairness import GroupCells, fairness
from evaluations.metrics.fairness.cells import DRAWS
from evaluations.metrics.fairness.rates import rates_of
from evaluations.metrics.groups import coded

ROWS, ROUNDS, WHOLE_ROUNDS = 1_000_000, 15, 5
CATEGORY_LIMIT, STRING_LIMIT, WHOLE_LIMIT_MS = 3000, 300, 100.0
METRICS: dict[str, Any] = {
    "selection_rate": peer.selection_rate,
    "true_positive_rate": peer.true_positive_rate,
    "false_positive_rate": peer.false_positive_rate,
    "false_negative_rate": peer.false_negative_rate,
    "accuracy": accuracy_score,
}


def main() -> int:
    """Measure, print the table, judge it."""
    generator = np.random.default_rng(1)
    columns = pd.DataFrame(
        {
            "region": generator.choice(["north", "south", "east", "west", "centre"], ROWS),
            "band": generator.choice(["young", "middle", "older", "old"], ROWS),
        }
    )
    categories = columns.astype("category")
    data = Binary(generator.random(ROWS) < 0.4, generator.random(ROWS) < 0.5)
    theirs, expected = _timed(lambda: _peer(data, categories))
    off = max(abs(expected[name] - found).max() for name, found in _ours(data, categories).items())
    by_category = _median(lambda: _ours(data, categories), ROUNDS)
    by_string = _median(lambda: _ours(data, columns), ROUNDS)
    drawn = _median(lambda: _with_bootstraps(data, columns), WHOLE_ROUNDS)
    whole = _median(
        lambda: fairness(data, {str(name): values for name, values in columns.items()}), WHOLE_ROUNDS
    )
    rows = [
        ("fairlearn's MetricFrame, categories", theirs, "once"),
        (
            "five metrics, categories",
            by_category,
            f"{theirs / by_category:,.0f} x as fast, at least {CATEGORY_LIMIT:,}",
        ),
        (
            "five metrics, strings",
            by_string,
            f"{theirs / by_string:,.0f} x as fast, at least {STRING_LIMIT:,}",
        ),
        (f"five metrics, {DRAWS:,} bootstraps, strings", drawn, f"at most {WHOLE_LIMIT_MS:g} ms"),
        ("every figure, table and check, strings", whole, f"at most {WHOLE_LIMIT_MS:g} ms"),
    ]
    print(f"{'1,000,000 rows, 5 x 4 groups':<46}{'ms':>10}  limit")
    for name, milliseconds, limit in rows:
        print(f"{name:<46}{milliseconds:>10.2f}  {limit}")
    print(f"largest difference from fairlearn: {off:g}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
    met = theirs / by_category >= CATEGORY_LIMIT and theirs / by_string >= STRING_LIMIT
    met = met and off == 0 and max(drawn, whole) <= WHOLE_LIMIT_MS
    print("met" if met else "MISSED")
    return 0 if met else 1


def _ours(data: Binary, columns: pd.DataFrame) -> dict[str, Any]:
    cells = _cells(data, columns)
    return {name: rates_of(cells.counts, name) for name in METRICS}


def _with_bootstraps(data: Binary, columns: pd.DataFrame) -> dict[str, Any]:
    drawn = _cells(data, columns).resampled(DRAWS, seed=1)
    return {name: np.percentile(rates_of(drawn, name), [2.5, 97.5], axis=0) for name in METRICS}


def _cells(data: Binary, columns: pd.DataFrame) -> GroupCells:
    codes = {str(name): coded(str(name), values) for name, values in columns.items()}
    return GroupCells.from_codes(codes, data.actual, data.predicted)


def _peer(data: Binary, columns: pd.DataFrame) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = peer.MetricFrame(
            metrics=METRICS, y_true=data.actual, y_pred=data.predicted, sensitive_features=columns
        ).by_group
    return {name: frame.sort_index()[name].to_numpy() for name in METRICS}


def _median(call: Callable[[], Any], rounds: int) -> float:
    return statistics.median(_timed(call)[0] for _ in range(rounds))


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds, and the answer."""
    began = time.process_time()
    found = call()
    return (time.process_time() - began) * 1000, found
