"""Certificates inside a model's signature: who signed, and whether an authority trusted here says so."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from registry.oms import NotCheckable, Unreadable
from registry.trusted_keys import CURVES, Trust, issues_certificates

LONGEST_CHAIN = 10
LONGEST_NAME = 200
FULCIO = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")  # the issuer of a Sigstore identity


@dataclass(frozen=True)
class Chain:
    """The signing certificate, and those between it and an authority."""

    leaf: x509.Certificate
    between: Sequence[x509.Certificate]
    key: ec.EllipticCurvePublicKey

    @property
    def subject(self) -> str:
        """Whom the certificate names."""
        return self.leaf.subject.rfc4514_string()[:LONGEST_NAME]

    @property
    def issuer(self) -> str:
        """Who is said to have issued it."""
        return self.leaf.issuer.rfc4514_string()[:LONGEST_NAME]

    def trusted_by(self, trust: Trust, *, at: datetime) -> tuple[str, str]:
        """Name of the trusted file that vouches for it ("" when none does), and the reason in a sentence.

        The certificate must be valid now: nothing in the bundle proves when it signed.
        """
        if not self.leaf.not_valid_before_utc <= at <= self.leaf.not_valid_after_utc:
            return "", f"The certificate is valid from {self._span}, which is not now."
        if not _may_sign(self.leaf):
            return "", "The certificate does not allow its key to sign."
        for known in trust.keys:
            if known.key == self.key:
                return known.name, f"Signed by the trusted certificate {known.name}."
        for name, authority in trust.authorities:
            if self._issued_under(authority, at):
                return name, f"Signed with a certificate that the trusted authority {name} vouches for."
        return "", "It fits the files, and no authority trusted here vouches for its certificate."

    @property
    def _span(self) -> str:
        return f"{self.leaf.not_valid_before_utc:%d %B %Y} to {self.leaf.not_valid_after_utc:%d %B %Y}"

    def _issued_under(self, authority: x509.Certificate, at: datetime) -> bool:
        authorities = ExtensionPolicy.permit_all().require_present(
            x509.BasicConstraints, Criticality.AGNOSTIC, _is_authority
        )
        policy = PolicyBuilder().store(Store([authority])).time(at)
        policy = policy.extension_policies(ca_policy=authorities, ee_policy=ExtensionPolicy.permit_all())
        between = [certificate for certificate in self.between if certificate != authority]
        try:
            policy.build_client_verifier().verify(self.leaf, between)
        except VerificationError:
            return False
        return True


def read_chain(given: object) -> Chain:
    """The chain of a bundle. Raises Unreadable, NotCheckable."""
    try:
        certificates = [_certificate(row) for row in given["certificates"]]  # type: ignore[index]
        leaf = certificates[0]
        key = leaf.public_key()
        extensions = leaf.extensions
    except (ValueError, KeyError, IndexError, TypeError, UnsupportedAlgorithm) as error:
        raise Unreadable("its certificate cannot be read") from error
    if any(extension.oid == FULCIO for extension in extensions):
        raise NotCheckable(
            "It was made with a Sigstore identity; checking that needs Sigstore's servers, which are not asked."
        )
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, CURVES):
        raise Unreadable("its certificate's key is not on a curve that models are signed with")
    if len(certificates) > LONGEST_CHAIN:
        raise Unreadable(f"it holds more than {LONGEST_CHAIN} certificates")
    return Chain(leaf, certificates[1:], key)


def _certificate(row: Mapping[str, Any]) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode(row["rawBytes"], validate=True))


def _may_sign(leaf: x509.Certificate) -> bool:
    """A signature is what the certificate is for: by its key usage, or by an extended one for code."""
    if issues_certificates(leaf):
        return False
    try:
        if leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature:
            return True
    except x509.ExtensionNotFound:
        pass
    try:
        extended = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.CODE_SIGNING in extended


def _is_authority(policy: Policy, certificate: x509.Certificate, found: x509.BasicConstraints) -> None:
    """For certificates that issue others. Raises ValueError when this one may not."""
    if not found.ca:
        raise ValueError("not an authority")
