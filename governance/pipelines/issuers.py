"""The public keys of issuers that a rule trusts: kept for ten minutes, and for a day while the issuer is silent.

The address follows from the rule, never from a token. A key that is not known is asked for once more, but strangers
who make key ids up cannot make Countersign ask again and again.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.core.cache import cache
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from governance.pipelines.fetching import Unfetchable, fetch_json
from governance.pipelines.models import ALGORITHMS, SYSTEMS

FRESH_SECONDS = 600
KEPT_SECONDS = 24 * 3600
AGAIN_SECONDS = 30
SILENT_SECONDS = 10
MOST_KEYS = 50
SMALLEST_RSA_BITS = 2048
FAMILIES = {"RS256": {"kty": "RSA"}, "ES256": {"kty": "EC", "crv": "P-256"}}


class KeysUnavailable(Exception):
    """The issuer's keys cannot be had, and none are remembered."""


@dataclass(frozen=True)
class Keys:
    """What an issuer published: key id → key, and when it was read, in seconds since 1970."""

    read_at: float
    by_id: Mapping[str, Mapping[str, Any]]


def key_of(kind: str, issuer: str, key_id: str, *, now: float) -> PyJWK | None:
    """The issuer's key of this id; None when it has none that may be used. Raises KeysUnavailable."""
    keys = _keys(kind, issuer, key_id, now)
    found = keys.by_id.get(key_id)
    return _usable(found, ALGORITHMS[kind]) if found is not None else None


def _keys(kind: str, issuer: str, key_id: str, now: float) -> Keys:
    name = f"pipelines-{hashlib.sha256(f'{kind} {issuer}'.encode()).hexdigest()}"
    known: Keys | None = cache.get(name)
    if known is not None and now - known.read_at > KEPT_SECONDS:
        known = None
    fresh = known is not None and now - known.read_at < FRESH_SECONDS
    if (
        known is not None
        and fresh
        and (key_id in known.by_id or not cache.add(f"{name}-again", 1, AGAIN_SECONDS))
    ):
        return known
    silent = cache.get(f"{name}-silent")
    if silent is None:
        try:
            found = Keys(now, _read(fetch_json(issuer + SYSTEMS[kind].keys_path)))
        except Unfetchable as problem:
            silent = str(problem)
            cache.set(f"{name}-silent", silent, SILENT_SECONDS)
        else:
            cache.set(name, found, KEPT_SECONDS)
            return found
    if known is None:
        raise KeysUnavailable(silent)
    return known


def _read(document: Any) -> dict[str, dict[str, Any]]:
    """The keys by their id. Raises Unfetchable for what is no set of keys."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise Unfetchable("The issuer's answer is no set of keys.")
    return {key["kid"]: key for key in keys if isinstance(key, dict) and isinstance(key.get("kid"), str)}


def _usable(key: Mapping[str, Any], algorithms: tuple[str, ...]) -> PyJWK | None:
    """The key, if it is one for signatures in an algorithm that this issuer uses, and long enough."""
    for algorithm in algorithms:
        fits = all(key.get(name) == value for name, value in FAMILIES[algorithm].items())
        if fits and key.get("use") in (None, "sig") and key.get("alg") in (None, algorithm):
            try:
                made = PyJWK(dict(key), algorithm)
            except PyJWTError:
                return None
            short = isinstance(made.key, RSAPublicKey) and made.key.key_size < SMALLEST_RSA_BITS
            return None if short else made
    return None
