"""The state of the data set itself; the model is not asked."""

from datetime import date
from pathlib import Path

from evaluations.metrics.data_quality import Asked, data_quality
from evaluations.metrics.values import Measured
from evaluations.sandbox.given import Given
from evaluations.sandbox.job import Job
from evaluations.sandbox.table import read_rows

LIMITS = ("most_missing", "most_duplicates", "most_overlap", "leak_from", "proxy_from", "least_minority")
AMOUNTS = ("regression", "forecasting")
MOST_ROWS = 10_000


def refuse(job: Job) -> None:
    """Nothing that the job alone could tell."""


def measure(given: Given) -> Measured:
    """Rows, columns, schema, leaks and proxies."""
    job = given.job
    reference = None if job.reference_path is None else read_rows(Path(job.reference_path))
    given.measuring("Looking at the data")
    asked = Asked(
        label=job.label,
        classes=job.model_kind not in AMOUNTS,
        outputs=[name for name in (job.prediction, job.score) if name is not None],
        sensitive=job.sensitive,
        schema=job.data_schema,
        seed=job.seed,
        max_rows=int(job.config.get("max_rows", MOST_ROWS)),
        today=date.today(),
        limits={name: float(job.config[name]) for name in LIMITS if name in job.config},
    )
    return data_quality(given.rows, asked, reference)
