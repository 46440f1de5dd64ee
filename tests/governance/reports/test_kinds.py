"""The file of a model and the gate's activity in a period: what they say, and that an outsider can check it."""

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from governance.gate.actions import decide
from governance.reports.models import Report
from governance.reports.tasks import make_report
from registry.models import ModelVersion
from riskreview.findings.answering import respond
from riskreview.models import SignOff
from riskreview.reviews.withdrawing import withdraw
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.governance.reports.test_bundle import Auditor, auditor, files_of, packed
from tests.governance.reports.test_reports import opened

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
__all__ = ["auditor"]
ClientOf = Callable[[User], Client]


def asked(client: Client, **given: str) -> Report:
    """A report that was asked for on the page and made by a worker."""
    answer = client.post("/reports/", given)
    assert answer.status_code == 302, answer.content
    report = Report.objects.get()
    assert answer["Location"] == f"/reports/{report.pk}/"
    make_report(report.pk)
    report.refresh_from_db()
    assert report.status == "succeeded", report.failure
    return report


def today(days: int = 0) -> str:
    return (timezone.now() + timedelta(days=days)).date().isoformat()


def test_the_file_of_a_model_tells_every_version_and_an_auditor_can_check_it(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf, auditor: Auditor
) -> None:
    decision = builders.a_decision(cast, signed)
    newer = builders.a_version(cast, signed.model, "2")
    client = client_of(cast.carl)
    report = asked(client, kind="model", subject=signed.model.slug)

    text, facts = opened(report)
    for words in ("Model file at", "Newest version, 2, in production: deny", "Version 1 in production"):
        assert words in text
    for words in ("Ada Okafor", "Viktor Sahl", str(decision.pk)):
        assert words in text
    assert [row["version"] for row in facts["versions"]] == ["2", "1"]
    assert facts["versions"][0]["artifact_digest"] == newer.artifact_digest
    told = {(part["version"], part["environment"]): part for part in facts["parts"]}
    assert told["1", "production"]["decision"] == "allow" and told["2", "production"]["decision"] == "deny"
    assert {row["signer"] for row in told["1", "production"]["signoffs"]} == {"viktor", "ada"}

    page = client.get(f"/reports/{report.pk}/")
    assert f"/models/{signed.model.slug}/" in page.content.decode()
    content = client.get(f"/reports/{report.pk}/bundle/").content
    code, said = auditor.checks(content)
    assert code == 0, said
    assert "All 2 signatures are in the log" in said and "All 1 decisions of the gate are signed" in said
    assert json.loads(files_of(content)["manifest.json"])["format"] == "countersign-bundle/2"

    def without_ada(facts: dict[str, Any]) -> None:
        part = next(part for part in facts["parts"] if part["signoffs"])
        part["signoffs"] = [row for row in part["signoffs"] if row["signer"] != "ada"]

    code, said = auditor.checks(changed(content, without_ada))
    assert code == 1 and "by user:ada as risk_officer" in said and "missing from the report" in said


