"""What one person holds, and who left without handing it over."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from accounts.models import Role, User
from governance.handover.sorts import SORTS, Sort
from governance.pipelines.models import TrustRule
from governance.webhooks.models import Endpoint

LOOKING = (Role.ADMINISTRATOR, Role.RISK_OFFICER, Role.COMPLIANCE_OFFICER)
"""Who is told on the first page that somebody left something."""


@dataclass(frozen=True)
class Thing:
    """One thing that is held, and whether the reader may hand it over."""

    sort: Sort
    row: Any
    mine_to_give: bool

    @property
    def name(self) -> str:
        """What forms call it."""
        return f"{self.sort.name}:{self.row.pk}"

    @property
    def title(self) -> str:
        """What it is."""
        return self.sort.title(self.row)

    @property
    def href(self) -> str:
        """Where it stands."""
        return self.sort.href(self.row)


@dataclass(frozen=True)
class LeftBehind:
    """Somebody who cannot log in any more and still holds things."""

    person: User
    count: int


def held_by(person: User, reader: User, at: datetime) -> list[Thing]:
    """Everything that the person holds, but for what is about models that the reader may not see."""
    return [
        Thing(sort, row, sort.may(reader, row))
        for sort in SORTS
        for row in sort.seen(reader, at).filter(**{sort.holder: person}).order_by("pk")
    ]


def holds_nothing(person: User, at: datetime) -> bool:
    """Whether nothing is left to hand over."""
    return not any(sort.rows(at).filter(**{sort.holder: person}).exists() for sort in SORTS)


def works_on(person: User) -> list[str]:
    """What the person set up and what goes on without them: nobody owns it, so it is no hand-over."""
    rules = TrustRule.objects.filter(created_by=person, off_at=None).order_by("name")
    endpoints = Endpoint.objects.filter(created_by=person, off_at=None).order_by("name")
    return [f"Pipeline {rule.name}" for rule in rules] + [f"Webhook {item.name}" for item in endpoints]


def left_behind(at: datetime) -> list[LeftBehind]:
    """Everybody who left something, most first."""
    counts: Counter[int] = Counter()
    for sort in SORTS:
        gone = sort.rows(at).filter(**{f"{sort.holder}__is_active": False})
        counts.update(dict(gone.order_by().values_list(sort.holder).annotate(Count("pk"))))
    people = User.objects.in_bulk(list(counts))
    return [LeftBehind(people[pk], number) for pk, number in counts.most_common()]
