"""Metrics: what a scrape tells, and that alerts and dashboard ask for nothing that it does not."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from audit.checkpoints import make_checkpoint
from audit.sequencer import sequence_pending
from evaluations.jobs import claim, finish
from evaluations.models import JobStatus
from governance.operation.scheduling import heartbeat_file
from governance.reports.models import Report
from tests import builders
from tests.ops.processes import ROOT

pytestmark = pytest.mark.django_db
MONITORING = ROOT / "deploy" / "monitoring"
NAME = re.compile(r"\b(?:countersign|django)_\w+")
ALERTS = [
    rule
    for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS = json.loads((MONITORING / "dashboard.json").read_text())["panels"]


class Scrape:
    """One answer of /metrics, as Prometheus reads it."""

    def __init__(self, text: str) -> None:
        families = list(text_string_to_metric_families(text))
        self.names = {sample.name for family in families for sample in family.samples}
        self._values = {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """One number."""
        return self._values[(f"countersign_{name}", *sorted(labels.items()))]


def scraped() -> Scrape:
    """What /metrics says now."""
    return Scrape(Client().get("/metrics").content.decode())


def test_a_scrape_tells_of_queues_jobs_the_log_and_the_gate(
    cast: SimpleNamespace, api: Callable[..., Client], client_of: Callable[..., Client]
) -> None:
    builders.active_policy(cast)
    builders.ready_to_sign(cast)
    before = scraped()
    question = {"model": "credit-default", "version": "1", "environment": "production"}
    pipeline = api("gate")
    for asked, status in ((question, 200), (question | {"version": "99"}, 404)):
        answer = pipeline.post("/api/v1/gate/decisions", asked, content_type="application/json")
        assert answer.status_code == status
    client_of(cast.carl).post("/reports/", {"subject": "credit-default/1", "environment": "production"})
    waiting = scraped()

    assert waiting.value("queue_jobs", queue="countersign") == 1
    assert waiting.value("queue_jobs", queue="heavy") == 0
    assert waiting.value("log_pending_events") > 0 and waiting.value("log_entries") == 0
    for word, more in (("deny", 1), ("none", 1), ("allow", 0)):
        name = "gate_answer_seconds_count"
        assert waiting.value(name, answer=word) - before.value(name, answer=word) == more

    now = timezone.now()
    report = claim(Report, Report.objects.get().pk, at=now)
    assert report is not None
    ended = {"failure": "The layout failed."}
    finish(report, status=JobStatus.FAILED, at=now + timedelta(seconds=7), values=ended)
    while sequence_pending():
        pass
    make_checkpoint(now - timedelta(minutes=30))
    heartbeat_file().touch()
    later = scraped()

    assert later.value("jobs_ended_total", job="report", status="failed") == 1
    assert later.value("jobs_run_seconds_total", job="report") == pytest.approx(7, abs=0.1)
    assert later.value("queue_jobs", queue="countersign") == 0
    assert later.value("log_lag_seconds") == 0 and later.value("log_unsigned_entries") == 0
    assert later.value("checkpoint_age_seconds") == pytest.approx(1800, abs=120)
    assert later.value("scheduler_silent_seconds") < 60 and later.value("database_up") == 1

    asked_for = {name for text in expressions() for name in NAME.findall(text)}
    assert len(asked_for) > 15
    assert asked_for - later.names == set()


def test_without_a_database_the_scrape_says_so_and_goes_on() -> None:
    def gone(*_: object) -> None:
        raise OperationalError("gone")

    with connection.execute_wrapper(gone):
        found = scraped()
    assert found.value("database_up") == 0
    assert "countersign_log_entries" not in found.names


def expressions() -> list[str]:
    """Everything that alerts and dashboard ask Prometheus."""
    return [rule["expr"] for rule in ALERTS] + [
        target["expr"] for panel in PANELS for target in panel["targets"]
    ]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_each_alert_leads_to_what_to_do_about_it(rule: dict[str, Any]) -> None:
    document, _, place = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / document).read_text(), re.M)
    assert place in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert rule["labels"]["severity"] in {"critical", "warning"} and rule["annotations"]["summary"]
