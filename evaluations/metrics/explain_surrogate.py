"""A shallow tree that imitates the model, how well it does, and its rules in words.

Fitted on one half of the rows and judged on the other. Craven and Shavlik (1996), NIPS 8, call it fidelity.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from evaluations.metrics import bootstrap
from evaluations.metrics.closed_form import wilson
from evaluations.metrics.explain_columns import is_number, levels, said
from evaluations.metrics.groups import is_missing
from evaluations.metrics.values import Bools, Estimate, Floats, Ints

DEPTH, MOST_LEVELS = 3, 10
HELD_BACK = "a value that is held back"

Path = list[tuple[int, bool, float, bool]]
"""The questions that lead to a leaf: input, whether it is at most the threshold, the threshold, and whether missing
values go that way."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A leaf: its conditions in words, the share of the judged rows in it, and what the tree says there."""

    words: str
    share: float
    value: float | None
    label: int | None


@dataclass(frozen=True, slots=True)
class Surrogate:
    """The tree's fidelity to the model (not to the truth), on rows that it was not fitted on."""

    r2: Estimate | None
    agreement: Estimate | None
    rules: list[Rule]


@dataclass(frozen=True, slots=True)
class _Input:
    name: str
    level: Any = None
    is_level: bool = False


def surrogate(
    rows: pd.DataFrame,
    output: Floats | None,
    decided: Ints | None,
    *,
    seed: int,
    hidden: Collection[str] = (),
) -> Surrogate:
    """Imitate the explained output, shape (n,), or where it is None (several classes) the decided class, shape (n,).

    Values of `hidden` columns stay out of the rules.
    """
    inputs, table = _inputs(rows)
    order = np.random.default_rng(seed).permutation(len(rows))
    fitted, judged = order[: len(order) // 2], order[len(order) // 2 :]
    leaf = max(5, len(fitted) // 50)
    if output is not None:
        tree: Any = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=leaf, random_state=0)
        tree.fit(table[fitted], output[fitted])
    else:
        tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=leaf, random_state=0)
        tree.fit(table[fitted], decided[fitted] if decided is not None else None)
    labels = None if decided is None else _labels(tree.apply(table[fitted]), decided[fitted])
    leaves = tree.apply(table[judged])
    return Surrogate(
        None if output is None else _r2(output[judged], tree.predict(table[judged]), seed=seed),
        None if decided is None or labels is None else _agreement(leaves, labels, decided[judged]),
        _rules(tree, inputs, rows, leaves, labels, hidden, has_value=output is not None),
    )


def _inputs(rows: pd.DataFrame) -> tuple[list[_Input], Floats]:
    """Numbers as they are; of the rest a column of 0 and 1 for each common value."""
    inputs, columns = [], []
    for name in rows.columns:
        if is_number(rows[name]):
            inputs.append(_Input(str(name)))
            numbers = rows[name].to_numpy(dtype=np.float64)
            columns.append(np.where(np.isfinite(numbers), numbers, np.nan))
            continue
        held = [None if is_missing(value) else value for value in rows[name]]
        for level in levels(rows[name], MOST_LEVELS):
            inputs.append(_Input(str(name), level, is_level=True))
            columns.append(np.array([value == level for value in held], dtype=np.float64))
    return inputs, np.column_stack(columns)


def _labels(leaves: Ints, decided: Ints) -> dict[int, int]:
    """The class that the model decides most often in each leaf."""
    return {int(leaf): int(np.bincount(decided[leaves == leaf]).argmax()) for leaf in np.unique(leaves)}


def _agreement(leaves: Ints, labels: dict[int, int], decided: Ints) -> Estimate:
    same = int(sum(labels[int(leaf)] == one for leaf, one in zip(leaves, decided, strict=True)))
    n = len(decided)
    return Estimate(same / n, *wilson(same, n), n) if n else Estimate(None, None, None, 0)


