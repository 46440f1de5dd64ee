"""Two texts beside each other: what changed, with a few lines around it."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

CONTEXT = 3


@dataclass(frozen=True)
class Line:
    """One row: a line of the old text, of the new one, or of both; a number of 0 is no line."""

    kind: str  # "same", "changed", "removed", "added" or "gap"
    old_number: int = 0
    old: str = ""
    new_number: int = 0
    new: str = ""


def side_by_side(old: str, new: str) -> list[Line]:
    """The rows that differ and those near them; what is left out in between is one row of the kind "gap"."""
    before, after = old.splitlines(), new.splitlines()
    groups = SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(CONTEXT)
    rows: list[Line] = []
    for group in groups:
        if group[0][1] > 0:
            rows.append(Line("gap"))
        for tag, i1, i2, j1, j2 in group:
            rows += _rows(tag, before[i1:i2], i1, after[j1:j2], j1)
    return rows


def _rows(tag: str, old: list[str], old_from: int, new: list[str], new_from: int) -> Iterator[Line]:
    for place in range(max(len(old), len(new))):
        here, there = place < len(old), place < len(new)
        kind = "same" if tag == "equal" else "changed" if here and there else "removed" if here else "added"
        yield Line(
            kind,
            old_from + place + 1 if here else 0,
            old[place] if here else "",
            new_from + place + 1 if there else 0,
            new[place] if there else "",
        )
