"""Registered models of a real MLflow server become models here, with every version that is ready."""

from collections.abc import Callable
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from audit.models import Event
from registry.actions import register_from_mlflow, retire_model
from registry.models import ModelVersion, RegisteredModel, SyncRun, TrackedModel, TrackingServer
from registry.storage import artifact_problem
from registry.tracking_stores import store_of
from registry.wishes import Wanted
from tests.builders import a_model
from tests.conftest import AT, actor_of_user
from tests.governance.tracking.conftest import a_round, told
from tests.governance.tracking.real_server import MlflowServer

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
Bring = Callable[..., SyncRun]
BINARY = {"auc": 0.81}
PURPOSE = "Probability that a household loan defaults."


def test_a_registered_model_comes_in_with_its_versions(
    mlflow_store: MlflowServer, server: TrackingServer, bring: Bring, name: str
) -> None:
    mlflow_store.logs(name, BINARY, described=PURPOSE)
    mlflow_store.logs(name, BINARY)

    run = bring(name)

    model = RegisteredModel.objects.get()
    assert model.slug == name.lower().replace(" ", "-")
    assert (model.name, model.purpose, model.kind) == (name, PURPOSE, "binary_classification")
    assert model.owner.username == "olga"
    versions = list(model.versions.order_by("pk"))
    assert [version.version for version in versions] == ["1", "2"]
    assert [version.source_uri for version in versions] == [f"models:/{name}/1", f"models:/{name}/2"]
    assert {version.tracked.name for version in versions if version.tracked} == {name}
    assert versions[0].parameters == {"C": "0.5"} and versions[0].training_metrics == BINARY
    for version in versions:
        assert artifact_problem(version) == ""
    assert (run.outcome["models"], run.outcome["versions"], run.outcome["not_taken"]) == (1, 2, 0)
    assert Event.objects.filter(verb="mlflow.synced", subject="mlflow:research").count() == 1


def test_a_second_round_changes_nothing_and_a_third_takes_what_is_new(
    mlflow_store: MlflowServer, server: TrackingServer, bring: Bring, name: str
) -> None:
    mlflow_store.logs(name, BINARY)
    bring(name)

    again = bring(name)
    assert told(again) == []
    assert ModelVersion.objects.count() == 1

    mlflow_store.logs(name, BINARY)
    third = a_round(server, Wanted(names=(name,), scheduled=True))
    slug = RegisteredModel.objects.get().slug
    assert told(third) == [f"{name} 2: is {slug} version 2"]


def test_models_that_nobody_asked_for_stay_out(
    mlflow_store: MlflowServer, server: TrackingServer, name: str
) -> None:
    mlflow_store.logs(name, BINARY)

    run = a_round(server, Wanted(scheduled=True))

    assert told(run) == []
    assert not RegisteredModel.objects.exists()
    assert not Event.objects.filter(verb="mlflow.synced").exists()


def test_the_same_files_again_are_left_out_and_not_fetched_at_each_round(
    mlflow_store: MlflowServer, server: TrackingServer, bring: Bring, name: str
) -> None:
    mlflow_store.logs(name, BINARY)
    one = mlflow_store.client.get_model_version(name, "1")
    mlflow_store.client.create_model_version(name, source=str(one.source), run_id=one.run_id)

    first = bring(name)

    assert "2: These files are registered already" in told(first)[-1]
    assert TrackedModel.objects.get().not_taken.keys() == {"2"}
    assert told(a_round(server, Wanted(names=(name,), scheduled=True))) == []


def test_a_model_whose_kind_nothing_tells_waits_for_somebody_to_say_it(
    mlflow_store: MlflowServer, bring: Bring, name: str
) -> None:
    mlflow_store.logs(name, {"cost": 3.0})

    run = bring(name)

    assert "Its kind cannot be told" in told(run)[0]
    assert not RegisteredModel.objects.exists() and not TrackedModel.objects.exists()
    assert bring(name, kind="ranking").outcome["versions"] == 1
    assert RegisteredModel.objects.get().kind == "ranking"


