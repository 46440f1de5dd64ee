"""What the gate reads and answers."""

from typing import Any

import rfc8785
from rest_framework import serializers

from audit.canonical import clean, instant, plain
from governance.gate.models import GateDecision
from registry.models import Environment

LONGEST_CONTEXT = 8 * 1024


class GateQuestion(serializers.Serializer[Any]):
    """May this version run in this environment? `version` or `artifact_digest` names it; given both, they agree."""

    model = serializers.CharField(max_length=64)
    version = serializers.CharField(max_length=40, required=False, allow_null=True)
    artifact_digest = serializers.RegexField(r"^sha256:[0-9a-f]{64}$", required=False, allow_null=True)
    environment = serializers.CharField(max_length=40)
    context = serializers.DictField(  # type: ignore[assignment]  # the API says "context", REST framework has one too
        child=serializers.JSONField(), required=False, default=dict
    )
    dry_run = serializers.BooleanField(required=False, default=False)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError(
                    {unknown[0]: f"Unknown field. The fields are {', '.join(self.fields)}."}
                )
            if "dry_run" in data and not isinstance(data["dry_run"], bool):
                raise serializers.ValidationError({"dry_run": "Send true or false."})
            for name in ("model", "version", "environment"):
                if data.get(name) is not None and not isinstance(data[name], str):
                    raise serializers.ValidationError({name: "Send text, in quotes."})
        return super().to_internal_value(data)

    def validate_context(self, value: dict[str, Any]) -> dict[str, Any]:
        """Small, and fit for the record: what a database cannot hold, such as NUL, becomes U+FFFD."""
        try:
            size = len(rfc8785.dumps(value))
        except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
            raise serializers.ValidationError(f"Cannot be recorded: {error}.") from error
        if size > LONGEST_CONTEXT:
            raise serializers.ValidationError(f"At most {LONGEST_CONTEXT} bytes, this has {size}.")
        return {clean(name): plain(inner) for name, inner in value.items()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("version") and not attrs.get("artifact_digest"):
            raise serializers.ValidationError(
                "Send version or artifact_digest, so that one version is meant."
            )
        return attrs


class RequirementAnswer(serializers.Serializer[Any]):
    """One requirement and how it stands."""

    id = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    result = serializers.ChoiceField(["satisfied", "unsatisfied", "waived", "not_applicable", "error"])
    reason = serializers.CharField()
    remedy = serializers.CharField(allow_null=True)
    who = serializers.ListField(child=serializers.CharField())
    url = serializers.CharField(allow_null=True)
    stale = serializers.BooleanField()
    evidence = serializers.ListField(child=serializers.CharField())


class ExceptionAnswer(serializers.Serializer[Any]):
    """A waiver or a break-glass that the decision rests on."""

    kind = serializers.ChoiceField(["waiver", "break_glass"])
    id = serializers.IntegerField()
    url = serializers.URLField()


class PolicyAnswer(serializers.Serializer[Any]):
    """The policy that judged."""

    name = serializers.CharField()
    version = serializers.IntegerField()
    digest = serializers.CharField()


class DecisionAnswer(serializers.Serializer[Any]):
    """A decision with its grounds and its attestation, as `document` writes it."""

    id = serializers.UUIDField()
    decision = serializers.ChoiceField(["allow", "deny"])
    basis = serializers.ChoiceField(
        ["policy", "waiver", "break_glass"],
        help_text="What made it an allow: the policy alone, the policy with waivers, or an emergency against it.",
    )
    model = serializers.CharField()
    version = serializers.CharField()
    artifact_digest = serializers.CharField()
    environment = serializers.ChoiceField(Environment.choices)
    tier = serializers.CharField(allow_blank=True)
    dry_run = serializers.BooleanField()
    summary = serializers.CharField()
    requirements = RequirementAnswer(many=True)
    exceptions = ExceptionAnswer(many=True)
    policy = PolicyAnswer(allow_null=True)
    evidence_digest = serializers.CharField()
    decided_at = serializers.DateTimeField()
    valid_until = serializers.DateTimeField()
    url = serializers.URLField()
    attestation = serializers.DictField(allow_null=True)


def document(decision: GateDecision) -> dict[str, Any]:
    """The decision as it is answered. Written by hand: this is the hot path, and a serializer triples its cost."""
    version, policy = decision.version, decision.policy
    return {
        "id": str(decision.id),
        "decision": decision.decision,
        "basis": decision.basis,
        "model": version.model.slug,
        "version": version.version,
        "artifact_digest": version.artifact_digest,
        "environment": decision.environment,
        "tier": decision.tier,
        "dry_run": decision.dry_run,
        "summary": decision.summary,
        "requirements": decision.requirements,
        "exceptions": decision.exceptions or [],
        "policy": {"name": policy.name, "version": policy.version, "digest": policy.digest}
        if policy
        else None,
        "evidence_digest": decision.evidence_digest,
        "decided_at": instant(decision.decided_at),
        "valid_until": instant(decision.valid_until),
        "url": decision.page_url,
        "attestation": decision.attestation,
    }
