"""Attesting several unchanged approvals again at once: one note, one proof, a signature for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from accounts.proving.again import prove_again
from accounts.refusals import Invalid, Refusal
from audit.actor import Actor
from riskreview.models import Decision, SignOff
from riskreview.reviews.given import LONGEST_RATIONALE, SHORTEST_RATIONALE, Given, WrongPassword
from riskreview.reviews.queries.renewals import Renewal, renewals_of
from riskreview.reviews.signoffs import sign_given

MOST_AT_ONCE = 50


@dataclass(frozen=True)
class Renewed:
    """What became of one of them: the new signature, or why there is none."""

    before: SignOff
    signoff: SignOff | None = None
    refusal: str = ""


def attest_again(
    *, wanted: Mapping[int, str], note: str, password: str, signer: User, actor: Actor, at: datetime
) -> list[Renewed]:
    """Sign anew what did not change. `wanted` maps each old signature to the evidence digest that the page showed.

    Each is a signature of its own, bound to its digest, in a transaction of its own: one that is refused, because its
    evidence moved or its role went, does not hold up the others. Raises Invalid when nothing at all can be tried.
    """
    note = note.strip()
    if not wanted:
        raise Invalid("Nothing is ticked.", "Tick what you attest again.", field="signoff")
    if len(wanted) > MOST_AT_ONCE:
        raise Invalid(f"More than {MOST_AT_ONCE} at once.", "Take fewer, and look at each.", field="signoff")
    if not SHORTEST_RATIONALE <= len(note) <= LONGEST_RATIONALE:
        raise Invalid(
            "The note is mandatory; it becomes the rationale of each signature.",
            f"Write at least {SHORTEST_RATIONALE} characters.",
            field="note",
        )
    proved = prove_again(signer, password, actor=actor, at=at)  # once for all of them: slow by design
    mine = {item.signoff.pk: item for item in renewals_of(signer, at=at)}
    done = []
    for pk, seen in wanted.items():
        if item := mine.get(pk):
            done.append(_again(item, seen, note, proved, signer, actor, at))
    if not done:
        raise Invalid("None of these is yours to renew any more.", "Look at the list again.", field="signoff")
    return done


def _again(
    item: Renewal, seen: str, note: str, proved: str, signer: User, actor: Actor, at: datetime
) -> Renewed:
    before = item.signoff
    if item.why_not or item.review is None:
        return Renewed(before, refusal=item.why_not)
    given = Given(
        role=before.role,
        decision=Decision.APPROVE.value,
        rationale=note,
        conditions=(),
        seen_digest=seen,
        acting_for=before.acting_for.username if before.acting_for else "",
    )
    try:
        signoff = sign_given(
            review=item.review, given=given, proved=proved, signer=signer, actor=actor, at=at
        )
    except WrongPassword:
        raise  # on the record, and the same for all of them
    except Refusal as refusal:
        return Renewed(before, refusal=f"{refusal} {refusal.remedy}".strip())
    return Renewed(before, signoff)
