"""What is asked of the reader and what it answers; the same on both sides of the pipe. Standard library only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_VALUES = 200
PREVIEW_ROWS = 20
MOST_SHOWN_COLUMNS = 100  # of a wider table, the rest is not previewed, and has no histogram


@dataclass(frozen=True)
class Job:
    """One table. `needed` maps the columns that the form names to its field; `watch` are those whose values count."""

    path: str
    name: str
    needed: Mapping[str, str] = field(default_factory=dict)
    watch: Sequence[str] = ()
    label: str = ""
    sensitive: Sequence[str] = ()
    confidential: Sequence[str] = ()
    schema: Mapping[str, Any] = field(default_factory=dict)
    memory_mb: int = 2048
    seconds: int = 90
