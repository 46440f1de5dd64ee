"""Deployments: what pipelines say they put where, and what became of it. Nothing is ever deployed from here.

A report is a fact, so one without a valid decision of the gate is kept as well; `problem` says what is wrong with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, Sum

from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.rows import wrote_values
from audit.verbs import Verb
from registry.actions.locking import locked_model
from registry.models import RUNNING, Deployment, DeploymentStatus, Environment, ModelVersion, Strategy

SHARED = (Strategy.CANARY, Strategy.AB)
ONLINE = (Strategy.REAL_TIME, *SHARED)
REPORTED = {
    DeploymentStatus.STARTED: Verb.DEPLOYMENT_STARTED,
    DeploymentStatus.LIVE: Verb.DEPLOYMENT_RECORDED,
    DeploymentStatus.FAILED: Verb.DEPLOYMENT_FAILED,
}
LONGEST_TEXT = 300
ROUNDING = 1e-9


@dataclass(frozen=True)
class Restored:
    """What a pipeline put back in the place of what it rolled back."""

    version: ModelVersion
    decision_id: str
    problem: str


@transaction.atomic
def record_deployment(
    *,
    version: ModelVersion,
    environment: str,
    decision_id: str,
    strategy: str = Strategy.REAL_TIME,
    traffic_share: float | None = None,
    status: str = DeploymentStatus.LIVE,
    note: str = "",
    problem: str = "",
    actor: Actor,
    at: datetime,
) -> Deployment:
    """Note what a pipeline put where. Once it is live, what it replaces has ended; see `_replaced_by`."""
    _refuse_bad_report(environment, strategy, traffic_share, status)
    locked_model(version.model)
    decision_id = decision_id.strip()[:40]
    deployment = Deployment(
        version=version,
        environment=environment,
        decision_id=decision_id,
        status=status,
        strategy=strategy,
        traffic_share=traffic_share,
        note=note.strip()[:LONGEST_TEXT],
        reported_by=actor.name,
        deployed_at=at,
        finished_at=None if status == DeploymentStatus.STARTED else at,
        ended_at=at if status == DeploymentStatus.FAILED else None,
    )
    deployment.problem = _problem(deployment, problem)
    replaced = [] if status == DeploymentStatus.FAILED else _room_for(deployment, at)
    deployment.save(force_insert=True)
    detail = {"status": status, "replaced": replaced, "problem": deployment.problem}
    verb = Verb.DEPLOYMENT_UNDECIDED if deployment.problem else REPORTED[DeploymentStatus(status)]
    _record(verb, deployment, detail, actor, at)
    return deployment


@transaction.atomic
def finish_deployment(
    *, deployment: Deployment, problem: str = "", note: str = "", actor: Actor, at: datetime
) -> Deployment:
    """What was started is live. Saying so twice is the same as once.

    `problem` is what is wrong with its decision by now: it may have run out since the start.
    """
    held = _held(deployment)
    if held.status == DeploymentStatus.LIVE:
        return held
    _refuse_unless(held, DeploymentStatus.STARTED, to="go live")
    held.status, held.finished_at, held.problem = DeploymentStatus.LIVE, at, _problem(held, problem)
    verb = Verb.DEPLOYMENT_UNDECIDED if held.problem else Verb.DEPLOYMENT_RECORDED
    detail = {"status": held.status, "replaced": _room_for(held, at), "problem": held.problem}
    return _changed(held, verb, note, detail, actor, at)


@transaction.atomic
def fail_deployment(*, deployment: Deployment, note: str = "", actor: Actor, at: datetime) -> Deployment:
    """What was started never went live; what ran before goes on."""
    held = _held(deployment)
    if held.status == DeploymentStatus.FAILED:
        return held
    _refuse_unless(held, DeploymentStatus.STARTED, to="fail")
    held.status, held.finished_at, held.ended_at = DeploymentStatus.FAILED, at, at
    return _changed(held, Verb.DEPLOYMENT_FAILED, note, {}, actor, at)


@transaction.atomic
def end_deployment(*, deployment: Deployment, note: str = "", actor: Actor, at: datetime) -> Deployment:
    """What was live runs no longer, and nothing took its place."""
    held = _held(deployment)
    if held.status == DeploymentStatus.ENDED:
        return held
    _refuse_unless(held, DeploymentStatus.LIVE, to="end")
    held.status, held.ended_at = DeploymentStatus.ENDED, at
    return _changed(held, Verb.DEPLOYMENT_ENDED, note, {}, actor, at)


@transaction.atomic
def roll_back_deployment(
    *, deployment: Deployment, to: Restored | None = None, note: str = "", actor: Actor, at: datetime
) -> tuple[Deployment, Deployment | None]:
    """What was started or live was taken back, and `to` runs in its place: a deployment of its own."""
    held = _held(deployment)
    if held.status == DeploymentStatus.ROLLED_BACK:
        return held, None
    _refuse_unless(held, DeploymentStatus.STARTED, DeploymentStatus.LIVE, to="be rolled back")
    if to is not None:
        _refuse_other_use(held, to.version)
    held.status, held.ended_at = DeploymentStatus.ROLLED_BACK, at
    detail = {"to": to.version.version if to else None}
    _changed(held, Verb.DEPLOYMENT_ROLLED_BACK, note, detail, actor, at)
    if to is None:
        return held, None
    again = record_deployment(
        version=to.version,
        environment=held.environment,
        decision_id=to.decision_id,
        strategy=Strategy.BATCH if held.strategy == Strategy.BATCH else Strategy.REAL_TIME,
        problem=to.problem,
        note=f"Put back when version {held.version.version} was rolled back.",
        actor=actor,
        at=at,
    )
    return held, again


def _room_for(deployment: Deployment, at: datetime) -> list[str]:
    """End what this one replaces, once it is live; the versions. Raises Conflict beyond the whole traffic."""
    version, share = deployment.version, deployment.traffic_share
    here = Deployment.objects.filter(
        RUNNING, version__model=version.model_id, environment=deployment.environment
    )
    gone = dict(here.filter(_replaced_by(deployment)).values_list("pk", "version__version"))
    if share is not None:
        taken = here.exclude(pk__in=gone).aggregate(sum=Sum("traffic_share"))["sum"] or 0.0
        if taken + share > 1 + ROUNDING:
            raise Conflict(
                f"{taken:.0%} of the traffic of {version.model.name} in {deployment.environment} is shared out, "
                f"so {share:.0%} is not there to take.",
                "Report first what ended, or send a smaller traffic_share.",
            )
    if deployment.status == DeploymentStatus.LIVE:
        ended = {"status": DeploymentStatus.ENDED, "ended_at": at}
        Deployment.objects.filter(pk__in=gone).update(**ended)
        wrote_values(Deployment, gone, ended)
        return sorted(gone.values())
    return []


def _replaced_by(deployment: Deployment) -> Q:
    """What ends when this goes live, of the same model in the same environment.

    Real time takes the whole traffic: it ends what had any of it, and the shadow of its own version. The next batch
    ends the batch before it. Canaries, A/B arms and shadows run beside, each ending only its own version's older one.
    """
    own = Q(version=deployment.version_id, strategy=deployment.strategy)
    match deployment.strategy:
        case Strategy.REAL_TIME:
            return Q(strategy__in=ONLINE) | Q(version=deployment.version_id, strategy=Strategy.SHADOW)
        case Strategy.BATCH:
            return Q(strategy=Strategy.BATCH)
    return own


def _problem(deployment: Deployment, told: str) -> str:
    """What is wrong with its decision; where none is named, that."""
    return (told or ("" if deployment.decision_id else "No decision of the gate is named."))[:LONGEST_TEXT]


def _held(deployment: Deployment) -> Deployment:
    """The deployment as it stands, its model and versions held until the transaction ends."""
    locked_model(deployment.version.model)
    return Deployment.objects.select_related("version__model").get(pk=deployment.pk)


def _changed(
    held: Deployment, verb: Verb, note: str, detail: Mapping[str, object], actor: Actor, at: datetime
) -> Deployment:
    held.note = note.strip()[:LONGEST_TEXT] or held.note
    held.save(update_fields=["status", "finished_at", "ended_at", "problem", "note"])
    _record(verb, held, detail, actor, at)
    return held


def _record(
    verb: Verb, deployment: Deployment, more: Mapping[str, object], actor: Actor, at: datetime
) -> None:
    detail: dict[str, object] = {
        "deployment": deployment.pk,
        "environment": deployment.environment,
        "strategy": deployment.strategy,
        "decision": deployment.decision_id,
    }
    if deployment.traffic_share is not None:
        detail["traffic_share"] = deployment.traffic_share
    if deployment.note:
        detail["note"] = deployment.note
    more = {name: value for name, value in more.items() if value not in ("", None, [])}
    record(verb, subject=deployment.version.ref, actor=actor, at=at, detail=detail | more)


def _refuse_bad_report(environment: str, strategy: str, share: float | None, status: str) -> None:
    if environment not in Environment.values:
        raise Invalid(
            f"There is no environment {environment}; there are {', '.join(Environment.values)}.",
            field="environment",
        )
    if strategy not in Strategy.values:
        raise Invalid(
            f"There is no strategy {strategy}; there are {', '.join(Strategy.values)}.", field="strategy"
        )
    if status not in REPORTED:
        raise Invalid(f"A deployment is reported as {', '.join(REPORTED)}, not {status}.", field="status")
    if strategy not in SHARED:
        if share is not None:
            raise Invalid(
                f"{Strategy(strategy).label} takes no share of the traffic.",
                "Send traffic_share with a canary or an A/B arm only.",
                field="traffic_share",
            )
    elif share is None or not 0 < share <= 1:  # NaN is neither
        raise Invalid(
            "A canary or an A/B arm with no share of the traffic carries none."
            if share == 0
            else "A canary or an A/B arm has a share of the traffic.",
            "Send traffic_share above 0 and up to 1, such as 0.1 for a tenth; what only listens is a shadow.",
            field="traffic_share",
        )


def _refuse_unless(held: Deployment, *states: DeploymentStatus, to: str) -> None:
    if held.status not in states:
        raise Conflict(
            f"Deployment {held.pk} is {held.get_status_display().lower()}, so it cannot {to}.",
            "Report a new deployment for what runs now.",
        )


def _refuse_other_use(held: Deployment, version: ModelVersion) -> None:
    if version.model_id != held.version.model_id:
        raise Invalid(f"That decision is about {version}, another model.", field="to")
    if version.pk == held.version_id:
        raise Invalid(
            f"That decision is about {version} itself, which is being rolled back.",
            "Name the decision about the version that runs instead, or leave it out.",
            field="to",
        )
