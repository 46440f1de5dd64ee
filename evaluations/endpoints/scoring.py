"""Scoring a data set's rows at a version's endpoint: the whole set for a run, a few for a trial."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from accounts.refusals import Conflict, Invalid
from evaluations.endpoints.rules import columns_for, digest_of, entry_of, secret_of, spec_of
from evaluations.models import EndpointAnswers, EvaluationRun, ScoringEndpoint
from evaluations.processes import Ended
from evaluations.sandbox import Job
from evaluations.scoring.job import PREDICTION, SCORE, Endpoint, ScoringJob
from evaluations.scoring.process import score
from registry.addresses import BadAddress, place_of
from registry.models import Dataset, ModelVersion

TRIAL_ROWS, TRIAL_SECONDS = 5, 20.0
SAID = (
    "The predictions come from the scoring endpoint {origin}. Countersign does not hold the model that answers there, "
    "and cannot tell whether it is this version's."
)


@dataclass(frozen=True)
class Answered:
    """A job that measures the answers, or why there are none; and how the rows were scored."""

    job: Job
    failure: str
    provenance: dict[str, Any]


def endpoint_of(version: ModelVersion) -> ScoringEndpoint | None:
    """The version's endpoint, if it has one."""
    return ScoringEndpoint.objects.filter(version=version).first()


def score_run(
    run: EvaluationRun,
    job: Job,
    folder: Path,
    *,
    on_progress: Callable[[float, str], None],
    should_stop: Callable[[], bool],
) -> Answered:
    """Ask the endpoint about every row. Raises Invalid, Conflict when it is not the one that the run was asked with."""
    endpoint = endpoint_of(run.version)
    if endpoint is None or digest_of(endpoint) != run.endpoint_digest:
        raise Conflict("The scoring endpoint was changed after this run was asked for.", "Start a new run.")
    spec = spec_of(entry_of(endpoint), columns_for(entry_of(endpoint), run.version, run.dataset))
    output = folder / "answers.parquet"
    task = _task(spec, run.dataset, Path(job.data_path), output, run.dataset.rows)
    done = score(task, seconds=settings.SCORING_SECONDS, on_progress=on_progress, should_stop=should_stop)
    origin = place_of(spec.url, settings.SCORING_ALLOW).origin
    facts = {name: value for name, value in done.facts.items() if name != "answers"}
    provenance = {
        "endpoint": facts
        | {
            "url": spec.url,
            "digest": run.endpoint_digest,
            "columns": list(spec.columns),
            "listed": origin in settings.SCORING_ALLOW,
        }
    }
    measured = replace(
        job,
        model_path=None,
        prediction=None if spec.answers == EndpointAnswers.PROBABILITIES else PREDICTION,
        score=None if spec.score_path is None else SCORE,
        predictions_path=str(output),
        notes=(*job.notes, SAID.format(origin=origin)),
    )
    return Answered(measured, done.failure, provenance)


def try_rows(endpoint: ScoringEndpoint, dataset: Dataset, data: Path) -> tuple[Ended, Endpoint]:
    """Ask about the first rows only, with short patience."""
    entry = entry_of(endpoint)
    entry = replace(entry, retries=min(entry.retries, 1), timeout_seconds=min(entry.timeout_seconds, 10.0))
    spec = spec_of(entry, columns_for(entry, endpoint.version, dataset))
    with TemporaryDirectory(prefix="trial-") as folder:
        task = _task(spec, dataset, data, Path(folder) / "answers.parquet", min(TRIAL_ROWS, dataset.rows))
        done = score(
            replace(task, tell=True),
            seconds=TRIAL_SECONDS,
            on_progress=lambda share, step: None,
            should_stop=lambda: False,
        )
    return done, spec


def _task(spec: Endpoint, dataset: Dataset, data: Path, output: Path, rows: int) -> ScoringJob:
    try:
        origin = place_of(spec.url, settings.SCORING_ALLOW).origin
    except BadAddress as error:
        raise Invalid(
            str(error), "An administrator can list its origin in COUNTERSIGN_SCORING_ALLOW."
        ) from error
    return ScoringJob(
        endpoint=spec,
        data_path=str(data),
        output_path=str(output),
        types={column["name"]: column["type"] for column in dataset.columns},
        rows=rows,
        secret=secret_of(spec.secret_name, origin) if spec.secret_name else "",
        allowed=tuple(settings.SCORING_ALLOW),
        ca_file=settings.SCORING_CA,
    )
