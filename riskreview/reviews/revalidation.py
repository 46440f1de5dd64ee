"""Periodic reviews: what was approved so many months ago, by tier, is asked about again."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime
from itertools import islice

from django.urls import reverse

from accounts.notices import notify
from audit.actor import Actor
from policy.pack import Pack
from policy.words import counted
from registry.models import Environment, Lifecycle
from riskreview.evidence import VERSION_RELATIONS
from riskreview.models import Review, ReviewKind, TierAssessment
from riskreview.policies.packs import active_pack
from riskreview.reviews.asking import TIME_TO_REVIEW, open_periodic

TIME_FOR_PERIODIC = 4 * TIME_TO_REVIEW
AT_ONCE = 50


def open_due_revalidations(at: datetime) -> int:
    """Open the periodic reviews whose time has come, for production, and tell the owners; answers how many.

    It looks at what stands, not at what it did before, so a missed round is made up for and a second one finds nothing.
    """
    active = active_pack()
    if active is None or not active[1].revalidate:
        return 0
    actor = Actor.system("revalidation")
    opened = 0
    for row, months in list(islice(_due(active[1], at), AT_ONCE)):
        note = f"Revalidation: the policy asks for it every {counted(months, 'month')} at this tier."
        review = open_periodic(due=row, due_on=(at + TIME_FOR_PERIODIC).date(), note=note, actor=actor, at=at)
        if review is not None:
            opened += 1
            notify(
                [review.version.model.owner],
                kind="review.periodic",
                text=f"{review.version} is due for its periodic review, by {review.due_on.isoformat()}.",
                url=reverse("riskreview:review", args=[review.pk]),
                key=f"review.periodic:{review.pk}",
                at=at,
            )
    return opened


def _due(pack: Pack, at: datetime) -> Iterable[tuple[Review, int]]:
    """The newest answered review of each model for production, where that was too long ago and none is under way."""
    rows = Review.objects.filter(
        environment=Environment.PRODUCTION, version__model__lifecycle=Lifecycle.ACTIVE
    )
    shortest = min(pack.revalidate.values())
    tiers = _tiers()
    related = [f"version__{name}" for name in VERSION_RELATIONS]
    seen: set[int] = set()
    busy: set[int] = set()
    for row in rows.select_related("opened_by", *related).order_by("-pk").iterator():
        if row.is_open and (row.answered_at is None or row.kind == ReviewKind.RETIREMENT):
            busy.add(row.version_id)
        if row.answered_at is None or row.kind == ReviewKind.RETIREMENT:
            continue
        model = row.version.model_id
        if model in seen:
            continue
        seen.add(model)
        months = pack.revalidate.get(tiers.get(model, ""), shortest)
        if row.version_id not in busy and months_after(row.answered_at.date(), months) <= at.date():
            yield row, months


def _tiers() -> dict[int, str]:
    """The tier of each model that counts now."""
    return {row.model_id: row.tier for row in TierAssessment.objects.order_by("pk")}


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
