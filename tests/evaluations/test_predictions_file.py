"""A vendor's predictions in a file of their own: joined by a column, or row by row."""

from types import SimpleNamespace
from typing import Any

import pytest

from accounts.refusals import Invalid
from evaluations.actions import request_evaluation
from evaluations.models import EvaluationRun, JobStatus
from evaluations.sources import Source
from evaluations.tasks import run_evaluation
from registry.actions import register_predictions_only
from registry.models import Dataset, DatasetRole, ModelVersion
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
LOANS = 40


@pytest.fixture
def version(cast: SimpleNamespace) -> ModelVersion:
    """A vendor's model."""
    return register_predictions_only(
        model=builders.a_model(cast), version="1", registrant=cast.dev, actor=actor_of_user(cast.dev), at=AT
    )


@pytest.fixture
def loans(cast: SimpleNamespace) -> Dataset:
    """Loans with their truth."""
    rows = [f"L{n},{'good' if n % 3 else 'bad'},{'f' if n % 2 else 'm'}" for n in range(LOANS)]
    return builders.a_dataset(cast, "loans", file=a_csv("loan,credit,sex", rows))


def a_csv(header: str, rows: list[str]) -> Any:
    return builders.a_file("\n".join([header, *rows]).encode(), "table.csv")


def predictions(cast: SimpleNamespace, rows: list[str], name: str = "vendor") -> Dataset:
    return builders.a_dataset(
        cast,
        name,
        role=DatasetRole.PRODUCTION_SAMPLE,  # which may come without labels
        file=a_csv("loan,answer,chance", rows),
        label="",
        positive="",
        prediction="answer",
        score="chance",
        sensitive=[],
    )


def said(n: int) -> str:
    return f"L{n},{'good' if n % 4 else 'bad'},{0.9 if n % 4 else 0.1}"


def measured(
    cast: SimpleNamespace, version: ModelVersion, loans: Dataset, answers: Dataset, join: str
) -> EvaluationRun:
    run = request_evaluation(
        version=version,
        dataset=loans,
        kind="performance",
        config={},
        requester=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
        predicted=Source(predictions=answers, join=join),
    )
    run_evaluation(run.pk)
    run.refresh_from_db()
    return run


RIGHT = sum((n % 3 > 0) == (n % 4 > 0) for n in range(LOANS)) / LOANS


@pytest.mark.parametrize(("join", "order"), [("loan", range(LOANS - 1, -1, -1)), ("", range(LOANS))])
def test_predictions_find_their_rows(
    join: str, order: range, cast: SimpleNamespace, version: ModelVersion, loans: Dataset
) -> None:
    run = measured(cast, version, loans, predictions(cast, [said(n) for n in order]), join)
    assert run.failure == ""
    assert run.result is not None
    assert run.result["overall"]["accuracy"]["value"] == pytest.approx(RIGHT, abs=1e-9)
    assert (run.source, run.join) == ("columns", join)
    assert run.predictions is not None
    assert run.predictions_digest == run.predictions.digest


def test_a_row_without_prediction_fails_the_run(
    cast: SimpleNamespace, version: ModelVersion, loans: Dataset
) -> None:
    run = measured(cast, version, loans, predictions(cast, [said(n) for n in range(2, LOANS)]), "loan")
    assert run.status == JobStatus.FAILED
    assert run.failure == "2 of 40 rows have no prediction; the first is loan = L0."


def test_two_predictions_for_a_row_fail_the_run(
    cast: SimpleNamespace, version: ModelVersion, loans: Dataset
) -> None:
    run = measured(cast, version, loans, predictions(cast, [said(7), *map(said, range(LOANS))]), "loan")
    assert run.failure == "Column loan of the predictions names a row more than once: L7."


def test_without_a_shared_column_the_rows_must_be_as_many(
    cast: SimpleNamespace, version: ModelVersion, loans: Dataset
) -> None:
    with pytest.raises(Invalid, match="Name the column|has 3 rows"):
        measured(cast, version, loans, predictions(cast, [said(n) for n in range(3)]), "")
    with pytest.raises(Invalid, match="is not in both"):
        measured(cast, version, loans, predictions(cast, [said(1)], "other"), "credit")
