"""What a policy pack can ask for."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Bound = Literal["value", "low", "high"]
ROUNDING = 1e-9
"""A ratio of exactly 0.80 meets 0.80, though floating point makes 0.04 / 0.05 0.7999999999999999."""

SIGNING_ROLES = ("validator", "risk_officer", "compliance_officer", "ethics_committee", "business_approver")
"""Roles whose holders can be independent. Owner, developer, auditor and administrator never sign."""


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

    def sides_met(self, value: float) -> tuple[bool, bool]:
        """Whether the value is not too low, and whether it is not too high."""
        return (
            self.at_least is None or value >= self.at_least - ROUNDING,
            self.at_most is None or value <= self.at_most + ROUNDING,
        )


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
    severities: tuple[str, ...] = ()
    within_due: bool = False
    residual_at_most: str = ""
    at_least: int = 1
    environment: str = ""
    soak: timedelta | None = None
    evaluations: tuple[str, ...] = ()
    every: timedelta | None = None
