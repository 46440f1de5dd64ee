import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("registry", "0001_initial"),
        ("registry", "0002_the_registry_grows"),
        ("registry", "0003_the_inventory_can_tell_what_changed"),
        ("registry", "0005_tracking_servers_are_read_in_rounds"),
        ("registry", "0006_former_team_is_remembered"),
        ("registry", "0007_more_kinds_of_model_are_measured"),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomField",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(max_length=40, unique=True)),
                ("label", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("number", "Number"),
                            ("date", "Date"),
                            ("choice", "Choice"),
                            ("person", "Person"),
                        ],
                        max_length=10,
                    ),
                ),
                ("choices", models.JSONField(blank=True, default=list)),
                ("help", models.CharField(blank=True, max_length=200)),
                ("required_from", models.CharField(blank=True, max_length=12)),
                ("position", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Dataset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.SlugField(max_length=64)),
                ("version", models.CharField(max_length=40)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("training", "Training"),
                            ("validation", "Validation"),
                            ("test", "Test"),
                            ("production_sample", "Production sample"),
                        ],
                        max_length=20,
                    ),
                ),
                ("digest", models.CharField(max_length=71)),
                ("file", models.CharField(max_length=200)),
                ("size", models.BigIntegerField()),
                ("rows", models.PositiveIntegerField()),
                ("columns", models.JSONField()),
                ("label", models.CharField(blank=True, max_length=120)),
                ("positive", models.CharField(blank=True, max_length=120)),
                ("prediction", models.CharField(blank=True, max_length=120)),
                ("score", models.CharField(blank=True, max_length=120)),
                ("sensitive", models.JSONField(default=list)),
                ("reference_groups", models.JSONField(blank=True, default=dict)),
                (
                    "classification",
                    models.CharField(
                        choices=[
                            ("public", "Public"),
                            ("internal", "Internal"),
                            ("confidential", "Confidential"),
                            ("restricted", "Restricted"),
                        ],
                        default="internal",
                        max_length=16,
                    ),
                ),
                ("confidential", models.JSONField(blank=True, default=list)),
                ("legal_basis", models.CharField(blank=True, max_length=300)),
                ("schema", models.JSONField(blank=True, default=dict)),
                ("validation", models.JSONField(blank=True, default=dict)),
                ("profile", models.JSONField(blank=True, default=dict)),
                ("description", models.TextField(blank=True)),
                ("registered_at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="datasets",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name", "-registered_at"],
                "constraints": [
                    models.UniqueConstraint(fields=("name", "version"), name="dataset_version_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.CharField(max_length=40)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("mlflow", "MLflow"),
                            ("upload", "Upload"),
                            ("predictions", "Predictions only"),
                        ],
                        max_length=16,
                    ),
                ),
                ("source_uri", models.CharField(blank=True, max_length=400)),
                ("artifact_digest", models.CharField(db_index=True, max_length=71)),
                ("artifact_format", models.CharField(blank=True, max_length=40)),
                ("size", models.BigIntegerField()),
                ("file_count", models.PositiveIntegerField()),
                ("flavors", models.JSONField(blank=True, default=list)),
                ("parameters", models.JSONField(default=dict)),
                ("training_metrics", models.JSONField(default=dict)),
                ("hyperparameters", models.JSONField(blank=True, default=dict)),
                ("random_seed", models.BigIntegerField(blank=True, null=True)),
                ("python_version", models.CharField(blank=True, max_length=20)),
                ("requirements", models.JSONField(blank=True, default=list)),
                ("signature", models.JSONField(default=dict)),
                ("code_repository", models.CharField(blank=True, max_length=300)),
                ("code_commit", models.CharField(blank=True, max_length=64)),
                ("run_id", models.CharField(blank=True, max_length=64)),
                ("run", models.JSONField(blank=True, default=dict)),
                ("signing", models.JSONField(blank=True, default=dict)),
                ("registered_at", models.DateTimeField()),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                ("artifact_problem", models.CharField(blank=True, max_length=300)),
                ("evidence_stamp", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "judged_stamp",
                    models.UUIDField(
                        default=uuid.UUID("00000000-0000-0000-0000-000000000000"), editable=False
                    ),
                ),
                (
                    "evaluated_on",
                    models.ManyToManyField(
                        blank=True, related_name="evaluated_versions", to="registry.dataset"
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="registry.modelversion",
                    ),
                ),
                (
                    "registered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="registered_versions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "trained_on",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trained_versions",
                        to="registry.dataset",
                    ),
                ),
            ],
            options={
                "ordering": ["model", "-registered_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Deployment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                ("decision_id", models.CharField(blank=True, max_length=40)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("started", "Started"),
                            ("live", "Live"),
                            ("failed", "Failed"),
                            ("rolled_back", "Rolled back"),
                            ("ended", "Ended"),
                        ],
                        default="live",
                        max_length=12,
                    ),
                ),
                (
                    "strategy",
                    models.CharField(
                        choices=[
                            ("real_time", "Real time"),
                            ("batch", "Batch"),
                            ("shadow", "Shadow"),
                            ("canary", "Canary"),
                            ("ab", "A/B"),
                        ],
                        default="real_time",
                        max_length=12,
                    ),
                ),
                ("traffic_share", models.FloatField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("reported_by", models.CharField(max_length=120)),
                ("deployed_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deployments",
                        to="registry.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-deployed_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("environment__in", ["development", "staging", "production"])),
                        name="deployment_environment_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("traffic_share", None),
                            models.Q(("traffic_share__gte", 0), ("traffic_share__lte", 1)),
                            _connector="OR",
                        ),
                        name="deployment_share_of_traffic",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CardRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("sections", models.JSONField()),
                ("digest", models.CharField(max_length=71)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("saved_at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="card_revisions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cards",
                        to="registry.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["version", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("version", "number"), name="card_revision_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="CardComment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("section", models.SlugField(max_length=60)),
                ("revision", models.PositiveIntegerField()),
                ("text", models.TextField()),
                ("written_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="card_comments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="resolved_card_comments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="card_comments",
                        to="registry.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="ArtifactFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("path", models.CharField(max_length=300)),
                ("size", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="registry.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["path"],
                "constraints": [
                    models.UniqueConstraint(fields=("version", "path"), name="file_once_per_version")
                ],
            },
        ),
        migrations.CreateModel(
            name="RegisteredModel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=64, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("purpose", models.TextField()),
                ("decides", models.CharField(blank=True, max_length=200)),
                ("products", models.CharField(blank=True, max_length=200)),
                ("expected_use", models.TextField(blank=True)),
                ("actual_use", models.TextField(blank=True)),
                ("restrictions", models.TextField(blank=True)),
                ("business_line", models.CharField(blank=True, max_length=80)),
                ("team", models.CharField(blank=True, max_length=80)),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("in_house", "In-house"),
                            ("vendor", "Vendor"),
                            ("open_source", "Open source"),
                            ("foundation_model", "Foundation model"),
                        ],
                        default="in_house",
                        max_length=20,
                    ),
                ),
                ("supplier", models.CharField(blank=True, max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("binary_classification", "Binary classification"),
                            ("multiclass_classification", "Multiclass classification"),
                            ("multilabel_classification", "Multilabel classification"),
                            ("regression", "Regression"),
                            ("ranking", "Ranking"),
                            ("forecasting", "Forecasting"),
                            ("clustering", "Clustering"),
                            ("generative", "Generative or language model"),
                            ("rule_set", "Rule set"),
                            ("not_a_model", "Not a model"),
                        ],
                        max_length=32,
                    ),
                ),
                ("kind_reason", models.TextField(blank=True)),
                ("jurisdictions", models.JSONField(blank=True, default=list)),
                ("regulated_uses", models.JSONField(blank=True, default=list)),
                ("custom", models.JSONField(blank=True, default=dict)),
                ("former_team", models.JSONField(default=dict, editable=False)),
                (
                    "lifecycle",
                    models.CharField(
                        choices=[("active", "Active"), ("suspended", "Suspended"), ("retired", "Retired")],
                        default="active",
                        max_length=16,
                    ),
                ),
                ("lifecycle_reason", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("entry_stamp", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "listed_stamp",
                    models.UUIDField(
                        default=uuid.UUID("00000000-0000-0000-0000-000000000000"), editable=False
                    ),
                ),
                (
                    "developers",
                    models.ManyToManyField(
                        blank=True, related_name="developed_models", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="owned_models",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["slug"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("entry_stamp", models.F("listed_stamp")), _negated=True),
                        fields=["id"],
                        name="model_to_list_again",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lifecycle", "active"),
                            models.Q(("lifecycle_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="model_stopped_with_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "not_a_model"), _negated=True),
                            models.Q(("kind_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="no_model_with_reason",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="modelversion",
            name="model",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="versions",
                to="registry.registeredmodel",
            ),
        ),
        migrations.CreateModel(
            name="ModelTag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.SlugField(max_length=40)),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="registry.registeredmodel",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(fields=("model", "name"), name="tag_once_per_model")],
            },
        ),
        migrations.CreateModel(
            name="ModelDependency",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                (
                    "depends_on",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dependents",
                        to="registry.registeredmodel",
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dependencies",
                        to="registry.registeredmodel",
                    ),
                ),
            ],
            options={
                "ordering": ["model", "depends_on"],
                "constraints": [
                    models.UniqueConstraint(fields=("model", "depends_on"), name="dependency_once"),
                    models.CheckConstraint(
                        condition=models.Q(("model", models.F("depends_on")), _negated=True),
                        name="no_dependency_on_itself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrackedModel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("written", models.JSONField(blank=True, default=dict)),
                ("not_taken", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField()),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tracked",
                        to="registry.registeredmodel",
                    ),
                ),
            ],
            options={
                "ordering": ["server", "name"],
            },
        ),
        migrations.AddField(
            model_name="modelversion",
            name="tracked",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="versions",
                to="registry.trackedmodel",
            ),
        ),
        migrations.CreateModel(
            name="TrackingServer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.SlugField(max_length=40, unique=True)),
                ("uri", models.CharField(blank=True, max_length=300)),
                ("every_minutes", models.PositiveIntegerField(default=0)),
                ("writes_back", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tracking_servers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="trackedmodel",
            name="server",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tracked",
                to="registry.trackingserver",
            ),
        ),
        migrations.CreateModel(
            name="SyncRun",
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
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("wanted", models.JSONField(blank=True, default=dict)),
                ("asked_by", models.CharField(max_length=150)),
                ("asked_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("progress", models.FloatField(default=0)),
                ("step", models.CharField(blank=True, max_length=160)),
                ("failure", models.CharField(blank=True, max_length=500)),
                ("outcome", models.JSONField(blank=True, default=dict)),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="registry.trackingserver",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["queued", "running"])),
                        fields=("server", "status"),
                        name="one_sync_waits_and_one_runs",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HookDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("delivery_id", models.CharField(max_length=100)),
                ("received_at", models.DateTimeField()),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="registry.trackingserver",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("server", "delivery_id"), name="delivery_taken_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("manifest", models.JSONField()),
                ("started_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to="registry.registeredmodel",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-started_at"],
            },
        ),
        migrations.AddIndex(
            model_name="modelversion",
            index=models.Index(
                condition=models.Q(("evidence_stamp", models.F("judged_stamp")), _negated=True),
                fields=["model"],
                name="version_to_judge_again",
            ),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.UniqueConstraint(fields=("model", "version"), name="version_once_per_model"),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.UniqueConstraint(
                fields=("model", "artifact_digest"), name="same_files_once_per_model"
            ),
        ),
        migrations.AddConstraint(
            model_name="trackedmodel",
            constraint=models.UniqueConstraint(fields=("server", "name"), name="tracked_model_once"),
        ),
    ]
