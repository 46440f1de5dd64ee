from django.db import migrations, models

TABLE = "portfolio_inventoryrow"
FORGET = "INSERT INTO portfolio_words(portfolio_words, rowid, text) VALUES ('delete', old.model_id, old.text);"
LEARN = "INSERT INTO portfolio_words(rowid, text) VALUES (new.model_id, new.text);"
SEARCHED = (
    f"CREATE TRIGGER portfolio_words_new AFTER INSERT ON {TABLE} BEGIN {LEARN} END",
    f"CREATE TRIGGER portfolio_words_gone AFTER DELETE ON {TABLE} BEGIN {FORGET} END",
    f"CREATE TRIGGER portfolio_words_other AFTER UPDATE OF text, model_id ON {TABLE} BEGIN {FORGET} {LEARN} END",
    "INSERT INTO portfolio_words(portfolio_words) VALUES ('rebuild')",
)


def search_again(apps, schema_editor):
    """Where Django gives SQLite a new column it makes the table anew, without the triggers of migration 0002."""
    if schema_editor.connection.vendor == "sqlite":
        for statement in SEARCHED:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("portfolio", "0002_search_words")]

    operations = [
        migrations.AddField(
            model_name="inventoryrow",
            name="told_status",
            field=models.CharField(blank=True, default="", max_length=12),
        ),
        migrations.AddField(
            model_name="inventoryrow",
            name="told_version",
            field=models.BigIntegerField(default=0),
        ),
        migrations.RunPython(search_again, migrations.RunPython.noop),
    ]
