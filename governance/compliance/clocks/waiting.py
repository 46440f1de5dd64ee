"""Legal clocks that run out, for the queue of compliance officers."""

from datetime import datetime

from django.urls import reverse
from django.utils.html import format_html

from accounts.models import Role, User
from governance.compliance.clocks.due import DATED, Due, due_of
from governance.compliance.models import BiasAudit, OutsideEvidence
from registry.access import models_for_reader
from registry.models import Lifecycle
from riskreview.models import Finding, FindingOrigin
from riskreview.queue_items import OTHER, OVERDUE, QueueItem

MOST_LISTED = 50


def clocks_waiting(user: User, at: datetime) -> list[QueueItem]:
    """What is overdue or due within a month. Only models with something that starts a dated clock are looked at."""
    if not user.holds(Role.COMPLIANCE_OFFICER):
        return []
    started = {
        *BiasAudit.objects.filter(withdrawn_at=None).values_list("model", flat=True),
        *Finding.objects.filter(origin=FindingOrigin.INCIDENT, ended_at=None).values_list("model", flat=True),
        *OutsideEvidence.objects.filter(
            kind="risk.impact_assessment", detached_at=None, model__isnull=False
        ).values_list("model", flat=True),
    }
    if not started:
        return []
    models = models_for_reader(user).exclude(lifecycle=Lifecycle.RETIRED).filter(pk__in=started)
    rows = [row for row in due_of(models, today=at.date()) if row.state in DATED]
    return [_item(row) for row in rows[:MOST_LISTED]]


def _item(row: Due) -> QueueItem:
    return QueueItem(
        kind="clock",
        shape=row.shape,
        title=f"{row.clock.title}: {row.model.name}",
        href=row.href or reverse("compliance:clocks_model", args=[row.model.slug]),
        why=format_html(
            "{}, {} from {}. <b>You keep the dates of the law.</b>",
            row.framework.name,
            str(row.clock.period),
            row.start.isoformat() if row.start else "",
        ),
        action="Look at it",
        due=row.until,
        urgency=OVERDUE if row.state == "overdue" else OTHER,
    )
