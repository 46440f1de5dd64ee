import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("gate", "0001_initial"),
        ("gate", "0002_exceptions"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("registry", "0001_initial"),
        ("riskreview", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="GateDecision",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "environment",
                    models.CharField(
                        choices=[
                            ("development", "Development"),
                            ("staging", "Staging"),
                            ("production", "Production"),
                        ],
                        max_length=16,
                    ),
                ),
                ("decision", models.CharField(choices=[("allow", "Allow"), ("deny", "Deny")], max_length=8)),
                ("basis", models.CharField(default="policy", max_length=16)),
                ("tier", models.CharField(blank=True, max_length=12)),
                ("dry_run", models.BooleanField(default=False)),
                ("summary", models.TextField()),
                ("requirements", models.JSONField()),
                ("evidence_digest", models.CharField(max_length=71)),
                ("components", models.JSONField()),
                ("context", models.JSONField(default=dict)),
                ("asked_by", models.CharField(max_length=120)),
                ("asker_name", models.CharField(max_length=120)),
                ("decided_at", models.DateTimeField(db_index=True)),
                ("valid_until", models.DateTimeField()),
                ("exceptions", models.JSONField(blank=True, null=True)),
                ("attestation", models.JSONField(blank=True, null=True)),
                (
                    "policy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="riskreview.policypack",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="registry.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-decided_at"],
                "indexes": [
                    models.Index(fields=["version", "environment", "-decided_at"], name="decision_by_version")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decision", "allow"), _negated=True),
                            ("policy__isnull", False),
                            _connector="OR",
                        ),
                        name="allow_needs_a_policy",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotentCall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.CharField(max_length=255)),
                ("body_sha256", models.CharField(max_length=64)),
                ("started_at", models.DateTimeField()),
                (
                    "decision",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="gate.gatedecision",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.apikey"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("key", "token"), name="idempotency_key_once")]
            },
        ),
    ]
