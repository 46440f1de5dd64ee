"""The role of web servers and workers on PostgreSQL: the story works under it, and nothing of the past can change."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.checkpoints import make_checkpoint, verify_log
from audit.sequencer import sequence_pending
from registry.models import ModelVersion
from tests import builders

pytestmark = pytest.mark.django_db
NAME = "countersign_app_under_test"
OWNERS_OWN = (
    "UPDATE audit_event SET verb = verb",
    "DELETE FROM audit_logentry",
    "UPDATE audit_checkpoint SET size = size",
    "UPDATE audit_subtree SET hash = hash",
    "DELETE FROM audit_treestate",
    "TRUNCATE audit_pending",
    "TRUNCATE registry_modelversion CASCADE",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_event_no_change ON audit_event",
    "DROP TABLE audit_event CASCADE",
    "CREATE OR REPLACE FUNCTION audit_history_never_changes() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
    "SET session_replication_role = replica",
    "DELETE FROM django_migrations",
    "RESET ROLE; UPDATE audit_event SET verb = verb",
)


@pytest.fixture
def as_app(cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything from here on is done by that role, which is gone at the end."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no roles")
    monkeypatch.setenv("COUNTERSIGN_APP_PASSWORD", "never used")
    call_command("app_role", NAME, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL SESSION AUTHORIZATION {NAME}")
        yield
        cursor.execute("RESET SESSION AUTHORIZATION")


def test_the_story_of_a_version_needs_no_more(as_app: None, cast: SimpleNamespace) -> None:
    builders.active_policy(cast)
    version: ModelVersion = builders.ready_to_sign(cast)
    review = version.reviews.get()
    builders.a_signature(review, cast.viktor, "validator")
    builders.a_signature(review, cast.ada, "risk_officer")
    decision = builders.a_decision(cast, version)
    while sequence_pending():
        pass

    assert decision.decision == "allow"
    assert make_checkpoint(timezone.now()) is not None
    assert verify_log(full=True).state == "ok"


def test_what_is_the_owners_alone_is_refused(as_app: None) -> None:
    for statement in OWNERS_OWN:
        refused = pytest.raises(DatabaseError, match="permission denied|must be owner")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("name", "said"), [("nobody_knows_me", "no password"), ("postgres", "superuser|owns the tables")]
)
def test_a_role_that_would_help_nothing_is_refused(name: str, said: str) -> None:
    with pytest.raises(CommandError, match=said if connection.vendor == "postgresql" else "Only PostgreSQL"):
        call_command("app_role", name)
