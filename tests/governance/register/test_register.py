"""The public register: what was previewed is shown, nothing else is, and nobody is asked who they are."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from audit.agreement import compare_rows
from audit.models import Event
from governance.portfolio.upkeep import caught_up
from governance.register.models import Publication
from registry.models import CardRevision, ModelTag, ModelVersion, RegisteredModel
from tests import builders
from tests.audit.flushing import unguarded
from tests.conftest import AT

pytestmark = pytest.mark.django_db
CHOOSE, LIST, PAGE = "/models/credit-default/register/", "/register/", "/register/credit-default/"
CHOICE: dict[str, Any] = {
    "contact": "models@example.org",
    "sections": ["intended_use"],
    "figures": ["performance.roc_auc"],
}
NOTE = "The council wants it to be public."
ADDRESSES = (LIST, PAGE, f"{LIST}?as=json", f"{PAGE}?as=json", f"{LIST}?q=canary")
OUT_OF_SIGHT = (
    *(
        "expected_use",
        "actual_use",
        "restrictions",
        "products",
        "supplier",
        "kind_reason",
        "lifecycle_reason",
    ),
    *("custom", "former_team"),
)
"""Fields of an entry that the register has no place for."""


@pytest.fixture
def model(cast: SimpleNamespace, version: ModelVersion) -> RegisteredModel:
    """Every field that is not published, and everybody's name, holds a word that may not come out."""
    for person in User.objects.all():
        person.first_name, person.last_name, person.email = "Canary", "Canary", "canary@example.org"
        person.save()
    model = version.model
    model.jurisdictions, model.regulated_uses, model.team = ["DE"], ["credit"], "Retail models"
    for name in OUT_OF_SIGHT:
        setattr(model, name, {"canary": AT.isoformat()} if name in ("custom", "former_team") else "canary")
    model.save()
    ModelTag.objects.create(model=model, name="canary")
    card = CardRevision.objects.filter(version=version).latest("number")
    texts = dict.fromkeys(
        card.sections, "A canary sings in this section, which is long enough to be complete. " * 3
    )
    texts["intended_use"] = (
        "Ranks applications; AUC {{ performance.roc_auc }}, other {{ fairness.selection_rate_ratio }} and "
        "{{ performance@canary.roc_auc }}. People decide, and they see the reasons for each rank beside it."
    )
    with unguarded():
        CardRevision.objects.filter(pk=card.pk).update(sections=texts)
        ModelVersion.objects.filter(pk=version.pk).update(
            parameters={"canary": "canary"}, code_repository="https://canary.example", source_uri="canary"
        )
    caught_up(at=AT)
    return model


@pytest.fixture
def carl(cast: SimpleNamespace, client_of: Callable[[User], Client]) -> Client:
    return client_of(cast.carl)


def published(carl: Client, **changes: Any) -> Any:
    """Looked at and published, as the page does it."""
    choice = CHOICE | changes
    preview = carl.get(CHOOSE, choice)
    assert preview.status_code == 200
    seen = preview.context["form"].fields["seen"].initial
    return carl.post(CHOOSE, choice | {"seen": seen, "note": NOTE})


def test_there_is_no_register_until_somebody_publishes_and_none_after_all_is_taken_back(
    model: RegisteredModel, carl: Client
) -> None:
    stranger = Client()
    assert [stranger.get(address).status_code for address in ADDRESSES] == [404] * len(ADDRESSES)
    assert published(carl).status_code == 302
    assert [stranger.get(address).status_code for address in ADDRESSES] == [200] * len(ADDRESSES)
    taken = carl.post(f"{CHOOSE}withdraw/", {"reason": "It was published by mistake."})
    assert taken.status_code == 302
    assert [stranger.get(address).status_code for address in ADDRESSES] == [404] * len(ADDRESSES)
    verbs = Event.objects.filter(verb__in=("model.published", "model.withdrawn")).order_by("id")
    assert [event.verb for event in verbs] == ["model.published", "model.withdrawn"]
    assert verbs[0].detail["figures"] == ["performance.roc_auc"] and verbs[0].detail["note"] == NOTE
    assert "canary" not in json.dumps(verbs[0].detail)
    assert [row.text for row in compare_rows().told if row.row.startswith("register.")] == []


def test_nothing_comes_out_that_was_not_chosen(model: RegisteredModel, carl: Client) -> None:
    published(carl)
    for address in ADDRESSES:
        answer = Client().get(address)
        text = answer.content.decode().replace("?q=canary", "").replace('value="canary"', "").lower()
        assert "canary" not in text, address
        assert not answer.cookies and "Cookie" not in answer.get("Vary", ""), address
    told = Client().get(f"{PAGE}?as=json").json()
    assert [row["id"] for row in told["sections"]] == ["intended_use"]
    said = told["sections"][0]["text"]
    assert "AUC 0.810 [0.780, 0.840], other (a figure that is not published)" in said
    assert [(row["id"], row["value"]) for row in told["figures"]] == [
        ("performance.roc_auc", "0.810 [0.780, 0.840]")
    ]
    assert told["regulated_uses"] and told["areas"] == ["Germany"]
    assert any("AI Act" in row["name"] for row in told["rules"])
    assert (told["department"], told["risk_tier"]) == ("Retail models, Retail", "high")
    page = Client().get(PAGE).content.decode()
    assert "How far" not in page and "Rules that apply" in page


