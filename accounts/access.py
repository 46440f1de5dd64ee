"""Who is asking, and whether their roles allow it. Fetching functions of the apps above call these."""

from django.http import HttpRequest

from accounts.models import ApiKey, Role, User
from accounts.refusals import NotAllowed
from accounts.said import Inside, Said, either
from accounts.sessions import HOW
from audit.actor import Actor


class UserRequest(HttpRequest):
    """A request behind the login wall."""

    user: User


def actor_of(request: HttpRequest) -> Actor:
    """The actor of a browser request, for the record, with what they proved themselves by when they logged in."""
    user = request.user
    if not isinstance(user, User):
        return Actor("anonymous", "Somebody not logged in", "nothing", request_id(request))
    how = request.session.get(HOW)
    return Actor(user.ref, user.name, f"session, {how}" if how else "session", request_id(request))


def actor_of_key(key: ApiKey, request: HttpRequest) -> Actor:
    """The actor of an API call, for the record."""
    return Actor(key.ref, key.name, f"API key {key.prefix}", request_id(request))


def request_id(request: HttpRequest) -> str:
    """The id that the middleware gave this request; it stands in the log lines and the audit events."""
    return str(request.META.get("countersign.request_id", ""))


def require_role(user: User, *roles: Role, to: str) -> None:
    """Refuse unless the person holds one of the roles. `to` completes "needed to …"."""
    if user.holds(*roles):
        return
    raise NotAllowed(
        "The role {roles} is needed to {to}.",
        "An administrator grants roles under People.",
        roles=either(Inside(role.label) for role in roles),
        to=Said(to),
    )
