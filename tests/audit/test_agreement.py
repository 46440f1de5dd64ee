"""The rows against the record: what somebody edits behind the product is told, row by row and field by field."""

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DataError, IntegrityError, connection, models, transaction

from accounts.actions import grant_role, revoke_role
from accounts.models import ApiKey, Role, RoleGrant, User
from audit.agreement import MOST_TOLD, compare_rows
from audit.models import Event
from audit.rows import covered, row_name, take_written, working_fields, wrote
from governance.attested import reason_left_out
from registry.actions import suspend_model, tag_model
from registry.actions.servers import default_server
from registry.models import ModelTag, ModelVersion, RegisteredModel
from riskreview.models import SignOff
from tests import builders
from tests.audit.test_log import tamper
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(cast: SimpleNamespace) -> ModelVersion:
    """A version that lived: signed, decided, waived, broken open; with risks, findings, and what else there is."""
    builders.active_policy(cast)
    version = builders.fully_signed(cast, builders.ready_to_sign(cast))
    builders.a_decision(cast, version)
    builders.a_finding(cast, version)
    builders.a_schedule(cast, version.model)
    builders.a_field(cast)
    builders.broken_glass(cast, builders.unexplained(cast, version))
    builders.a_waiver(cast, version)
    builders.an_activation(cast, builders.another_pack(cast))
    builders.a_questionnaire(cast)
    builders.a_trust_rule(cast)
    default_server(at=AT)
    tag_model(model=version.model, add=["retail"], actor=actor_of_user(cast.olga), at=AT)
    return version


def run(statement: str, *values: Any) -> None:
    """What somebody with the database's password types."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def unguarded(story: ModelVersion) -> None:
    """The database's own guards of rows that never change are gone: its owner can do that."""
    if connection.vendor == "postgresql":
        run("SET CONSTRAINTS ALL IMMEDIATE")
        for model in covered():
            run(f"ALTER TABLE {table(model)} DISABLE TRIGGER USER")
        run("SET CONSTRAINTS ALL DEFERRED")
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name NOT LIKE 'audit_%'"
        )
        names = [row[0] for row in cursor.fetchall()]
    for name in names:
        run(f"DROP TRIGGER {connection.ops.quote_name(name)}")


def told() -> list[str]:
    """What the comparison finds."""
    return [one.text for one in compare_rows().told]


def table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def test_every_table_is_vouched_for_or_says_why_not() -> None:
    for model in apps.get_models():
        reason = reason_left_out(model)
        assert (model in covered()) != bool(reason), model
        assert not reason or len(reason) > 15, model
    for model, fields in covered().items():
        left_out = working_fields(model)
        known = {field.name for field in (*model._meta.concrete_fields, *model._meta.many_to_many)}
        assert known - set(fields) - set(left_out) == {model._meta.pk.name}, model
        assert set(left_out) <= known, model
        assert all(left_out.values()), model


def test_a_story_that_nobody_touched_agrees_row_by_row(story: ModelVersion) -> None:
    found = compare_rows()
    assert found.told == []
    assert (found.disagreements, found.uncovered_rows, found.uncovered_fields) == (0, 0, 0)
    assert found.rows == sum(model._base_manager.count() for model in covered())


@pytest.mark.usefixtures("unguarded")
def test_a_field_of_any_table_that_is_edited_is_told_by_name() -> None:
    """One row of each governed table; every field of it that the database's own rules let us change."""
    changed: set[tuple[str, str]] = set()
    for model, fields in covered().items():
        row = model._base_manager.order_by("pk").first()
        if row is None:
            continue
        before = len(changed)
        for name, field in fields.items():
            if not field.many_to_many and _edited(model, row, field):
                changed.add((row_name(model, row.pk), name))
        assert len(changed) > before, model
    found = {(one.row, one.field) for one in compare_rows().told}
    assert found == changed
    assert len(changed) > 200


def _edited(model: type[models.Model], row: models.Model, field: Any) -> bool:
    """Write another value behind the product's back; False where a constraint of the database refuses it."""
    value = getattr(row, field.attname)
    for other in _others(field, value):
        try:
            with transaction.atomic():
                column, key = connection.ops.quote_name(field.column), model._meta.pk
                run(
                    f"UPDATE {table(model)} SET {column} = %s WHERE {key.column} = %s",
                    field.get_db_prep_save(other, connection),
                    key.get_db_prep_save(row.pk, connection),
                )
        except (IntegrityError, DataError):
            continue
        return True
    return False


