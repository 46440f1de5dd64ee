"""What the registry's calls share."""

from collections.abc import Sequence
from typing import Any

from django.db.models import prefetch_related_objects
from drf_spectacular.utils import OpenApiParameter

from accounts.api import KeyView
from accounts.models import Scope
from registry.models import RegisteredModel
from registry.shapes.models import MODEL_RELATIONS, Standing
from registry.sight import hidden_from

READ_WRITE: dict[str, str] = {
    "GET": Scope.REGISTRY_READ,
    "POST": Scope.REGISTRY_WRITE,
    "PATCH": Scope.REGISTRY_WRITE,
    "PUT": Scope.REGISTRY_WRITE,
}
PAGES = [OpenApiParameter("page_size", int), OpenApiParameter("cursor", str)]


class Standings(KeyView):
    """A view whose answers carry tier and status."""

    def standing(self, models: Sequence[RegisteredModel]) -> Standing:
        """Slug → {"tier", "status"}. Overridden where both are known."""
        return {}

    def answer_context(self, models: Sequence[RegisteredModel]) -> dict[str, Any]:
        """What ModelAnswer needs beside the models: their standing, and which of their neighbours are not shown."""
        prefetch_related_objects(models, *MODEL_RELATIONS)
        near = {row.depends_on_id for model in models for row in model.dependencies.all()}
        near |= {row.model_id for model in models for row in model.dependents.all()}
        hidden = hidden_from(self.key.owner).filter(pk__in=near) if near else RegisteredModel.objects.none()
        unseen = frozenset(hidden.values_list("pk", flat=True))
        return {"standing": self.standing(models), "unseen": unseen}


def checked(serializer: Any) -> dict[str, Any]:
    """What came in, once it has the right shape. Raises ValidationError."""
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
