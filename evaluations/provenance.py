"""How a result came about: everything that somebody needs to measure it again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from evaluations.kinds import settings_in_force
from evaluations.models import EvaluationRun


def provenance_of(run: EvaluationRun, told: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """What the sandbox told of itself, and what only the worker knows.

    Conventions stand in the result, beside the figures that they belong to.
    """
    started = run.started_at or at
    return {
        "engine": settings.VERSION,
        "source": run.source,
        "settings": settings_in_force(run.kind, run.config),
        "digests": digests_of(run),
        "attempt": run.attempt,
        "waited_seconds": round((started - run.requested_at).total_seconds(), 1),
        "worked_seconds": round((at - started).total_seconds(), 1),
        **told,
    }


def digests_of(run: EvaluationRun) -> dict[str, str]:
    """The digest of everything that went in, as it was fixed when the run was asked for."""
    digests = {
        "artifact": run.artifact_digest,
        "dataset": run.dataset_digest,
        "reference": run.reference_digest,
        "against": run.against_digest,
        "predictions": run.predictions_digest,
        "endpoint": run.endpoint_digest,
    }
    return {name: digest for name, digest in digests.items() if digest}
