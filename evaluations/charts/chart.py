"""A chart and the words and numbers that go with it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers behind a chart, written out."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing (safe SVG: every text in it is escaped), what the reader learns from it, how to read it."""

    svg: str
    title: str
    note: str
    table: Table
    wide: bool = False
