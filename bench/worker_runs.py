"""`python -m bench.worker_runs FOLDER`: twenty runs by one worker, then by two; seconds and memory as JSON."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import django

django.setup()

from django.utils import timezone  # noqa: E402

from accounts.models import RoleGrant, User  # noqa: E402
from evaluations.actions import request_evaluation  # noqa: E402
from evaluations.models import LIVE, EvaluationRun, JobStatus  # noqa: E402
from registry.actions import register_upload  # noqa: E402
from registry.models import Dataset, ModelVersion  # noqa: E402
from tests import builders  # noqa: E402
from tests.conftest import AT, PEOPLE, actor_of_user  # noqa: E402

RUNS, PATIENCE_SECONDS = 20, 600
WORKER = ["-m", "celery", "--app", "governance.celery:app", "--quiet", "worker", "--concurrency", "1"]
WORKER += ["--loglevel", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"]


def make(folder: Path) -> tuple[SimpleNamespace, ModelVersion, list[Dataset]]:
    """A real model and twenty data sets."""
    cast = SimpleNamespace()
    for username, (first, last, role) in PEOPLE.items():
        user = User.objects.create_user(username, first_name=first, last_name=last)
        RoleGrant.objects.create(user=user, role=role, granted_at=AT)
        setattr(cast, username, user)
    place = folder / "model"
    place.mkdir()
    subprocess.run([sys.executable, "-m", "tests.e2e.train_small_model", str(place)], check=True)
    model = builders.a_model(cast)
    files = [
        (str(path.relative_to(place / "model")), BytesIO(path.read_bytes()))
        for path in sorted((place / "model").rglob("*"))
        if path.is_file()
    ]
    dev = actor_of_user(cast.dev)
    version = register_upload(model=model, version="1", files=files, registrant=cast.dev, actor=dev, at=AT)
    head, *rows = (place / "loans-test.csv").read_text().splitlines()
    datasets = [
        builders.a_dataset(
            cast,
            f"loans-{number}",
            file=builders.a_file("\n".join([head, *rows[number:]]).encode(), "loans.csv"),
            positive="1",
        )
        for number in range(RUNS)
    ]
    return cast, version, datasets


def ask(cast: SimpleNamespace, version: ModelVersion, datasets: list[Dataset]) -> None:
    """Queue a run on each data set and wait until all have ended."""
    for dataset in datasets:
        request_evaluation(
            version=version,
            dataset=dataset,
            kind="performance",
            config={},
            requester=cast.dev,
            actor=actor_of_user(cast.dev),
            at=timezone.now(),
        )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while EvaluationRun.objects.filter(status__in=LIVE).exists():
        if time.monotonic() > deadline:
            raise SystemExit("The workers did not finish in time.")
        time.sleep(0.05)
    failed = EvaluationRun.objects.exclude(status=JobStatus.SUCCEEDED).first()
    if failed is not None:
        raise SystemExit(f"Run {failed.pk} {failed.status}: {failed.failure}")


def measured(
    count: int, cast: SimpleNamespace, version: ModelVersion, datasets: list[Dataset]
) -> tuple[float, int]:
    """Seconds for all runs by so many workers that are warm, and the most memory of one of them in MiB."""
    environment = os.environ | {"CELERY_SKIP_CHECKS": "1"}
    workers = [
        subprocess.Popen(
            [sys.executable, *WORKER, "--hostname", f"bench{number}@%h"],
            env=environment,
            start_new_session=True,
        )
        for number in range(count)
    ]
    try:
        time.sleep(8)  # every worker is up
        ask(cast, version, datasets[: 2 * count])
        began = time.monotonic()
        ask(cast, version, datasets)
        seconds = time.monotonic() - began
        return seconds, max(_peak_mib(worker.pid) for worker in workers)
    finally:
        for worker in workers:
            os.killpg(worker.pid, signal.SIGTERM)
            worker.wait(30)


def _peak_mib(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) // 1024 if found else 0


def main() -> None:
    """One worker, two workers."""
    cast, version, datasets = make(Path(sys.argv[1]))
    told = {count: measured(count, cast, version, datasets) for count in (1, 2)}
    print(
        json.dumps(
            {
                "seconds": {count: seconds for count, (seconds, _) in told.items()},
                "mib": {count: mib for count, (_, mib) in told.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
