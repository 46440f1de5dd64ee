"""The gate's one verb: decide. The evidence is judged and the answer recorded under one lock."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.ground import standing_ground
from audit import attestation
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.gate.models import GateDecision
from governance.gate.signing import signing_keys
from policy.result import ExceptionUsed, RequirementResult
from registry.models import ModelVersion, Team
from riskreview.judgement import Judged, judge_locked
from riskreview.models import PolicyPack


@transaction.atomic
def decide(
    *,
    version: ModelVersion,
    environment: str,
    context: Mapping[str, Any],
    dry_run: bool,
    actor: Actor,
    at: datetime | None = None,
) -> GateDecision:
    """Judge the version for the environment, keep the answer with its grounds, attest it."""
    held = locked_versions().get(pk=version.pk)
    return decide_on_locked(
        held, environment=environment, context=context, dry_run=dry_run, actor=actor, at=at
    )


def locked_versions() -> QuerySet[ModelVersion]:
    """Versions as far as an answer names them, each held until the transaction ends.

    The row lock orders a decision against every change of evidence: sign-offs, evaluations and cards take the
    same lock, so no answer can rest on evidence that changed before it was recorded. Roles and policy, which belong
    to no version, are held still by the same query.
    """
    closed_teams = Team.objects.filter(name=OuterRef("model__team"), closed=True)
    rows = (
        ModelVersion.objects.annotate(**standing_ground(), team_closed=Exists(closed_teams))
        .select_related("model")
        .only("version", "artifact_digest", "evidence_stamp", "model__slug", "model__name", "model__closed")
    )
    return rows.select_for_update(of=("self",))


def decide_on_locked(
    version: ModelVersion,
    *,
    environment: str,
    context: Mapping[str, Any],
    dry_run: bool,
    actor: Actor,
    pipeline: Mapping[str, str] | None = None,
    at: datetime | None = None,
) -> GateDecision:
    """The same for a version that came from `locked_versions` in this transaction.

    Without a moment it is this one, now that the version is held: a signature that came while the gate waited for it
    counts, so the decision may not be older than that. `pipeline` is what its identity token said, if it had one.
    """
    at = at or timezone.now()
    keys, judged = signing_keys(judge_locked(version, environment, at=at), at)
    verdict = judged.verdict
    decision = GateDecision(
        version=version,
        environment=environment,
        decision=verdict.decision,
        basis=verdict.basis,
        tier=verdict.tier or "",
        dry_run=dry_run,
        summary=verdict.summary,
        requirements=[_requirement(result) for result in verdict.requirements],
        policy=judged.policy,
        exceptions=[_exception(used) for used in verdict.exceptions],
        evidence_digest=judged.digest,
        components=judged.components,
        context=dict(context),
        asked_by=actor.id,
        asker_name=actor.name,
        pipeline=dict(pipeline) if pipeline else None,
        decided_at=at,
        valid_until=verdict.valid_until,
    )
    if judged.policy is not None and keys and not dry_run:
        decision.attestation = dict(attestation.attest(_summary(decision, judged.policy, judged), *keys))
    decision.save(force_insert=True)
    _record(decision, judged, actor, unsigned=not keys)
    return decision


def _record(decision: GateDecision, judged: Judged, actor: Actor, *, unsigned: bool) -> None:
    asked = {"pipeline": decision.pipeline} if decision.pipeline else {}
    record(
        Verb.GATE_ALLOWED if judged.allows else Verb.GATE_DENIED,
        subject=decision.ref,
        actor=actor,
        at=decision.decided_at,
        detail={
            "decision": str(decision.id),
            "dry_run": decision.dry_run,
            "basis": decision.basis,
            "exceptions": decision.exceptions,
            "policy": judged.policy.digest if judged.policy else None,
            "evidence": judged.digest,
            "artifact": decision.version.artifact_digest,
            "unmet": [item["id"] for item in decision.unmet],
            "context": decision.context,
            **({"unsigned": True} if unsigned else {}),
            **asked,
        },
    )


def refuse(
    *, subject: str, reason: str, actor: Actor, at: datetime, pipeline: Mapping[str, str] | None = None
) -> None:
    """Put on the record that the gate could not even judge: a version that does not exist, a digest that differs."""
    asked = {"pipeline": dict(pipeline)} if pipeline else {}
    with transaction.atomic():
        record(
            Verb.GATE_REFUSED, subject=subject[:300], actor=actor, at=at, detail={"reason": reason, **asked}
        )


def _requirement(result: RequirementResult) -> dict[str, Any]:
    """A requirement's result as the API answers it, with an address that a pipeline's log can be clicked on."""
    return {
        "id": result.id,
        "kind": result.kind,
        "title": result.title,
        "result": result.result,
        "reason": result.reason,
        "remedy": result.remedy,
        "stale": result.stale,
        "who": list(result.who),
        "url": f"{settings.COUNTERSIGN_URL}{result.url}" if result.url else None,
        "evidence": list(result.evidence),
    }


def _exception(used: ExceptionUsed) -> dict[str, Any]:
    """A waiver or a break-glass as the API names it."""
    return {"kind": used.kind, "id": used.id, "url": f"{settings.COUNTERSIGN_URL}{used.url}"}


def _summary(decision: GateDecision, policy: PolicyPack, judged: Judged) -> attestation.Summary:
    version = decision.version
    return attestation.Summary(
        decision_id=str(decision.id),
        model=version.model.slug,
        version=version.version,
        environment=decision.environment,
        tier=decision.tier,
        allowed=judged.allows,
        basis=decision.basis,
        exceptions=tuple(f"{used.kind}:{used.id}" for used in judged.verdict.exceptions),
        artifact_digest=version.artifact_digest,
        evidence_digest=judged.digest,
        site=settings.COUNTERSIGN_URL,
        verifier_version={"countersign": settings.VERSION},
        policy_uri=f"{settings.COUNTERSIGN_URL}/policy/",
        policy_digest=policy.digest,
        decided_at=decision.decided_at,
        valid_until=decision.valid_until,
        requirements=tuple(
            attestation.Judged(result.id, result.result, result.reason)
            for result in judged.verdict.requirements
        ),
    )
