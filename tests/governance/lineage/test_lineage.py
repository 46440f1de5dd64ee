"""Where things came from and what came of them, read from what the product itself has recorded."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.actor import Actor
from registry.actions import record_deployment
from registry.models import Dataset, DatasetRole, Deployment, ModelDependency, ModelVersion
from tests import builders
from tests.audit.flushing import unguarded
from tests.builders import a_decision

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
Api = Callable[..., Client]
PIPELINE = Actor("key:ci", "CI retail", "API key")


def deployed(version: ModelVersion, decision: str, **more: Any) -> Deployment:
    return record_deployment(
        version=version,
        environment=more.pop("environment", "production"),
        decision_id=decision,
        actor=PIPELINE,
        at=timezone.now(),
        **more,
    )


def made_from(version: ModelVersion, parent: ModelVersion | None) -> None:
    with unguarded():
        ModelVersion.objects.filter(pk=version.pk).update(parent=parent)


def trained(version: ModelVersion, dataset: Dataset) -> None:
    with unguarded():
        ModelVersion.objects.filter(pk=version.pk).update(trained_on=dataset)


@pytest.fixture
def story(cast: SimpleNamespace, signed: ModelVersion) -> dict[str, Any]:
    """Trained, measured, reviewed, signed, decided, deployed; and a second version made from it."""
    data = builders.a_dataset(cast, "loans", role=DatasetRole.TRAINING)
    trained(signed, data)
    decision = a_decision(cast, signed)
    second = builders.a_version(cast, signed.model, "2")
    made_from(second, signed)
    return {
        "data": data,
        "decision": decision,
        "deployment": deployed(signed, str(decision.pk)),
        "second": second,
        "version": signed,
    }


def graph(client: Client, path: str, **query: str | int) -> dict[str, Any]:
    answer = client.get(f"/api/v1/lineage/{path}", query)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def ids(found: dict[str, Any], kind: str = "") -> set[str]:
    return {node["id"] for node in found["nodes"] if kind in ("", node["kind"])}


def kinds(found: dict[str, Any]) -> list[str]:
    return sorted({node["kind"] for node in found["nodes"]})


CHAIN = ["dataset", "decision", "deployment", "evaluation", "review", "version"]


def test_a_deployment_came_from_its_data_by_way_of_everything_between(
    story: dict[str, Any], api: Api
) -> None:
    found = graph(api("registry:read"), f"deployment/{story['deployment'].pk}", direction="upstream")
    assert kinds(found) == CHAIN
    assert ids(found, "dataset") == {"dataset:loans/1", "dataset:credit-default-test/1"}
    assert ids(found, "version") == {"version:credit-default/1"}
    edges = {(edge["source"].split(":")[0], edge["target"].split(":")[0]) for edge in found["edges"]}
    assert edges == {
        ("dataset", "version"),
        ("dataset", "evaluation"),
        ("version", "evaluation"),
        ("evaluation", "review"),
        ("review", "decision"),
        ("decision", "deployment"),
    }


def test_of_a_data_set_came_versions_their_children_and_deployments(story: dict[str, Any], api: Api) -> None:
    client = api("registry:read")
    found = graph(client, "dataset/loans/1", direction="downstream")
    assert ids(found, "version") == {"version:credit-default/1", "version:credit-default/2"}
    assert ids(found, "deployment") == {f"deployment:{story['deployment'].pk}"}
    assert kinds(graph(client, "dataset/loans/1", direction="upstream")) == ["dataset"]
    near = graph(client, "dataset/loans/1", depth=1)
    assert ids(near) == {"dataset:loans/1", "version:credit-default/1"}


def test_what_was_only_measured_on_it_saw_it_too(story: dict[str, Any], api: Api) -> None:
    found = graph(api("registry:read"), "dataset/credit-default-test/1", direction="downstream")
    assert kinds(found) == ["dataset", "decision", "deployment", "evaluation", "review"]


def test_every_kind_has_a_lineage_as_data_and_as_a_page(
    cast: SimpleNamespace, story: dict[str, Any], api: Api, client_of: ClientOf
) -> None:
    version = story["version"]
    run, review = version.evaluations.first(), version.reviews.get()
    keys = {
        "model": "credit-default",
        "version": "credit-default/1",
        "dataset": "loans/1",
        "evaluation": run.uuid,
        "review": review.pk,
        "decision": story["decision"].pk,
        "deployment": story["deployment"].pk,
    }
    client, browser = api("registry:read"), client_of(cast.aud)
    for kind, key in keys.items():
        assert "dataset:loans/1" in ids(graph(client, f"{kind}/{key}")), kind
        page = browser.get(f"/lineage/{kind}/{key}/").content.decode()
        assert "<svg" in page and "The same as a table" in page, kind
        assert page.count("ln-box--start") == (2 if kind == "model" else 1), kind


MISSING = [
    "version/credit-default/9", "version/credit-default", "version/../etc", "dataset/loans@1", "dataset/%00/1",
    "review/x", "review/99999999999999999999", "evaluation/1", "decision/nonsense", "deployment/-1", "moon/1",
    "model/credit-default/1", "decision/6f0f5b3e-8f5c-4a59-9a1e-0d6f2f4f7c11", "review/²",
]  # fmt: skip


@pytest.mark.parametrize("path", MISSING)
def test_what_does_not_exist_has_no_lineage(
    path: str, cast: SimpleNamespace, api: Api, client_of: ClientOf
) -> None:
    builders.a_model(cast)
    assert api("registry:read").get(f"/api/v1/lineage/{path}").status_code == 404
    assert client_of(cast.aud).get(f"/lineage/{path}/").status_code == 404


@pytest.mark.parametrize(
    "query", [{"direction": "sideways"}, {"depth": "0"}, {"depth": "x"}, {"depth": "99"}]
)
def test_a_question_that_makes_no_sense_is_refused(
    query: dict[str, str], cast: SimpleNamespace, api: Api
) -> None:
    builders.a_model(cast)
    assert api("registry:read").get("/api/v1/lineage/model/credit-default", query).status_code == 400


def test_a_deployment_without_a_valid_decision_hangs_where_it_came_from(
    cast: SimpleNamespace, story: dict[str, Any], api: Api
) -> None:
    undecided = deployed(story["second"], "")
    found = graph(api("registry:read"), "version/credit-default/2", direction="downstream")
    edge = {"source": "version:credit-default/2", "target": f"deployment:{undecided.pk}"}
    assert found["edges"] == [edge | {"what": "deployed without a valid decision"}]
    assert {node["state"] for node in found["nodes"]} == {"", "Runs undecided"}


def test_models_that_give_and_take_answers_stand_at_the_ends(
    cast: SimpleNamespace, story: dict[str, Any], api: Api
) -> None:
    giver, taker, last = (builders.a_model(cast, slug) for slug in ("income", "pricing", "offers"))
    own = story["version"].model
    for model, depends_on in ((own, giver), (taker, own), (last, taker), (giver, last)):  # a circle
        ModelDependency.objects.create(model=model, depends_on=depends_on)
    client = api("registry:read")
    down = graph(client, "version/credit-default/1", direction="downstream")
    assert {"dependent:pricing", "dependent:offers"} <= ids(down, "dependent")
    up = graph(client, "version/credit-default/1", direction="upstream")
    assert {"model:income", "model:offers"} <= ids(up, "model")
    bare = graph(client, "model/income")
    assert bare["starts"] == ["model:income"]


def test_parents_in_a_circle_neither_hang_nor_vanish(
    cast: SimpleNamespace, story: dict[str, Any], api: Api, client_of: ClientOf
) -> None:
    made_from(story["version"], story["second"])
    found = graph(api("registry:read"), "version/credit-default/1")
    assert ids(found, "version") == {"version:credit-default/1", "version:credit-default/2"}
    assert client_of(cast.aud).get("/lineage/version/credit-default/1/").status_code == 200


def test_repeated_decisions_are_counted_and_the_one_that_counts_is_shown(
    cast: SimpleNamespace, story: dict[str, Any], api: Api, client_of: ClientOf
) -> None:
    for _ in range(12):
        a_decision(cast, story["version"])
    found = graph(api("registry:read"), "version/credit-default/1")
    assert len(ids(found, "decision")) == 2
    assert f"decision:{story['decision'].pk}" in ids(found)
    assert found["left_out"] == {"decision": 11}
    assert "and 11 more" in client_of(cast.aud).get("/lineage/version/credit-default/1/").content.decode()
    old = graph(api("registry:read"), f"decision/{story['decision'].pk}", direction="downstream")
    assert ids(old) == {f"decision:{story['decision'].pk}", f"deployment:{story['deployment'].pk}"}


def test_the_number_of_questions_does_not_grow(
    cast: SimpleNamespace, story: dict[str, Any], api: Api
) -> None:
    client = api("registry:read")

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            graph(client, "dataset/loans/1")
        return len(asked)

    cost()
    before = cost()
    for number in range(3, 8):
        version = builders.a_version(cast, story["version"].model, str(number))
        trained(version, story["data"])
        deployed(version, str(a_decision(cast, version).pk), strategy="shadow")
    assert cost() <= before
    assert before <= 45


def test_which_deployed_models_saw_this_data_set(
    cast: SimpleNamespace, story: dict[str, Any], api: Api, client_of: ClientOf
) -> None:
    deployed(story["second"], "", strategy="shadow")
    stranger = builders.a_version(cast, builders.a_model(cast, "other-use"))
    deployed(stranger, "")
    browser, client = client_of(cast.aud), api("registry:read")

    def told(name: str) -> dict[str, str]:
        found = browser.get(f"/datasets/{name}/1/").context["sightings"]
        return {str(one.row.deployment.version): one.how for one in found}

    assert told("loans") == {
        "Credit default v1": "trained on it",
        "Credit default v2": "made from v1, which was trained on it",
    }
    assert told("credit-default-test") == {"Credit default v1": "measured on it"}
    assert (
        "made from v1, which was trained on it" in browser.get("/lineage/dataset/loans/1/").content.decode()
    )
    rows = client.get("/api/v1/deployments", {"dataset": "loans@1", "running": "true"}).json()["results"]
    assert {(row["model"], row["version"]) for row in rows} == {
        ("credit-default", "1"),
        ("credit-default", "2"),
    }
    unseen = builders.a_dataset(cast, "unseen")
    assert told(unseen.name) == {}
    assert "Nothing that runs now" in browser.get("/datasets/unseen/1/").content.decode()
