"""Periods that law sets: as data that names real controls, counted from the record, honest where it holds no start."""

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from governance.compliance.clocks.clock import Period, clocks, shortest_of_incidents
from governance.compliance.clocks.due import Due, Starts, due_of
from governance.compliance.clocks.waiting import clocks_waiting
from governance.compliance.concluding import conclude
from governance.compliance.library import shipped
from governance.compliance.models import BiasAudit
from registry.models import RegisteredModel
from riskreview.models import IncidentKind
from tests import builders
from tests.conftest import AT, actor_of_user

ClientOf = Callable[[User], Client]
TODAY = AT.date()
WHY = "The authority was told in writing; the letter is in the file."


def test_each_clock_names_a_control_of_a_model_and_a_start_that_is_known() -> None:
    known, starts = shipped(), {*vars(Starts()), "elsewhere"}
    for clock in clocks().values():
        control = known[clock.framework].by_id[clock.control]
        assert control.level == "model" and clock.starts in starts, clock.id
        assert clock.holds_from(known[clock.framework]) or not clock.holds, clock.id
    assert clocks()["eu-incident"].holds_from(known["eu-ai-act"]) == date(2027, 12, 2)


@pytest.mark.parametrize(
    ("period", "start", "until"),
    [
        (Period(years=1), date(2024, 2, 29), date(2025, 2, 28)),
        (Period(months=6), date(2026, 8, 31), date(2027, 2, 28)),
        (Period(months=25), date(2026, 11, 30), date(2028, 12, 30)),
        (Period(days=15), date(2026, 12, 25), date(2027, 1, 9)),
        (Period(business_days=10), date(2026, 11, 20), date(2026, 12, 4)),
    ],
)
def test_periods_end_on_days_that_exist(period: Period, start: date, until: date) -> None:
    assert period.after(start) == until


@pytest.fixture
def hirer(lender: RegisteredModel) -> RegisteredModel:
    """Decides about work, too."""
    lender.regulated_uses = ["credit", "employment", "profiling"]
    lender.save()
    return lender


def row(model: RegisteredModel, clock: str, today: date = TODAY) -> Due:
    found = due_of(RegisteredModel.objects.filter(pk=model.pk), today=today)
    return next(one for one in found if one.clock.id == clock)


def test_what_the_record_does_not_hold_is_said_and_never_counted(hirer: RegisteredModel) -> None:
    assert (row(hirer, "ecoa-notice").state, row(hirer, "ecoa-notice").until) == ("unknown", None)
    assert "kept elsewhere" in row(hirer, "ecoa-notice").said
    assert row(hirer, "ll144-audit").said == "No bias audit is on record."
    assert row(hirer, "eu-incident").state == "idle" and row(hirer, "eu-files").state == "idle"
    hirer.regulated_uses = ["credit"]
    hirer.save()
    found = due_of(RegisteredModel.objects.filter(pk=hirer.pk), today=TODAY)
    assert "nyc-ll144" not in {one.framework.id for one in found}


def test_an_audit_runs_out_after_a_year_and_reaches_compliance(
    cast: SimpleNamespace, hirer: RegisteredModel
) -> None:
    builders.a_bias_audit(cast, hirer, TODAY - timedelta(days=350))
    assert row(hirer, "ll144-audit").state == "soon"
    assert row(hirer, "ll144-audit", TODAY + timedelta(days=16)).state == "overdue"
    assert [item.kind for item in clocks_waiting(cast.carl, AT)] == ["clock"]
    assert not clocks_waiting(cast.olga, AT)
    BiasAudit.objects.update(withdrawn_at=AT, withdrawn_by=cast.carl, withdrawn_reason=WHY)
    assert row(hirer, "ll144-audit").state == "unknown" and not clocks_waiting(cast.carl, AT)


