"""Measured values that a card names instead of copying: `{{ performance.roc_auc }}`, shown as it stands today.

The registry does not know who measures. Whoever does registers a source, and each value comes with its run.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from registry.models import ModelVersion

PARTS = ("value", "low", "high", "n")
BODY = (
    r"\{\{[ \t]*(?P<kind>[a-z][a-z0-9_]{0,39})(?:@(?P<dataset>[A-Za-z0-9_-]{1,64}))?"
    r"\.(?P<name>[A-Za-z][A-Za-z0-9_]{0,79})(?:\.(?P<part>[A-Za-z0-9_]{1,20}))?[ \t]*\}\}"
)
REFERENCE = re.compile(BODY)
LOOKS_LIKE_ONE = re.compile(r"\{\{[^{}\n]{0,200}\}\}")
CODE = r"^(?P<fence>```+|~~~+)[\s\S]*?(?:^(?P=fence)|\Z)|(?<!`)(?P<tick>`+)(?!`)[\s\S]*?(?<!`)(?P=tick)(?!`)"
OUTSIDE_CODE = re.compile(f"{CODE}|(?P<reference>{LOOKS_LIKE_ONE.pattern})", re.MULTILINE)


@dataclass(frozen=True)
class Measure:
    """One figure of a finished run. None: the run could not compute it."""

    kind: str
    kind_label: str
    dataset: str  # its name without the version
    on: str  # name@version
    name: str
    label: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    run: int
    href: str
    on_test_data: bool = True

    @property
    def token(self) -> str:
        """How a card names it, on whatever data set is newest."""
        return f"{{{{ {self.kind}.{self.name} }}}}"

    @property
    def token_of_dataset(self) -> str:
        """How a card names it on this data set."""
        return f"{{{{ {self.kind}@{self.dataset}.{self.name} }}}}"

    @property
    def said(self) -> str:
        """`0.810 [0.780, 0.840]`."""
        if self.value is None:
            return ""
        if self.low is None or self.high is None:
            return written(self.value)
        return f"{written(self.value)} [{written(self.low)}, {written(self.high)}]"

    def part(self, part: str) -> float | None:
        """The value, a bound of its interval, or how many rows it rests on."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}[part]


@dataclass(frozen=True)
class Resolved:
    """What a reference stands for today, or why it stands for nothing."""

    token: str
    text: str  # "0.810 [0.780, 0.840]"; "" when nothing was measured
    measure: Measure | None = None
    problem: str = ""

    @property
    def note(self) -> str:
        """Where the value comes from: `n 400, run 12`."""
        if self.measure is None:
            return ""
        rows = f"n {self.measure.n:,}, " if self.measure.n else ""
        return f"{rows}run {self.measure.run}"

    @property
    def plain(self) -> str:
        """For text without links."""
        return f"{self.text} ({self.note})" if self.text else f"NOT MEASURED ({self.token.strip('{} ')})"


@dataclass(frozen=True)
class Measures:
    """Everything that was measured of a version, newest run first."""

    found: tuple[Measure, ...] = ()

    @cached_property
    def _known(self) -> Mapping[tuple[str, str, str], Measure]:
        """By kind, data set ("" for test data of any name) and name: what the newest such run gave, no older one."""
        newest: dict[tuple[str, str], int] = {}
        known: dict[tuple[str, str, str], Measure] = {}
        for measure in self.found:
            for dataset in (measure.dataset, "") if measure.on_test_data else (measure.dataset,):
                if newest.setdefault((measure.kind, dataset), measure.run) == measure.run:
                    known[measure.kind, dataset, measure.name] = measure
        return known

    @cached_property
    def to_insert(self) -> tuple[tuple[str, Measure], ...]:
        """Token and measure, each once: the short token where it means this run, else the one with the data set.

        In the order of the runs, because performance is commonly measured first.
        """
        rows = []
        for (_, dataset, _), measure in self._known.items():
            if dataset and self._known.get((measure.kind, "", measure.name)) != measure:
                rows.append((measure.token_of_dataset, measure))
            elif not dataset:
                rows.append((measure.token, measure))
        return tuple(sorted(rows, key=lambda row: row[1].run))

    def newest(self, kind: str) -> tuple[Measure, ...]:
        """The figures of the newest run of the kind on test data."""
        return tuple(row for (one, dataset, _), row in self._known.items() if one == kind and not dataset)

    def resolve(self, token: str) -> Resolved:
        """What `{{ … }}` stands for. Never silent: what is unknown or missing says so."""
        match = REFERENCE.fullmatch(token)
        if match is None:
            return Resolved(token, "", problem="not a reference to a measured value")
        kind, dataset, name = match["kind"], match["dataset"] or "", match["name"]
        part = match["part"] or ""
        if part and part not in PARTS:
            return Resolved(token, "", problem=f"there is no part {part}; there are {', '.join(PARTS)}")
        measure = self._known.get((kind, dataset, name))
        if measure is None:
            return Resolved(token, "", problem=self._why(kind, dataset, name))
        value = measure.part(part or "value")
        if value is None:
            return Resolved(token, "", problem=f"run {measure.run} could not compute it")
        text = measure.said if not part else f"{value:,}" if part == "n" else written(value)
        return Resolved(token, text, measure)

    def _why(self, kind: str, dataset: str, name: str) -> str:
        where = f" on {dataset}" if dataset else " on test data"
        if not any(row.kind == kind and (not dataset or row.dataset == dataset) for row in self.found):
            return f"no {kind} run has finished{where}"
        return f"no {kind} run{where} gave {name}"


Source = Callable[[ModelVersion], Iterable[Measure]]
_sources: list[Source] = []


def register_source(source: Source) -> None:
    """Let cards show what this source measured. It gives the newest run first."""
    if source not in _sources:
        _sources.append(source)


def measures_of(version: ModelVersion) -> Measures:
    """What every source measured of the version."""
    return Measures(tuple(measure for source in _sources for measure in source(version)))


def written(value: float) -> str:
    """Three decimals; whole numbers of some size without; tiny ones with three digits."""
    if abs(value) >= 50 and float(value).is_integer():
        return f"{value:,.0f}"
    if value and abs(value) < 0.001:
        return f"{value:.3g}"
    return f"{value:,.3f}"


def references(text: str) -> list[str]:
    """Everything in the text that names a measured value or tries to; what stands in code does not count."""
    return [match["reference"] for match in OUTSIDE_CODE.finditer(text) if match["reference"]]


def replaced(text: str, by: Callable[[str], str]) -> str:
    """The text with each reference outside code replaced."""

    def one(match: re.Match[str]) -> str:
        return by(match["reference"]) if match["reference"] else match[0]

    return OUTSIDE_CODE.sub(one, text)
