"""Two runs side by side: what differed between them first, then every figure with its difference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.refusals import Conflict
from evaluations.kinds import settings_in_force
from evaluations.models import EvaluationRun, PredictionSource
from policy.metrics import METRICS, label_of

BETTER = {"higher": 1, "lower": -1}


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that was not the same in both runs."""

    name: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One figure in both runs. `overlap` says whether the intervals have a point in common; None without both."""

    name: str
    label: str
    a: Mapping[str, Any]
    b: Mapping[str, Any]
    difference: float | None
    overlap: bool | None
    verdict: str  # "better", "worse", "" where neither way is better or the figures are equal

    @property
    def values(self) -> tuple[float | None, float | None]:
        """The figure in A and in B."""
        return self.a.get("value"), self.b.get("value")

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {
            "metric": self.name,
            "a": dict(self.a) or None,
            "b": dict(self.b) or None,
            "difference": self.difference,
            "intervals_overlap": self.overlap,
        }


@dataclass(frozen=True, slots=True)
class GroupPairs:
    """The figures of one group of rows in both runs."""

    by: Mapping[str, str]
    n: tuple[int | None, int | None]
    pairs: tuple[Pair, ...]

    @property
    def label(self) -> str:
        """`sex: f, age: 40 to 49`."""
        return ", ".join(f"{column}: {value}" for column, value in self.by.items())


@dataclass(frozen=True, slots=True)
class RunComparison:
    """B against A."""

    a: EvaluationRun
    b: EvaluationRun
    conditions: tuple[Condition, ...]
    conventions: tuple[Condition, ...]
    figures: tuple[Pair, ...]
    groups: tuple[GroupPairs, ...]

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {
            "a": str(self.a.uuid),
            "b": str(self.b.uuid),
            "conditions": [{"name": row.name, "a": row.a, "b": row.b} for row in self.conditions],
            "conventions": [{"name": row.name, "a": row.a, "b": row.b} for row in self.conventions],
            "figures": [pair.as_json() for pair in self.figures],
            "groups": [
                {"by": dict(row.by), "n": list(row.n), "figures": [pair.as_json() for pair in row.pairs]}
                for row in self.groups
            ],
        }


def compare_runs(a: EvaluationRun, b: EvaluationRun) -> RunComparison:
    """B against A. Raises Conflict where there is nothing to lay side by side."""
    if a.pk == b.pk:
        raise Conflict("A run is not compared with itself.", "Choose another run.")
    if a.kind != b.kind:
        raise Conflict(
            f"Run {a.pk} measured {a.get_kind_display().lower()} and run {b.pk} {b.get_kind_display().lower()}.",
            "Choose two runs of the same kind.",
        )
    for run in (a, b):
        if run.result is None:
            raise Conflict(f"Run {run.pk} has no result: it is {run.get_status_display().lower()}.")
    first, second = a.result or {}, b.result or {}
    return RunComparison(
        a,
        b,
        conditions=tuple(_conditions(a, b)),
        conventions=tuple(_differences(first.get("conventions", {}), second.get("conventions", {}))),
        figures=_pairs(first.get("overall", {}), second.get("overall", {})),
        groups=tuple(_groups(first.get("groups", []), second.get("groups", []))),
    )


def _conditions(a: EvaluationRun, b: EvaluationRun) -> Iterator[Condition]:
    """Model and version, data, source, settings, and the libraries that did the work."""
    told = [
        ("Model", a.version.model.name, b.version.model.name),
        ("Version", a.version.version, b.version.version),
        ("Data set", str(a.dataset), str(b.dataset)),
        ("Rows", f"{a.dataset.rows:,}", f"{b.dataset.rows:,}"),
        ("Compared with data set", _named(a.reference), _named(b.reference)),
        (
            "Compared with version",
            a.against.version if a.against else "",
            b.against.version if b.against else "",
        ),
        (
            "Predictions",
            str(PredictionSource(a.source).label),
            str(PredictionSource(b.source).label),
        ),
        ("Engine", _text(a.provenance.get("engine")), _text(b.provenance.get("engine"))),
        ("Isolation", _text(a.provenance.get("isolation")), _text(b.provenance.get("isolation"))),
        ("Python", _text(a.provenance.get("python")), _text(b.provenance.get("python"))),
    ]
    for name, one, other in told:
        if one != other:
            yield Condition(name, one or "–", other or "–")
    yield from _differences(
        settings_in_force(a.kind, a.config), settings_in_force(b.kind, b.config), "Setting"
    )
    yield from _differences(_libraries(a), _libraries(b), "Library")


def _differences(a: Mapping[str, Any], b: Mapping[str, Any], what: str = "") -> Iterator[Condition]:
    for name in dict.fromkeys((*a, *b)):
        if a.get(name) != b.get(name):
            label = f"{what} {name}" if what else label_of(name)
            yield Condition(label, _text(a.get(name)) or "–", _text(b.get(name)) or "–")


def _libraries(run: EvaluationRun) -> Mapping[str, Any]:
    found = run.provenance.get("libraries")
    return found if isinstance(found, dict) else {}


def _named(found: object) -> str:
    return "" if found is None else str(found)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _pairs(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Pair, ...]:
    return tuple(_pair(name, a.get(name) or {}, b.get(name) or {}) for name in dict.fromkeys((*a, *b)))


def _pair(name: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Pair:
    one, other = a.get("value"), b.get("value")
    difference = other - one if one is not None and other is not None else None
    return Pair(name, label_of(name), a, b, difference, _overlap(a, b), _verdict(name, one, other))


def _overlap(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool | None:
    ends = [a.get("low"), a.get("high"), b.get("low"), b.get("high")]
    known = [float(end) for end in ends if end is not None]
    if len(known) < len(ends):
        return None
    a_low, a_high, b_low, b_high = known
    return a_low <= b_high and b_low <= a_high


def _verdict(name: str, a: float | None, b: float | None) -> str:
    metric = METRICS.get(name)
    if a is None or b is None or a == b or metric is None:
        return ""
    if metric.better in BETTER:
        return "better" if (b - a) * BETTER[metric.better] > 0 else "worse"
    if metric.better == "neither":
        return ""
    ideal = 1.0 if metric.better == "one" else 0.0
    if abs(b - ideal) == abs(a - ideal):
        return ""
    return "better" if abs(b - ideal) < abs(a - ideal) else "worse"


def _groups(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> Iterator[GroupPairs]:
    """Every group of either run; one that only one of them has keeps its figures with nothing beside them."""
    first = {tuple(sorted(group["by"].items())): group for group in a}
    second = {tuple(sorted(group["by"].items())): group for group in b}
    for key in dict.fromkeys((*first, *second)):
        one, other = first.get(key, {}), second.get(key, {})
        pairs = _pairs(one.get("metrics", {}), other.get("metrics", {}))
        yield GroupPairs(dict(key), (one.get("n"), other.get("n")), pairs)
