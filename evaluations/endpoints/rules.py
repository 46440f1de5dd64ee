"""What an endpoint may be: its address, its settings, its secret, the columns that it gets."""

import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings

from accounts.refusals import Invalid
from audit.canonical import plain
from evaluations.kinds import BINARY, MULTICLASS, REGRESSION
from evaluations.models import EndpointAnswers, EndpointBody, ScoringEndpoint
from evaluations.scoring.job import Endpoint
from policy.evidence import canonical_digest
from registry.addresses import BadAddress, origin_of, origins, place_of
from registry.models import Dataset, ModelVersion

SECRET_NAME = re.compile(r"COUNTERSIGN_ENDPOINT_[A-Z0-9_]{1,70}")
HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,59}")
NOT_OURS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "accept-encoding"}
)
PATH = re.compile(r"[^.\x00-\x1f]+(\.[^.\x00-\x1f]+)*")
RANGES = {
    "batch_size": (1, 10_000, "rows in one request"),
    "requests_per_second": (0.01, 1000, "requests per second"),
    "timeout_seconds": (1, 300, "seconds for one answer"),
    "retries": (0, 10, "tries after the first"),
}
ANSWERS_OF = {
    BINARY: (EndpointAnswers.LABELS, EndpointAnswers.PROBABILITIES),
    MULTICLASS: (EndpointAnswers.LABELS,),
    REGRESSION: (EndpointAnswers.NUMBERS,),
}


@dataclass(frozen=True)
class EndpointEntry:
    """What a person or a pipeline says about an endpoint."""

    url: str
    answers: str
    body: str = EndpointBody.INSTANCES
    answers_path: str = ""
    prediction_path: str = ""
    score_path: str = ""
    columns: Sequence[str] = field(default_factory=list)
    batch_size: int = 100
    requests_per_second: float = 10.0
    timeout_seconds: float = 30.0
    retries: int = 4
    header: str = "Authorization"
    secret_name: str = ""


FIELDS = tuple(EndpointEntry.__dataclass_fields__)


def entry_of(endpoint: ScoringEndpoint) -> EndpointEntry:
    """What stands on the row."""
    return EndpointEntry(**{name: getattr(endpoint, name) for name in FIELDS})


def refuse_bad_entry(entry: EndpointEntry, version: ModelVersion) -> None:
    """Raises Invalid naming the field."""
    try:
        place = place_of(entry.url, settings.SCORING_ALLOW)
    except BadAddress as error:
        raise Invalid(str(error), field="url") from error
    known = ANSWERS_OF.get(version.model.kind)
    if known is None:
        raise Invalid(
            f"Nothing measures the answers of {version.model.get_kind_display().lower()} yet.",
            field="answers",
        )
    if entry.answers not in known:
        meant = " or ".join(str(one.label).lower() for one in known)
        raise Invalid(
            f"For {version.model.get_kind_display().lower()} an endpoint answers {meant}.", field="answers"
        )
    if entry.body not in EndpointBody.values:
        raise Invalid(f"A request is written as {', '.join(EndpointBody.values)}.", field="body")
    for name in ("answers_path", "prediction_path", "score_path"):
        path = getattr(entry, name)
        if path and (len(path) > 120 or not PATH.fullmatch(path)):
            raise Invalid(
                f"{path[:40]} is no path.",
                "Write names and numbers with dots between them: data.0.label.",
                field=name,
            )
    for name, (least, most, words) in RANGES.items():
        if not least <= getattr(entry, name) <= most:
            raise Invalid(f"There are {least:g} to {most:g} {words}.", field=name)
    _refuse_bad_columns(entry.columns)
    if not HEADER.fullmatch(entry.header) or entry.header.lower() in NOT_OURS:
        raise Invalid(f"{entry.header[:60] or 'Nothing'} cannot be the header of the secret.", field="header")
    if entry.secret_name:
        secret_of(entry.secret_name, place.origin)


def _refuse_bad_columns(columns: Sequence[str]) -> None:
    if len(set(columns)) != len(columns) or not all(0 < len(name) <= 120 for name in columns):
        raise Invalid("Name each column once.", field="columns")
    if len(columns) > 2000:
        raise Invalid("An endpoint gets at most 2,000 columns.", field="columns")


def secret_of(name: str, origin: str) -> str:
    """The value of the header. The variable says for which origin it is, so that nobody can send it elsewhere."""
    if not SECRET_NAME.fullmatch(name):
        raise Invalid(
            "A secret lies in an environment variable whose name begins with COUNTERSIGN_ENDPOINT_.",
            "Capital letters, digits and _ follow.",
            field="secret_name",
        )
    where, _, value = os.environ.get(name, "").strip().partition(" ")
    if not value.strip():
        raise Invalid(
            f"The variable {name} is not set, or does not hold an origin, a space and the header's value.",
            "An administrator sets it for web and worker: https://scoring.example.org Bearer …",
            field="secret_name",
        )
    try:
        meant = origins([where])
    except BadAddress as error:
        raise Invalid(
            f"The variable {name} must begin with the origin that it is for.", field="secret_name"
        ) from error
    if origin not in meant:
        raise Invalid(
            f"The secret in {name} is not meant for {origin}.", "Ask an administrator.", field="secret_name"
        )
    return value.strip()


def columns_for(entry: EndpointEntry, version: ModelVersion, dataset: Dataset) -> tuple[str, ...]:
    """The columns that are sent: as declared, else every one that is no truth, answer, sensitive or confidential."""
    there = [column["name"] for column in dataset.columns]
    answers = {name for name in (dataset.label, dataset.prediction, dataset.score) if name}
    declared = list(entry.columns) or [column["name"] for column in version.signature.get("inputs", [])]
    if not declared:
        kept_back = answers | set(dataset.sensitive) | set(dataset.confidential)
        declared = [name for name in there if name not in kept_back]
    if missing := [name for name in declared if name not in there]:
        raise Invalid(
            f"{dataset} lacks columns that the endpoint gets: {', '.join(missing[:10])}.", field="dataset"
        )
    if told := [name for name in declared if name in answers]:
        raise Invalid(
            f"The endpoint would get the truth, or answers that are known: {', '.join(told)}.",
            "Name the columns that it gets.",
            field="dataset",
        )
    if not declared:
        raise Invalid(f"{dataset} has no column that the endpoint could get.", field="dataset")
    return tuple(declared)


def spec_of(entry: EndpointEntry, columns: tuple[str, ...]) -> Endpoint:
    """What the scoring process is told."""
    given = asdict(entry) | {"columns": columns}
    if entry.answers != EndpointAnswers.PROBABILITIES:
        given["score_path"] = entry.score_path or None
    return Endpoint(**given)


def digest_of(endpoint: ScoringEndpoint) -> str:
    """Digest of the settings: a run says which it was asked for with."""
    return canonical_digest(plain(asdict(entry_of(endpoint))))


def standing_of(entry: EndpointEntry) -> dict[str, Any]:
    """For the record: where it is, and whether that needed the administrator's list."""
    place = place_of(entry.url, settings.SCORING_ALLOW)
    return {
        "origin": origin_of(place.scheme, place.host, place.port),
        "listed": place.origin in settings.SCORING_ALLOW,
    }
