"""The policy for machines: the schema of a pack, and which requirements apply to a model."""

from typing import Any, ClassVar

from django.http import HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import KeyView
from accounts.models import Scope
from accounts.refusals import Invalid
from policy.pack_schema import pack_schema
from policy.tiering import Tier
from registry.access import model_for_reader
from riskreview.policies.tables import Applicable, Applied, Place, policy_for


class AppliedAnswer(serializers.Serializer[Applied]):
    """One requirement. `exempt` says why it asks nothing of this model, and is null where it does."""

    id = serializers.CharField(source="requirement.id")
    kind = serializers.CharField(source="requirement.kind")
    title = serializers.CharField(source="requirement.title")
    words = serializers.ListField(child=serializers.CharField())
    exempt = serializers.SerializerMethodField()

    def get_exempt(self, applied: Applied) -> str | None:
        """Null rather than empty."""
        return applied.exempt or None


class PlaceAnswer(serializers.Serializer[Place]):
    """What one environment asks. `note` says why there is no list, where there is none."""

    environment = serializers.CharField()
    requirements = AppliedAnswer(many=True, source="applied")
    note = serializers.SerializerMethodField()

    def get_note(self, place: Place) -> str | None:
        """Null rather than empty."""
        return place.note or None


class PolicyNamed(serializers.Serializer[Any]):
    """The pack in force."""

    name = serializers.CharField()
    version = serializers.IntegerField()
    digest = serializers.CharField()


class ModelPolicyAnswer(serializers.Serializer[Applicable]):
    """What the policy in force asks of a model. `supposed`: at a tier that was asked about, not its own."""

    model = serializers.SerializerMethodField()
    tier = serializers.SerializerMethodField()
    confirmed = serializers.BooleanField()
    supposed = serializers.BooleanField()
    policy = PolicyNamed(source="row", allow_null=True)
    environments = PlaceAnswer(many=True, source="places")
    note = serializers.SerializerMethodField()

    def get_model(self, found: Applicable) -> str:
        """Its slug."""
        return str(self.context["slug"])

    def get_tier(self, found: Applicable) -> str | None:
        """Null while nobody answered the questionnaire."""
        return found.tier or None

    def get_note(self, found: Applicable) -> str | None:
        """Why there is nothing to list, where that is so."""
        return found.note or None


class ModelPolicy(KeyView):
    """Which policy applies to a model."""

    scopes: ClassVar[dict[str, str | tuple[str, ...]]] = {"GET": (Scope.REGISTRY_READ, Scope.GATE)}

    @extend_schema(
        operation_id="models_policy",
        parameters=[OpenApiParameter("tier", str, enum=[str(tier) for tier in Tier])],
        responses=ModelPolicyAnswer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """What each environment asks at the model's tier, or as if it had `?tier=`."""
        model = model_for_reader(self.key.owner, slug)
        supposed = request.query_params.get("tier", "")
        if supposed and supposed not in list(Tier):
            raise Invalid(f'"{supposed}" is not a tier.', f"Write one of: {', '.join(Tier)}.", field="tier")
        return Response(ModelPolicyAnswer(policy_for(model, supposed), context={"slug": slug}).data)


class PackSchema(APIView):
    """The schema of a policy pack, for editors; public, as the OpenAPI document is."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(operation_id="policy_pack_schema", responses=OpenApiTypes.OBJECT, auth=[])
    def get(self, request: HttpRequest) -> Response:
        """JSON Schema 2020-12 of a pack."""
        return Response({"$id": request.build_absolute_uri(), **pack_schema()})
