"""Accumulated local effects (ALE) of a feature, and what the output of single rows would be (ICE).

ALE: Apley and Zhu (2020), JRSS B 82, 1059-1086: how the output changes, on average over the rows that lie there, when
only this feature moves to the end of its interval; summed up and centred on the mean row. Unlike partial dependence it
asks the model nothing about rows that cannot exist. ICE: Goldstein et al. (2015), JCGS 24, 44-65, centred likewise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.closed_form import Z
from evaluations.metrics.explain_columns import Coding, changed, is_number, levels, said
from evaluations.metrics.explain_output import Answers
from evaluations.metrics.groups import is_missing
from evaluations.metrics.values import Floats, Ints

INTERVALS = 20
MOST_LEVELS = 10
ICE_ROWS = 30


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of one feature at each of its places, in the output's unit; intervals are pointwise 95%.

    `grid` holds numbers or, where the feature has no order, names of its values. `ice` has one line a row, shape
    (rows, places). `n` rows have a value there; `left_out` have none, or a rare one.
    """

    name: str
    ordered: bool
    grid: list[Any]
    value: Floats
    low: Floats
    high: Floats
    ice: Floats
    n: int
    left_out: int

    @property
    def reach(self) -> float:
        """From the lowest to the highest effect."""
        return float(np.ptp(self.value))


def effect_of(answers: Answers, rows: pd.DataFrame, name: str, *, seed: int) -> Effect | None:
    """None where the feature has one value only, so that nothing can move it."""
    if is_number(rows[name]):
        return _ordered(answers, rows, name, seed)
    return _unordered(answers, rows, name, seed)


def _ordered(answers: Answers, rows: pd.DataFrame, name: str, seed: int) -> Effect | None:
    numbers = rows[name].to_numpy(dtype=np.float64)
    known = np.isfinite(numbers)
    rows, numbers = rows[known].reset_index(drop=True), numbers[known]
    edges = edges_of(numbers)
    if len(edges) < 2:
        return None
    place = np.clip(np.searchsorted(edges, numbers, side="left"), 1, len(edges) - 1)
    steps = _steps(answers, rows, name, edges[place - 1].tolist(), edges[place].tolist())
    counts, means, errors = _by_place(place - 1, steps, len(edges) - 1)
    path, low, high = _centred(means, errors, counts)
    lines = _ice(answers, rows, name, edges.tolist(), seed)
    middles = (lines[:, 1:] + lines[:, :-1]) / 2 @ counts / counts.sum()
    return Effect(
        name, True, edges.tolist(), path, low, high, lines - middles[:, None], len(rows), int((~known).sum())
    )


def edges_of(numbers: Floats, intervals: int = INTERVALS) -> Floats:
    """Values of the data that cut it into so many parts of about the same size, rising, the ends included."""
    if len(numbers) == 0:
        return np.empty(0)
    return np.unique(np.quantile(numbers, np.linspace(0, 1, intervals + 1), method="inverted_cdf"))


def _centred(means: Floats, errors: Floats, counts: Floats) -> tuple[Floats, Floats, Floats]:
    """The summed steps less their mean over the rows, with pointwise 95% intervals.

    The steps of different intervals rest on different rows, so their variances add up, each with the square of its
    weight in the centred sum. Shapes (places,).
    """
    size = len(means)
    before = np.tril(np.ones((size + 1, size)), -1)  # the steps that lead to each place
    weights = (before[1:] + before[:-1]) / 2
    centred = before - (counts @ weights / counts.sum())[None, :]
    path = centred @ means
    half = Z * np.sqrt(centred**2 @ errors**2)
    return path, path - half, path + half


def _steps(answers: Answers, rows: pd.DataFrame, name: str, start: list[Any], end: list[Any]) -> Floats:
    both = pd.concat([changed(rows, name, start), changed(rows, name, end)], ignore_index=True)
    found = answers(both)
    return np.asarray(found[len(rows) :] - found[: len(rows)])


def _by_place(place: Ints, steps: Floats, size: int) -> tuple[Floats, Floats, Floats]:
    """Rows, mean step and its standard error in each interval. One row alone has the spread of all."""
    counts = np.bincount(place, minlength=size).astype(np.float64)
    held = np.maximum(counts, 1)
    means = np.bincount(place, weights=steps, minlength=size) / held
    squares = np.bincount(place, weights=(steps - means[place]) ** 2, minlength=size)
    spread = np.where(counts > 1, squares / np.maximum(counts - 1, 1), squares.sum() / max(len(steps) - 1, 1))
    return counts, means, np.sqrt(spread / held)


