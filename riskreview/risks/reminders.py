"""Telling people about risks whose review or whose acceptance runs out. Safe to repeat and safe to miss."""

from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import Role, User
from accounts.notices import notify
from policy.words import day
from riskreview.models import Risk, RiskState

REVIEW_AHEAD = timedelta(days=14)
ACCEPTANCE_AHEAD = (1, 7, 30)
"""Days before an acceptance expires, the nearest first."""


def remind_risks(at: datetime) -> int:
    """Tell whom each risk concerns, once for each date; answers how many risks are due."""
    due = list(_open().filter(review_on__lte=(at + REVIEW_AHEAD).date()))
    ending = list(
        _open().filter(
            state=RiskState.ACCEPTED,
            accepted_until__lte=at + timedelta(days=max(ACCEPTANCE_AHEAD)),
        )
    )
    officers = list(User.objects.filter(grants__role=Role.RISK_OFFICER, is_active=True)) if due else []
    for risk in due:
        _remind_review(risk, officers, at)
    for risk in ending:
        _remind_acceptance(risk, at)
    return len({risk.pk for risk in (*due, *ending)})


def _open() -> QuerySet[Risk]:
    rows = Risk.objects.exclude(state=RiskState.CLOSED).exclude(model__lifecycle="retired")
    return rows.select_related("model__owner", "owner", "accepted_by").order_by("pk")


def _remind_review(risk: Risk, officers: list[User], at: datetime) -> None:
    """Its owner before; once it has passed, the model's owner and the risk officers, too."""
    passed = risk.review_on < at.date()
    when = (
        f"was to be reviewed by {day(risk.review_on, at)}"
        if passed
        else f"is to be reviewed by {day(risk.review_on, at)}"
    )
    people = [risk.owner, risk.model.owner, *officers] if passed else [risk.owner]
    _tell(people, risk, f"{when}.", f"review:{risk.review_on}:{'passed' if passed else 'ahead'}", at)


def _remind_acceptance(risk: Risk, at: datetime) -> None:
    until = risk.accepted_until
    if until is None:
        return
    left = until - at
    people = [risk.owner, *([risk.accepted_by] if risk.accepted_by else [])]
    last = (until - timedelta(seconds=1)).astimezone(UTC)
    if left <= timedelta(0):
        _tell(
            people, risk, f"is no longer accepted since {day(last, at)}.", f"acceptance:{until}:expired", at
        )
        return
    stage = next(days for days in ACCEPTANCE_AHEAD if left <= timedelta(days=days))
    _tell(people, risk, f"is accepted until {day(last, at)} only.", f"acceptance:{until}:{stage}", at)


def _tell(people: list[User], risk: Risk, what: str, key: str, at: datetime) -> None:
    notify(
        people,
        kind="risk.due",
        text=f"R-{risk.pk} {risk.title}, of {risk.model.name}, {what}",
        url=reverse("riskreview:risk", args=[risk.pk]),
        key=f"risk:{risk.pk}:{key}",
        at=at,
    )
