"""Tokens of identity providers: `cs_scim_<prefix>_<secret>`, made and revoked by administrators."""

import hashlib
import hmac
import secrets
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from accounts.scim.models import ScimToken
from accounts.sso.providers import providers
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb

START = "cs_scim_"
SECRET_BYTES = 32


@transaction.atomic
def make_token(
    *, name: str, provider: str, expires_at: datetime, maker: User, actor: Actor, at: datetime
) -> tuple[ScimToken, str]:
    """A token, and its text, which is returned once and kept nowhere."""
    if expires_at <= at:
        raise Invalid("The expiry lies in the past.", "Choose a later date.", field="expires_on")
    if provider and provider not in {item.id for item in providers()}:
        raise Invalid("No identity provider has this id.", field="provider")
    if ScimToken.objects.filter(name=name).exists():
        raise Conflict(f"A token named {name} exists already.", "Choose another name.")
    prefix = secrets.token_hex(4)
    text = f"{START}{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    token = ScimToken.objects.create(
        name=name,
        prefix=prefix,
        sha256=_sha256(text),
        provider=provider,
        created_by=maker,
        created_at=at,
        expires_at=expires_at,
    )
    detail = {"provider": provider, "expires_at": expires_at.isoformat()}
    record(Verb.SCIM_TOKEN_MADE, subject=token.ref, actor=actor, at=at, detail=detail)
    return token, text


@transaction.atomic
def revoke_token(*, token: ScimToken, actor: Actor, at: datetime) -> None:
    """Make a token useless from now on. The accounts that came by it stay as they are."""
    held = ScimToken.objects.select_for_update().get(pk=token.pk)
    if held.revoked_at is None:
        held.revoked_at = at
        held.save(update_fields=["revoked_at"])
        record(Verb.SCIM_TOKEN_REVOKED, subject=held.ref, actor=actor, at=at)


def token_for(text: str, at: datetime) -> ScimToken | None:
    """The token that this text is, if it opens anything now; its use is noted to the minute."""
    prefix, _, secret = text.removeprefix(START).partition("_")
    if not text.startswith(START) or not secret:
        return None
    found = ScimToken.objects.filter(prefix=prefix).first()
    if found is None or not hmac.compare_digest(found.sha256, _sha256(text)) or not found.is_live(at):
        return None
    if found.last_used_at is None or (at - found.last_used_at).total_seconds() >= 60:
        ScimToken.objects.filter(pk=found.pk).update(last_used_at=at)
    return found


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
