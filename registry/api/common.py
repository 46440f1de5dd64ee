"""What the registry's calls share."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiParameter

from accounts.api import KeyView
from accounts.models import Scope
from registry.models import RegisteredModel
from registry.shapes.models import Standing

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


def checked(serializer: Any) -> dict[str, Any]:
    """What came in, once it has the right shape. Raises ValidationError."""
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
