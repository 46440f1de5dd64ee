"""The pages and calls about findings, as people and pipelines see them."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO, StringIO
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import User
from audit.models import Event
from registry.models import ModelVersion
from riskreview.models import Finding
from riskreview.queue import queue_for
from tests.builders import a_dataset, a_finding, a_measurement, a_model, a_tier, a_version, active_policy
from tests.conftest import AT
from tests.downloads import streamed

ClientOf = Callable[[User], Client]
WHY = "A reason that is long enough to stand in the record."
UNFAIR = {"selection_rate_ratio": {"value": 0.7, "low": 0.6, "high": 0.8, "n": 60}}


@pytest.fixture
def judged_version(cast: SimpleNamespace) -> ModelVersion:
    """A high-tier version under the default policy."""
    active_policy(cast)
    model = a_model(cast)
    a_tier(cast, model)
    return a_version(cast, model)


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return " ".join(answer.content.decode().split())


def test_the_list_is_filtered_searched_and_sorted_by_its_address(
    cast: SimpleNamespace, judged_version: ModelVersion, client_of: ClientOf
) -> None:
    first = a_finding(cast, judged_version)
    other = a_finding(cast, judged_version, title="The notice names nobody", severity="low", owner=cast.dev)
    late = a_finding(cast, judged_version, title="Drift is not watched", severity="high", origin="audit")
    Finding.objects.filter(pk=late.pk).update(due_on=timezone.now().date() - timedelta(days=3))
    olga, dev = client_of(cast.olga), client_of(cast.dev)

    def shown(address: str, client: Client = olga) -> list[int]:
        page = client.get(f"/findings/{address}").context["page"]
        return [row["finding"].pk for row in page]

    table = {
        "": [late.pk, first.pk, other.pk],
        "?sort=-due": [other.pk, first.pk, late.pk],
        "?sort=severity": [late.pk, first.pk, other.pk],
        "?sort=finding": [late.pk, other.pk, first.pk],
        "?view=overdue": [late.pk],
        "?view=ended": [],
        "?view=mine": [late.pk, first.pk],
        "?severity=low": [other.pk],
        "?origin=audit": [late.pk],
        "?owner=dev": [other.pk],
        "?model=credit-default&state=open": [late.pk, first.pk, other.pk],
        "?model=none": [],
        "?q=notice": [other.pk],
        f"?q=f-{first.pk}": [first.pk],
        "?view=nonsense&severity=grave&sort=size&page=99": [late.pk, first.pk, other.pk],
    }
    assert {address: shown(address) for address in table} == table
    assert shown("?view=mine", dev) == [other.pk]
    assert "3 days overdue" in text_of(olga, "/findings/")


def test_the_list_takes_as_many_queries_for_many_findings_as_for_one(
    cast: SimpleNamespace,
    judged_version: ModelVersion,
    client_of: ClientOf,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    for number in range(5):
        a_finding(cast, judged_version, title=f"Finding {number}")
    client = client_of(cast.ada)
    client.get("/findings/")

    with django_assert_max_num_queries(16):  # type: ignore[attr-defined]
        client.get("/findings/")


def test_a_file_holds_every_match_and_formulas_are_inert(
    cast: SimpleNamespace, judged_version: ModelVersion, client_of: ClientOf
) -> None:
    a_finding(cast, judged_version, title="=SUM(A1)")
    a_finding(cast, judged_version, title="Another", severity="low")
    client = client_of(cast.aud)

    sheet = streamed(client.get("/findings/?severity=medium&format=csv"))
    book = load_workbook(BytesIO(client.get("/findings/?format=xlsx").content))

    rows = list(csv.DictReader(StringIO(sheet)))
    assert [(row["title"], row["severity"], row["owner"]) for row in rows] == [
        ("'=SUM(A1)", "medium", "olga")
    ]
    assert book["Findings"].max_row == 3
    taken = Event.objects.filter(verb="finding.exported").order_by("id")
    assert [(event.actor, event.detail["rows"]) for event in taken] == [("user:aud", 1), ("user:aud", 2)]


def test_each_reader_sees_their_own_next_step(
    cast: SimpleNamespace, judged_version: ModelVersion, client_of: ClientOf
) -> None:
    found = a_finding(cast, judged_version)
    page = f"/findings/{found.pk}/"
    olga, viktor, aud, dev = (client_of(person) for person in (cast.olga, cast.viktor, cast.aud, cast.dev))

    assert "Your turn: answer" in text_of(olga, page)
    waiting = text_of(viktor, page)
    assert "What is next: answer" in waiting and "Who can:</b> Olga Lindqvist" in waiting
    assert olga.post(f"{page}respond/", {"response": "plan", "answer": WHY}).status_code == 302
    assert dev.post(f"{page}remediate/", {"evidence": WHY, "run": ""}).status_code == 302

    assert "You remediated it, so somebody else verifies it." in text_of(dev, page)
    assert "Your turn: verify" in text_of(viktor, page)
    assert '<form method="post" action="/findings/' not in text_of(aud, page)
    assert [item.title for item in queue_for(cast.viktor, AT) if item.kind == "finding"] == [str(found)]
    assert [item.title for item in queue_for(cast.dev, AT) if item.kind == "finding"] == []
    assert viktor.post(f"{page}verify/", {"verdict": "yes", "note": WHY}).status_code == 302
    found.refresh_from_db()
    assert found.state == "verified"


def test_what_was_typed_is_kept_when_it_is_refused(
    cast: SimpleNamespace, judged_version: ModelVersion, client_of: ClientOf
) -> None:
    found = a_finding(cast, judged_version)
    client = client_of(cast.olga)

    short = client.post(f"/findings/{found.pk}/respond/", {"response": "rebuttal", "answer": "No."})
    early = client.post(
        f"/findings/{found.pk}/ask-extension/", {"until": found.due_on.isoformat(), "reason": WHY}
    )
    twice = client.post(f"/findings/{found.pk}/remediate/", {"evidence": WHY}, follow=True)

    assert (short.status_code, early.status_code) == (400, 400)
    assert "No.</textarea>" in short.content.decode()
    assert WHY in early.content.decode() and "that is no later date" in early.content.decode()
    assert "somebody was quicker" in twice.content.decode()
    assert client.post(f"/findings/{found.pk}/burn/").status_code == 404


def test_a_failed_check_leads_to_a_finding_that_is_written_already(
    cast: SimpleNamespace, judged_version: ModelVersion, client_of: ClientOf
) -> None:
    run = a_measurement(cast, judged_version, a_dataset(cast), "fairness", UNFAIR)
    client = client_of(cast.viktor)
    address = f"/findings/new/?run={run.pk}&check=selection_rate_ratio"
    form = client.get(address).context["form"]
    sent = {name: value for name in form.fields if (value := form[name].value())}
    answer = client.post(address, sent)

    found = Finding.objects.get()
    assert answer.headers["Location"] == f"/findings/{found.pk}/"
    assert (found.run, found.version, found.severity, found.origin) == (
        run,
        judged_version,
        "high",
        "evaluation",
    )
    assert "0.700, asked at least 0.800" in found.title
    assert f"F-{found.pk}" in text_of(client, f"/evaluations/{run.pk}/")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("?model=none", 404),
        ("?run=x", 404),
        ("?run=99", 404),
        ("?review=99", 404),
        ("?model=credit-default&version=9", 404),
        ("?model=credit-default", 200),
        ("", 200),
    ],
)
def test_an_address_that_means_nothing_is_not_found(
    cast: SimpleNamespace, judged_version: ModelVersion, client_of: ClientOf, address: str, status: int
) -> None:
    assert client_of(cast.viktor).get(f"/findings/new/{address}").status_code == status


def test_what_stands_is_told_on_the_pages_of_model_and_version(
    cast: SimpleNamespace, judged_version: ModelVersion, client_of: ClientOf
) -> None:
    found = a_finding(cast, judged_version)
    client = client_of(cast.aud)

    for page in ("/models/credit-default/", "/models/credit-default/versions/1/"):
        told = text_of(client, page)
        assert str(found) in told and "Raise one" not in told
    assert "Raise one" in text_of(client_of(cast.ada), "/models/credit-default/")


def test_the_table_of_due_dates_is_set_by_a_risk_officer(cast: SimpleNamespace, client_of: ClientOf) -> None:
    client = client_of(cast.ada)
    form = client.get("/findings/due-dates/").context["form"]
    sent = {name: value for name in form.fields if (value := form[name].value())} | {"note": WHY}

    wrong = client.post("/findings/due-dates/", sent | {"high_critical": "400"})
    right = client.post("/findings/due-dates/", sent | {"high_critical": "20"})

    assert (wrong.status_code, right.status_code) == (400, 302)
    assert "may not stand longer" in wrong.content.decode()
    assert "Edition 1" in text_of(client_of(cast.aud), "/findings/due-dates/")


def test_a_pipeline_raises_and_follows_findings(
    cast: SimpleNamespace, judged_version: ModelVersion, api: Callable[..., Client]
) -> None:
    given = {
        "model": "credit-default",
        "version": "1",
        "severity": "medium",
        "origin": "validation",
        "title": "Reject codes differ",
        "description": "Twelve of five thousand compared decisions differ.",
    }
    client, reader = api("findings:read", "findings:write"), api("findings:read", owner=cast.aud)
    auditor = api("findings:write", owner=cast.aud)

    def post(**changes: str) -> tuple[int, dict[str, object]]:
        answer = client.post("/api/v1/findings", given | changes, content_type="application/json")
        return answer.status_code, answer.json()

    status, made = post()
    assert (status, made["owner"], made["raised_by"], made["state"]) == (201, "olga", "dev", "open")
    assert [post(severity="grave")[0], post(version="9")[0], post(owner="nobody")[0]] == [400, 404, 400]
    assert post(origin="break_glass")[0] == 400
    assert auditor.post("/api/v1/findings", given, content_type="application/json").status_code == 403
    listed = reader.get("/api/v1/findings?model=credit-default&open=true&overdue=false").json()["results"]
    assert [row["name"] for row in listed] == [made["name"]]
    assert reader.get("/api/v1/findings?open=false").json()["results"] == []
    whole = reader.get(f"/api/v1/findings/{made['id']}").json()
    assert [(row["kind"], row["by"]) for row in whole["steps"]] == [("raised", "dev")]
