"""What a pipeline's report does to what runs beside it."""

import math
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.refusals import Conflict, Invalid, Refusal
from audit.models import Event
from registry.actions import (
    Restored,
    end_deployment,
    fail_deployment,
    finish_deployment,
    record_deployment,
    roll_back_deployment,
)
from registry.models import RUNNING, Deployment, ModelVersion, RegisteredModel, Strategy
from tests.builders import a_model, a_version
from tests.conftest import AT, actor_of_user

LATER = AT + timedelta(hours=1)


@pytest.fixture
def versions(cast: SimpleNamespace, model: RegisteredModel) -> list[ModelVersion]:
    """Three versions of one model."""
    return [a_version(cast, model, str(number)) for number in (1, 2, 3)]


@pytest.fixture
def who(cast: SimpleNamespace) -> dict[str, Any]:
    """Who reports, and when."""
    return {"actor": actor_of_user(cast.dev), "at": LATER}


def report(version: ModelVersion, strategy: str = "real_time", **more: Any) -> Deployment:
    """A deployment to production under some decision."""
    share = 0.2 if strategy in ("canary", "ab") else None
    given: dict[str, Any] = {
        "environment": "production",
        "decision_id": "d1",
        "traffic_share": share,
        "at": AT,
    }
    actor = actor_of_user(version.registered_by)
    return record_deployment(version=version, strategy=strategy, actor=actor, **(given | more))


def running() -> set[tuple[str, str]]:
    """Version and strategy of what runs."""
    return set(Deployment.objects.filter(RUNNING).values_list("version__version", "strategy"))


def test_a_deployment_ends_the_one_before_it_and_no_other(
    cast: SimpleNamespace, versions: list[ModelVersion]
) -> None:
    first, second, _ = versions
    stranger = a_version(cast, a_model(cast, "other-use"))
    report(first)
    report(first, environment="staging")
    report(stranger)

    report(second, decision_id="d2", at=LATER)

    held = Deployment.objects.filter(RUNNING).values_list("version", "environment")
    assert set(held) == {(second.pk, "production"), (first.pk, "staging"), (stranger.pk, "production")}
    ended = Deployment.objects.get(ended_at=LATER)
    assert (ended.version, ended.status) == (first, "ended")
    detail = Event.objects.filter(verb="deployment.recorded").latest("id").detail
    assert detail["replaced"] == ["1"]
    assert (detail["environment"], detail["decision"], detail["strategy"]) == (
        "production",
        "d2",
        "real_time",
    )


BESIDE = [
    (["real_time", "canary"], {("1", "real_time"), ("2", "canary")}),
    (["real_time", "shadow"], {("1", "real_time"), ("2", "shadow")}),
    (["batch", "real_time"], {("1", "batch"), ("2", "real_time")}),
    (["batch", "batch"], {("2", "batch")}),
    (["canary", "real_time"], {("2", "real_time")}),
    (["ab", "ab"], {("1", "ab"), ("2", "ab")}),
    (["shadow", "real_time"], {("1", "shadow"), ("2", "real_time")}),
    (["real_time", "canary", "real_time"], {("3", "real_time")}),
]


@pytest.mark.parametrize(("strategies", "left"), BESIDE, ids=[" then ".join(row[0]) for row in BESIDE])
def test_each_strategy_leaves_running_what_it_runs_beside(
    strategies: list[str], left: set[tuple[str, str]], versions: list[ModelVersion]
) -> None:
    for version, strategy in zip(versions, strategies, strict=False):
        report(version, strategy)
    assert running() == left


def test_a_version_that_takes_over_ends_its_own_shadow(versions: list[ModelVersion]) -> None:
    report(versions[0], "shadow")
    report(versions[0])
    assert running() == {("1", "real_time")}


def test_a_canary_grows_in_its_own_place(versions: list[ModelVersion]) -> None:
    for share in (0.1, 0.5, 1.0):
        report(versions[0], "canary", traffic_share=share)
    assert list(Deployment.objects.filter(RUNNING).values_list("traffic_share", flat=True)) == [1.0]


def test_shares_never_exceed_the_traffic(versions: list[ModelVersion], who: dict[str, Any]) -> None:
    report(versions[0], "ab", traffic_share=0.7)
    with pytest.raises(Conflict, match="70% of the traffic"):
        report(versions[1], "ab", traffic_share=0.4)
    waiting = report(versions[1], "canary", traffic_share=0.3, status="started")
    report(versions[2], "canary", traffic_share=0.2)
    with pytest.raises(Conflict):
        finish_deployment(deployment=waiting, **who)
    assert running() == {("1", "ab"), ("3", "canary")}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(Strategy.values),
            st.floats(0, 1),
            st.sampled_from(["started", "live", "finish", "end", "back"]),
        ),
        max_size=12,
    )
)
def test_whatever_is_reported_in_whatever_order_the_rules_hold(
    steps: list[tuple[int, str, float, str]], versions: list[ModelVersion], who: dict[str, Any]
) -> None:
    Deployment.objects.all().delete()
    for number, strategy, share, step in steps:
        newest = Deployment.objects.order_by("-pk").first()
        try:
            if step in ("started", "live"):
                shared = share if strategy in ("canary", "ab") else None
                report(versions[number], strategy, traffic_share=shared, status=step)
            elif newest is not None:
                act: Any = {"finish": finish_deployment, "end": end_deployment, "back": roll_back_deployment}
                act[step](deployment=newest, **who)
        except Refusal:
            pass
        live = list(Deployment.objects.filter(RUNNING))
        assert sum(row.traffic_share or 0 for row in live) <= 1 + 1e-6
        assert sum(row.strategy == "real_time" for row in live) <= 1
        assert sum(row.strategy == "batch" for row in live) <= 1
        assert len({(row.version_id, row.strategy) for row in live}) == len(live)


