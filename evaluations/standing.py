"""What the system page says of the sandbox: each worker tries its walls when it starts and writes down the outcome."""

import socket
from datetime import datetime

from django.conf import settings

from evaluations.models import WorkerSandbox
from evaluations.sandbox import ladder, probe


def record_walls(*, at: datetime) -> WorkerSandbox:
    """Try every wall of this machine and keep what came out."""
    tried = [
        {
            "name": wall.isolation.name,
            "detail": wall.isolation.detail,
            "works": wall.works,
            "why": wall.why,
            "remedy": wall.remedy,
        }
        for wall in ladder()
    ]
    row, _ = WorkerSandbox.objects.update_or_create(
        machine=socket.gethostname()[:120],
        defaults={"setting": settings.SANDBOX, "used": used_here(), "tried": tried, "tried_at": at},
    )
    return row


def used_here() -> str:
    """The wall that a run on this machine gets: "off" and "none" are no walls."""
    if settings.SANDBOX == "off":
        return "off"
    if settings.SANDBOX == "auto":
        return probe().name
    works = {wall.isolation.name for wall in ladder() if wall.works}
    return settings.SANDBOX if settings.SANDBOX in works else "none"
