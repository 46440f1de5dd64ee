from datetime import timedelta
from types import SimpleNamespace

import pytest

from accounts.refusals import Invalid
from audit.models import Event
from registry.actions import record_deployment
from registry.models import Deployment, RegisteredModel
from tests.builders import a_model, a_version
from tests.conftest import AT, actor_of_user

LATER = AT + timedelta(hours=1)


def test_a_deployment_ends_the_one_before_it_and_no_other(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    actor = actor_of_user(cast.dev)
    first, second = a_version(cast, model, "1"), a_version(cast, model, "2")
    stranger = a_version(cast, a_model(cast, "other-use"))
    for version, environment in ((first, "production"), (first, "staging"), (stranger, "production")):
        record_deployment(version=version, environment=environment, decision_id="d1", actor=actor, at=AT)

    record_deployment(version=second, environment="production", decision_id="d2", actor=actor, at=LATER)

    running = Deployment.objects.filter(ended_at=None).values_list("version", "environment")
    assert set(running) == {
        (second.pk, "production"),
        (first.pk, "staging"),
        (stranger.pk, "production"),
    }
    assert Deployment.objects.get(ended_at=LATER).version == first
    assert Event.objects.filter(verb="deployment.recorded").latest("id").detail == {
        "environment": "production",
        "decision": "d2",
        "replaced": ["1"],
    }


@pytest.mark.parametrize(("environment", "decision"), [("moon", "d1"), ("production", " ")])
def test_a_deployment_names_its_environment_and_its_decision(
    cast: SimpleNamespace, model: RegisteredModel, environment: str, decision: str
) -> None:
    version = a_version(cast, model)

    with pytest.raises(Invalid):
        record_deployment(
            version=version,
            environment=environment,
            decision_id=decision,
            actor=actor_of_user(cast.dev),
            at=AT,
        )
    assert not Deployment.objects.exists()
