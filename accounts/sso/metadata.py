"""What a provider publishes about itself: its addresses and its public keys, kept for ten minutes.

A key that is not known is asked for at once, because providers rotate theirs; but not again and again.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.core.cache import cache
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from accounts.sso.configuration import Provider, is_secure
from accounts.sso.fetching import Unreachable, fetch

KEPT_SECONDS = 600
AGAIN_SECONDS = 10
MOST_KEYS = 50
SMALLEST_RSA_BITS = 2048
ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "EdDSA")
"""Public keys only: never `none`, never a shared secret."""


@dataclass(frozen=True)
class Metadata:
    """The provider's addresses (OpenID Connect Discovery 1.0); those that may be missing are empty then."""

    authorization: str
    token: str
    keys: str
    userinfo: str = ""
    end_session: str = ""
    basic: bool = True  # the client's secret goes into a header, not into the form


def metadata_of(provider: Provider) -> Metadata:
    """Where the provider is to be asked what. Raises Unreachable."""
    name = _name("metadata", provider)
    known: Metadata | None = cache.get(name)
    if known is None:
        address = provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
        known = _read(provider, fetch(provider, address))
        cache.set(name, known, KEPT_SECONDS)
    return known


def key_of(provider: Provider, key_id: str | None, algorithm: str) -> PyJWK | None:
    """The provider's key of this id that may sign so; None when there is none. Raises Unreachable."""
    name = _name("keys", provider)
    keys: list[dict[str, Any]] | None = cache.get(name)
    found = _chosen(keys or [], key_id, algorithm)
    if found is None and (keys is None or cache.add(f"{name}-again", 1, AGAIN_SECONDS)):
        answer = fetch(provider, metadata_of(provider).keys).get("keys")
        if not isinstance(answer, list) or len(answer) > MOST_KEYS:
            raise Unreachable("{provider} publishes no set of keys.", provider=provider.name)
        keys = [key for key in answer if isinstance(key, dict)]
        cache.set(name, keys, KEPT_SECONDS)
        found = _chosen(keys, key_id, algorithm)
    return found


def _read(provider: Provider, document: dict[str, Any]) -> Metadata:
    if document.get("issuer") != provider.issuer:
        raise Unreachable(
            "What {provider} publishes is of another issuer than {issuer}.",
            provider=provider.name,
            issuer=provider.issuer,
        )

    def address(name: str, *, needed: bool) -> str:
        value = document.get(name)
        if isinstance(value, str) and is_secure(value):
            return value
        if needed:
            raise Unreachable(
                "{provider} names no {name} that begins with https://.", provider=provider.name, name=name
            )
        return ""

    methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Metadata(
        authorization=address("authorization_endpoint", needed=True),
        token=address("token_endpoint", needed=True),
        keys=address("jwks_uri", needed=True),
        userinfo=address("userinfo_endpoint", needed=False),
        end_session=address("end_session_endpoint", needed=False),
        basic="client_secret_basic" in methods,
    )


def _chosen(keys: list[dict[str, Any]], key_id: str | None, algorithm: str) -> PyJWK | None:
    """The key for signatures with this id; where the token names none, the only one there is."""
    for key in keys:
        fits = key.get("kid") == key_id if key_id else len(keys) == 1
        if fits and key.get("use") in (None, "sig") and key.get("alg") in (None, algorithm):
            try:
                made = PyJWK(key, algorithm)
            except PyJWTError:
                return None
            short = isinstance(made.key, RSAPublicKey) and made.key.key_size < SMALLEST_RSA_BITS
            return None if short else made
    return None


def _name(what: str, provider: Provider) -> str:
    return f"sso-{what}-{hashlib.sha256(provider.issuer.encode()).hexdigest()}"
