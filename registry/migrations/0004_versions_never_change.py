"""Triggers by which nothing that was registered changes: versions, their manifests, data sets, cards, on both databases.

What may move is listed; everything else in a row is as it was registered. A later migration that makes SQLite rebuild
one of these tables must put the triggers back (`permit` before it, `forbid` after it): the rebuild drops them. One that
adds a column to them must do so too, or SQLite does not guard the new column.
"""

from django.db import migrations

# Columns that may move, by table. `tracked_id` may be filled once.
MOVES = {
    "registry_modelversion": (
        "verified_at", "artifact_problem", "evidence_stamp", "judged_stamp", "tracked_id",
    ),
    "registry_artifactfile": (),
    "registry_modelversion_evaluated_on": (),
    "registry_cardrevision": (),
    "registry_dataset": (
        "reference_groups", "classification", "confidential", "legal_basis", "schema", "validation", "profile",
        "description", "owner_id",
    ),
}

# What a new row may collide with: INSERT OR REPLACE deletes that row, silently without recursive_triggers.
COLLIDES = {
    "registry_modelversion": (
        "id = NEW.id OR (model_id = NEW.model_id AND (version = NEW.version OR artifact_digest = NEW.artifact_digest))"
    ),
    "registry_artifactfile": "id = NEW.id OR (version_id = NEW.version_id AND path = NEW.path)",
    "registry_modelversion_evaluated_on": (
        "id = NEW.id OR (modelversion_id = NEW.modelversion_id AND dataset_id = NEW.dataset_id)"
    ),
    "registry_cardrevision": "id = NEW.id OR (version_id = NEW.version_id AND number = NEW.number)",
    "registry_dataset": "id = NEW.id OR (name = NEW.name AND version = NEW.version)",
}
REFUSED = "never changes once it is registered"


def sqlite_statements(cursor):
    for table, moves in MOVES.items():
        cursor.execute(f"PRAGMA table_info({table})")
        fixed = [row[1] for row in cursor.fetchall() if row[1] not in moves]
        differs = " OR ".join(f'OLD."{name}" IS NOT NEW."{name}"' for name in fixed)
        if "tracked_id" in moves:
            differs += " OR (OLD.tracked_id IS NOT NULL AND OLD.tracked_id IS NOT NEW.tracked_id)"
        yield (
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN {differs} "
            f"BEGIN SELECT RAISE(ABORT, '{table} {REFUSED}: UPDATE is forbidden'); END"
        )
        yield (
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} {REFUSED}: DELETE is forbidden'); END"
        )
        yield (
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {COLLIDES[table]}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} {REFUSED}: this row exists already'); END"
        )
    yield (
        "CREATE TRIGGER registry_artifactfile_complete BEFORE INSERT ON registry_artifactfile WHEN "
        "(SELECT COUNT(*) FROM registry_artifactfile WHERE version_id = NEW.version_id) >= "
        "(SELECT file_count FROM registry_modelversion WHERE id = NEW.version_id) "
        f"BEGIN SELECT RAISE(ABORT, 'registry_artifactfile {REFUSED}: the manifest is complete'); END"
    )
    yield (
        "CREATE TRIGGER registry_modelversion_evaluated_on_complete BEFORE INSERT "
        "ON registry_modelversion_evaluated_on "
        "WHEN EXISTS (SELECT 1 FROM registry_artifactfile WHERE version_id = NEW.modelversion_id) "
        f"BEGIN SELECT RAISE(ABORT, 'registry_modelversion_evaluated_on {REFUSED}: the version is complete'); END"
    )


def postgresql_statements(cursor):
    yield f"""
        CREATE FUNCTION registry_row_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            moves text[] := TG_ARGV;
            before jsonb;
            after jsonb;
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                before := to_jsonb(OLD);
                after := to_jsonb(NEW);
                IF before - moves = after - moves AND
                        (before -> 'tracked_id' IS NULL OR before -> 'tracked_id' IN ('null', after -> 'tracked_id'))
                THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION '% {REFUSED}: % is forbidden', TG_TABLE_NAME, TG_OP;
        END $$"""
    yield f"""
        CREATE FUNCTION registry_manifest_is_complete() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (
                SELECT 1 FROM registry_modelversion v
                WHERE v.id IN (SELECT version_id FROM fresh)
                AND v.file_count < (SELECT COUNT(*) FROM registry_artifactfile f WHERE f.version_id = v.id)
            ) THEN
                RAISE EXCEPTION 'registry_artifactfile {REFUSED}: the manifest is complete';
            END IF;
            RETURN NULL;
        END $$"""
    yield f"""
        CREATE FUNCTION registry_version_is_complete() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM registry_artifactfile WHERE version_id = NEW.modelversion_id) THEN
                RAISE EXCEPTION 'registry_modelversion_evaluated_on {REFUSED}: the version is complete';
            END IF;
            RETURN NEW;
        END $$"""
    for table, moves in MOVES.items():
        names = ", ".join(f"'{name}'" for name in moves)
        yield (
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION registry_row_never_changes({names})"
        )
        yield (
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION registry_row_never_changes()"
        )
        # ALWAYS, or a session in replica mode walks past them.
        yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change"
        yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate"
    yield (
        "CREATE TRIGGER registry_artifactfile_complete AFTER INSERT ON registry_artifactfile "
        "REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION registry_manifest_is_complete()"
    )
    yield "ALTER TABLE registry_artifactfile ENABLE ALWAYS TRIGGER registry_artifactfile_complete"
    yield (
        "CREATE TRIGGER registry_modelversion_evaluated_on_complete BEFORE INSERT "
        "ON registry_modelversion_evaluated_on FOR EACH ROW EXECUTE FUNCTION registry_version_is_complete()"
    )
    yield (
        "ALTER TABLE registry_modelversion_evaluated_on "
        "ENABLE ALWAYS TRIGGER registry_modelversion_evaluated_on_complete"
    )


def sqlite_removal(cursor):
    for table in MOVES:
        for name in ("no_update", "no_delete", "no_replace"):
            yield f"DROP TRIGGER IF EXISTS {table}_{name}"
    yield "DROP TRIGGER IF EXISTS registry_artifactfile_complete"
    yield "DROP TRIGGER IF EXISTS registry_modelversion_evaluated_on_complete"


def postgresql_removal(cursor):
    yield "DROP FUNCTION registry_row_never_changes() CASCADE"
    yield "DROP FUNCTION registry_manifest_is_complete() CASCADE"
    yield "DROP FUNCTION registry_version_is_complete() CASCADE"


def forbid(apps, schema_editor):
    """Create the triggers."""
    run(schema_editor, {"sqlite": sqlite_statements, "postgresql": postgresql_statements})


def permit(apps, schema_editor):
    """Drop the triggers."""
    run(schema_editor, {"sqlite": sqlite_removal, "postgresql": postgresql_removal})


def run(schema_editor, makers):
    with schema_editor.connection.cursor() as cursor:
        for statement in list(makers[schema_editor.connection.vendor](cursor)):
            schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_squashed_0007_more_kinds_of_model_are_measured")]

    operations = [migrations.RunPython(forbid, permit)]
