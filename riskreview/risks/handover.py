"""Giving risks to another owner: one or many, all of them or none."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from riskreview.models import Risk
from riskreview.risks.access import may_hand_over
from riskreview.risks.held import end_acceptance, keep_risk, locked_risk, model_in_use

MOST_AT_ONCE = 1_000


@transaction.atomic
def hand_over_risks(
    *, risks: Collection[Risk], owner: User | None, note: str, changer: User, actor: Actor, at: datetime
) -> int:
    """Give the risks to another owner; answers how many changed hands.

    Who accepted a risk cannot own it as well: then the acceptance ends.
    """
    if owner is None or not owner.is_active:
        raise Invalid("Choose who takes them over.", field="owner")
    if not note.strip():
        raise Invalid("A reason is needed; it stands in the record.", "Say why in a sentence.", field="note")
    refuse_bad_choice(risks, changer)
    for model in {
        risk.model_id: risk.model for risk in sorted(risks, key=lambda risk: risk.model_id)
    }.values():
        model_in_use(model)
    changed = 0
    for risk in sorted(risks, key=lambda risk: risk.pk):
        held = locked_risk(risk)
        if held.owner_id == owner.pk:
            continue
        was, held.owner = held.owner.username, owner
        ended = end_acceptance(held) if held.accepted_by_id == owner.pk else ""
        keep_risk(held, at)
        detail = {"owner": {"was": was, "is": owner.username}, "note": note.strip()[:500]}
        if ended:
            detail["acceptance_ended"] = ended
        record(Verb.RISK_ASSIGNED, subject=held.ref, actor=actor, at=at, detail=detail)
        changed += 1
    return changed


def refuse_bad_choice(risks: Collection[Risk], changer: User) -> None:
    """Raises Invalid for none, too many or closed ones, NotAllowed for those of others."""
    if not risks:
        raise Invalid("No risk is selected.", "Tick the risks first.")
    if len(risks) > MOST_AT_ONCE:
        raise Invalid(f"More than {MOST_AT_ONCE:,} risks are selected.", "Hand them over in parts.")
    for risk in risks:
        if risk.is_closed:
            raise Invalid(f"R-{risk.pk} is closed.", "Take it out of the selection.")
        if not may_hand_over(changer, risk):
            raise NotAllowed(
                f"You can hand over only risks of your own and of your models; R-{risk.pk} is another's.",
                "Nothing was changed. A risk or compliance officer can.",
            )
