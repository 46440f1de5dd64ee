"""What GitHub asks: its message, proven by its signature and read into the few facts that count. No database.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#deployment_protection_rule
https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from audit.canonical import clean

SIGNATURE, DELIVERY, EVENT = "X-Hub-Signature-256", "X-GitHub-Delivery", "X-GitHub-Event"
WANTED_EVENT, WANTED_ACTION = "deployment_protection_rule", "requested"
DELIVERY_ID = re.compile(r"[A-Za-z0-9-]{8,100}")
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
LONGEST = 255


class NotGenuine(Exception):
    """The message is not GitHub's; `str()` says why, in a sentence."""


class Unreadable(Exception):
    """The message is GitHub's and cannot be acted on; `str()` says why."""


@dataclass(frozen=True)
class Asked:
    """A run that waits: where, of which commit, and where its answer goes."""

    repository: str
    repository_id: str
    owner_id: str
    environment: str
    event: str
    ref: str  # in full or short, as GitHub wrote it
    sha: str
    run_id: str
    installation_id: str
    sender: str

    def document(self) -> dict[str, str]:
        """For the row."""
        return asdict(self)


def proven(headers: Mapping[str, str], body: bytes, secret: str) -> str:
    """The delivery's id, once the body is proven to be GitHub's. Raises NotGenuine."""
    given = headers.get(SIGNATURE, "")
    if not hmac.compare_digest(given.encode(), signature(secret, body).encode()):
        raise NotGenuine(f"{SIGNATURE} is not made with the App's webhook secret.")
    delivery = headers.get(DELIVERY, "")
    if not DELIVERY_ID.fullmatch(delivery):
        raise NotGenuine(f"The message lacks {DELIVERY}.")
    return delivery


def signature(secret: str, body: bytes) -> str:
    """What GitHub writes into its header."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def read(event: str, body: bytes, *, api: str) -> Asked | None:
    """What is asked; None for messages that ask nothing. Raises Unreadable."""
    if event != WANTED_EVENT:
        return None
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The message is no JSON.") from error
    if not isinstance(said, dict) or said.get("action") != WANTED_ACTION:
        return None
    repository, deployment = _object(said, "repository"), said.get("deployment") or {}
    deployment = deployment if isinstance(deployment, dict) else {}
    name = _text(repository, "full_name")
    if not NAME.fullmatch(name) or ".." in name:
        raise Unreadable("The repository has no name of the form owner/name.")
    return Asked(
        repository=name,
        repository_id=_number(repository, "id"),
        owner_id=_number(_object(repository, "owner"), "id"),
        environment=_text(said, "environment"),
        event=_text(said, "event"),
        ref=_one_of(said, deployment, "ref"),
        sha=_commit(said, deployment),
        run_id=_run(_text(said, "deployment_callback_url"), name, api),
        installation_id=_number(_object(said, "installation"), "id"),
        sender=_text(_object(said, "sender"), "login"),
    )


def callback(api: str, repository: str, run_id: str) -> str:
    """The only address that an answer goes to."""
    return f"{api}/repos/{repository}/actions/runs/{run_id}/deployment_protection_rule"


def _run(address: str, repository: str, api: str) -> str:
    """The number of the run, from an address that is letter by letter the one where its answer belongs."""
    number = address.removesuffix("/deployment_protection_rule").rpartition("/")[2]
    if not (number.isascii() and number.isdigit()) or address != callback(api, repository, number):
        raise Unreadable(
            "deployment_callback_url is not the address of a run of this repository on this GitHub."
        )
    return number


def _commit(said: Mapping[str, Any], deployment: Mapping[str, Any]) -> str:
    found = _one_of(said, deployment, "sha").lower()
    if not COMMIT.fullmatch(found):
        raise Unreadable("The message names no commit in full.")
    return found


def _one_of(said: Mapping[str, Any], deployment: Mapping[str, Any], name: str) -> str:
    """The run's own word, else its deployment's. Raises Unreadable where they are two."""
    own, other = said.get(name), deployment.get(name)
    if name == "sha" and own and other and own != other:
        raise Unreadable("The message names two commits.")
    return _text({name: own or other}, name)


def _object(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = said.get(name)
    if not isinstance(found, dict):
        raise Unreadable(f"The message says nothing of its {name}.")
    return found


def _number(said: Mapping[str, Any], name: str) -> str:
    found = said.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found < 10**19:
        raise Unreadable(f"The message has no number as {name}.")
    return str(found)


def _text(said: Mapping[str, Any], name: str) -> str:
    found = said.get(name)
    if not isinstance(found, str) or not found or len(found) > LONGEST or found != clean(found):
        raise Unreadable(f"The message has no {name} that can be read.")
    return found