def _others(field: Any, value: Any) -> Iterator[Any]:
    match field:
        case models.BooleanField():
            yield not value
        case models.ForeignKey():
            others = field.related_model._base_manager.exclude(pk=value)
            yield from others.values_list("pk", flat=True)[:2]
        case models.IntegerField() | models.FloatField():
            yield (value or 0) + 1
        case models.DateField():
            yield (value or (AT if isinstance(field, models.DateTimeField) else AT.date())) + timedelta(
                days=1
            )
        case models.JSONField():
            yield {"was": value}
        case models.UUIDField():
            yield "00000000-0000-4000-8000-000000000000"
        case models.CharField() | models.TextField():
            yield f"x{value}"[: field.max_length]


@pytest.mark.usefixtures("unguarded")
def test_a_row_of_any_table_that_is_deleted_is_told() -> None:
    gone = set()
    with transaction.atomic():
        for model in covered():
            row, key = model._base_manager.order_by("-pk").first(), model._meta.pk
            if row is not None:
                value = key.get_db_prep_save(row.pk, connection)
                run(f"DELETE FROM {table(model)} WHERE {key.column} = %s", value)
                gone.add(row_name(model, row.pk))
        found = compare_rows()
        transaction.set_rollback(True)  # rows that point at those rows are left over
    assert {one.row for one in found.told if "is gone, and no event says" in one.text} == gone
    assert len(gone) > 20


def test_ties_that_are_made_behind_the_product_are_told(story: ModelVersion, cast: SimpleNamespace) -> None:
    through = RegisteredModel.developers.through
    through.objects.bulk_create([through(registeredmodel_id=story.model_id, user_id=cast.viktor.pk)])
    [said] = told()
    assert said.startswith(
        f"Registered model {story.model_id}: developers is “[{cast.dev.pk}, {cast.viktor.pk}]”"
    )
    assert f"but the record says “[{cast.dev.pk}]” (model.created of model:credit-default, " in said


def test_a_signature_that_is_turned_round_is_told_with_what_was_signed(story: ModelVersion) -> None:
    row = SignOff.objects.order_by("pk").first()
    assert row is not None
    SignOff.objects.filter(pk=row.pk).update(decision="reject", rationale="y" * 300)
    decision, rationale = told()
    assert decision.startswith(f"Sign off {row.pk}: decision is “reject”, but the record says “approve” ")
    assert "(review.signed of model:credit-default/version:1" in decision
    assert "rationale is a text with the SHA-256 " in rationale


def test_a_role_or_a_key_that_nobody_gave_is_told(story: ModelVersion, cast: SimpleNamespace) -> None:
    RoleGrant.objects.bulk_create([RoleGrant(user=cast.dev, role=Role.RISK_OFFICER, granted_at=AT)])
    ApiKey.objects.bulk_create(
        [ApiKey(name="own", prefix="cs_own", sha256="0" * 64, owner=cast.dev, created_at=AT)]
    )
    said = told()
    assert len(said) == 2
    assert all(text.endswith(" is there, but no event speaks of it.") for text in said)


def test_a_role_that_was_taken_back_and_returns_by_itself_is_told(cast: SimpleNamespace) -> None:
    adam = actor_of_user(cast.adam)
    given = grant_role(user=cast.dev, role=Role.RISK_OFFICER, granter=cast.adam, actor=adam, at=AT)
    kept = RoleGrant.objects.get(pk=given.pk)
    revoke_role(user=cast.dev, role=Role.RISK_OFFICER, actor=adam, at=AT)
    assert told() == []
    RoleGrant.objects.bulk_create([kept])
    [said] = told()
    assert "is there, but the record says that it was removed (role.revoked of user:dev" in said


def test_what_the_record_does_not_speak_of_is_not_compared(
    story: ModelVersion, cast: SimpleNamespace
) -> None:
    User.objects.filter(pk=cast.dev.pk).update(theme="dark", last_login=AT)
    assert told() == []


