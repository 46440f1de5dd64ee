"""Audit reports: asked for, made by a worker's task, kept with a checksum, or failed with the reason."""

import hashlib
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pypdf
import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.refusals import Conflict
from audit.models import Event
from evaluations.jobs import LEASE, LOST, MAX_ATTEMPTS, claim, sweep
from governance.gate.actions import decide
from governance.reports import tasks
from governance.reports.actions import fail_report, request_report
from governance.reports.asking import Question
from governance.reports.models import Report
from governance.reports.places import reports_folder
from governance.reports.tasks import make_report
from registry.models import ModelVersion
from riskreview.models import Decision
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.downloads import streamed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ClientOf = Callable[[User], Client]


def made(
    cast: SimpleNamespace,
    version: ModelVersion,
    environment: str = "production",
    moment: datetime | None = None,
) -> Report:
    """A report that Carl asked for and a worker made."""
    report = request_report(
        question=Question(version=version, environment=environment, moment=moment),
        requester=cast.carl,
        actor=actor_of_user(cast.carl),
        at=AT,
    )
    make_report(report.pk)
    report.refresh_from_db()
    return report


def opened(report: Report) -> tuple[str, dict[str, Any]]:
    """The text of the PDF and the JSON that is attached to it."""
    content = (reports_folder() / report.file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == report.sha256
    assert len(content) == report.size
    document = pypdf.PdfReader(io.BytesIO(content))
    assert len(document.pages) == report.pages
    text = " ".join(" ".join(page.extract_text() for page in document.pages).split())
    return text, json.loads(document.attachments["evidence.json"][0])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("2999-01-01T00:00:00", "lies in the future"),
        ("1999-01-01T00:00:00", "did not exist then"),
        ("noon", "no date and time"),
    ],
)
def test_a_moment_that_cannot_be_is_refused_and_what_was_chosen_stays(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf, asked: str, said: str
) -> None:
    given = {"subject": f"{version.model.slug}/{version.version}", "environment": "staging", "as_of": asked}
    page = client_of(cast.carl).post("/reports/", given, follow=True).content.decode()

    assert said in page
    assert '<option value="staging" selected>' in page and f'value="{asked}"' in page
    assert 'value="credit-default/1"' in page
    assert not Report.objects.exists()


def test_the_report_says_whether_it_may_run_on_what_grounds_and_who_signed(
    cast: SimpleNamespace, signed: ModelVersion
) -> None:
    decision = decide(
        version=signed,
        environment="production",
        context={},
        dry_run=False,
        actor=actor_of_user(cast.dev),
        at=AT,
    )
    report = made(cast, signed)
    assert (report.status, report.failure) == ("succeeded", "")
    text, evidence = opened(report)
    glossary = "Measures and how they were computed"
    for words in ("Production: allow", "Ada Okafor", "Viktor Sahl", "default v3", str(decision.pk), glossary):
        assert words in text
    assert signed.artifact_digest in text.replace(" ", "")
    assert evidence["decision"] == "allow"
    assert {row["signer"] for row in evidence["signoffs"]} == {"viktor", "ada"}
    assert evidence["decisions"][0]["attestation"]["payloadType"] == "application/vnd.in-toto+json"
    inside = pypdf.PdfReader(reports_folder() / report.file).attachments
    assert set(inside) == {"evidence.json", "policy-default-3.json", "attestations.json", "keys.json"}
    assert f"sha256:{hashlib.sha256(inside['policy-default-3.json'][0]).hexdigest()}" == evidence["policy"]
    assert json.loads(inside["attestations.json"][0]) == [evidence["decisions"][0]["attestation"]]
    event = Event.objects.get(verb="report.succeeded")
    assert event.detail["sha256"] == report.sha256


def test_a_report_of_a_denied_version_says_who_must_act(cast: SimpleNamespace, version: ModelVersion) -> None:
    text, evidence = opened(made(cast, version))
    assert "Production: deny" in text
    assert "Nobody has signed for production" in text
    assert evidence["decision"] == "deny"


