"""What a worker of the cluster does with some partitions: the sandbox, as on any machine. Standard library only."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evaluations.sandbox import run_job
from evaluations.sandbox.job import read_job


def count_partitions(text: str, *, sandbox: str, own: bool) -> dict[str, Any]:
    """The counts of the job's partitions, or the failure; `text` is a job with its limits as the sandbox reads it."""
    job, limits = read_job(text)
    needed = (*job.readable, *(path for path in (job.packages_path, job.against_packages_path) if path))
    missing = [path for path in needed if not Path(path).exists()]
    if missing:
        return {
            "failure": "A worker of the cluster does not see the files of this run. It needs the same "
            "COUNTERSIGN_VAR folder at the same path."
        }
    with TemporaryDirectory(prefix="partition-") as folder:
        outcome = run_job(
            job, Path(folder), limits, lambda share, step: None, lambda: False, sandbox=sandbox, own=own
        )
    return {
        "failure": outcome.failure,
        "counts": outcome.result,
        "partitions": len(job.parts or ()),
        "isolation": outcome.provenance.get("isolation"),
    }
