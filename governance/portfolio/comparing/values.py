"""Differences as values: a row that changed, a part with its rows, figures side by side, a text word by word."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from registry.differences import Piece

Kind = Literal["added", "removed", "changed"]
MOST_ROWS = 200


@dataclass(frozen=True)
class Row:
    """One thing that differs; "" where it is not there."""

    name: str
    then: str
    now: str
    note: str = ""

    @property
    def kind(self) -> Kind:
        """Whether it came, went or changed."""
        if not self.then:
            return "added"
        return "changed" if self.now else "removed"


@dataclass(frozen=True)
class Part:
    """One part of a version with the rows that differ, and how many do not."""

    id: str
    title: str
    rows: Sequence[Row]
    same: int = 0
    mono: bool = False  # names and values are code

    @property
    def tally(self) -> str:
        """`2 changed, 1 added`."""
        counts = Counter(row.kind for row in self.rows)
        kinds: tuple[Kind, ...] = ("changed", "added", "removed")
        return ", ".join(f"{counts[kind]:,} {kind}" for kind in kinds if counts[kind])

    @property
    def shown(self) -> Sequence[Row]:
        """As many rows as a page holds."""
        return self.rows[:MOST_ROWS]

    @property
    def hidden(self) -> int:
        """How many more there are."""
        return max(0, len(self.rows) - MOST_ROWS)


@dataclass(frozen=True)
class Measured:
    """A figure of one version with its interval, where it has one."""

    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def has_interval(self) -> bool:
        """Whether both ends are known."""
        return self.low is not None and self.high is not None


@dataclass(frozen=True)
class Figure:
    """One figure then and now."""

    id: str
    label: str
    then: Measured
    now: Measured
    picture: str = ""  # both intervals on one scale, as SVG

    @property
    def differs(self) -> bool:
        """Whether the value is another one."""
        return self.then.value != self.now.value

    @property
    def difference(self) -> float | None:
        """Now minus then."""
        if self.then.value is None or self.now.value is None:
            return None
        return self.now.value - self.then.value

    @property
    def intervals(self) -> Literal["apart", "overlap", ""]:
        """Whether the intervals have a value in common; "" unless both are known."""
        old, new = self.then, self.now
        if old.low is None or old.high is None or new.low is None or new.high is None:
            return ""
        return "overlap" if old.low <= new.high and new.low <= old.high else "apart"

    @property
    def decimals(self) -> int:
        """Counts are whole, figures have three decimals."""
        values = [value for value in (self.then.value, self.now.value) if value is not None]
        return (
            0 if all(value.is_integer() for value in values) and max(map(abs, values), default=0) > 1 else 3
        )


@dataclass(frozen=True)
class Figures:
    """The figures of one measurement, or of the training."""

    id: str
    title: str
    rows: Sequence[Figure]
    note: str = ""
    comparable: bool = True  # both were measured on the same rows
    runs: tuple[int | None, int | None] = (None, None)

    @property
    def differs(self) -> bool:
        """Whether any figure is another one."""
        return any(row.differs for row in self.rows)

    @property
    def is_one_sided(self) -> bool:
        """Whether only one of the two was measured."""
        return (self.runs[0] is None) != (self.runs[1] is None)

    @property
    def tally(self) -> str:
        """`3 of 8 figures, 1 beyond the intervals`."""
        moved = sum(row.differs for row in self.rows)
        apart = sum(row.intervals == "apart" for row in self.rows)
        beyond = f", {apart} beyond the intervals" if apart else ""
        return f"{moved} of {len(self.rows)} figures{beyond}"


@dataclass(frozen=True)
class Words:
    """A section of the card that says something else."""

    id: str
    title: str
    pieces: Sequence[Piece]


@dataclass(frozen=True)
class Comparison:
    """Everything that differs between two versions, and the names of what does not."""

    figures: Sequence[Figures] = ()
    parts: Sequence[Part] = ()
    card: Sequence[Words] = ()
    card_note: str = ""
    unchanged: Sequence[str] = field(default_factory=tuple)

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs that is compared."""
        return not (self.figures or self.parts or self.card)
