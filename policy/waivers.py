"""Waivers: who may let a requirement go unmet for a time, and when one counts.

A waiver accepts a known shortfall. What cannot be judged, what somebody objects to, and what everything else rests on
(the tier, the artifact) is never waived.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from policy.context import Context, Judgement, after, told
from policy.evidence import Evidence, WaiverFact
from policy.independence import reasons_against
from policy.lines import Item, instead
from policy.pack_requirements import FIELDS
from policy.requirement import SIGNING_ROLES, Requirement
from policy.result import ExceptionUsed, RequirementResult
from policy.words import ROLES, clause, day, listed

TERMS = (("approvers", "longest"), ("never",))
"""The required and the optional keys."""
LONGEST = timedelta(days=366)
"""No policy can let a waiver last longer: by then the requirement or the model is what should change."""

NEVER = ("tier_confirmed", "artifact_verified", "policy", "environment", "suspension", "prohibited")
"""Kinds that no policy can let be waived: without them nobody knows what is judged, or it must not run at all."""

OBJECTIONS = {"veto", "objection"}
"""What the detail of a signature's result names where a person stands in the way."""


@dataclass(frozen=True)
class WaiverTerms:
    """What a pack says about waivers."""

    approvers: Mapping[str, tuple[str, ...]]  # tier → every role that must approve
    longest: timedelta
    never: tuple[str, ...] = ()  # ids or kinds of requirements


def read_waivers(item: Item, tiers: tuple[str, ...], requirements: Mapping[str, Requirement]) -> WaiverTerms:
    """Return the terms that the key `waivers` of a pack describes."""
    fields = item.fields(*TERMS)
    approvers = fields["approvers"].fields((), tiers)
    if not approvers:
        raise fields["approvers"].refuse(
            "No tier names who approves waivers.", 'Write, for instance, "high: [risk_officer]".'
        )
    longest = fields["longest"].duration()
    if not timedelta(days=1) <= longest <= LONGEST:
        raise fields["longest"].refuse(
            f"A waiver lasts from 1 to {LONGEST.days} days.", 'Write, for instance, "90d".'
        )
    return WaiverTerms(
        approvers={tier: roles.choices(SIGNING_ROLES) for tier, roles in approvers.items()},
        longest=longest,
        never=_never(fields["never"], requirements) if "never" in fields else (),
    )


def _never(item: Item, requirements: Mapping[str, Requirement]) -> tuple[str, ...]:
    known = (*requirements, *(kind for kind in FIELDS if kind not in requirements))
    found: list[str] = []
    for entry in item.items():
        name = entry.text()
        if name not in known:
            raise entry.refuse(f'"{name}" is neither a requirement nor a kind of them.', instead(name, known))
        if name in found:
            raise entry.refuse(f'"{name}" stands twice in {item.what}.', "Remove one of them.")
        found.append(name)
    return tuple(found)


def why_not_waivable(terms: WaiverTerms | None, tier: str, result: RequirementResult) -> str:
    """Return why nobody can waive this requirement, as a sentence; empty when it can be waived, anew or longer."""
    if terms is None:
        return "The policy in force knows no waivers."
    if result.kind in NEVER:
        return f'"{result.title}" can never be waived.'
    if OBJECTIONS & result.detail.keys():
        return "Somebody objects, and an objection is answered or withdrawn, never waived."
    if result.id in terms.never or result.kind in terms.never:
        return f'The policy never lets "{result.title}" be waived.'
    if result.result == "error":
        return "It could not be judged, and what is unknown cannot be waived."
    if result.result not in ("unsatisfied", "waived"):
        return "It is not unmet, so there is nothing to waive."
    if tier not in terms.approvers:
        return f'The policy lets nothing be waived for the tier "{tier}".'
    return ""


def last_day_allowed(terms: WaiverTerms, granted_at: datetime) -> date:
    """Return the last day on which a waiver granted at that moment may count."""
    return (granted_at + terms.longest).date()


