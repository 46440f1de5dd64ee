"""Accepting what remains of a risk, and taking that back."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction

from accounts.granting.rules import reason_against_signing
from accounts.models import SIGNING_ROLES, Role, User
from accounts.refusals import Conflict, Invalid, NotAllowed, Refusal
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from policy.risk_scales import Acceptance, RiskScales
from policy.words import a_role
from registry.access import may_edit
from riskreview.involvement import involved_in
from riskreview.models import Risk, RiskState
from riskreview.risks.held import end_acceptance, held_risk, keep_risk, reason_of
from riskreview.risks.scales import current_scales


@dataclass(frozen=True)
class Asked:
    """What accepting a risk asks for: its residual level, whose word, and the last day that it can hold."""

    level: str
    rule: Acceptance
    latest: date


def acceptance_asked(risk: Risk, scales: RiskScales, today: date) -> Asked | None:
    """What accepting this risk asks for; nothing while its residual risk is not rated."""
    level = scales.level(risk.residual)
    if not level:
        return None
    rule = scales.acceptance[level]
    return Asked(level, rule, today + timedelta(days=rule.days))


def reasons_against_accepting(user: User, risk: Risk, asked: Asked) -> list[str]:
    """Why this person may not accept this risk; empty when they may."""
    reasons = []
    if not user.holds(asked.rule.role):
        reasons.append(f"A residual risk rated {asked.level} is accepted by {a_role(asked.rule.role)}.")
    elif apart := reason_against_signing(user):
        reasons.append(apart)
    if risk.owner_id == user.pk:
        reasons.append("You own this risk.")
    if part := involved_in(risk.model).get(user.username):
        reasons.append(part)
    return reasons


def accept_risk(
    *, risk: Risk, reason: str, until: date | None, acceptor: User, actor: Actor, at: datetime
) -> Risk:
    """Take what remains upon oneself, in the role that its level asks, until a day. A refusal is recorded, too.

    `until` is the last day on which the acceptance holds; without it, the longest that the level allows.
    """
    try:
        with transaction.atomic():
            return _accept(risk, reason, until, acceptor, actor, at)
    except Refusal as refusal:
        with transaction.atomic():
            detail = {"reason": str(refusal), "rationale": reason.strip()[:500]}
            record(Verb.RISK_ACCEPT_REFUSED, subject=risk.ref, actor=actor, at=at, detail=detail)
        raise


def _accept(risk: Risk, reason: str, until: date | None, acceptor: User, actor: Actor, at: datetime) -> Risk:
    risk = held_risk(risk)
    asked = acceptance_asked(risk, current_scales(), at.date())
    if asked is None:
        raise Conflict("What remains of this risk is not rated.", "Rate it after its controls first.")
    if reasons := reasons_against_accepting(acceptor, risk, asked):
        raise NotAllowed(" ".join(reasons), f"Ask {a_role(asked.rule.role)} without a part in it.")
    if risk.state == RiskState.ACCEPTED and risk.accepted_until and risk.accepted_until > at:
        raise Conflict("It is accepted already.", "Withdraw that first, or wait until it has expired.")
    until = until or asked.latest
    if not at.date() <= until <= asked.latest:
        raise Invalid(
            f"Accepted {asked.level}, it can stand for {asked.rule.days} days at most.",
            f"Choose a day from {at.date()} to {asked.latest}.",
            field="until",
        )
    risk.acceptance = reason_of(reason)
    risk.state, risk.accepted_by = RiskState.ACCEPTED, acceptor
    risk.accepted_role, risk.accepted_level = asked.rule.role, asked.level
    risk.accepted_at, risk.accepted_until = at, _end_of(until)
    keep_risk(risk, at)
    detail = {
        "level": asked.level,
        "role": asked.rule.role,
        "until": until.isoformat(),
        "reason": risk.acceptance,
        "rating": list(risk.residual or ()),
    }
    record(Verb.RISK_ACCEPTED, subject=risk.ref, actor=actor, at=at, detail=detail)
    return risk


def reason_against_withdrawing(user: User, risk: Risk) -> str:
    """Why this person may not take the acceptance back; empty when they may, or when there is none."""
    if not user.holds(*SIGNING_ROLES):
        return "Only those whose role accepts risks take an acceptance back."
    if risk.accepted_by_id in (None, user.pk):
        return ""
    if not user.holds(risk.accepted_role):
        return f"Only {a_role(risk.accepted_role)} takes this acceptance back."
    if risk.owner_id == user.pk or may_edit(user, risk.model):
        return "You have a part in this risk or its model."
    return ""


@transaction.atomic
def withdraw_acceptance(*, risk: Risk, reason: str, user: User, actor: Actor, at: datetime) -> Risk:
    """Take an acceptance back: whoever gave it may, and every independent holder of its role."""
    risk = held_risk(risk)
    if why_not := reason_against_withdrawing(user, risk):
        raise NotAllowed(why_not, f"Ask {risk.accepted_by or 'a risk officer'}.")
    if risk.state != RiskState.ACCEPTED:
        raise Conflict(f"R-{risk.pk} is not accepted.", "There is nothing to withdraw.")
    reason = reason_of(reason)
    level, whose = risk.accepted_level, end_acceptance(risk)
    keep_risk(risk, at)
    detail = {"reason": reason, "level": level, "accepted_by": whose}
    record(Verb.RISK_ACCEPTANCE_WITHDRAWN, subject=risk.ref, actor=actor, at=at, detail=detail)
    return risk


def role_asked(asked: Asked) -> str:
    """The role as people say it."""
    return Role(asked.rule.role).label.lower()


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, UTC)
