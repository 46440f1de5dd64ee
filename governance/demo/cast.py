"""The people and keys of the demo: made anew for each installation, their secrets written to var/demo.json."""

import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from accounts.actions import create_key, create_user, grant_role
from accounts.models import Role, Scope, User
from audit.actor import Actor

PEOPLE = [
    ("olga", "Olga", "Lindqvist", Role.OWNER),
    ("dev", "Dev", "Menon", Role.DEVELOPER),
    ("viktor", "Viktor", "Sahl", Role.VALIDATOR),
    ("ada", "Ada", "Okafor", Role.RISK_OFFICER),
    ("carl", "Carl", "Brandt", Role.COMPLIANCE_OFFICER),
    ("etta", "Etta", "Nyström", Role.ETHICS_COMMITTEE),
    ("bea", "Bea", "Castellano", Role.BUSINESS_APPROVER),
    ("aud", "Aud", "Helle", Role.AUDITOR),
    ("adam", "Adam", "Weiss", Role.ADMINISTRATOR),
]
KEYS = [
    ("ci-demo", list(Scope.values)),
    ("ci-gate", [Scope.GATE.value]),
    ("audit-export", [Scope.AUDIT_READ.value, Scope.REPORTS_READ.value]),
]
KEYS_LAST = timedelta(days=365)


@dataclass(frozen=True)
class Member:
    """A person of the demo with the password that was made for them."""

    user: User
    password: str

    @property
    def actor(self) -> Actor:
        """As the record names them."""
        return Actor(self.user.ref, self.user.name, "demo loader")


Cast = dict[str, Member]


def create_cast(*, actor: Actor, at: datetime) -> Cast:
    """Nine people, one for each role."""
    cast = {}
    for username, first, last, role in PEOPLE:
        password = secrets.token_urlsafe(12)
        user = create_user(
            username=username,
            first_name=first,
            last_name=last,
            email=f"{username}@example.org",
            password=password,
            actor=actor,
            at=at,
        )
        grant_role(user=user, role=role, granter=None, actor=actor, at=at)
        cast[username] = Member(user, password)
    return cast


def create_keys(*, owner: User, actor: Actor, at: datetime) -> list[dict[str, object]]:
    """The pipelines' keys, as demo.json lists them."""
    made: list[dict[str, object]] = []
    for name, scopes in KEYS:
        _, fresh = create_key(
            name=name, scopes=scopes, owner=owner, expires_at=at + KEYS_LAST, actor=actor, at=at
        )
        made.append({"name": name, "key": fresh.text, "scopes": scopes})
    return made


def write_accounts(path: Path, *, url: str, cast: Cast, keys: list[dict[str, object]]) -> None:
    """Write demo.json for its owner's eyes only."""
    users = [
        {"username": name, "password": member.password, "roles": sorted(member.user.roles)}
        for name, member in cast.items()
    ]
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"url": url, "users": users, "api_keys": keys}, file, indent=1)
    fresh.replace(path)
