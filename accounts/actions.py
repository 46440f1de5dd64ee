"""Changes of people, roles and keys; each writes its audit event in the same transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from accounts.ending import end_sessions
from accounts.ground import move_ground
from accounts.keys import FreshKey, make_key
from accounts.models import ApiKey, Parting, Role, RoleGrant, Scope, User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.models import Event
from audit.verbs import Verb


@transaction.atomic
def create_user(
    *,
    username: str,
    first_name: str,
    last_name: str,
    email: str,
    password: str | None,
    actor: Actor,
    at: datetime,
) -> User:
    """Add a person without roles; without a password, too, where an identity provider lets them in."""
    if is_taken(username):
        raise Conflict("The user name {username} is taken.", "Choose another one.", username=username)
    user = User.objects.create_user(
        username=username, email=email, password=password, first_name=first_name, last_name=last_name
    )
    record(Verb.USER_CREATED, subject=user.ref, actor=actor, at=at, detail={"name": user.name})
    return user


def is_taken(username: str) -> bool:
    """Whether the record knows somebody by this name, whether or not it still stands in the tables."""
    if User.objects.filter(username__iexact=username).exists():
        return True
    return Event.objects.filter(subject=f"user:{username}", verb=Verb.USER_PSEUDONYMISED).exists()


@transaction.atomic
def set_active(*, user: User, active: bool, actor: Actor, at: datetime) -> None:
    """Let a person in, or keep them out from the next request on."""
    if user.ref == actor.id and not active:
        raise Invalid("You cannot disable yourself.", "Ask another administrator.")
    if user.is_active == active:
        return
    if active and Parting.objects.filter(person=user, done_at__isnull=False).exists():
        raise Conflict(
            "{name} is closed for good.", "Somebody who comes back gets a new account.", name=user.name
        )
    move_ground()
    user.is_active = active
    user.save(update_fields=["is_active"])
    record(Verb.USER_ENABLED if active else Verb.USER_DISABLED, subject=user.ref, actor=actor, at=at)
    if not active:
        end_sessions(person=user, why="The account was disabled.", actor=actor, at=at)


@transaction.atomic
def grant_role(
    *,
    user: User,
    role: Role,
    granter: User | None,
    provider: str = "",
    actor: Actor,
    at: datetime,
    detail: Mapping[str, object] | None = None,
    verb: Verb = Verb.ROLE_GRANTED,
) -> RoleGrant:
    """Give a person a role: by somebody else's hand, or by the groups at an identity provider.

    Whether one person may give this role is the caller's question (accounts/granting).
    """
    if granter is not None and granter.pk == user.pk:
        raise Invalid("You cannot grant a role to yourself.", "Ask another administrator.")
    move_ground()
    grant, fresh = RoleGrant.objects.get_or_create(
        user=user, role=role, defaults={"granted_by": granter, "granted_at": at, "provider": provider}
    )
    if fresh:
        said = {"role": role.value} | ({"provider": provider} if provider else {}) | dict(detail or {})
        record(verb, subject=user.ref, actor=actor, at=at, detail=said)
    return grant


@transaction.atomic
def revoke_role(*, user: User, role: Role, actor: Actor, at: datetime) -> None:
    """Take a role back. What was signed under it stops counting."""
    if user.ref == actor.id and role == Role.ADMINISTRATOR:
        raise Invalid("You cannot take the administrator role from yourself.", "Ask another administrator.")
    move_ground()
    removed, _ = RoleGrant.objects.filter(user=user, role=role).delete()
    if removed:
        record(Verb.ROLE_REVOKED, subject=user.ref, actor=actor, at=at, detail={"role": role.value})


@transaction.atomic
def create_key(
    *,
    name: str,
    scopes: Collection[str],
    owner: User,
    expires_at: datetime | None,
    actor: Actor,
    at: datetime,
) -> tuple[ApiKey, FreshKey]:
    """Make a key. Its text is returned once and kept nowhere."""
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown or not scopes:
        raise Invalid("Choose at least one scope from the list.", field="scopes")
    if expires_at is not None and expires_at <= at:
        raise Invalid("The expiry lies in the past.", "Choose a later date.", field="expires_at")
    if ApiKey.objects.filter(name=name).exists():
        raise Conflict("A key named {name} exists already.", "Choose another name.", name=name)
    fresh = make_key()
    key = ApiKey.objects.create(
        name=name,
        prefix=fresh.prefix,
        sha256=fresh.sha256,
        scopes=sorted(scopes),
        owner=owner,
        created_at=at,
        expires_at=expires_at,
    )
    record(Verb.KEY_CREATED, subject=key.ref, actor=actor, at=at, detail={"scopes": key.scopes})
    return key, fresh


@transaction.atomic
def revoke_key(*, key: ApiKey, actor: Actor, at: datetime) -> None:
    """Make a key useless from now on."""
    key = ApiKey.objects.select_for_update().get(pk=key.pk)
    if key.revoked_at is not None:
        return
    key.revoked_at = at
    key.save(update_fields=["revoked_at"])
    record(Verb.KEY_REVOKED, subject=key.ref, actor=actor, at=at)


@transaction.atomic
def set_password(*, user: User, password: str, actor: Actor, at: datetime) -> None:
    """Change a password; the caller has checked the old one."""
    user.set_password(password)
    user.save(update_fields=["password"])
    record(Verb.PASSWORD_CHANGED, subject=user.ref, actor=actor, at=at)


def set_tastes(*, user: User, theme: str, mail: str, language: str) -> None:
    """Remember how the person reads and is told. A taste, so nothing for the record."""
    user.theme, user.mail, user.language = theme, mail, language or None
    user.save(update_fields=["theme", "mail", "language"])


def touch_key(*, key: ApiKey, at: datetime) -> None:
    """Remember that a key was used, to the minute: a write for each call would be the slowest part of it."""
    if key.last_used_at is None or (at - key.last_used_at).total_seconds() >= 60:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
