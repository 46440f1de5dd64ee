"""An event's place among the waiting ones is put there by a trigger and its row is never deleted, so that the foreign
key shows nothing; PostgreSQL would check it at the end of every transaction of the product."""

import django.db.models.deletion
from django.db import migrations, models

TABLE = "audit_pending"


def drop(apps, schema_editor):
    """PostgreSQL alone checks late and by a query of its own."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, TABLE)
    for name, told in found.items():
        if told["foreign_key"]:
            schema_editor.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {schema_editor.quote_name(name)}")


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_attested_rows")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop, migrations.RunPython.noop)],
            state_operations=[
                migrations.AlterField(
                    model_name="pending",
                    name="event",
                    field=models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="pending",
                        serialize=False,
                        to="audit.event",
                    ),
                )
            ],
        )
    ]
