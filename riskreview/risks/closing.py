"""Taking a risk out of the register, and putting it back."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from riskreview.models import Risk, RiskState
from riskreview.risks.access import reason_against_closing, refuse_unless_assessor
from riskreview.risks.adding import FIRST_REVIEW
from riskreview.risks.held import end_acceptance, held_risk, keep_risk, locked_risk, model_in_use, reason_of


@transaction.atomic
def close_risk(*, risk: Risk, reason: str, closer: User, actor: Actor, at: datetime) -> Risk:
    """Take a risk out of the register, with the reason; what was recorded of it stays."""
    if why_not := reason_against_closing(closer, risk):
        raise NotAllowed(why_not, "A validator or risk officer without a part in it can.")
    reason = reason_of(reason)
    risk = held_risk(risk)
    ended = end_acceptance(risk)
    risk.state = RiskState.CLOSED
    risk.closed_by, risk.closed_at, risk.closed_reason = closer, at, reason
    keep_risk(risk, at)
    detail = {"reason": reason} | ({"acceptance_ended": ended} if ended else {})
    record(Verb.RISK_CLOSED, subject=risk.ref, actor=actor, at=at, detail=detail)
    return risk


@transaction.atomic
def reopen_risk(*, risk: Risk, reason: str, opener: User, actor: Actor, at: datetime) -> Risk:
    """Put a closed risk back into the register, as it was rated; its review is due within the usual time."""
    refuse_unless_assessor(opener, risk.model, risk)
    reason = reason_of(reason)
    model = model_in_use(risk.model)
    risk = locked_risk(risk)
    if risk.state != RiskState.CLOSED:
        raise Conflict(f"R-{risk.pk} is open already.")
    same = model.risks.exclude(state=RiskState.CLOSED).filter(catalogue_id=risk.catalogue_id).first()
    if risk.catalogue_id and same is not None:
        raise Conflict(f"R-{same.pk} is the same risk of the catalogue, and open.", "Go on with that one.")
    risk.state = RiskState.OPEN
    risk.closed_by, risk.closed_at, risk.closed_reason = None, None, ""
    risk.review_on = max(risk.review_on, (at + FIRST_REVIEW).date())
    keep_risk(risk, at)
    record(Verb.RISK_REOPENED, subject=risk.ref, actor=actor, at=at, detail={"reason": reason})
    return risk
