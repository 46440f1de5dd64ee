"""What the scoring process is told; the same on both sides. Standard library only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

LABELS, PROBABILITIES, NUMBERS = "labels", "probabilities", "numbers"
INSTANCES, SPLIT, RECORDS = "instances", "dataframe_split", "records"
PREDICTION, SCORE = "endpoint_prediction", "endpoint_score"
"""The columns of the file of answers."""


class CannotScore(Exception):
    """The rows cannot be scored. The text is a sentence for the person who asked for it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where rows are sent, how, and where the answers stand in what comes back.

    `answers_path` leads to the list of answers, `prediction_path` and `score_path` from there into one answer; a path
    is names and numbers with dots between them, and "" is the thing itself. Seconds and requests per second.
    """

    url: str
    answers: str
    body: str
    answers_path: str
    prediction_path: str
    score_path: str | None
    columns: tuple[str, ...]
    batch_size: int
    requests_per_second: float
    timeout_seconds: float
    retries: int
    header: str
    secret_name: str


@dataclass(frozen=True, slots=True)
class ScoringJob:
    """Rows of a file for an endpoint. `types` are the registry's words for the columns; `rows` how many are sent."""

    endpoint: Endpoint
    data_path: str
    output_path: str
    types: Mapping[str, str]
    rows: int
    secret: str = ""
    allowed: tuple[str, ...] = ()
    ca_file: str = ""
    tell: bool = False  # answer the answers themselves: for a trial with few rows


def job_text(job: ScoringJob) -> str:
    """What goes through the pipe; it holds the secret, so it is never written to a file."""
    return json.dumps(asdict(job), ensure_ascii=False)


def read_job(text: str) -> ScoringJob:
    """The job, out of the pipe."""
    given = json.loads(text)
    fields: dict[str, Any] = given.pop("endpoint")
    fields["columns"] = tuple(fields["columns"])
    given["allowed"] = tuple(given["allowed"])
    return ScoringJob(endpoint=Endpoint(**fields), **given)


def body_of(endpoint: Endpoint, rows: Sequence[Sequence[Any]]) -> bytes:
    """A request's JSON for rows with the values of the endpoint's columns."""
    names = endpoint.columns
    if endpoint.body == SPLIT:
        content: Any = {SPLIT: {"columns": list(names), "data": [list(row) for row in rows]}}
    else:
        records = [dict(zip(names, row, strict=True)) for row in rows]
        content = {INSTANCES: records} if endpoint.body == INSTANCES else records
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
