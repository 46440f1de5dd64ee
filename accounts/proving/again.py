"""Proving again, at the moment of a signature, who one is: by what one has where one has it, else by the password.

A code or password is typed into the form that signs. A passkey or an identity provider answers elsewhere and leaves a
ticket in the session, which the next signature uses up.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import FactorKind, ProofTicket, User
from accounts.proving.factors import take_code
from accounts.proving.throttle import counters_of_person, give_back, take_try
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb

TICKET_HOLDS = timedelta(minutes=5)
TICKET = "ticket:"
IN_SESSION = "proof_ticket"


@dataclass(frozen=True)
class Ways:
    """How a person may prove again who they are. Any second factor takes the password's place."""

    password: bool
    app: bool
    passkey: bool

    @property
    def has_factor(self) -> bool:
        """Then recovery codes serve as well."""
        return self.app or self.passkey


def ways_of(person: User) -> Ways:
    """What this person has."""
    kinds = set(person.factors.values_list("kind", flat=True))
    return Ways(
        password=not kinds and person.has_usable_password(),
        app=FactorKind.TOTP in kinds,
        passkey=FactorKind.PASSKEY in kinds,
    )


class ProofField(forms.CharField):
    """A password, a code, or the ticket of a proof that was given elsewhere; templates draw it with `proof`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Your password, again"),
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            max_length=128,
            strip=False,
            error_messages={
                "required": _("Prove again that it is you: your password or your second factor.")
            },
            **kwargs,
        )


def with_proof(request: HttpRequest) -> QueryDict:
    """What was posted; where the proof was left empty, with the ticket that the session holds. It serves once."""
    ticket = request.session.get(IN_SESSION)
    if request.POST.get("password") or not ticket:
        return request.POST
    del request.session[IN_SESSION]
    posted = request.POST.copy()
    posted["password"] = ticket
    return posted


def prove_again(person: User, given: str, *, actor: Actor, at: datetime) -> str:
    """How the person proved who they are, such as "password" or "totp"; empty where they did not.

    Slow by design, so call it before any row is held. Raises TooManyTries.
    """
    if not given:
        return ""
    counters = counters_of_person("again", person.pk)
    take_try(counters, subject=person.ref, actor=actor, at=at)
    how = _proved(person, given, actor, at)
    if how:
        give_back(counters)
    return how


def _proved(person: User, given: str, actor: Actor, at: datetime) -> str:
    if given.startswith(TICKET):
        return _use_ticket(person, given, at)
    if person.factors.exists():
        return take_code(person=person, code=given, actor=actor, at=at)
    return "password" if person.check_password(given) else ""


@transaction.atomic
def issue_ticket(*, person: User, how: str, actor: Actor, at: datetime) -> str:
    """A ticket for one signature within minutes, after a proof that was given elsewhere than in the form."""
    ProofTicket.objects.filter(person=person, until__lt=at).delete()
    text = f"{TICKET}{secrets.token_urlsafe(32)}"
    ProofTicket.objects.create(person=person, sha256=_digest(text), how=how, until=at + TICKET_HOLDS)
    record(Verb.USER_PROVED_AGAIN, subject=person.ref, actor=actor, at=at, detail={"by": how})
    return text


@transaction.atomic
def _use_ticket(person: User, text: str, at: datetime) -> str:
    row = ProofTicket.objects.select_for_update().filter(person=person, sha256=_digest(text)).first()
    if row is None:
        return ""
    row.delete()
    return row.how if at <= row.until else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
