"""Where a form asks somebody to prove again who they are: by what they have, else by what they know."""

from typing import Any

from django.forms import BoundField
from django.template.context import RequestContext
from django.utils.translation import gettext

from accounts.models import User
from accounts.proving import passkeys
from accounts.proving.again import IN_SESSION, ways_of
from accounts.sso.configuration import Provider
from accounts.sso.providers import providers


def proof_context(context: RequestContext, field: BoundField) -> dict[str, Any]:
    """What partials/proof.html needs: what may be typed, a passkey, the person's identity providers."""
    person, request = context.get("user"), context.get("request")
    if not isinstance(person, User):
        return {}
    ways = ways_of(person)
    label, help_text, kind = _typed(ways.password, ways.app)
    return {
        "field": field,
        "id": field.auto_id or field.html_name,
        "label": label,
        "help": help_text,
        "kind": kind,
        "typed": ways.password or ways.has_factor,
        "passkey": ways.passkey and passkeys.possible(),
        "providers": [] if ways.has_factor else _linked(person),
        "waiting": bool(request and request.session.get(IN_SESSION)),
        "csrf_token": context.get("csrf_token"),
    }


def _typed(password: bool, app: bool) -> tuple[str, str, str]:
    if password:
        return gettext("Your password, again"), "", "current-password"
    if app:
        return (
            gettext("Code of your authenticator app"),
            gettext("Or one of your recovery codes."),
            "one-time-code",
        )
    return gettext("A recovery code"), gettext("Only where your passkey is not at hand."), "one-time-code"


def _linked(person: User) -> list[Provider]:
    if not providers():
        return []
    issuers = set(person.identities.values_list("issuer", flat=True))
    return [provider for provider in providers() if provider.issuer in issuers]
