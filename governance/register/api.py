"""What the public register says of a model, for machines that publish it and take it out."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from accounts.refusals import Invalid
from governance.compliance.facts import record_of
from governance.register.access import model_for_publisher
from governance.register.actions import publish, withdraw
from governance.register.models import Publication
from governance.register.words import Material, material_of
from registry.access import model_for_reader
from registry.api.common import checked
from registry.models import RegisteredModel

MOST_CHOSEN = 100
PROBLEMS: dict[int, Any] = {
    400: OpenApiResponse(description="Malformed, or a part that may not be published"),
    403: OpenApiResponse(description="The key lacks the scope, or its owner does not publish models"),
    404: OpenApiResponse(description="No such model"),
    409: OpenApiResponse(description="It changed since the preview, or nothing would change"),
}
EXAMPLE = OpenApiExample(
    "What was previewed",
    {
        "contact": "models@example.org",
        "sections": ["intended_use", "oversight"],
        "figures": ["performance.roc_auc"],
        "seen": "sha256:…",
        "note": "The council wants it to be public.",
    },
    request_only=True,
)


class PublishedSection(serializers.Serializer[Any]):
    """A section of the card."""

    id = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()


class PublishedFigure(serializers.Serializer[Any]):
    """A measured value with its interval; `records` is how many it rests on."""

    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.CharField()
    records = serializers.IntegerField(allow_null=True)


class PublishedWords(serializers.Serializer[Any]):
    """All that is said of a model in words."""

    name = serializers.CharField()
    purpose = serializers.CharField(allow_blank=True)
    decides = serializers.CharField(allow_blank=True)
    kind = serializers.CharField()
    team = serializers.CharField(allow_blank=True)
    business_line = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    parts = PublishedSection(many=True)
    figures = PublishedFigure(many=True)
    contact = serializers.CharField()


class PublicationAnswer(serializers.Serializer[Any]):
    """What was published, by whom and why. `ended_at` is null while everybody may read it."""

    words = PublishedWords()
    digest = serializers.CharField()
    note = serializers.CharField()
    published_by = serializers.CharField(source="published_by.username")
    published_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_reason = serializers.CharField(allow_blank=True)


class OfferedSection(serializers.Serializer[Any]):
    """A section that may be chosen."""

    id = serializers.CharField()
    title = serializers.CharField()


class PreviewAnswer(serializers.Serializer[Any]):
    """What would be published by a choice; `seen` of a PUT is this digest."""

    words = PublishedWords()
    digest = serializers.CharField()


class RegisterAnswer(serializers.Serializer[Any]):
    """What the register says now, what may be chosen, and, where a contact was asked about, the preview."""

    model = serializers.CharField()
    published = PublicationAnswer(allow_null=True)
    sections = OfferedSection(many=True)
    figures = PublishedFigure(many=True)
    preview = PreviewAnswer(allow_null=True)


class ChoiceGiven(serializers.Serializer[Any]):
    """Which parts of a model are shown."""

    contact = serializers.CharField(max_length=200)
    sections = serializers.ListField(
        child=serializers.CharField(max_length=64), max_length=MOST_CHOSEN, default=list
    )
    figures = serializers.ListField(
        child=serializers.CharField(max_length=120), max_length=MOST_CHOSEN, default=list
    )


class PublishGiven(ChoiceGiven):
    """Publishing just what was previewed."""

    seen = serializers.CharField(max_length=71, help_text="Digest of the preview")
    note = serializers.CharField(max_length=1000, help_text="Why; for the record, not shown outside")


class WithdrawGiven(serializers.Serializer[Any]):
    """Taking it out."""

    reason = serializers.CharField(max_length=1000)


class ModelInRegister(KeyView):
    """One model in the public register."""

    scopes: ClassVar = {"GET": Scope.REGISTRY_READ, "PUT": Scope.REGISTRY_WRITE}

    @extend_schema(
        operation_id="publication_retrieve",
        parameters=[
            OpenApiParameter("contact", str, description="Answer with a preview of this choice"),
            OpenApiParameter("sections", str, many=True),
            OpenApiParameter("figures", str, many=True),
        ],
        responses={200: RegisterAnswer, 400: PROBLEMS[400], 404: PROBLEMS[404]},
    )
    def get(self, request: Request, slug: str) -> Response:
        """What is published, what may be, and with `contact` what would be."""
        model = model_for_reader(self.key.owner, slug)
        material, preview = _material(model), None
        if "contact" in request.query_params:
            words = material.words(**_choice(checked(ChoiceGiven(data=request.query_params)), material))
            preview = {"words": words.document(), "digest": words.digest}
        return Response(
            RegisterAnswer(
                {
                    "model": model.slug,
                    "published": _live(model),
                    "sections": [{"id": name, "title": title} for name, title in material.sections],
                    "figures": material.figures,
                    "preview": preview,
                }
            ).data
        )

    @extend_schema(
        operation_id="publication_update",
        request=PublishGiven,
        examples=[EXAMPLE],
        responses={200: PublicationAnswer, **PROBLEMS},
    )
    def put(self, request: Request, slug: str) -> Response:
        """Publish it, word for word as it was previewed, in the name of the key's owner."""
        model = model_for_publisher(self.key.owner, slug)
        given, material = checked(PublishGiven(data=request.data)), _material(model)
        made = publish(
            material=material,
            **_choice(given, material),
            seen=given["seen"],
            note=given["note"],
            user=self.key.owner,
            actor=self.actor,
            at=timezone.now(),
        )
        return Response(PublicationAnswer(made).data)


class ModelOutOfRegister(KeyView):
    """Taking a model out of the public register."""

    scopes: ClassVar = {"POST": Scope.REGISTRY_WRITE}

    @extend_schema(
        operation_id="publication_withdraw",
        request=WithdrawGiven,
        responses={200: PublicationAnswer, **PROBLEMS},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Nobody outside reads it any more. What was published stays on the record."""
        model = model_for_publisher(self.key.owner, slug)
        reason = checked(WithdrawGiven(data=request.data))["reason"]
        ended = withdraw(model=model, reason=reason, user=self.key.owner, actor=self.actor, at=timezone.now())
        return Response(PublicationAnswer(ended).data)


def _material(model: RegisteredModel) -> Material:
    return material_of(model, record_of(model, today=timezone.now().date()).version)


def _live(model: RegisteredModel) -> Publication | None:
    rows = Publication.objects.filter(model=model, ended_at=None)
    return rows.select_related("published_by").first()


def _choice(given: dict[str, Any], material: Material) -> dict[str, Any]:
    """What was chosen, once all of it is offered: a part that is misspelt is not left out in silence."""
    offered = {
        "sections": [name for name, _ in material.sections],
        "figures": [row.id for row in material.figures],
    }
    for field, known in offered.items():
        if strange := [name for name in given[field] if name not in known]:
            raise Invalid(
                f'"{strange[0][:60]}" cannot be published.',
                f"Choose of {', '.join(known) or 'nothing: there are none'}.",
                field=field,
            )
    return {"contact": given["contact"], "sections": given["sections"], "figures": given["figures"]}