def test_an_incident_starts_its_clocks_and_a_conclusion_settles_them(
    cast: SimpleNamespace, hirer: RegisteredModel
) -> None:
    builders.a_finding(cast, hirer.versions.get(), origin="incident")
    breach = row(hirer, "gdpr-breach")
    assert (breach.until, breach.state) == (TODAY + timedelta(days=3), "soon")
    assert "What it led to is not on record" in breach.said
    widespread = row(hirer, "eu-incident-widespread")
    assert widespread.state == "not_yet" and "2027-12-02" in widespread.said
    assert row(hirer, "eu-incident-widespread", date(2027, 12, 2)).state == "overdue"
    conclude(
        framework="gdpr-ai",
        controls=[breach.clock.control],
        model=hirer,
        verdict="satisfied",
        rationale=WHY,
        until=TODAY + timedelta(days=90),
        user=cast.carl,
        actor=actor_of_user(cast.carl),
        at=AT,
    )
    assert (
        row(hirer, "gdpr-breach").state == "idle"
        and "Carl Brandt concluded" in row(hirer, "gdpr-breach").said
    )


INCIDENT_CLOCKS = ("eu-incident", "eu-incident-widespread", "eu-incident-death", "gdpr-breach")


@pytest.mark.parametrize(
    ("kinds", "runs"),
    [
        (None, {"eu-incident-widespread": 2, "gdpr-breach": 3}),  # nobody has said: the shortest of each law
        (["infrastructure"], {"eu-incident-widespread": 2}),
        (["widespread"], {"eu-incident-widespread": 2}),
        (["death"], {"eu-incident-death": 10}),
        (["health"], {"eu-incident": 15}),
        (["rights"], {"eu-incident": 15}),
        (["property"], {"eu-incident": 15}),
        (["personal_data"], {"gdpr-breach": 3}),
        (["death", "personal_data"], {"eu-incident-death": 10, "gdpr-breach": 3}),
        (["none"], {}),
    ],
)
def test_only_the_clock_of_its_kind_runs_from_the_day_it_was_known(
    cast: SimpleNamespace, hirer: RegisteredModel, kinds: list[str] | None, runs: dict[str, int]
) -> None:
    known = TODAY - timedelta(days=1)
    builders.a_finding(
        cast,
        hirer.versions.get(),
        origin="incident",
        incident_kinds=kinds or [],
        known_on=known,
        raiser=cast.carl,
    )
    found = {name: row(hirer, name) for name in INCIDENT_CLOCKS}
    assert {name: one.until for name, one in found.items() if one.until} == {
        name: known + timedelta(days=days) for name, days in runs.items()
    }
    assert {one.state for name, one in found.items() if name not in runs} <= {"idle"}


def test_every_kind_of_incident_has_its_clock_and_each_law_its_shortest() -> None:
    of_incidents = [clock for clock in clocks().values() if clock.starts == "incident"]
    counted = {kind for clock in of_incidents for kind in clock.of}
    assert counted == {*IncidentKind.values} - {"none"} and all(clock.of for clock in of_incidents)
    shortest = [shortest_of_incidents(name) for name in ("eu-ai-act", "gdpr-ai", "nyc-ll144")]
    assert [clock and clock.id for clock in shortest] == ["eu-incident-widespread", "gdpr-breach", None]


def test_pages_and_the_api_tell_the_same(
    cast: SimpleNamespace, hirer: RegisteredModel, client_of: ClientOf, api: Callable[..., Client]
) -> None:
    builders.a_bias_audit(cast, hirer, timezone.now().date() - timedelta(days=400))
    for place in ("/due/", "/due/?framework=nyc-ll144&state=overdue&q=credit", f"/models/{hirer.slug}/due/"):
        text = client_of(cast.aud).get(place).content.decode()
        assert "A bias audit no more than a year old" in text and "udit by Northgate" in text
    assert "A bias audit no more than a year old: " in client_of(cast.carl).get("/").content.decode()
    told = api().get("/api/v1/due", {"model": hirer.slug, "state": "overdue"}).json()["results"]
    assert [one["clock"] for one in told] == ["ll144-audit"] and told[0]["period"] == "1 year"
    assert api().get("/api/v1/due", {"model": "nothing"}).status_code == 404
