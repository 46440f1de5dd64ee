"""Reports of pipelines, judged by the gate's decisions and put on the record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.refusals import Invalid
from audit.actor import Actor
from governance.deployments.decided import meant_by, problem_with
from governance.gate.queries import decision_named
from registry import actions
from registry.models import Deployment


def report_deployment(*, given: Mapping[str, Any], reader: User, actor: Actor, at: datetime) -> Deployment:
    """Record what a pipeline put where; without a valid decision it is recorded with its problem."""
    meant = meant_by(given, user=reader, at=at)
    return actions.record_deployment(
        version=meant.version,
        environment=meant.environment,
        decision_id=meant.decision_id,
        problem=meant.problem,
        strategy=given["strategy"],
        traffic_share=given["traffic_share"],
        status=given["status"],
        note=given["note"],
        actor=actor,
        at=at,
    )


def report_finish(*, deployment: Deployment, note: str, actor: Actor, at: datetime) -> Deployment:
    """Record that what was started is live, judged anew: its decision may have run out on the way.

    What was wrong when it started, such as another digest, stays wrong.
    """
    decision_id = deployment.decision_id
    problem = problem_with(
        decision_named(decision_id, None) if decision_id else None,
        decision_id=decision_id,
        version=deployment.version,
        environment=deployment.environment,
        at=at,
    )
    return actions.finish_deployment(
        deployment=deployment, problem=problem or deployment.problem, note=note, actor=actor, at=at
    )


def report_roll_back(
    *, deployment: Deployment, to: str, note: str, reader: User, actor: Actor, at: datetime
) -> tuple[Deployment, Deployment | None]:
    """Record that a deployment was taken back, and under the decision `to` what runs instead."""
    return actions.roll_back_deployment(
        deployment=deployment,
        to=_restored(deployment, to, reader, at) if to else None,
        note=note,
        actor=actor,
        at=at,
    )


def _restored(deployment: Deployment, to: str, reader: User, at: datetime) -> actions.Restored:
    decision = decision_named(to, reader)
    if decision is None:
        raise Invalid(
            f"The gate gave no decision {to}.",
            "Ask the gate for the version that runs instead, and send the id of its answer.",
            field="to",
        )
    problem = problem_with(
        decision, decision_id=to, version=decision.version, environment=deployment.environment, at=at
    )
    return actions.Restored(decision.version, str(decision.pk), problem)
