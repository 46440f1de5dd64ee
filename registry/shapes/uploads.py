"""How uploads in pieces look in the API."""

from typing import Any

from rest_framework import serializers

LARGEST = 2**53


class FileGiven(serializers.Serializer[Any]):
    """One line of the manifest."""

    path = serializers.CharField(max_length=300, trim_whitespace=False, help_text="Inside the model's folder")
    size = serializers.IntegerField(min_value=0, max_value=LARGEST, help_text="Bytes")
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}\Z", help_text="64 hexadecimal digits")


class UploadGiven(serializers.Serializer[Any]):
    """Everything that will be sent."""

    files = FileGiven(many=True)


class MissingFile(serializers.Serializer[Any]):
    """A file that must still be sent, from `have_bytes` on."""

    path = serializers.CharField()
    size = serializers.IntegerField()
    have_bytes = serializers.IntegerField()


class UploadAnswer(serializers.Serializer[Any]):
    """An upload and what is missing of it; nothing missing means that it can be registered."""

    id = serializers.UUIDField()
    model = serializers.CharField()
    expires_at = serializers.DateTimeField()
    missing = MissingFile(many=True)
