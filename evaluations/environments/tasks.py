"""What a worker does with an environment that is wanted: build it aside in a process of its own, then move it in."""

import json
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from evaluations import processes
from evaluations.environments.actions import end_build, retire_environment
from evaluations.environments.places import CACHE, clear_leftovers, drafts, root
from evaluations.jobs import claim, heartbeat
from evaluations.logs import RunLog
from evaluations.models import Environment, JobStatus
from evaluations.wake import ENVIRONMENT_TASK

HEARTBEAT_SECONDS = 1.0
PASSED_ON = (
    "UV_",
    "SSL_CERT_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_",
    "https_",
    "no_",
)
"""How uv is told of the registry: its own variables, certificates and proxies."""
LEFT_FOR = timedelta(days=1)


@shared_task(name=ENVIRONMENT_TASK)
def build_environment(pk: int) -> None:
    """Build one environment, if it is still wanted."""
    environment = claim(Environment, pk, at=timezone.now())
    if environment is None:
        return
    log = RunLog("" if environment.attempt == 1 else environment.log, environment.attempt, timezone.now())
    with TemporaryDirectory(prefix=f"{environment.short}-", dir=drafts()) as draft:
        found = build(environment, Path(draft), log)
        folder = "" if found["failure"] else f"{environment.short}-{environment.lease_token}"
        log.step(str(found["failure"]) or f"{len(found['installed'])} packages are ready", timezone.now())
        if folder:
            (Path(draft) / "packages").rename(root() / folder)
        kept = end_build(environment=environment, folder=folder, found=found, log=log.text, at=timezone.now())
        if folder and not kept:
            shutil.rmtree(root() / folder)


def build(environment: Environment, draft: Path, log: RunLog) -> Mapping[str, Any]:
    """Install into the draft's folder "packages": what was installed, or why nothing was."""
    given = {
        "requirements": environment.requirements,
        "target": str(draft / "packages"),
        "cache": str(root() / CACHE),
        "most_mb": settings.ENVIRONMENT_MB,
        "where": f"Python {environment.python} on {environment.platform}",
    }
    pulse = _Pulse(environment, log)
    ended = processes.run(
        "evaluations.environments",
        json.dumps(given),
        draft,
        what="Building the environment",
        seconds=settings.ENVIRONMENT_SECONDS,
        on_progress=pulse.on_progress,
        should_stop=pulse.should_stop,
        passed_on=PASSED_ON,
    )
    return ended.facts or {"failure": ended.failure, "passing": True}


def sweep_environments(at: datetime) -> None:
    """Remove environments that nobody used for so many days, and what builds left behind."""
    before = at - timedelta(days=settings.ENVIRONMENT_DAYS)
    for environment in Environment.objects.filter(status=JobStatus.SUCCEEDED, finished_at__lt=before):
        retire_environment(environment=environment, before=before, at=at)
    clear_leftovers(before=at - LEFT_FOR)


class _Pulse:
    """Renews the lease while the build goes on, and shows its steps and its log."""

    def __init__(self, environment: Environment, log: RunLog) -> None:
        self._environment = environment
        self._log = log
        self._progress, self._step = 0.0, "Starting"
        self._last, self._lost = 0.0, False

    def on_progress(self, progress: float, step: str) -> None:
        """Called for each line that the build tells."""
        self._progress, self._step = progress, step
        self._log.step(step, timezone.now())
        self.should_stop()

    def should_stop(self) -> bool:
        """Whether the lease was lost."""
        if monotonic() - self._last >= HEARTBEAT_SECONDS:
            self._last = monotonic()
            self._lost = not heartbeat(
                self._environment,
                progress=self._progress,
                step=self._step,
                at=timezone.now(),
                values={"log": self._log.text},
            )
        return self._lost