def test_the_file_of_a_model_as_it_stood_tells_nothing_of_what_came_later(
    cast: SimpleNamespace,
    signed: ModelVersion,
    client_of: ClientOf,
    auditor: Auditor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later = AT + timedelta(hours=1)
    then = decide(
        version=signed,
        environment="production",
        context={},
        dry_run=False,
        actor=actor_of_user(cast.dev),
        at=AT + timedelta(minutes=1),
    )
    standing = builders.a_finding(cast, signed, severity="low", title="It stood open then")
    withdraw(
        signoff=SignOff.objects.get(role="validator"),
        reason="The sample was too small to say so.",
        user=cast.viktor,
        actor=actor_of_user(cast.viktor),
        at=later,
    )
    respond(
        finding=standing,
        response="plan",
        answer="We count them from next month on.",
        user=cast.olga,
        actor=actor_of_user(cast.olga),
        at=later,
    )
    monkeypatch.setattr("tests.builders.AT", later)
    builders.a_version(cast, signed.model, "2")
    builders.a_finding(cast, signed, title="Found after that moment")

    client = client_of(cast.aud)
    report = asked(client, kind="model", subject=signed.model.slug, as_of="2026-11-21T09:05:00")

    text, facts = opened(report)
    assert report.past and facts["as_of"] == "2026-11-21T09:05:00.000000Z"
    assert "Rebuilt from the record" in text and facts["rebuilt"] == {"gaps": []}
    assert [row["version"] for row in facts["versions"]] == ["1"]
    assert [(row["id"], row["state"]) for row in facts["findings"]] == [(standing.name, "open")]
    part = next(part for part in facts["parts"] if part["environment"] == "production")
    assert [row["id"] for row in part["decisions"]] == [str(then.pk)]
    assert {row["signer"] for row in part["signoffs"]} == {"viktor", "ada"}
    assert "Found after that moment" not in text and "Version 2" not in text
    code, said = auditor.checks(client.get(f"/reports/{report.pk}/bundle/").content)
    assert code == 0, said


def test_reports_of_different_moments_are_made_beside_each_other(
    version: ModelVersion, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    client, about = client_of(cast.aud), {"kind": "model", "subject": version.model.slug}
    for moment in ("2026-11-21T09:05:00", "2026-11-21T09:06:00", "", "2026-11-21T09:05:00", ""):
        client.post("/reports/", about | {"as_of": moment})
    assert [row.past for row in Report.objects.order_by("pk")] == [True, True, False]


def test_gate_activity_counts_every_answer_of_the_period_and_nothing_else(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf, auditor: Auditor
) -> None:
    allowed = builders.a_decision(cast, signed)
    dry = builders.a_decision(cast, signed, dry_run=True)
    unsigned = builders.a_version(cast, signed.model, "2")
    denied = builders.a_decision(cast, unsigned)
    builders.a_decision(cast, unsigned, hours=24 * 40)  # before the period
    builders.a_decision(cast, unsigned, "staging")  # not asked for
    client = client_of(cast.carl)
    report = asked(client, kind="gate", environment="production", since=today(-30), until=today())

    text, facts = opened(report)
    assert "production only" in text and "1 dry runs are left out" in text
    assert {row["id"] for row in facts["decisions"]} == {str(row.pk) for row in (allowed, dry, denied)}
    assert facts["counts"]["All"] == {"allow": 1, "waiver": 0, "break_glass": 0, "deny": 1}
    assert str(denied.pk) in text and denied.unmet[0]["title"] in text
    assert facts["reasons"][0]["denials"] == 1

    content = client.get(f"/reports/{report.pk}/bundle/").content
    code, said = auditor.checks(content)
    assert code == 0, said
    assert "All 2 decisions of the gate are signed" in said

    def without_the_denial(facts: dict[str, Any]) -> None:
        facts["decisions"] = [row for row in facts["decisions"] if row["id"] != str(denied.pk)]

    code, said = auditor.checks(changed(content, without_the_denial))
    assert code == 1 and f"Decision {denied.pk} is in the log and missing from the report" in said


def changed(content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The bundle with other facts, whose own list agrees with them."""
    files = files_of(content)
    facts = json.loads(files["facts.json"])
    change(facts)
    return packed({**files, "facts.json": json.dumps(facts).encode()})


REFUSED = [
    ({"kind": "gate", "since": "2026-10-01", "until": "2026-09-30"}, "ends before it begins"),
    ({"kind": "gate", "since": "2999-10-01", "until": "2999-10-02"}, "has not begun"),
    ({"kind": "gate", "since": "2020-01-01", "until": "2026-09-30"}, "longer than 400 days"),
    ({"kind": "gate", "since": "2026-02-30", "until": "2026-09-30"}, "is no day"),
    ({"kind": "gate", "since": "2026-02-01"}, "Nothing is no day"),
    (
        {"kind": "gate", "since": "2026-02-01", "until": "2026-02-02", "environment": "moon"},
        "no environment moon",
    ),
    ({"kind": "poem"}, "no report of the kind poem"),
    ({"kind": "model", "subject": "credit-default", "as_of": "2026-10-01T09:00"}, "model did not exist then"),
    ({"kind": "model", "subject": "credit-default", "as_of": "2999-10-01T09:00"}, "lies in the future"),
    ({"kind": "portfolio", "as_of": "2026-10-01T09:00"}, "when it is made"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_a_question_that_makes_no_sense_is_refused_in_words(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf, given: dict[str, str], said: str
) -> None:
    page = client_of(cast.carl).post("/reports/", given, follow=True).content.decode()
    assert said in page
    assert not Report.objects.exists()


def test_a_period_with_more_answers_than_a_report_holds_fails_with_the_reason(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governance.reports.gate_activity.MOST_DECISIONS", 1)
    builders.a_decision(cast, signed)
    builders.a_decision(cast, signed)
    client_of(cast.carl).post("/reports/", {"kind": "gate", "since": today(-1), "until": today()})
    report = Report.objects.get()
    make_report(report.pk)
    page = client_of(cast.carl).get(f"/reports/{report.pk}/").content.decode()
    assert "Choose a shorter one, or one environment." in page
    assert f'name="since" value="{today(-1)}"' in page and f'name="until" value="{today()}"' in page


def test_the_other_kinds_by_api(signed: ModelVersion, api: Callable[..., Client]) -> None:
    client = api("reports:write", "reports:read")
    for question, about in (
        ({"kind": "model", "model": "credit-default"}, ("credit-default", None)),
        ({"kind": "gate", "since": today(-3), "until": today(-1)}, (None, None)),
    ):
        answer = client.post("/api/v1/reports", question, content_type="application/json")
        assert answer.status_code == 202, answer.content
        told = client.get(answer["Location"]).json()
        assert (told["kind"], (told["model"], told["version"])) == (question["kind"], about)
    assert told["since"].startswith(today(-3)) and told["as_of"].startswith(today())
    unknown = client.post("/api/v1/reports", {"kind": "model"}, content_type="application/json")
    assert unknown.status_code == 404


def test_what_one_types_is_found_by_any_part_of_its_name(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    client = client_of(cast.carl)
    assert (
        '<option value="credit-default/1">' in client.get("/reports/subjects/?subject=FAULT").content.decode()
    )
    models = client.get("/reports/subjects/?kind=model&subject=credit").content.decode()
    assert '<option value="credit-default">' in models
    assert "<option" not in client.get("/reports/subjects/?subject=credit-default/7").content.decode()
