"""Signing: a decision bound to the evidence that the signer saw. Every refusal stands on the record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid, NotAllowed, Refusal
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from policy.tiering import Tier
from registry.actions.locking import stamp
from registry.models import Lifecycle, ModelVersion
from riskreview.evidence import VERSION_RELATIONS
from riskreview.judgement import Judged, judge_version
from riskreview.models import Condition, Decision, Review, SignOff
from riskreview.signing import APPROVALS, barred, reasons_why_not, statement, valid_until

SHORTEST_RATIONALE = 20
LONGEST_RATIONALE = 10_000
LONGEST_CONDITION = 300
MOST_CONDITIONS = 20


class CannotSign(NotAllowed):
    """This person may not sign here. `reasons` are sentences to them, `who` names people who may."""

    def __init__(self, reasons: Sequence[str], who: Sequence[str]) -> None:
        can = f"Who can: {', '.join(who)}." if who else "Nobody can now; an administrator grants roles."
        super().__init__(f"You cannot sign this review. {' '.join(reasons)}", can)
        self.reasons = tuple(reasons)
        self.who = tuple(who)


class EvidenceMoved(Conflict):
    """The evidence is not what the signer saw. `judged` is how things stand now."""

    def __init__(self, judged: Judged) -> None:
        super().__init__(
            "The evidence changed while you were reading, so nothing was signed.",
            "Read what changed and sign again.",
        )
        self.judged = judged


class WrongPassword(Invalid):
    """The signer did not prove again who they are."""

    def __init__(self) -> None:
        super().__init__("This is not your password.", "Nothing was signed.", field="password")


@dataclass(frozen=True)
class Given:
    """What the signer handed in."""

    role: str
    decision: str
    rationale: str
    conditions: tuple[tuple[str, date], ...]
    seen_digest: str


def sign_off(
    *,
    review: Review,
    role: str,
    decision: str,
    rationale: str,
    conditions: Sequence[tuple[str, date]],
    seen_digest: str,
    password: str,
    signer: User,
    actor: Actor,
    at: datetime,
) -> SignOff:
    """Put the signer's decision on the review, bound to the evidence as it stands, and on the record.

    Raises CannotSign, EvidenceMoved, WrongPassword or Invalid; each is recorded in a transaction of its own,
    so that it outlives the one that it undid.
    """
    told = tuple((text.strip(), due_on) for text, due_on in conditions)
    given = Given(str(role), str(decision), rationale.strip(), told, seen_digest)
    proved = signer.check_password(password)  # slow by design, so before any row is held
    try:
        with transaction.atomic():
            return _sign(review, given, proved, signer, actor, at)
    except Refusal as refusal:
        with transaction.atomic():
            _record_refusal(review, given, refusal, actor, at)
        raise


def _sign(review: Review, given: Given, proved: bool, signer: User, actor: Actor, at: datetime) -> SignOff:
    version = (
        ModelVersion.objects.select_for_update(of=("self",))
        .select_related(*VERSION_RELATIONS)
        .get(pk=review.version_id)
    )
    stamp(version.pk)
    review = Review.objects.select_for_update().get(pk=review.pk)
    judged = judge_version(version, review.environment, at=at)
    _refuse_unless_independent(judged, signer, given.role, at)
    _refuse_incomplete(given, at)
    _refuse_what_cannot_be_approved(judged, version, given.decision)
    if given.seen_digest != judged.digest:
        raise EvidenceMoved(judged)
    if not proved:
        raise WrongPassword
    signoff = SignOff.objects.create(
        review=review,
        role=given.role,
        decision=given.decision,
        rationale=given.rationale,
        statement=statement(judged, given.role, given.decision, subject=str(version), at=at),
        evidence_digest=judged.digest,
        components=judged.components,
        signer=signer,
        authenticated_by=f"{actor.authenticated_by}, password again"[:80],
        signed_at=at,
        expires_at=valid_until(judged, given.role, given.decision, at),
    )
    Condition.objects.bulk_create(
        Condition(signoff=signoff, text=text, due_on=due_on) for text, due_on in given.conditions
    )
    _record_signature(signoff, review, version, given, actor, at)
    if review.approved_at is None and judge_version(version, review.environment, at=at).allows:
        review.approved_at = at
        review.save(update_fields=["approved_at"])
    return signoff


def _refuse_unless_independent(judged: Judged, signer: User, role: str, at: datetime) -> None:
    reasons = reasons_why_not(judged, signer.username, role, at=at)
    if reasons:
        bar = barred(judged, signer, at=at)
        raise CannotSign(tuple(dict.fromkeys([*reasons, *bar.reasons])), bar.who)


def _refuse_incomplete(given: Given, at: datetime) -> None:
    if given.decision not in Decision.values:
        raise Invalid("Choose a decision.", field="decision")
    if len(given.rationale) < SHORTEST_RATIONALE:
        raise Invalid(
            f"The rationale has {len(given.rationale)} characters.",
            f"Say why in at least {SHORTEST_RATIONALE}.",
            field="rationale",
        )
    if len(given.rationale) > LONGEST_RATIONALE:
        raise Invalid(
            "The rationale is too long.",
            f"Keep it under {LONGEST_RATIONALE:,} characters.",
            field="rationale",
        )
    wanted = given.decision == Decision.APPROVE_WITH_CONDITIONS
    if wanted and not given.conditions:
        raise Invalid(
            "No condition is written.", "Write one with its date, or approve without.", field="conditions"
        )
    if given.conditions and not wanted:
        raise Invalid(
            "Only an approval with conditions has conditions.",
            "Choose it, or clear them.",
            field="conditions",
        )
    if len(given.conditions) > MOST_CONDITIONS:
        raise Invalid(
            f"More than {MOST_CONDITIONS} conditions.", "Request changes instead.", field="conditions"
        )
    for text, due_on in given.conditions:
        if complaint := complaint_about(text, due_on, at.date()):
            raise Invalid(complaint, field="conditions")


def complaint_about(text: str, due_on: date | None, today: date) -> str:
    """What is wrong with a condition; empty when nothing is."""
    if not text:
        return "Say what must be done."
    if len(text) > LONGEST_CONDITION:
        return f"Keep a condition under {LONGEST_CONDITION} characters."
    if due_on is None:
        return "Say by which date."
    return "The date lies in the past." if due_on < today else ""


def _refuse_what_cannot_be_approved(judged: Judged, version: ModelVersion, decision: str) -> None:
    if decision not in APPROVALS:
        return
    tier = judged.evidence.tier
    if tier is not None and tier.tier == Tier.PROHIBITED:
        raise Invalid(
            "This use is prohibited. It can never be approved or waived.",
            "Reject it, or ask for the answers to be corrected if they are wrong.",
            field="decision",
        )
    if version.model.lifecycle == Lifecycle.RETIRED:
        raise Conflict(f"{version.model.name} is retired for good.", "Nothing of it can be approved.")


def _record_signature(
    signoff: SignOff, review: Review, version: ModelVersion, given: Given, actor: Actor, at: datetime
) -> None:
    subject = f"{version.ref}/review:{review.environment}"
    detail = {
        "signoff": signoff.pk,
        "environment": review.environment,
        "role": given.role,
        "decision": given.decision,
        "rationale": given.rationale,
        "statement": signoff.statement,
        "conditions": [{"text": text, "due_on": due_on.isoformat()} for text, due_on in given.conditions],
        "evidence": signoff.evidence_digest,
        "artifact": version.artifact_digest,
        "expires_at": signoff.expires_at.isoformat() if signoff.expires_at else None,
    }
    record(Verb.REVIEW_SIGNED, subject=subject, actor=actor, at=at, detail=detail)


def _record_refusal(review: Review, given: Given, refusal: Refusal, actor: Actor, at: datetime) -> None:
    detail: dict[str, object] = {
        "environment": review.environment,
        "role": given.role[:40],
        "decision": given.decision[:40],
        "reason": str(refusal),
        "seen": given.seen_digest[:80],
    }
    if isinstance(refusal, EvidenceMoved):
        detail["evidence"] = refusal.judged.digest
    record(Verb.REVIEW_SIGN_REFUSED, subject=review.ref, actor=actor, at=at, detail=detail)
