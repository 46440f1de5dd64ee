"""Whose signatures on models this organisation trusts: PEM files in one folder.

A public key, or a certificate that may not issue others, is trusted itself. A certificate authority is trusted for
the certificates that it issued.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.conf import settings

from accounts.refusals import Conflict

SUFFIXES = (".pem", ".pub", ".crt", ".cer")
LARGEST_FILE = 1 << 20
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


@dataclass(frozen=True)
class TrustedKey:
    """A public key by the name of its file."""

    name: str
    key: ec.EllipticCurvePublicKey

    @property
    def hint(self) -> str:
        """How a signature names its key: the SHA-256 of the key's PEM text."""
        pem = self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(pem).hexdigest()


@dataclass(frozen=True)
class Trust:
    """Keys that are trusted themselves, and authorities with the names of their files."""

    keys: tuple[TrustedKey, ...] = ()
    authorities: tuple[tuple[str, x509.Certificate], ...] = ()


def fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """SHA-256 of the key's DER, as openssl prints it."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def read_trust() -> Trust:
    """The folder's content, read anew each time. Raises Conflict naming the file that cannot be read."""
    if not settings.TRUSTED_MODEL_KEYS:
        return Trust()
    folder = Path(settings.TRUSTED_MODEL_KEYS)
    if not folder.is_dir():
        raise _unusable("The folder of trusted model keys is not there")
    keys: list[TrustedKey] = []
    authorities: list[tuple[str, x509.Certificate]] = []
    for place in sorted(folder.iterdir()):
        if place.suffix.lower() not in SUFFIXES:
            continue
        for found in _read(place):
            if isinstance(found, x509.Certificate) and issues_certificates(found):
                authorities.append((place.stem, found))
            else:
                public = found.public_key() if isinstance(found, x509.Certificate) else found
                keys.append(TrustedKey(place.stem, usable(public, place.name)))
    return Trust(tuple(keys), tuple(authorities))


def _read(place: Path) -> list[x509.Certificate | object]:
    try:
        if place.stat().st_size > LARGEST_FILE:
            raise _unusable(f"The trusted key {place.name} is larger than a key")
        content = place.read_bytes()
        if b"BEGIN CERTIFICATE" in content:
            return list(x509.load_pem_x509_certificates(content))
        return [load_pem_public_key(content)]
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise _unusable(f"The trusted key {place.name} cannot be read as PEM") from error


def usable(key: object, name: str) -> ec.EllipticCurvePublicKey:
    """The key, if models are signed by its kind: P-256, P-384 or P-521. Raises Conflict."""
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES):
        return key
    raise _unusable(f"The trusted key {name} is not on a curve that models are signed with")


def issues_certificates(certificate: x509.Certificate) -> bool:
    """Whether the certificate says that it is an authority."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return constraints.value.ca


def _unusable(what: str) -> Conflict:
    return Conflict(
        f"{what}, so no signature on a model can be checked.",
        "Tell an administrator: COUNTERSIGN_TRUSTED_MODEL_KEYS names the folder.",
    )
