"""One thing that waits for a person."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.safestring import SafeString

from registry.models import Environment

OVERDUE, PRODUCTION, OTHER = 0, 1, 2


@dataclass(frozen=True)
class QueueItem:
    """One thing that waits for a person. Named for partials/queue_row.html; `why` says why it is theirs."""

    kind: str
    shape: str
    title: str
    href: str
    why: SafeString
    action: str
    tier: str = ""
    due: date | None = None
    urgency: int = OTHER

    @property
    def due_on(self) -> date | None:
        """When it falls due."""
        return self.due

    @property
    def url(self) -> str:
        """Where the person acts."""
        return self.href

    @property
    def primary(self) -> bool:
        """Whether its button stands out: overdue work only."""
        return self.urgency == OVERDUE


def urgency_of(due: date, environment: str, at: datetime) -> int:
    """How it is ordered: overdue, then what blocks production, then the rest."""
    if due < at.date():
        return OVERDUE
    return PRODUCTION if environment == Environment.PRODUCTION else OTHER
