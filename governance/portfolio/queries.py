"""What the inventory and the version page read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.models import Event
from audit.queries import trail_of
from audit.verbs import Verb
from governance.portfolio.standing import Standing, standings
from governance.trail.telling import sentence
from registry.models import Deployment, Lifecycle, ModelVersion, RegisteredModel
from riskreview.evidence import VERSION_RELATIONS

TIER_ORDER = {"low": 1, "moderate": 2, "high": 3, "critical": 4, "prohibited": 5}
SORTS: dict[str, Callable[[Standing], Any]] = {
    "tier": lambda row: (-TIER_ORDER.get(row.tier, 0), row.version.model.name.lower()),
    "model": lambda row: row.version.model.name.lower(),
    "status": lambda row: (row.status, row.version.model.name.lower()),
    "owner": lambda row: (row.version.model.owner.name, row.version.model.name.lower()),
}


@dataclass(frozen=True)
class Filters:
    """What the inventory's address asks for."""

    q: str = ""
    tier: str = ""
    status: str = ""
    owner: str = ""
    gate: str = ""
    view: str = "all"
    sort: str = "tier"

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered out."""
        return any((self.q, self.tier, self.status, self.owner, self.gate))


@dataclass(frozen=True)
class Inventory:
    """The rows that match, and the counts of each saved view."""

    rows: list[Standing]
    views: dict[str, int] = field(default_factory=dict)


def newest_versions() -> list[ModelVersion]:
    """The newest version of each model that is not retired, retired models last."""
    newest = RegisteredModel.objects.annotate(newest=Max("versions__pk")).values("newest")
    return list(
        ModelVersion.objects.filter(pk__in=newest)
        .select_related("model", *VERSION_RELATIONS)
        .order_by("model__slug")
    )


def inventory(filters: Filters, *, username: str, at: datetime) -> Inventory:
    """The newest version of each model, filtered and sorted."""
    rows = standings(newest_versions(), at=at)
    views = {
        "all": rows,
        "attention": [row for row in rows if row.status in ("lapsed", "in_review", "evaluating")],
        "production": [row for row in rows if row.marks["production"] in ("ok", "waived")],
        "mine": [row for row in rows if _concerns(row, username)],
    }
    chosen = [row for row in views.get(filters.view, rows) if _matches(row, filters)]
    chosen.sort(key=SORTS.get(filters.sort, SORTS["tier"]))
    return Inventory(chosen, {name: len(found) for name, found in views.items()})


def models_without_versions() -> list[RegisteredModel]:
    """Uses that were declared and have nothing registered yet."""
    return list(
        RegisteredModel.objects.filter(versions=None)
        .exclude(lifecycle=Lifecycle.RETIRED)
        .select_related("owner")
    )


def _concerns(row: Standing, username: str) -> bool:
    return username in row.judged["production"].evidence.involved


def _matches(row: Standing, filters: Filters) -> bool:
    model = row.version.model
    words = f"{model.name} {model.slug} {model.owner.name} {row.version.artifact_digest}".lower()
    return (
        filters.q.lower() in words
        and filters.tier in ("", row.tier)
        and filters.status in ("", row.status)
        and filters.owner in ("", model.owner.username)
        and filters.gate in ("", row.judged["production"].verdict.decision)
    )


def versions_of(model: RegisteredModel, *, at: datetime) -> list[Standing]:
    """Every version of a model, newest first."""
    rows = model.versions.select_related("model", *VERSION_RELATIONS).order_by("-pk")
    return standings(list(rows), at=at)


def serving(versions: Sequence[ModelVersion]) -> list[Deployment]:
    """What runs where now, of these versions' models."""
    return list(
        Deployment.objects.filter(version__model__in={v.model_id for v in versions}, ended_at=None)
        .select_related("version__model")
        .order_by("environment")
    )


@dataclass(frozen=True)
class Moment:
    """One line of "what happened"."""

    shape: str
    text: SafeString
    when: datetime
    href: str | None = None


def what_happened(ref: str, limit: int = 9) -> list[Moment]:
    """The newest events about a subject, told as sentences."""
    return [told(event) for event in trail_of(ref, limit=limit)]


def told(event: Event) -> Moment:
    """An event as a line of the timeline."""
    words = format_html("{}, {}", sentence(event), event.actor_name)
    entry = getattr(event, "entry", None)
    href = reverse("trail:entry", args=[entry.seq]) if entry is not None else None
    return Moment(Verb(event.verb).outcome, words, event.at, href)
