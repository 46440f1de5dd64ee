"""The tokens of identity providers, and the people whom they keep."""

import hashlib
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models import User


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class ScimToken(models.Model):
    """What an identity provider proves itself with. Only its SHA-256 is kept; the token itself is shown once."""

    name = models.SlugField(max_length=40, unique=True)
    prefix = models.CharField(max_length=16, unique=True)
    sha256 = models.CharField(max_length=64)
    provider = models.CharField(
        max_length=40, blank=True
    )  # of single sign-on, which the same people come from
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    NOT_ATTESTED: ClassVar = {"last_used_at": "what is done with it is on the record by itself"}

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"scim:{self.name}"

    def is_live(self, at: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and at < self.expires_at

    @property
    def is_authenticated(self) -> bool:
        """A token that has come this far has proved itself; REST framework asks for the attribute."""
        return True


class ScimPerson(models.Model):
    """An account that an identity provider keeps: what it calls the person, and what it did to the account.

    `off_at` is set while the provider keeps the person out; `left_at` when it deleted them, from when on it knows
    them no more. `linked_by` is the administrator who gave an account to the provider that it did not make.
    """

    person = models.OneToOneField(User, on_delete=models.PROTECT, related_name="provisioned")
    token = models.ForeignKey(ScimToken, on_delete=models.PROTECT, related_name="people")
    user_name = models.CharField(max_length=255)
    external_id = models.CharField(max_length=255, blank=True)
    linked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    taken_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    off_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)

    NOT_ATTESTED: ClassVar = {
        "user_name": "often an e-mail address, which the record could never forget; nothing is decided by it",
        "changed_at": "each change is an event of its own",
    }
    ATTESTED_AS: ClassVar = {"external_id": _digest}

    class Meta:
        verbose_name_plural = "SCIM people"
        constraints = [
            models.UniqueConstraint(Lower("user_name"), condition=Q(left_at=None), name="scim_user_name_once")
        ]

    def __str__(self) -> str:
        return f"{self.person} by {self.token}"
