"""What MLflow's users see: tags on each version, and an alias where the gate allows."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from audit.models import Event
from governance.tracking.write_back import Marks, differences
from registry.actions import suspend_model
from registry.actions.servers import change_server
from registry.models import ModelVersion, TrackedModel, TrackingServer
from registry.tracking import Change
from registry.wishes import SYNC, WRITE, Wanted, Wish
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.governance.tracking.conftest import a_round
from tests.governance.tracking.real_server import MlflowServer

ALIASES = ("countersign-development", "countersign-staging", "countersign-production")


@pytest.fixture
def writing(connect: Callable[..., TrackingServer], mlflow_store: MlflowServer) -> TrackingServer:
    return connect(mlflow_store.uri, writes_back=True)


@pytest.fixture
def tied(
    writing: TrackingServer, mlflow_store: MlflowServer, cast: SimpleNamespace, name: str
) -> TrackedModel:
    """A version of MLflow's registry that production allows."""
    builders.active_policy(cast)
    mlflow_store.logs(name, {"auc": 0.8})
    builders.a_model(cast, "credit-default")
    wish = Wish(name, owner="olga", slug="credit-default", link=True)
    a_round(writing, Wanted(names=(name,), bring=(wish,)))
    version = builders.made_ready(cast, ModelVersion.objects.get())
    review = version.reviews.get()
    builders.a_signature(review, cast.viktor, "validator")
    builders.a_signature(review, cast.ada, "risk_officer")
    return TrackedModel.objects.get()


@pytest.mark.slow
def test_mlflow_shows_tier_status_link_and_what_the_gate_allows(
    mlflow_store: MlflowServer, writing: TrackingServer, tied: TrackedModel, cast: SimpleNamespace
) -> None:
    first = a_round(writing, Wanted(deed=WRITE, scheduled=True))

    assert first.outcome["written"] > 0, first.outcome
    assert mlflow_store.tags_of(tied.name, "1") == {
        "countersign.tier": "high",
        "countersign.status": "approved",
        "countersign.url": "http://127.0.0.1:8000/models/credit-default/versions/1/",
    }
    assert mlflow_store.aliases_of(tied.name)["countersign-production"] == "1"
    events = Event.objects.filter(verb="mlflow.written").order_by("id")
    event = events[events.count() - 1]
    assert event.subject == "model:credit-default"
    assert event.detail["aliases"]["countersign-production"] == "1"

    before = events.count()
    again = a_round(writing, Wanted(deed=WRITE, scheduled=True))
    assert again.outcome["written"] == 0
    assert events.count() == before

    suspend_model(model=tied.model, reason="Complaints.", actor=actor_of_user(cast.olga), at=AT)
    a_round(writing, Wanted(deed=WRITE, scheduled=True))
    assert mlflow_store.aliases_of(tied.name) == {}
    assert mlflow_store.tags_of(tied.name, "1")["countersign.status"] != "approved"


@pytest.mark.slow
def test_an_alias_that_somebody_else_moved_is_put_right(
    mlflow_store: MlflowServer, writing: TrackingServer, tied: TrackedModel
) -> None:
    a_round(writing, Wanted(deed=WRITE))
    second = mlflow_store.logs(tied.name, {"auc": 0.9})
    mlflow_store.client.set_registered_model_alias(tied.name, "countersign-production", second)

    a_round(writing, Wanted(deed=SYNC, names=(tied.name,)))

    assert mlflow_store.aliases_of(tied.name)["countersign-production"] == "1"
    assert mlflow_store.tags_of(tied.name, second)["countersign.status"] == "draft"


@pytest.mark.slow
def test_a_server_that_is_no_longer_written_to_loses_our_aliases(
    mlflow_store: MlflowServer, writing: TrackingServer, tied: TrackedModel, cast: SimpleNamespace
) -> None:
    mlflow_store.client.set_registered_model_alias(tied.name, "champion", "1")
    a_round(writing, Wanted(deed=WRITE))
    given = {"uri": writing.uri, "every_minutes": 0, "writes_back": False}
    change_server(server=writing, **given, actor=actor_of_user(cast.adam), at=AT)  # type: ignore[arg-type]

    a_round(writing, Wanted(deed=WRITE))

    assert mlflow_store.aliases_of(tied.name) == {"champion": "1"}


def test_only_differences_are_sent_and_what_must_not_stand_goes_first() -> None:
    wanted = Marks({"1": {"t": "high", "s": "approved"}, "2": {"t": "high"}}, {"prod": "1", "dev": "2"})
    stands = Marks({"1": {"t": "high", "s": "draft"}, "2": {"t": "high"}}, {"stage": "1", "dev": "2"})

    assert list(differences("m", wanted, stands)) == [
        Change("m", alias="stage"),
        Change("m", "1", alias="prod"),
        Change("m", "1", {"s": "approved"}),
    ]
    assert list(differences("m", wanted, wanted)) == []
