"""What the OpenSSF model signature that came along with a version's files proves.

A signature that does not fit the files is a refusal. One that fits is kept with what it proves: `verified` by a key or
authority that the organisation trusts, `untrusted` by anybody else, `unverifiable` where checking needs the network.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from accounts.refusals import Invalid
from registry.archive import common_folder
from registry.intake import StoredFile
from registry.oms import (
    NOT_CONTENT,
    PAYLOAD_TYPE,
    SIGNATURE_FILE,
    NotCheckable,
    Statement,
    Unreadable,
    read_statement,
)
from registry.signing_certificates import Chain, read_chain
from registry.trusted_keys import Trust, fingerprint, read_trust

LARGEST_SIGNATURE = 32 << 20
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
NONE: Mapping[str, object] = {"state": "none"}
HASHES: dict[type[ec.EllipticCurve], hashes.HashAlgorithm] = {
    ec.SECP256R1: hashes.SHA256(),
    ec.SECP384R1: hashes.SHA384(),
    ec.SECP521R1: hashes.SHA512(),
}
SHOWN = 3
STATES = {
    "none": "No signature",
    "verified": "Verified",
    "untrusted": "By somebody not trusted here",
    "unverifiable": "Cannot be verified here",
}
AGAIN = "Send the files as they were signed, or sign them again."


def check_signature(folder: Path, files: Sequence[StoredFile], *, at: datetime) -> Mapping[str, object]:
    """The state of `model.sig` as JSON, with who signed. Raises Invalid naming the files that do not fit."""
    known = {file.path: file for file in files}
    if SIGNATURE_FILE not in known:
        return NONE
    try:
        bundle = _read_bundle(folder / SIGNATURE_FILE)
        payload, signature = _envelope(bundle)
        statement = read_statement(payload)
        unsigned = _refuse_difference(statement, known)
        found = _who(bundle["verificationMaterial"], payload, signature, at)
    except Unreadable as error:
        raise Invalid(
            f"{SIGNATURE_FILE} is not a signature over these files: {error}.",
            "Sign the files with OpenSSF Model Signing 1.0, or leave the signature out.",
            field="files",
        ) from error
    except NotCheckable as error:
        return {"state": "unverifiable", "why": str(error)}
    return {**found, "files": len(statement.files), "unsigned": unsigned, "root": f"sha256:{statement.root}"}


def in_words(signing: Mapping[str, Any]) -> str:
    """`Verified, release`; versions from before signatures were read have none."""
    state = STATES.get(signing.get("state", "none"), STATES["none"])
    return f"{state}, {signing['by']}" if signing.get("by") else state


def _read_bundle(place: Path) -> dict[str, Any]:
    """The Sigstore bundle as JSON. Raises Unreadable."""
    if place.stat().st_size > LARGEST_SIGNATURE:
        raise Unreadable("it is larger than a signature")
    try:
        bundle = json.loads(place.read_bytes())
    except (ValueError, RecursionError) as error:
        raise Unreadable("it is not JSON") from error
    if not isinstance(bundle, dict) or bundle.get("mediaType") != BUNDLE:
        raise Unreadable("it is not a Sigstore bundle of version 0.3")
    if not isinstance(bundle.get("verificationMaterial"), dict):
        raise Unreadable("it does not say how it can be verified")
    return bundle


def _envelope(bundle: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """What was signed and the signature. Raises Unreadable."""
    try:
        envelope = bundle["dsseEnvelope"]
        (given,) = envelope["signatures"]
        if envelope["payloadType"] != PAYLOAD_TYPE:
            raise Unreadable("what it signs is not an in-toto statement")
        return base64.b64decode(envelope["payload"], validate=True), base64.b64decode(
            given["sig"], validate=True
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable("its envelope cannot be read") from error


def _refuse_difference(statement: Statement, known: Mapping[str, StoredFile]) -> list[str]:
    """Raises Invalid unless the files are those signed; returns the files that the signer left out."""
    there = {path: file.sha256 for path, file in known.items() if path != SIGNATURE_FILE}
    beside = common_folder(list(there))
    if beside and not there.keys() & statement.files.keys():  # the signature lies beside the model's folder
        there = {path.removeprefix(beside): digest for path, digest in there.items()}
    wrong = dict.fromkeys(statement.files.keys() - there.keys(), "was signed and did not come")
    unsigned = sorted(there.keys() - statement.files.keys())
    left_out = [path for path in unsigned if _left_out(statement, path)]
    wrong |= dict.fromkeys([path for path in unsigned if path not in left_out], "was not signed")
    for path in there.keys() & statement.files.keys():
        if there[path] != statement.files[path]:
            wrong[path] = "is not what was signed"
    if wrong:
        told = [f"{path[:80]} {fault}" for path, fault in sorted(wrong.items())]
        more = f"; and {len(told) - SHOWN:,} more" if len(told) > SHOWN else ""
        raise Invalid(
            f"The files differ from what {SIGNATURE_FILE} signs: {'; '.join(told[:SHOWN])}{more}.",
            AGAIN,
            field="files",
        )
    return left_out[:100]


def _left_out(statement: Statement, path: str) -> bool:
    return statement.leaves_out(path) or path.split("/", 1)[0] in NOT_CONTENT


def _who(material: Mapping[str, Any], payload: bytes, signature: bytes, at: datetime) -> dict[str, object]:
    """Whose signature it is, and whether that is trusted. Raises Invalid, Unreadable, NotCheckable."""
    if material.get("tlogEntries") or "certificate" in material:
        raise NotCheckable(
            "It was made with a Sigstore identity; checking that needs Sigstore's servers, which are not asked."
        )
    signed = _pae(payload)
    if "x509CertificateChain" in material:
        return _by_certificate(read_chain(material["x509CertificateChain"]), signed, signature, at)
    if "publicKey" in material:
        public = material["publicKey"]
        hint = str(public.get("hint") or "") if isinstance(public, dict) else ""
        return _by_key(hint, signed, signature, read_trust())
    raise Unreadable("it names neither a key nor a certificate")


def _by_key(hint: str, signed: bytes, signature: bytes, trust: Trust) -> dict[str, object]:
    """The bundle holds no key, only its name: without the key nobody can say whether the signature is good."""
    for known in trust.keys:
        if _is_good(known.key, signed, signature):
            return {
                "state": "verified",
                "method": "key",
                "key": fingerprint(known.key),
                "by": known.name,
                "why": f"Signed by the trusted key {known.name}.",
            }
    for known in trust.keys:
        if known.hint == hint:
            raise _forged(f"the trusted key {known.name}, which it names")
    return {
        "state": "untrusted",
        "method": "key",
        "hint": hint[:128],
        "why": "It fits the files, and none of the keys trusted here made it.",
    }


def _by_certificate(chain: Chain, signed: bytes, signature: bytes, at: datetime) -> dict[str, object]:
    if not _is_good(chain.key, signed, signature):
        raise _forged("the certificate in it")
    by, why = chain.trusted_by(read_trust(), at=at)
    found: dict[str, object] = {
        "method": "certificate",
        "key": fingerprint(chain.key),
        "subject": chain.subject,
        "issuer": chain.issuer,
        "why": why,
    }
    return found | ({"state": "verified", "by": by} if by else {"state": "untrusted"})


def _is_good(key: ec.EllipticCurvePublicKey, signed: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, signed, ec.ECDSA(HASHES[type(key.curve)]))
    except InvalidSignature:
        return False
    return True


def _pae(payload: bytes) -> bytes:
    """What DSSE signs: type and payload with their lengths."""
    return f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} ".encode() + payload


def _forged(whom: str) -> Invalid:
    return Invalid(f"The signature in {SIGNATURE_FILE} was not made by {whom}.", AGAIN, field="files")
