"""What a provider does to accounts: opened, changed, closed, opened again; each on the record."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.text import slugify

from accounts.actions import create_user, is_taken, set_active
from accounts.granting.rules import DECIDERS
from accounts.models import Role, User
from accounts.naming import renamed
from accounts.notices import notify
from accounts.refusals import Conflict, Invalid
from accounts.scim.models import ScimPerson, ScimToken
from accounts.scim.wire import Wanted
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb

LONGEST = {"user_name": 255, "external_id": 255, "first_name": 150, "last_name": 150, "email": 254}
LONGEST_USERNAME = 40


@transaction.atomic
def take_in(*, wanted: Wanted, token: ScimToken, actor: Actor, at: datetime) -> ScimPerson:
    """Open an account for somebody who joins, without a role and without a password.

    Somebody whom the provider deleted and sends again under the same external id gets the old account back; under
    another one it is another person, who gets another account.
    """
    _refuse_bad(wanted)
    _refuse_taken(wanted.user_name)
    if (row := _returned(wanted, token)) is not None:
        row.left_at = None
        row.save(update_fields=["left_at"])
        return change(row=row, wanted=wanted, actor=actor, at=at)
    person = create_user(
        username=_free_username(wanted.user_name),
        first_name=wanted.first_name,
        last_name=wanted.last_name,
        email=wanted.email,
        password=None,
        actor=actor,
        at=at,
    )
    row = _row(person, wanted.user_name, wanted.external_id, token, None, at)
    record(Verb.USER_PROVISIONED, subject=person.ref, actor=actor, at=at, detail={"token": token.name})
    if wanted.active is False:
        _shut_out(row, actor, at)
    return row


@transaction.atomic
def link_account(
    *, person: User, user_name: str, token: ScimToken, linker: User, actor: Actor, at: datetime
) -> ScimPerson:
    """Let the provider keep an account that it did not make, under the name that the provider has for the person."""
    user_name = user_name.strip()
    _refuse_bad(Wanted(user_name))
    _refuse_taken(user_name)
    if ScimPerson.objects.filter(person=person, left_at=None).exists():
        raise Conflict(f"{person.name} is kept by a provider already.")
    if person.pk == linker.pk:
        raise Invalid("You cannot hand over your own account.", "Ask another administrator.", field="person")
    ScimPerson.objects.filter(person=person).delete()
    row = _row(person, user_name, "", token, linker, at)
    record(Verb.USER_LINKED_TO_SCIM, subject=person.ref, actor=actor, at=at, detail={"token": token.name})
    return row


@transaction.atomic
def change(*, row: ScimPerson, wanted: Wanted, actor: Actor, at: datetime) -> ScimPerson:
    """Make the account say what the provider says. The user name in the record stays what it was."""
    _refuse_bad(wanted)
    held = _held(row)
    if wanted.user_name.casefold() != held.user_name.casefold():
        _refuse_taken(wanted.user_name)
    person = held.person
    changed = [
        *_changed(person, wanted, "first_name", "last_name", "email"),
        *_changed(held, wanted, "user_name", "external_id"),
    ]
    if changed:
        person.save(update_fields=["first_name", "last_name", "email"])
        held.changed_at = at
        held.save(update_fields=["user_name", "external_id", "changed_at"])
        if not {"first_name", "last_name"}.isdisjoint(changed):
            renamed(person)
        record(Verb.USER_CHANGED, subject=person.ref, actor=actor, at=at, detail={"changed": changed})
    if wanted.active is False:
        _shut_out(held, actor, at)
    elif wanted.active and not person.is_active:
        _let_in(held, actor, at)
    return held


@transaction.atomic
def leave(*, row: ScimPerson, actor: Actor, at: datetime) -> None:
    """The provider deleted the person: the account closes for good, unless an administrator opens it. Nothing goes."""
    held = _held(row)
    _shut_out(held, actor, at)
    held.left_at = held.changed_at = at
    held.save(update_fields=["left_at", "changed_at"])
    record(Verb.USER_LEFT, subject=held.person.ref, actor=actor, at=at)


def _shut_out(row: ScimPerson, actor: Actor, at: datetime) -> None:
    """From the next request on. Sessions end and keys open nothing; roles stay, and count for nothing meanwhile."""
    if not row.person.is_active:
        return
    set_active(user=row.person, active=False, actor=actor, at=at)
    row.off_at = row.changed_at = at
    row.save(update_fields=["off_at", "changed_at"])


def _let_in(row: ScimPerson, actor: Actor, at: datetime) -> None:
    """Whom a person shut out, a person lets in. Roles of consequence come back with the account, so people are told."""
    person = row.person
    if row.off_at is None:
        raise Conflict(
            f"An administrator disabled the account {person.username}.", "An administrator lets it in again."
        )
    set_active(user=person, active=True, actor=actor, at=at)
    row.off_at, row.changed_at = None, at
    row.save(update_fields=["off_at", "changed_at"])
    if labels := [role.label.lower() for role in Role if role.value in person.roles]:
        notify(
            User.objects.filter(is_active=True, grants__role__in=DECIDERS).exclude(pk=person.pk).distinct(),
            kind="role",
            text=f"{person.name} is let in again by {actor.name}, and is {', '.join(labels)} as before.",
            url=reverse("entitlements:access"),
            key=f"scim-back-{person.pk}-{at.isoformat()}",
            at=at,
        )


def _row(
    person: User, user_name: str, external_id: str, token: ScimToken, linker: User | None, at: datetime
) -> ScimPerson:
    return ScimPerson.objects.create(
        person=person,
        user_name=user_name,
        external_id=external_id,
        token=token,
        linked_by=linker,
        taken_at=at,
        changed_at=at,
    )


def _held(row: ScimPerson) -> ScimPerson:
    """The row and its person, both held until the end."""
    return ScimPerson.objects.select_for_update().select_related("person").get(pk=row.pk)


def _changed(target: User | ScimPerson, wanted: Wanted, *names: str) -> list[str]:
    """Put what is wanted on the target; the names of what changed, without the values."""
    found = [name for name in names if getattr(target, name) != getattr(wanted, name)]
    for name in found:
        setattr(target, name, getattr(wanted, name))
    return found


def _returned(wanted: Wanted, token: ScimToken) -> ScimPerson | None:
    if not wanted.external_id:
        return None
    gone = ScimPerson.objects.filter(
        external_id=wanted.external_id, token__provider=token.provider, left_at__isnull=False
    )
    return gone.select_related("person").order_by("-left_at").first()


def _refuse_bad(wanted: Wanted) -> None:
    if not wanted.user_name:
        raise Invalid("A userName is needed.", field="userName")
    for name, longest in LONGEST.items():
        text = getattr(wanted, name)
        if len(text) > longest or not text.isprintable():
            raise Invalid(f"{name}: at most {longest} printable characters.", field=name)


def _refuse_taken(user_name: str) -> None:
    if ScimPerson.objects.filter(user_name__iexact=user_name, left_at=None).exists():
        raise Conflict(f"The userName {user_name} is taken.")


def _free_username(user_name: str) -> str:
    """A name for the account that nobody had. One that an account has which no provider keeps is refused: it may be the
    same person, which a person decides."""
    wish = slugify(user_name.partition("@")[0])[:LONGEST_USERNAME] or "person"
    taken = User.objects.filter(username__iexact=wish, is_active=True, provisioned=None).first()
    if taken is not None:
        raise Conflict(
            f"An account {taken.username} is here already, which no provider keeps.",
            "If it is the same person, an administrator links it under People, Provisioning.",
        )
    names, number = wish, 1
    while is_taken(names):
        number += 1
        names = f"{wish[: LONGEST_USERNAME - 4]}-{number}"
    return names
