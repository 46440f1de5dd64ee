"""Rating a risk before and after its controls, and saying what is done about it."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from policy.risk_scales import STEPS, Rating
from riskreview.models import Risk, Treatment
from riskreview.risks.access import refuse_unless_assessor
from riskreview.risks.held import LONGEST_TEXT, end_acceptance, held_risk, keep_risk

LONGEST_TO_REVIEW = timedelta(days=730)
MOST_CONTROLS = 30
LONGEST_CONTROL = 300


@transaction.atomic
def rate_risk(
    *,
    risk: Risk,
    inherent: Rating | None,
    residual: Rating | None,
    note: str,
    rater: User,
    actor: Actor,
    at: datetime,
) -> Risk:
    """Rate a risk before and, if that is known, after its controls. A new rating ends an acceptance."""
    refuse_unless_assessor(rater, risk.model, risk)
    for name, rating in (("inherent", inherent), ("residual", residual)):
        if rating is not None and not all(1 <= step <= STEPS for step in rating):
            raise Invalid(f"Likelihood and impact go from 1 to {STEPS}.", field=name)
    if inherent is None:
        raise Invalid("Rate the risk before its controls first.", field="inherent")
    if residual is not None and (residual[0] > inherent[0] or residual[1] > inherent[1]):
        raise Invalid(
            "Controls do not make a risk worse than it was.",
            "Raise the inherent rating instead.",
            field="residual",
        )
    risk = held_risk(risk)
    before = {"inherent": risk.inherent, "residual": risk.residual}
    if before == {"inherent": inherent, "residual": residual}:
        raise Conflict("It is rated so already.", "There is nothing to change.")
    risk.inherent_likelihood, risk.inherent_impact = inherent
    risk.residual_likelihood, risk.residual_impact = residual or (None, None)
    ended = end_acceptance(risk)
    keep_risk(risk, at)
    detail: dict[str, Any] = {
        "was": {name: list(rating) if rating else None for name, rating in before.items()},
        "is": {"inherent": list(inherent), "residual": list(residual) if residual else None},
        "note": note.strip()[:LONGEST_TEXT],
    }
    if ended:
        detail["acceptance_ended"] = ended
    record(Verb.RISK_RATED, subject=risk.ref, actor=actor, at=at, detail=detail)
    return risk


@transaction.atomic
def treat_risk(
    *,
    risk: Risk,
    treatment: str,
    controls: str,
    review_on: date,
    treater: User,
    actor: Actor,
    at: datetime,
) -> Risk:
    """Say what is done about a risk, by which controls, and when it is looked at again."""
    refuse_unless_assessor(treater, risk.model, risk)
    lines = [line.strip() for line in controls.splitlines() if line.strip()]
    _refuse_bad_treatment(treatment, lines, review_on, at.date())
    risk = held_risk(risk)
    given = {"treatment": treatment, "controls": "\n".join(lines), "review_on": review_on}
    changed = {
        name: (getattr(risk, name), value) for name, value in given.items() if getattr(risk, name) != value
    }
    if not changed:
        raise Conflict("It is treated so already.", "There is nothing to change.")
    for name, value in given.items():
        setattr(risk, name, value)
    keep_risk(risk, at)
    detail = {name: {"was": str(was), "is": str(value)} for name, (was, value) in changed.items()}
    record(Verb.RISK_TREATED, subject=risk.ref, actor=actor, at=at, detail=detail)
    return risk


def _refuse_bad_treatment(treatment: str, controls: list[str], review_on: date, today: date) -> None:
    if treatment not in Treatment.values:
        raise Invalid(f'"{treatment[:20]}" is no treatment.', "Choose one of the list.", field="treatment")
    if treatment != Treatment.ACCEPT and not controls:
        raise Invalid(
            "Nothing is written that is done about it.",
            "Name at least one control, one a line.",
            field="controls",
        )
    if len(controls) > MOST_CONTROLS or any(len(line) > LONGEST_CONTROL for line in controls):
        raise Invalid(
            f"At most {MOST_CONTROLS} controls of up to {LONGEST_CONTROL} characters each.", field="controls"
        )
    if review_on < today:
        raise Invalid("The review date lies in the past.", "Choose a later date.", field="review_on")
    if review_on > today + LONGEST_TO_REVIEW:
        raise Invalid("The review date is more than two years away.", "Look at it sooner.", field="review_on")