def test_a_stale_signature_is_not_shown_as_one_that_counts(
    cast: SimpleNamespace, signed: ModelVersion
) -> None:
    builders.a_card(cast, signed, caveats="Not for applicants below the age of twenty.")
    text, _ = opened(made(cast, signed))
    assert "Production: deny" in text
    assert "It does not count." in text


def test_a_rejection_and_its_reason_stand_in_the_report(cast: SimpleNamespace, version: ModelVersion) -> None:
    builders.a_signature(version.reviews.get(), cast.ada, "risk_officer", Decision.REJECT)
    text, evidence = opened(made(cast, version))
    assert "Risk officer: Reject" in text
    assert evidence["signoffs"][0]["decision"] == "reject"


def test_what_people_wrote_is_text_and_loads_nothing(cast: SimpleNamespace, version: ModelVersion) -> None:
    hostile = '<script>alert(1)</script> <img src="file:///etc/passwd"> ![x](http://127.0.0.1:1/x.png)'
    builders.a_card(cast, version, caveats=hostile)
    report = made(cast, version)
    assert report.status == "succeeded", report.failure
    text, _ = opened(report)
    assert "root:" not in text


def test_a_layout_that_takes_too_long_fails_with_the_reason(
    cast: SimpleNamespace, version: ModelVersion, settings: Settings, client_of: ClientOf
) -> None:
    settings.REPORT_SECONDS = 0.01
    report = made(cast, version)
    assert report.status == "failed"
    assert "took longer than" in report.failure
    page = client_of(cast.carl).get(f"/reports/{report.pk}/").content.decode()
    assert "took longer than" in page
    assert "Try again" in page
    assert not list(reports_folder().iterdir())
    assert Event.objects.get(verb="report.failed").detail == {"failure": report.failure}


