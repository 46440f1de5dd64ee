"""The index of the inventory's words: GIN on PostgreSQL, FTS5 on SQLite, where triggers keep it in step."""

from django.db import migrations

TABLE = "portfolio_inventoryrow"
POSTGRESQL = (
    f"CREATE INDEX inventory_by_words ON {TABLE} USING gin (array_to_tsvector(string_to_array(text, ' ')))",
)
FORGET = "INSERT INTO portfolio_words(portfolio_words, rowid, text) VALUES ('delete', old.model_id, old.text);"
LEARN = "INSERT INTO portfolio_words(rowid, text) VALUES (new.model_id, new.text);"
SQLITE = (
    "CREATE VIRTUAL TABLE portfolio_words USING fts5("
    f"text, content='{TABLE}', content_rowid='model_id', tokenize='unicode61 remove_diacritics 0', prefix='1 2 3')",
    f"CREATE TRIGGER portfolio_words_new AFTER INSERT ON {TABLE} BEGIN {LEARN} END",
    f"CREATE TRIGGER portfolio_words_gone AFTER DELETE ON {TABLE} BEGIN {FORGET} END",
    f"CREATE TRIGGER portfolio_words_other AFTER UPDATE OF text, model_id ON {TABLE} BEGIN {FORGET} {LEARN} END",
)
REMOVAL = {
    "postgresql": ("DROP INDEX inventory_by_words",),
    "sqlite": (
        "DROP TRIGGER portfolio_words_new",
        "DROP TRIGGER portfolio_words_gone",
        "DROP TRIGGER portfolio_words_other",
        "DROP TABLE portfolio_words",
    ),
}


def index(apps, schema_editor):
    """Create the index."""
    for statement in {"postgresql": POSTGRESQL, "sqlite": SQLITE}[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    """Drop it."""
    for statement in REMOVAL[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("portfolio", "0001_squashed_0003_rows_know_the_roles")]

    operations = [migrations.RunPython(index, drop)]
