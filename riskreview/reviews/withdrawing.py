"""After the signature: taking it back."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.reasons import reason_given
from accounts.refusals import Conflict, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from policy.evidence import Evidence
from policy.words import a_role
from registry.actions.locking import locked_version
from riskreview.judgement import judge_review
from riskreview.models import Decision, SignOff
from riskreview.reviews.eligibility import roles_of
from riskreview.reviews.signoffs import note_approval

SHORTEST_REASON, LONGEST_REASON = 20, 2_000


@transaction.atomic
def withdraw(*, signoff: SignOff, reason: str, user: User, actor: Actor, at: datetime) -> SignOff:
    """Take a signature back: its signer may, or for whom it was given; of a rejection any independent of its role."""
    locked_version(signoff.review.version)
    signoff = _locked(signoff)
    review = signoff.review
    if why_not := reason_against_withdrawing(signoff, user, judge_review(review, at=at).evidence):
        raise NotAllowed(why_not, f"{signoff.signer.name} signed it.")
    if signoff.withdrawn_at is not None:
        raise Conflict("This sign-off is withdrawn already.")
    reason = reason_given(reason, SHORTEST_REASON, LONGEST_REASON)
    signoff.withdrawn_at, signoff.withdrawn_by, signoff.withdrawn_reason = at, user, reason
    signoff.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    detail = {
        "signoff": signoff.pk,
        "environment": review.environment,
        "role": signoff.role,
        "decision": signoff.decision,
        "signer": signoff.signer.ref,
        "reason": signoff.withdrawn_reason,
    }
    if review.is_open:
        note_approval(review, at)
    record(Verb.SIGNOFF_WITHDRAWN, subject=review.ref, actor=actor, at=at, detail=detail)
    return signoff


def reason_against_withdrawing(signoff: SignOff, user: User, evidence: Evidence) -> str:
    """Why this person may not take the signature back; empty when they may."""
    if signoff.decision != Decision.REJECT:
        own = user.pk in (signoff.signer_id, signoff.acting_for_id)
        return "" if own else "Only the signer takes a sign-off back."
    if signoff.role not in roles_of(evidence, user.username):
        return f"Only {a_role(signoff.role)} can withdraw this rejection."
    if user.username in evidence.involved:
        return "You are part of the model's development or review, so you cannot withdraw a rejection of it."
    if user.username in evidence.recused and signoff.signer_id != user.pk:
        return "You are recused from this review, so you cannot withdraw another's rejection."
    return ""


def _locked(signoff: SignOff) -> SignOff:
    rows = SignOff.objects.select_for_update(of=("self",))
    return rows.select_related("signer", "review__version__model__owner").get(pk=signoff.pk)
