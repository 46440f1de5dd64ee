"""What happens to a version's files after it is registered: they are checked and fetched."""

from datetime import datetime

from django.db import transaction

from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from registry.actions.locking import locked_version
from registry.models import ArtifactFile, ModelVersion
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
