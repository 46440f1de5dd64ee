"""Triggers that forbid changing history, and one that queues each event for the log, on both databases.

A later migration that makes SQLite rebuild one of these tables must put them back: the rebuild drops them.
"""

from django.db import migrations

HISTORY = ("audit_event", "audit_logentry", "audit_checkpoint")

# What a new row may collide with: INSERT OR REPLACE deletes that row, silently without recursive_triggers.
COLLIDES = {
    "audit_event": "id = NEW.id",
    "audit_logentry": "seq = NEW.seq OR event_id = NEW.event_id",
    "audit_checkpoint": "id = NEW.id OR size = NEW.size",
}
NEXT_SEQ = "(SELECT COALESCE(MAX(seq) + 1, 0) FROM audit_logentry)"


def sqlite_statements():
    for table in HISTORY:
        for deed in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is history: {deed} is forbidden'); END"
            )
        yield (
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {COLLIDES[table]}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is history: this row exists already'); END"
        )
    yield (
        "CREATE TRIGGER audit_event_waits AFTER INSERT ON audit_event "
        "BEGIN INSERT INTO audit_pending (event_id) VALUES (NEW.id); END"
    )
    yield (
        f"CREATE TRIGGER audit_logentry_no_gap BEFORE INSERT ON audit_logentry WHEN NEW.seq <> {NEXT_SEQ} "
        "BEGIN SELECT RAISE(ABORT, 'audit_logentry has no gaps: seq must be the next number'); END"
    )


def postgresql_statements():
    yield """
        CREATE FUNCTION audit_history_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '% is history: % is forbidden', TG_TABLE_NAME, TG_OP; END $$"""
    yield """
        CREATE FUNCTION audit_event_waits() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO audit_pending (event_id) VALUES (NEW.id); RETURN NULL; END $$"""
    yield f"""
        CREATE FUNCTION audit_logentry_has_no_gaps() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.seq <> {NEXT_SEQ} THEN
                RAISE EXCEPTION 'audit_logentry has no gaps: seq must be the next number';
            END IF;
            RETURN NEW;
        END $$"""
    for table in HISTORY:
        yield (
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION audit_history_never_changes()"
        )
        yield (
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_history_never_changes()"
        )
        # ALWAYS, or a session in replica mode walks past them.
        yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change"
        yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate"
    yield (
        "CREATE TRIGGER audit_logentry_no_gap BEFORE INSERT ON audit_logentry "
        "FOR EACH ROW EXECUTE FUNCTION audit_logentry_has_no_gaps()"
    )
    yield "ALTER TABLE audit_logentry ENABLE ALWAYS TRIGGER audit_logentry_no_gap"
    yield (
        "CREATE TRIGGER audit_event_waits AFTER INSERT ON audit_event "
        "FOR EACH ROW EXECUTE FUNCTION audit_event_waits()"
    )
    yield "ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_waits"


def sqlite_removal():
    for table in HISTORY:
        for name in ("no_update", "no_delete", "no_replace"):
            yield f"DROP TRIGGER {table}_{name}"
    yield "DROP TRIGGER audit_logentry_no_gap"
    yield "DROP TRIGGER audit_event_waits"


def postgresql_removal():
    yield "DROP FUNCTION audit_history_never_changes() CASCADE"
    yield "DROP FUNCTION audit_logentry_has_no_gaps() CASCADE"
    yield "DROP FUNCTION audit_event_waits() CASCADE"


def forbid(apps, schema_editor):
    """Create the triggers."""
    make = {"sqlite": sqlite_statements, "postgresql": postgresql_statements}[schema_editor.connection.vendor]
    for statement in make():
        schema_editor.execute(statement, params=None)


def permit(apps, schema_editor):
    """Drop the triggers."""
    drop = {"sqlite": sqlite_removal, "postgresql": postgresql_removal}[schema_editor.connection.vendor]
    for statement in drop():
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_events_and_log")]

    operations = [migrations.RunPython(forbid, permit)]
