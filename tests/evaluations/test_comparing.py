"""Two runs side by side: conditions first, then figures; nothing is compared that is not alike."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.refusals import Conflict
from evaluations.actions import fail_evaluation
from evaluations.comparing import compare_runs
from evaluations.jobs import claim
from evaluations.models import EvaluationRun
from registry.models import Dataset, ModelVersion
from tests import builders
from tests.conftest import AT
from tests.evaluations.test_actions import ask

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
URL = "/evaluations/compare/"


def figure(value: float | None, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": 60}


@pytest.fixture
def pair(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> tuple[EvaluationRun, EvaluationRun]:
    """The performance of two versions on the same data."""
    first = {"roc_auc": figure(0.70, 0.66, 0.74), "brier": figure(0.20), "ks": figure(0.4, 0.3, 0.5)}
    second = {"roc_auc": figure(0.80, 0.76, 0.84), "brier": figure(0.25), "ks": figure(0.5, 0.45, 0.6)}
    newer = builders.a_version(cast, version.model, "2")
    a = builders.a_measurement(cast, version, dataset, "performance", first)
    b = builders.a_measurement(cast, newer, dataset, "performance", second | {"gini": figure(0.6)})
    return a, b


def test_each_figure_has_its_difference_and_whether_the_intervals_meet(
    pair: tuple[EvaluationRun, EvaluationRun],
) -> None:
    found = {row.name: row for row in compare_runs(*pair).figures}
    auc, brier, ks, gini = (found[name] for name in ("roc_auc", "brier", "ks", "gini"))
    assert auc.difference == pytest.approx(0.10)
    assert (auc.overlap, auc.verdict) == (False, "better")
    assert (brier.overlap, brier.verdict) == (None, "worse")
    assert (ks.overlap, ks.verdict) == (True, "better")
    assert (gini.a, gini.difference, gini.verdict) == ({}, None, "")


def test_what_differed_is_said(pair: tuple[EvaluationRun, EvaluationRun]) -> None:
    a, b = pair
    told = {row.name: (row.a, row.b) for row in compare_runs(a, b).conditions}
    assert told == {"Version": ("1", "2"), "Compared with version": ("–", "1")}
    b.config = {"seed": 7}
    b.provenance = {"libraries": {"numpy": "2.4.0"}, "isolation": "process"}
    a.provenance = {"libraries": {"numpy": "2.3.0"}, "isolation": "process"}
    told = {row.name: (row.a, row.b) for row in compare_runs(a, b).conditions}
    assert told["Setting seed"] == ("20261121", "7")
    assert told["Library numpy"] == ("2.3.0", "2.4.0")
    assert "Isolation" not in told


def test_a_group_that_only_one_run_has_is_not_dropped(pair: tuple[EvaluationRun, EvaluationRun]) -> None:
    a, b = pair
    assert a.result is not None and b.result is not None
    female = {"by": {"sex": "f"}, "n": 30, "metrics": {"accuracy": figure(0.8)}}
    male = {"by": {"sex": "m"}, "n": 29, "metrics": {"accuracy": figure(0.7)}}
    a.result["groups"], b.result["groups"] = [female, male], [male]
    groups = {row.label: row for row in compare_runs(a, b).groups}
    assert groups["sex: f"].n == (30, None)
    assert groups["sex: f"].pairs[0].difference is None
    assert groups["sex: m"].pairs[0].difference == 0.0


def test_runs_of_different_kinds_are_refused(
    cast: SimpleNamespace, pair: tuple[EvaluationRun, EvaluationRun], dataset: Dataset
) -> None:
    fair = builders.a_measurement(cast, pair[0].version, dataset, "fairness", builders.FAIR)
    with pytest.raises(Conflict, match="measured performance and run .* fairness"):
        compare_runs(pair[0], fair)
    with pytest.raises(Conflict, match="not compared with itself"):
        compare_runs(fair, fair)


def test_the_page_shows_both_and_asks_for_what_is_missing(
    cast: SimpleNamespace, pair: tuple[EvaluationRun, EvaluationRun], client_of: ClientOf
) -> None:
    a, b = pair
    client = client_of(cast.aud)
    page = client.get(f"{URL}?a={a.pk}&b={b.pk}").content.decode()
    assert f"Performance: run {a.pk} and run {b.pk}" in page
    assert "<b>apart</b>" in page
    assert "+0.1000" in page
    chooser = client.get(f"{URL}?a={a.pk}").content.decode()
    assert f"{b.pk}: Performance, Credit default v2 on loans-test@1" in chooser
    assert client.get(URL).status_code == 200


@pytest.mark.parametrize(("b", "status"), [("999", 404), ("x", 404), ("9" * 30, 404)])
def test_a_run_that_does_not_exist_is_not_found(
    b: str,
    status: int,
    cast: SimpleNamespace,
    pair: tuple[EvaluationRun, EvaluationRun],
    client_of: ClientOf,
) -> None:
    assert client_of(cast.dev).get(f"{URL}?a={pair[0].pk}&b={b}").status_code == status


def test_a_refusal_stands_on_the_page(
    cast: SimpleNamespace, pair: tuple[EvaluationRun, EvaluationRun], dataset: Dataset, client_of: ClientOf
) -> None:
    waiting = ask(cast, pair[0].version, dataset, "performance")
    answer = client_of(cast.dev).get(f"{URL}?a={pair[0].pk}&b={waiting.pk}")
    assert answer.status_code == 409
    assert "has no result: it is queued" in answer.content.decode()


def test_what_was_given_up_is_shown_with_reason_attempts_and_log(
    cast: SimpleNamespace, run: EvaluationRun, client_of: ClientOf
) -> None:
    client = client_of(cast.dev)
    assert "None was given up" in client.get("/evaluations/given-up/").content.decode()
    job = claim(EvaluationRun, run.pk, at=AT)
    assert job is not None
    fail_evaluation(
        run=job, failure="The disk is full.", provenance={}, at=AT, log="09:00:00  Reading\n", given_up=True
    )
    page = client.get("/evaluations/given-up/").content.decode()
    for words in (
        f"Run {run.pk}: performance",
        "The disk is full.",
        "1 attempt",
        "09:00:00  Reading",
        "Run again",
    ):
        assert words in page
    assert "Given up: 1" in client.get("/evaluations/").content.decode()
    assert "09:00:00  Reading" in client.get(f"/evaluations/{run.pk}/").content.decode()
