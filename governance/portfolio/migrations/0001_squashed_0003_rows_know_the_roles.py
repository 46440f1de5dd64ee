import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("portfolio", "0001_initial"),
        ("portfolio", "0003_rows_know_the_roles"),
    ]

    initial = True

    dependencies = [
        ("registry", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="InventoryRow",
            fields=[
                (
                    "model",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="inventory_row",
                        serialize=False,
                        to="registry.registeredmodel",
                    ),
                ),
                ("name_key", models.CharField(max_length=120)),
                ("owner_key", models.CharField(max_length=160)),
                ("kind", models.CharField(max_length=32)),
                ("origin", models.CharField(max_length=20)),
                ("line", models.CharField(blank=True, max_length=80)),
                ("tier", models.CharField(blank=True, max_length=12)),
                ("tier_rank", models.PositiveSmallIntegerField(default=0)),
                ("tier_confirmed", models.BooleanField(default=False)),
                ("status", models.CharField(blank=True, max_length=12)),
                ("stage", models.CharField(max_length=16)),
                ("development", models.CharField(blank=True, max_length=8)),
                ("staging", models.CharField(blank=True, max_length=8)),
                ("production", models.CharField(blank=True, max_length=8)),
                ("answer", models.CharField(blank=True, max_length=5)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("tags", models.JSONField(default=list)),
                ("live_in", models.JSONField(default=list)),
                ("text", models.TextField()),
                ("registered_at", models.DateTimeField(null=True)),
                ("policy", models.BigIntegerField(default=0)),
                ("roles", models.BigIntegerField(null=True)),
                ("judged_at", models.DateTimeField()),
                ("holds_until", models.DateTimeField(null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="inventory_row",
                        to="registry.modelversion",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-tier_rank", "name_key"], name="inventory_by_tier"),
                    models.Index(fields=["name_key"], name="inventory_by_name"),
                    models.Index(fields=["status", "name_key"], name="inventory_by_status"),
                    models.Index(fields=["stage", "name_key"], name="inventory_by_stage"),
                    models.Index(fields=["owner_key", "name_key"], name="inventory_by_owner"),
                    models.Index(fields=["-registered_at", "name_key"], name="inventory_by_date"),
                    models.Index(fields=["answer", "name_key"], name="inventory_by_answer"),
                    models.Index(fields=["line", "name_key"], name="inventory_by_line"),
                    models.Index(fields=["policy"], name="inventory_by_policy"),
                    models.Index(fields=["holds_until"], name="inventory_by_end"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(blank=True, max_length=1000)),
                ("shared", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "name"), name="view_once_per_person")
                ],
            },
        ),
    ]
