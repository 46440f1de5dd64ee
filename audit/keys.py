"""The two signing keys: Ed25519 for the log's checkpoints, ECDSA P-256 for attestations.

Each comes from the environment (PEM in COUNTERSIGN_LOG_KEY, or a path in COUNTERSIGN_LOG_KEY_FILE; likewise
COUNTERSIGN_ATTESTATION_KEY), or else from VAR_DIR/keys, where it is made on first use if the settings allow.
"""

import base64
import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

from audit.notes import verifier_key

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey
PublicKey = Ed25519PublicKey | EllipticCurvePublicKey


class SigningKeyMissing(RuntimeError):
    """A signing key is absent or unusable; the message says which and what to set."""


@dataclass(frozen=True)
class _Place:
    variable: str
    filename: str
    use: str


_LOG = _Place("COUNTERSIGN_LOG_KEY", "log.pem", "sign checkpoints of the audit log (Ed25519)")
_ATTESTATION = _Place("COUNTERSIGN_ATTESTATION_KEY", "attestation.pem", "sign attestations (ECDSA P-256)")


def log_key() -> Ed25519PrivateKey:
    """The key that signs checkpoints. Raises SigningKeyMissing."""
    key = _parse(_pem(_LOG) or _make(_LOG, Ed25519PrivateKey.generate), _LOG.variable)
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyMissing(f"The key in {_LOG.variable} is not an Ed25519 key.")
    return key


def attestation_key() -> EllipticCurvePrivateKey:
    """The key that signs attestations. Raises SigningKeyMissing."""
    pem = _pem(_ATTESTATION) or _make(_ATTESTATION, lambda: generate_private_key(SECP256R1()))
    key = _parse(pem, _ATTESTATION.variable)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise SigningKeyMissing(f"The key in {_ATTESTATION.variable} is not an ECDSA key on P-256.")
    return key


def key_id(key: PublicKey) -> str:
    """SHA-256 of the DER SubjectPublicKeyInfo, in hexadecimal: the keyid of our attestations."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def public_keys() -> dict[str, object]:
    """The public halves: a JWK set, and PEM with what else a verifier needs."""
    log, attestation = log_key().public_key(), attestation_key().public_key()
    numbers = attestation.public_numbers()
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "alg": "EdDSA",
                "use": "sig",
                "kid": key_id(log),
                "x": _base64url(log.public_bytes_raw()),
            },
            {
                "kty": "EC",
                "crv": "P-256",
                "alg": "ES256",
                "use": "sig",
                "kid": key_id(attestation),
                "x": _base64url(numbers.x.to_bytes(32)),
                "y": _base64url(numbers.y.to_bytes(32)),
            },
        ],
        "log": {
            "origin": settings.COUNTERSIGN_ORIGIN,
            "verifier_key": verifier_key(settings.COUNTERSIGN_ORIGIN, log),
            "pem": _public_pem(log),
        },
        "attestation": {"keyid": key_id(attestation), "pem": _public_pem(attestation)},
    }


def _pem(place: _Place) -> bytes | None:
    if given := os.environ.get(place.variable):
        return given.encode()
    named = os.environ.get(f"{place.variable}_FILE")
    path = Path(named) if named else _keys_folder() / place.filename
    try:
        return path.read_bytes()
    except FileNotFoundError:
        if named:
            raise SigningKeyMissing(f"{place.variable}_FILE names {path}, which does not exist.") from None
        return None


def _make(place: _Place, generate: Callable[[], PrivateKey]) -> bytes:
    """Make the key and keep it. When two processes do so at once, both get the one that was linked first."""
    if not settings.COUNTERSIGN_GENERATE_KEYS:
        raise SigningKeyMissing(
            f"There is no key to {place.use}. "
            f"Set {place.variable} to a PEM private key, or {place.variable}_FILE to its path."
        )
    folder = _keys_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / place.filename
    descriptor, draft = tempfile.mkstemp(dir=folder)  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)
    return path.read_bytes()


@lru_cache(maxsize=8)
def _parse(pem: bytes, variable: str) -> object:
    try:
        return load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise SigningKeyMissing(f"The key for {variable} could not be read: {error}") from error


def _keys_folder() -> Path:
    return settings.VAR_DIR / "keys"


def _public_pem(key: PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
