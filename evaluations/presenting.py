"""A result as its page and the report show it: figures with their meaning, checks, tables with written-out cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy.metrics import METRICS, OF_KIND, label_of

MANY_ROWS = 15
ROUNDING_ERROR = 1e-12  # what floating point leaves of nothing
BETTER = {
    "higher": "Higher is better.",
    "lower": "Lower is better.",
    "zero": "Nearer to 0 is better.",
    "one": "Nearer to 1 is better.",
    "neither": "",
}
NOTHING = "–"
MINUS = "\u2212"


@dataclass(frozen=True)
class Figure:
    """One figure in words."""

    name: str
    label: str
    value: str
    interval: str
    exact: str  # with more digits, for those who compare
    meaning: str
    convention: str
    headline: bool

    @property
    def told(self) -> bool:
        """Whether there is a value at all."""
        return self.value != NOTHING


@dataclass(frozen=True)
class Shown:
    """A table whose cells are text; `numeric` says of each column whether it is set to the right."""

    id: str
    title: str
    note: str
    headers: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[tuple[str, bool]]]

    @property
    def long(self) -> bool:
        """Whether it is folded."""
        return len(self.rows) > MANY_ROWS


def figures_of(result: Mapping[str, Any], kind: str) -> list[Figure]:
    """Every overall figure, those that matter most first."""
    overall, said = result.get("overall", {}), result.get("conventions", {})
    known = [name for name in OF_KIND.get(kind, {}) if name in overall]
    names = [*known, *(name for name in overall if name not in known)]
    return [_figure(name, overall[name], said.get(name, ""), kind) for name in names]


def _figure(name: str, found: Mapping[str, Any], convention: str, kind: str) -> Figure:
    metric = OF_KIND.get(kind, {}).get(name) or METRICS.get(name)
    low, high = found.get("low"), found.get("high")
    whole = metric is not None and metric.whole
    meaning = f"{metric.meaning} {BETTER[metric.better]}".strip() if metric else ""
    return Figure(
        name=name,
        label=label_of(name),
        value=count(found["value"]) if whole else number(found["value"]),
        interval=interval((low, high)) if low is not None and high is not None else "",
        exact=count(found["value"]) if whole else number(found["value"], 4),
        meaning=meaning,
        convention=convention,
        headline=metric is not None and metric.headline,
    )


def tables_of(result: Mapping[str, Any]) -> list[Shown]:
    """The tables of a result, each cell written out."""
    return [_table(table) for table in result.get("tables", [])]


def _table(table: Mapping[str, Any]) -> Shown:
    kinds = [column["kind"] for column in table["columns"]]
    numeric = [kind != "text" for kind in kinds]
    return Shown(
        id=table["id"],
        title=table["title"],
        note=table["note"],
        headers=[(column["label"], right) for column, right in zip(table["columns"], numeric, strict=True)],
        rows=[
            [(written(value, kind), kind != "text") for value, kind in zip(row, kinds, strict=True)]
            for row in table["rows"]
        ],
    )


def checks_of(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The checks, failed ones first, each with the shape that says how it went."""
    shapes = {True: ("ok", "Holds"), False: ("no", "Does not hold"), None: ("na", "Could not be told")}
    found = [
        {**check, "shape": shapes[check["passed"]][0], "word": shapes[check["passed"]][1]}
        for check in result.get("checks", [])
    ]
    order = {False: 0, None: 1, True: 2}
    return sorted(found, key=lambda check: order[check["passed"]])


def counted(checks: Sequence[Mapping[str, Any]]) -> str:
    """`7 of 9 checks hold`."""
    held = sum(1 for check in checks if check["passed"])
    return f"{held} of {len(checks)} {'check holds' if len(checks) == 1 else 'checks hold'}" if checks else ""


def written(value: Any, kind: str) -> str:
    """A cell by the kind of its column."""
    if value is None or value == "":
        return NOTHING
    if kind == "text" or isinstance(value, str):
        return str(value)
    if kind == "interval":
        return interval(value)
    return {"count": count, "share": share, "p": p_value}.get(kind, number)(value)


def number(value: float | None, decimals: int = 3) -> str:
    """So many decimals, fewer for large numbers and more for tiny ones, with a true minus sign."""
    if value is None:
        return NOTHING
    if abs(value) < ROUNDING_ERROR:
        value = 0.0
    if value and abs(value) < 0.001:
        text = f"{value:.2g}"
    elif abs(value) >= 10_000:
        text = f"{value:,.0f}"
    else:
        text = f"{value:,.1f}" if abs(value) >= 100 else f"{value:.{decimals}f}"
    return text.replace("-", MINUS)


def count(value: float | None) -> str:
    """`48,211`."""
    return NOTHING if value is None else f"{value:,.0f}".replace("-", MINUS)


def share(value: float | None) -> str:
    """`12.5%`."""
    return NOTHING if value is None else f"{100 * value:.1f}%".replace("-", MINUS)


def p_value(value: float) -> str:
    """Three decimals; tiny ones as an upper bound."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def interval(ends: Sequence[float | None]) -> str:
    """`0.801 to 0.823`."""
    low, high = ends
    return NOTHING if low is None or high is None else f"{number(low)} to {number(high)}"
