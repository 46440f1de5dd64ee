"""From somebody whom a provider vouches for to an account here, with the roles that their groups give."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from accounts.actions import create_user, grant_role, revoke_role
from accounts.models import SIGNING_ROLES, Identity, Role, User
from accounts.refusals import Conflict, NotAllowed
from accounts.scim.models import ScimPerson
from accounts.sso.configuration import Provider
from accounts.sso.tokens import Vouched
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb


def actor_of(provider: Provider, request_id: str = "") -> Actor:
    """The provider as the record names it, where it gives roles and accounts."""
    return Actor(f"system:sso-{provider.id}", provider.name, "identity token", request_id)


@transaction.atomic
def welcome(*, provider: Provider, vouched: Vouched, actor: Actor, at: datetime) -> User:
    """The account of the person, made or linked where the provider's rules allow it, with its roles as of now.

    Found by issuer and subject. Raises NotAllowed or Conflict where there is none and none may be made.
    """
    identity = (
        Identity.objects.select_related("person")
        .filter(issuer=provider.issuer, subject=vouched.subject)
        .first()
    )
    person = identity.person if identity else _by_scim(provider, vouched) or _by_email(provider, vouched)
    if person is None:
        person = _created(provider, vouched, actor, at)
    if not person.is_active:
        raise NotAllowed(
            "The account {person} is disabled.",
            "An administrator can let it in again.",
            person=person.username,
        )
    if identity is None:
        link(person=person, provider=provider, subject=vouched.subject, actor=actor, at=at)
    give_roles(person=person, provider=provider, groups=vouched.groups, actor=actor, at=at)
    return User.objects.get(pk=person.pk)


@transaction.atomic
def link(*, person: User, provider: Provider, subject: str, actor: Actor, at: datetime) -> None:
    """Let the provider open this account from now on."""
    if Identity.objects.filter(issuer=provider.issuer, subject=subject).exists():
        raise Conflict("This account at {provider} belongs to somebody here already.", provider=provider.name)
    if person.identities.filter(issuer=provider.issuer).exists():
        raise Conflict(
            "Another account at {provider} is linked already.", "Unlink it first.", provider=provider.name
        )
    Identity.objects.create(person=person, issuer=provider.issuer, subject=subject, linked_at=at)
    detail = {"issuer": provider.issuer, "sub": subject}
    record(Verb.IDENTITY_LINKED, subject=person.ref, actor=actor, at=at, detail=detail)


@transaction.atomic
def unlink(*, person: User, provider: Provider, actor: Actor, at: datetime) -> None:
    """The provider opens this account no more, and what its groups gave is taken back."""
    identity = person.identities.filter(issuer=provider.issuer).first()
    if identity is None:
        return
    if not person.has_usable_password():
        raise Conflict("This is the only way into your account.", "Ask an administrator.")
    identity.delete()
    detail = {"issuer": provider.issuer}
    record(Verb.IDENTITY_UNLINKED, subject=person.ref, actor=actor, at=at, detail=detail)
    give_roles(person=person, provider=provider, groups=(), actor=actor_of(provider), at=at)


@transaction.atomic
def give_roles(
    *, person: User, provider: Provider, groups: Collection[str], actor: Actor, at: datetime
) -> None:
    """Grant what the groups give and take back what they gave before and give no more. Roles given by hand stay."""
    by_hand = set(person.grants.exclude(provider=provider.id).values_list("role", flat=True))
    gave = set(person.grants.filter(provider=provider.id).values_list("role", flat=True))
    wanted = roles_for(provider, groups, by_hand)
    for role in sorted(gave - wanted):
        revoke_role(user=person, role=Role(role), actor=actor, at=at)
    for role in sorted(wanted - by_hand - gave):
        grant_role(user=person, role=Role(role), granter=None, provider=provider.id, actor=actor, at=at)


def roles_for(provider: Provider, groups: Collection[str], by_hand: Collection[str] = ()) -> set[str]:
    """The roles that these groups give to somebody who holds some by hand already.

    Whoever manages people does not also sign, unless the provider's entry says so: signing roles are then left out
    for an administrator by hand, and the administrator's for everybody else who signs.
    """
    wanted = {role for group in groups for role in provider.roles.get(group, ())}
    if provider.administrators_may_sign:
        return wanted
    signing = {role.value for role in SIGNING_ROLES}
    if Role.ADMINISTRATOR in by_hand:
        return wanted - signing
    return wanted - {Role.ADMINISTRATOR.value} if signing & (wanted | set(by_hand)) else wanted


def _by_scim(provider: Provider, vouched: Vouched) -> User | None:
    """The one account that the provider itself made by SCIM for this person and that nobody opened yet."""
    if not vouched.external_id:
        return None
    made = ScimPerson.objects.filter(
        token__provider=provider.id, external_id=vouched.external_id, linked_by=None, left_at=None
    )
    found = made.select_related("person")[:2]
    if len(found) != 1 or found[0].person.identities.filter(issuer=provider.issuer).exists():
        return None
    return found[0].person


def _by_email(provider: Provider, vouched: Vouched) -> User | None:
    """The one account with this address, where the file allows that and the provider has verified it."""
    if not provider.link_by_verified_email or not vouched.email or not vouched.email_verified:
        return None
    found = User.objects.filter(email__iexact=vouched.email)[:2]
    if len(found) != 1 or found[0].identities.filter(issuer=provider.issuer).exists():
        return None
    return found[0]


def _created(provider: Provider, vouched: Vouched, actor: Actor, at: datetime) -> User:
    if not provider.create_people:
        raise NotAllowed(
            "No account here is linked to yours at {provider}.",
            "An administrator adds you; then you link it under Settings.",
            provider=provider.name,
        )
    if not roles_for(provider, vouched.groups):
        raise NotAllowed(
            "None of your groups at {provider} gives a role here.",
            "Ask whoever manages your groups.",
            provider=provider.name,
        )
    username = slugify(vouched.username.partition("@")[0])[:40]
    if not username or User.objects.filter(username__iexact=username).exists():
        raise Conflict(
            "An account named {name} is here already and not linked to yours at {provider}.",
            "If it is yours, log in with its password and link it under Settings; else ask an administrator.",
            name=username or "so",
            provider=provider.name,
        )
    return create_user(
        username=username,
        first_name=vouched.first_name or username,
        last_name=vouched.last_name,
        email=vouched.email if vouched.email_verified else "",
        password=None,
        actor=actor,
        at=at,
    )
