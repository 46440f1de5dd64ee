"""Everything that a decision rests on, gathered from the database into plain values for the policy.

One path serves one version and many: the number of queries does not grow with the number of versions.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.conf import settings
from django.urls import reverse

from evaluations.models import JobStatus
from policy.evidence import Artifact, Evidence, Person
from registry.models import ModelVersion
from riskreview.evidence.facts import (
    about_people,
    card_fact,
    evaluation_fact,
    involved,
    running_facts,
    sensitive,
    signoff_fact,
    stopped,
    tier_fact,
)
from riskreview.evidence.rows import Key, Rows, holders_of_roles, load
from riskreview.risks.facts import scales_for

__all__ = [
    "UNREAD",
    "VERSION_RELATIONS",
    "Key",
    "gather",
    "gather_from",
    "gather_locked",
    "gather_many",
    "holders_of_roles",
    "involved",
    "signoff_fact",
]

VERSION_RELATIONS = ("model__owner", "registered_by", "trained_on__owner")
"""What gather() reads through a version: select_related(*VERSION_RELATIONS) spares a query each."""
UNREAD = tuple(f"trained_on__{name}" for name in ("profile", "validation", "schema"))
"""What nobody reads through a version, and is large: defer(*UNREAD)."""

MOST_REMEMBERED = 2_000
_remembered: dict[tuple[int, uuid.UUID, str], Evidence] = {}


def gather(version: ModelVersion, environment: str) -> Evidence:
    """The evidence for one version in one environment, as it stands now."""
    return gather_many([version], [environment])[version.pk, environment]


def gather_locked(version: ModelVersion, environment: str) -> Evidence:
    """The same for a version whose row this transaction holds: evidence is remembered for its evidence stamp.

    Every action that changes evidence holds the row and gives it a new stamp (registry/actions/locking.py), so what
    is remembered under the stamp that we see is what a fresh look would find. Roles and the scales of risks are not
    the version's evidence and are read anew.
    """
    key = (version.pk, version.evidence_stamp, environment)
    known = _remembered.get(key)
    if known is not None:
        known = replace(known, holders=holders_of_roles(), risk_scales=scales_for(known.risks))
        if settings.RECHECK_EVIDENCE and known != gather(_whole(version), environment):
            raise AssertionError(f"The evidence about {version} changed without a new stamp.")
        return known
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    found = _remembered[key] = gather(_whole(version), environment)
    return found


def _whole(version: ModelVersion) -> ModelVersion:
    """The version with all that the evidence reads of it, where only its name was read so far."""
    return ModelVersion.objects.select_related("model", *VERSION_RELATIONS).get(pk=version.pk)


def gather_many(versions: Sequence[ModelVersion], environments: Iterable[str]) -> dict[Key, Evidence]:
    """The evidence for each version and environment, in a fixed number of queries."""
    return gather_from(load(versions), versions, list(environments))


def gather_from(rows: Rows, versions: Sequence[ModelVersion], wanted: Sequence[str]) -> dict[Key, Evidence]:
    """The same from rows that were read already, those of today or those of another day."""
    return {
        (version.pk, environment): _placed(everywhere, version, environment, rows)
        for version in versions
        for everywhere in [_everywhere(version, rows)]
        for environment in wanted
    }


def _everywhere(version: ModelVersion, rows: Rows) -> Evidence:
    """What is the same in every environment."""
    model = version.model
    runs, tier = rows.runs.get(version.pk, []), rows.tiers.get(model.pk)
    risks = tuple(rows.risks.get(model.pk, ()))
    return Evidence(
        model=model.slug,
        version=version.version,
        model_kind=model.kind,
        sensitive_attributes=sensitive(version, runs),
        decides_about_people=about_people(tier),
        suspended=stopped(version),
        artifact=Artifact(
            digest=version.artifact_digest,
            files=version.file_count,
            verified_at=version.verified_at,
            problem=version.artifact_problem or None,
            predictions_only=version.predictions_only,
        ),
        card=card_fact(rows.cards.get(version.pk)),
        tier=tier_fact(tier, model),
        evaluations=tuple(evaluation_fact(run, version) for run in runs if run.status == JobStatus.SUCCEEDED),
        running=running_facts(runs),
        findings=(*rows.findings[model.pk, None], *rows.findings[model.pk, version.pk]),
        holders=rows.holders,
        links=_links(model.slug, version.version),
        owners=(Person(model.owner.username, model.owner.name),),
        developers=tuple(rows.developers.get(model.pk, ())),
        risks=risks,
        risk_scales=rows.risk_scales if risks else None,
        stays=tuple(rows.stays.get(version.pk, ())),
        schedules=tuple(
            fact for only, fact in rows.schedules.get(model.pk, ()) if only in (None, version.pk)
        ),
    )


def _placed(everywhere: Evidence, version: ModelVersion, environment: str, rows: Rows) -> Evidence:
    """With what belongs to one environment: its reviews, signatures and exceptions."""
    key = (version.pk, environment)
    reviews = rows.reviews.get(key, [])
    open_now = [review for review in reviews if review.is_open]
    links = everywhere.links
    if open_now:
        links = {**links, "signoff": reverse("riskreview:review", args=[open_now[-1].pk])}
    return replace(
        everywhere,
        signoffs=tuple(signoff_fact(row) for row in rows.signoffs.get(key, ())),
        involved=involved(version, everywhere.developers, reviews),
        recused=rows.recusals.get(key, {}),
        waivers=rows.waivers.get(key, ()),
        break_glass=rows.break_glass.get(key, ()),
        review_open=bool(open_now),
        links=links,
    )


def _links(model: str, version: str) -> dict[str, str]:
    """Where a person goes to act, by kind of requirement."""
    names = [model, version]
    return {
        "tier_confirmed": reverse("riskreview:tier", args=[model]),
        "artifact_verified": reverse("registry:files", args=names),
        "card_complete": reverse("registry:card", args=names),
        "evaluation": reverse("evaluations:version_runs", args=names),
        "signoff": reverse("riskreview:submit", args=names),
        "conditions_met": reverse("riskreview:signoffs", args=names),
        "findings_closed": f"{reverse('riskreview:findings')}?model={model}",
        "risks_treated": reverse("riskreview:model_risks", args=[model]),
        "ran_in": f"{reverse('deployments:deployments')}?view=all&model={model}",
        "monitoring_in_place": reverse("evaluations:schedules"),
    }
