"""One MLflow server for all of these tests; each works with registered models of its own."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from uuid import uuid4

import pytest

from governance.tracking.rounds import run_round
from registry.actions.servers import connect_server
from registry.actions.sync_runs import request_sync
from registry.models import SyncRun, TrackingServer
from registry.wishes import Wanted, Wish
from tests.conftest import AT, actor_of_user
from tests.governance.tracking.real_server import MlflowServer, mlflow_server


@pytest.fixture(scope="session")
def mlflow_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow-server")) as server:
        yield server


@pytest.fixture
def name() -> str:
    """A registered model's name that no other test uses."""
    return f"Credit {uuid4().hex[:8]}"


@pytest.fixture
def connect(cast: SimpleNamespace) -> Callable[..., TrackingServer]:
    """Adam connects a server."""

    def connect(uri: str, *, name: str = "research", writes_back: bool = False) -> TrackingServer:
        return connect_server(
            name=name,
            uri=uri,
            every_minutes=60,
            writes_back=writes_back,
            owner=cast.adam,
            actor=actor_of_user(cast.adam),
            at=AT,
        )

    return connect


@pytest.fixture
def server(connect: Callable[..., TrackingServer], mlflow_store: MlflowServer) -> TrackingServer:
    return connect(mlflow_store.uri)


@pytest.fixture
def bring(server: TrackingServer) -> Callable[..., SyncRun]:
    """One round in which these registered models come in, Olga's."""

    def bring(*names: str, latest: int = 0, **how: object) -> SyncRun:
        wishes = tuple(Wish(one, **({"owner": "olga"} | how)) for one in names)  # type: ignore[arg-type]
        return a_round(server, Wanted(names=names, bring=wishes, latest=latest))

    return bring


def a_round(server: TrackingServer, wanted: Wanted) -> SyncRun:
    """Asked for and done at once, as a worker would."""
    run = request_sync(server=server, wanted=wanted, asked_by="Adam Weiss", at=AT)
    assert run_round(run.pk)
    return SyncRun.objects.get(pk=run.pk)


def told(run: SyncRun) -> list[str]:
    """What a round says, as text."""
    assert run.status == "succeeded", run.failure
    return [f"{name} {number}: {text}" for name, number, _, text in run.outcome["lines"]]
