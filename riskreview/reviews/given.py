"""What is handed in to be signed, and every reason to refuse it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from accounts.models import Role, User
from accounts.refusals import Conflict, Invalid, NotAllowed, Unavailable
from policy.tiering import Tier
from registry.models import Lifecycle
from riskreview.judgement import Judged
from riskreview.models import Decision, Review, ReviewKind, SignOff
from riskreview.reviews.eligibility import APPROVALS

SHORTEST_RATIONALE = 20
LONGEST_RATIONALE = 10_000
LONGEST_CONDITION = 300
MOST_CONDITIONS = 20
SAME_CLICK = timedelta(minutes=10)


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
        super().__init__("This is not your password or code.", "Nothing was signed.", field="password")


class SignedAlready(Conflict):
    """The same was sent twice, as by a double click. `signoff` is what the first one left."""

    def __init__(self, signoff: SignOff) -> None:
        super().__init__(
            "This is signed already, word for word; the second try changed nothing.",
            "Your signature stands under Certificates.",
        )
        self.signoff = signoff


class ConditionAsked(NamedTuple):
    """What a signer asks for, by when and of whom; of the model's owner unless told."""

    text: str
    due_on: date
    owner: User | None = None


@dataclass(frozen=True)
class Given:
    """What the signer handed in."""

    role: str
    decision: str
    rationale: str
    conditions: tuple[ConditionAsked, ...]
    seen_digest: str
    acting_for: str = ""


def refuse_out_of_order(review: Review, given: Given, signer: User, judged: Judged, at: datetime) -> None:
    """A clock that went back would put a newer word before an older one; a second click would sign twice."""
    rows = SignOff.objects.filter(review__version=review.version_id, review__environment=review.environment)
    last = rows.order_by("-signed_at", "-pk").first()
    if last is not None and last.signed_at > at:
        raise Unavailable(
            "The server's clock reads earlier than the newest signature here, so nothing was signed.",
            "An operator sets the clock right; then sign again.",
        )
    same = rows.filter(
        review=review,
        signer=signer,
        acting_for__username=given.acting_for or None,
        role=given.role,
        decision=given.decision,
        rationale=given.rationale,
        evidence_digest=judged.digest,
        withdrawn_at=None,
        signed_at__gte=max(review.last_asked_at, at - SAME_CLICK),
    )
    twice = same.order_by("-pk").first()
    if twice is not None and [(row.text, row.due_on) for row in twice.conditions.all()] == sorted(
        ((item.text, item.due_on) for item in given.conditions), key=lambda pair: pair[1]
    ):
        raise SignedAlready(twice)


def refuse_incomplete(given: Given, signer: User, at: datetime) -> None:
    """Raise Invalid when the decision, its rationale or its conditions do not say enough."""
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
    for item in given.conditions:
        complaint = complaint_about(item.text, item.due_on, at.date()) or _about_owner(item.owner, signer)
        if complaint:
            raise Invalid(complaint, field="conditions")


def _about_owner(owner: User | None, signer: User) -> str:
    if owner is None:
        return ""
    if owner.pk == signer.pk:
        return "Somebody else owes a condition: your role verifies it."
    if not owner.is_active or not owner.roles - {Role.AUDITOR.value}:
        return f"{owner.name} cannot act here, so they cannot owe a condition."
    return ""


def complaint_about(text: str, due_on: date | None, today: date) -> str:
    """What is wrong with a condition; empty when nothing is."""
    if not text:
        return "Say what must be done."
    if len(text) > LONGEST_CONDITION:
        return f"Keep a condition under {LONGEST_CONDITION} characters."
    if due_on is None:
        return "Say by which date."
    return "The date lies in the past." if due_on < today else ""


def refuse_what_cannot_be_approved(judged: Judged, review: Review, decision: str) -> None:
    """Raise where no approval is possible: a prohibited use, a retired model."""
    if decision not in APPROVALS:
        return
    version = review.version
    tier = judged.evidence.tier
    if tier is not None and tier.tier == Tier.PROHIBITED and review.kind != ReviewKind.RETIREMENT:
        raise Invalid(
            "This use is prohibited. It can never be approved or waived.",
            "Reject it, or ask for the answers to be corrected if they are wrong.",
            field="decision",
        )
    if version.model.lifecycle == Lifecycle.RETIRED:
        raise Conflict(f"{version.model.name} is retired for good.", "Nothing of it can be approved.")
