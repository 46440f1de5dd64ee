"""Who publishes, and what everybody may read: publications that have not ended."""

from django.db.models import QuerySet
from django.http import Http404

from accounts.access import require_role
from accounts.models import Role, User
from governance.register.models import Publication
from registry.access import model_for_reader
from registry.models import RegisteredModel

PUBLISHERS = (Role.COMPLIANCE_OFFICER, Role.ADMINISTRATOR)


def refuse_unless_publisher(user: User) -> None:
    """Raises NotAllowed."""
    require_role(user, *PUBLISHERS, to="publish a model")


def model_for_publisher(user: User, slug: str) -> RegisteredModel:
    """The model, for somebody who may publish it. Raises Http404, NotAllowed."""
    refuse_unless_publisher(user)
    return model_for_reader(user, slug)


def published() -> QuerySet[Publication]:
    """What anybody may read, by short name."""
    return Publication.objects.filter(ended_at=None).select_related("model").order_by("model__slug")


def publications_for_anybody() -> QuerySet[Publication]:
    """The same; raises Http404 while nothing is published, as if there were no register."""
    if not published().exists():
        raise Http404("There is no register here.")
    return published()


def publication_for_anybody(slug: str) -> Publication:
    """One of them. Raises Http404."""
    found = published().filter(model__slug=slug).first()
    if found is None:
        raise Http404("There is no such entry in the register.")
    return found
