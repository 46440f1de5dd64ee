"""What every judge of a requirement is given, and how it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from policy.evidence import Evidence, SignOffFact
from policy.independence import newest_decisions, signed_roles, standing
from policy.plan import PlannedEvaluation
from policy.requirement import Requirement
from policy.result import NO_DETAIL, RequirementResult, Result
from policy.words import named


@dataclass(frozen=True)
class Context:
    """The evidence at one moment. `parts` are its component digests; the tier may only be proposed.

    `plan` is what the policy plans for such a use; empty where nothing in the evidence depends on it. What several
    judges read of the same signatures is worked out once.
    """

    evidence: Evidence
    now: datetime
    tier: str
    parts: Mapping[str, str] = field(default_factory=dict)
    plan: tuple[PlannedEvaluation, ...] = ()

    @cached_property
    def today(self) -> date:
        """The date that due dates are compared with, in UTC."""
        return self.now.astimezone(UTC).date()

    @cached_property
    def makers(self) -> tuple[str, ...]:
        """Who can change the version: its developers, then its owner."""
        return named(self.evidence.developers, "developer") + named(self.evidence.owners, "owner")

    @cached_property
    def decisions(self) -> list[SignOffFact]:
        """The newest standing decision of each signer in each person's name and role, oldest first."""
        return newest_decisions(self.evidence.signoffs)

    @cached_property
    def rejections(self) -> list[SignOffFact]:
        """The rejections that nobody withdrew, oldest first."""
        return [fact for fact in standing(self.evidence.signoffs) if fact.decision == "reject"]

    @cached_property
    def signed_roles(self) -> dict[str, str]:
        """For each person the one role they sign for."""
        return signed_roles(self.evidence.signoffs, self.now)

    @cached_property
    def roles_held(self) -> dict[str, list[str]]:
        """The roles that each person holds now, by user name."""
        held: dict[str, list[str]] = {}
        for role, people in self.evidence.holders.items():
            for person in people:
                held.setdefault(person.username, []).append(role)
        return held


class Judgement(NamedTuple):
    """A result, and the moment from which it may no longer hold (None: it does not run out)."""

    result: RequirementResult
    until: datetime | None = None


def told(
    requirement: Requirement,
    context: Context,
    result: Result,
    reason: str,
    *,
    remedy: str | None = None,
    who: tuple[str, ...] = (),
    url: str | None = None,
    evidence: tuple[str, ...] = (),
    detail: Mapping[str, Any] = NO_DETAIL,
    stale: bool = False,
) -> RequirementResult:
    """Return the result of a requirement, linked to where a person can act."""
    link = url or context.evidence.links.get(requirement.kind)
    return RequirementResult(
        requirement.id,
        requirement.kind,
        requirement.title,
        result,
        reason,
        remedy,
        who,
        link,
        evidence,
        detail,
        stale,
    )


def after(due_on: date) -> datetime:
    """Return the first moment at which something due on that date is overdue."""
    return datetime.combine(due_on + timedelta(days=1), time.min, UTC)


def earliest(*moments: datetime | None) -> datetime | None:
    """Return the first of the moments that exist."""
    return min((moment for moment in moments if moment is not None), default=None)
