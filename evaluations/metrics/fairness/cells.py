"""Counts of rows by group, label and prediction: all that the group metrics of a classifier rest on.

Counts of parts of the data add up to those of the whole, wherever the parts were counted: in numpy, in a database,
on another machine.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluations.metrics.groups import NOT_STATED, Coded, in_order, is_missing, text_of
from evaluations.metrics.values import CannotMeasure, Floats, Ints

BINARY = ("0", "1")
"""Classes of a binary classification: not positive, positive."""
DRAWS = 1_000
"""Data sets that a bootstrap draws."""
DENSE = 4_000_000
"""Up to so many possible cells are counted in one array; beyond, only those that occur."""

SHORT = 2**15

Key = tuple[str, ...]
Numbers = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class GroupCells:
    """How many rows each group has of each label and prediction.

    `columns` are the sensitive columns; `groups` their values together, of those groups that have rows; `classes` the
    labels. `counts`, shape (groups, classes, classes), is indexed group × label × prediction: integers, or the sums of
    the rows' weights. `left_out` counts rows without a label or a prediction.
    """

    columns: Key
    groups: tuple[Key, ...]
    classes: Key
    counts: Numbers
    left_out: int = 0

    @classmethod
    def from_mapping(
        cls, columns: Sequence[str], counts: Mapping[tuple[Any, ...], float], classes: Sequence[str] = BINARY
    ) -> "GroupCells":
        """From {(a value for each column, label, prediction): count}.

        Labels and predictions are classes, or False/True and 0/1 for binary. Missing values (None, NaN) of a column are
        "Not stated"; a missing label or prediction is left out and counted. Columns of numbers must come as the groups
        that they belong to (`band_of`). Raises CannotMeasure for a class that is not known and a count below 0.
        """
        place = {name: index for index, name in enumerate(classes)}
        cells: dict[Key, Numbers] = {}
        left_out = 0.0
        whole = all(isinstance(count, int | np.integer) for count in counts.values())
        for key, count in counts.items():
            *values, label, prediction = key
            if len(values) != len(columns) or not count >= 0:
                raise CannotMeasure(f"No count of rows by {', '.join(columns)}, label and prediction: {key}.")
            if is_missing(label) or is_missing(prediction):
                left_out += count
                continue
            group = tuple(NOT_STATED if is_missing(value) else text_of(value) for value in values)
            table = cells.setdefault(group, np.zeros((len(classes),) * 2, np.int64 if whole else np.float64))
            table[_class(place, label), _class(place, prediction)] += count
        found = _sorted({group: table for group, table in cells.items() if table.any()})
        stacked = _stacked([cells[group] for group in found], len(classes))
        return cls(tuple(columns), tuple(found), tuple(classes), stacked, int(left_out))

    @classmethod
    def from_codes(
        cls,
        columns: Mapping[str, Coded],
        label: Numbers,
        prediction: Numbers,
        classes: Sequence[str] = BINARY,
        weights: Floats | None = None,
    ) -> "GroupCells":
        """From a code for each row: `label` and `prediction`, shape (n,), are places in `classes` (bools for binary).

        Negative ones are missing: their rows are left out and counted. Each row counts once, or with its weight.
        """
        size = len(classes)
        sizes = [len(found.levels) for found in columns.values()]
        places, inside = _cells(columns, label, prediction, size)
        if inside is not None:
            weights = None if weights is None else weights[inside]
        possible = prod(sizes) * size * size
        if possible <= DENSE:
            flat = np.bincount(places, weights, minlength=possible).reshape(prod(sizes), size, size)
            occur: Ints = np.flatnonzero(flat.any(axis=(1, 2)))
            counts = flat[occur]
        else:
            occur, counts = _sparse(places, weights, size)
        levels = [found.levels for found in columns.values()]
        unravelled = np.unravel_index(occur, sizes) if sizes else ()
        groups = tuple(
            tuple(names[place] for names, place in zip(levels, key, strict=True))
            for key in zip(*unravelled, strict=True)
        )
        missing = 0 if inside is None else int((~inside).sum())
        return cls(tuple(columns), groups if sizes else ((),) * len(counts), tuple(classes), counts, missing)

    def __add__(self, other: "GroupCells") -> "GroupCells":
        """Counts of both; the same columns and classes are needed."""
        if (self.columns, self.classes) != (other.columns, other.classes):
            raise CannotMeasure(
                f"Counts by {', '.join(self.columns)} and by {', '.join(other.columns)} do not add up."
            )
        cells = dict(zip(self.groups, self.counts, strict=True))
        for group, table in zip(other.groups, other.counts, strict=True):
            cells[group] = cells[group] + table if group in cells else table
        found = _sorted(cells)
        counts = _stacked([cells[group] for group in found], len(self.classes))
        return GroupCells(self.columns, tuple(found), self.classes, counts, self.left_out + other.left_out)

    def over(self, columns: Sequence[str]) -> "GroupCells":
        """The same rows by fewer columns, or by none."""
        kept = [self.columns.index(column) for column in columns]
        parts = [tuple(group[place] for place in kept) for group in self.groups]
        found = _sorted(set(parts))
        place_of = {group: place for place, group in enumerate(found)}
        counts = np.zeros((len(found), *self.counts.shape[1:]), self.counts.dtype)
        np.add.at(counts, [place_of[part] for part in parts], self.counts)
        return GroupCells(tuple(columns), tuple(found), self.classes, counts, self.left_out)

    @property
    def sizes(self) -> Numbers:
        """Rows of each group, shape (groups,)."""
        return np.asarray(self.counts.sum(axis=(1, 2)))

    def resampled(self, draws: int, *, seed: int) -> Ints:
        """Counts of so many data sets of the same size drawn from these rows, shape (draws, groups, classes, classes).

        A bootstrap of rows draws the counts of the cells from a multinomial distribution: Efron and Tibshirani (1993),
        chapter 6. Weights are rounded to whole rows.
        """
        flat = np.round(self.counts.reshape(-1)).astype(np.int64)
        occur = np.flatnonzero(flat)
        drawn = np.zeros((draws, len(flat)), dtype=np.int64)
        n = int(flat.sum())
        if n:
            chances = flat[occur] / n
            drawn[:, occur] = np.random.default_rng(seed).multinomial(n, chances, size=draws)
        return drawn.reshape(draws, *self.counts.shape)


def _cells(
    columns: Mapping[str, Coded], label: Numbers, prediction: Numbers, size: int
) -> tuple[Ints, NDArray[np.bool_] | None]:
    """The place of each row's cell, and which rows are in (None: all)."""
    possible = prod(len(found.levels) for found in columns.values()) * size * size
    places: Ints = np.zeros(
        len(label), dtype=np.int16 if possible < SHORT else np.int64
    )  # short ones are quick
    for found in columns.values():
        places *= len(found.levels)
        places += found.small
    for answers in (label, prediction):
        places *= size
        np.add(places, answers, out=places, casting="unsafe")
    if label.dtype == np.bool_ and prediction.dtype == np.bool_:
        return places, None
    inside = (label >= 0) & (prediction >= 0)
    return (places, None) if inside.all() else (places[inside], inside)


