"""Messages that MLflow 3 signs: HMAC-SHA256 of `delivery id.time.body`, in base64, as `v1,…`.

https://mlflow.org/docs/latest/ml/webhooks/ and mlflow/webhooks/delivery.py of MLflow 3.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.actions.sync_runs import FRESH
from registry.wishes import Wanted

SIGNATURE, DELIVERY, TIME = "X-MLflow-Signature", "X-MLflow-Delivery-Id", "X-MLflow-Timestamp"
EVENTS = (
    "registered_model.created",
    "model_version.created",
    "model_version_alias.created",
    "model_version_alias.deleted",
)
LONGEST_ID = 100


class NotGenuine(Exception):
    """The message is not MLflow's, or not fresh; `str()` says why, in a sentence."""


@dataclass(frozen=True)
class Message:
    """What MLflow says has happened; `model` is the registered model's name, or ""."""

    delivery_id: str
    event: str
    model: str

    @property
    def wanted(self) -> Wanted | None:
        """The round that the message asks for, if any."""
        if self.event not in EVENTS or not self.model:
            return None
        return Wanted(names=(self.model,), scheduled=True)


def read_message(headers: Mapping[str, str], body: bytes, *, secret: str, at: datetime) -> Message:
    """The message, once it is proven. Raises NotGenuine; ValueError when what was proven is no JSON object."""
    delivery_id, sent, given = (headers.get(name, "") for name in (DELIVERY, TIME, SIGNATURE))
    if not delivery_id or len(delivery_id) > LONGEST_ID or not sent or not given:
        raise NotGenuine(f"The message lacks {SIGNATURE}, {DELIVERY} or {TIME}.")
    expected = signature(secret, delivery_id, sent, body)
    if not any(hmac.compare_digest(one.encode(), expected.encode()) for one in given.split(" ")):
        raise NotGenuine("The signature is not made with this server's secret.")
    if not sent.isascii() or not sent.isdigit() or abs(at.timestamp() - int(sent)) > FRESH.total_seconds():
        raise NotGenuine("The message is older than five minutes, or a clock is wrong.")
    told = json.loads(body)
    data: Any = told.get("data") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(data, dict):
        raise ValueError("no object")
    event = f"{told.get('entity')}.{told.get('action')}"
    return Message(delivery_id, event, str(data.get("name") or "")[:200])


def signature(secret: str, delivery_id: str, sent: str, body: bytes) -> str:
    """What MLflow writes into its header."""
    signed = f"{delivery_id}.{sent}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
