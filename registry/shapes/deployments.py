"""How deployments look in the API."""

from typing import Any, ClassVar

from rest_framework import serializers

from registry.models import Deployment, DeploymentStatus, Environment, Strategy

REPORTED = [
    (status.value, status.label)
    for status in DeploymentStatus
    if status.value in ("started", "live", "failed")
]


class DeploymentGiven(serializers.Serializer[Any]):
    """What a pipeline put where, and under which decision of the gate.

    `decision` alone names model, version and environment. Without a valid one the report is recorded all the same,
    and flagged: see `problem` in the answer.
    """

    decision = serializers.CharField(
        max_length=40, required=False, allow_blank=True, allow_null=True, help_text="Id of the gate's answer"
    )
    decision_id = serializers.CharField(
        max_length=40,
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="The same, as it was called",
    )
    model = serializers.CharField(max_length=64, required=False, default="")
    version = serializers.CharField(max_length=40, required=False, default="")
    environment = serializers.CharField(
        max_length=16, required=False, default="", help_text=f"One of {', '.join(Environment.values)}"
    )
    artifact_digest = serializers.RegexField(
        r"^sha256:[0-9a-f]{64}$",
        required=False,
        default="",
        help_text="Of the bytes deployed; another than the version's is flagged",
    )
    strategy = serializers.ChoiceField(Strategy.choices, default=Strategy.REAL_TIME)
    traffic_share = serializers.FloatField(
        min_value=0,
        max_value=1,
        required=False,
        allow_null=True,
        default=None,
        help_text="Of canaries and A/B arms, and only of them",
    )
    status = serializers.ChoiceField(REPORTED, default=DeploymentStatus.LIVE)
    note = serializers.CharField(max_length=300, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One decision, whichever of its two names it came under."""
        said = {attrs.pop(name, None) or "" for name in ("decision", "decision_id")} - {""}
        if len(said) > 1:
            raise serializers.ValidationError({"decision": "decision and decision_id name different ones."})
        return attrs | {"decision": said.pop().strip() if said else ""}


class NoteGiven(serializers.Serializer[Any]):
    """What a pipeline adds to a report, if anything."""

    note = serializers.CharField(max_length=300, allow_blank=True, default="")


class RollBackGiven(NoteGiven):
    """A roll-back, and what runs instead."""

    to = serializers.CharField(
        max_length=40,
        allow_blank=True,
        default="",
        help_text="Id of the gate's decision on the version that runs instead; left out, nothing took its place",
    )


class DeploymentAnswer(serializers.ModelSerializer[Deployment]):
    """A deployment as pipelines reported it."""

    model = serializers.CharField(source="version.model.slug")
    version = serializers.CharField(source="version.version")
    decision = serializers.SerializerMethodField()
    decision_id = serializers.CharField(help_text="The same as decision, as it was called; empty without one")
    problem = serializers.SerializerMethodField()
    running = serializers.BooleanField(source="is_running")

    class Meta:
        model = Deployment
        fields: ClassVar[tuple[str, ...]] = (
            "id",
            "model",
            "version",
            "environment",
            "status",
            "running",
            "strategy",
            "traffic_share",
            "decision",
            "decision_id",
            "problem",
            "note",
            "reported_by",
            "deployed_at",
            "finished_at",
            "ended_at",
        )

    def get_decision(self, deployment: Deployment) -> str | None:
        """The gate's decision that it names, null without one."""
        return deployment.decision_id or None

    def get_problem(self, deployment: Deployment) -> str | None:
        """Why no valid decision carried it when it was reported; null when one did."""
        return deployment.problem or None


class RollBackAnswer(DeploymentAnswer):
    """What was rolled back, and the deployment that took its place."""

    replaced_by = serializers.SerializerMethodField()

    class Meta(DeploymentAnswer.Meta):
        fields: ClassVar[tuple[str, ...]] = (*DeploymentAnswer.Meta.fields, "replaced_by")

    def get_replaced_by(self, deployment: Deployment) -> int | None:
        """Id of the deployment that runs instead."""
        restored: Deployment | None = self.context.get("restored")
        return restored.pk if restored else None
