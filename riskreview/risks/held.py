"""What the actions on risks share: holding the row with its model, ending an acceptance, keeping the change."""

from datetime import datetime

from accounts.reasons import reason_given
from accounts.refusals import Conflict
from registry.actions.locking import locked_model
from registry.models import Lifecycle, RegisteredModel
from riskreview.models import Risk, RiskState

SHORTEST_REASON = 20
LONGEST_TEXT = 5_000


def reason_of(text: str) -> str:
    """A reason that says something. Raises Invalid."""
    return reason_given(text, SHORTEST_REASON, LONGEST_TEXT)


def held_risk(risk: Risk) -> Risk:
    """The risk and its model's versions, held until the transaction ends. Raises Conflict for what is over."""
    model_in_use(risk.model)
    found = locked_risk(risk)
    if found.state == RiskState.CLOSED:
        raise Conflict(f"R-{found.pk} is closed.", "Open it again first.")
    return found


def locked_risk(risk: Risk) -> Risk:
    """The risk's row alone, held."""
    rows = Risk.objects.select_for_update(of=("self",))
    return rows.select_related("model__owner", "owner", "accepted_by").get(pk=risk.pk)


def model_in_use(model: RegisteredModel) -> RegisteredModel:
    """The model, held. Raises Conflict for a retired one."""
    held = locked_model(model)
    if held.lifecycle == Lifecycle.RETIRED:
        raise Conflict(f"{held.name} is retired for good.", "Its risks stay as they are.")
    return held


def end_acceptance(risk: Risk) -> str:
    """End the acceptance of a risk, if it has one; answers whose it was. The record keeps what it said."""
    if risk.state != RiskState.ACCEPTED or risk.accepted_by is None:
        return ""
    whose = risk.accepted_by.username
    risk.state = RiskState.OPEN
    risk.accepted_by, risk.accepted_role, risk.accepted_level = None, "", ""
    risk.accepted_at, risk.accepted_until, risk.acceptance = None, None, ""
    return whose


def keep_risk(risk: Risk, at: datetime) -> None:
    """Write the change, with its moment."""
    risk.changed_at = at
    risk.save()
