"""Reports for a validator, a board and a regulator: what each tells, what is refused, and that its bundle holds."""

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from evaluations.jobs import claim
from governance.compliance.concluding import conclude, take_back
from governance.compliance.gaps import open_gap
from governance.compliance.library import frameworks
from governance.compliance.scoping import decide_scope
from governance.reports.actions import request_report
from governance.reports.asking import Question
from governance.reports.kinds import tell
from governance.reports.models import Report
from governance.reports.tasks import make_report
from registry.actions import record_deployment, retire_model
from registry.models import ModelVersion
from riskreview.findings.answering import ask_extension, remediate, respond
from riskreview.models import Decision, Finding
from riskreview.reviews.given import ConditionAsked
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.governance.reports.test_bundle import Auditor, auditor, files_of, packed
from tests.governance.reports.test_reports import opened

__all__ = ["auditor"]
pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ClientOf = Callable[[User], Client]
FRAMEWORK = "sr-26-2"
PLAN = "We count overrides from the next release on, by desk."


def asked(client: Client, **given: str) -> Report:
    """The report that was asked for with the form, made by a worker."""
    answer = client.post("/reports/", given, follow=True)
    assert "Waiting for a worker" in answer.content.decode()
    report = Report.objects.latest("pk")
    make_report(report.pk)
    report.refresh_from_db()
    assert (report.status, report.failure) == ("succeeded", "")
    return report


def told(cast: SimpleNamespace, **given: Any) -> dict[str, Any]:
    """The facts of a report that is not laid out."""
    actor = actor_of_user(cast.carl)
    report = request_report(question=Question(**given), requester=cast.carl, actor=actor, at=timezone.now())
    facts: dict[str, Any] = json.loads(tell(report, at=report.as_of).facts)
    report.delete()
    return facts


def a_course(cast: SimpleNamespace, version: ModelVersion) -> Finding:
    """Found by Viktor at AT, answered by Olga an hour later, and mended after another."""
    finding = builders.a_finding(cast, version, severity="low")
    olga = {"user": cast.olga, "actor": actor_of_user(cast.olga)}
    hour = timedelta(hours=1)
    respond(finding=finding, response="plan", answer=PLAN, **olga, at=AT + hour)
    later = finding.due_on + timedelta(days=20)
    ask_extension(finding=finding, until=later, reason="The desk moves in March.", **olga, at=AT + hour)
    evidence = "Release 7 counts them; the first figures are in."
    return remediate(finding=finding, evidence=evidence, **olga, at=AT + 2 * hour)


def test_a_validation_report_tells_the_conclusion_the_worst_first_and_the_course_of_findings(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf, auditor: Auditor
) -> None:
    finding = a_course(cast, version)
    builders.unexplained(cast, version)
    condition = ConditionAsked("Count overrides by desk", AT.date() + timedelta(days=30))
    builders.a_signature(
        version.reviews.get(),
        cast.viktor,
        "validator",
        Decision.APPROVE_WITH_CONDITIONS,
        conditions=[condition],
    )
    client = client_of(cast.carl)
    given = {"subject": "credit-default/1", "environment": "production"}
    report = asked(client, kind="validation", **given)
    text, facts = opened(report)

    for words in (
        "Validators: Approve with conditions",
        "Count overrides by desk",
        "Rows explained 20, asked at least 50",
        PLAN,
        "The desk moves in March.",
    ):
        assert words in text, words
    assert facts["tested"][0]["missed"] == ["explained_rows"], "what misses the policy comes first"
    assert {row["kind"] for row in facts["not_tested"]} >= {"calibration", "privacy"}
    (row,) = facts["findings"]
    steps = [step["kind"] for step in row["steps"]]
    assert (row["id"], steps) == (
        finding.name,
        ["raised", "responded", "extension_asked", "remediated"],
    )
    assert [step["by"] for step in row["steps"]] == ["viktor", "olga", "olga", "olga"]

    then = told(
        cast, kind="validation", version=version, environment="production", moment=AT + timedelta(minutes=90)
    )
    assert then["findings"][0]["state"] == "responded"
    assert [step["kind"] for step in then["findings"][0]["steps"]] == steps[:3]

    content = client.get(f"/reports/{report.pk}/bundle/").content
    code, said = auditor.checks(content)
    assert code == 0 and "NO" not in said, said
    assert "The course of all 1 findings is as the log tells it" in said
    files = files_of(content)
    files["facts.json"] = files["facts.json"].replace(PLAN.encode(), b"We never answered.")
    code, said = auditor.checks(packed(files))
    assert code == 1 and "finding.responded" in said


