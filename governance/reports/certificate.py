"""The organisation's certificate for PDFs: where it lies, whether it can sign, whom it names. No database, no pyHanko.

COUNTERSIGN_PDF_PKCS12_FILE names a PKCS#12 file; or COUNTERSIGN_PDF_KEY_FILE and COUNTERSIGN_PDF_CERTIFICATE_FILE
name PEM files, the latter with the certificate first and those that lead to the authority's root after it. The password
of either stands in COUNTERSIGN_PDF_PASSWORD, or in the file that COUNTERSIGN_PDF_PASSWORD_FILE names.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from cryptography.x509 import (
    Certificate,
    ExtensionNotFound,
    KeyUsage,
    load_pem_x509_certificates,
)
from django.core.exceptions import ImproperlyConfigured

from governance.configuration import secret

PKCS12, KEY, CHAIN = (
    "COUNTERSIGN_PDF_PKCS12_FILE",
    "COUNTERSIGN_PDF_KEY_FILE",
    "COUNTERSIGN_PDF_CERTIFICATE_FILE",
)
PASSWORD = "COUNTERSIGN_PDF_PASSWORD"  # noqa: S105  # the name of a variable
VARIABLES = (PKCS12, KEY, CHAIN, PASSWORD, f"{PASSWORD}_FILE")
LEAST_RSA_BITS = 2048
WARN_BEFORE = timedelta(days=30)
PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey


class CertificateUnusable(RuntimeError):
    """A certificate was configured and cannot sign; the message says why."""


@dataclass(frozen=True)
class Holder:
    """What signs: the key, its certificate, and the certificates that lead towards a root."""

    key: PrivateKey
    certificate: Certificate
    chain: tuple[Certificate, ...]

    @property
    def subject(self) -> str:
        """Whom the certificate names (RFC 4514)."""
        return self.certificate.subject.rfc4514_string()

    @property
    def issuer(self) -> str:
        """Who issued it (RFC 4514)."""
        return self.certificate.issuer.rfc4514_string()

    @property
    def until(self) -> datetime:
        """Its last moment."""
        return self.certificate.not_valid_after_utc

    @property
    def sha256(self) -> str:
        """The certificate's fingerprint."""
        return self.certificate.fingerprint(SHA256()).hex()


def configured() -> bool:
    """Whether PDFs are to be signed here."""
    return any(os.environ.get(name) for name in (PKCS12, KEY, CHAIN))


def holder(at: datetime) -> Holder:
    """What is configured to sign, fit to do so at that moment. Raises CertificateUnusable."""
    try:
        password = secret(PASSWORD).encode() or None
    except ImproperlyConfigured as problem:
        raise CertificateUnusable(str(problem)) from problem
    found = _from_pkcs12(password) if os.environ.get(PKCS12) else _from_pem(password)
    _refuse_unfit(found, at)
    return found


@dataclass(frozen=True)
class PdfSigner:
    """Who signs reports, for a page: `state` is off, ok, ending or broken, the latter with a `problem`."""

    state: str
    subject: str = ""
    issuer: str = ""
    until: datetime | None = None
    problem: str = ""


def pdf_signer(at: datetime) -> PdfSigner:
    """How signing stands at that moment."""
    if not configured():
        return PdfSigner("off")
    try:
        found = holder(at)
    except CertificateUnusable as problem:
        return PdfSigner("broken", problem=str(problem))
    state = "ending" if found.until - at < WARN_BEFORE else "ok"
    return PdfSigner(state, found.subject, found.issuer, found.until)


def _from_pkcs12(password: bytes | None) -> Holder:
    try:
        store = load_pkcs12(_content(PKCS12), password)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateUnusable(
            f"{_place(PKCS12)} cannot be opened: {_said(error)} Check {PASSWORD}."
        ) from error
    if store.cert is None:
        raise CertificateUnusable(f"{_place(PKCS12)} holds no certificate.")
    chain = tuple(one.certificate for one in store.additional_certs)
    return Holder(_fit_key(store.key, PKCS12), store.cert.certificate, chain)


def _from_pem(password: bytes | None) -> Holder:
    for name, other in ((KEY, CHAIN), (CHAIN, KEY)):
        if not os.environ.get(name):
            raise CertificateUnusable(
                f"{other} is set and {name} is not: the key and the certificate are both needed."
            )
    try:
        key = load_pem_private_key(_content(KEY), password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateUnusable(f"The key in {_place(KEY)} cannot be read: {_said(error)}") from error
    try:
        certificate, *chain = load_pem_x509_certificates(_content(CHAIN))
    except ValueError as error:
        raise CertificateUnusable(f"{_place(CHAIN)} holds no certificate that can be read.") from error
    return Holder(_fit_key(key, KEY), certificate, tuple(chain))


def _fit_key(key: object, variable: str) -> PrivateKey:
    if isinstance(key, EllipticCurvePrivateKey) and key.key_size >= 256:
        return key
    if isinstance(key, RSAPrivateKey) and key.key_size >= LEAST_RSA_BITS:
        return key
    raise CertificateUnusable(
        f"The key in {_place(variable)} is not of a kind that signs PDFs: RSA from {LEAST_RSA_BITS} bits, or ECDSA "
        "from 256."
    )


def _refuse_unfit(found: Holder, at: datetime) -> None:
    """A certificate of another key, outside its days, or made for something else."""
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if found.key.public_key().public_bytes(*form) != found.certificate.public_key().public_bytes(*form):
        raise CertificateUnusable(
            f"The certificate of {found.subject} belongs to another key than the one that is set."
        )
    if at > found.until:
        raise CertificateUnusable(f"The certificate of {found.subject} ended on {found.until:%Y-%m-%d}.")
    if at < (begin := found.certificate.not_valid_before_utc):
        raise CertificateUnusable(f"The certificate of {found.subject} begins on {begin:%Y-%m-%d} only.")
    try:
        usage = found.certificate.extensions.get_extension_for_class(KeyUsage).value
    except ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise CertificateUnusable(f"The certificate of {found.subject} is not made for signing documents.")


def _content(variable: str) -> bytes:
    try:
        return Path(os.environ[variable]).read_bytes()
    except OSError as error:
        raise CertificateUnusable(f"{_place(variable)} cannot be read: {error.strerror}.") from error


def _place(variable: str) -> str:
    return f"{os.environ[variable]} ({variable})"


def _said(error: Exception) -> str:
    """What a library says, as a sentence."""
    return f"{str(error).rstrip('.') or type(error).__name__}."
