import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("evaluations", "0001_initial"),
        ("evaluations", "0002_engine"),
        ("evaluations", "0003_endpoints"),
        ("evaluations", "0004_schedules"),
        ("evaluations", "0005_environments"),
        ("evaluations", "0006_environments_built"),
    ]

    initial = True

    dependencies = [
        ("registry", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ArtifactMadeHere",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("artifact_digest", models.CharField(max_length=71, unique=True)),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="WorkerSandbox",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("machine", models.CharField(max_length=120, unique=True)),
                ("setting", models.CharField(max_length=16)),
                ("used", models.CharField(max_length=16)),
                ("tried", models.JSONField()),
                ("tried_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["machine"],
            },
        ),
        migrations.CreateModel(
            name="Environment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        db_index=True,
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("progress", models.FloatField(default=0.0)),
                ("step", models.CharField(blank=True, max_length=120)),
                ("failure", models.TextField(blank=True)),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("requested_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("digest", models.CharField(max_length=71, unique=True)),
                ("requirements", models.JSONField()),
                ("python", models.CharField(max_length=20)),
                ("platform", models.CharField(max_length=80)),
                ("folder", models.CharField(blank=True, max_length=120)),
                ("installed", models.JSONField(default=dict)),
                ("size", models.BigIntegerField(default=0)),
                ("log", models.TextField(blank=True)),
                ("requirement", models.CharField(blank=True, max_length=400)),
                ("passing", models.BooleanField(default=False)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-requested_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "succeeded"), _negated=True),
                            models.Q(("folder", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="environment_ready_in_a_folder",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "failed"), _negated=True),
                            models.Q(("failure", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="environment_fails_with_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScoringEndpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.CharField(max_length=300)),
                (
                    "answers",
                    models.CharField(
                        choices=[
                            ("labels", "Labels"),
                            ("probabilities", "Probabilities of the positive class"),
                            ("numbers", "Numbers"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "body",
                    models.CharField(
                        choices=[
                            ("instances", '{"instances": [{column: value}]}'),
                            ("dataframe_split", '{"dataframe_split": {"columns", "data"}} (MLflow)'),
                            ("records", "[{column: value}]"),
                        ],
                        default="instances",
                        max_length=16,
                    ),
                ),
                ("answers_path", models.CharField(blank=True, max_length=120)),
                ("prediction_path", models.CharField(blank=True, max_length=120)),
                ("score_path", models.CharField(blank=True, max_length=120)),
                ("columns", models.JSONField(blank=True, default=list)),
                ("batch_size", models.PositiveIntegerField(default=100)),
                ("requests_per_second", models.FloatField(default=10.0)),
                ("timeout_seconds", models.FloatField(default=30.0)),
                ("retries", models.PositiveSmallIntegerField(default=4)),
                ("header", models.CharField(default="Authorization", max_length=60)),
                ("secret_name", models.CharField(blank=True, max_length=100)),
                ("defined_at", models.DateTimeField()),
                (
                    "defined_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="endpoints",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="endpoint",
                        to="registry.modelversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EvaluationRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        db_index=True,
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("progress", models.FloatField(default=0.0)),
                ("step", models.CharField(blank=True, max_length=120)),
                ("failure", models.TextField(blank=True)),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("requested_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("performance", "Performance"),
                            ("calibration", "Calibration"),
                            ("fairness", "Fairness"),
                            ("explainability", "Explainability"),
                            ("robustness", "Robustness"),
                            ("stability", "Stability"),
                            ("data_quality", "Data quality"),
                            ("privacy", "Privacy"),
                            ("security", "Security"),
                            ("custom", "Custom"),
                            ("local_explanation", "Explanation of one record"),
                        ],
                        max_length=20,
                    ),
                ),
                ("config", models.JSONField(default=dict)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("model", "The registered model, run in the sandbox"),
                            ("columns", "Columns of the data set"),
                            ("endpoint", "A scoring endpoint"),
                            ("reported", "Reported by its maker, not measured here"),
                        ],
                        default="model",
                        max_length=12,
                    ),
                ),
                (
                    "trigger",
                    models.CharField(
                        choices=[
                            ("demand", "On demand"),
                            ("submission", "On submission"),
                            ("schedule", "On schedule"),
                        ],
                        default="demand",
                        max_length=12,
                    ),
                ),
                ("priority", models.PositiveSmallIntegerField(default=5)),
                ("reference_digest", models.CharField(blank=True, max_length=71)),
                ("against_digest", models.CharField(blank=True, max_length=71)),
                ("log", models.TextField(blank=True)),
                ("not_before", models.DateTimeField(blank=True, null=True)),
                ("given_up", models.BooleanField(default=False)),
                ("artifact_digest", models.CharField(max_length=71)),
                ("dataset_digest", models.CharField(max_length=71)),
                ("predictions_digest", models.CharField(blank=True, max_length=71)),
                ("join", models.CharField(blank=True, max_length=120)),
                ("endpoint_digest", models.CharField(blank=True, max_length=71)),
                ("requested_as", models.CharField(max_length=120)),
                ("result", models.JSONField(blank=True, null=True)),
                ("result_digest", models.CharField(blank=True, max_length=71)),
                ("provenance", models.JSONField(default=dict)),
                (
                    "against",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="compared_in",
                        to="registry.modelversion",
                    ),
                ),
                (
                    "awaits",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="awaited_by",
                        to="evaluations.environment",
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evaluations",
                        to="registry.dataset",
                    ),
                ),
                (
                    "predictions",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="predictions_of",
                        to="registry.dataset",
                    ),
                ),
                (
                    "reference",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reference_of",
                        to="registry.dataset",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evaluations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evaluations",
                        to="registry.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["version", "kind", "status"], name="run_by_version_kind"),
                    models.Index(
                        condition=models.Q(("status", "queued")),
                        fields=["priority", "id"],
                        name="run_most_urgent",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "succeeded"), _negated=True),
                            models.Q(("result_digest", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="run_succeeds_with_result",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "failed"), _negated=True),
                            models.Q(("failure", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="run_fails_with_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EvaluationSchedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kinds", models.JSONField(default=list)),
                ("dataset_name", models.CharField(blank=True, max_length=64)),
                ("dataset_version", models.CharField(blank=True, max_length=40)),
                (
                    "dataset_role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("training", "Training"),
                            ("validation", "Validation"),
                            ("test", "Test"),
                            ("production_sample", "Production sample"),
                        ],
                        max_length=20,
                    ),
                ),
                ("every_days", models.PositiveSmallIntegerField()),
                ("next_at", models.DateTimeField(db_index=True)),
                ("active", models.BooleanField(default=True)),
                ("last_at", models.DateTimeField(blank=True, null=True)),
                ("last_outcome", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evaluation_schedules",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evaluation_schedules",
                        to="registry.registeredmodel",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evaluation_schedules",
                        to="registry.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["next_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("every_days__gte", 1), ("every_days__lte", 366)),
                        name="schedule_within_a_year",
                    )
                ],
            },
        ),
    ]
