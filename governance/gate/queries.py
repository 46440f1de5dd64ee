"""Decisions of the gate, for pages."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import User
from governance.gate.models import GateDecision
from registry.models import ModelVersion, RegisteredModel
from registry.sight import seen_by

MOST_COUNTED = 500
"""Denials that are looked through for those to show."""


@dataclass(frozen=True)
class DecisionFilters:
    """What the list's address asks for."""

    q: str = ""
    environment: str = ""
    decision: str = ""


def decisions(filters: DecisionFilters, reader: User) -> QuerySet[GateDecision]:
    """Decisions that match and that the reader may see, newest first."""
    found = GateDecision.objects.filter(seen_by(reader, "version__model")).select_related(
        "version__model", "policy"
    )
    if filters.q:
        found = found.filter(
            Q(version__model__name__icontains=filters.q)
            | Q(version__model__slug__icontains=filters.q)
            | Q(asker_name__icontains=filters.q)
            | Q(context__icontains=filters.q)
            | Q(pipeline__icontains=filters.q)
        )
    if filters.environment:
        found = found.filter(environment=filters.environment)
    if filters.decision:
        found = found.filter(decision=filters.decision)
    return found


def recent_decisions(version: ModelVersion, *, limit: int) -> list[GateDecision]:
    """The newest decisions about one version."""
    return list(version.decisions.select_related("policy").order_by("-decided_at")[:limit])


def decisions_by_rule(name: str, reader: User, *, limit: int) -> list[GateDecision]:
    """The newest decisions that pipelines asked for by a rule."""
    found = GateDecision.objects.filter(
        seen_by(reader, "version__model"), pipeline__rule=name
    ).select_related("version__model")
    return list(found.order_by("-decided_at")[:limit])


def decision_named(text: str, reader: User | None) -> GateDecision | None:
    """The decision with this id, if it is one that the reader may see; None is the product itself."""
    try:
        pk = uuid.UUID(text)
    except ValueError:
        return None
    return (
        GateDecision.objects.select_related("version__model")
        .filter(seen_by(reader, "version__model"), pk=pk)
        .first()
    )


@dataclass(frozen=True)
class Denial:
    """What pipelines were told lately, the same question counted once."""

    decision: GateDecision
    times: int


def recent_denials(reader: User, *, since: datetime, models: Q | None = None, limit: int = 6) -> list[Denial]:
    """The newest denial of each version and environment, with how often it was asked for.

    `models` is a condition on models, where only some of them matter.
    """
    rows = GateDecision.objects.filter(seen_by(reader, "version__model"), decision="deny", dry_run=False)
    rows = rows.filter(decided_at__gte=since)
    if models is not None:
        rows = rows.filter(version__model__in=RegisteredModel.objects.filter(models).values("pk"))
    found: dict[tuple[int, str], list[uuid.UUID]] = {}
    asked = rows.order_by("-decided_at").values_list("pk", "version_id", "environment")
    for pk, version, environment in asked[:MOST_COUNTED]:
        found.setdefault((version, environment), []).append(pk)
    shown = list(found.values())[:limit]
    newest = GateDecision.objects.select_related("version__model").in_bulk([same[0] for same in shown])
    return [Denial(newest[same[0]], len(same)) for same in shown]