def test_a_portfolio_report_tells_what_needs_attention_and_how_it_moved(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    retired = builders.a_model(cast, "old-score")
    retire_model(model=retired, reason="Replaced by another score.", actor=actor_of_user(cast.ada), at=AT)
    builders.a_model(cast, "new-score")
    Finding.objects.filter(pk=builders.a_finding(cast, signed).pk).update(
        due_on=AT.date() - timedelta(days=400)
    )
    builders.a_waiver(cast, builders.unexplained(cast, signed))
    record_deployment(
        version=signed,
        environment="production",
        decision_id="",
        problem="no decision was named",
        note="",
        actor=actor_of_user(cast.dev),
        at=AT,
    )
    client = client_of(cast.carl)
    report = asked(client, kind="portfolio")
    text, facts = opened(report)

    for words in ("v1 runs without a valid decision", "Findings overdue", "Credit default, v1", "New score"):
        assert words in text, words
    assert "Old score" not in text
    figures = facts["figures"]
    assert figures | {"models": 2, "unapproved": 1, "overdue_findings": 1, "waivers": 1} == figures
    assert [row["model"] for row in facts["models"]] == ["credit-default", "new-score"], "the worst first"
    assert (facts["retired"], facts["changes"]["New versions"]) == (1, 1)
    page = client.get(f"/reports/{report.pk}/").content.decode()
    assert "/bundle/" not in page
    refused = client.get(f"/reports/{report.pk}/bundle/")
    assert refused.status_code == 409 and "record of every model" in refused.content.decode()

    builders.a_model(cast, "newest-score")
    client.post("/reports/", {"kind": "portfolio"})
    again = Report.objects.latest("pk")
    assert again.since == report.as_of
    steps: list[str] = []
    second = tell(again, at=timezone.now(), say=lambda progress, step: steps.append(step))
    assert "+1" in second.html and json.loads(second.facts)["changes"]["New models"] == 0
    assert "Reading the inventory" in steps, "a long gathering shows how far it is"


def test_a_framework_report_keeps_evidence_and_conclusions_apart_and_its_bundle_proves_them(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf, auditor: Auditor
) -> None:
    controls = [control.id for control in frameworks()[FRAMEWORK].of_level("model")]
    carl = {"user": cast.carl, "actor": actor_of_user(cast.carl)}
    about: dict[str, Any] = {"framework": FRAMEWORK, "model": signed.model}
    for control, verdict in zip(controls, ("satisfied", "partly", "satisfied"), strict=False):
        conclude(
            controls=[control],
            verdict=verdict,
            rationale="I read what the record holds of it.",
            until=AT.date() + timedelta(days=100),
            **about,
            **carl,
            at=AT,
        )
    take_back(control=controls[2], rationale="I mixed up two controls there.", **about, **carl, at=AT)
    due, lacks = timezone.now().date() + timedelta(days=9), "Missing: the record of use."
    open_gap(control=controls[3], owner=cast.olga, due_on=due, lacks=lacks, **about, **carl, at=AT)
    client = client_of(cast.carl)
    why = "The board decided to follow it."
    decide_scope(framework=FRAMEWORK, model=None, stance="applies", rationale=why, **carl, at=AT)
    report = asked(client, kind="framework", framework=FRAMEWORK, subject="credit-default")
    text, facts = opened(report)

    for words in ("In force", "Nobody has concluded.", "Partly satisfied", "The board decided", lacks):
        assert words in text, words
    (model,) = facts["models"]
    first, second, third = model["controls"][:3]
    assert (first["conclusion"]["verdict"], second["conclusion"]["verdict"]) == ("satisfied", "partly")
    assert third["conclusion"] is None, "what was taken back does not stand"
    assert all(state in ("present", "stale", "missing") for state in first["evidence"].values())
    assert [gap["control"] for gap in facts["gaps"]] == [controls[3]]
    everybody = told(cast, kind="framework", framework=frameworks()[FRAMEWORK])
    assert [row["model"] for row in everybody["models"]] == ["credit-default"]

    content = client.get(f"/reports/{report.pk}/bundle/").content
    code, said = auditor.checks(content)
    assert code == 0 and "All 2 conclusions on controls are in the log" in said, said
    files = files_of(content)
    files["facts.json"] = files["facts.json"].replace(b'"verdict":"partly"', b'"verdict":"satisfied"')
    code, said = auditor.checks(packed(files))
    assert code == 1 and "does not hold “satisfied”" in said and "missing from the report" in said


QUESTIONS = [
    ({"kind": "portfolio", "as_of": "2026-01-01T00:00:00Z"}, 400, "tells how things stand"),
    ({"kind": "framework", "framework": "eu-ai-act", "as_of": "2026-01-01T00:00:00Z"}, 400, "tells how"),
    ({"kind": "portfolio", "since": "2999-01-01"}, 400, "has not come"),
    ({"kind": "framework", "framework": "no-such"}, 404, "no framework no-such"),
    ({"kind": "framework", "framework": FRAMEWORK, "model": "none"}, 404, "none"),
    ({"kind": "validation", "model": "credit-default", "version": "9"}, 404, "has no version 9"),
    ({"kind": "portfolio"}, 202, "The whole portfolio"),
    ({"kind": "framework", "framework": FRAMEWORK}, 202, "Revised Guidance"),
    ({"kind": "validation", "model": "credit-default", "version": "1"}, 202, "Credit default v1"),
]


def test_a_pipeline_asks_for_them_and_is_told_what_cannot_be_asked(
    cast: SimpleNamespace, version: ModelVersion, api: Callable[..., Client], client_of: ClientOf
) -> None:
    client, browser = api("reports:write"), client_of(cast.carl)
    for question, status, words in QUESTIONS:
        answer = client.post("/api/v1/reports", question, content_type="application/json")
        assert (answer.status_code, question) == (status, question)
        if status == 202:
            assert words in browser.get("/reports/").content.decode()
            assert claim(Report, Report.objects.latest("pk").pk, at=timezone.now())
        else:
            assert words in json.dumps(answer.json())
    assert Report.objects.count() == 3
    assert Report.objects.get(kind="validation").environment == "production"
    for kind, words in (
        ("validation", "As of"),
        ("portfolio", "Changes since"),
        ("framework", "Only one model"),
    ):
        assert words in browser.get(f"/reports/?kind={kind}").content.decode()
