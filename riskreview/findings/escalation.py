"""Findings whose date comes near or has passed, told to those who can still do something about it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from accounts.models import Role, User
from accounts.notices import notify
from audit.actor import Actor
from policy.words import counted, day
from riskreview.findings.steps import RELATED, keep_step
from riskreview.models import OPEN_FINDINGS, Finding, StepKind

STAGES = (timedelta(days=-7), timedelta(0), timedelta(days=14))
"""How long after its due date each stage comes: its owner, its owner and the model's, the risk officers."""
AT_ONCE = 200
SCHEDULER = Actor.system("scheduler")


def escalate_findings(at: datetime) -> int:
    """Tell whom each finding now concerns, once for each stage and date; how many were escalated.

    Safe to miss and to repeat: the finding says how far it was escalated, and a later date begins anew.
    """
    today = at.date()
    reached = Q()
    for stage, offset in enumerate(STAGES, 1):
        reached |= Q(due_on__lte=today - offset, escalated__lt=stage)
    rows = Finding.objects.filter(reached, state__in=OPEN_FINDINGS).order_by("due_on", "pk")
    return sum(_escalate(pk, at) for pk in list(rows.values_list("pk", flat=True)[:AT_ONCE]))


@transaction.atomic
def _escalate(pk: int, at: datetime) -> int:
    finding = Finding.objects.select_for_update(of=("self",)).select_related(*RELATED).get(pk=pk)
    stage = sum(at.date() >= finding.due_on + offset for offset in STAGES)
    if not finding.is_open or finding.escalated >= stage:
        return 0
    people = [
        person for number in range(finding.escalated + 1, stage + 1) for person in _whom(finding, number)
    ]
    finding.escalated = stage
    finding.save(update_fields=["escalated"])
    text = _words(finding, at)
    notify(
        people,
        kind="finding.escalated",
        text=text,
        url=reverse("riskreview:finding", args=[finding.pk]),
        key=f"finding:{finding.pk}:{finding.due_on.isoformat()}:{stage}",
        at=at,
    )
    names = ", ".join(dict.fromkeys(person.name for person in people))
    keep_step(finding, StepKind.ESCALATED, by=None, note=f"Told {names}.", actor=SCHEDULER, at=at)
    return 1


def _whom(finding: Finding, stage: int) -> list[User]:
    if stage == 1:
        return [finding.owner]
    if stage == 2:
        return [finding.owner, finding.model.owner]
    return list(User.objects.filter(grants__role=Role.RISK_OFFICER, is_active=True))


def _words(finding: Finding, at: datetime) -> str:
    left = (finding.due_on - at.date()).days
    if left > 0:
        when = f"is due on {day(finding.due_on, at)}"
    else:
        when = "is due today" if left == 0 else f"is {counted(-left, 'day')} overdue"
    return f"{finding}, {finding.about}, {when}. It is {finding.get_state_display().lower()}."
