"""Checklists of models and the maturity of teams: the mechanism of frameworks, kept apart from them."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.agreement import compare_rows
from audit.models import Event
from governance.compliance.concluding import conclude
from governance.compliance.framework import from_document
from governance.compliance.library import checklists, frameworks, maturity_models, practices, shipped
from governance.compliance.maturity.reached import TeamMaturity, maturity_of
from governance.compliance.models import Conclusion
from governance.compliance.queries import programme_coverage
from governance.compliance.reading import read_framework
from policy.lines import PackError
from registry.models import RegisteredModel
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.governance.compliance.test_frameworks import HOUSE

ClientOf = Callable[[User], Client]
WHY = "Each model of the team was looked at, and each shows it."
TEAM, SLUG = "Retail credit models", "retail-credit-models"


@pytest.fixture
def team(lender: RegisteredModel) -> RegisteredModel:
    """A model of the team."""
    lender.team = TEAM
    lender.save()
    return lender


def found() -> TeamMaturity:
    return maturity_of([TEAM], next(iter(maturity_models().values())), today=AT.date())[0]


def given(*controls: str, verdict: str = "satisfied") -> dict[str, Any]:
    until = (timezone.now().date() + timedelta(days=90)).isoformat()
    return {"control": list(controls), "verdict": verdict, "rationale": WHY, "until": until}


def test_practices_are_no_frameworks() -> None:
    assert len(shipped()) == 16 and not set(practices()) & set(shipped())
    for practice in practices().values():
        assert from_document(practice.document()) == practice and practice.digest
    assert "kind" not in shipped()["eu-ai-act"].document()
    with pytest.raises(PackError, match="team"):
        read_framework(HOUSE.replace("level: model", "level: team"), source="house.yaml")


def test_a_checklist_is_asked_of_every_model_and_concluded_like_a_control(
    cast: SimpleNamespace, team: RegisteredModel, client_of: ClientOf, api: Callable[..., Client]
) -> None:
    assert list(checklists()) == ["ml-lifecycle"] and "ml-lifecycle" not in frameworks()
    carl, page = client_of(cast.carl), f"/models/{team.slug}/compliance/"
    assert "Lifecycle of a machine-learning model" in carl.get(page).content.decode()
    assert "34 controls" in carl.get(f"{page}ml-lifecycle/").content.decode()
    assert carl.post(f"{page}ml-lifecycle/", given("LC-6.1")).status_code == 302
    told = api().get("/api/v1/coverage", {"model": team.slug, "framework": "ml-lifecycle"}).json()
    assert {row["control"]: row["state"] for row in told["controls"]}["LC-6.1"] == "satisfied"
    assert carl.get("/coverage/ml-lifecycle/").status_code == 200
    assert carl.get(f"{page}mlops-maturity/").status_code == 404
    assert "ml-lifecycle" not in carl.get("/coverage/").content.decode()


def test_a_level_is_reached_by_conclusions_and_never_by_evidence(
    cast: SimpleNamespace, team: RegisteredModel, client_of: ClientOf, api: Callable[..., Client]
) -> None:
    assert (found().reached.id, found().supported.id) == ("0", "1")
    carl, page = client_of(cast.carl), f"/maturity/{SLUG}/"
    assert carl.post(page, given("ML-1.1", "ML-1.2", "ML-1.3", "ML-1.4")).status_code == 302
    assert found().reached.id == "1"
    results = api().get("/api/v1/maturity").json()["results"]
    assert results == [{"team": TEAM, "models": [team.slug], "reached": "1", "supported": "1"}]
    assert (
        "level 1" in carl.get(page).content.decode() and "Level 1" in carl.get("/maturity/").content.decode()
    )
    other = builders.a_model(cast, "tenant-screening")
    other.team = TEAM
    other.save()  # has no version: nothing but its entry is there
    assert found().reached.id == "0" and found().levels[1].standings[2].state == "outdated"
    assert carl.get("/maturity/nobody/").status_code == 404


def test_conclusions_on_a_team_are_recorded_taken_back_and_of_the_team_alone(
    cast: SimpleNamespace, team: RegisteredModel, client_of: ClientOf
) -> None:
    page = f"/maturity/{SLUG}/"
    assert client_of(cast.aud).post(page, given("ML-1.1")).status_code == 403
    team.owner = cast.carl
    team.save()
    assert client_of(cast.carl).post(page, given("ML-1.1")).status_code == 403
    assert Event.objects.filter(verb="control.refused", subject__startswith=f"team:{SLUG}/").count() == 2
    team.owner = cast.olga
    team.save()
    carl = client_of(cast.carl)
    assert carl.post(page, given("ML-1.1", verdict="")).status_code == 400
    assert carl.post(page, given("ML-1.1")).status_code == 302
    assert not any(
        row.conclusion for rows in programme_coverage(today=AT.date()).standings.values() for row in rows
    )
    assert carl.post(f"{page}ML-1.1/take-back/", {"rationale": WHY}).status_code == 302
    assert [row.verdict for row in Conclusion.objects.filter(team=TEAM)] == ["taken_back", "satisfied"]
    assert found().levels[1].standings[0].conclusion is None
    verbs = Event.objects.filter(subject=f"team:{SLUG}/control:mlops-maturity.ML-1.1")
    assert set(verbs.values_list("verb", flat=True)) >= {"control.concluded", "control.taken_back"}
    assert [one.text for one in compare_rows().told if one.row.startswith("compliance.")] == []


def test_a_practice_of_teams_is_not_concluded_on_a_model(
    cast: SimpleNamespace, team: RegisteredModel
) -> None:
    with pytest.raises(Exception, match="on the page of a team"):
        conclude(
            framework="mlops-maturity",
            controls=["ML-1.1"],
            model=team,
            verdict="satisfied",
            rationale=WHY,
            until=AT.date() + timedelta(days=9),
            user=cast.carl,
            actor=actor_of_user(cast.carl),
            at=AT,
        )
