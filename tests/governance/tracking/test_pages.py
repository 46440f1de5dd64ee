"""The pages of tracking servers, as Adam uses them."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from audit.models import Event
from governance.tracking.rounds import run_round
from registry.models import RegisteredModel, SyncRun, TrackingServer
from registry.tracking_stores import hook_secret
from tests.builders import a_model
from tests.conftest import AT
from tests.governance.tracking.real_server import MlflowServer

pytestmark = pytest.mark.django_db
GIVEN = {"name": "lab", "uri": "https://mlflow.example.org/", "every_minutes": "60", "writes_back": "on"}


@pytest.fixture
def adam(cast: SimpleNamespace, client_of: Callable[[User], Client]) -> Client:
    cache.clear()
    return client_of(cast.adam)


def test_a_server_is_connected_changed_removed_and_comes_back(adam: Client) -> None:
    assert adam.post("/mlflow/new/", GIVEN).headers["Location"] == "/mlflow/lab/models/"
    server = TrackingServer.objects.get(name="lab")
    assert (server.uri, server.every_minutes, server.writes_back) == ("https://mlflow.example.org", 60, True)

    adam.post("/mlflow/lab/edit/", {"uri": "https://other.example.org", "every_minutes": "0"})
    server.refresh_from_db()
    assert (server.uri, server.every_minutes, server.writes_back) == ("https://other.example.org", 0, False)

    assert "stay as they are" in adam.get("/mlflow/lab/remove/").content.decode()
    adam.post("/mlflow/lab/remove/")
    assert adam.get("/mlflow/lab/").status_code == 404
    assert adam.post("/mlflow/new/", GIVEN).status_code == 409  # the name stands for another address
    again = GIVEN | {"uri": "https://other.example.org"}
    assert adam.post("/mlflow/new/", again).status_code == 302
    verbs = ["mlflow.connected", "mlflow.changed", "mlflow.removed", "mlflow.connected"]
    told = Event.objects.filter(verb__startswith="mlflow.").order_by("id")
    assert list(told.values_list("verb", flat=True)) == verbs


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"uri": "https://me:secret@mlflow.example.org"}, "holds a user name or password"),
        ({"uri": "file:///etc"}, "not the address of a tracking server"),
        ({"uri": "sqlite:////tmp/x.db"}, "not the address of a tracking server"),
        ({"uri": "http://169.254.169.254"}, "link-local"),
        ({"uri": "http://[fe80::1]"}, "link-local"),
        ({"uri": "http://[::ffff:169.254.169.254]"}, "link-local"),
        ({"uri": "http://2852039166"}, "link-local"),
        ({"uri": "http://127.0.0.1:8000"}, "Countersign itself"),
        ({"uri": "https://mlflow.example.org?x=1"}, "goes on after"),
        ({"uri": "http://[::1"}, "not the address of a tracking server"),
        ({"name": "default"}, "cannot be a server"),
        ({"name": "Lab_2"}, "cannot be a server"),
    ],
)
def test_what_cannot_be_a_server_is_said_so(adam: Client, wrong: dict[str, str], said: str) -> None:
    answer = adam.post("/mlflow/new/", GIVEN | wrong)

    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not TrackingServer.objects.filter(name="lab").exists()


def test_the_default_store_is_there_by_itself_and_cannot_be_removed(adam: Client) -> None:
    assert "/mlflow/default/" in adam.get("/mlflow/").content.decode()
    assert adam.post("/mlflow/default/remove/").status_code == 409
    adam.post("/mlflow/default/edit/", {"every_minutes": "15", "writes_back": "on"})
    assert TrackingServer.objects.get().every_minutes == 15


def test_a_password_in_the_environment_is_not_shown(adam: Client, settings: Settings) -> None:
    settings.MLFLOW_TRACKING_URI = "https://me:hunter22@mlflow.example.org"
    for path in ("/mlflow/", "/mlflow/default/", "/mlflow/default/edit/"):
        assert "hunter22" not in adam.get(path).content.decode()


def test_the_page_has_the_command_for_the_webhook(
    adam: Client, connect: Callable[..., TrackingServer]
) -> None:
    server = connect("https://mlflow.example.org")
    page = adam.get("/mlflow/research/")

    assert hook_secret(server) in page.content.decode()
    assert "http://127.0.0.1:8000/api/v1/mlflow/research/events" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]


def test_a_server_that_is_away_is_told_where_one_would_choose(
    adam: Client, connect: Callable[..., TrackingServer]
) -> None:
    connect("http://127.0.0.1:9")

    assert "The MLflow server did not answer" in adam.get("/mlflow/research/models/").content.decode()
    tried = adam.post(
        "/mlflow/research/edit/", {"uri": "http://127.0.0.1:9", "every_minutes": "0", "test": "1"}
    )
    assert "The MLflow server did not answer" in tried.content.decode()


@pytest.mark.slow
def test_choosing_models_and_watching_them_come_in(
    adam: Client,
    cast: SimpleNamespace,
    mlflow_store: MlflowServer,
    server: TrackingServer,
    name: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    mlflow_store.logs(name, {"auc": 0.8})
    tried = adam.post("/mlflow/new/", GIVEN | {"uri": mlflow_store.uri, "test": "1"})
    assert "MLflow answers." in tried.content.decode() and TrackingServer.objects.count() == 1

    page = adam.get(f"/mlflow/research/models/?q={name}")
    assert name in page.content.decode()
    assert page.context["rows"][0]["slug"].value() == name.lower().replace(" ", "-")
    chosen = {
        "m-TOTAL_FORMS": "1",
        "m-INITIAL_FORMS": "1",
        "m-0-take": "on",
        "m-0-name": name,
        "m-0-slug": "retail-credit",
        "m-0-owner": "olga",
        "m-0-kind": "",
    }
    with django_capture_on_commit_callbacks(execute=False) as woken:
        answer = adam.post("/mlflow/research/models/", chosen)
    assert len(woken) == 1
    run = SyncRun.objects.get()
    assert answer.headers["Location"] == f"/mlflow/research/runs/{run.pk}/"
    assert "Waiting" in adam.get(f"/mlflow/research/runs/{run.pk}/").content.decode()

    assert run_round(run.pk)

    part = adam.get(f"/mlflow/research/runs/{run.pk}/", headers={"HX-Request": "true"})
    assert part.status_code == 286
    assert "is retail-credit version 1" in part.content.decode()
    assert RegisteredModel.objects.get().slug == "retail-credit"
    created = Event.objects.get(verb="model.created")
    assert (created.actor, created.actor_name) == ("user:adam", "Adam Weiss")
    cache.clear()
    assert "Known here as" in adam.get(f"/mlflow/research/models/?q={name}").content.decode()
    assert "retail-credit" in adam.get("/mlflow/research/").content.decode()


def test_nothing_chosen_asks_for_nothing(
    adam: Client, connect: Callable[..., TrackingServer], cast: SimpleNamespace
) -> None:
    connect("http://127.0.0.1:9")
    a_model(cast)
    chosen = {"m-TOTAL_FORMS": "0", "m-INITIAL_FORMS": "0"}

    assert adam.post("/mlflow/research/models/", chosen).status_code == 302
    assert not SyncRun.objects.exists()
    assert TrackingServer.objects.get(name="research").created_at == AT
