"""What changed in the portfolio since a moment: registered, approved, denied, suspended, retired."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from audit.models import Event
from audit.verbs import Verb
from governance.gate.models import GateDecision
from governance.trail.telling import sentence, subject_words
from registry.models import Environment, ModelVersion, RegisteredModel
from riskreview.models import Review, ReviewKind

MOST_LISTED = 15
LIFECYCLE = (Verb.MODEL_RETIRED, Verb.MODEL_SUSPENDED, Verb.MODEL_RESUMED)


@dataclass(frozen=True)
class Denied:
    """A model that the gate denied, and how often."""

    model: str
    answers: int


@dataclass(frozen=True)
class Changes:
    """Counts of everything, and the newest of each in lines."""

    models: int
    versions: int
    newest: list[ModelVersion]
    approvals: int
    approved: list[Review]
    denials: int
    denied: list[Denied]
    lifecycle: list[tuple[Event, str, str]]

    @property
    def counted(self) -> list[tuple[str, int]]:
        """What changed, in numbers."""
        verbs = Counter(event.verb for event, _, _ in self.lifecycle)
        return [
            ("New models", self.models),
            ("New versions", self.versions),
            ("Approvals", self.approvals),
            ("Denials of the gate in production", self.denials),
            ("Suspended", verbs[Verb.MODEL_SUSPENDED]),
            ("Retired", verbs[Verb.MODEL_RETIRED]),
        ]


def changes_since(since: datetime, until: datetime) -> Changes:
    """Everything from `since` until before `until`."""
    versions = ModelVersion.objects.filter(registered_at__gte=since, registered_at__lt=until)
    approved = Review.objects.filter(approved_at__gte=since, approved_at__lt=until)
    approved = approved.exclude(kind=ReviewKind.RETIREMENT)
    denied = GateDecision.objects.filter(
        decided_at__gte=since,
        decided_at__lt=until,
        decision="deny",
        dry_run=False,
        environment=Environment.PRODUCTION,
    )
    by_model = Counter(denied.order_by().values_list("version__model__name", flat=True))
    events = Event.objects.filter(verb__in=LIFECYCLE, at__gte=since, at__lt=until).order_by("-at", "-id")
    return Changes(
        models=RegisteredModel.objects.filter(created_at__gte=since, created_at__lt=until).count(),
        versions=versions.count(),
        newest=list(versions.select_related("model", "registered_by").order_by("-pk")[:MOST_LISTED]),
        approvals=approved.count(),
        approved=list(approved.select_related("version__model").order_by("-approved_at")[:MOST_LISTED]),
        denials=sum(by_model.values()),
        denied=[Denied(name, count) for name, count in by_model.most_common(MOST_LISTED)],
        lifecycle=[(event, sentence(event), subject_words(event.subject)) for event in events],
    )
