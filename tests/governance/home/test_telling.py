"""What pipelines and workers did reaches the people concerned, once."""

from datetime import datetime, timedelta
from types import SimpleNamespace

from accounts.models import Notice
from audit.actor import Actor
from evaluations.models import EvaluationRun, JobStatus
from governance.gate.actions import decide
from governance.home.telling import tell_people
from registry.models import Deployment
from tests.builders import a_dataset, a_measurement, a_model, a_version, active_policy

PIPELINE = Actor("key:ci", "CI", "API key")


def told() -> list[tuple[str, str]]:
    return sorted(Notice.objects.values_list("person__username", "kind"))


def test_the_team_is_told_of_a_denial_once_a_day(cast: SimpleNamespace, at: datetime) -> None:
    active_policy(cast)
    version = a_version(cast, a_model(cast))
    for minutes, rehearsal in ((0, False), (1, False), (2, True)):
        moment = at + timedelta(minutes=minutes)
        environment = "staging" if rehearsal else "production"
        decide(
            version=version,
            environment=environment,
            context={},
            dry_run=rehearsal,
            actor=PIPELINE,
            at=moment,
        )
    for minutes in (3, 4):
        tell_people(at + timedelta(minutes=minutes))
    assert told() == [("dev", "gate.denied"), ("olga", "gate.denied")]
    assert Notice.objects.all()[0].text.startswith("Production denied")


def test_whoever_asked_is_told_of_a_run_that_failed(cast: SimpleNamespace, at: datetime) -> None:
    run = a_measurement(cast, a_version(cast, a_model(cast)), a_dataset(cast), "performance", {})
    tell_people(at)
    assert told() == []
    EvaluationRun.objects.filter(pk=run.pk).update(
        status=JobStatus.FAILED, failure="It ran out of memory.", finished_at=at, requested_by=cast.viktor
    )
    for _ in range(2):
        tell_people(at)
    assert told() == [("viktor", "evaluation.failed")]


def test_a_deployment_without_a_decision_is_told_to_team_and_risk(
    cast: SimpleNamespace, at: datetime
) -> None:
    version = a_version(cast, a_model(cast))
    Deployment.objects.create(
        version=version,
        environment="production",
        problem="No decision was named.",
        reported_by="key:ci",
        deployed_at=at,
    )
    tell_people(at)
    assert told() == [(name, "deployment.undecided") for name in ("ada", "dev", "olga")]
