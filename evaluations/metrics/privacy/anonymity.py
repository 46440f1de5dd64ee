"""How far people hide among others: k-anonymity, l-diversity, t-closeness and uniqueness of a data set's rows.

Sources: Sweeney (2002), IJUFKS 10, 557-570 (k); Machanavajjhala et al. (2007), ACM TKDD 1, 3 (l); Li, Li and
Venkatasubramanian (2007), ICDE, 106-115 (t). Results hold sizes and names of columns, never a row.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.closed_form import wilson
from evaluations.metrics.data_quality.rows import row_hashes
from evaluations.metrics.groups import text_of
from evaluations.metrics.values import CannotMeasure, Check, Column, Estimate, Floats, Ints, Measured, Table

LIKE_PEOPLE = re.compile(
    r"age|sex|gender|race|ethnic|birth|born|zip|post|city|town|county|state|region|country|nation|marital|"
    r"relig|education|occupation|job|relationship|language|disab",
    re.IGNORECASE,
)
MOST_VALUES = 100
SIZES = ((1, 1), (2, 2), (3, 4), (5, 9), (10, 49), (50, None))
LEAST_K, LEAST_L, MOST_T, SMALL = 5, 2, 0.5, 5
CONVENTIONS = {
    "k_anonymity": "The fewest rows that share all quasi-identifiers, as they are written in the data; a missing value "
    "is a value. No interval: it is a property of this data set.",
    "l_diversity": "The fewest different confidential values among rows that share all quasi-identifiers.",
    "t_closeness": "The largest distance between the confidential values of such rows and those of all: half the sum "
    "of differences for words, the ordered distance for numbers.",
    "unique_share": "Rows whose quasi-identifiers no other row shares. Wilson 95% interval.",
    "small_cell_share": f"Rows that share their quasi-identifiers with fewer than {SMALL - 1} others. Wilson 95% "
    "interval.",
    "disclosed_share": "Rows whose quasi-identifiers fix the confidential value, because all who share them share it. "
    "Wilson 95% interval.",
}


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows that share all quasi-identifiers: a cell for each row, shape (n,), and the size of each cell."""

    of_row: Ints
    sizes: Ints

    @property
    def row_sizes(self) -> Ints:
        """The size of each row's cell, shape (n,)."""
        found: Ints = self.sizes[self.of_row]
        return found


def likely_identifiers(rows: pd.DataFrame, sensitive: Sequence[str], outputs: Sequence[str]) -> list[str]:
    """The sensitive columns, and those with few values whose names are like what is known about people."""
    found = list(sensitive)
    for name in rows.columns:
        if name in found or name in outputs or not LIKE_PEOPLE.search(str(name)):
            continue
        if rows[name].nunique(dropna=False) <= MOST_VALUES:
            found.append(str(name))
    return found


def cells_of(rows: pd.DataFrame, columns: Sequence[str]) -> Cells:
    """The rows sorted into cells."""
    _, of_row, sizes = np.unique(row_hashes(rows, columns), return_inverse=True, return_counts=True)
    return Cells(of_row.astype(np.int64), sizes.astype(np.int64))


def anonymity(
    rows: pd.DataFrame, columns: Sequence[str], confidential: Sequence[str], *, least_k: int = LEAST_K
) -> Measured:
    """Figures, cell sizes and what each quasi-identifier adds. Raises CannotMeasure without rows or columns."""
    if rows.empty:
        raise CannotMeasure("The data set has no rows.")
    if not columns:
        raise CannotMeasure(
            "No column is like what is known about people. Name them in the setting quasi_identifiers."
        )
    n, cells = len(rows), cells_of(rows, columns)
    sizes = cells.row_sizes
    overall = {
        "k_anonymity": Estimate(float(cells.sizes.min()), None, None, n),
        "unique_share": _share(int((sizes == 1).sum()), n),
        "small_cell_share": _share(int((sizes < SMALL).sum()), n),
    }
    spread = [(name, *_spread(rows[name], cells)) for name in confidential]
    least = min((diversity for _, diversity, _, _ in spread), default=None)
    farthest = max((distance for _, _, distance, _ in spread), default=None)
    disclosed = max((fixed for _, _, _, fixed in spread), default=None)
    nothing = Estimate(None, None, None, n)
    overall["l_diversity"] = nothing if least is None else Estimate(float(least), None, None, n)
    overall["t_closeness"] = nothing if farthest is None else Estimate(farthest, None, None, n)
    overall["disclosed_share"] = nothing if disclosed is None else _share(disclosed, n)
    notes = [f"Quasi-identifiers: {', '.join(columns)}."]
    notes.append(
        f"Confidential: {', '.join(confidential)}." if confidential else "No column is named as confidential."
    )
    tables = [_by_size(cells), _by_column(rows, columns, cells)]
    if spread:
        tables.append(_by_confidential(spread, n))
    return Measured(overall, CONVENTIONS, tables=tables, checks=_checks(overall, least_k), notes=notes)


