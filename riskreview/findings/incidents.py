"""Incidents: what one led to and since when it is known, by which legal periods count."""

from collections.abc import Collection
from datetime import date, datetime

from accounts.models import User
from accounts.refusals import Invalid
from audit.actor import Actor
from riskreview.findings.rules import HANDING_OVER, Deed
from riskreview.findings.steps import keep_step, said, step_of
from riskreview.models import Finding, FindingOrigin, IncidentKind, StepKind


def classify(
    *,
    finding: Finding,
    incident_kinds: Collection[str],
    known_on: date | None = None,
    reason: str,
    user: User,
    actor: Actor,
    at: datetime,
) -> Finding:
    """Say what an incident led to, or say it anew. Without a day, the one that was said before stands."""
    with step_of(finding, Deed.CLASSIFY, user=user, actor=actor, at=at) as held:
        kinds = kinds_said(incident_kinds, origin=held.origin, by=user)
        if kinds is None:
            raise Invalid("Nothing was chosen.", "Choose what it led to.", field="incident_kinds")
        held.known_on = day_said(known_on, origin=held.origin, at=at) or held.known_on
        held.incident_kinds = kinds
        held.save(update_fields=["incident_kinds", "known_on"])
        note = f"{held.incident_said}; known since {held.aware_on.isoformat()}. {said(reason, 'reason')}"
        keep_step(held, StepKind.CLASSIFIED, by=user, note=note, actor=actor, at=at)
    return held


def kinds_said(kinds: Collection[str], *, origin: str, by: User) -> list[str] | None:
    """The kinds in their order; None where none was named, and then the shortest period of a law counts.

    That it is none of them stops every clock, so the team of a model cannot say it. Raises Invalid.
    """
    if not kinds:
        return None
    if origin != FindingOrigin.INCIDENT:
        raise Invalid(
            "Only an incident has a kind of incident.",
            "Leave it out, or choose the origin incident.",
            field="incident_kinds",
        )
    if unknown := sorted(set(kinds) - set(IncidentKind.values)):
        choices = ", ".join(IncidentKind.values)
        raise Invalid(
            f'"{unknown[0][:40]}" is no kind of incident.', f"Choose of {choices}.", field="incident_kinds"
        )
    if IncidentKind.NONE in kinds and len(set(kinds)) > 1:
        raise Invalid(
            "It cannot be one of them and none.", "Leave one of the two out.", field="incident_kinds"
        )
    if IncidentKind.NONE in kinds and not by.holds(*HANDING_OVER):
        raise Invalid(
            "That it is none of these is for a compliance officer or a risk officer to say.",
            "Leave it open; the shortest period counts until they have.",
            field="incident_kinds",
        )
    return [kind for kind in IncidentKind.values if kind in kinds]


def day_said(day: date | None, *, origin: str, at: datetime) -> date | None:
    """Since when an incident is known. Raises Invalid."""
    if day is None:
        return None
    if origin != FindingOrigin.INCIDENT:
        raise Invalid("Only an incident is known since a day.", "Leave it out.", field="known_on")
    if day > at.date():
        raise Invalid("That day has not come.", "Give the day on which it became known.", field="known_on")
    return day
