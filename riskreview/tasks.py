"""What a worker does with an impact preview."""

from celery import shared_task
from django.utils import timezone

from evaluations.jobs import claim, heartbeat
from policy.pack import Pack, PackError
from riskreview.models import Simulation
from riskreview.policies.packs import pack_of
from riskreview.policies.simulation import Stopped, simulate
from riskreview.policies.simulations import SIMULATION_TASK, fail_simulation, succeed_simulation


@shared_task(name=SIMULATION_TASK)
def run_simulation(pk: int) -> None:
    """Work out one preview, if it still waits."""
    simulation = claim(Simulation, pk, at=timezone.now())
    if simulation is None:
        return

    def told(done: int, of: int) -> bool:
        share = done / of if of else 1.0
        step = f"{done:,} of {of:,} versions judged"
        return heartbeat(simulation, progress=share, step=step, at=timezone.now())

    as_of = timezone.now()
    try:
        impact = simulate(pack_of(simulation.pack), _in_force(simulation), at=as_of, told=told)
    except Stopped:
        return
    except PackError as error:
        fail_simulation(simulation=simulation, failure=str(error), at=timezone.now())
        return
    succeed_simulation(simulation=simulation, result=impact.as_json(), as_of=as_of, at=timezone.now())


def _in_force(simulation: Simulation) -> Pack | None:
    """What judges today. A pack in force that cannot be read denies everything, as none does."""
    try:
        return pack_of(simulation.against) if simulation.against else None
    except PackError:
        return None
