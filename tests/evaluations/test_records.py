"""Explaining one record: who may ask, what may be asked, what is held back, and that it is never evidence."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from evaluations.actions import fail_evaluation, request_evaluation, succeed_evaluation
from evaluations.forms import EvaluationForm
from evaluations.jobs import claim
from evaluations.models import EvaluationRun
from evaluations.queries import measurements_of
from evaluations.tasks import Places, _job
from governance.portfolio.panels import newest_runs
from policy.metrics import EVALUATIONS
from policy.parts import components
from registry.masking import not_row_by_row
from registry.models import Classification, Dataset, ModelVersion
from riskreview import queue
from riskreview.evidence import gather
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
LOCAL: dict[str, Any] = {
    "overall": {},
    "explanations": {
        "local": {
            "of": "the positive class",
            "method": "TreeExplainer",
            "unit": "log-odds",
            "base": -1.0,
            "output": 0.5,
            "features": [{"name": "amount", "value": "300", "contribution": 1.5}],
        }
    },
}


def ask(
    cast: SimpleNamespace,
    version: ModelVersion,
    dataset: Dataset,
    config: Mapping[str, Any],
    kind: str = "local_explanation",
) -> EvaluationRun:
    return request_evaluation(
        version=version,
        dataset=dataset,
        kind=kind,
        config=config,
        requester=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )


def explained(cast: SimpleNamespace, version: ModelVersion, dataset: Dataset) -> EvaluationRun:
    run = claim(EvaluationRun, ask(cast, version, dataset, {"row": 3}).pk, at=AT)
    assert run is not None
    succeed_evaluation(run=run, result=LOCAL, provenance={}, at=AT)
    return run


@pytest.fixture
def beside(cast: SimpleNamespace, version: ModelVersion, dataset: Dataset) -> EvaluationRun:
    """A finished explainability run."""
    return builders.a_measurement(cast, version, dataset, "explainability", builders.EXPLAINED)


@pytest.mark.parametrize("outcome", ["queued", "running", "failed", "succeeded"])
def test_it_is_never_evidence(
    outcome: str, cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, beside: EvaluationRun
) -> None:
    before = gather(version, "production")
    run = ask(cast, version, dataset, {"row": 3})
    if outcome != "queued":
        claimed = claim(EvaluationRun, run.pk, at=AT)
        assert claimed is not None
        if outcome == "failed":
            fail_evaluation(run=claimed, failure="No.", provenance={}, at=AT)
        if outcome == "succeeded":
            succeed_evaluation(run=claimed, result=LOCAL, provenance={}, at=AT)
    assert EvaluationRun.objects.get(pk=run.pk).status == outcome
    after = gather(version, "production")
    assert (after, components(after, EVALUATIONS)) == (before, components(before, EVALUATIONS))
    assert list(measurements_of(version)) == [beside]
    assert set(newest_runs(version)) == {"explainability"}


def test_a_signature_outlives_it(cast: SimpleNamespace, version: ModelVersion, dataset: Dataset) -> None:
    builders.active_policy(cast)
    builders.a_tier(cast, version.model)
    builders.a_measurement(cast, version, dataset, "explainability", builders.EXPLAINED)
    parts = components(gather(version, "production"), EVALUATIONS)
    explained(cast, version, dataset)
    assert components(gather(version, "production"), EVALUATIONS) == parts
    assert "local_explanation" not in EVALUATIONS  # so no pack can ask for it


def test_a_failed_explanation_is_nobodys_work(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    run = claim(EvaluationRun, ask(cast, version, dataset, {"row": 3}).pk, at=AT)
    assert run is not None
    fail_evaluation(run=run, failure="No.", provenance={}, at=AT)
    assert not [item for item in queue._failed_runs(version.model.owner) if item.kind == "evaluation"]


def test_it_is_not_among_what_is_measured(version: ModelVersion) -> None:
    choices = EvaluationForm(version=version).fields["kinds"].choices  # type: ignore[attr-defined]
    assert "local_explanation" not in dict(choices)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "Say which record"),
        ({"row": 60}, "has no row 60"),
        ({"row": -1}, "at least 0"),
        ({"row": "3"}, "must be a whole number"),
        ({"values": {"age": [1]}}, "In values, age must be"),
        ({"values": {"age": "x" * 301}}, "at most 300 characters"),
        ({"values": [1]}, "must be a mapping"),
        ({"row": 3, "unfavourable": "bad"}, "one of high, low"),
        ({"row": 3, "wording": {"age": 7}}, "must be a text"),
        ({"row": 3, "colour": "red"}, "no setting colour"),
    ],
)
def test_what_cannot_be_explained_is_refused_at_once(
    config: dict[str, Any], said: str, cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    with pytest.raises(Invalid, match=said):
        ask(cast, version, dataset, config)
    assert not EvaluationRun.objects.exists()


def test_several_records_may_wait_but_not_the_same_twice(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    ask(cast, version, dataset, {"row": 3})
    ask(cast, version, dataset, {"row": 4})
    with pytest.raises(Conflict):
        ask(cast, version, dataset, {"row": 3})


def test_confidential_columns_go_with_the_job_and_cannot_be_given_by_hand(
    cast: SimpleNamespace, version: ModelVersion, tmp_path: Any
) -> None:
    secret = builders.a_dataset(cast, "secret", confidential=["amount"])
    with pytest.raises(Invalid, match="amount of secret@1 may not be given by hand"):
        ask(cast, version, secret, {"row": 3, "values": {"amount": 900}})
    run = ask(cast, version, secret, {"row": 3, "values": {"age": 30}})
    places = Places(model=tmp_path, data=tmp_path, reference=None, against=None)
    assert _job(run, places).confidential == ("amount",)


def test_of_a_restricted_data_set_no_value_is_shown_row_by_row(cast: SimpleNamespace) -> None:
    dataset = builders.a_dataset(cast, "locked")
    assert not_row_by_row(dataset) == frozenset()
    dataset.classification = Classification.RESTRICTED
    assert not_row_by_row(dataset) == {"age", "amount", "sex", "credit"}


def test_the_form_stands_beside_an_explainability_run(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, beside: EvaluationRun, client_of: ClientOf
) -> None:
    place = reverse("evaluations:explain_record", args=[beside.pk])
    page = client_of(cast.viktor).get(reverse("evaluations:run", args=[beside.pk])).content.decode()
    assert place in page and "Not to be credit = good" in page
    assert place not in client_of(cast.aud).get(reverse("evaluations:run", args=[beside.pk])).content.decode()
    other = builders.a_measurement(cast, version, dataset, "performance", builders.GOOD)
    page = client_of(cast.viktor).get(reverse("evaluations:run", args=[other.pk])).content.decode()
    assert "Explain a record" not in page
    assert (
        client_of(cast.viktor).get(reverse("evaluations:explain_record", args=[other.pk])).status_code == 404
    )


def test_asking_by_the_form(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, beside: EvaluationRun, client_of: ClientOf
) -> None:
    client, place = client_of(cast.viktor), reverse("evaluations:explain_record", args=[beside.pk])
    body = {
        "row": "3",
        "unfavourable": "low",
        "values": "age = 30",
        "wording": "amount: You asked for a lot: 1",
    }
    answer = client.post(place, body)
    run = EvaluationRun.objects.get(kind="local_explanation")
    assert answer["Location"] == reverse("evaluations:run", args=[run.pk])
    assert run.config == {
        "row": 3,
        "unfavourable": "low",
        "values": {"age": 30},
        "wording": {"amount": "You asked for a lot: 1"},
    }
    assert (run.dataset, run.version, run.requested_by) == (dataset, version, cast.viktor)
    again = client.get(place).content.decode()
    assert "You asked for a lot: 1" in again  # the words are kept for the next one
    assert client.post(place, body).status_code == 400  # it waits already


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"row": "60"}, "less than or equal to 59"),
        ({"row": "-1"}, "greater than or equal to 0"),
        ({"row": ""}, "required"),
        ({"row": "3", "values": "age"}, "Line 1 is no pair"),
        ({"row": "3", "unfavourable": "sideways"}, "not one of the available choices"),
    ],
)
def test_the_form_says_what_is_wrong(
    body: dict[str, str], said: str, cast: SimpleNamespace, beside: EvaluationRun, client_of: ClientOf
) -> None:
    answer = client_of(cast.dev).post(reverse("evaluations:explain_record", args=[beside.pk]), body)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not EvaluationRun.objects.filter(kind="local_explanation").exists()


def test_whoever_may_not_measure_may_not_ask(
    cast: SimpleNamespace, beside: EvaluationRun, client_of: ClientOf
) -> None:
    place = reverse("evaluations:explain_record", args=[beside.pk])
    for user in (cast.aud, cast.ada, cast.adam):
        assert client_of(user).post(place, {"row": "3"}).status_code == 403
        assert client_of(user).get(place).status_code == 403
    assert not EvaluationRun.objects.filter(kind="local_explanation").exists()


def test_its_page_draws_it_and_offers_the_next(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, client_of: ClientOf
) -> None:
    run = explained(cast, version, dataset)
    page = client_of(cast.dev).get(reverse("evaluations:run", args=[run.pk])).content.decode()
    assert "What moved this answer" in page and "amount = 300" in page
    assert "Explain a record" in page
