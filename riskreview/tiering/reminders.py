"""Telling people that a tier is to be looked at again. Safe to run at any time, to repeat and to miss."""

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse

from accounts.models import Role, User
from accounts.notices import notify
from policy.evidence import canonical_digest
from policy.words import listed
from riskreview.tiering.queries import TierRow, tier_rows


def remind_tiers(at: datetime) -> int:
    """Tell owners and developers what is due or overdue, risk officers what waits for their word.

    Each is told once of each cause. Answers how many tiers somebody was told of.
    """
    rows = [row for row in tier_rows(at, None) if row.state in ("overdue", "changed", "redo", "due")]
    if not rows:
        return 0
    officers = list(User.objects.filter(is_active=True, grants__role=Role.RISK_OFFICER))
    for row in rows:
        _remind(row, officers, at)
    return len(rows)


def _remind(row: TierRow, officers: Iterable[User], at: datetime) -> None:
    given, name = row.assessment, row.model.name
    assert given is not None  # only states that have answers
    team = [row.model.owner, *row.model.developers.all()]
    by = f"{row.due:%d %b %Y}" if row.due else ""
    match row.state:
        case "changed":
            parts = listed(change.words for change in row.changes)
            text = f"{name}: the use changed since its tier was confirmed ({parts}). The gate denies until it is again."
            said = canonical_digest([[change.field, change.now] for change in row.changes])[-16:]
            key, people = f"tier.use:{given.pk}:{said}", [*team, *officers]
        case "overdue":
            text = f"{name}: its tier was to be looked at again by {by}."
            key, people = f"tier.overdue:{given.pk}:{by}", [*team, *officers]
        case _:
            text = f"{name}: its tier is to be looked at again by {by}. {row.why}"
            key, people = f"tier.due:{given.pk}:{by}", team
    notify(
        people,
        kind="tier.due",
        text=text,
        url=reverse("riskreview:tier", args=[row.model.slug]),
        key=key,
        at=at,
    )
