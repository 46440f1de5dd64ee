"""Finding the version that a pipeline means; every miss is a problem document and an entry in the record."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404

from accounts.models import User
from accounts.problems import Problem
from accounts.statement import Statement
from governance.gate.actions import locked_versions, refuse
from governance.gate.askers import Asker
from governance.gate.models import GateDecision
from registry.models import Environment, ModelVersion, RegisteredModel
from registry.sight import hidden_from, seen_by, sees

BY_NUMBER = Statement(
    lambda slug, number: locked_versions().filter(model__slug=slug, version=number).order_by("-pk")[:1], 2
)
BY_DIGEST = Statement(
    lambda slug, digest: (
        locked_versions().filter(model__slug=slug, artifact_digest=digest).order_by("-pk")[:1]
    ),
    2,
)


def decision_for_reader(user: User, pk: UUID | str) -> GateDecision:
    """The decision with its version and policy, for whoever sees the model. Raises Http404."""
    rows = GateDecision.objects.select_related("version__model__owner", "policy")
    found = rows.filter(seen_by(user, "version__model"), pk=pk).first()
    if found is None:
        raise Http404(f"The gate gave no decision {pk}.")
    return found


def locked_version_asked_for(question: Mapping[str, Any], asker: Asker) -> ModelVersion:
    """The one version that the question names, held until the transaction ends; a 404 or 409 says what does not fit.

    A rule names the models that its pipelines may ask about. A key may ask about what its owner sees.
    """
    slug, number, digest = question["model"], question.get("version"), question.get("artifact_digest")
    environment = question["environment"]
    if environment not in Environment.values:
        raise Problem(
            HTTPStatus.NOT_FOUND,
            f"There is no environment {environment}.",
            f"The environments are {', '.join(Environment.values)}.",
        )
    found = next(BY_NUMBER.rows(slug, number) if number else BY_DIGEST.rows(slug, str(digest)), None)
    hidden = _hidden(found, slug, asker)
    if hidden or (found is None and not RegisteredModel.objects.filter(slug=slug).exists()):
        raise Problem(
            HTTPStatus.NOT_FOUND, f"There is no model {slug}.", "Register it, or check the spelling."
        )
    if number:
        return _by_number(found, slug, number, digest)
    if found is None:
        raise Problem(
            HTTPStatus.NOT_FOUND,
            f"No version of {slug} has the digest {digest}.",
            "Register these bytes as a version first.",
        )
    return found


def _hidden(found: ModelVersion | None, slug: str, asker: Asker) -> bool:
    """Whether the model is there and not for this key. What is open, as almost all are, costs no query."""
    if asker.key is None:
        return False
    if found is not None:
        closed = found.model.closed
        is_open = not (closed or (closed is None and getattr(found, "team_closed", False)))
        return not is_open and not sees(asker.key.owner, found.model)
    return hidden_from(asker.key.owner).filter(slug=slug).exists()


def record_miss(question: Mapping[str, Any], missing: Problem, *, asker: Asker, at: datetime) -> None:
    """Put on the record that the gate was asked about something that it could not judge."""
    named = question.get("version") or question.get("artifact_digest")
    subject = f"model:{question['model']}/version:{named}/env:{question['environment']}"
    refuse(subject=subject, reason=str(missing), actor=asker.actor, pipeline=asker.claims, at=at)


def _by_number(version: ModelVersion | None, slug: str, number: str, digest: str | None) -> ModelVersion:
    if version is None:
        raise Problem(
            HTTPStatus.NOT_FOUND, f"{slug} has no version {number}.", "Register it, or check the number."
        )
    if digest and version.artifact_digest != digest:
        raise Problem(
            HTTPStatus.CONFLICT,
            f"Version {number} of {slug} has the digest {version.artifact_digest}, not {digest}.",
            "Deploy the registered bytes, or register these as a new version.",
        )
    return version
