"""The process: binds itself to its limits, reads the job, prints the answer or `{"error", "remedy", "field"}`."""

import gc
import json
import resource
import sys
import tempfile
from pathlib import Path

from accounts.refusals import Invalid
from registry.table_reader.job import Job

MEGABYTE = 1 << 20
LARGEST_SCRATCH = 16 << 30


def main() -> int:
    """Answer the exit code."""
    gc.disable()  # millions of cells and no cycles: collecting doubles the time, and the process ends soon
    job = Job(**json.load(sys.stdin))
    bind(job)
    from registry.table_reader.reading import read  # after bind: what it loads counts too

    try:
        with tempfile.TemporaryDirectory(prefix="reading-", dir=Path(job.path).parent) as scratch:
            answer = json.dumps(read(job, Path(scratch)), allow_nan=False)
    except Invalid as refusal:
        answer = json.dumps({"error": str(refusal), "remedy": refusal.remedy, "field": refusal.field})
    sys.stdout.write(answer)
    return 0


def bind(job: Job) -> None:
    """Limits on private memory, processor time and what it writes; nothing that it starts can lift them."""
    memory = job.memory_mb * MEGABYTE
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (job.seconds * 4, job.seconds * 4 + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_SCRATCH, LARGEST_SCRATCH))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
