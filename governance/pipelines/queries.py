"""What the pages about pipelines read, each in a fixed number of queries."""

from dataclasses import dataclass

from django.db.models import F, Prefetch, Q, QuerySet

from accounts.models import User
from audit.models import Event
from audit.queries import trail_of
from governance.pipelines.models import SYSTEMS, TrustRule
from registry.sight import visible_to

HISTORY_SHOWN = 30
MODELS_SHOWN = 3
ON, OFF = "on", "off"
STATES = [(ON, "On"), (OFF, "Switched off")]


@dataclass(frozen=True)
class RuleFilters:
    """What the list's address asks for."""

    q: str = ""
    kind: str = ""
    state: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether it asks for anything."""
        return bool(self.q or self.kind or self.state)


def rules(filters: RuleFilters, reader: User) -> QuerySet[TrustRule]:
    """Rules that match, those that are on first, each with those of its models that the reader may see."""
    seen = visible_to(reader)
    found = TrustRule.objects.prefetch_related(Prefetch("named_models", seen))
    if filters.q:
        meant = seen.filter(Q(slug__icontains=filters.q) | Q(name__icontains=filters.q))
        about = Q(named_models__in=meant)
        own = Q(name__icontains=filters.q) | Q(repository__icontains=filters.q) | Q(team__icontains=filters.q)
        found = found.filter(own | about | Q(repository_id=filters.q)).distinct()
    if filters.kind in SYSTEMS:
        found = found.filter(kind=filters.kind)
    if filters.state in (ON, OFF):
        found = found.filter(off_at__isnull=filters.state == ON)
    return found.order_by(F("off_at").asc(nulls_first=True), "name")


def history_of(rule: TrustRule, seen: Q) -> list[Event]:
    """What happened to the rule and to pipelines that it turned away, newest first, as far as the reader may see it."""
    return trail_of(rule.ref, limit=HISTORY_SHOWN, seen=seen)
