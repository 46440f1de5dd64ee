"""Which roles two people give, who may decide, and why whoever gives roles does not sign."""

from datetime import timedelta

from django.conf import settings

from accounts.granting.models import RoleWish
from accounts.models import SIGNING_ROLES, Role, User
from accounts.refusals import Conflict, NotAllowed
from accounts.said import Said
from accounts.sso.providers import providers
from audit.models import Event
from audit.verbs import Verb

WEIGHTY_ROLES = frozenset({Role.ADMINISTRATOR, *SIGNING_ROLES})
"""Who holds one of them signs, or says who signs."""
DECIDERS = (Role.ADMINISTRATOR, Role.COMPLIANCE_OFFICER)
WISH_HOLDS = timedelta(days=7)


def why_not_together(person: User, role: Role) -> str:
    """Why this role cannot join those that the person holds; empty where it can."""
    if settings.ADMINISTRATORS_MAY_SIGN:
        return ""
    signs = any(person.holds(held) for held in SIGNING_ROLES)
    if role == Role.ADMINISTRATOR and signs:
        return Said("{person} signs. Whoever gives roles does not sign.", person=person.name)
    if role in SIGNING_ROLES and person.is_administrator:
        return Said("{person} is an administrator. Whoever gives roles does not sign.", person=person.name)
    return ""


def reason_against_signing(person: User) -> str:
    """Why somebody who holds a signing role cannot use it: they administer accounts, too. Empty where they can.

    Such pairs date from before roles were kept apart, or the operator wanted them: by the setting, or for what a
    provider's groups give.
    """
    if settings.ADMINISTRATORS_MAY_SIGN or not person.is_administrator:
        return ""
    allowing = {provider.id for provider in providers() if provider.administrators_may_sign}
    if allowing and person.grants.filter(provider__in=allowing).exists():
        return ""
    return Said("You are an administrator. Whoever gives roles does not sign.")


def refuse_administrator(person: User) -> None:
    """Raises NotAllowed where the person gives roles and so does not sign."""
    if reason := reason_against_signing(person):
        raise NotAllowed(reason, "Another administrator takes one of the two roles from you.")


def reason_against_deciding(user: User, wish: RoleWish) -> str:
    """Why this person cannot be the second one; empty when they can."""
    if not user.holds(*DECIDERS):
        return Said("Only an administrator or a compliance officer decides who holds such a role.")
    if user.pk == wish.asked_by_id:
        return Said("You asked for it, so somebody else decides.")
    if user.pk == wish.person_id:
        return Said("It is your own role, so somebody else decides.")
    return ""


def deciders_of(wish: RoleWish) -> list[User]:
    """Everybody who could be the second person."""
    people = User.objects.filter(is_active=True, grants__role__in=DECIDERS).distinct()
    return list(people.exclude(pk__in=[wish.asked_by_id, wish.person_id]))


def refuse_shared_password(wish: RoleWish) -> None:
    """Whoever made an account chose its first password, and could sign with it. Raises Conflict while it stands."""
    person = wish.person
    said = Event.objects.filter(subject=person.ref)
    if not person.has_usable_password():
        return
    if not said.filter(verb=Verb.USER_CREATED, actor=wish.asked_by.ref).exists():
        return
    if not said.filter(verb=Verb.PASSWORD_CHANGED, actor=person.ref).exists():
        raise Conflict(
            "{asked_by} made this account and knows its password.",
            "{person} logs in and changes it under Settings; then it can be confirmed.",
            asked_by=wish.asked_by.name,
            person=person.name,
        )
