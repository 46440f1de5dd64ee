"""API keys: `cs_<prefix>_<secret>`, the secret 256 random bits. Kept as SHA-256: a random key needs no slow hash."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from accounts.models import ApiKey
from accounts.statement import Statement

SECRET_BYTES = 32
KEY_FIELDS = ("name", "prefix", "sha256", "scopes", "expires_at", "last_used_at", "revoked_at", "owner_id")

KEY_BY_PREFIX = Statement(
    lambda prefix: ApiKey.objects.filter(owner__is_active=True, prefix=prefix).only(*KEY_FIELDS), 1
)


@dataclass(frozen=True)
class FreshKey:
    """A key at the one moment when it can be shown."""

    text: str
    prefix: str
    sha256: str


def make_key() -> FreshKey:
    """A new key."""
    prefix = secrets.token_hex(4)
    text = f"cs_{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    return FreshKey(text, prefix, _sha256(text))


def key_for(text: str) -> ApiKey | None:
    """The key row that this text opens, expired or not; None when there is none or its owner is shut out."""
    parts = text.split("_", 2)
    if len(parts) != 3 or parts[0] != "cs":
        return None
    found = next(KEY_BY_PREFIX.rows(parts[1]), None)
    if found is None or not hmac.compare_digest(found.sha256, _sha256(text)):
        return None
    return found


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