def roles_missing(fact: WaiverFact, terms: WaiverTerms, tier: str, evidence: Evidence) -> list[str]:
    """Return the roles asked of this tier without an approval that counts: independent, held, one role a person."""
    first: dict[str, str] = {}
    for approval in fact.approvals:
        first.setdefault(approval.person, approval.role)
    involved = with_part(evidence.involved, fact.requester, "asked for this waiver")
    counting = {
        approval.role
        for approval in fact.approvals
        if not reasons_against(
            approval.person,
            approval.role,
            involved=involved,
            roles_held=held_by(evidence, approval.person),
            signed_roles=first,
            recused=evidence.recused,
        )
    }
    return [role for role in terms.approvers.get(tier, ()) if role not in counting]


def held_by(evidence: Evidence, username: str) -> list[str]:
    """Return the roles that the person holds now."""
    return [
        role
        for role, people in evidence.holders.items()
        if any(person.username == username for person in people)
    ]


def with_part(
    involved: Mapping[str, tuple[str, ...]], username: str, part: str
) -> dict[str, tuple[str, ...]]:
    """Return who is involved, with one more part of one person."""
    return {**involved, username: (*involved.get(username, ()), part)}


def waived(
    requirement: Requirement, judged: Judgement, terms: WaiverTerms | None, context: Context
) -> Judgement:
    """Return the judgement with a waiver applied where one counts; a waiver that does not is named in the reason."""
    result = judged.result
    facts = [fact for fact in context.evidence.waivers if fact.requirement == requirement.id]
    if not facts or terms is None or why_not_waivable(terms, context.tier, result):
        return judged
    problems = {fact.id: _problem(fact, terms, context) for fact in facts}
    counting = [fact for fact in facts if not problems[fact.id]]
    if not counting:
        newest = max(facts, key=lambda fact: fact.id)
        return judged._replace(result=result._replace(reason=f"{result.reason} {problems[newest.id]}"))
    best = max(counting, key=lambda fact: (_last_day(fact, terms), fact.id))
    return _applied(requirement, result, best, _last_day(best, terms), context)


def waivers_used(evidence: Evidence, results: Iterable[RequirementResult]) -> tuple[ExceptionUsed, ...]:
    """Return the waivers that these results rest on, in their order."""
    urls = {fact.id: fact.url for fact in evidence.waivers}
    numbers = [int(item.detail["waiver"]) for item in results if item.result == "waived"]
    return tuple(ExceptionUsed("waiver", number, urls[number]) for number in numbers)


def _applied(
    requirement: Requirement, result: RequirementResult, fact: WaiverFact, last_day: date, context: Context
) -> Judgement:
    people = listed(f"{one.name} ({ROLES.get(one.role, one.role)})" for one in fact.approvals)
    until = day(last_day, context.now)
    reason = (
        f"Waived until {until} by {people}: {clause(fact.why)} Instead: {clause(fact.controls)} "
        f"Without the waiver: {result.reason}"
    )
    return Judgement(
        told(
            requirement,
            context,
            "waived",
            reason,
            remedy=f"Before {until}: {result.remedy}" if result.remedy else None,
            url=fact.url or result.url,
            evidence=(f"waiver {fact.id}", *result.evidence),
            detail={"waiver": fact.id, "until": last_day.isoformat(), "without": result.reason},
        ),
        after(last_day),
    )


def _last_day(fact: WaiverFact, terms: WaiverTerms) -> date:
    return min(fact.last_day, last_day_allowed(terms, fact.granted_at))


def _problem(fact: WaiverFact, terms: WaiverTerms, context: Context) -> str:
    """Why a waiver does not count now, as a sentence; empty when it does."""
    last_day = _last_day(fact, terms)
    if context.now >= after(last_day):
        return f"Its waiver ended on {day(last_day, context.now)}."
    if fact.granted_at > context.now:
        return "Its waiver does not count yet."
    missing = roles_missing(fact, terms, context.tier, context.evidence)
    if missing:
        roles = listed(ROLES.get(role, role) for role in missing)
        return f"Its waiver does not count: it lacks an approval as {roles} that stands for this tier."
    return ""
