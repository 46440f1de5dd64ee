"""The process that asks the cluster: one task for each partition, counts added up as they come.

Its input is JSON: the scheduler's address, the sandbox's job with its limits, where the counts are to be written.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from distributed import Client, KilledWorker, as_completed

from evaluations.cluster.work import count_partitions
from evaluations.metrics.values import CannotMeasure
from evaluations.sandbox.job import CannotEvaluate, job_text, read_job
from evaluations.sandbox.partitions.counted import Counted
from evaluations.sandbox.partitions.measure import partitions
from evaluations.sandbox.partitions.packing import packed, unpacked

CONNECT_SECONDS = 20
TASKS_OF_THREAD = 4
"""Partitions are shared out into so many tasks for each thread: each starts a sandbox and loads the model once."""


class Failed(Exception):
    """The counts cannot be had. The text is a sentence."""


def main() -> int:
    """Answer the exit code: 0 where it said how it ended."""
    given = json.loads(sys.stdin.read())
    try:
        tell(done=count(given))
    except KilledWorker:
        tell(failure="Workers of the cluster died while they counted; its scheduler's log says more.")
    except (Failed, CannotMeasure, CannotEvaluate) as problem:
        tell(failure=str(problem))
    return 0


def tell(**what: Any) -> None:
    """One line to the parent."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def shared_out(number: int, tasks: int) -> list[tuple[int, ...]]:
    """The numbers of the partitions in at most so many shares of like size."""
    size = max(-(-number // max(tasks, 1)), 1)
    return [tuple(range(start, min(start + size, number))) for start in range(0, number, size)]


def count(given: dict[str, Any]) -> dict[str, Any]:
    """Have every partition counted, write the sum, and say who counted."""
    job, limits = read_job(given["job"])
    number = partitions(job)
    try:
        client = Client(given["address"], timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        raise Failed(f"The Dask scheduler does not answer ({type(error).__name__}).") from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise Failed("The Dask scheduler has no workers.")
        shares = shared_out(number, threads * TASKS_OF_THREAD)
        texts = [job_text(replace(job, parts=share), limits) for share in shares]
        tasks = client.map(count_partitions, texts, sandbox=given["sandbox"], own=given["own"], pure=False)
        total: Counted | None = None
        isolations: set[str] = set()
        done = 0
        for _, answer in as_completed(tasks, with_results=True):
            if answer["failure"]:
                raise Failed(answer["failure"])
            part = unpacked(answer["counts"])
            total = part if total is None else total + part
            isolations.add(str(answer["isolation"]))
            done += answer["partitions"]
            tell(progress=done / number, step=f"Counting on the cluster: {done} of {number} partitions")
        if total is None:
            raise Failed("The data set has no partitions.")
        Path(given["output"]).write_text(json.dumps(packed(total)), encoding="utf-8")
        workers = client.scheduler_info(n_workers=-1)["workers"]
        return {
            "partitions": number,
            "workers": len(workers),
            "threads": threads,
            "isolation": sorted(isolations),
        }


if __name__ == "__main__":
    sys.exit(main())