def test_a_model_of_the_same_short_name_is_not_touched_unless_that_was_said(
    mlflow_store: MlflowServer, cast: SimpleNamespace, bring: Bring, name: str
) -> None:
    mlflow_store.logs(name, BINARY)
    model = a_model(cast, name.lower().replace(" ", "-"))

    assert "is here already" in told(bring(name))[0]
    assert not model.versions.exists()

    assert bring(name, link=True).outcome["versions"] == 1
    assert model.versions.get().version == "1"


def test_a_version_that_was_registered_by_hand_is_tied_not_doubled(
    mlflow_store: MlflowServer, cast: SimpleNamespace, server: TrackingServer, bring: Bring, name: str
) -> None:
    mlflow_store.logs(name, BINARY)
    model = a_model(cast, name.lower().replace(" ", "-"))
    by_hand = register_from_mlflow(
        model=model,
        version="2026.1",
        mlflow_uri=f"models:/{name}/1",
        store=store_of(server),
        registrant=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )

    run = bring(name, link=True)

    assert told(run)[-1].endswith("version 2026.1")
    by_hand.refresh_from_db()
    assert by_hand.tracked is not None and model.versions.count() == 1


def test_only_the_newest_versions_come_in_where_that_was_asked(
    mlflow_store: MlflowServer, server: TrackingServer, bring: Bring, name: str
) -> None:
    for _ in range(3):
        mlflow_store.logs(name, BINARY)

    bring(name, latest=1)
    assert [version.version for version in ModelVersion.objects.all()] == ["3"]

    assert told(a_round(server, Wanted(names=(name,), scheduled=True))) == []
    assert len(told(a_round(server, Wanted(names=(name,), again=True)))) == 2


def test_a_retired_model_takes_no_new_versions(
    mlflow_store: MlflowServer, cast: SimpleNamespace, server: TrackingServer, bring: Bring, name: str
) -> None:
    mlflow_store.logs(name, BINARY)
    bring(name)
    model = RegisteredModel.objects.get()
    retire_model(model=model, reason="No longer sold.", actor=actor_of_user(cast.olga), at=AT)
    mlflow_store.logs(name, BINARY)

    run = a_round(server, Wanted(names=(name,), scheduled=True))

    assert "is retired and takes no new versions" in told(run)[0]
    assert model.versions.count() == 1


def test_files_that_are_gone_are_told_and_the_others_come(
    mlflow_store: MlflowServer, bring: Bring, name: str
) -> None:
    mlflow_store.logs(name, BINARY)
    run = mlflow_store.client.create_run("0").info.run_id
    mlflow_store.client.create_model_version(name, source=f"runs:/{run}/nothing", run_id=run)

    done = bring(name)

    assert done.outcome["versions"] == 1 and done.outcome["not_taken"] == 1
    assert "2:" in told(done)[-1]


def import_mlflow(*arguments: str) -> str:
    """Run the command; what it printed."""
    out = StringIO()
    call_command("import_mlflow", *arguments, stdout=out)
    return out.getvalue()


def test_one_command_brings_a_server_in(mlflow_store: MlflowServer, cast: SimpleNamespace, name: str) -> None:
    mlflow_store.logs(name, BINARY)
    mlflow_store.logs(f"{name} prices", {"rmse": 3.1})
    given = (
        "--uri",
        mlflow_store.uri,
        "--server",
        "lab",
        "--owner",
        "olga",
        "--model",
        name,
        f"{name} prices",
    )

    foretold = import_mlflow(*given, "--dry-run")
    assert "would come in" in foretold and "dry run" in foretold
    assert not RegisteredModel.objects.exists() and not TrackingServer.objects.exists()

    said = import_mlflow(*given)
    assert "2 new models, 2 new versions, 0 not taken." in said
    assert set(RegisteredModel.objects.values_list("kind", flat=True)) == {
        "binary_classification",
        "regression",
    }
    assert "0 new models, 0 new versions, 0 not taken." in import_mlflow(*given)


def test_the_command_says_what_it_lacks(mlflow_store: MlflowServer, cast: SimpleNamespace, name: str) -> None:
    with pytest.raises(CommandError, match="nobody with the user name nobody"):
        import_mlflow("--uri", mlflow_store.uri, "--owner", "nobody")
    with pytest.raises(CommandError, match="There is no server elsewhere"):
        import_mlflow("--server", "elsewhere")
    assert f"MLflow knows no registered model {name}" in import_mlflow(
        "--uri", mlflow_store.uri, "--model", name
    )
