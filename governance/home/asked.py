"""What the reader asked others for, and where it stands."""

from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.said import Inside
from policy.words import listed
from registry.models import Lifecycle
from riskreview.evidence import VERSION_RELATIONS
from riskreview.models import Review, Waiver, WaiverState
from riskreview.reviews.queries.reviews import judged_reviews, standing_of

MOST = 6


@dataclass(frozen=True)
class Wish:
    """One thing that was asked for: what, how it stands, and when it was wanted."""

    title: str
    href: str
    standing: str
    shape: str
    due_on: date | None


def asked_by(user: User, *, at: datetime) -> list[Wish]:
    """Open reviews and undecided waivers of the reader's, the earliest date first."""
    related = [f"version__{name}" for name in VERSION_RELATIONS]
    rows = Review.objects.filter(opened_by=user, closed_at=None, approved_at=None)
    rows = rows.exclude(version__model__lifecycle=Lifecycle.RETIRED).select_related("opened_by", *related)
    found = []
    for review, judged in judged_reviews(rows.order_by("due_on", "pk")[:MOST], at=at):
        row = standing_of(review, judged)
        waits = _("Waits for {roles}").format(roles=listed(row.waits_for)) if row.waits_for else row.word
        place = Inside(review.get_environment_display()).told()
        title = _("{version} in {environment}").format(version=review.version, environment=place)
        found.append(
            Wish(title, reverse("riskreview:review", args=[review.pk]), waits, row.shape, row.due_on)
        )
    waivers = Waiver.objects.filter(requested_by=user, state=WaiverState.REQUESTED)
    for waiver in waivers.select_related("model", "version__model").order_by("last_day")[:MOST]:
        href = reverse("riskreview:waiver", args=[waiver.pk])
        found.append(
            Wish(
                _("Waiver of {title}").format(title=waiver.title),
                href,
                _("Not decided yet, {scope}").format(scope=waiver.scope),
                "half",
                None,
            )
        )
    return sorted(found, key=lambda wish: (wish.due_on is None, wish.due_on or date.max))[:MOST]
