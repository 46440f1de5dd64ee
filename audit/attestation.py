"""Attestations of gate decisions: an in-toto Statement with a SLSA verification summary in a DSSE envelope.

References: in-toto Statement v1, SLSA Verification Summary Attestation v1, DSSE v1.0.2, Sigstore bundle v0.3.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256

from audit.canonical import canonical, instant
from audit.keys import attestation_keys, key_id

PAYLOAD_TYPE = "application/vnd.in-toto+json"
SIGSTORE_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


class AttestationRefused(ValueError):
    """An envelope is malformed or not signed by the key that it should be signed by."""


class Signature(TypedDict):
    """One signature of an envelope; `sig` is base64 of DER."""

    keyid: str
    sig: str


class Envelope(TypedDict):
    """A DSSE envelope as JSON has it."""

    payloadType: str
    payload: str
    signatures: list[Signature]


@dataclass(frozen=True)
class Judged:
    """The result of one requirement."""

    id: str
    result: str
    reason: str = ""


@dataclass(frozen=True)
class Summary:
    """What an attestation states. Digests are "sha256:<64 hex>"; `site` is the verifier's base address."""

    decision_id: str
    model: str
    version: str
    environment: str
    tier: str
    allowed: bool
    basis: str
    artifact_digest: str
    evidence_digest: str
    site: str
    verifier_version: Mapping[str, str]
    policy_uri: str
    policy_digest: str
    decided_at: datetime
    valid_until: datetime
    requirements: tuple[Judged, ...] = field(default=())
    exceptions: tuple[str, ...] = field(default=())  # "waiver:4", "break_glass:3"

    @property
    def resource_uri(self) -> str:
        """What was judged, environment included: a summary for staging must not pass for production."""
        parts = (quote(part, safe="") for part in (self.model, self.version, self.environment))
        return "{}/models/{}/versions/{}/environments/{}".format(self.site.rstrip("/"), *parts)

    @property
    def passed(self) -> bool:
        """Whether the policy holds. An emergency lets a version run against it: that is an allow and no pass."""
        return self.allowed and self.basis != "break_glass"

    @property
    def levels(self) -> list[str]:
        """Our own levels, which must not begin with SLSA_; else the specification's FAILED."""
        if not self.passed:
            return ["FAILED"]
        waived = ["COUNTERSIGN_WITH_WAIVER"] if self.basis == "waiver" else []
        return [f"COUNTERSIGN_TIER_{self.tier.upper()}_APPROVED", *waived]


def statement(summary: Summary) -> dict[str, object]:
    """The in-toto Statement. A VSA has no expiry of its own, so ours stands in `countersign_decision`."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": summary.model, "digest": _digest(summary.artifact_digest)}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "verifier": {"id": summary.site, "version": dict(summary.verifier_version)},
            "timeVerified": _seconds(summary.decided_at),
            "resourceUri": summary.resource_uri,
            "policy": {"uri": summary.policy_uri, "digest": _digest(summary.policy_digest)},
            "verificationResult": "PASSED" if summary.passed else "FAILED",
            "verifiedLevels": summary.levels,
            "slsaVersion": "1.0",
            "countersign_decision": {
                "id": summary.decision_id,
                "model": summary.model,
                "version": summary.version,
                "environment": summary.environment,
                "tier": summary.tier,
                "decision": "allow" if summary.allowed else "deny",
                "basis": summary.basis,
                "exceptions": list(summary.exceptions),
                "validUntil": _seconds(summary.valid_until),
                "evidence": {"digest": _digest(summary.evidence_digest)},
                "requirements": [
                    {"id": judged.id, "result": judged.result, "reason": judged.reason}
                    for judged in summary.requirements
                ],
            },
        },
    }


def attest(summary: Summary, *keys: EllipticCurvePrivateKey) -> Envelope:
    """The envelope of a decision, signed with our keys unless others are given. Raises SigningKeyMissing."""
    payload = canonical(statement(summary)).encode()
    signed = pae(PAYLOAD_TYPE, payload)
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [_signature(key, signed) for key in keys or attestation_keys(summary.decided_at)],
    }


def _signature(key: EllipticCurvePrivateKey, signed: bytes) -> Signature:
    made = key.sign(signed, ECDSA(SHA256()))
    return {"keyid": key_id(key.public_key()), "sig": base64.b64encode(made).decode()}


def sigstore_bundle(envelope: Mapping[str, Any]) -> dict[str, object]:
    """The envelope as a Sigstore bundle v0.3, which names the key by its id and allows one signature: the newest key's.

    There is no entry of a public transparency log in it: the product's own log holds the decision.
    """
    newest = envelope["signatures"][0]
    return {
        "mediaType": SIGSTORE_BUNDLE,
        "verificationMaterial": {
            "publicKey": {"hint": newest["keyid"]},
            "tlogEntries": [],
            "timestampVerificationData": {"rfc3161Timestamps": []},
        },
        "dsseEnvelope": {**envelope, "signatures": [newest]},
    }


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is really signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def open_envelope(envelope: Mapping[str, object], key: EllipticCurvePublicKey) -> dict[str, object]:
    """The statement in the envelope, once a signature by the key holds. Raises AttestationRefused."""
    if envelope.get("payloadType") != PAYLOAD_TYPE:
        raise AttestationRefused(f"The payload type is not {PAYLOAD_TYPE}.")
    payload = _base64(envelope.get("payload"))
    signatures = envelope.get("signatures")
    if not isinstance(signatures, list) or not signatures:
        raise AttestationRefused("The envelope is not signed.")
    signed = pae(PAYLOAD_TYPE, payload)
    if not any(_verifies(signature, signed, key) for signature in signatures):
        raise AttestationRefused("No signature of the envelope holds under this key.")
    opened = json.loads(payload)
    if not isinstance(opened, dict) or opened.get("_type") != STATEMENT_TYPE:
        raise AttestationRefused("The envelope holds no in-toto statement.")
    return opened


def _verifies(signature: object, signed: bytes, key: EllipticCurvePublicKey) -> bool:
    if not isinstance(signature, dict):
        return False
    try:
        key.verify(_base64(signature.get("sig")), signed, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _base64(text: object) -> bytes:
    if not isinstance(text, str):
        raise AttestationRefused("The envelope lacks a payload or a signature.")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise AttestationRefused("The payload or a signature is not base64.") from None


def _digest(text: str) -> dict[str, str]:
    found = _DIGEST.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a digest of the form sha256:<64 hex>")
    return {"sha256": found[1]}


def _seconds(moment: datetime) -> str:
    """in-toto's Timestamp: RFC 3339 in UTC with a Z; we give whole seconds."""
    return f"{instant(moment)[:19]}Z"
