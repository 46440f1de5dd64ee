"""Ending sessions: by their owner, by an administrator, and with the account or the password that they rest on."""

from datetime import datetime

from django.db import transaction

from accounts.models import Session, User
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb


@transaction.atomic
def end_sessions(
    *, person: User, actor: Actor, at: datetime, why: str, name: str = "", but: str | None = None
) -> int:
    """End the sessions of a person: the one with this name or all of them, except for the one with the key `but`."""
    rows = Session.objects.filter(person=person)
    ended = [row for row in rows if row.session_key != but and name in ("", row.name)]
    if not ended:
        return 0
    rows.filter(pk__in=[row.pk for row in ended]).delete()
    detail = {"why": why, "sessions": len(ended)}
    record(Verb.SESSION_ENDED, subject=person.ref, actor=actor, at=at, detail=detail)
    return len(ended)
