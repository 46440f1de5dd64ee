"""Performance period by period, and whether it goes anywhere."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from evaluations.metrics.binary import rate
from evaluations.metrics.bootstrap import bounds, resampled_weights
from evaluations.metrics.closed_form import Z
from evaluations.metrics.intervals import delong
from evaluations.metrics.stability.gaps import Outcomes
from evaluations.metrics.values import FEW_ROWS, CannotMeasure, Estimate, Ints

MOST_PERIODS, FEWEST_PERIODS = 24, 3
CALENDAR = (("D", "day"), ("W", "week"), ("M", "month"), ("Q", "quarter"), ("Y", "year"))
TREND_CONVENTION = (
    "Least squares over the periods in their order, weighted by rows; 95% interval from the periods' own standard "
    "errors. P value: Kendall's tau of metric and order (Mann-Kendall test)."
)


@dataclass(frozen=True, slots=True)
class Period:
    """The leading metric in one period."""

    name: str
    n: int
    metric: Estimate
    too_few: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """Change of the metric from one period to the next, and Mann-Kendall's p value."""

    slope: Estimate
    p: float | None


def periods_of(column: "pd.Series[Any]") -> tuple[Ints, list[str], str]:
    """Each row's period, -1 for rows without a time; the periods' names in order; how they were made."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        return _numbered(column)
    with_dates = pd.to_datetime(column, errors="coerce", utc=True, format="mixed").dt.tz_localize(None)
    unread = int(with_dates.isna().sum() - column.isna().sum())
    if with_dates.notna().sum() == 0 or unread > 0.05 * len(column):
        raise CannotMeasure(
            f"Column {column.name} is no time: {unread:,} of its values are neither dates nor numbers. Write dates as "
            "2026-11-21."
        )
    found, word = _calendar(with_dates)
    names = sorted(found.dropna().unique())
    place = {name: index for index, name in enumerate(names)}
    return (
        np.array([place.get(value, -1) for value in found], dtype=np.int64),
        [str(name) for name in names],
        f"By {word} of {column.name}.",
    )


def _calendar(dates: "pd.Series[Any]") -> tuple["pd.Series[Any]", str]:
    """The shortest unit of which there are not too many; years if need be."""
    for unit, word in CALENDAR:
        found = dates.dt.to_period(unit)
        if found.nunique() <= MOST_PERIODS:
            return found, word
    return dates.dt.to_period("Y"), "year"


def _numbered(column: "pd.Series[Any]") -> tuple[Ints, list[str], str]:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.unique(values[np.isfinite(values)])
    if len(known) == 0:
        raise CannotMeasure(f"Column {column.name} is no time: it is empty.")
    if len(known) <= MOST_PERIODS:
        place = np.where(np.isfinite(values), np.searchsorted(known, values), -1).astype(np.int64)
        return place, [f"{value:g}" for value in known], f"By value of {column.name}."
    edges = np.unique(np.quantile(values[np.isfinite(values)], np.linspace(0, 1, 11)))
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    names = [f"{a:g} to {b:g}" for a, b in zip(edges[:-1], edges[1:], strict=True)]
    chosen = np.where(np.isfinite(values), place, -1).astype(np.int64)
    return chosen, names, f"By tenths of the rows in the order of {column.name}."


def by_period(outcomes: Outcomes, place: Ints, names: list[str], *, seed: int) -> list[Period]:
    """The leading metric of each period: AUC, else accuracy, else RMSE."""
    found = []
    for index, name in enumerate(names):
        rows = place == index
        n = int(rows.sum())
        metric = leading(outcomes.part(rows), seed=seed) if n else Estimate(None, None, None, 0)
        found.append(Period(name, n, metric, n < FEW_ROWS))
    return found


def leading(part: Outcomes, *, seed: int) -> Estimate:
    """AUC where there is a score, else accuracy, else RMSE; with its interval."""
    if part.score is not None and part.actual is not None:
        return Estimate(*delong(part.actual, part.score), part.n)
    if part.right is not None:
        return rate(int(part.right.sum()), part.n)
    assert part.error is not None
    squares = part.error**2
    value = float(np.sqrt(squares.mean()))
    drawn = np.array([np.sqrt(w @ squares / part.n) for w in resampled_weights(part.n, seed=seed)])
    return Estimate(value, *bounds(value, drawn), part.n)


def trend(found: list[Period]) -> Trend | None:
    """Over the periods with enough rows and an interval; None with fewer than three of them."""
    kept = [
        (
            float(step),
            period.metric.value,
            (period.metric.high - period.metric.low) / (2 * Z),
            float(period.n),
        )
        for step, period in enumerate(found)
        if not period.too_few
        and period.metric.value is not None
        and period.metric.low is not None
        and period.metric.high is not None
    ]
    if len(kept) < FEWEST_PERIODS:
        return None
    # Not the inverse variance: a period that is perfect by luck has next to none, and would decide alone.
    x, y, errors, weights = np.array(kept).T
    pull = weights * (x - weights @ x / weights.sum())
    spread = float(pull @ x)
    slope = float(pull @ y) / spread
    half = Z * float(np.sqrt((pull * errors) @ (pull * errors))) / spread
    p = float(kendalltau(x, y).pvalue)
    n = sum(period.n for period in found)
    return Trend(Estimate(slope, slope - half, slope + half, n), p if np.isfinite(p) else None)
