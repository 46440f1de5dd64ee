"""Waivers and break-glass as the policy judges them: rows into plain values, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q
from django.urls import reverse

from policy.evidence import Approval, BreakGlassFact, WaiverFact
from registry.models import ModelVersion
from riskreview.models import (
    BreakGlass,
    BreakGlassConsent,
    BreakGlassState,
    Waiver,
    WaiverApproval,
    WaiverState,
)

Key = tuple[int, str]


def waivers_of(versions: Sequence[ModelVersion]) -> Mapping[Key, tuple[WaiverFact, ...]]:
    """What was granted for each version and environment, or for every version of its model; oldest first.

    What the clock ended is among it: the judge knows the time, and what is gathered here is remembered.
    """
    models: dict[int, list[int]] = defaultdict(list)
    for version in versions:
        models[version.model_id].append(version.pk)
    rows = Waiver.objects.filter(
        Q(version__in=[version.pk for version in versions]) | Q(whole_model=True, model__in=models),
        state=WaiverState.GRANTED,
    )
    found: dict[Key, list[WaiverFact]] = defaultdict(list)
    for row in rows.select_related("requested_by").prefetch_related("approvals__person").order_by("pk"):
        fact = waiver_fact(row)
        for pk in models[row.model_id] if row.whole_model else [row.version_id]:
            found[pk, row.environment].append(fact)
    return {key: tuple(facts) for key, facts in found.items()}


def waiver_fact(row: Waiver) -> WaiverFact:
    """A waiver as the policy judges it; one that nobody granted yet is taken as granted when it was asked for."""
    return WaiverFact(
        id=row.pk,
        requirement=row.requirement,
        why=row.why,
        controls=row.controls,
        requester=row.requested_by.username,
        approvals=_approvals(row.approvals.all()),
        granted_at=row.granted_at or row.requested_at,
        last_day=row.last_day,
        url=reverse("riskreview:waiver", args=[row.pk]),
    )


def break_glass_of(versions: Sequence[int]) -> Mapping[Key, tuple[BreakGlassFact, ...]]:
    """What was activated for each version and environment and not ended by hand, oldest first."""
    rows = BreakGlass.objects.filter(version__in=versions, state=BreakGlassState.ACTIVE)
    found: dict[Key, list[BreakGlassFact]] = defaultdict(list)
    for row in rows.prefetch_related("people__person").order_by("pk"):
        found[row.version_id, row.environment].append(break_glass_fact(row))
    return {key: tuple(facts) for key, facts in found.items()}


def break_glass_fact(row: BreakGlass) -> BreakGlassFact:
    """An emergency as the policy judges it; one that is not open yet is taken as over when it was asked for."""
    return BreakGlassFact(
        id=row.pk,
        reason=row.reason,
        people=_approvals(row.people.all()),
        began_at=row.began_at or row.requested_at,
        ends_at=row.ends_at or row.requested_at,
        url=reverse("riskreview:break_glass", args=[row.pk]),
    )


def _approvals(rows: Iterable[WaiverApproval | BreakGlassConsent]) -> tuple[Approval, ...]:
    return tuple(Approval(row.role, row.person.username, row.person.name) for row in rows)
