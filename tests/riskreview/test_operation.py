"""Soaking and monitoring through the real actions: the gate's short way sees every report and every schedule."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from audit.actor import Actor
from evaluations.models import EvaluationSchedule
from evaluations.schedules import (
    ScheduleEntry,
    add_schedule,
    pause_schedule,
    remove_schedule,
    resume_schedule,
)
from policy.pack import DEFAULT
from registry.actions import record_deployment, roll_back_deployment
from registry.models import Deployment, ModelVersion
from riskreview.judgement import judge_locked
from riskreview.models import BreakGlass
from riskreview.policies.packs import activate_pack, import_pack
from tests import builders
from tests.conftest import AT, actor_of_user

PIPELINE = Actor("key:ci", "CI retail", "API key")
ASKED = """- id: ran_in.staging
  kind: ran_in
  environment: staging
  soak: 7d

- id: monitoring_in_place
  kind: monitoring_in_place
  evaluations: [stability]
  every: 400d

- id: signoff.business_approver
"""
DAY = timedelta(days=1)


@pytest.fixture
def asking(cast: SimpleNamespace, version: ModelVersion) -> ModelVersion:
    """A version that lacks only signatures, under a pack that asks for both in production."""
    text = DEFAULT.read_text().replace("version: 3\n", "version: 4\n", 1)
    text = text.replace("- id: signoff.business_approver\n", ASKED, 1)
    last = "    - risks_treated\n    - signoff.validator\n    - signoff.risk_officer\n"
    assert text.count(last) == 2  # of high and of critical in production
    text = text.replace(last, "    - ran_in.staging\n    - monitoring_in_place\n" + last)
    actor = actor_of_user(cast.adam)
    activate_pack(import_pack(text, source="soak.yaml", actor=actor, at=AT), actor=actor, at=AT)
    return version


def unmet(version: ModelVersion, at: datetime) -> list[str]:
    """What holds production back, by the gate's way of gathering."""
    with transaction.atomic():
        held = ModelVersion.objects.select_related("model").get(pk=version.pk)
        found = judge_locked(held, "production", at=at).verdict
    names = ("ran_in.staging", "monitoring_in_place")
    return [item.id for item in found.requirements if item.result == "unsatisfied" and item.id in names]


def deployed(version: ModelVersion, at: datetime, decision: str = "d-1") -> Deployment:
    return record_deployment(
        version=version, environment="staging", decision_id=decision, actor=PIPELINE, at=at
    )


def scheduled(version: ModelVersion, creator: User, only: ModelVersion | None = None) -> EvaluationSchedule:
    entry = ScheduleEntry(version.model, only, (), "", "", "", 30, AT + DAY)
    return add_schedule(entry=entry, creator=creator, actor=actor_of_user(creator), at=AT)


def test_a_week_in_staging_opens_production_and_a_rollback_closes_it(
    cast: SimpleNamespace, asking: ModelVersion
) -> None:
    scheduled(asking, cast.viktor)
    assert unmet(asking, AT) == ["ran_in.staging"]
    deployed(asking, AT, decision="")
    assert unmet(asking, AT + 9 * DAY) == ["ran_in.staging"]  # nobody decided that
    running = deployed(asking, AT + 9 * DAY)
    assert unmet(asking, AT + 15 * DAY) == ["ran_in.staging"]
    assert unmet(asking, AT + 16 * DAY) == []
    roll_back_deployment(deployment=running, actor=PIPELINE, at=AT + 17 * DAY)
    assert unmet(asking, AT + 18 * DAY) == ["ran_in.staging"]


def test_a_stay_that_began_while_the_glass_was_broken_counts_for_nothing(
    cast: SimpleNamespace, asking: ModelVersion
) -> None:
    scheduled(asking, cast.viktor)
    found = builders.broken_glass(cast, asking, hours=8, at=AT)
    BreakGlass.objects.filter(pk=found.pk).update(environment="staging")
    deployed(asking, AT + timedelta(hours=7))
    assert unmet(asking, AT + 9 * DAY) == ["ran_in.staging"]
    deployed(asking, AT + timedelta(hours=8))  # it is whole again
    assert unmet(asking, AT + 7 * DAY) == ["ran_in.staging"]
    assert unmet(asking, AT + timedelta(days=7, hours=8)) == []


ELSEWHERE: list[dict[str, Any]] = [{}, {"environment": "staging", "ended_at": AT + timedelta(hours=1)}]


@pytest.mark.parametrize("changes", ELSEWHERE, ids=["elsewhere", "ended early"])
def test_glass_that_was_broken_elsewhere_or_is_whole_again_does_not_matter(
    changes: dict[str, Any], cast: SimpleNamespace, asking: ModelVersion
) -> None:
    scheduled(asking, cast.viktor)
    found = builders.broken_glass(cast, asking, hours=8, at=AT)
    if changes:
        BreakGlass.objects.filter(pk=found.pk).update(**changes)
    deployed(asking, AT + timedelta(hours=2))
    assert unmet(asking, AT + 8 * DAY) == []


def test_production_closes_when_nobody_watches_any_more(cast: SimpleNamespace, asking: ModelVersion) -> None:
    deployed(asking, AT)
    then = AT + 8 * DAY
    assert unmet(asking, then) == ["monitoring_in_place"]
    schedule, actor = scheduled(asking, cast.viktor), actor_of_user(cast.viktor)
    assert unmet(asking, then) == []
    pause_schedule(schedule=schedule, actor=actor, at=then)
    assert unmet(asking, then) == ["monitoring_in_place"]
    resume_schedule(schedule=schedule, actor=actor, at=then)
    assert unmet(asking, then) == []
    remove_schedule(schedule=schedule, actor=actor, at=then)
    assert unmet(asking, then) == ["monitoring_in_place"]
    scheduled(asking, cast.viktor, only=asking)
    assert unmet(asking, then) == []
