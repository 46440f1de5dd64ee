"""What must hold between inputs and output: outputs that only rise (or fall) with a column, and columns that must not
matter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.binary import rate
from evaluations.metrics.robustness.answers import Ask, Undisturbed, together
from evaluations.metrics.robustness.features import Feature, with_value
from evaluations.metrics.values import CannotMeasure, Column, Estimate, Floats, Table

ROWS, GRID, SWAPS, EXAMPLES = 500, 9, 8, 5
SLACK = 1e-9
DIRECTIONS = {"increasing": 1.0, "decreasing": -1.0}
MONOTONE_CONVENTION = (
    f"Each sampled row is asked with the column at {GRID} values from its 1st to its 99th percentile, all else as "
    "it is. A row violates where the output moves the wrong way from one value to the next (by more than 1e-9). Wilson "
    "interval."
)
INVARIANT_CONVENTION = (
    f"Each sampled row is asked with the column at each of its values (the {SWAPS} most frequent; "
    "of numbers the deciles), all else as it is. Counted are rows whose decision changes at least once. Wilson."
)


@dataclass(frozen=True, slots=True)
class Relation:
    """What was found of one column: the share of rows that break it, and the size of the worst break."""

    feature: str
    wanted: str
    share: Estimate
    worst: float
    mean: float  # mean |change| of the output over all swaps; of a monotone column, mean of the rows' worst steps


def check_settings(columns: Sequence[str], monotone: Mapping[str, Any], invariant: Sequence[Any]) -> None:
    """Refuse columns that the model does not take and directions that there are not."""
    for name in [*monotone, *invariant]:
        if name not in columns:
            raise CannotMeasure(
                f"The settings name the column {name}, which the model does not take. It takes {', '.join(columns)}."
            )
    for name, direction in monotone.items():
        if direction not in DIRECTIONS:
            raise CannotMeasure(f"The direction of {name} must be increasing or decreasing, not {direction}.")


def monotone(ask: Ask, rows: pd.DataFrame, wanted: Mapping[str, str]) -> tuple[list[Relation], Table]:
    """Rows whose output moves against what is wanted, column by column, with the worst examples."""
    found, examples = [], []
    for name, direction in wanted.items():
        grid = _grid(rows[name])
        asked = together(ask, [with_value(rows, name, value) for value in grid])
        scores = np.column_stack([answers.score for answers in asked])
        wrong = -np.diff(scores, axis=1) * DIRECTIONS[direction]
        worst = wrong.max(axis=1)
        breaks = worst > SLACK
        share = rate(int(breaks.sum()), len(rows))
        found.append(
            Relation(
                name, direction, share, max(float(worst.max()), 0.0), float(np.clip(worst, 0, None).mean())
            )
        )
        for row in np.argsort(-worst, kind="stable")[:EXAMPLES]:
            if breaks[row]:
                examples.append((name, direction, *_example(grid, scores[row], wrong[row])))
    columns = (
        Column("Column"),
        Column("Should be"),
        Column("From", "number"),
        Column("To", "number"),
        Column("Output from", "number"),
        Column("Output to", "number"),
    )
    note = f"At most {EXAMPLES} rows for each column, the largest step the wrong way first; all else as in the row."
    return found, Table("monotone_examples", "Steps the wrong way", note, columns, examples)


def _example(grid: Floats, scores: Floats, wrong: Floats) -> tuple[float, float, float, float]:
    step = int(wrong.argmax())
    return float(grid[step]), float(grid[step + 1]), float(scores[step]), float(scores[step + 1])


def _grid(column: "pd.Series[Any]") -> Floats:
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        raise CannotMeasure(
            f"Column {column.name} is no number, so the output can neither rise nor fall with it."
        )
    known = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = known[np.isfinite(known)]
    if len(known) == 0:
        raise CannotMeasure(
            f"Column {column.name} is empty, so the output can neither rise nor fall with it."
        )
    grid = np.quantile(known, np.linspace(0.01, 0.99, GRID))
    if pd.api.types.is_integer_dtype(column.dtype):
        grid = np.rint(grid)
    grid = np.unique(grid)
    if len(grid) < 2:
        raise CannotMeasure(
            f"Column {column.name} is constant, so the output can neither rise nor fall with it."
        )
    return grid


def invariant(
    ask: Ask, base: Undisturbed, features: Sequence[Feature], names: Sequence[str]
) -> list[Relation]:
    """Rows whose decision changes when only this column does."""
    known = {feature.name: feature for feature in features}
    found = []
    for name in names:
        flipped = np.zeros(len(base.rows), dtype=np.bool_)
        sizes = []
        values = other_values(known[name], base.rows[name])
        for after in (
            together(ask, [with_value(base.rows, name, value) for value in values]) if values else []
        ):
            flipped |= base.flipped(after)
            sizes.append(np.abs(after.score - base.answers.score))
        worst = max((float(size.max()) for size in sizes), default=0.0)
        mean = float(np.mean(sizes)) if sizes else 0.0
        found.append(Relation(name, "without effect", rate(int(flipped.sum()), len(base.rows)), worst, mean))
    return found


def other_values(feature: Feature, column: "pd.Series[Any]") -> list[Any]:
    """What a column is exchanged for: its frequent categories, or a number's deciles."""
    if feature.kind == "category":
        return list(feature.values[:SWAPS])
    if feature.kind == "other":
        return []
    known = column.to_numpy(dtype=np.float64, na_value=np.nan)
    grid = np.quantile(known[np.isfinite(known)], np.linspace(0.1, 0.9, SWAPS))
    return list(np.unique(np.rint(grid) if pd.api.types.is_integer_dtype(column.dtype) else grid))


def table_of(found: Sequence[Relation]) -> Table:
    """Both kinds of relation, one row a column."""
    columns = (
        Column("Column"),
        Column("Should be"),
        Column("Rows that break it", "share"),
        Column("95% interval", "interval"),
        Column("Worst change of output", "number"),
        Column("Mean change", "number"),
    )
    rows = [(r.feature, r.wanted, r.share.value, (r.share.low, r.share.high), r.worst, r.mean) for r in found]
    note = f"{MONOTONE_CONVENTION} {INVARIANT_CONVENTION}"
    return Table("relations", "Monotone and invariant columns", note, columns, rows)
