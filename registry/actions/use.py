"""What happens to a version after it is registered: its files checked and fetched, its deployments told."""

from datetime import datetime

from django.db import transaction

from accounts.refusals import Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from registry.actions.locking import locked_version
from registry.models import ArtifactFile, Deployment, Environment, ModelVersion
from registry.storage import artifact_problem


def verify_artifact(*, version: ModelVersion, actor: Actor, at: datetime) -> ModelVersion:
    """Hash every file again. What is missing, added or changed becomes its problem: the gate denies."""
    problem = artifact_problem(version)
    with transaction.atomic():
        version = locked_version(version)
        if not problem:
            version.verified_at = at
        version.artifact_problem = problem[:300]
        version.save(update_fields=["verified_at", "artifact_problem"])
        verb = Verb.ARTIFACT_FAILED if problem else Verb.ARTIFACT_VERIFIED
        detail = {"artifact_digest": version.artifact_digest} | ({"problem": problem} if problem else {})
        record(verb, subject=version.ref, actor=actor, at=at, detail=detail)
    return version


@transaction.atomic
def record_download(*, version: ModelVersion, file: ArtifactFile, actor: Actor, at: datetime) -> None:
    """Remember who took a file out of the registry."""
    detail = {"path": file.path, "sha256": file.sha256}
    record(Verb.ARTIFACT_DOWNLOADED, subject=version.ref, actor=actor, at=at, detail=detail)


@transaction.atomic
def record_deployment(
    *, version: ModelVersion, environment: str, decision_id: str, actor: Actor, at: datetime
) -> Deployment:
    """Note that a version runs somewhere now. What ran there of the same model has ended."""
    if environment not in Environment.values:
        raise Invalid(
            f"There is no environment {environment}; there are {', '.join(Environment.values)}.",
            field="environment",
        )
    if not decision_id.strip():
        raise Invalid("A deployment names the gate's decision that allowed it.", field="decision_id")
    locked_version(version)
    running = Deployment.objects.filter(version__model=version.model, environment=environment, ended_at=None)
    replaced = list(running.values_list("version__version", flat=True))
    running.update(ended_at=at)
    deployment = Deployment.objects.create(
        version=version,
        environment=environment,
        decision_id=decision_id.strip()[:40],
        reported_by=actor.name,
        deployed_at=at,
    )
    detail = {"environment": environment, "decision": deployment.decision_id, "replaced": replaced}
    record(Verb.DEPLOYMENT_RECORDED, subject=version.ref, actor=actor, at=at, detail=detail)
    return deployment
