"""Signatures by Standard Webhooks (standardwebhooks.com, 1.0), with secrets that are kept nowhere.

A secret is derived from the installation's own, the endpoint's key and a number that goes up when it is changed.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

from django.utils.crypto import salted_hmac

from governance.webhooks.models import Endpoint

PREFIX = "whsec_"


def secret_of(endpoint: Endpoint, generation: int) -> str:
    """The secret as receivers are given it: 256 bits."""
    value = f"{endpoint.key.hex}:{generation}"
    key = salted_hmac("governance.webhooks.secret", value, algorithm="sha256").digest()
    return PREFIX + base64.b64encode(key).decode()


def headers(message_id: str, body: bytes, secrets: Iterable[str], *, at: datetime) -> dict[str, str]:
    """What goes with a message: its identifier, when it was sent, and a signature by each secret."""
    sent = str(int(at.timestamp()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": sent,
        "webhook-signature": " ".join(signature(message_id, sent, body, secret) for secret in secrets),
    }


def signature(message_id: str, timestamp: str, body: bytes, secret: str) -> str:
    """HMAC with SHA-256 over identifier, time and body, with dots between them."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
