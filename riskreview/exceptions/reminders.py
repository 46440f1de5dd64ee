"""Telling people before a waiver ends, so that nothing stops by surprise."""

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from accounts.models import Notice, Role, User
from accounts.notices import notify
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from policy.words import counted
from riskreview.models import Waiver, WaiverState

AHEAD = (30, 7, 1)
SCHEDULER = Actor.system("scheduler")
LOOK_BACK = timedelta(days=30)
"""How long after its end a waiver is still announced as ended, if nobody looked before."""


def remind_waivers(at: datetime) -> int:
    """Tell owner, requester and officers that waivers end soon or ended; answers how many were looked at.

    That an end comes near is recorded, too, once for each step: others wait for it (governance/webhooks).

    Safe to run at any time, to repeat and to miss: each notice has a key of its own, and only the nearest step is told.
    """
    today = at.date()
    rows = Waiver.objects.filter(
        state=WaiverState.GRANTED,
        last_day__lte=today + timedelta(days=max(AHEAD)),
        last_day__gte=today - LOOK_BACK,
    ).select_related("model__owner", "version__model", "requested_by")
    found = list(rows)
    if found:
        officers = list(
            User.objects.filter(grants__role__in=[Role.RISK_OFFICER, Role.COMPLIANCE_OFFICER]).distinct()
        )
        for row in found:
            _remind(row, (row.last_day - today).days, officers, at)
    return len(found)


def _remind(row: Waiver, days: int, officers: list[User], at: datetime) -> None:
    what = f"W-{row.pk}, {row.title} for {row.scope} in {row.environment}"
    if days < 0:
        step, text = "ended", f"The waiver {what}, has ended. The gate asks for it again."
    else:
        nearest = min(ahead for ahead in AHEAD if days <= ahead)
        when = f"in {counted(days, 'day')}" if days else "today"
        step, text = f"ends-{nearest}", f"The waiver {what}, ends {when}."
    key = f"waiver-{row.pk}-{step}"
    with transaction.atomic():
        if days >= 0 and not Notice.objects.filter(key=key).exists():
            detail = {"requirement": row.title, "environment": row.environment, "days": days}
            record(Verb.WAIVER_ENDING, subject=row.ref, actor=SCHEDULER, at=at, detail=detail)
        notify(
            [row.model.owner, row.requested_by, *officers],
            kind="waiver_ends",
            text=text,
            url=reverse("riskreview:waiver", args=[row.pk]),
            key=key,
            at=at,
        )
