"""Conclusions whose last day has passed or comes near, for the queue of compliance officers."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Max
from django.urls import reverse
from django.utils.html import format_html

from accounts.models import Role, User
from governance.compliance.library import every
from governance.compliance.maturity.teams import team_slug
from governance.compliance.models import Conclusion, Verdict
from policy.words import counted
from registry.access import models_for_reader
from registry.models import Lifecycle
from riskreview.queue_items import OTHER, OVERDUE, QueueItem

SOON = timedelta(days=30)
MOST_LISTED = 50
Subject = tuple[int | None, str, str]
"""Model, team and framework."""


def conclusions_waiting(user: User, at: datetime) -> list[QueueItem]:
    """One item for each model, team or the organisation and framework, however many of its conclusions run out."""
    if not user.holds(Role.COMPLIANCE_OFFICER):
        return []
    ending = Conclusion.objects.filter(until__lte=at.date() + SOON).exclude(verdict=Verdict.TAKEN_BACK)
    rows = _newest(ending.select_related("model").order_by("until", "pk"))
    mine = {*models_for_reader(user).exclude(lifecycle=Lifecycle.RETIRED).values_list("pk", flat=True)}
    found: dict[Subject, list[Conclusion]] = {}
    for row in rows:
        if row.model_id is None or row.model_id in mine:
            found.setdefault((row.model_id, row.team, row.framework), []).append(row)
    return [_item(rows, at.date()) for rows in list(found.values())[:MOST_LISTED]]


def _newest(rows: Iterable[Conclusion]) -> list[Conclusion]:
    """Those that nobody has replaced or taken back since."""
    rows = list(rows)
    if not rows:
        return []
    said = Conclusion.objects.filter(control__in={row.control for row in rows}).order_by()
    newest = said.values("model", "team", "framework", "control").annotate(newest=Max("pk"))
    counting = {*newest.values_list("newest", flat=True)}
    return [row for row in rows if row.pk in counting]


def _item(rows: list[Conclusion], today: date) -> QueueItem:
    """`rows` are of one subject and framework, the first to end before the others."""
    first = rows[0]
    over = [row for row in rows if row.until is not None and row.until < today]
    known = every().get(first.framework)
    about = first.model.name if first.model else first.team or "the organisation"
    return QueueItem(
        kind="conclusion",
        shape="stale" if over else "half",
        title=f"{counted(len(over or rows), 'conclusion')} {'ran' if over else 'to run'} out: {about}",
        href=_href(first),
        why=format_html(
            "{}. <b>You conclude anew, or take back what no longer holds.</b>",
            known.name if known else first.framework,
        ),
        action="Look at it",
        due=first.until,
        urgency=OVERDUE if over else OTHER,
    )


def _href(row: Conclusion) -> str:
    if row.model is not None:
        return reverse("compliance:model_framework", args=[row.model.slug, row.framework])
    if row.team:
        return reverse("compliance:team_maturity", args=[team_slug(row.team)])
    return reverse("compliance:programme")
