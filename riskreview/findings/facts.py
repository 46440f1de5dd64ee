"""Findings as the policy judges them."""

from collections import defaultdict
from collections.abc import Iterable

from django.urls import reverse

from policy.evidence import FindingFact, Person
from riskreview.models import OPEN_FINDINGS, Finding, FindingState

FindingsOf = defaultdict[tuple[int, int | None], list[FindingFact]]
"""Model and version (None: every version of the model) → its findings."""


def findings_of(models: Iterable[int]) -> FindingsOf:
    """What stands against these models or was overridden, oldest first, in one query."""
    rows = Finding.objects.filter(model__in=models, state__in=(*OPEN_FINDINGS, FindingState.OVERRIDDEN))
    found: FindingsOf = defaultdict(list)
    for row in rows.select_related("owner", "remediated_by", "overridden_by").order_by("pk"):
        found[row.model_id, row.version_id].append(finding_fact(row))
    return found


def finding_fact(row: Finding) -> FindingFact:
    """A finding as the policy judges it."""
    return FindingFact(
        id=row.pk,
        severity=row.severity,
        title=row.title,
        state=row.state,
        due_on=row.due_on,
        owner=Person(row.owner.username, row.owner.name),
        rebutted=row.is_rebutted,
        remediated_by=row.remediated_by.username if row.remediated_by else "",
        overridden_by=row.overridden_by.name if row.overridden_by else "",
        override_reason=row.override_reason,
        url=reverse("riskreview:finding", args=[row.pk]),
    )
