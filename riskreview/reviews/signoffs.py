"""Signing: a decision bound to the evidence that the signer saw. Every refusal stands on the record."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.urls import reverse

from accounts.granting.rules import reason_against_signing
from accounts.ground import standing_ground
from accounts.models import User
from accounts.notices import notify
from accounts.proving.again import prove_again
from accounts.refusals import Refusal
from audit.actions import record
from audit.actor import Actor
from audit.rows import wrote
from audit.verbs import Verb
from registry.actions.locking import stamp
from registry.models import ModelVersion
from riskreview.evidence import VERSION_RELATIONS
from riskreview.judgement import Judged, judge_review
from riskreview.models import Condition, Review, ReviewKind, SignOff
from riskreview.reviews.asking import address_of, held_open
from riskreview.reviews.eligibility import (
    Capacity,
    barred,
    live_delegations,
    reasons_why_not,
    statement,
    valid_until,
)
from riskreview.reviews.given import (
    CannotSign,
    ConditionAsked,
    EvidenceMoved,
    Given,
    WrongPassword,
    refuse_incomplete,
    refuse_out_of_order,
    refuse_what_cannot_be_approved,
)
from riskreview.reviews.queries.reviews import is_complete


def sign_off(
    *,
    review: Review,
    role: str,
    decision: str,
    rationale: str,
    conditions: Sequence[tuple[str, date] | ConditionAsked],
    seen_digest: str,
    password: str,
    signer: User,
    acting_for: str = "",
    actor: Actor,
    at: datetime,
) -> SignOff:
    """Put the signer's decision on the review, bound to the evidence as it stands, and on the record.

    `acting_for` is the user name of the holder in whose name a deputy signs. Raises CannotSign, EvidenceMoved,
    WrongPassword, SignedAlready, Conflict or Invalid; each is recorded in a transaction of its own, so that it
    outlives the one that it undid.
    """
    told = tuple(ConditionAsked(item[0].strip(), *item[1:]) for item in conditions)
    given = Given(str(role), str(decision), rationale.strip(), told, seen_digest, acting_for)
    proved = prove_again(signer, password, actor=actor, at=at)  # slow by design, so before any row is held
    return sign_given(review=review, given=given, proved=proved, signer=signer, actor=actor, at=at)


def sign_given(
    *, review: Review, given: Given, proved: str, signer: User, actor: Actor, at: datetime
) -> SignOff:
    """The same for somebody who proved who they are, or did not (""): one proof may carry several signatures."""
    try:
        with transaction.atomic():
            return _sign(review, given, proved, signer, actor, at)
    except Refusal as refusal:
        with transaction.atomic():
            _record_refusal(review, given, refusal, actor, at)
        raise


def _sign(review: Review, given: Given, proved: str, signer: User, actor: Actor, at: datetime) -> SignOff:
    # The ground stands still meanwhile: a role or an account that somebody is taking away is waited for.
    version = (
        ModelVersion.objects.annotate(**standing_ground())
        .select_for_update(of=("self",))
        .select_related(*VERSION_RELATIONS)
        .get(pk=review.version_id)
    )
    stamp(version.pk)
    review = held_open(review)
    review.version = version
    judged = judge_review(review, at=at)
    capacity = _capacity(judged, signer, given, at)
    refuse_incomplete(given, signer, at)
    refuse_what_cannot_be_approved(judged, review, given.decision)
    if given.seen_digest != judged.digest:
        raise EvidenceMoved(judged)
    if not proved:
        raise WrongPassword
    refuse_out_of_order(review, given, signer, judged, at)
    signoff = SignOff.objects.create(
        review=review,
        role=given.role,
        decision=given.decision,
        rationale=given.rationale,
        statement=statement(judged, review, capacity, given.decision, at=at),
        evidence_digest=judged.digest,
        components=judged.components,
        signer=signer,
        acting_for=capacity.acting_for,
        authenticated_by=f"{actor.authenticated_by}, {proved} again"[:80],
        signed_at=at,
        expires_at=valid_until(judged, review, given.role, given.decision, at),
    )
    wrote(
        Condition.objects.bulk_create(
            Condition(signoff=signoff, text=item.text, due_on=item.due_on, owner=item.owner)
            for item in given.conditions
        )
    )
    note_approval(review, at)
    _record_signature(signoff, review, version, given, actor, at)
    _tell_those_who_owe(signoff, given, at)
    return signoff


def note_approval(review: Review, at: datetime) -> None:
    """Remember when the review first had all that it asks for in this round; of a retirement, tell the owner."""
    if review.answered_at is not None or not is_complete(judge_review(review, at=at), review):
        return
    review.approved_at = at
    review.save(update_fields=["approved_at"])
    if review.kind == ReviewKind.RETIREMENT:
        notify(
            [review.version.model.owner],
            kind="review.retirement",
            text=f"{review.version.model.name} may be retired: everybody who was asked agrees.",
            url=address_of(review),
            key=f"review.approved:{review.pk}:{review.round}",
            at=at,
        )


def _capacity(judged: Judged, signer: User, given: Given, at: datetime) -> Capacity:
    """In what the person signs. Raises CannotSign when the rules are against it, now and not when the page came."""
    holder = None
    if given.acting_for:
        lent = [row for row in live_delegations(signer, at=at) if row.role == given.role]
        holder = next((row.holder for row in lent if row.holder.username == given.acting_for), None)
        if holder is None:
            bar = barred(judged, signer, at=at)
            reason = "The person for whom you sign does not delegate this role to you, or no longer does."
            raise CannotSign((reason, *bar.reasons), bar.who)
    reasons = reasons_why_not(judged, signer.username, given.role, at=at, acting_for=holder)
    if apart := reason_against_signing(signer):
        reasons = (apart, *reasons)
    if reasons:
        bar = barred(judged, signer, at=at)
        raise CannotSign(tuple(dict.fromkeys([*reasons, *bar.reasons])), bar.who)
    return Capacity(given.role, holder)


def _record_signature(
    signoff: SignOff, review: Review, version: ModelVersion, given: Given, actor: Actor, at: datetime
) -> None:
    subject = f"{version.ref}/review:{review.environment}"
    detail = {
        "signoff": signoff.pk,
        "environment": review.environment,
        "review": review.pk,
        "kind": review.kind,
        "round": review.round,
        "role": given.role,
        "acting_for": signoff.acting_for.ref if signoff.acting_for else None,
        "decision": given.decision,
        "rationale": given.rationale,
        "statement": signoff.statement,
        "conditions": [
            {
                "text": item.text,
                "due_on": item.due_on.isoformat(),
                "owner": (item.owner or version.model.owner).ref,
            }
            for item in given.conditions
        ],
        "evidence": signoff.evidence_digest,
        "artifact": version.artifact_digest,
        "expires_at": signoff.expires_at.isoformat() if signoff.expires_at else None,
    }
    record(Verb.REVIEW_SIGNED, subject=subject, actor=actor, at=at, detail=detail)


def _tell_those_who_owe(signoff: SignOff, given: Given, at: datetime) -> None:
    version = signoff.review.version
    for owner in {item.owner or version.model.owner for item in given.conditions}:
        notify(
            [owner],
            kind="condition.asked",
            text=f"{signoff.signer.name} approved {version} with conditions that you owe.",
            url=reverse("riskreview:obligations"),
            key=f"conditions:{signoff.pk}",
            at=at,
        )


def _record_refusal(review: Review, given: Given, refusal: Refusal, actor: Actor, at: datetime) -> None:
    detail: dict[str, object] = {
        "environment": review.environment,
        "role": given.role[:40],
        "decision": given.decision[:40],
        **({"acting_for": given.acting_for[:150]} if given.acting_for else {}),
        "reason": str(refusal),
        "seen": given.seen_digest[:80],
    }
    if isinstance(refusal, EvidenceMoved):
        detail["evidence"] = refusal.judged.digest
    record(Verb.REVIEW_SIGN_REFUSED, subject=review.ref, actor=actor, at=at, detail=detail)
