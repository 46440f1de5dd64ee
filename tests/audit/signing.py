"""The keys that sign now, for tests that forge or verify."""

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.keys import attestation_keys, log_keys


def log_key() -> Ed25519PrivateKey:
    """The newest key of the log."""
    return log_keys()[0]


def attestation_key() -> EllipticCurvePrivateKey:
    """The newest key for attestations."""
    return attestation_keys()[0]
