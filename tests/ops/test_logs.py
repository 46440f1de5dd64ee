"""What is logged: one JSON object a line, with the request it belongs to, and never a secret."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from audit.asked import on_behalf_of
from audit.models import Event
from governance.operation.logs import HIDDEN, JsonLines, TextLines, without_secrets
from tests import builders
from tests.e2e.stack import Stack

ClientOf = Callable[..., Client]
PASSWORD = "canary-of-a-password-7Qx"
KEY = "cs_0a1b2c3d_canaryOfAKey-0123456789abcdefghijkl"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOiJ0b2tlbiJ9.Y2FuYXJ5LXNpZ25hdHVyZQ"
COLLECTOR = "canary-of-the-collector"
CANARIES = (PASSWORD, KEY, "canaryOfAKey", TOKEN, "eyJjYW5hcnkiOiJ0b2tlbiJ9", COLLECTOR)


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """Everything that this process logs, from DEBUG on, as JSON lines."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    answered = logging.getLogger("countersign.answered")
    answered_before = answered.level
    answered.setLevel(logging.INFO)
    yield stream
    answered.setLevel(answered_before)
    root.setLevel(before)
    root.removeHandler(handler)


@pytest.fixture
def told_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes that this test starts log for a collector."""
    monkeypatch.setenv("COUNTERSIGN_LOG_FORMAT", "json")
    monkeypatch.setenv("COUNTERSIGN_SIEM_AUTHORIZATION", f"Bearer {COLLECTOR}")
    monkeypatch.setenv("COUNTERSIGN_SIEM_URL", "https://siem.invalid/collector")


def objects(text: str) -> list[dict[str, Any]]:
    """Every line as what it must be: one JSON object."""
    found = [json.loads(line) for line in text.splitlines()]
    assert all(isinstance(line, dict) for line in found)
    return found


@pytest.mark.parametrize(
    "text",
    [
        f"refused {KEY}",
        f"Authorization: Bearer {TOKEN}",
        f"token {TOKEN} was strange",
        f"could not reach postgres://app:{PASSWORD}@db:5432/countersign",
        f"POST /login/?password={PASSWORD}&next=/",
        f"-----BEGIN PRIVATE KEY-----\n{PASSWORD}\n-----END PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_secret_is_hidden_in_both_formats(text: str) -> None:
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "%s", (text,), None)
    for form in (TextLines("%(message)s"), JsonLines()):
        line = form.format(record)
        assert HIDDEN in line and not any(canary in line for canary in CANARIES)


def test_a_line_is_one_object_with_its_request_and_its_traceback() -> None:
    try:
        raise ValueError(f"two\nlines and password={PASSWORD}")
    except ValueError as error:
        trace = (type(error), error, error.__traceback__)
    record = logging.LogRecord("audit", logging.ERROR, "f", 1, "broke\nhere", None, trace)
    record.facts = {"status": 500, "route": "/x"}
    with on_behalf_of("request-1"):
        line = JsonLines().format(record)
    assert "\n" not in line
    told = json.loads(line)
    assert (told["level"], told["request_id"], told["status"], told["route"]) == (
        "error",
        "request-1",
        500,
        "/x",
    )
    assert "ValueError" in told["exception"] and PASSWORD not in line
    assert without_secrets("nothing to hide: /models/1") == "nothing to hide: /models/1"


@pytest.mark.usefixtures("told_in_json")
def test_a_request_can_be_followed_to_the_worker_and_no_secret_with_it(
    cast: SimpleNamespace,
    client_of: ClientOf,
    said: io.StringIO,
    stack: Stack,
) -> None:
    builders.active_policy(cast)
    version = builders.ready_to_sign(cast)
    review = version.reviews.get()

    Client().post("/login/", {"username": "ada", "password": PASSWORD})
    for secret in (KEY, TOKEN):
        refused = Client(headers={"Authorization": f"Bearer {secret}"}).post(
            "/api/v1/gate/decisions", {"model": "credit-default"}, content_type="application/json"
        )
        assert refused.status_code == 401
    client_of(cast.ada).post(f"/reviews/{review.pk}/sign/", {"role": "risk_officer", "password": PASSWORD})
    asked = client_of(cast.carl).post(
        "/reports/", {"subject": "credit-default/1", "environment": "production"}
    )
    name = asked["X-Request-ID"]
    worked = stack.until(
        "the worker's word on the report",
        lambda: Event.objects.filter(verb__in=("report.succeeded", "report.failed")).first(),
    )

    assert worked.actor == "system:worker" and worked.request_id == name
    line = stack.until("its line", lambda: next(filter(of_the_report, objects(worker_log(stack))), None))
    assert (line["state"], line["request_id"]) == ("success", name)
    here = objects(said.getvalue())
    answered = [line for line in here if line.get("route") and line.get("request_id") == name]
    assert [(line["method"], line["route"], line["status"]) for line in answered] == [
        ("POST", "/reports/", 302)
    ]
    everything = said.getvalue() + "".join(path.read_text() for path in stack.folder.glob("*.log"))
    assert [canary for canary in CANARIES if canary in everything] == []


def of_the_report(line: dict[str, Any]) -> bool:
    """Whether a line tells how the report's task ended."""
    return (line["logger"], line.get("task")) == ("countersign.job", "reports.make")


def worker_log(stack: Stack) -> str:
    """What the worker has said, whole lines only."""
    return (stack.folder / "worker.log").read_text().rpartition("\n")[0]
