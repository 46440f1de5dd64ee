"""How deployments look in the API."""

from typing import Any

from rest_framework import serializers


class DeploymentGiven(serializers.Serializer[Any]):
    """What a pipeline put where, and under which decision."""

    model = serializers.CharField(max_length=64)
    version = serializers.CharField(max_length=40)
    environment = serializers.CharField(max_length=16)
    decision_id = serializers.CharField(max_length=40)


class DeploymentAnswer(serializers.Serializer[Any]):
    """A deployment as it was recorded."""

    model = serializers.CharField(source="version.model.slug")
    version = serializers.CharField(source="version.version")
    environment = serializers.CharField()
    decision_id = serializers.CharField()
    reported_by = serializers.CharField()
    deployed_at = serializers.DateTimeField()
