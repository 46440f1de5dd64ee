"""Break-glass: authorised people let a version run against the policy, for hours and on the record."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from policy.context import earliest
from policy.evidence import BreakGlassFact, Evidence
from policy.independence import reasons_against, standing
from policy.judge_facts import part_of_confirmer
from policy.lines import Item
from policy.requirement import SIGNING_ROLES
from policy.result import ExceptionUsed, Verdict
from policy.tiering import Tier
from policy.waivers import held_by, waivers_used
from policy.words import ROLES, clause, day, listed

TERMS = (("roles", "hours"), ("needs", "due"))
"""The required and the optional keys."""
LONGEST_HOURS = 72
MOST_CONSENTS = 5
DUE = timedelta(days=30)


@dataclass(frozen=True)
class BreakGlassTerms:
    """What a pack says about break-glass: whose consent it takes, and for how long it opens the gate."""

    roles: tuple[str, ...]
    hours: int
    needs: int = 2
    due: timedelta = DUE  # of the finding that follows it


def read_break_glass(item: Item) -> BreakGlassTerms:
    """Return the terms that the key `break_glass` of a pack describes."""
    fields = item.fields(*TERMS)
    return BreakGlassTerms(
        roles=fields["roles"].choices(SIGNING_ROLES),
        hours=fields["hours"].whole(1, LONGEST_HOURS),
        needs=fields["needs"].whole(2, MOST_CONSENTS) if "needs" in fields else 2,
        due=fields["due"].duration() if "due" in fields else DUE,
    )


def why_never(terms: BreakGlassTerms | None, evidence: Evidence) -> str:
    """Return why no emergency can let this version run, as a sentence; empty when one can."""
    artifact, tier = evidence.artifact, evidence.tier
    if terms is None:
        return "The policy in force knows no break-glass."
    if tier is not None and tier.tier == Tier.PROHIBITED:
        return "This use is prohibited. It can never be approved or waived."
    if tier is None or tier.confirmed_by is None:
        return "Nobody confirmed the tier, so nobody can say that the use is not prohibited."
    if part := part_of_confirmer(tier, evidence.involved):
        return (
            f"{tier.confirmed_by}, who confirmed the tier, {part}, so nobody independent says that the use "
            "is not prohibited."
        )
    if tier.use_changed:
        parts = listed(tier.use_changed)
        return f"The use changed since the tier was confirmed ({parts}), so nobody can say that it is not prohibited."
    if evidence.suspended is not None:
        return f"{evidence.suspended.rstrip('. ') or 'The model is suspended'}."
    if artifact is None or artifact.problem or artifact.verified_at is None:
        return "The files were not found to match their digests, so nobody knows what would run."
    rejected = [fact.signer_name for fact in standing(evidence.signoffs) if fact.decision == "reject"]
    if rejected:
        return f"{listed(dict.fromkeys(rejected))} rejected this version, and a rejection stands."
    return ""


def counting_people(fact: BreakGlassFact, terms: BreakGlassTerms, evidence: Evidence) -> list[str]:
    """Return the names of those whose consent counts now: independent, and in a role that the policy names."""
    found: dict[str, str] = {}
    for consent in fact.people:
        against = reasons_against(
            consent.person,
            consent.role,
            involved=evidence.involved,
            roles_held=held_by(evidence, consent.person),
            signed_roles={},
            recused=evidence.recused,
        )
        if consent.role in terms.roles and not against:
            found[consent.person] = f"{consent.name} ({ROLES.get(consent.role, consent.role)})"
    return list(found.values())


def end_of(fact: BreakGlassFact, terms: BreakGlassTerms) -> datetime:
    """Return when it ends at the latest: as agreed, and never later than the policy in force lets it."""
    return min(fact.ends_at, fact.began_at + timedelta(hours=min(terms.hours, LONGEST_HOURS)))


def with_break_glass(
    verdict: Verdict, terms: BreakGlassTerms | None, evidence: Evidence, now: datetime
) -> Verdict:
    """Return the verdict, opened where it denies and a break-glass is live. What is unmet stays in the list.

    A waiver without which more would be unmet stays among the exceptions, beside the emergency.
    """
    uncovered = any(item.kind in ("policy", "environment") for item in verdict.requirements)
    if verdict.decision == "allow" or uncovered or terms is None or why_never(terms, evidence):
        return verdict
    live = [
        fact
        for fact in evidence.break_glass
        if fact.began_at <= now < end_of(fact, terms)
        and len(counting_people(fact, terms, evidence)) >= terms.needs
    ]
    if not live:
        return verdict
    fact = max(live, key=lambda one: (end_of(one, terms), one.id))
    ends = end_of(fact, terms)
    _, _, denied = verdict.summary.partition(" answers deny: ")
    people = listed(counting_people(fact, terms, evidence))
    return replace(
        verdict,
        decision="allow",
        basis="break_glass",
        summary=f"{verdict.environment.capitalize()} answers allow by break-glass, against the policy, until "
        f"{day(ends, now)} {ends:%H:%M} UTC. {people} took responsibility: {clause(fact.reason)} "
        f"Not met: {denied}",
        valid_until=min(verdict.valid_until, ends),
        holds_until=earliest(verdict.holds_until, ends),
        exceptions=(
            ExceptionUsed("break_glass", fact.id, fact.url),
            *waivers_used(evidence, verdict.requirements),
        ),
    )
