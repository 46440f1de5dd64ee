"""After the signature: taking it back, and meeting what it asked for."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from policy.evidence import Evidence
from policy.words import a_role
from registry.access import may_edit
from registry.actions.locking import locked_version
from riskreview.evidence import gather
from riskreview.judgement import judge_version
from riskreview.models import Condition, Decision, Review, SignOff
from riskreview.signing import roles_of

SHORTEST_REASON = 20
LONGEST_NOTE = 300


@transaction.atomic
def withdraw(*, signoff: SignOff, reason: str, user: User, actor: Actor, at: datetime) -> SignOff:
    """Take a signature back: its signer may, and for a rejection any independent holder of its role."""
    locked_version(signoff.review.version)
    signoff = _locked(signoff)
    review = signoff.review
    if why_not := reason_against_withdrawing(signoff, user, gather(review.version, review.environment)):
        raise NotAllowed(why_not, f"{signoff.signer.name} signed it.")
    if signoff.withdrawn_at is not None:
        raise Conflict("This sign-off is withdrawn already.")
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise Invalid(
            "A reason is needed; it stands in the record.",
            f"Say why in at least {SHORTEST_REASON} characters.",
            field="reason",
        )
    signoff.withdrawn_at, signoff.withdrawn_by, signoff.withdrawn_reason = at, user, reason[:2000]
    signoff.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    detail = {
        "signoff": signoff.pk,
        "environment": review.environment,
        "role": signoff.role,
        "decision": signoff.decision,
        "signer": signoff.signer.ref,
        "reason": signoff.withdrawn_reason,
    }
    record(Verb.SIGNOFF_WITHDRAWN, subject=review.ref, actor=actor, at=at, detail=detail)
    _note_approval(review, at)
    return signoff


def reason_against_withdrawing(signoff: SignOff, user: User, evidence: Evidence) -> str:
    """Why this person may not take the signature back; empty when they may."""
    if signoff.decision != Decision.REJECT:
        return "" if signoff.signer_id == user.pk else "Only the signer takes a sign-off back."
    if signoff.role not in roles_of(evidence, user.username):
        return f"Only {a_role(signoff.role)} can withdraw this rejection."
    if user.username in evidence.involved:
        return "You are part of the model's development or review, so you cannot withdraw a rejection of it."
    return ""


@transaction.atomic
def meet_condition(*, condition: Condition, note: str, user: User, actor: Actor, at: datetime) -> Condition:
    """Say that a condition is met, and how. The owner and the developers answer for it."""
    review = condition.signoff.review
    if not may_edit(user, review.version.model):
        raise NotAllowed(
            "Only the owner and the developers of the model can say that a condition is met.",
            f"Ask {review.version.model.owner.name}.",
        )
    locked_version(review.version)
    condition = Condition.objects.select_for_update(of=("self",)).get(pk=condition.pk)
    if condition.met_at is not None:
        raise Conflict("This condition is met already.")
    note = note.strip()
    if not note or len(note) > LONGEST_NOTE:
        raise Invalid(f"Say in 1 to {LONGEST_NOTE} characters how it was met.", field="note")
    condition.met_at, condition.met_by, condition.met_note = at, user, note
    condition.save(update_fields=["met_at", "met_by", "met_note"])
    detail = {
        "signoff": condition.signoff_id,
        "condition": condition.text,
        "due_on": condition.due_on.isoformat(),
        "note": note,
    }
    record(Verb.CONDITION_MET, subject=review.ref, actor=actor, at=at, detail=detail)
    return condition


def _locked(signoff: SignOff) -> SignOff:
    rows = SignOff.objects.select_for_update(of=("self",))
    return rows.select_related("signer", "review__version__model__owner").get(pk=signoff.pk)


def _note_approval(review: Review, at: datetime) -> None:
    """A withdrawn rejection may have been the last thing in the way."""
    if review.approved_at is None and judge_version(review.version, review.environment, at=at).allows:
        review.approved_at = at
        review.save(update_fields=["approved_at"])