def _ice(answers: Answers, rows: pd.DataFrame, name: str, grid: Sequence[Any], seed: int) -> Floats:
    picked = np.random.default_rng(seed).permutation(len(rows))[:ICE_ROWS]
    few = rows.iloc[picked].reset_index(drop=True)
    moved = pd.concat([changed(few, name, value) for value in grid], ignore_index=True)
    return np.asarray(answers(moved).reshape(len(grid), len(few)).T)


def _unordered(answers: Answers, rows: pd.DataFrame, name: str, seed: int) -> Effect | None:
    """Values without an order are taken in the order in which the other features resemble each other."""
    common = levels(rows[name], MOST_LEVELS)
    if len(common) < 2:
        return None
    place_of = {value: place for place, value in enumerate(common)}
    found = np.array([place_of.get(None if is_missing(value) else value, -1) for value in rows[name]])
    kept = found >= 0
    rows, found = rows[kept].reset_index(drop=True), found[kept]
    order = similar_order(rows.drop(columns=name), found)
    common = [common[place] for place in order]
    rank = np.argsort(order)[found]
    path, low, high = _walk(answers, rows, name, common, rank)
    shares = np.bincount(rank, minlength=len(common)) / len(rank)
    lines = _ice(answers, rows, name, common, seed)
    lines = lines - (lines @ shares)[:, None]
    return Effect(
        name, False, [said(value) for value in common], path, low, high, lines, len(rows), int((~kept).sum())
    )


def _walk(
    answers: Answers, rows: pd.DataFrame, name: str, ordered: list[Any], rank: Ints
) -> tuple[Floats, Floats, Floats]:
    """From each value to the next, by the rows of both; centred on the mean row, with intervals."""
    size = len(ordered)
    up, down = rank < size - 1, rank > 0
    start = [*(ordered[place] for place in rank[up]), *(ordered[place - 1] for place in rank[down])]
    end = [*(ordered[place + 1] for place in rank[up]), *(ordered[place] for place in rank[down])]
    moved = pd.concat([rows[up], rows[down]], ignore_index=True)
    steps = _steps(answers, moved, name, start, end)
    _, means, errors = _by_place(np.concatenate([rank[up], rank[down] - 1]), steps, size - 1)
    shares = np.bincount(rank, minlength=size) / len(rank)
    before = np.tril(np.ones((size, size - 1)), -1)
    centred = before - (shares @ before)[None, :]
    path, half = centred @ means, Z * np.sqrt(centred**2 @ errors**2)
    return path, path - half, path + half


def similar_order(others: pd.DataFrame, found: Ints) -> Ints:
    """Places of a feature's values (`found` has each row's) on a line on which those stand close
    together whose rows are alike in other features.

    Distances: the Kolmogorov-Smirnov distance of numbers, half the total variation of the rest, summed over features;
    laid on a line by classical scaling, as in Apley and Zhu's ALEPlot.
    """
    size = int(found.max()) + 1
    far = np.zeros((size, size))
    codes = Coding(others).encode(others)
    for place, name in enumerate(others.columns):
        cumulated = is_number(others[name])
        shares = _shares(codes[:, place], found, size, cumulated=cumulated)
        gaps = np.abs(shares[:, None, :] - shares[None, :, :])
        far += gaps.max(axis=2) if cumulated else gaps.sum(axis=2) / 2
    middle = np.eye(size) - 1 / size
    _, vectors = np.linalg.eigh(-middle @ (far**2) @ middle / 2)
    line = np.round(vectors[:, -1], 9)
    line = line * (np.sign(line[np.abs(line).argmax()]) or 1)
    return np.argsort(line, kind="stable")


def _shares(column: Floats, found: Ints, size: int, *, cumulated: bool) -> Floats:
    """For each value of the feature, how the other column is spread; shape (values, different numbers)."""
    column = np.nan_to_num(column, nan=-np.inf, neginf=-np.inf)
    kept = np.unique(column)
    if len(kept) > 200:
        kept = np.unique(np.quantile(column, np.linspace(0, 1, 200), method="inverted_cdf"))
    place = np.minimum(np.searchsorted(kept, column), len(kept) - 1)
    counts = np.zeros((size, len(kept)))
    np.add.at(counts, (found, place), 1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    return np.asarray(shares.cumsum(axis=1) if cumulated else shares)
