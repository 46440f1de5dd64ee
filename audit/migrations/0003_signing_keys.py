"""The ring of signing keys, which never changes either: a former key could otherwise be exchanged for another."""

import django.db.models.deletion
from django.db import migrations, models

TABLE = "audit_signingkey"
COLLIDES = "id = NEW.id OR keyid = NEW.keyid OR previous_id = NEW.previous_id"


def statements(vendor):
    if vendor == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER {TABLE}_no_{deed.lower()} BEFORE {deed} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{TABLE} is history: {deed} is forbidden'); END"
            )
        yield (
            f"CREATE TRIGGER {TABLE}_no_replace BEFORE INSERT ON {TABLE} "
            f"WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE {COLLIDES}) "
            f"BEGIN SELECT RAISE(ABORT, '{TABLE} is history: this row exists already'); END"
        )
        return
    for name, deed, each in (("no_change", "UPDATE OR DELETE", "ROW"), ("no_truncate", "TRUNCATE", "STATEMENT")):
        yield (
            f"CREATE TRIGGER {TABLE}_{name} BEFORE {deed} ON {TABLE} "
            f"FOR EACH {each} EXECUTE FUNCTION audit_history_never_changes()"
        )
        yield f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TABLE}_{name}"


def removal(vendor):
    if vendor == "sqlite":
        for name in ("no_update", "no_delete", "no_replace"):
            yield f"DROP TRIGGER {TABLE}_{name}"
        return
    for name in ("no_change", "no_truncate"):
        yield f"DROP TRIGGER IF EXISTS {TABLE}_{name} ON {TABLE}"


def forbid(apps, schema_editor):
    """Create the triggers."""
    for statement in statements(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def permit(apps, schema_editor):
    """Drop the triggers."""
    for statement in removal(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_history_never_changes")]

    operations = [
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("log", "Log"), ("attestation", "Attestation")], max_length=16),
                ),
                ("keyid", models.CharField(max_length=64, unique=True)),
                ("pem", models.TextField()),
                ("introduced_at", models.DateTimeField()),
                ("introduced_by", models.CharField(max_length=200)),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
                ("overlap_until", models.DateTimeField(blank=True, null=True)),
                (
                    "previous",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="next",
                        to="audit.signingkey",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("previous__isnull", True)),
                        fields=("kind",),
                        name="audit_signingkey_one_first",
                    )
                ],
            },
        ),
        migrations.RunPython(forbid, permit),
    ]