def _r2(output: Floats, imitated: Floats, *, seed: int) -> Estimate:
    n = len(output)
    errors = (output - imitated) ** 2
    if n < 2 or np.ptp(output) < 1e-12:
        return Estimate(None, None, None, n)
    value = 1 - float(errors.sum() / ((output - output.mean()) ** 2).sum())
    drawn = []
    for weights in bootstrap.resampled_weights(n, seed=seed):
        mean = weights @ output / n
        drawn.append(1 - float(weights @ errors) / max(float(weights @ (output - mean) ** 2), 1e-300))
    low, high = bootstrap.bounds(value, np.array(drawn))
    return Estimate(value, low, high, n)


def _rules(
    tree: Any,
    inputs: Sequence[_Input],
    rows: pd.DataFrame,
    leaves: Ints,
    labels: dict[int, int] | None,
    hidden: Collection[str],
    *,
    has_value: bool,
) -> list[Rule]:
    """Every leaf, those with the highest value (or the most rows) first."""
    found = []
    for leaf, path in _paths(tree.tree_):
        here: Bools = leaves == leaf
        words = _words(path, inputs, rows, hidden)
        value = float(tree.tree_.value[leaf].reshape(-1)[0]) if has_value else None
        share = float(here.mean()) if len(here) else 0.0
        found.append(Rule(words, share, value, None if labels is None else labels.get(leaf)))
    return sorted(found, key=lambda rule: (-(rule.value or 0.0), -rule.share, rule.words))


def _paths(tree: Any) -> list[tuple[int, Path]]:
    """Each leaf with the way to it."""
    found: list[tuple[int, Path]] = []
    waiting: list[tuple[int, Path]] = [(0, [])]
    while waiting:
        node, path = waiting.pop()
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        if left < 0:
            found.append((node, path))
            continue
        asked, threshold = int(tree.feature[node]), float(tree.threshold[node])
        to_left = bool(tree.missing_go_to_left[node])
        waiting.append((right, [*path, (asked, False, threshold, not to_left)]))
        waiting.append((left, [*path, (asked, True, threshold, to_left)]))
    return found


def _words(
    path: Path,
    inputs: Sequence[_Input],
    rows: pd.DataFrame,
    hidden: Collection[str],
) -> str:
    """The conditions as a sentence; several bounds of one column as one."""
    bounds: dict[str, tuple[float, float]] = {}
    missing: dict[str, bool] = {}
    parts: dict[str, list[str]] = {}
    for asked, is_left, threshold, takes_missing in path:
        given = inputs[asked]
        if given.is_level:
            level = HELD_BACK if given.name in hidden else said(given.level)
            parts.setdefault(given.name, []).append(f"{given.name} is {'not ' if is_left else ''}{level}")
            continue
        parts.setdefault(given.name, [])
        low, high = bounds.get(given.name, (-math.inf, math.inf))
        bounds[given.name] = (low, min(high, threshold)) if is_left else (max(low, threshold), high)
        missing[given.name] = missing.get(given.name, True) and takes_missing
    for name, (low, high) in bounds.items():
        holds = bool(rows[name].isna().any()) and missing[name]
        parts[name] = [
            _bounds(name, low, high, rows[name], name in hidden) + (" (or missing)" if holds else "")
        ]
    return " and ".join(part for named in parts.values() for part in named) or "every row"


def _bounds(name: str, low: float, high: float, column: "pd.Series[Any]", is_hidden: bool) -> str:
    whole = column.dtype.kind in "iu"
    below, above = (
        HELD_BACK if is_hidden else f"{math.floor(bound):,}" if whole else f"{bound:,.4g}"
        for bound in (low if math.isfinite(low) else 0, high if math.isfinite(high) else 0)
    )
    if math.isinf(low):
        return f"{name} at most {above}"
    if math.isinf(high):
        return f"{name} above {below}"
    return f"{name} above {below} and at most {above}"
