"""Passkeys and security keys (WebAuthn) as a second factor. The library checks what the browser answers.

A browser offers them on https and on localhost only, and never where the address is a number.
"""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.models import Factor, FactorKind, User
from accounts.proving.factors import add_factor
from accounts.refusals import Invalid
from audit.actor import Actor

HOW = "passkey"
LONGEST_ANSWER = 20_000
PRESENT = UserVerificationRequirement.PREFERRED


class NoPasskey(Invalid):
    """The browser's answer proves nothing."""

    def __init__(self) -> None:
        super().__init__("This passkey was not accepted.", "Try again, or use another way.", field="password")


@dataclass(frozen=True)
class Challenge:
    """What the browser is asked (JSON of the WebAuthn API), and what the server must remember until it answers."""

    options: str
    state: dict[str, Any]


def possible() -> bool:
    """Whether browsers offer passkeys at the address of this installation."""
    parts = urlsplit(settings.COUNTERSIGN_URL)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return parts.scheme == "https" or host == "localhost"
    return False


def ask_to_register(person: User) -> Challenge:
    """Ask for a new passkey, and for none that the person has already."""
    entity = PublicKeyCredentialUserEntity(
        id=f"countersign:{person.pk}".encode(), name=person.username, display_name=person.name
    )
    options, state = _server().register_begin(
        entity,
        credentials=[_credential(factor) for factor in _factors(person)],
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=PRESENT,
    )
    return Challenge(json.dumps(dict(options)), state)


@transaction.atomic
def add_passkey(
    *, person: User, state: Mapping[str, Any] | None, answer: str, name: str, actor: Actor, at: datetime
) -> list[str]:
    """Keep the passkey that the browser made. Answers recovery codes, if they are the person's first."""
    if state is None:
        raise NoPasskey
    try:
        made = _server().register_complete(state, _read(answer))
    except (ValueError, KeyError, TypeError) as error:
        raise NoPasskey from error
    if made.credential_data is None:
        raise NoPasskey
    secret = websafe_encode(bytes(made.credential_data))
    return add_factor(person, FactorKind.PASSKEY, name, secret, made.counter, actor, at)


def ask_to_prove(person: User) -> Challenge:
    """Ask for a signature by one of the person's passkeys."""
    options, state = _server().authenticate_begin(
        [_credential(factor) for factor in _factors(person)], user_verification=PRESENT
    )
    return Challenge(json.dumps(dict(options)), state)


@transaction.atomic
def prove_by_passkey(*, person: User, state: Mapping[str, Any] | None, answer: str, at: datetime) -> None:
    """Check what the browser answered. Raises NoPasskey; also where a counter went back, as a copied key's would."""
    if state is None:
        raise NoPasskey
    factors = list(_factors(person).select_for_update())
    known = {bytes(_credential(factor)): factor for factor in factors}
    try:
        response = AuthenticationResponse.from_dict(_read(answer))
        used = _server().authenticate_complete(state, [_credential(factor) for factor in factors], response)
    except (ValueError, KeyError, TypeError) as error:
        raise NoPasskey from error
    factor, counter = known[bytes(used)], response.response.authenticator_data.counter
    if (counter or factor.position) and counter <= factor.position:
        raise NoPasskey
    factor.position, factor.used_at = counter, at
    factor.save(update_fields=["position", "used_at"])


def _factors(person: User) -> Any:
    return Factor.objects.filter(person=person, kind=FactorKind.PASSKEY)


def _credential(factor: Factor) -> AttestedCredentialData:
    return AttestedCredentialData(websafe_decode(factor.secret))


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST_ANSWER:
        raise NoPasskey
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise NoPasskey
    return found


def _server() -> Fido2Server:
    """For exactly this installation: its host, and no origin but its own."""
    host = urlsplit(settings.COUNTERSIGN_URL).hostname or ""
    party = PublicKeyCredentialRpEntity(id=host, name="Countersign")
    return Fido2Server(party, verify_origin=lambda origin: origin == settings.COUNTERSIGN_URL)
