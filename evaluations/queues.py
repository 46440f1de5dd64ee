"""Which queue a kind of evaluation waits in, and what it may use while it runs."""

from dataclasses import dataclass

from django.conf import settings

from evaluations.models import EvaluationKind
from evaluations.sandbox import Limits

LIGHT, HEAVY = "light", "heavy"
LIGHT_KINDS = frozenset(
    {
        EvaluationKind.PERFORMANCE,
        EvaluationKind.CALIBRATION,
        EvaluationKind.FAIRNESS,
        EvaluationKind.DATA_QUALITY,
        EvaluationKind.SECURITY,
        EvaluationKind.LOCAL_EXPLANATION,
    }
)
"""Seconds, most often. Everything else may take minutes, plug-ins included."""
FIRST, USUAL, LAST = 0, 5, 9
"""Priorities: a worker takes the lowest number first."""
WAITED_FOR = 2
"""The priority of what somebody looks at and waits for: the explanation of one record."""
OF_SCHEDULE = 7
"""Nobody waits for what the calendar started."""


def queue_of(kind: str) -> str:
    """The queue whose workers run this kind."""
    return LIGHT if kind in LIGHT_KINDS else HEAVY


def kinds_in(queue: str) -> list[str]:
    """The kinds that wait in a queue."""
    return [kind for kind in EvaluationKind.values if queue_of(kind) == queue]


def limits_of(kind: str) -> Limits:
    """What one run of this kind may use: by kind where the operator set it, else the general setting."""
    seconds = settings.SANDBOX_SECONDS_BY_KIND.get(kind, settings.SANDBOX_SECONDS)
    memory = settings.SANDBOX_MEMORY_MB_BY_KIND.get(kind, settings.SANDBOX_MEMORY_MB)
    return Limits(memory_mb=memory, cpu_seconds=seconds, wall_seconds=seconds)


@dataclass(frozen=True, slots=True)
class Shown:
    """What one run of a kind may use, for the page that says so."""

    label: str
    queue: str
    limits: Limits


def limits_shown() -> list[Shown]:
    """Every kind with its queue and its limits."""
    return [Shown(kind.label, queue_of(kind), limits_of(kind)) for kind in EvaluationKind]
