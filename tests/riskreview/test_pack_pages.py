"""Packs in the browser: brought in, compared, previewed, activated by two people; and what applies to a model."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from audit.models import Event
from registry.models import ModelVersion
from riskreview.models import Activation, PolicyPack, Simulation
from riskreview.tasks import run_simulation
from tests import builders
from tests.conftest import PASSWORD
from tests.downloads import streamed
from tests.riskreview.test_pages import text_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
TEXT = builders.DEFAULT_PACK.read_text()
NEXT = TEXT.replace("version: 3\n", "version: 4\n", 1)
LINE = NEXT[: NEXT.index("kind: card_complete")].count("\n") + 1
BOMB = "a: &a [x,x]\nb: &b [*a,*a]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 40)}]\n" for old, new in zip("bcdef", "cdefg", strict=True)
)


def upload(client: Client, content: bytes, name: str = "next.yaml") -> Any:
    return client.post("/policy/packs/new/", {"file": SimpleUploadedFile(name, content), "text": ""})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (NEXT.replace("kind: card_complete", "kind: card_complet").encode(), f"next.yaml, line {LINE}"),
        (NEXT.replace("kind: card_complete", "kind: card_complet").encode(), 'Write "card_complete".'),
        (NEXT.replace("role: validator", "role: validater").encode(), '"validater" is not known as role'),
        (
            NEXT.replace("- id: conditions_met", "- id: card_complete", 1).encode(),
            "is not an id for the kind",
        ),
        (NEXT.replace("    low: [artifact_verified]", "    low: []").encode(), "emptiness never passes"),
        (BOMB.encode(), "stand for too many values"),
        (b"#" * 5_000_000, "is too long"),
        (b"#" * 300_000, "The file is too long."),
        (b"name: \xff\xfe", "line 1, is not UTF-8 text"),
        (b"name: \x00", "This is not YAML"),
        (b"", "empty"),
        (TEXT.replace("0.80", "0.81").encode(), "default version 3 exists already with other content"),
    ],
    ids=[
        "typo",
        "remedy",
        "role",
        "id",
        "empty list",
        "bomb",
        "5 MB",
        "long",
        "bytes",
        "nul",
        "nothing",
        "same version",
    ],
)
def test_what_is_no_pack_is_refused_with_place_and_remedy_and_kept_in_the_form(
    cast: SimpleNamespace, client_of: Browser, content: bytes, said: str
) -> None:
    builders.active_policy(cast)
    answer = upload(client_of(cast.carl), content)
    assert answer.status_code in (400, 409)
    assert said in text_of(answer).replace("&quot;", '"')
    assert PolicyPack.objects.count() == 1
    if content.startswith(b"name: default"):
        assert "decision_valid_for: 1h" in answer.content.decode()  # the text stands in the form


def test_a_good_pack_is_kept_and_read_as_a_table(cast: SimpleNamespace, client_of: Browser) -> None:
    builders.active_policy(cast)
    answer = upload(client_of(cast.carl), NEXT.encode())
    assert (answer.status_code, answer["Location"]) == (302, "/policy/packs/default/4/")
    page = text_of(client_of(cast.aud).get(answer["Location"]))
    assert (
        "Selects groups at similar rates" in page and "Not activated" in page and "Preview what" not in page
    )
    source = client_of(cast.aud).get("/policy/packs/default/4/source/")
    assert source.content.decode() == NEXT and source["Content-Disposition"].endswith('"default-4.yaml"')
    again = client_of(cast.carl).post("/policy/packs/new/", {"text": NEXT.replace("\n", "\r\n")})
    assert (again["Location"], PolicyPack.objects.count()) == ("/policy/packs/default/4/", 2)


def test_a_start_is_laid_into_the_form(cast: SimpleNamespace, client_of: Browser) -> None:
    page = client_of(cast.carl).get("/policy/packs/new/?start=sr-26-2-bank").content.decode()
    assert "name: sr-26-2-bank" in page
    assert (
        "root:" not in client_of(cast.carl).get("/policy/packs/new/?start=../../etc/passwd").content.decode()
    )


def test_two_packs_side_by_side(cast: SimpleNamespace, client_of: Browser) -> None:
    builders.active_policy(cast)
    builders.another_pack(cast, "at_least: 0.80}\n\n", "at_least: 0.85}\n\n")
    page = text_of(client_of(cast.aud).get("/policy/diff/?to=default@4"))
    assert "5 tightened" in page and "at least 0.80" in page and "at least 0.85" in page
    assert "Both ask the same" in text_of(
        client_of(cast.aud).get("/policy/diff/?from=default@3&to=default@3")
    )
    for odd in ("default@9", "default", "default@", "@3", "default@²", "default@99999999999"):
        assert client_of(cast.aud).get("/policy/diff/", {"to": odd}).status_code == 404


def test_from_preview_to_a_pack_in_force_in_the_browser(
    cast: SimpleNamespace, version: ModelVersion, client_of: Browser
) -> None:
    builders.another_pack(cast, "at_least: 0.65, applies_to", "at_least: 0.79, applies_to")
    carl, ada = client_of(cast.carl), client_of(cast.ada)
    address = carl.post("/policy/packs/default/4/preview/")["Location"]
    assert "Waiting for a worker" in text_of(carl.get(address))
    assert carl.get(address, headers={"HX-Request": "true"}).status_code == 200
    preview = Simulation.objects.get()
    run_simulation(preview.pk)
    assert carl.get(address, headers={"HX-Request": "true"}).status_code == 286

    page = text_of(carl.get(address))
    assert "Activating this denies 1 version that is allowed today, none deployed." in page
    assert "AUC lower bound 0.780, asked at least 0.790" in page
    assert "No answer changes" not in text_of(carl.get(f"{address}?to=deny&environment=staging"))
    rows = streamed(carl.get(f"{address}changes.csv")).splitlines()
    assert rows[1].startswith('credit-default,1,staging,high,deny,,"Performs well enough')

    preview.refresh_from_db()
    short = carl.post(f"{address}ask/", {"seen": preview.result_digest, "why": "so"})
    assert short.status_code == 400 and not Activation.objects.exists()
    carl.post(f"{address}ask/", {"seen": preview.result_digest, "why": "The committee decided so."})
    wish = Activation.objects.get()
    assert "They were told" in text_of(carl.get(address)) and "waits for a second person" in text_of(
        carl.get("/policy/")
    )
    confirm = f"/policy/activations/{wish.pk}/confirm/"
    assert carl.post(confirm, {"password": PASSWORD}).status_code == 403
    wrong = ada.post(confirm, {"password": "guess"})
    assert wrong.status_code == 400 and "This is not your password" in text_of(wrong)
    assert PolicyPack.objects.get(active=True).version == 3

    assert ada.post(confirm, {"password": PASSWORD})["Location"] == "/policy/"
    assert PolicyPack.objects.get(active=True).version == 4
    assert Event.objects.filter(verb="policy.confirm_refused").count() == 2
    assert "is in force since" in text_of(ada.get(address))
    assert ada.post(confirm, {"password": PASSWORD}).status_code == 409


def test_which_policy_applies_to_a_model(
    cast: SimpleNamespace, version: ModelVersion, client_of: Browser, api: Callable[..., Client]
) -> None:
    address = "/api/v1/models/credit-default/policy"
    told = api("registry:read").get(address).json()
    assert (told["tier"], told["confirmed"], told["supposed"]) == ("high", True, False)
    assert told["policy"] == {key: told["policy"][key] for key in ("name", "version", "digest")}
    production = told["environments"][2]
    assert [item["id"] for item in production["requirements"]][-2:] == [
        "signoff.validator",
        "signoff.risk_officer",
    ]
    fairness = next(item for item in production["requirements"] if item["id"] == "evaluation.fairness")
    measured = next(item for item in production["requirements"] if item["id"] == "evaluation.performance")
    assert "AUC: at least 0.70." in measured["words"] and "NDCG" not in str(measured["words"])
    assert fairness["exempt"] is None and "Lowest selection ratio: at least 0.80." in fairness["words"]

    low = api("gate").get(address, {"tier": "low"}).json()
    assert low["supposed"] and low["environments"][2]["requirements"][-1]["id"] == "signoff.business_approver"
    banned = api("gate").get(address, {"tier": "prohibited"}).json()
    assert all(
        not place["requirements"] and "always denied" in place["note"] for place in banned["environments"]
    )
    assert api("gate").get(address, {"tier": "hgih"}).status_code == 400

    page = client_of(cast.aud).get("/models/credit-default/policy/")
    assert "Risk officer signs" in text_of(page) and "Ethics committee signs" not in text_of(page)
    supposed = text_of(client_of(cast.aud).get("/models/credit-default/policy/?tier=critical"))
    assert "Ethics committee signs" in supposed and "Supposed." in supposed


def test_a_proposed_tier_a_use_without_one_and_no_policy_say_so(
    cast: SimpleNamespace, client_of: Browser, api: Callable[..., Client]
) -> None:
    model = builders.a_model(cast)
    told = api("gate").get("/api/v1/models/credit-default/policy").json()
    assert (told["tier"], told["policy"], told["environments"]) == (None, None, [])
    assert "No policy is in force" in told["note"]
    builders.active_policy(cast)
    assert "There is no tier yet" in text_of(client_of(cast.aud).get("/models/credit-default/policy/"))
    builders.a_tier(cast, model, "low", confirmed=False)
    development = api("gate").get("/api/v1/models/credit-default/policy").json()["environments"][0]
    assert [item["id"] for item in development["requirements"]] == ["tier_confirmed", "artifact_verified"]


def test_the_schema_is_public(client: Client) -> None:
    told = client.get("/api/v1/schemas/policy-pack").json()
    assert told["$id"] == "http://testserver/api/v1/schemas/policy-pack" and told["title"] == "Policy pack"
