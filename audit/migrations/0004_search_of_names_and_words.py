"""Indexes for the search of the trail: by a person's name, and by any text in what was recorded.

The text needs PostgreSQL's pg_trgm. Where that cannot be had, as with SQLite, a search looks through the events a part
at a time instead (audit/queries.py).
"""

from django.db import DatabaseError, migrations, models, transaction

EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
# Nobody's event merges the list of new words into the index, which would hold it up: the scheduler does (audit/words.py).
INDEX = (
    "CREATE INDEX audit_event_words ON audit_event USING gin (UPPER(payload) gin_trgm_ops) "
    "WITH (gin_pending_list_limit = 16384)"
)


def index_words(apps, schema_editor):
    """Create the index where it is possible."""
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute(EXTENSION, params=None)
    except DatabaseError:  # the extension is not installed on the server, or this user may not create it
        return
    schema_editor.execute(INDEX, params=None)


def drop(apps, schema_editor):
    """Drop it; the extension may serve others."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS audit_event_words", params=None)


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_signing_keys")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["actor_name", "at"], name="audit_event_name"),
        ),
        migrations.RunPython(index_words, drop),
    ]
