"""Judge whether the people a role asks for have signed, on the evidence as it stands."""

from dataclasses import dataclass
from datetime import datetime

from policy.context import Context, Judgement, after, earliest, told
from policy.evidence import Person, SignOffFact, changed
from policy.independence import ActingFor, reasons_against
from policy.requirement import Requirement
from policy.result import RequirementResult
from policy.words import ROLES, a_role, component, counted, day, listed, named

APPROVALS = ("approve", "approve_with_conditions")


@dataclass(frozen=True)
class Weighed:
    """A decision, and why it does not count (None: it counts)."""

    fact: SignOffFact
    problem: str | None = None
    blocks: bool = False
    changed: tuple[str, ...] = ()
    until: datetime | None = None


def judge_signoff(requirement: Requirement, context: Context) -> Judgement:
    """Satisfied when enough independent holders of the role approved what is there now."""
    vetoes = standing_vetoes(context, requirement.role)
    if vetoes:
        return Judgement(veto(requirement, context, vetoes))
    newest = [fact for fact in context.decisions if fact.role == requirement.role]
    weighed = [_weigh(fact, requirement, context) for fact in newest]
    counting = [item for item in weighed if item.problem is None]
    if signed(counting) < requirement.count or any(item.blocks for item in weighed):
        return Judgement(_unsigned(requirement, context, weighed, counting))
    until = earliest(*(item.until for item in counting))
    reason = " ".join(f"{_said(item.fact, context)}." for item in counting)
    if until is not None:
        reason = f"{reason} Valid until {day(until, context.now)}."
    evidence = tuple(f"sign-off {item.fact.id}" for item in counting)
    detail = _quorum(requirement, counting)
    return Judgement(told(requirement, context, "satisfied", reason, evidence=evidence, detail=detail), until)


def signed(counting: list[Weighed]) -> int:
    """Return how many people signed: whoever signs for themselves and for another is one, and so are both of them."""
    return min(len({item.fact.signer for item in counting}), len({item.fact.voice for item in counting}))


def _quorum(requirement: Requirement, counting: list[Weighed]) -> dict[str, int]:
    """How many of how many, where more than one is asked."""
    return {"signed": signed(counting), "asked": requirement.count} if requirement.count > 1 else {}


def standing_vetoes(context: Context, role: str) -> list[SignOffFact]:
    """Return each rejection of a role that nobody withdrew.

    A later approval by the same person does not lift it, nor does losing the role, time or new evidence.
    """
    return [fact for fact in context.rejections if fact.role == role]


def veto(requirement: Requirement, context: Context, vetoes: list[SignOffFact]) -> RequirementResult:
    """Return the result of a requirement whose role has rejected."""
    role = requirement.role
    signers = [Person(fact.signer, fact.signer_name) for fact in vetoes]
    reason = " ".join(f"{_said(fact, context)}." for fact in vetoes)
    who = named(context.evidence.holders.get(role, ()), role)
    return told(
        requirement,
        context,
        "unsatisfied",
        f"{reason} A rejection stands until its role withdraws it.",
        remedy=f"{_upper(a_role(role))} withdraws the rejection, or a new version is registered.",
        who=who or named(signers, role),
        evidence=tuple(f"sign-off {fact.id}" for fact in vetoes),
        detail={"veto": [fact.signer for fact in vetoes]},
    )


def _weigh(fact: SignOffFact, requirement: Requirement, context: Context) -> Weighed:
    if fact.decision == "request_changes":
        return Weighed(fact, f"{_said(fact, context)}.", blocks=True)
    if fact.decision not in APPROVALS:
        return Weighed(
            fact, f'{fact.signer_name} signed "{fact.decision}", which means nothing.', blocks=True
        )
    against = _against(fact, requirement, context)
    if against:
        return Weighed(fact, f"{_said(fact, context)}, and that does not count. {' '.join(against)}")
    expires = earliest(
        fact.expires_at, fact.signed_at + requirement.valid_for if requirement.valid_for else None
    )
    if expires is not None and expires <= context.now:
        return Weighed(fact, f"{_said(fact, context)}. That expired on {day(expires, context.now)}.")
    moved = tuple(
        name for name in changed(fact.components, context.parts) if name not in requirement.survives
    )
    if moved:
        parts = listed(component(name) for name in moved)
        return Weighed(fact, f"{_said(fact, context)}. Since then the {parts} changed.", changed=moved)
    overdue = [item for item in fact.conditions if not item.met and item.due_on < context.today]
    if overdue:
        texts = listed(f'"{item.text}", due on {day(item.due_on, context.now)}' for item in overdue)
        return Weighed(fact, f"{_said(fact, context)}. Not met: {texts}.")
    open_until = earliest(*(after(item.due_on) for item in fact.conditions if not item.met))
    return Weighed(fact, until=earliest(expires, open_until))


