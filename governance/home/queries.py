"""Counts and dates for the first page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count

from governance.portfolio.models import InventoryRow
from governance.portfolio.upkeep import catch_up
from riskreview.exceptions.queries import waiver_views
from riskreview.models import Condition, SignOff, Waiver
from riskreview.queue_items import QueueItem

TIERS = ("low", "moderate", "high", "critical", "prohibited")
STATUSES = ("draft", "evaluating", "in_review", "approved", "lapsed", "rejected")
TONES = {"approved": "is-good", "lapsed": "is-warn", "rejected": "is-bad"}
SOON = timedelta(days=30)


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
class Portfolio:
    """The whole inventory in thirty numbers."""

    rows: list[PortfolioRow]
    models: int
    in_production: int


def portfolio(*, at: datetime) -> Portfolio:
    """Tier × status, and how many production would allow."""
    catch_up(at=at)
    counted = InventoryRow.objects.exclude(version=None).values_list("status", "tier").annotate(Count("pk"))
    counts = {(status, tier): number for status, tier, number in counted.order_by()}
    rows = []
    for status in STATUSES:
        cells = [Cell(tier, status, counts.get((status, tier), 0), TONES.get(status, "")) for tier in TIERS]
        total = sum(number for (name, _), number in counts.items() if name == status)
        rows.append(PortfolioRow(status, cells, total))
    allowed = InventoryRow.objects.filter(answer="allow").count()
    return Portfolio(rows, sum(counts.values()), allowed)


def grouped(queue: Iterable[QueueItem], today: date) -> list[tuple[str, list[QueueItem]]]:
    """Overdue, this week, later; empty groups are left out."""
    groups: dict[str, list[QueueItem]] = {"Overdue": [], "This week": [], "Later": []}
    for item in queue:
        if item.due_on is not None and item.due_on < today:
            groups["Overdue"].append(item)
        elif item.due_on is not None and item.due_on <= today + timedelta(days=7):
            groups["This week"].append(item)
        else:
            groups["Later"].append(item)
    return [(name, items) for name, items in groups.items() if items]


@dataclass(frozen=True)
class Ending:
    """Something with a date within the next month."""

    title: str
    text: str
    on: date
    shape: str


def ending_soon(now: datetime) -> list[Ending]:
    """Conditions that fall due, signatures that expire and waivers that end within 30 days."""
    conditions = Condition.objects.filter(met_at=None, due_on__lte=(now + SOON).date()).select_related(
        "signoff__review__version__model"
    )
    found = [
        Ending(f"Condition on {row.signoff.review.version}", row.text, row.due_on, "todo")
        for row in conditions
    ]
    signatures = SignOff.objects.filter(
        withdrawn_at=None, expires_at__gt=now, expires_at__lte=now + SOON
    ).select_related("review__version__model", "signer")
    for row in signatures:
        if row.expires_at is not None:
            title = f"Sign-off by {row.signer.name}"
            found.append(Ending(title, str(row.review.version), row.expires_at.date(), "stale"))
    for waiver in Waiver.objects.filter(waiver_views(now)["soon"]).select_related("model", "version__model"):
        found.append(Ending(f"Waiver of {waiver.title}", waiver.scope, waiver.last_day, "waived"))
    return sorted(found, key=lambda item: item.on)[:8]
