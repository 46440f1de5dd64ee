"""The process: binds itself, reads the job from its input, sends the rows, tells on its output how far it is.

Each line is JSON: {"progress", "step"}, and at the end {"done": {...}} or {"failure": "..."}.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from evaluations.scoring.answers import Answers, read_answers
from evaluations.scoring.client import Client
from evaluations.scoring.job import CannotScore, ScoringJob, body_of, read_job

MEGABYTE = 1 << 20
MOST_MEMORY = 2048 * MEGABYTE
LARGEST_FILE = 4096 * MEGABYTE


def main() -> int:
    """Answer the exit code: 0 where it said how it ended."""
    for kind, most in (
        (resource.RLIMIT_DATA, MOST_MEMORY),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    job = read_job(sys.stdin.read())
    try:
        tell(done=score(job))
    except CannotScore as problem:
        tell(failure=str(problem))
    return 0


def tell(**what: Any) -> None:
    """One line to the parent."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def score(job: ScoringJob) -> dict[str, Any]:
    """Send every row, keep every answer; what is worth knowing about it afterwards."""
    from evaluations.scoring.rows import AnswerFile, batches  # after the limits: what it loads counts

    endpoint, began = job.endpoint, time.monotonic()
    client = Client(endpoint, secret=job.secret, allowed=frozenset(job.allowed), ca_file=job.ca_file)
    told: list[Answers] = []
    scored = 0
    try:
        with AnswerFile(Path(job.output_path)) as file:
            for rows in batches(
                Path(job.data_path), endpoint.columns, job.types, endpoint.batch_size, job.rows
            ):
                content = client.ask(body_of(endpoint, rows))
                answers = read_answers(endpoint, content, scored + 1, len(rows))
                file.add(answers)
                told += [answers] if job.tell else []
                scored += len(rows)
                tell(progress=scored / job.rows, step=f"Scoring: {scored:,} of {job.rows:,} rows")
    finally:
        client.close()
    if scored != job.rows:
        raise CannotScore(f"The data set has {scored:,} rows and was registered with {job.rows:,}.")
    return {
        "rows": scored,
        "requests": client.requests,
        "retried": client.retried,
        "waited_seconds": round(client.waited, 2),
        "addresses": list(client.addresses),
        "seconds": round(time.monotonic() - began, 2),
        "answers": [_row for answers in told for _row in _rows(answers)],
    }


def _rows(answers: Answers) -> list[dict[str, Any]]:
    """The answers row by row, for a trial."""
    length = len(answers.predictions or answers.scores or [])
    return [
        {
            "prediction": None if answers.predictions is None else answers.predictions[place],
            "score": None if answers.scores is None else answers.scores[place],
        }
        for place in range(length)
    ]


if __name__ == "__main__":
    sys.exit(main())
