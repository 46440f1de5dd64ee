"""What a policy pack can ask for."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Bound = Literal["value", "low", "high"]


@dataclass(frozen=True)
class Check:
    """A number that an evaluation must reach: its value, or the low or high end of its interval."""

    metric: str
    bound: Bound = "value"
    at_least: float | None = None
    at_most: float | None = None
    applies_to: tuple[str, ...] = ()

    def covers(self, model_kind: str) -> bool:
        """Whether it is meant for this kind of model; naming no kind means every kind."""
        return not self.applies_to or model_kind in self.applies_to


@dataclass(frozen=True)
class Requirement:
    """One thing a pack asks for. Fields that its kind does not use keep their default."""

    id: str
    kind: str
    title: str
    max_age: timedelta | None = None
    evaluation: str = ""
    dataset_role: str = ""
    applies_to: tuple[str, ...] = ()
    when_sensitive: bool = False
    checks: tuple[Check, ...] = ()
    role: str = ""
    count: int = 1
    valid_for: timedelta | None = None
    survives: tuple[str, ...] = ()
    independence: bool = True
    accept_reported: bool = False
