"""Artifacts that the product trained itself, known by their digest and not by their name."""

from datetime import datetime

from django.db import transaction

from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from evaluations.models import ArtifactMadeHere
from registry.models import ModelVersion


@transaction.atomic
def record_made_here(*, version: ModelVersion, actor: Actor, at: datetime) -> None:
    """The demo's loader says that it trained these bytes."""
    _, new = ArtifactMadeHere.objects.get_or_create(
        artifact_digest=version.artifact_digest, defaults={"recorded_at": at}
    )
    if new:
        detail = {"artifact_digest": version.artifact_digest}
        record(Verb.ARTIFACT_MADE_HERE, subject=version.ref, actor=actor, at=at, detail=detail)


def made_here(*versions: ModelVersion | None) -> bool:
    """Whether the product made every one of these artifacts itself; a version without one counts as made here."""
    digests = {
        version.artifact_digest
        for version in versions
        if version is not None and not version.predictions_only
    }
    return ArtifactMadeHere.objects.filter(artifact_digest__in=digests).count() == len(digests)
