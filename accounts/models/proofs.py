"""How people prove who they are beside the password: second factors, recovery codes, identities elsewhere."""

import hashlib
from typing import ClassVar

from django.db import models

from accounts.models.people import User


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class FactorKind(models.TextChoices):
    """What a person has, beside what they know."""

    TOTP = "totp", "Authenticator app"
    PASSKEY = "passkey", "Passkey or security key"


class Factor(models.Model):
    """A second factor of one person.

    `secret` is the key of a TOTP, encrypted, or the public credential of a passkey (base64url). `position` is what may
    only grow: the last time step that a code was taken of, or a passkey's counter of signatures.
    """

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="factors")
    kind = models.CharField(max_length=8, choices=FactorKind)
    name = models.CharField(max_length=60)
    secret = models.TextField()
    position = models.BigIntegerField(default=0)
    added_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    NOT_ATTESTED: ClassVar = {
        "position": "moves with each use, which is an event of its own",
        "used_at": "each use is an event of its own",
    }
    ATTESTED_AS: ClassVar = {"secret": _digest}

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["person", "name"], name="factor_name_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.person}"


class RecoveryCode(models.Model):
    """Opens once in place of a second factor. Only a keyed digest is kept."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"Recovery code of {self.person}"


class ProofTicket(models.Model):
    """A proof of identity from a moment ago, by a passkey or at a provider, that one signature may use up."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    sha256 = models.CharField(max_length=64, unique=True)
    how = models.CharField(max_length=60)
    until = models.DateTimeField()

    NOT_ATTESTED: ClassVar = "Holds for minutes and once; the proof and what it signed are events"

    def __str__(self) -> str:
        return f"{self.how} of {self.person}"


class Identity(models.Model):
    """A person as an identity provider knows them: the issuer and its stable name for them, never an e-mail address."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="identities")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_once"),
            models.UniqueConstraint(fields=["person", "issuer"], name="one_identity_per_issuer"),
        ]

    def __str__(self) -> str:
        return f"{self.person} at {self.issuer}"


class Throttle(models.Model):
    """Wrong tries against one account or from one address, since when, and until when nothing more is tried."""

    key = models.CharField(max_length=80, unique=True)
    failures = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    told = models.BooleanField(default=False)

    NOT_ATTESTED: ClassVar = "Counts tries for a quarter of an hour; each is an event of its own"

    def __str__(self) -> str:
        return self.key
