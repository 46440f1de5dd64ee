"""What a pipeline's report means, and whether a decision of the gate carried what it tells of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.refusals import Invalid
from audit.canonical import instant
from governance.gate.models import GateDecision
from governance.gate.queries import decision_named
from registry.access import version_for_reader
from registry.models import Environment, ModelVersion


@dataclass(frozen=True)
class Meant:
    """The version and environment that a report is about, the decision it names and what is wrong with that."""

    version: ModelVersion
    environment: str
    decision_id: str
    problem: str


def meant_by(given: Mapping[str, Any], *, user: User, at: datetime) -> Meant:
    """Read a report. A decision alone names model, version and environment; what is named beside it goes first.

    Raises Invalid when something is left unnamed, Http404 when the version does not exist.
    """
    decision_id = given["decision"]
    decision = decision_named(decision_id, user) if decision_id else None
    slug, number, environment = (given[name] for name in ("model", "version", "environment"))
    if decision is not None:
        slug = slug or decision.version.model.slug
        if slug == decision.version.model.slug:
            number = number or decision.version.version
        environment = environment or decision.environment
    named = {"model": slug, "version": number, "environment": environment}
    for field, value in named.items():
        if not value:
            raise Invalid(
                f"The report does not say which {field} it is about.",
                f"Send {field}, or the id of the gate's decision about it.",
                field=field,
            )
    if environment not in Environment.values:
        raise Invalid(
            f"There is no environment {environment}; there are {', '.join(Environment.values)}.",
            field="environment",
        )
    version = version_for_reader(user, slug, number)
    problem = problem_with(
        decision,
        decision_id=decision_id,
        version=version,
        environment=environment,
        digest=given["artifact_digest"],
        at=at,
    )
    return Meant(version, environment, decision_id, problem)


def problem_with(
    decision: GateDecision | None,
    *,
    decision_id: str,
    version: ModelVersion,
    environment: str,
    digest: str = "",
    at: datetime,
) -> str:
    """Why no valid decision carries this version in this environment at this moment; "" when one does."""
    if not decision_id:
        return "No decision of the gate is named."
    if decision is None:
        return f"The gate gave no decision {decision_id}."
    if decision.version_id != version.pk:
        return f"The decision named is about {decision.version}, not about {version}."
    if decision.environment != environment:
        return f"The decision named is about {decision.environment}, not about {environment}."
    if decision.dry_run:
        return "The decision named is a dry run, which allows nothing."
    if decision.decision != "allow":
        return f"The gate denied it. {decision.summary}"
    if decision.valid_until <= at:
        return f"The decision named ran out at {instant(decision.valid_until)}, before this was reported."
    if digest and digest != version.artifact_digest:
        return f"What was deployed has the digest {digest}; {version} has {version.artifact_digest}."
    return ""