def test_words_stay_as_previewed_and_the_facts_are_of_today(model: RegisteredModel, carl: Client) -> None:
    published(carl)
    model.purpose = "Something nobody has looked at, with a canary in it."
    model.save()
    assert "canary" not in Client().get(PAGE).content.decode()
    assert "changed since they were published" in carl.get(CHOOSE).content.decode()
    RegisteredModel.objects.filter(pk=model.pk).update(lifecycle="retired")
    assert Client().get(f"{LIST}?as=json").json()["models"][0]["status"] == "Retired"
    assert published(carl).status_code == 302
    assert Publication.objects.filter(ended_at=None).count() == 1
    assert "canary in it" in Client().get(PAGE).content.decode()


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"contact": "Call Olga"}, 400, "Somebody outside must be able to ask"),
    ({"note": "So."}, 400, "it needs to be said"),
    ({"seen": "sha256:other"}, 409, "changed since the preview"),
    ({"sections": ["technical"]}, 400, "not one of the available choices"),
]


def test_what_cannot_be_published_is_refused_in_words(model: RegisteredModel, carl: Client) -> None:
    seen = carl.get(CHOOSE, CHOICE).context["form"].fields["seen"].initial
    for changes, status, words in REFUSED:
        answer = carl.post(CHOOSE, CHOICE | {"seen": seen, "note": NOTE} | changes)
        assert answer.status_code == status, changes
        assert words in answer.content.decode(), changes
    assert not Publication.objects.exists()


def test_caches_may_keep_it_and_nobody_asks_without_end(
    model: RegisteredModel, carl: Client, settings: Settings
) -> None:
    published(carl)
    first = Client().get(PAGE)
    assert "public" in first["Cache-Control"] and "max-age=300" in first["Cache-Control"]
    again = Client().get(PAGE, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    settings.REGISTER_PER_MINUTE = 3
    answers = [Client().get(LIST, REMOTE_ADDR="192.0.2.7") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1]["Retry-After"] == "60"
    assert Client().get(LIST, REMOTE_ADDR="192.0.2.8").status_code == 200


def test_the_list_is_searched_and_filtered(
    cast: SimpleNamespace, model: RegisteredModel, carl: Client
) -> None:
    builders.a_publication(cast, builders.a_model(cast, "churn", purpose="Foretells who leaves."))
    published(carl)
    caught_up(at=AT)
    found = {
        query: [row["id"] for row in Client().get(f"{LIST}?as=json&{query}").json()["models"]]
        for query in ("", "q=LEAVES", "tier=high", "status=proposed", "q=nothing")
    }
    assert found == {
        "": ["churn", "credit-default"],
        "q=LEAVES": ["churn"],
        "tier=high": ["credit-default"],
        "status=proposed": ["churn"],
        "q=nothing": [],
    }
    assert "No model matches" in Client().get(f"{LIST}?q=nothing").content.decode()


PUBLICATION = "/api/v1/models/credit-default/publication"
TAKEN = f"{PUBLICATION}/withdraw"


def put(client: Client, **changes: Any) -> Any:
    return client.put(PUBLICATION, CHOICE | {"note": NOTE} | changes, content_type="application/json")


def test_a_machine_publishes_what_it_previewed_and_takes_it_out(
    cast: SimpleNamespace, model: RegisteredModel, api: Callable[..., Client]
) -> None:
    carl, stranger = api("registry:read", "registry:write", owner=cast.carl), Client()
    offer = carl.get(PUBLICATION).json()
    assert offer["published"] is None and offer["preview"] is None
    assert "intended_use" in {row["id"] for row in offer["sections"]}
    seen = carl.get(PUBLICATION, CHOICE).json()["preview"]["digest"]
    made = put(carl, seen=seen)
    assert made.status_code == 200, made.content
    assert made.json()["digest"] == seen and made.json()["published_by"] == "carl"
    told = stranger.get(f"{PAGE}?as=json").json()
    assert [row["id"] for row in told["sections"]] == ["intended_use"]
    assert carl.get(PUBLICATION).json()["published"]["digest"] == seen
    assert put(carl, seen=seen).status_code == 409  # it says so already

    reason = {"reason": "It was published by mistake."}
    ended = carl.post(TAKEN, reason, content_type="application/json")
    assert ended.status_code == 200 and ended.json()["ended_reason"] == reason["reason"]
    assert stranger.get(PAGE).status_code == 404
    assert carl.post(TAKEN, reason, content_type="application/json").status_code == 409
    events = Event.objects.filter(verb__in=("model.published", "model.withdrawn")).order_by("id")
    assert [event.verb for event in events] == ["model.published", "model.withdrawn"]
    assert all(event.actor.startswith("key:") for event in events)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"seen": "sha256:other"}, 409),
        ({"contact": "Call Olga"}, 400),
        ({"note": "So."}, 400),
        ({"sections": ["technical"]}, 400),
        ({"figures": ["performance.guess"]}, 400),
    ],
)
def test_a_machine_is_refused_what_a_person_is(
    cast: SimpleNamespace,
    model: RegisteredModel,
    api: Callable[..., Client],
    changes: dict[str, Any],
    status: int,
) -> None:
    carl = api("registry:read", "registry:write", owner=cast.carl)
    seen = carl.get(PUBLICATION, CHOICE).json()["preview"]["digest"]
    assert put(carl, **{"seen": seen} | changes).status_code == status
    assert not Publication.objects.exists()


def test_keys_of_those_who_do_not_publish_are_refused(
    cast: SimpleNamespace, model: RegisteredModel, api: Callable[..., Client]
) -> None:
    seen = api("registry:read", owner=cast.carl).get(PUBLICATION, CHOICE).json()["preview"]["digest"]
    builders.a_publication(cast, model)
    for owner in (cast.olga, cast.dev, cast.viktor, cast.ada):
        key = api("registry:read", "registry:write", owner=owner)
        assert put(key, seen=seen).status_code == 403
        assert key.post(TAKEN, {"reason": NOTE}, content_type="application/json").status_code == 403
    assert put(api("registry:read", owner=cast.carl), seen=seen).status_code == 403
    assert Publication.objects.get().ended_at is None
