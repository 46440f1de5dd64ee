"""Raw SQL against what was registered: whoever has the database's password meets the triggers."""

from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction

from registry.about import About
from registry.actions import register_upload, verify_artifact
from registry.models import ArtifactFile, CardRevision, Dataset, ModelVersion, TrackedModel, TrackingServer
from tests.builders import a_card, a_dataset, a_file, a_model, a_version
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
CHANGES = {
    "registry_modelversion": [
        "artifact_digest = 'sha256:0'",
        "version = '9'",
        "parameters = '{\"C\": 1}'",
        "training_metrics = '{}'",
        "hyperparameters = '{\"C\": 1}'",
        "random_seed = 7",
        "requirements = '[]'",
        'signing = \'{"state": "verified"}\'',
        "run = '{\"id\": 1}'",
        "registered_by_id = registered_by_id + 1",
        "registered_at = '2020-01-01 00:00:00+00:00'",
        "parent_id = id",
        "id = id + 1000",
    ],
    "registry_artifactfile": ["sha256 = 'feed'", "path = 'other'", "size = 1"],
    "registry_modelversion_evaluated_on": ["dataset_id = dataset_id + 1"],
    "registry_cardrevision": ["sections = '{}'", "note = 'better'", "number = 9"],
    "registry_dataset": [
        "digest = 'sha256:0'",
        "file = 'datasets/other.csv'",
        "rows = 1",
        "columns = '[]'",
        "label = 'other'",
        "sensitive = '[]'",
        "role = 'training'",
    ],
}
MOVES = {
    "registry_modelversion": "verified_at = NULL, artifact_problem = 'gone'",
    "registry_dataset": "profile = '{\"rows\": 60}', validation = '{\"ok\": true}', legal_basis = 'Contract'",
}


@pytest.fixture
def registered(cast: SimpleNamespace) -> ModelVersion:
    """A version with everything that hangs on it."""
    dataset = a_dataset(cast)
    version = register_upload(
        model=a_model(cast),
        version="1",
        files=[("model.skops", a_file(b"weights", "model.skops"))],
        registrant=cast.dev,
        about=About(evaluated_on=[dataset], training_metrics={"auc": 0.8}, requirements=["numpy"]),
        actor=actor_of_user(cast.dev),
        at=AT,
    )
    a_card(cast, version)
    return version


def refused(statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="never changes once it is registered"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("table", "change"), [(table, change) for table, changes in CHANGES.items() for change in changes]
)
def test_no_column_that_was_registered_is_updated(registered: ModelVersion, table: str, change: str) -> None:
    refused(f"UPDATE {table} SET {change}")


@pytest.mark.parametrize("table", CHANGES)
def test_no_row_is_deleted(registered: ModelVersion, table: str) -> None:
    refused(f"DELETE FROM {table}")


@pytest.mark.parametrize("table", MOVES)
def test_what_may_move_moves(registered: ModelVersion, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {MOVES[table]}")
        assert cursor.rowcount == 1


def test_the_same_values_may_be_saved_again(registered: ModelVersion) -> None:
    ModelVersion.objects.get(pk=registered.pk).save()
    Dataset.objects.get().save()


def test_what_a_version_was_evaluated_on_stays(registered: ModelVersion, cast: SimpleNamespace) -> None:
    more = a_dataset(cast, "loans-june", file=a_file(b"a,credit\n1,good\n2,bad\n", "j.csv"), sensitive=[])
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        registered.evaluated_on.add(more)
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        registered.evaluated_on.clear()

    assert [dataset.name for dataset in registered.evaluated_on.all()] == ["loans-test"]


def test_no_file_joins_a_manifest_later(registered: ModelVersion) -> None:
    with pytest.raises(DatabaseError, match="the manifest is complete"), transaction.atomic():
        ArtifactFile.objects.create(version=registered, path="hook.py", size=1, sha256="0" * 64)

    assert registered.files.count() == 1


def test_files_are_verified_and_cards_revised_as_before(
    registered: ModelVersion, cast: SimpleNamespace
) -> None:
    verify_artifact(version=registered, actor=actor_of_user(cast.dev), at=AT)
    a_card(cast, registered, caveats="Something else is written here, at some length.")

    assert list(CardRevision.objects.values_list("number", flat=True)) == [2, 1]


def test_a_refusal_leaves_the_next_registration_alone(
    registered: ModelVersion, cast: SimpleNamespace
) -> None:
    refused("DELETE FROM registry_modelversion")

    assert a_version(cast, registered.model, "2").files.count() == 1


@pytest.mark.parametrize("table", CHANGES)
@pytest.mark.parametrize("recursive_triggers", ["ON", "OFF"])
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="INSERT OR REPLACE is SQLite's")
def test_no_row_is_replaced(registered: ModelVersion, table: str, recursive_triggers: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers = {recursive_triggers}")
    refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.parametrize("table", CHANGES)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no TRUNCATE")
def test_no_table_is_truncated_nor_changed_in_replica_mode(registered: ModelVersion, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # PostgreSQL truncates no table with checks to come
    refused(f"TRUNCATE {table} CASCADE")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    refused(f"UPDATE {table} SET {CHANGES[table][0]}")


def test_a_version_is_tied_to_its_tracked_model_once(registered: ModelVersion, cast: SimpleNamespace) -> None:
    server = TrackingServer.objects.create(
        name="main", uri="https://x.example", owner=cast.dev, created_at=AT
    )
    ties = [
        TrackedModel.objects.create(server=server, name=name, model=registered.model, created_at=AT)
        for name in ("credit", "other")
    ]
    rows = ModelVersion.objects.filter(pk=registered.pk)

    rows.update(tracked=ties[0])
    for other in (ties[1], None):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            rows.update(tracked=other)
