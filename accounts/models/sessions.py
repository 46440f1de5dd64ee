"""Sessions that know whose they are, so that a person can see theirs and end them."""

import hashlib
from typing import ClassVar

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from accounts.models.people import User


class Session(AbstractBaseSession):
    """A browser in which somebody is logged in, or on the way to it."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="sessions")
    how = models.CharField(max_length=60, blank=True)
    address = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=200, blank=True)
    began_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    NOT_ATTESTED: ClassVar = "Who is logged in now; each log-in and each end is an event"

    @property
    def name(self) -> str:
        """What pages and addresses call it: its key would open it."""
        return session_name(self.session_key)


def session_name(key: str) -> str:
    """A name for the session with this key that does not tell the key."""
    return hashlib.sha256(f"session {key}".encode()).hexdigest()[:16]
