"""Asking what a pack would change, and ending that job; each with its audit event in the same transaction."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.access import require_role
from accounts.models import Role, User
from accounts.refusals import Conflict
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from evaluations.jobs import finish
from evaluations.models import LIVE, JobStatus
from evaluations.wake import wake
from policy.evidence import canonical_digest
from policy.pack import PackError
from riskreview.models import PolicyPack, Simulation
from riskreview.policies.packs import pack_of

SIMULATION_TASK = "policy.simulate"
WORKER = Actor.system("worker")
ACTIVATORS = (Role.ADMINISTRATOR, Role.RISK_OFFICER, Role.COMPLIANCE_OFFICER)
"""Who imports packs, looks at what they would change, and activates them: two of these together."""


def refuse_unless_activator(user: User, *, to: str) -> None:
    """Only those who answer for the policy."""
    require_role(user, *ACTIVATORS, to=to)


def refuse_unreadable(pack: PolicyPack) -> None:
    """A pack that this version of the product cannot read judges nothing."""
    try:
        pack_of(pack)
    except PackError as error:
        raise Conflict(f"{pack} cannot be read: {error}", "Import a corrected pack.") from error


@transaction.atomic
def request_simulation(*, pack: PolicyPack, requester: User, actor: Actor, at: datetime) -> Simulation:
    """Queue an impact preview; one that is under way for the same pack is enough for everybody."""
    refuse_unless_activator(requester, to="preview a policy pack")
    pack = PolicyPack.objects.select_for_update().get(pk=pack.pk)
    refuse_unreadable(pack)
    underway = Simulation.objects.filter(pack=pack, status__in=LIVE).first()
    if underway is not None:
        return underway
    against = PolicyPack.objects.filter(active=True).first()
    simulation = Simulation.objects.create(
        pack=pack,
        pack_digest=pack.digest,
        against=against,
        against_digest=against.digest if against else "",
        requested_by=requester,
        requested_at=at,
        step="Waiting for a worker",
    )
    detail = {"digest": pack.digest, "against": str(against) if against else None}
    record(Verb.POLICY_SIMULATION_REQUESTED, subject=simulation.ref, actor=actor, at=at, detail=detail)
    transaction.on_commit(lambda: wake_simulation(simulation.pk))
    return simulation


def wake_simulation(pk: int) -> None:
    """Wake a worker for an impact preview."""
    wake(SIMULATION_TASK, pk)


@transaction.atomic
def cancel_simulation(*, simulation: Simulation, user: User, actor: Actor, at: datetime) -> None:
    """Stop a preview that has not ended. The worker notices at its next heartbeat."""
    refuse_unless_activator(user, to="stop an impact preview")
    held = Simulation.objects.select_for_update(of=("self",)).select_related("pack").get(pk=simulation.pk)
    if not held.is_live:
        raise Conflict(f"{held} has ended already.")
    held.status, held.finished_at, held.step, held.lease_until = JobStatus.CANCELLED, at, "", None
    held.failure = f"Stopped by {actor.name}."
    held.save(update_fields=["status", "finished_at", "step", "lease_until", "failure"])
    record(Verb.POLICY_SIMULATION_CANCELLED, subject=held.ref, actor=actor, at=at)


@transaction.atomic
def succeed_simulation(
    *, simulation: Simulation, result: dict[str, Any], as_of: datetime, at: datetime
) -> bool:
    """Keep what would change, with the moment at which it was so, and a digest that a wish to activate names."""
    digest = canonical_digest(
        {
            "pack": simulation.pack_digest,
            "against": simulation.against_digest,
            "at": as_of.isoformat(),
            "result": result,
        }
    )
    values = {"result": result, "result_digest": digest, "as_of": as_of}
    kept = finish(simulation, status=JobStatus.SUCCEEDED, at=at, values=values)
    if kept:
        told = {name: result[name] for name in ("versions", "denied", "denied_deployed", "allowed")}
        detail = {**told, "result": digest, "pack": simulation.pack_digest}
        record(Verb.POLICY_SIMULATED, subject=simulation.ref, actor=WORKER, at=at, detail=detail)
    return kept


@transaction.atomic
def fail_simulation(*, simulation: Simulation, failure: str, at: datetime) -> bool:
    """Say on the job why nothing is known."""
    kept = finish(simulation, status=JobStatus.FAILED, at=at, values={"failure": failure})
    if kept:
        detail = {"failure": failure}
        record(Verb.POLICY_SIMULATION_FAILED, subject=simulation.ref, actor=WORKER, at=at, detail=detail)
    return kept


@transaction.atomic
def bury_simulation(pk: int, reason: str, at: datetime) -> None:
    """The sweep's word on a preview that lost its worker too often."""
    fail_simulation(simulation=Simulation.objects.select_for_update().get(pk=pk), failure=reason, at=at)
