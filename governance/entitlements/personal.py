"""What is kept about one person, as JSON for them: what a request for access under the GDPR (Art. 15) asks."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404

from accounts.access import require_role
from accounts.granting.models import RoleWish
from accounts.models import Role, User
from audit.actions import record
from audit.actor import Actor
from audit.models import Event
from audit.verbs import Verb
from governance.entitlements.access import veiled
from governance.entitlements.gather import entitlements
from governance.entitlements.kinds import Entitlement
from governance.trail.sight import events_seen
from registry.sight import hidden_from


def person_for_data(user: User, username: str) -> User:
    """The person: oneself, or anybody for those who answer such requests. Raises NotAllowed, Http404."""
    if user.username != username:
        require_role(user, Role.ADMINISTRATOR, Role.COMPLIANCE_OFFICER, to="take the data of somebody else")
    return get_object_or_404(User, username=username)


def personal_data(*, person: User, reader: User, actor: Actor, at: datetime) -> StreamingHttpResponse:
    """A download of all of it, sent as it is read. Taking it is on the record. Secrets stay out."""
    with transaction.atomic():
        record(Verb.PERSONAL_DATA_EXPORTED, subject=person.ref, actor=actor, at=at)
    headers = {"Content-Disposition": f'attachment; filename="{person.username}-{at:%Y-%m-%d}.json"'}
    return StreamingHttpResponse(
        _pieces(person, reader, at), content_type="application/json; charset=utf-8", headers=headers
    )


def _pieces(person: User, reader: User, at: datetime) -> Iterator[str]:
    yield "{"
    for name, value in _tables(person, reader, at).items():
        yield f"{json.dumps(name)}: {_text(value)},\n"
    yield '"events": ['
    before = ""
    for event in _events(person, reader).iterator(chunk_size=500):
        yield f"{before}{_text(event)}"
        before = ",\n"
    yield "]}\n"


def _tables(person: User, reader: User, at: datetime) -> dict[str, object]:
    account = User.objects.filter(pk=person.pk).values(
        *("username", "first_name", "last_name", "email", "is_active", "date_joined", "last_login"),
        *("theme", "mail", "language"),
    )
    about: dict[str, Iterable[Any]] = {
        "role_requests": RoleWish.objects.filter(
            Q(person=person) | Q(asked_by=person) | Q(decided_by=person)
        ).values("person__username", "role", "state", "why", "asked_at", "decided_at", "note"),
        "sessions": person.sessions.values("how", "address", "browser", "began_at", "seen_at", "expire_date"),
        "second_factors": person.factors.values("kind", "name", "added_at", "used_at"),
        "identities": person.identities.values("issuer", "subject", "linked_at"),
        "notices": _notices(person, reader),
    }
    held = [
        {"kind": item.kind, "what": item.what, "since": item.since, "given_by": item.given_by}
        for item in _entitlements(person, reader, at)
    ]
    return {"account": account.get(), "can_do": held} | {name: list(rows) for name, rows in about.items()}


def _entitlements(person: User, reader: User, at: datetime) -> list[Entitlement]:
    """To themselves everything is told; to somebody else what that one may see."""
    rows = [item for item in entitlements(at) if item.holder == person.username]
    return rows if person == reader else veiled(rows, reader)


def _notices(person: User, reader: User) -> list[dict[str, Any]]:
    told = person.notices.values("kind", "text", "url", "at", "read_at", "mailed_at")
    rows: list[dict[str, Any]] = [dict(row) for row in told]
    unseen = [] if person == reader else list(hidden_from(reader).values_list("name", "slug"))
    return [
        row
        for row in rows
        if not any(name in row["text"] or f"/models/{slug}/" in row["url"] for name, slug in unseen)
    ]


def _events(person: User, reader: User) -> "QuerySet[Event, Any]":
    """What the record says by or about the person, oldest first."""
    seen = Q() if person == reader else events_seen(reader)
    found = Event.objects.filter(seen, Q(actor=person.ref) | Q(subject=person.ref)).order_by("at", "id")
    return found.values("id", "verb", "subject", "actor", "authenticated_by", "at", "detail")


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
