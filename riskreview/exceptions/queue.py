"""Waivers and emergencies that wait for a person's word."""

from datetime import datetime

from django.urls import reverse
from django.utils.html import format_html

from accounts.models import SIGNING_ROLES, User
from policy.words import ROLES
from registry.models import Environment
from riskreview.evidence import VERSION_RELATIONS
from riskreview.exceptions.emergency import reason_against_opening, roles_of
from riskreview.exceptions.queries import break_glass_seen, waivers_seen
from riskreview.exceptions.waiving import table_for
from riskreview.judgement import judge_many
from riskreview.models import BreakGlass, BreakGlassState, Waiver, WaiverState
from riskreview.queue_items import OTHER, OVERDUE, PRODUCTION, QueueItem


def exceptions_waiting(user: User, at: datetime) -> list[QueueItem]:
    """What this person may decide: an emergency before everything else, a waiver like a signature."""
    if not user.roles & {role.value for role in SIGNING_ROLES}:
        return []
    related = ("requested_by", "version__model", *(f"version__{name}" for name in VERSION_RELATIONS))
    emergencies = list(
        break_glass_seen(user).filter(state=BreakGlassState.REQUESTED).select_related(*related)
    )
    wishes = list(
        waivers_seen(user)
        .filter(state=WaiverState.REQUESTED, last_day__gte=at.date())
        .select_related("model", *related)
        .prefetch_related("approvals__person")
    )
    rows: list[BreakGlass | Waiver] = [*emergencies, *wishes]
    versions = {row.version_id: row.version for row in rows}
    if not versions:
        return []
    judged = judge_many(list(versions.values()), {row.environment for row in rows}, at=at)
    items = []
    for row in emergencies:
        found = judged[row.version_id, row.environment]
        mine = roles_of(found, user)
        if mine and row.requested_by_id != user.pk and not reason_against_opening(found):
            items.append(_emergency(row, mine[0], found.verdict.tier or ""))
    for wish in wishes:
        table = table_for(wish, judged[wish.version_id, wish.environment], user)
        if table.mine:
            items.append(_wish(wish, table.mine[0]))
    return items


def _emergency(row: BreakGlass, role: str, tier: str) -> QueueItem:
    return QueueItem(
        kind="break_glass",
        shape="glass",
        title=f"Break-glass for {row.version} in {row.environment}",
        href=reverse("riskreview:break_glass", args=[row.pk]),
        why=format_html(
            "{} calls it an emergency. <b>You may agree or refuse as {}.</b>",
            row.requested_by.name,
            ROLES[role],
        ),
        action="Decide",
        tier=tier,
        due=row.requested_at.date(),
        urgency=OVERDUE,
    )


def _wish(row: Waiver, role: str) -> QueueItem:
    return QueueItem(
        kind="waiver",
        shape="half",
        title=f"Waiver of {row.title} for {row.scope}",
        href=reverse("riskreview:waiver", args=[row.pk]),
        why=format_html(
            "{} asks. <b>The {} has not decided.</b> You may.", row.requested_by.name, ROLES[role]
        ),
        action="Decide",
        tier=row.tier,
        urgency=PRODUCTION if row.environment == Environment.PRODUCTION else OTHER,
    )