def test_a_layout_that_breaks_fails_with_the_reason(
    cast: SimpleNamespace, version: ModelVersion, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(tasks, "static_folder", lambda: tmp_path)
    report = made(cast, version)
    assert report.status == "failed"
    assert report.failure.startswith("The layout failed:")


def test_a_report_is_asked_for_watched_and_taken_away(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    client = client_of(cast.carl)
    asked = client.post("/reports/", {"subject": "credit-default/1", "environment": "production"})
    place = asked["Location"]
    assert "Waiting for a worker" in client.get(place).content.decode()
    assert client.get(place, headers={"HX-Request": "true"}).status_code == 200
    assert client.get(f"{place}file/").status_code == 404
    make_report(Report.objects.get().pk)
    assert client.get(place, headers={"HX-Request": "true"}).status_code == 286
    page = client.get(place).content.decode()
    assert Report.objects.get().sha256 in page
    file = client.get(f"{place}file/")
    assert file["Content-Type"] == "application/pdf"
    assert file["X-Checksum-SHA256"] == Report.objects.get().sha256
    assert "credit-default-v1-production-" in file["Content-Disposition"]
    b"".join(file.streaming_content)  # type: ignore[attr-defined]
    assert Event.objects.get(verb="report.downloaded").actor == "user:carl"
    kept, facts = (client.get(f"{place}file/?as={form}") for form in ("html", "json"))
    for words in ("default-src 'none'", "sandbox"):
        assert words in kept["Content-Security-Policy"]
    assert "attachment" in kept["Content-Disposition"] and ".html" in kept["Content-Disposition"]
    made_of = Event.objects.get(verb="report.succeeded").detail
    assert kept["X-Checksum-SHA256"] == made_of["html_sha256"]
    assert facts["X-Checksum-SHA256"] == made_of["facts_sha256"]
    assert "Production: " in streamed(kept) and json.loads(streamed(facts))["environment"] == "production"
    assert {event.detail["what"] for event in Event.objects.filter(verb="report.downloaded")} == {
        "pdf",
        "html",
        "json",
    }
    assert client.get(f"{place}file/?as=docx").status_code == 400
    assert place in client.get("/reports/").content.decode()


def test_the_same_report_is_not_made_twice_at_once(cast: SimpleNamespace, version: ModelVersion) -> None:
    def ask(**given: Any) -> None:
        actor = actor_of_user(cast.carl)
        request_report(question=Question(**given), requester=cast.carl, actor=actor, at=AT)

    for given in (
        {"version": version, "environment": "production"},
        {"kind": "model", "model": version.model},
    ):
        ask(**given)
        with pytest.raises(Conflict):
            ask(**given)
    ask(version=version, environment="staging")
    assert Report.objects.count() == 3


def waiting(cast: SimpleNamespace, version: ModelVersion) -> Report:
    """A report that was asked for, and no worker has begun."""
    question = Question(version=version, environment="production")
    return request_report(question=question, requester=cast.carl, actor=actor_of_user(cast.carl), at=AT)


def test_a_report_whose_worker_was_killed_is_taken_up_again(
    cast: SimpleNamespace, signed: ModelVersion
) -> None:
    report = waiting(cast, signed)
    lost = claim(Report, report.pk, at=AT)
    assert lost is not None
    make_report(report.pk)  # a second worker leaves it alone while the lease holds
    assert Report.objects.get().status == "running"

    assert sweep(at=AT + LEASE + timedelta(seconds=1)) == 2  # queued again, and woken
    make_report(report.pk)

    report.refresh_from_db()
    assert (report.status, report.attempt) == ("succeeded", 2) and report.sha256
    assert not fail_report(report=lost, failure="I was here first.", at=AT)  # the lost worker comes back
    assert Report.objects.get().status == "succeeded"


def test_a_report_that_kills_every_worker_ends_as_failed_with_its_reason(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    report, at = waiting(cast, version), AT
    for _ in range(MAX_ATTEMPTS):
        assert claim(Report, report.pk, at=at) is not None
        at += LEASE + timedelta(seconds=1)
        sweep(at=at)

    report.refresh_from_db()
    assert report.status == "failed" and report.failure == LOST
    assert Event.objects.get(verb="report.failed").detail == {"failure": LOST}
    page = client_of(cast.carl).get(f"/reports/{report.pk}/").content.decode()
    assert "The worker stopped answering 3 times" in page and "Try again" in page
    assert claim(Report, report.pk, at=at) is None  # no worker takes it up any more


def test_a_pipeline_gets_its_report_by_api(signed: ModelVersion, api: Callable[..., Client]) -> None:
    client = api("reports:read", "reports:write")
    question = {"model": "credit-default", "version": "1", "environment": "production"}
    asked = client.post("/api/v1/reports", question, content_type="application/json")
    assert asked.status_code == 202
    job = client.get(asked["Location"]).json()
    assert (job["status"], job["file_url"]) == ("queued", None)
    make_report(Report.objects.get().pk)
    job = client.get(asked["Location"]).json()
    assert job["status"] == "succeeded"
    content = b"".join(client.get(job["file_url"]).streaming_content)  # type: ignore[attr-defined]
    assert hashlib.sha256(content).hexdigest() == job["sha256"]
    assert job["signed_by"] == ""
    assert json.loads(streamed(client.get(f"{job['file_url']}?as=json")))["report"] == job["id"]


REFUSED = [
    ({"environment": "moon"}, 400, "development, staging, production"),
    ({"version": "9"}, 404, "has no version 9"),
    ({"model": "none"}, 404, "none"),
]


@pytest.mark.parametrize(("changes", "status", "words"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_a_report_of_nothing_is_a_problem(
    changes: dict[str, str], status: int, words: str, version: ModelVersion, api: Callable[..., Client]
) -> None:
    question = {"model": "credit-default", "version": "1", "environment": "production"} | changes
    answer = api("reports:write").post("/api/v1/reports", question, content_type="application/json")
    assert answer.status_code == status
    assert words in json.dumps(answer.json())
    assert not Report.objects.exists()
