"""Health, keys, errors: what machines ask for, and what is shown when something breaks."""

import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.actor import Actor
from audit.attestation import open_envelope
from audit.keyfiles import ATTESTATION
from audit.keyring import introduce, rotate
from audit.keys import key_id
from audit.models import AnchorState, Event, Pending
from governance.operation.scheduling import heartbeat_file
from registry.models import ModelVersion
from tests import builders
from tests.audit.signing import attestation_key

pytestmark = pytest.mark.django_db


def test_the_process_answers_without_the_database(client: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.usefixtures("broker")
def test_ready_means_database_broker_and_sequencer(client: Client) -> None:
    heartbeat_file().touch()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"] == {"database": "ok", "broker": "ok", "sequencer": "ok"}


@pytest.fixture
def broker(settings: Settings) -> None:
    """A broker of this test alone, whatever the tests run on."""
    settings.REDIS_URL = ""
    settings.BROKER_DIR = settings.VAR_DIR / "broker"
    (settings.BROKER_DIR / "queue").mkdir(parents=True)


@pytest.mark.usefixtures("broker")
def test_without_a_scheduler_nothing_is_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["sequencer"] == "has not started"


@pytest.mark.usefixtures("broker")
def test_a_sequencer_that_falls_behind_is_told(
    cast: SimpleNamespace, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    builders.active_policy(cast)
    assert Pending.objects.exists()
    heartbeat_file().touch()
    later = timezone.now() + timedelta(minutes=5)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "behind" in answer.json()["checks"]["sequencer"]


def test_a_broker_that_is_gone_is_told(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = ""
    settings.BROKER_DIR = settings.VAR_DIR / "gone"
    assert client.get("/readyz").json()["checks"]["broker"] == "its folder is missing"


def test_the_published_keys_are_those_that_sign(client: Client) -> None:
    found = client.get("/.well-known/countersign/keys.json").json()
    assert {entry["kid"] for entry in found["keys"]} >= {key_id(attestation_key().public_key())}
    assert found["attestation"]["pem"].startswith("-----BEGIN PUBLIC KEY-----")
    assert "PRIVATE" not in str(found)


def asked(api: Callable[..., Client]) -> dict[str, object]:
    """The gate's answer about the signed version."""
    question = {"model": "credit-default", "version": "1", "environment": "production"}
    answer = api("gate").post("/api/v1/gate/decisions", question, content_type="application/json")
    assert answer.status_code == 200
    found: dict[str, object] = answer.json()
    return found


def test_without_keys_the_gate_denies_and_says_so_and_the_system_page_too(
    cast: SimpleNamespace,
    signed: ModelVersion,
    api: Callable[..., Client],
    client_of: Callable[..., Client],
    settings: Settings,
) -> None:
    settings.COUNTERSIGN_GENERATE_KEYS = False
    answer = asked(api)
    assert (answer["decision"], answer["basis"], answer["attestation"]) == ("deny", "policy", None)
    assert answer["summary"] == "Denied: the private key that signs decisions is not there."
    unmet = [item for item in answer["requirements"] if item["result"] in ("unsatisfied", "error")]  # type: ignore[attr-defined]
    assert [(item["id"], item["result"]) for item in unmet] == [("attestation_key", "error")]
    assert "Set COUNTERSIGN_ATTESTATION_KEY" in unmet[0]["reason"]
    event = Event.objects.get(verb="gate.denied")
    assert (event.detail["unmet"], event.detail["unsigned"]) == (["attestation_key"], True)
    assert "There is no key to sign attestations" in client_of(cast.adam).get("/system/").content.decode()
    for form in ("json", "pem"):
        assert Client().get(f"/.well-known/countersign/keys.{form}").status_code == 503


def test_a_key_that_got_lost_is_not_made_anew_and_counts_again_when_it_is_back(
    cast: SimpleNamespace, signed: ModelVersion, api: Callable[..., Client], client_of: Callable[..., Client]
) -> None:
    introduce(actor=Actor.system("scheduler"), at=timezone.now())
    page = client_of(cast.adam).get("/system/").content.decode()
    assert "decisions" in page and "cannot sign" not in page
    aside = ATTESTATION.made.rename(ATTESTATION.made.with_suffix(".aside"))
    assert asked(api)["decision"] == "deny"
    assert not ATTESTATION.made.exists()
    assert "cannot sign" in client_of(cast.adam).get("/system/").content.decode()
    assert Client().get("/.well-known/countersign/keys.json").status_code == 200  # verifying goes on
    aside.rename(ATTESTATION.made)
    assert asked(api)["decision"] == "allow"


def test_after_a_rotation_decisions_carry_both_signatures_and_both_keys_are_published(
    signed: ModelVersion, api: Callable[..., Client], client: Client
) -> None:
    now = timezone.now()
    introduce(actor=Actor.system("scheduler"), at=now)
    before = asked(api)["attestation"]
    old = attestation_key().public_key()
    rotate(ATTESTATION, reason="Yearly.", overlap=timedelta(days=1), actor=Actor.system("operator"), at=now)
    new, after = attestation_key().public_key(), asked(api)["attestation"]
    assert isinstance(before, dict) and isinstance(after, dict)
    assert [one["keyid"] for one in after["signatures"]] == [key_id(new), key_id(old)]
    assert open_envelope(after, old) == open_envelope(after, new)
    assert open_envelope(before, old)
    published = client.get("/.well-known/countersign/keys.json").json()
    assert [one["keyid"] for one in published["attestation"]["ring"]] == [key_id(old), key_id(new)]
    assert published["attestation"]["keyid"] == key_id(new)
    assert {key_id(old), key_id(new)} <= {one["kid"] for one in published["keys"]}
    pem = client.get("/.well-known/countersign/keys.pem").content.decode()
    assert (pem.count("BEGIN PUBLIC KEY"), "PRIVATE" in pem) == (3, False)
    assert f"# attestation {key_id(new)} signs\n" in pem


def test_a_failing_anchor_is_shown_and_what_is_not_set_too(
    cast: SimpleNamespace, client_of: Callable[..., Client], settings: Settings
) -> None:
    settings.WITNESS = "https://witness.example/log?token=secret"
    page = client_of(cast.adam).get("/system/").content.decode()
    assert "not tried yet" in page and "Set <code>COUNTERSIGN_TSA_URL</code>" in page
    AnchorState.objects.create(
        kind="witness",
        place="https://witness.example/log",
        size=1200,
        tried_at=timezone.now(),
        failures=3,
        failure="https://witness.example/log answered 500.",
    )
    page = client_of(cast.adam).get("/system/").content.decode()
    assert "answered 500." in page and "1,200 entries" in page and "3 times" in page
    assert "secret" not in page


def test_metrics_are_there_to_be_scraped(client: Client) -> None:
    assert "django_http_requests" in client.get("/metrics").content.decode()


@pytest.mark.parametrize("path", ["/models/none/", "/nothing/"])
def test_a_page_that_is_not_there_names_the_request(
    path: str, cast: SimpleNamespace, client_of: Callable[..., Client]
) -> None:
    answer = client_of(cast.ada).get(path)
    assert answer.status_code == 404
    assert answer["X-Request-ID"] in answer.content.decode()


def test_what_breaks_is_a_page_without_a_trace(
    cast: SimpleNamespace, client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governance.portfolio.inventory_views.surroundings", lambda *_, **__: 1 // 0)
    client = client_of(cast.ada)
    client.raise_request_exception = False
    answer = client.get(reverse("portfolio:models"))
    assert answer.status_code == 500
    page = answer.content.decode()
    assert answer["X-Request-ID"] in page
    assert "ZeroDivisionError" not in page


def test_what_breaks_in_the_api_is_a_problem_and_no_allow(
    signed: ModelVersion, api: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governance.gate.api.GateQuestion", lambda **_: 1 // 0)
    client = api("gate")
    client.raise_request_exception = False
    answer = client.post("/api/v1/gate/decisions", {}, content_type="application/json")
    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert "not an allow" in answer.json()["detail"]
    assert "ZeroDivisionError" not in answer.content.decode()


def test_a_stylesheet_and_a_script_are_served_from_here(client: Client) -> None:
    started = time.monotonic()
    page = client.get("/login/").content.decode()
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert time.monotonic() - started < 5
