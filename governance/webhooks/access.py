"""Who manages endpoints and sees what was sent: administrators."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from accounts.access import require_role
from accounts.models import Role, User
from governance.trail.sight import events_seen
from governance.webhooks.models import Delivery, Endpoint


def endpoints_for_administrator(user: User) -> QuerySet[Endpoint]:
    """Every endpoint. Raises NotAllowed."""
    require_role(user, Role.ADMINISTRATOR, to="say who is told what happens")
    return Endpoint.objects.select_related("created_by")


def endpoint_for_administrator(user: User, name: str) -> Endpoint:
    """The endpoint of this name. Raises NotAllowed, Http404."""
    return get_object_or_404(endpoints_for_administrator(user), name=name)


def deliveries_seen(user: User, endpoint: Endpoint) -> QuerySet[Delivery]:
    """Its messages, but for those about models that the person may not see."""
    return endpoint.deliveries.filter(Q(event=None) | events_seen(user, "event__"))


def delivery_for_administrator(user: User, name: str, pk: UUID) -> Delivery:
    """A message to this endpoint. Raises NotAllowed, Http404."""
    endpoint = endpoint_for_administrator(user, name)
    return get_object_or_404(deliveries_seen(user, endpoint).select_related("event"), pk=pk)
