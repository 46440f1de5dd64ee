"""The values that a measurement is made of, and how they become JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

SIGNIFICANT_DIGITS = 10
"""Results are digested, so digits that differ between processors are not kept."""


FEW_ROWS = 30
"""Groups smaller than this are shown and not judged."""


class CannotMeasure(ValueError):
    """The data does not allow the measurement. The text is a sentence for the person who asked for it."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number, its 95% interval, and how many rows it rests on. None: it could not be computed."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Group:
    """What was measured in one group of rows: `by` names the columns and their values."""

    by: Mapping[str, str]
    n: int
    metrics: Mapping[str, Estimate]
    reference: bool = False
    too_few: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column: what it is called, and how its values are shown."""

    label: str
    kind: Literal["text", "number", "count", "share", "p", "interval"] = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Figures that need a table of their own. Values are text, numbers or None; an interval is (low, high)."""

    id: str
    title: str
    note: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Check:
    """Something that holds or does not: None where it could not be told. `said` is a sentence with the figures."""

    id: str
    title: str
    passed: bool | None
    said: str
    about: str = ""  # a column, a group, a file


@dataclass(frozen=True, slots=True)
class Measured:
    """All that one evaluation found."""

    overall: Mapping[str, Estimate]
    conventions: Mapping[str, str]
    groups: Sequence[Group] = ()
    curves: Mapping[str, Any] = field(default_factory=dict)
    explanations: Mapping[str, Any] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    checks: Sequence[Check] = ()
    notes: Sequence[str] = ()  # sentences that a reader must know before the figures

    def noted(self, *, conventions: Mapping[str, str] | None = None, notes: Sequence[str] = ()) -> "Measured":
        """The same with more said about it."""
        said = {**self.conventions, **(conventions or {})}
        return replace(self, conventions=said, notes=(*self.notes, *notes))

    def as_json(self) -> dict[str, Any]:
        """Only finite floats, integers, text and None."""
        return {
            "overall": {name: _estimate(found) for name, found in self.overall.items()},
            "groups": [_group(group) for group in self.groups],
            "curves": plain(self.curves),
            "explanations": plain(self.explanations),
            "conventions": dict(self.conventions),
            "tables": [_table(table) for table in self.tables],
            "checks": [asdict(check) for check in self.checks],
            "notes": list(self.notes),
        }


def together(parts: Sequence[Measured]) -> Measured:
    """One result out of several; where two name the same, the later one counts."""
    return Measured(
        overall={name: found for part in parts for name, found in part.overall.items()},
        conventions={name: said for part in parts for name, said in part.conventions.items()},
        groups=[group for part in parts for group in part.groups],
        curves={name: drawn for part in parts for name, drawn in part.curves.items()},
        explanations={name: found for part in parts for name, found in part.explanations.items()},
        tables=[table for part in parts for table in part.tables],
        checks=[check for part in parts for check in part.checks],
        notes=[note for part in parts for note in part.notes],
    )


def slice_of(
    column: str, value: str, n: int, metrics: Mapping[str, Estimate], min_n: int = FEW_ROWS
) -> Group:
    """A group without a reference: the rows where the column has the value."""
    return Group({column: value}, n, metrics, too_few=n < min_n)


def _estimate(found: Estimate) -> dict[str, Any]:
    return {
        "value": number(found.value),
        "low": number(found.low),
        "high": number(found.high),
        "n": int(found.n),
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "by": dict(group.by),
        "n": int(group.n),
        "metrics": {name: _estimate(found) for name, found in group.metrics.items()},
        "reference": group.reference,
        "too_few": group.too_few,
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "id": table.id,
        "title": table.title,
        "note": table.note,
        "columns": [asdict(column) for column in table.columns],
        "rows": plain(table.rows),
    }


def number(value: Any, digits: int = SIGNIFICANT_DIGITS) -> float | None:
    """A finite float with so many significant digits; None for what is missing, infinite or not a number."""
    if value is None:
        return None
    given = float(value)
    if not math.isfinite(given):
        return None
    return float(f"{given:.{digits}g}") + 0.0  # + 0.0 turns -0.0 into 0.0


def plain(value: Any) -> Any:
    """The same value out of JSON's own types."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        return [plain(inner) for inner in value.tolist()]
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    return number(value)
