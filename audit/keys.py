"""The two signing keys, and the ring of those that signed before them.

Ed25519 signs the log's checkpoints, ECDSA P-256 signs attestations. The database knows the public half of every key
that ever signed (`SigningKey`); new things are signed by the newest of its kind, and what older ones signed verifies
for ever. Until the scheduler has introduced a key, the one that the environment or VAR_DIR/keys holds counts.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings

from audit.canonical import instant
from audit.keyfiles import (
    ATTESTATION,
    KINDS,
    LOG,
    Held,
    Kind,
    PrivateKey,
    PublicKey,
    SigningKeyMissing,
    held,
    key_id,
    make_first,
    public_pem,
)
from audit.models import Checkpoint, SigningKey
from audit.notes import verifier_key

__all__ = ["PrivateKey", "PublicKey", "SigningKeyMissing", "key_id"]


class Member(NamedTuple):
    """A public key of the ring. `until` is when the next one took its place, None for the newest."""

    keyid: str
    key: PublicKey
    since: datetime | None
    until: datetime | None


def log_keys(at: datetime | None = None) -> list[Ed25519PrivateKey]:
    """The keys that sign checkpoints: the newest and, while they overlap at that moment, the one before it.

    Raises SigningKeyMissing; the older one may be absent.
    """
    return [key for key in signers(LOG, at) if isinstance(key, Ed25519PrivateKey)]


def attestation_keys(at: datetime | None = None) -> list[EllipticCurvePrivateKey]:
    """The keys that sign attestations, the newest first, as for the log. Raises SigningKeyMissing."""
    return [key for key in signers(ATTESTATION, at) if isinstance(key, EllipticCurvePrivateKey)]


def log_verifiers() -> list[Ed25519PublicKey]:
    """Every public key that ever signed checkpoints, the newest first. Raises SigningKeyMissing if there is none."""
    return [m.key for m in reversed(ring(LOG)) if isinstance(m.key, Ed25519PublicKey)]


def signers(kind: Kind, at: datetime | None = None) -> list[PrivateKey]:
    """The private keys that sign at this moment, the newest first. Raises SigningKeyMissing."""
    rows = list(SigningKey.objects.filter(kind=kind.name).order_by("-pk")[:2])
    if not rows:
        return [configured(kind).key]
    signing = [_private(kind, rows[0])]
    overlaps = at is not None and rows[0].overlap_until is not None and at < rows[0].overlap_until
    if overlaps and len(rows) > 1:
        signing += [found.key for found in held(kind) if found.key and found.keyid == rows[1].keyid][:1]
    return signing


class Usable(NamedTuple):
    """A private key and where it was found."""

    key: PrivateKey
    keyid: str
    where: str


def configured(kind: Kind) -> Usable:
    """The key that would be the first of the ring: what is given, else what was made here, else a new one.

    Raises SigningKeyMissing, and never makes a key for a log that was signed before.
    """
    first = next(held(kind), None)
    if first is None:
        _make_missing(kind)
        first = next(held(kind), None)
    return _usable(first, kind)


def ring(kind: Kind) -> list[Member]:
    """The public keys of the kind, the oldest first. Raises SigningKeyMissing where there is none yet."""
    rows = list(SigningKey.objects.filter(kind=kind.name).order_by("pk"))
    if not rows:
        found = configured(kind)
        return [Member(found.keyid, found.key.public_key(), None, None)]
    ends = [row.introduced_at for row in rows[1:]]
    return [
        Member(row.keyid, _public(row.pem), row.introduced_at, end)
        for row, end in zip(rows, [*ends, None], strict=True)
    ]


def public_keys() -> dict[str, object]:
    """The public halves of every key: a JWK set, and PEM with what else a verifier needs. Raises SigningKeyMissing."""
    log, attestation = ring(LOG), ring(ATTESTATION)
    origin = settings.COUNTERSIGN_ORIGIN
    return {
        "keys": [_jwk(member) for member in (*reversed(log), *reversed(attestation))],
        "log": {
            "origin": origin,
            "verifier_key": _verifier_key(origin, log[-1]),
            "pem": public_pem(log[-1].key),
            "ring": [{**_told(member), "verifier_key": _verifier_key(origin, member)} for member in log],
        },
        "attestation": {
            "keyid": attestation[-1].keyid,
            "pem": public_pem(attestation[-1].key),
            "ring": [_told(member) for member in attestation],
        },
    }


def pem_of_all() -> str:
    """Every public key as PEM, each under lines that say which it is. Raises SigningKeyMissing."""
    parts = []
    for kind in KINDS.values():
        for member in reversed(ring(kind)):
            state = "signs" if member.until is None else f"retired {instant(member.until)}"
            parts.append(f"# {kind.name} {member.keyid} {state}\n{public_pem(member.key)}")
    return "\n".join(parts)


def _private(kind: Kind, row: SigningKey) -> PrivateKey:
    """The private half of a key that the database knows; another one will not do."""
    seen = list[Held]()
    for found in held(kind):
        if found.key and found.keyid == row.keyid:
            return found.key
        seen.append(found)
    lost = (
        f"The private key to {kind.use} is not there: this installation signs with the key {row.keyid[:16]}."
    )
    if not seen:
        raise SigningKeyMissing(
            f"{lost} Put it back (a backup of {kind.made.parent}, {kind.variable} or {kind.variable}_FILE). "
            f"It is never made anew by itself; if it is lost for good: manage.py keys rotate {kind.name}"
        )
    there = " ".join(
        found.problem or f"{found.where} holds {found.keyid[:16]}, another key." for found in seen
    )
    raise SigningKeyMissing(
        f"{lost} {there} Put the right one back, or make it the next one: manage.py keys rotate {kind.name}"
    )


def _make_missing(kind: Kind) -> None:
    """Make the keys that are not there, both at once, so that neither is made later for a log that was signed."""
    if not settings.COUNTERSIGN_GENERATE_KEYS:
        raise SigningKeyMissing(
            f"There is no key to {kind.use}. "
            f"Set {kind.variable} to a PEM private key, or {kind.variable}_FILE to its path."
        )
    if Checkpoint.objects.exists():
        raise SigningKeyMissing(
            f"The private key to {kind.use} is not there, and this installation has signed before. Put it back (a "
            f"backup of {kind.made.parent}); if it is lost for good: manage.py keys rotate {kind.name}"
        )
    for one in KINDS.values():
        if next(held(one), None) is None:
            make_first(one)


def _usable(found: Held | None, kind: Kind) -> Usable:
    if found is None or found.key is None:
        raise SigningKeyMissing(found.problem if found else f"There is no key to {kind.use}.")
    return Usable(found.key, found.keyid, found.where)


@lru_cache(maxsize=64)
def _public(pem: str) -> PublicKey:
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, PublicKey):
        raise SigningKeyMissing("A key in the database is of no kind that signs here.")
    return key


def _jwk(member: Member) -> Mapping[str, str]:
    common = {"use": "sig", "kid": member.keyid}
    if isinstance(member.key, Ed25519PublicKey):
        x = _base64url(member.key.public_bytes_raw())
        return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", **common, "x": x}
    numbers = member.key.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "alg": "ES256",
        **common,
        "x": _base64url(numbers.x.to_bytes(32)),
        "y": _base64url(numbers.y.to_bytes(32)),
    }


def _told(member: Member) -> dict[str, str | None]:
    return {
        "keyid": member.keyid,
        "pem": public_pem(member.key),
        "introduced_at": instant(member.since) if member.since else None,
        "retired_at": instant(member.until) if member.until else None,
    }


def _verifier_key(origin: str, member: Member) -> str | None:
    return verifier_key(origin, member.key) if isinstance(member.key, Ed25519PublicKey) else None


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