def test_what_a_savepoint_took_back_is_attested_by_no_event(cast: SimpleNamespace) -> None:
    model = builders.a_model(cast)
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            model.name = "Never kept"
            model.save()
            raise ZeroDivisionError
        suspend_model(model=model, reason="It drifts too far.", actor=actor_of_user(cast.olga), at=AT)
    newest = Event.objects.order_by("-pk")[0]
    assert newest.attests == {
        row_name(RegisteredModel, model.pk): {
            "lifecycle": "suspended",
            "lifecycle_reason": "It drifts too far.",
        }
    }
    assert told() == []


def test_an_event_attests_what_was_written_since_the_one_before_it(cast: SimpleNamespace) -> None:
    model = builders.a_model(cast)
    with transaction.atomic():
        wrote(ModelTag.objects.bulk_create([ModelTag(model=model, name="one")]))
        ModelTag.objects.create(model=model, name="two").delete()
        assert list(take_written().values()) == [{"model": model.pk, "name": "one"}, None]
        assert take_written() == {}


def before_rows_were_attested() -> None:
    """Make the record one of an earlier version: its events say nothing of rows."""
    tamper("UPDATE audit_event SET attests = NULL")


def test_rows_from_before_are_not_covered_until_they_are_adopted(
    story: ModelVersion, cast: SimpleNamespace
) -> None:
    before_rows_were_attested()
    found = compare_rows()
    assert (found.disagreements, found.uncovered_rows) == (0, found.rows)
    suspend_model(model=story.model, reason="It drifts too far.", actor=actor_of_user(cast.olga), at=AT)
    found = compare_rows()
    assert (found.disagreements, found.uncovered_rows) == (0, found.rows - 1)
    assert found.uncovered_fields == len(covered()[RegisteredModel]) - 2
    RegisteredModel.objects.filter(pk=story.model_id).update(lifecycle="active", lifecycle_reason="")
    assert [one.field for one in compare_rows().told] == ["lifecycle", "lifecycle_reason"]

    RegisteredModel.objects.filter(pk=story.model_id).update(
        lifecycle="suspended", lifecycle_reason="It drifts too far."
    )
    out = io.StringIO()
    call_command("audit", "adopt", stdout=out)
    assert out.getvalue() == f"{found.rows} rows were taken into the record as they stood.\n"
    found = compare_rows()
    assert (found.disagreements, found.uncovered_rows, found.uncovered_fields) == (0, 0, 0)
    RoleGrant.objects.bulk_create([RoleGrant(user=cast.dev, role=Role.RISK_OFFICER, granted_at=AT)])
    assert len(told()) == 1


@pytest.mark.usefixtures("unguarded")
def test_the_command_ends_with_code_1_and_says_what_it_found(story: ModelVersion) -> None:
    out = io.StringIO()
    call_command("audit", "verify", stdout=out)
    assert "rows say what the last event about each of them said." in out.getvalue()
    ModelVersion.objects.filter(pk=story.pk).update(artifact_digest="sha256:" + "0" * 64)
    for flags in ([], ["--json"]):
        out = io.StringIO()
        with pytest.raises(CommandError, match="Rows differ from the record: 1 disagreements") as refused:
            call_command("audit", "verify", *flags, stdout=out)
        assert refused.value.returncode == 1
        assert f"Model version {story.pk}: artifact digest is “sha256:000000" in out.getvalue()
    said = json.loads(out.getvalue())
    assert (said["log"]["state"], said["rows"]["disagreements"]) == ("ok", 1)
    assert said["rows"]["told"][0]["field"] == "artifact_digest"
    out = io.StringIO()
    call_command("audit", "verify", "--quick", stdout=out)
    assert "Rows were not compared with the record." in out.getvalue()


def test_of_many_disagreements_some_are_told_and_all_are_counted(cast: SimpleNamespace) -> None:
    model = builders.a_model(cast)
    ModelTag.objects.bulk_create(ModelTag(model=model, name=f"tag-{n}") for n in range(MOST_TOLD + 5))
    found = compare_rows()
    assert (found.disagreements, len(found.told)) == (MOST_TOLD + 5, MOST_TOLD)
