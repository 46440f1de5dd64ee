"""Counts for the first page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q
from django.utils.translation import gettext_noop

from accounts.models import User
from governance.portfolio.models import InventoryRow
from governance.portfolio.upkeep import catch_up
from registry.models import Environment
from registry.sight import seen_by
from riskreview.queue_items import QueueItem

TIERS = ("low", "moderate", "high", "critical", "prohibited")
STATUSES = ("draft", "evaluating", "in_review", "approved", "lapsed", "rejected")
ALLOWED = ("ok", "waived", "glass")
"""The marks of an allow (governance.portfolio.standing.mark)."""

DUE = (gettext_noop("Overdue"), gettext_noop("This week"), gettext_noop("Later"))
TONES = {"approved": "is-good", "lapsed": "is-warn", "rejected": "is-bad"}


@dataclass(frozen=True)
class Cell:
    """How many models have this tier and status."""

    tier: str
    status: str
    count: int
    tone: str


@dataclass(frozen=True)
class PortfolioRow:
    """One status across the tiers."""

    status: str
    cells: list[Cell]
    total: int


@dataclass(frozen=True)
class Place:
    """How many models an environment would let run, and how many not."""

    environment: str
    label: str
    allowed: int
    denied: int


@dataclass(frozen=True)
class Portfolio:
    """The whole inventory in some forty numbers."""

    rows: list[PortfolioRow]
    places: list[Place]
    models: int
    in_production: int


def portfolio(reader: User, *, at: datetime) -> Portfolio:
    """Tier × status of what the reader may see, and how each environment would answer."""
    catch_up(at=at)
    seen = InventoryRow.objects.filter(seen_by(reader)).exclude(version=None)
    counted = seen.values_list("status", "tier").annotate(Count("pk"))
    counts = {(status, tier): number for status, tier, number in counted.order_by()}
    rows = []
    for status in STATUSES:
        cells = [Cell(tier, status, counts.get((status, tier), 0), TONES.get(status, "")) for tier in TIERS]
        total = sum(number for (name, _), number in counts.items() if name == status)
        rows.append(PortfolioRow(status, cells, total))
    models, places = sum(counts.values()), []
    allowed = seen.aggregate(
        **{name: Count("pk", filter=Q(**{f"{name}__in": ALLOWED})) for name in Environment.values}
    )
    for name, label in Environment.choices:
        places.append(Place(name, label, allowed[name], models - allowed[name]))
    return Portfolio(rows, places, models, allowed[Environment.PRODUCTION])


def grouped(queue: Iterable[QueueItem], today: date) -> list[tuple[str, list[QueueItem]]]:
    """Overdue, this week, later; empty groups are left out."""
    groups: dict[str, list[QueueItem]] = {name: [] for name in DUE}
    for item in queue:
        if item.due_on is not None and item.due_on < today:
            groups["Overdue"].append(item)
        elif item.due_on is not None and item.due_on <= today + timedelta(days=7):
            groups["This week"].append(item)
        else:
            groups["Later"].append(item)
    return [(name, items) for name, items in groups.items() if items]
