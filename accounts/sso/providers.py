"""The identity providers of this installation."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404

from accounts.models import Role
from accounts.sso.configuration import Provider


def providers() -> tuple[Provider, ...]:
    """All of them, as the file lists them."""
    found: tuple[Provider, ...] = settings.SSO_PROVIDERS
    return found


def provider_called(name: str) -> Provider:
    """The one with this id. Raises Http404."""
    for provider in providers():
        if provider.id == name:
            return provider
    raise Http404("No identity provider has this name.")


def refuse_unknown_roles() -> None:
    """Stop at the start where a setting names a role that does not exist."""
    if unknown := sorted(settings.SECOND_FACTOR_ROLES - {*Role.values, "everybody"}):
        raise ImproperlyConfigured(
            f"COUNTERSIGN_SECOND_FACTOR_ROLES: there is no role {unknown[0]}. "
            f"Write everybody, or some of: {', '.join(Role.values)}."
        )
    for provider in providers():
        for group, roles in provider.roles.items():
            if unknown := sorted(set(roles) - set(Role.values)):
                raise ImproperlyConfigured(
                    f"Provider {provider.id}, group {group}: there is no role {unknown[0]}. "
                    f"Write some of: {', '.join(Role.values)}."
                )
