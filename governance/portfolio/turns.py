"""Approvals that come and go, put on the record as they do: no deed of anybody says so by itself.

The scheduler compares the inventory with what it told before, so it tells of the newest version of each model.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.portfolio.models import InventoryRow

SCHEDULER = Actor.system("scheduler")
AT_ONCE = 200
SILENT = ("retired", "rejected")
"""What takes an approval away and is on the record by itself: retiring the model, rejecting the version."""


def record_turns(at: datetime) -> int:
    """Record each approval that was gained or lapsed since the last time; how many.

    What is seen for the first time is only remembered.
    """
    moved = ~Q(told_version=F("version_id")) | ~Q(told_status=F("status"))
    rows = InventoryRow.objects.filter(moved, version__isnull=False).values_list("pk", flat=True)
    return sum(_turn(pk, at) for pk in list(rows[:AT_ONCE]))


@transaction.atomic
def _turn(pk: int, at: datetime) -> int:
    row = InventoryRow.objects.select_for_update(of=("self",)).select_related("version__model").get(pk=pk)
    version = row.version
    if version is None:
        return 0
    before = row.told_status if row.told_version == version.pk else row.status
    InventoryRow.objects.filter(pk=pk).update(told_version=version.pk, told_status=row.status)
    gained = row.status == "approved" and before != "approved"
    lost = before == "approved" and row.status not in ("approved", *SILENT)
    if not gained and not lost:
        return 0
    detail = {"environment": "production", "was": before, "is": row.status, "reason": row.note}
    verb = Verb.VERSION_APPROVED if gained else Verb.VERSION_LAPSED
    record(verb, subject=version.ref, actor=SCHEDULER, at=at, detail=detail)
    return 1