def test_what_is_started_replaces_nothing_until_it_is_live(
    versions: list[ModelVersion], who: dict[str, Any]
) -> None:
    report(versions[0])
    started = report(versions[1], status="started")
    assert running() == {("1", "real_time")}
    live = finish_deployment(deployment=started, **who)
    assert running() == {("2", "real_time")}
    assert (live.deployed_at, live.finished_at, live.ended_at) == (AT, LATER, None)
    assert finish_deployment(deployment=started, **who).finished_at == LATER
    verbs = Event.objects.filter(verb__startswith="deployment.").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["deployment.recorded", "deployment.started", "deployment.recorded"]


def test_what_failed_leaves_running_what_ran(versions: list[ModelVersion], who: dict[str, Any]) -> None:
    report(versions[0])
    started = report(versions[1], status="started")
    failed = fail_deployment(deployment=started, note="Readiness probe timed out.", **who)
    assert (failed.status, failed.ended_at, failed.note) == ("failed", LATER, "Readiness probe timed out.")
    report(versions[2], status="failed")
    assert running() == {("1", "real_time")}


STEPS = [
    ("live", fail_deployment),
    ("started", end_deployment),
    ("failed", finish_deployment),
    ("failed", end_deployment),
    ("failed", roll_back_deployment),
]


@pytest.mark.parametrize(("status", "act"), STEPS, ids=[f"{row[0]}, {row[1].__name__}" for row in STEPS])
def test_a_step_that_its_state_does_not_allow_is_refused(
    status: str, act: Any, versions: list[ModelVersion], who: dict[str, Any]
) -> None:
    deployment = report(versions[0], status=status)
    events = Event.objects.count()
    with pytest.raises(Conflict, match="Deployment"):
        act(deployment=deployment, **who)
    deployment.refresh_from_db()
    assert (deployment.status, Event.objects.count()) == (status, events)


def test_a_roll_back_puts_the_version_before_in_its_place(
    versions: list[ModelVersion], who: dict[str, Any]
) -> None:
    report(versions[0])
    newer = report(versions[1])
    held, again = roll_back_deployment(
        deployment=newer, to=Restored(versions[0], "d9", ""), note="Drift", **who
    )
    assert (held.status, held.ended_at) == ("rolled_back", LATER)
    assert again is not None
    assert (again.version, again.decision_id, again.problem) == (versions[0], "d9", "")
    assert running() == {("1", "real_time")}
    verbs = Event.objects.order_by("-id").values_list("verb", flat=True)[:2]
    assert list(verbs) == ["deployment.recorded", "deployment.rolled_back"]


def test_a_roll_back_goes_to_another_version_of_the_same_model(
    cast: SimpleNamespace, versions: list[ModelVersion], who: dict[str, Any]
) -> None:
    newer = report(versions[1])
    stranger = a_version(cast, a_model(cast, "other-use"))
    for version in (versions[1], stranger):
        with pytest.raises(Invalid):
            roll_back_deployment(deployment=newer, to=Restored(version, "d9", ""), **who)
    assert running() == {("2", "real_time")}


BAD: list[tuple[dict[str, Any], str]] = [
    ({"environment": "moon"}, "environment"),
    ({"strategy": "hope"}, "strategy"),
    ({"status": "rolled_back"}, "status"),
    ({"traffic_share": 0.5}, "traffic_share"),
    ({"strategy": "canary", "traffic_share": None}, "traffic_share"),
    ({"strategy": "canary", "traffic_share": 1.01}, "traffic_share"),
    ({"strategy": "ab", "traffic_share": -0.1}, "traffic_share"),
    ({"strategy": "ab", "traffic_share": math.nan}, "traffic_share"),
]


@pytest.mark.parametrize(("changes", "field"), BAD, ids=[str(row[0]) for row in BAD])
def test_a_report_that_makes_no_sense_is_refused(
    changes: dict[str, Any], field: str, versions: list[ModelVersion]
) -> None:
    with pytest.raises(Invalid) as refused:
        report(versions[0], **changes)
    assert refused.value.field == field
    assert not Deployment.objects.exists()


def test_a_report_without_a_decision_is_kept_with_what_is_wrong_with_it(versions: list[ModelVersion]) -> None:
    made = report(versions[0], decision_id=" ")
    assert made.problem == "No decision of the gate is named."
    event = Event.objects.latest("id")
    assert (event.verb, event.detail["problem"]) == ("deployment.undecided", made.problem)