def _sparse(places: Ints, weights: Floats | None, size: int) -> tuple[Ints, Numbers]:
    """Groups that occur, and their counts, shape (groups, size, size)."""
    cells, back = np.unique(places, return_inverse=True)
    sums = np.bincount(back, weights, minlength=len(cells))
    groups, row = np.unique(cells // (size * size), return_inverse=True)
    counts = np.zeros((len(groups), size * size), sums.dtype)
    counts[row, cells % (size * size)] = sums
    return groups, counts.reshape(-1, size, size)


def _class(place: Mapping[str, int], value: Any) -> int:
    text = BINARY[bool(value)] if isinstance(value, bool | np.bool_) else text_of(value)
    if text not in place:
        raise CannotMeasure(f"{text} is none of the classes {', '.join(place)}.")
    return place[text]


def _sorted(groups: Iterable[Key]) -> list[Key]:
    """Each column's values in a readable order; the first column changes slowest."""
    given = list(groups)
    ranks: list[Callable[[str], int]] = []
    for values in zip(*given, strict=True):
        ranks.append({level: rank for rank, level in enumerate(in_order(set(values)))}.__getitem__)
    return sorted(given, key=lambda group: [rank(value) for rank, value in zip(ranks, group, strict=True)])


def _stacked(tables: Sequence[Numbers], size: int) -> Numbers:
    return np.stack(tables) if tables else np.zeros((0, size, size), dtype=np.int64)
