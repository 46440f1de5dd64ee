"""Private signing keys where they lie: in the environment, in files that it names, or in VAR_DIR/keys. No database.

For each kind, the environment holds the key that is meant to sign (PEM in COUNTERSIGN_LOG_KEY, or a path in
COUNTERSIGN_LOG_KEY_FILE) and, while keys are rotated, the one before it (…_KEY_PREVIOUS, …_KEY_PREVIOUS_FILE). Keys
that were made here lie in VAR_DIR/keys.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
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

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey
PublicKey = Ed25519PublicKey | EllipticCurvePublicKey
KindName = Literal["log", "attestation"]


class SigningKeyMissing(RuntimeError):
    """A signing key is absent or unusable; the message says which and what to set."""


@dataclass(frozen=True)
class Kind:
    """One of the two kinds of signing key."""

    name: KindName
    variable: str
    use: str
    form: str
    generate: Callable[[], PrivateKey]

    @property
    def made(self) -> Path:
        """Where the first key of this kind lies when it was made here."""
        return keys_folder() / f"{self.name}.pem"

    def fits(self, key: object) -> bool:
        """Whether the key is of the form that this kind asks for."""
        if self.name == "log":
            return isinstance(key, Ed25519PrivateKey)
        return isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1)


LOG = Kind(
    "log",
    "COUNTERSIGN_LOG_KEY",
    "sign checkpoints of the audit log (Ed25519)",
    "an Ed25519 key",
    Ed25519PrivateKey.generate,
)
ATTESTATION = Kind(
    "attestation",
    "COUNTERSIGN_ATTESTATION_KEY",
    "sign attestations (ECDSA P-256)",
    "an ECDSA key on P-256",
    lambda: generate_private_key(SECP256R1()),
)
KINDS: dict[KindName, Kind] = {"log": LOG, "attestation": ATTESTATION}


@dataclass(frozen=True)
class Held:
    """A private key that was found, and where; or, without one, why what lies there is of no use."""

    where: str
    key: PrivateKey | None
    keyid: str
    problem: str = ""


def keys_folder() -> Path:
    """Where keys lie that were made here."""
    path: Path = settings.VAR_DIR / "keys"
    return path


def key_id(key: PublicKey) -> str:
    """SHA-256 of the DER SubjectPublicKeyInfo, in hexadecimal: the keyid of our attestations."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def public_pem(key: PublicKey) -> str:
    """The public key as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def given(kind: Kind) -> Held | None:
    """The key that the environment gives, or a word on why it is of no use; None where it gives none."""
    return _given(kind, kind.variable)


def held(kind: Kind) -> Iterator[Held]:
    """Everything that is there for the kind: what the environment gives first, then what was made here."""
    for variable in (kind.variable, f"{kind.variable}_PREVIOUS"):
        if (found := _given(kind, variable)) is not None:
            yield found
    if kind.made.exists():
        yield _in_file(kind, kind.made, str(kind.made))
    for path in sorted(keys_folder().glob(f"{kind.name}-*.pem"), reverse=True):
        yield _in_file(kind, path, str(path))


def make_first(kind: Kind) -> None:
    """Make the first key of the kind. When two processes do so at once, both get the one that was linked first."""
    _keep(kind.generate(), kind.made)


def make_next(kind: Kind) -> Held:
    """Make a further key of the kind, in a file that its id names."""
    key = kind.generate()
    path = keys_folder() / f"{kind.name}-{key_id(key.public_key())[:16]}.pem"
    _keep(key, path)
    return _in_file(kind, path, str(path))


def _given(kind: Kind, variable: str) -> Held | None:
    if pem := os.environ.get(variable):
        return _read(kind, pem.encode(), variable)
    named = os.environ.get(f"{variable}_FILE")
    return _in_file(kind, Path(named), f"{variable}_FILE ({named})") if named else None


def _in_file(kind: Kind, path: Path, where: str) -> Held:
    try:
        return _read(kind, path.read_bytes(), where)
    except FileNotFoundError:
        return Held(where, None, "", f"{where.partition(' ')[0]} names {path}, which does not exist.")
    except OSError as error:
        return Held(where, None, "", f"{path} could not be read: {error.strerror}.")


def _read(kind: Kind, pem: bytes, where: str) -> Held:
    key, keyid, problem = _parsed(pem)
    if problem:
        return Held(where, None, "", f"The key in {where} could not be read: {problem}")
    if not kind.fits(key):
        return Held(where, None, "", f"The key in {where} is not {kind.form}.")
    return Held(where, key, keyid)


@lru_cache(maxsize=16)
def _parsed(pem: bytes) -> tuple[PrivateKey | None, str, str]:
    """The key and its id, or what is wrong with the text."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        return None, "", str(error)
    if not isinstance(key, PrivateKey):
        return None, "", "it is a key for something else."
    return key, key_id(key.public_key()), ""


def _keep(key: PrivateKey, path: Path) -> None:
    """Write the key where nobody else may read it, whole or not at all, and never over another one."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it 0600
    except OSError as error:
        raise SigningKeyMissing(f"No key can be made in {path.parent}: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)
