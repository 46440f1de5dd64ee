"""The worker's side of scoring."""

from collections.abc import Callable
from pathlib import Path

from evaluations.processes import Ended, run
from evaluations.scoring.job import ScoringJob, job_text


def score(
    job: ScoringJob,
    *,
    seconds: float,
    on_progress: Callable[[float, str], None],
    should_stop: Callable[[], bool],
) -> Ended:
    """Score the job's rows in a process of their own; the answers are in its output file if it went well."""
    return run(
        "evaluations.scoring",
        job_text(job),
        Path(job.output_path).parent,
        what="Scoring",
        seconds=seconds,
        on_progress=on_progress,
        should_stop=should_stop,
    )