def _against(fact: SignOffFact, requirement: Requirement, context: Context) -> tuple[str, ...]:
    evidence = context.evidence
    holder = fact.acting_for
    return reasons_against(
        fact.signer,
        requirement.role,
        involved=evidence.involved if requirement.independence else {},
        roles_held=context.roles_held.get(fact.signer, ()),
        signed_roles=context.signed_roles,
        name=fact.signer_name,
        recused=evidence.recused,
        acting_for=ActingFor(holder, fact.acting_for_name, context.roles_held.get(holder, ()))
        if holder
        else None,
    )


def _unsigned(
    requirement: Requirement, context: Context, weighed: list[Weighed], counting: list[Weighed]
) -> RequirementResult:
    role = requirement.role
    problems = [item.problem for item in weighed if item.problem is not None]
    if requirement.count > 1:
        problems.insert(0, f"{signed(counting)} of {counted(requirement.count, 'sign-off')} counts.")
    elif not problems:
        problems.append(f"No {ROLES.get(role, role)} has signed.")
    moved = sorted({name for item in weighed for name in item.changed})
    eligible = _eligible(requirement, context, counting)
    blocking = [item.fact for item in weighed if item.blocks]
    if blocking:
        who = named([Person(fact.signer, fact.signer_name) for fact in blocking], role)
        remedy = f"{listed(fact.signer_name for fact in blocking)} signs again or withdraws the request."
    elif eligible:
        who, remedy = named(eligible, role), _next_step(context, role, bool(moved))
    else:
        problems.append(f"Nobody holds the role {ROLES.get(role, role)} and is independent.")
        who = named(context.evidence.holders.get("administrator", ()), "administrator")
        remedy = f"An administrator grants the role {ROLES.get(role, role)} to somebody independent."
    stale = [item.fact for item in weighed if item.changed]
    since = {"since": max(fact.signed_at for fact in stale).isoformat()} if stale else {}
    objection = {"objection": [fact.signer for fact in blocking]} if blocking else {}
    return told(
        requirement,
        context,
        "unsatisfied",
        " ".join(problems),
        remedy=remedy,
        who=who,
        evidence=tuple(f"sign-off {item.fact.id}" for item in weighed),
        detail={
            **_quorum(requirement, counting),
            **({**since, "changed": moved} if stale else {}),
            **objection,
        },
        stale=bool(stale),
    )


def _next_step(context: Context, role: str, moved: bool) -> str:
    if not context.evidence.review_open:
        return f"Submit the version for review; then {a_role(role)} signs."
    if moved:
        return f"{_upper(a_role(role))} reviews what changed and signs again."
    return f"{_upper(a_role(role))} reviews the evidence and signs."


def _eligible(requirement: Requirement, context: Context, counting: list[Weighed]) -> list[Person]:
    """Who could give a signature that is still missing."""
    evidence = context.evidence
    done = {item.fact.signer for item in counting}
    return [
        person
        for person in evidence.holders.get(requirement.role, ())
        if person.username not in done
        and not reasons_against(
            person.username,
            requirement.role,
            involved=evidence.involved if requirement.independence else {},
            roles_held=(requirement.role,),
            signed_roles=context.signed_roles,
            recused=evidence.recused,
        )
    ]


def _said(fact: SignOffFact, context: Context) -> str:
    done = {
        "approve": "approved",
        "approve_with_conditions": f"approved with {counted(len(fact.conditions), 'condition')}",
        "request_changes": "asked for changes",
        "reject": "rejected",
    }.get(fact.decision, f'signed "{fact.decision}"')
    signer = f"{fact.signer_name}, for {fact.acting_for_name}," if fact.acting_for else fact.signer_name
    return f"{signer} {done} on {day(fact.signed_at, context.now)}"


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
