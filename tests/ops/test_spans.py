"""OpenTelemetry: what took how long arrives at a collector that runs, and nothing that people wrote with it."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as product
from django.test import Client
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pytest_django.fixtures import Settings

from accounts.models import User
from audit import spans
from audit.spans import Steps, flush, parent_now, span
from governance.operation import tracing
from registry.models import RegisteredModel
from tests import builders

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


class Collector:
    """Takes OTLP over HTTP."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                collector.raw.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def spans(self) -> list[Any]:
        """Every span that came, once what waits was sent."""
        flush()
        sent = [ExportTraceServiceRequest.FromString(raw) for raw in self.raw]
        scopes = [scope for one in sent for resource in one.resource_spans for scope in resource.scope_spans]
        return [found for scope in scopes for found in scope.spans]

    def named(self, name: str) -> Any:
        """The one span of this name."""
        [found] = [one for one in self.spans() if one.name == name]
        return found


def facts(found: Any) -> dict[str, str]:
    return {one.key: one.value.string_value or str(one.value.int_value) for one in found.attributes}


@pytest.fixture
def collector(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    made = Collector()
    settings.OTLP_ENDPOINT = made.url
    spans._provider.cache_clear()
    yield made
    flush()
    spans._provider.cache_clear()
    made.server.shutdown()
    made.server.server_close()


def test_a_request_is_a_span_with_its_statements_below_and_no_word_of_people(
    collector: Collector, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    builders.a_model(cast)
    answer = client_of(cast.adam).get("/people/dev/?q=secret-wish", headers={"Cookie-Like": "secret-cookie"})
    assert answer.status_code == 200
    [asked] = [one for one in collector.spans() if one.name.startswith("GET /people/<")]
    told = facts(asked)
    assert told["http.response.status_code"] == "200"
    assert told["countersign.request_id"] == answer["X-Request-ID"]
    below = [one for one in collector.spans() if one.parent_span_id == asked.span_id]
    assert any(facts(one).get("db.collection.name") == "accounts_user" for one in below)
    assert {one.trace_id for one in below} == {asked.trace_id}
    whole = b"".join(collector.raw)
    for word in (
        b"secret-wish",
        b"secret-cookie",
        b"Menon",
        b"/people/dev",
        b"sessionid",
        b"WHERE",
        b"pbkdf2",
    ):
        assert word not in whole


def test_what_broke_says_its_class_and_not_its_words(collector: Collector) -> None:
    with pytest.raises(ValueError, match="Ada"), span("work"):
        raise ValueError("Ada's salary is 5")
    found = collector.named("work")
    assert (facts(found)["error.type"], found.status.code) == ("ValueError", 2)
    assert b"salary" not in b"".join(collector.raw)


def test_a_strangers_trace_is_not_taken_up_and_a_proxys_is(
    collector: Collector, settings: Settings, cast: SimpleNamespace
) -> None:
    theirs = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    Client().get("/healthz", headers={"traceparent": theirs})
    settings.TRUST_REQUEST_IDS = True
    Client().get("/healthz", headers={"traceparent": theirs})
    ids = [one.trace_id.hex() for one in collector.spans() if one.name == "GET /healthz"]
    assert [one == "4bf92f3577b34da6a3ce929d0e0e4736" for one in ids] == [False, True]


def test_a_task_belongs_to_the_request_that_sent_it(collector: Collector) -> None:
    with span("asked"):
        headers: dict[str, Any] = {}
        tracing._send_along(headers=headers)
        assert headers[tracing.TRACE] == parent_now()
    task = SimpleNamespace(name="models.count", request=SimpleNamespace(**headers))
    tracing._take_up(task=task)
    RegisteredModel.objects.count()
    tracing._put_down(task=task, state="SUCCESS")
    RegisteredModel.objects.count()  # nobody's any more
    found = collector.named("models.count")
    assert found.parent_span_id == collector.named("asked").span_id
    below = [one.name for one in collector.spans() if one.parent_span_id == found.span_id]
    assert below == ["SELECT registry_registeredmodel"]


def test_steps_follow_each_other_and_are_bounded(collector: Collector) -> None:
    with span("evaluation fairness"):
        steps = Steps()
        for number in range(500):
            steps.begin(f"step {number // 2}")
        steps.end()
    outer = collector.named("evaluation fairness")
    inner = [one for one in collector.spans() if one.parent_span_id == outer.span_id]
    assert len(inner) == spans.MOST_STEPS
    assert [one.name for one in inner[:2]] == ["step 0", "step 1"]


def test_a_collector_that_is_gone_fails_no_request(settings: Settings, cast: SimpleNamespace) -> None:
    settings.OTLP_ENDPOINT = "http://127.0.0.1:9"
    spans._provider.cache_clear()
    assert Client().get("/healthz").status_code == 200
    spans._provider.cache_clear()


def test_without_an_address_nothing_is_imported() -> None:
    told = (
        "import json, sys; import governance.celery, governance.wsgi; "
        "names = ('opentelemetry.sdk.trace', 'opentelemetry.exporter'); "
        "print(json.dumps([name for name in sys.modules if name.startswith(names)]))"  # redis brings the metrics
    )
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=product.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []
