"""Where a run's predictions come from: the model, columns of the data set, a file of predictions, an endpoint."""

from dataclasses import dataclass

from accounts.refusals import Invalid
from evaluations.endpoints.rules import columns_for, digest_of, entry_of
from evaluations.endpoints.scoring import endpoint_of
from evaluations.kinds import Rules
from evaluations.models import PredictionSource
from registry.models import Dataset, ModelVersion

CHOSEN = (PredictionSource.MODEL, PredictionSource.COLUMNS, PredictionSource.ENDPOINT)


@dataclass(frozen=True, slots=True)
class Source:
    """Where predictions come from, "" for what follows from the version. A file of predictions is a data set of its
    own; `join` names the column that it shares with the data set, "" when its rows stand in the same order."""

    kind: str = ""
    predictions: Dataset | None = None
    join: str = ""
    endpoint_digest: str = ""


BY_ITSELF = Source()


def source_for(version: ModelVersion, dataset: Dataset, label: str, rules: Rules, asked: Source) -> Source:
    """What was asked for, or what follows: the model, else the data set's columns, else the endpoint.

    Raises Invalid.
    """
    kind = asked.kind or _default(version, dataset, asked.predictions)
    if kind not in CHOSEN:
        raise Invalid(f"Predictions come from one of {', '.join(CHOSEN)}.", field="source")
    if kind == PredictionSource.MODEL:
        if version.predictions_only or asked.predictions:
            raise Invalid(
                "This version is known only by its predictions.", "Leave the source out.", field="source"
            )
        return Source(kind)
    if rules.model:
        raise Invalid(
            f"{label} needs the model itself, and this version is known only by its predictions."
            if version.predictions_only
            else f"{label} needs the model itself.",
            field="kind",
        )
    if kind == PredictionSource.ENDPOINT:
        return _endpoint(version, dataset)
    if not version.predictions_only:
        raise Invalid(
            "This version has its model, so its predictions are made rather than taken from a column.",
            field="source",
        )
    if asked.predictions is None and not asked.join:
        _refuse_without_columns(rules, dataset)
        return Source(kind)
    return _file(dataset, asked)


def _default(version: ModelVersion, dataset: Dataset, predictions: Dataset | None) -> str:
    if not version.predictions_only:
        return PredictionSource.MODEL
    answered = predictions is not None or dataset.prediction or dataset.score
    return PredictionSource.COLUMNS if answered or endpoint_of(version) is None else PredictionSource.ENDPOINT


def _endpoint(version: ModelVersion, dataset: Dataset) -> Source:
    endpoint = endpoint_of(version)
    if endpoint is None:
        raise Invalid(f"{version} has no scoring endpoint.", "Set one on the version's page.", field="source")
    columns_for(entry_of(endpoint), version, dataset)
    return Source(PredictionSource.ENDPOINT, endpoint_digest=digest_of(endpoint))


def _refuse_without_columns(rules: Rules, dataset: Dataset) -> None:
    if rules.label and not (dataset.prediction or dataset.score):
        raise Invalid(
            f"{dataset} has no prediction column, and this version has no model to make predictions.",
            "Register a data set that holds the vendor's predictions.",
            field="dataset",
        )


def _file(dataset: Dataset, asked: Source) -> Source:
    predictions = asked.predictions
    if predictions is None:
        raise Invalid("Name the data set that holds the predictions.", field="predictions")
    answers = [name for name in (predictions.prediction, predictions.score) if name]
    if not answers:
        raise Invalid(
            f"{predictions} names neither a prediction nor a score column.",
            "Register it with them.",
            field="predictions",
        )
    names = {column["name"] for column in dataset.columns}
    if twice := [name for name in answers if name in names]:
        raise Invalid(
            f"{dataset} has a column {twice[0]}, too.", "Rename the one of predictions.", field="predictions"
        )
    if asked.join:
        shared = names & {column["name"] for column in predictions.columns}
        if asked.join not in shared:
            raise Invalid(f"Column {asked.join} is not in both data sets.", field="join")
    elif predictions.rows != dataset.rows:
        raise Invalid(
            f"{predictions} has {predictions.rows:,} rows and {dataset} {dataset.rows:,}.",
            "Name the column that both share.",
            field="join",
        )
    return Source(PredictionSource.COLUMNS, predictions, asked.join)
