"""A security key in software: makes credentials and signs challenges as a browser with a key would hand them on."""

import hashlib
import json
import secrets
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestedCredentialData, AuthenticatorData

PRESENT_AND_VERIFIED = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class SecurityKey:
    """One credential; `counter` grows with each signature."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.counter = 0
        self.credential = secrets.token_bytes(16)
        self.private = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.create`."""
        public = ES256.from_cryptography_key(self.private.public_key())  # type: ignore[no-untyped-call]
        attested = AttestedCredentialData.create(Aaguid.NONE, self.credential, public)
        data = AuthenticatorData.create(
            self._party(), PRESENT_AND_VERIFIED | AuthenticatorData.FLAG.AT, self.counter, attested
        )
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": bytes(data)})
        told = self._told("webauthn.create", options)
        return self._answer({"clientDataJSON": told, "attestationObject": attestation})

    def sign(self, options: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.get`."""
        self.counter += 1
        data = bytes(AuthenticatorData.create(self._party(), PRESENT_AND_VERIFIED, self.counter))
        told = self._told("webauthn.get", options)
        signature = self.private.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"clientDataJSON": told, "authenticatorData": data, "signature": signature})

    def _party(self) -> bytes:
        return hashlib.sha256((urlsplit(self.origin).hostname or "").encode()).digest()

    def _told(self, kind: str, options: dict[str, Any]) -> bytes:
        challenge = options["publicKey"]["challenge"]
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, bytes]) -> str:
        name = websafe_encode(self.credential)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {part: websafe_encode(value) for part, value in response.items()},
            }
        )
