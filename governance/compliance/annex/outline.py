"""Which points the document has, as annex_iv.yaml lists them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("annex_iv.yaml")


@dataclass(frozen=True)
class Point:
    """One point: the control that asks for the same, what it shows, and what only a person can say."""

    id: str
    ref: str
    control: str
    title: str
    fill: tuple[str, ...]
    by_hand: str = ""


@dataclass(frozen=True)
class Heading:
    """Points under one number of the Annex."""

    id: str
    title: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Outline:
    """The whole. `applies` names the date of the framework from which the duty holds."""

    id: str
    name: str
    law: str
    framework: str
    applies: str
    note: str
    headings: tuple[Heading, ...]


@cache
def outline() -> Outline:
    """The points in the order of the Annex."""
    told = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    headings = tuple(
        Heading(
            row["id"],
            row["title"],
            tuple(Point(**{**point, "fill": tuple(point["fill"])}) for point in row["parts"]),
        )
        for row in told["sections"]
    )
    kept = {name: told[name] for name in ("id", "name", "law", "framework", "applies", "note")}
    return Outline(**kept, headings=headings)
