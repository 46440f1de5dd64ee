"""Who may sign in which role, and what their signature means."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts.granting.rules import reason_against_signing
from accounts.models import SIGNING_ROLES, Role, User
from policy.context import earliest
from policy.evidence import Evidence, SignOffFact
from policy.independence import ActingFor, newest_decisions, reasons_against, signed_roles
from policy.pack import Requirement
from policy.words import a_role, named
from registry.models import Environment
from riskreview.judgement import Judged
from riskreview.models import Decision, Delegation, Review, ReviewKind

APPROVALS = (Decision.APPROVE, Decision.APPROVE_WITH_CONDITIONS)


@dataclass(frozen=True)
class Capacity:
    """A role in which somebody signs: their own, or that of a holder for whom they stand in."""

    role: str
    acting_for: User | None = None

    @property
    def words(self) -> str:
        """ "risk officer", "risk officer for Ada Okafor"."""
        label = Role(self.role).label.lower()
        return f"{label} for {self.acting_for.name}" if self.acting_for else label

    @property
    def query(self) -> str:
        """The address of the decision form in this capacity."""
        return f"?role={self.role}" + (f"&for={self.acting_for.username}" if self.acting_for else "")


def asked_of(judged: Judged, role: str) -> Requirement | None:
    """What the policy asks of a role for this tier and environment; None when it asks nothing."""
    return next((asked for asked in judged.asked if asked.role == role), None)


def roles_of(evidence: Evidence, username: str) -> list[str]:
    """The signing roles that the person holds now, in the order of Role."""
    return [
        role.value
        for role in SIGNING_ROLES
        if any(person.username == username for person in evidence.holders.get(role.value, ()))
    ]


def reasons_why_not(
    judged: Judged,
    username: str,
    role: str,
    *,
    at: datetime,
    acting_for: User | None = None,
    about: str | None = None,
) -> tuple[str, ...]:
    """Each reason why this person may not sign in this role, as sentences; empty when they may.

    The sentences speak to the person, or `about` somebody of this name.
    """
    evidence, asked = judged.evidence, asked_of(judged, role)
    involved = evidence.involved if asked is None or asked.independence else {}
    holder = None
    if acting_for is not None:
        held = roles_of(evidence, acting_for.username)
        holder = ActingFor(acting_for.username, acting_for.name, held)
    return reasons_against(
        username,
        role,
        involved=involved,
        roles_held=roles_of(evidence, username),
        signed_roles=signed_roles(evidence.signoffs, at),
        name=about,
        recused=evidence.recused,
        acting_for=holder,
    )


def live_delegations(deputy: User, *, at: datetime) -> list[Delegation]:
    """Whom the person stands in for now, and in which role."""
    rows = Delegation.objects.filter(
        deputy=deputy, revoked_at=None, starts_on__lte=at.date(), ends_on__gte=at.date()
    )
    return list(rows.select_related("holder").order_by("pk"))


def capacities(
    judged: Judged, user: User, delegations: Iterable[Delegation], *, at: datetime
) -> list[Capacity]:
    """In what the person may sign: own roles before those of others, and those that are asked for first."""
    if reason_against_signing(user):
        return []
    own = [Capacity(role) for role in roles_of(judged.evidence, user.username)]
    lent = [Capacity(row.role, row.holder) for row in delegations]
    free = [
        item
        for item in [*own, *lent]
        if not reasons_why_not(judged, user.username, item.role, at=at, acting_for=item.acting_for)
    ]
    asked = {requirement.role for requirement in judged.asked}
    return sorted(free, key=lambda item: item.role not in asked)


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
    elif apart := reason_against_signing(user):
        found = {apart: None} | found
    return Bar(tuple(found), who_can_sign(judged, at=at))


def _roleless(judged: Judged, user: User) -> list[str]:
    """The person holds no signing role: say so, and whatever else stands in their way."""
    against = reasons_against(
        user.username, "", involved=judged.evidence.involved, roles_held=[""], signed_roles={}
    )
    asked = [a_role(requirement.role) for requirement in judged.asked]
    wanted = f" This review asks for {_either(asked)}." if asked else ""
    return [*against, f"You hold no role that signs.{wanted}"]


def who_can_sign(judged: Judged, *, at: datetime) -> tuple[str, ...]:
    """Everybody who may give a signature that the policy asks for: "Ada Okafor (risk officer)"."""
    names: list[str] = []
    for requirement in judged.asked:
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


def valid_until(judged: Judged, review: Review, role: str, decision: str, at: datetime) -> datetime | None:
    """When the signature runs out. Only approvals do: a rejection stands until it is withdrawn."""
    asked = asked_of(judged, role)
    if decision not in APPROVALS:
        return None
    limit = at + asked.valid_for if asked is not None and asked.valid_for is not None else None
    return earliest(limit, review.approvals_end_at)


def statement(judged: Judged, review: Review, capacity: Capacity, decision: str, *, at: datetime) -> str:
    """What the signature means, in the signer's words. Built here and stored, never taken from a browser."""
    independent = "I am independent" if capacity.acting_for is None else "We are both independent"
    seen = (
        f"As {capacity.words} I have examined the evidence with digest {judged.digest}. "
        f"{independent} of the development of this model."
    )
    says = _about_retiring if review.kind == ReviewKind.RETIREMENT else _about_running
    until = valid_until(judged, review, capacity.role, decision, at)
    return f"{seen} {says(review, capacity.role, Decision(decision), until)}"


def _about_running(review: Review, role: str, decision: Decision, until: datetime | None) -> str:
    subject, place = str(review.version), Environment(review.environment).label.lower()
    limit = f"until {until.day} {until:%B %Y}, " if until else ""
    accepts = (
        f"On behalf of {settings.COUNTERSIGN_ORGANISATION} I accept the residual risk of running {subject} "
        f"in {place} {limit}while this evidence stands"
    )
    return {
        Decision.APPROVE: f"{accepts}.",
        Decision.APPROVE_WITH_CONDITIONS: f"{accepts}, and as long as my conditions are met by their dates.",
        Decision.REQUEST_CHANGES: f"I do not accept that {subject} runs in {place} as it is; "
        "I will judge it again after the changes that I ask for.",
        Decision.REJECT: f"I reject that {subject} runs in {place}. This stands, whatever changes, "
        f"until {a_role(role)} withdraws it.",
    }[decision]


def _about_retiring(review: Review, role: str, decision: Decision, until: datetime | None) -> str:
    name = review.version.model.name
    agrees = f"On behalf of {settings.COUNTERSIGN_ORGANISATION} I agree that {name} is retired"
    return {
        Decision.APPROVE: f"{agrees}.",
        Decision.APPROVE_WITH_CONDITIONS: f"{agrees}, and that my conditions are met by their dates.",
        Decision.REQUEST_CHANGES: f"I do not agree yet that {name} is retired; "
        "I will judge it again after the changes that I ask for.",
        Decision.REJECT: f"I reject that {name} is retired, until {a_role(role)} withdraws this.",
    }[decision]


def _either(words: list[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} or {last}" if head else last
