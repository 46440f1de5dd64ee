"""Who may sign in which role, and what their signature means."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts.models import SIGNING_ROLES, Role, User
from policy.evidence import Evidence, SignOffFact
from policy.independence import newest_decisions, reasons_against, signed_roles
from policy.pack import Requirement
from policy.words import a_role, named
from registry.models import Environment
from riskreview.judgement import Judged
from riskreview.models import Decision
from riskreview.packs import pack_of

APPROVALS = (Decision.APPROVE, Decision.APPROVE_WITH_CONDITIONS)


def asked_of(judged: Judged, role: str) -> Requirement | None:
    """What the policy asks of a role for this tier and environment; None when it asks nothing."""
    return next((asked for asked in signatures_asked(judged) if asked.role == role), None)


def signatures_asked(judged: Judged) -> tuple[Requirement, ...]:
    """The signatures that the policy asks for this tier and environment."""
    if judged.policy is None:
        return ()
    by_tier = pack_of(judged.policy).environments.get(judged.verdict.environment, {})
    asked = by_tier.get(judged.verdict.tier or "", ())
    return tuple(requirement for requirement in asked if requirement.kind == "signoff")


def roles_of(evidence: Evidence, username: str) -> list[str]:
    """The signing roles that the person holds now, in the order of Role."""
    return [
        role.value
        for role in SIGNING_ROLES
        if any(person.username == username for person in evidence.holders.get(role.value, ()))
    ]


def reasons_why_not(judged: Judged, username: str, role: str, *, at: datetime) -> tuple[str, ...]:
    """Each reason why this person may not sign in this role, as sentences to them; empty when they may."""
    evidence, asked = judged.evidence, asked_of(judged, role)
    involved = evidence.involved if asked is None or asked.independence else {}
    return reasons_against(
        username,
        role,
        involved=involved,
        roles_held=roles_of(evidence, username),
        signed_roles=signed_roles(evidence.signoffs, at),
    )


def eligible_roles(judged: Judged, user: User, *, at: datetime) -> list[str]:
    """The roles in which the person may sign, those that the policy asks for first."""
    free = [
        role
        for role in roles_of(judged.evidence, user.username)
        if not reasons_why_not(judged, user.username, role, at=at)
    ]
    asked = {requirement.role for requirement in signatures_asked(judged)}
    return sorted(free, key=lambda role: role not in asked)


@dataclass(frozen=True)
class Bar:
    """Why somebody cannot sign this review in any role, and who can."""

    reasons: tuple[str, ...]
    who: tuple[str, ...]


def barred(judged: Judged, user: User, *, at: datetime) -> Bar:
    """What the cannot-sign panel says. Reasons of every signing role that the person holds, each once."""
    evidence = judged.evidence
    held = roles_of(evidence, user.username)
    found: dict[str, None] = {}
    for role in held:
        found |= dict.fromkeys(reasons_why_not(judged, user.username, role, at=at))
    if not held:
        found = dict.fromkeys(_roleless(judged, user))
    return Bar(tuple(found), who_can_sign(judged, at=at))


def _roleless(judged: Judged, user: User) -> list[str]:
    """The person holds no signing role: say so, and whatever else stands in their way."""
    against = reasons_against(
        user.username, "", involved=judged.evidence.involved, roles_held=[""], signed_roles={}
    )
    asked = [a_role(requirement.role) for requirement in signatures_asked(judged)]
    wanted = f" This review asks for {_either(asked)}." if asked else ""
    return [*against, f"You hold no role that signs.{wanted}"]


def who_can_sign(judged: Judged, *, at: datetime) -> tuple[str, ...]:
    """Everybody who may give a signature that the policy asks for: "Ada Okafor (risk officer)"."""
    names: list[str] = []
    for requirement in signatures_asked(judged):
        people = [
            person
            for person in judged.evidence.holders.get(requirement.role, ())
            if not reasons_why_not(judged, person.username, requirement.role, at=at)
        ]
        names += named(people, requirement.role)
    return tuple(names)


def my_decision(judged: Judged, username: str) -> SignOffFact | None:
    """The person's newest standing decision in this review."""
    mine = [fact for fact in newest_decisions(judged.evidence.signoffs) if fact.signer == username]
    return mine[-1] if mine else None


def valid_until(judged: Judged, role: str, decision: str, at: datetime) -> datetime | None:
    """When the signature runs out. Only approvals do: a rejection stands until it is withdrawn."""
    asked = asked_of(judged, role)
    if decision not in APPROVALS or asked is None or asked.valid_for is None:
        return None
    return at + asked.valid_for


def statement(judged: Judged, role: str, decision: str, *, subject: str, at: datetime) -> str:
    """What the signature means, in the signer's words. Built here and stored, never taken from a browser."""
    label = Role(role).label.lower()
    place = Environment(judged.verdict.environment).label.lower()
    seen = (
        f"As {label} I have examined the evidence with digest {judged.digest}. "
        "I am independent of the development of this model."
    )
    until = valid_until(judged, role, decision, at)
    limit = f"until {until.day} {until:%B %Y}, " if until else ""
    accepts = (
        f"On behalf of {settings.COUNTERSIGN_ORGANISATION} I accept the residual risk of running {subject} "
        f"in {place} {limit}while this evidence stands"
    )
    meaning = {
        Decision.APPROVE: f"{accepts}.",
        Decision.APPROVE_WITH_CONDITIONS: f"{accepts}, and as long as my conditions are met by their dates.",
        Decision.REQUEST_CHANGES: f"I do not accept that {subject} runs in {place} as it is; "
        "I will judge it again after the changes that I ask for.",
        Decision.REJECT: f"I reject that {subject} runs in {place}. This stands, whatever changes, "
        f"until {a_role(role)} withdraws it.",
    }[Decision(decision)]
    return f"{seen} {meaning}"


def _either(words: list[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} or {last}" if head else last