def _share(hits: int, n: int) -> Estimate:
    return Estimate(hits / n if n else None, *wilson(hits, n), n)


def _spread(column: "pd.Series[str]", cells: Cells) -> tuple[int, float, int]:
    """Fewest different values of a cell, largest distance of a cell from all rows, rows whose value is fixed."""
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    if numeric:
        places, distinct = pd.factorize(column, sort=True)
    else:
        places, distinct = pd.factorize(column.map(text_of, na_action="ignore"))
    codes = np.where(np.asarray(places) < 0, len(distinct), np.asarray(places)).astype(np.int64)
    _, codes = np.unique(codes, return_inverse=True)
    width = int(codes.max()) + 1
    pairs, counts = np.unique(cells.of_row * width + codes, return_counts=True)
    cell, value = pairs // width, pairs % width
    diversity = np.bincount(cell, minlength=len(cells.sizes))
    whole = np.bincount(codes, minlength=width) / len(codes)
    fixed = int(cells.sizes[diversity == 1].sum())
    return (
        int(diversity.min()),
        _farthest(cell, value, counts / cells.sizes[cell], whole, ordered=numeric),
        fixed,
    )


def _farthest(cell: Ints, value: Ints, share: Floats, whole: Floats, *, ordered: bool) -> float:
    """The largest earth mover's distance of a cell's values from all rows', cell by cell; `cell` is sorted."""
    if len(whole) < 2:
        return 0.0
    farthest = 0.0
    edges = np.flatnonzero(np.diff(cell)) + 1
    for values, shares in zip(np.split(value, edges), np.split(share, edges), strict=True):
        if ordered:
            here = np.zeros(len(whole))
            here[values] = shares
            distance = float(np.abs(np.cumsum(here - whole)).sum() / (len(whole) - 1))
        else:
            distance = float(np.maximum(shares - whole[values], 0).sum())  # half the sum of all differences
        farthest = max(farthest, distance)
    return farthest


def _by_size(cells: Cells) -> Table:
    rows = []
    for low, high in SIZES:
        inside = (cells.sizes >= low) & (cells.sizes <= (high or np.inf))
        name = f"{low} and more" if high is None else f"{low}" if low == high else f"{low} to {high}"
        count = int(cells.sizes[inside].sum())
        rows.append([name, int(inside.sum()), count, count / len(cells.of_row)])
    columns = [Column("Rows that share them"), Column("Cells", "count"), Column("Rows", "count")]
    note = "How many rows share all their quasi-identifiers. Few in a cell means that a person can be picked out."
    return Table("cells", "Sizes of cells", note, [*columns, Column("Share", "share")], rows)


def _by_column(rows: pd.DataFrame, columns: Sequence[str], cells: Cells) -> Table:
    n = len(rows)
    unique = float((cells.row_sizes == 1).mean())
    found: list[list[Any]] = []
    for name in columns:
        others = [other for other in columns if other != name]
        without = cells_of(rows, others).row_sizes if others else np.full(n, n)
        left = float((without == 1).mean())
        found.append([name, int(rows[name].nunique(dropna=False)), int(without.min()), left, unique - left])
    found.sort(key=lambda row: -row[4])
    heads = [Column("Quasi-identifier"), Column("Different values", "count"), Column("k without it", "count")]
    heads += [Column("Unique rows without it", "share"), Column("It adds", "share")]
    note = (
        "What each quasi-identifier adds: coarsen or drop the first ones to make people harder to pick out."
    )
    return Table("identifiers", "Quasi-identifiers", note, heads, found)


def _by_confidential(spread: Sequence[tuple[str, int, float, int]], n: int) -> Table:
    rows = [[name, diversity, distance, fixed / n] for name, diversity, distance, fixed in spread]
    columns = [Column("Confidential"), Column("l", "count"), Column("t", "number")]
    note = "How far the quasi-identifiers give a confidential value away: few different ones, or far from all rows'."
    heads = [*columns, Column("Rows whose value is fixed", "share")]
    return Table("confidential", "Confidential values", note, heads, rows)


def _checks(overall: dict[str, Estimate], least_k: int) -> list[Check]:
    k, diversity, t = (overall[name].value for name in ("k_anonymity", "l_diversity", "t_closeness"))
    unique = overall["unique_share"].value or 0.0
    said = f"The smallest cell has {k:,.0f} rows; at least {least_k} is asked. {unique:.1%} of the rows are alone."
    found = [Check("privacy.k", "Nobody stands out", (k or 0) >= least_k, said)]
    title = "Cells hold different confidential values"
    if diversity is None or t is None:
        return [*found, Check("privacy.l", title, None, "No column is named as confidential.")]
    said = f"The least diverse cell holds {diversity:,.0f} different values; at least {LEAST_L} is asked."
    found.append(Check("privacy.l", title, diversity >= LEAST_L, said))
    said = f"The farthest cell is {t:.3f} away from all rows; at most {MOST_T} is asked."
    return [*found, Check("privacy.t", "Cells are like all rows", t <= MOST_T, said)]
