"""The pages of evaluations."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from evaluations.actions import fail_evaluation
from evaluations.jobs import claim, heartbeat
from evaluations.models import EvaluationRun
from evaluations.presenting import figures_of
from registry.models import Dataset, ModelVersion
from tests import builders
from tests.conftest import AT

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
TAB = "/models/credit-default/versions/1/evaluations/"


def start(client: Client, dataset: Dataset, *kinds: str) -> Any:
    return client.post(f"{TAB}start/", {"kinds": kinds, "dataset": str(dataset.pk)})


def test_several_kinds_are_queued_at_once(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, client_of: ClientOf
) -> None:
    answer = start(client_of(cast.dev), dataset, "performance", "fairness")
    assert answer.status_code == 302
    assert answer["Location"] == TAB
    assert set(EvaluationRun.objects.values_list("kind", flat=True)) == {"performance", "fairness"}


def test_one_kind_leads_to_its_run(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, client_of: ClientOf
) -> None:
    answer = start(client_of(cast.viktor), dataset, "fairness")
    assert answer["Location"] == reverse("evaluations:run", args=[EvaluationRun.objects.get().pk])


def test_what_cannot_be_measured_is_said_and_the_rest_is_queued(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    dataset = builders.a_dataset(cast, "no-groups", sensitive=[])
    answer = client_of(cast.dev).post(
        f"{TAB}start/", {"kinds": ["performance", "fairness"], "dataset": str(dataset.pk)}
    )
    assert answer.status_code == 400
    assert "names no sensitive column" in answer.content.decode()
    assert [run.kind for run in EvaluationRun.objects.all()] == ["performance"]


def test_somebody_outside_the_team_cannot_start_one(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, client_of: ClientOf
) -> None:
    answer = client_of(cast.carl).post(f"{TAB}start/", {"kinds": ["performance"], "dataset": str(dataset.pk)})
    assert answer.status_code == 403
    assert "Its owner, its developers and validators can." in answer.content.decode()
    assert not EvaluationRun.objects.exists()


def test_progress_is_polled_until_the_run_has_ended(
    cast: SimpleNamespace, run: EvaluationRun, client_of: ClientOf
) -> None:
    client, place = client_of(cast.dev), reverse("evaluations:progress", args=[run.pk])
    job = claim(EvaluationRun, run.pk, at=AT)
    assert job is not None
    heartbeat(job, progress=0.42, step="Predicting 60 rows", at=AT)
    answer = client.get(place)
    assert answer.status_code == 200
    assert "Predicting 60 rows" in answer.content.decode()
    assert 'value="42"' in answer.content.decode()
    fail_evaluation(run=job, failure="This artifact cannot be loaded: no.", provenance={}, at=AT)
    answer = client.get(place)
    assert answer.status_code == 286
    assert answer["HX-Refresh"] == "true"


def test_a_failed_run_shows_its_reason_and_offers_to_try_again(
    cast: SimpleNamespace, run: EvaluationRun, client_of: ClientOf
) -> None:
    job = claim(EvaluationRun, run.pk, at=AT)
    assert job is not None
    fail_evaluation(run=job, failure="The limit is <4096> MB.", provenance={}, at=AT)
    page = client_of(cast.dev).get(reverse("evaluations:run", args=[run.pk])).content.decode()
    assert "The limit is &lt;4096&gt; MB." in page
    assert "Run again" in page
    tab = client_of(cast.dev).get(TAB).content.decode()
    assert "The limit is &lt;4096&gt; MB." in tab


@pytest.mark.parametrize("kind", ["performance", "fairness", "explainability"])
def test_a_finished_run_shows_its_figures(
    kind: str, cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, client_of: ClientOf
) -> None:
    by_kind: dict[str, dict[str, Any]] = {
        "performance": builders.GOOD,
        "fairness": builders.FAIR,
        "explainability": builders.EXPLAINED,
    }
    figures = by_kind[kind]
    run = builders.a_measurement(cast, version, dataset, kind, figures)
    page = client_of(cast.aud).get(reverse("evaluations:run", args=[run.pk])).content.decode()
    name, measured = next(iter(figures.items()))
    assert figures_of({"overall": figures}, kind)[0].exact in page
    assert str(run.dataset) in page
    assert "Run again" not in page
    stored = client_of(cast.aud).get(reverse("evaluations:result", args=[run.pk])).json()
    assert stored["result"]["overall"][name]["value"] == measured["value"]


def test_a_run_without_a_result_has_no_json(
    cast: SimpleNamespace, run: EvaluationRun, client_of: ClientOf
) -> None:
    client = client_of(cast.dev)
    assert client.get(reverse("evaluations:result", args=[run.pk])).status_code == 404
    assert client.get(reverse("evaluations:run", args=[run.pk + 1])).status_code == 404


def test_the_list_finds_by_words_kind_and_status(
    cast: SimpleNamespace, run: EvaluationRun, client_of: ClientOf
) -> None:
    client = client_of(cast.aud)
    link = reverse("evaluations:run", args=[run.pk])
    for query in ({}, {"q": "loans"}, {"kind": "performance"}, {"status": "queued"}):
        assert link in client.get("/evaluations/", query).content.decode()
    for query in ({"q": "wine"}, {"kind": "fairness"}, {"status": "failed"}):
        assert link not in client.get("/evaluations/", query).content.decode()


def test_stopping_a_run_says_who_stopped_it(
    cast: SimpleNamespace, run: EvaluationRun, client_of: ClientOf
) -> None:
    client = client_of(cast.dev)
    page = client.post(reverse("evaluations:cancel", args=[run.pk]), follow=True).content.decode()
    assert "Stopped by Dev Menon." in page
