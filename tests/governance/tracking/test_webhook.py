"""MLflow's registry webhook: signed messages bring new versions in, and nothing else does."""

import json
import time
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client
from mlflow.entities.webhook import WebhookEvent
from pytest_django.live_server_helper import LiveServer

from audit.models import Event
from governance.tracking.hooks import EVENTS, signature
from governance.tracking.rounds import run_round
from registry.models import ModelVersion, SyncRun, TrackingServer
from registry.tracking_stores import hook_secret
from registry.wishes import Wanted
from tests.governance.tracking.conftest import told
from tests.governance.tracking.real_server import MlflowServer
from tests.ops.processes import eventually

Send = Callable[..., int]
CREATED = {"entity": "model_version", "action": "created", "data": {"name": "Credit", "version": "2"}}


@pytest.fixture
def quiet_server(connect: Callable[..., TrackingServer]) -> TrackingServer:
    """Connected, and never asked in these tests."""
    cache.clear()
    return connect("http://mlflow.example.org")


@pytest.fixture
def send(quiet_server: TrackingServer) -> Send:
    """A message, signed as MLflow signs unless told otherwise; the status of the answer."""

    def send(
        body: object = CREATED,
        *,
        secret: str = "",
        delivery: str = "d-1",
        age: int = 0,
        without: str = "",
        to: str = "research",
    ) -> int:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = str(int(time.time()) - age)
        headers = {
            "X-MLflow-Signature": signature(secret or hook_secret(quiet_server), delivery, sent, raw),
            "X-MLflow-Delivery-Id": delivery,
            "X-MLflow-Timestamp": sent,
        }
        headers.pop(without, None)
        client = Client(enforce_csrf_checks=True, headers=headers)
        answer = client.post(f"/api/v1/mlflow/{to}/events", raw, content_type="application/json")
        return answer.status_code

    return send


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_mlflow_itself_says_that_there_is_a_new_version(
    mlflow_store: MlflowServer,
    server: TrackingServer,
    bring: Callable[..., SyncRun],
    live_server: LiveServer,
    name: str,
) -> None:
    cache.clear()
    mlflow_store.logs(name, {"auc": 0.8})
    bring(name)
    hook = mlflow_store.client.create_webhook(
        name="countersign",
        url=f"{live_server.url}/api/v1/mlflow/{server.name}/events",
        events=[*map(WebhookEvent.from_str, EVENTS)],  # type: ignore[arg-type]
        secret=hook_secret(server),
    )
    try:
        time.sleep(1.1)  # MLflow remembers for a second that there was no webhook
        mlflow_store.logs(name, {"auc": 0.9})
        assert eventually(lambda: SyncRun.objects.filter(status="queued").exists(), within=20)
    finally:
        mlflow_store.client.delete_webhook(hook.webhook_id)

    run = SyncRun.objects.get(status="queued")
    assert (run.asked_by, run.wanted["names"]) == ("MLflow's webhook", [name])
    assert run_round(run.pk)
    run.refresh_from_db()
    assert told(run)[0].startswith(f"{name} 2: is ")
    assert ModelVersion.objects.count() == 2


@pytest.mark.django_db
def test_a_signed_message_asks_for_a_round_and_several_are_joined(send: Send) -> None:
    assert send() == 202
    assert send({**CREATED, "data": {"name": "Fraud"}}, delivery="d-2") == 202

    run = SyncRun.objects.get()
    assert Wanted.from_json(run.wanted).names == ("Credit", "Fraud")


@pytest.mark.django_db
def test_a_message_about_something_else_is_taken_and_asks_for_nothing(send: Send) -> None:
    assert send({"entity": "prompt", "action": "created", "data": {"name": "p"}}) == 202
    assert not SyncRun.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"secret": "guessed"}, "not made with this server's secret"),
        ({"age": 301}, "older than five minutes"),
        ({"age": -400}, "older than five minutes"),
        ({"without": "X-MLflow-Signature"}, "lacks"),
        ({"without": "X-MLflow-Delivery-Id"}, "lacks"),
        ({"without": "X-MLflow-Timestamp"}, "lacks"),
    ],
)
def test_a_message_that_is_not_genuine_is_refused_and_recorded(
    send: Send, wrong: dict[str, object], why: str
) -> None:
    assert send(**wrong) == 401

    assert not SyncRun.objects.exists()
    event = Event.objects.get(verb="mlflow.hook_refused")
    assert event.subject == "mlflow:research" and why in event.detail["reason"]


@pytest.mark.django_db
def test_the_same_message_is_not_taken_twice(send: Send) -> None:
    assert send() == 202
    SyncRun.objects.all().delete()

    assert send() == 401
    assert not SyncRun.objects.exists()


@pytest.mark.django_db
def test_another_servers_secret_does_not_open_this_one(
    send: Send, connect: Callable[..., TrackingServer]
) -> None:
    other = connect("http://other.example.org", name="other")

    assert send(secret=hook_secret(other)) == 401
    assert send(to="nowhere") == 401


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"entity": "x"}', b"\xff\xfe"])
def test_a_signed_message_that_makes_no_sense_is_said_so(send: Send, body: bytes) -> None:
    assert send(body) == 400
    assert not SyncRun.objects.exists()


@pytest.mark.django_db
def test_a_message_larger_than_mlflow_sends_is_not_read(send: Send) -> None:
    assert send(b"x" * 300_000) == 413


@pytest.mark.django_db
def test_so_many_messages_a_minute(send: Send) -> None:
    answers = {send(secret="guessed") for _ in range(125)}

    assert answers == {401, 429}
