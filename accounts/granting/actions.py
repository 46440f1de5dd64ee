"""Asking that somebody holds a role, and deciding on it as the second person; each on the record.

An operator owns the database, so the command has a door, too: alone, in an emergency, and loudly.
"""

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_noop

from accounts.actions import grant_role
from accounts.granting.models import RoleWish, WishState
from accounts.granting.rules import (
    DECIDERS,
    WEIGHTY_ROLES,
    WISH_HOLDS,
    deciders_of,
    reason_against_deciding,
    refuse_shared_password,
    why_not_together,
)
from accounts.ground import move_ground
from accounts.models import Role, RoleGrant, User
from accounts.notices import notify
from accounts.proving.again import prove_again
from accounts.reasons import reason_given
from accounts.refusals import Conflict, Invalid, NotAllowed, Refusal
from accounts.said import Inside, Said
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb

SHORTEST_REASON = 10
NOBODY = gettext_noop("Nobody else can now; see manage.py grant_role --help.")
LONGEST_REASON = 500


@transaction.atomic
def give_or_ask(
    *, person: User, role: Role, why: str, asker: User, actor: Actor, at: datetime
) -> RoleWish | None:
    """Give a role that decides nothing at once; ask for a second person about any other."""
    if role in WEIGHTY_ROLES:
        return ask_role(person=person, role=role, why=why, asker=asker, actor=actor, at=at)
    grant_role(user=person, role=role, granter=asker, actor=actor, at=at)
    return None


@transaction.atomic
def ask_role(*, person: User, role: Role, why: str, asker: User, actor: Actor, at: datetime) -> RoleWish:
    """Ask that this person holds this role from when a second person confirms it."""
    if person.pk == asker.pk:
        raise Invalid("You cannot grant a role to yourself.", "Ask another administrator.")
    _refuse_useless(person, role)
    why = reason_given(why, SHORTEST_REASON, LONGEST_REASON, field="why")
    if RoleWish.objects.filter(person=person, role=role, state=WishState.ASKED).exists():
        raise Conflict(
            "That {person} becomes {role} waits for a second person already.",
            "It stands under Role requests.",
            person=person.name,
            role=Inside(role.label),
        )
    wish = RoleWish.objects.create(person=person, role=role, why=why, asked_by=asker, asked_at=at)
    record(
        Verb.ROLE_ASKED, subject=person.ref, actor=actor, at=at, detail={"role": role.value, "why": wish.why}
    )
    notify(
        deciders_of(wish),
        kind="role",
        text=f"{asker.name} asks that {person.name} becomes {role.label.lower()}. A second person confirms it.",
        url=_address(wish),
        key=f"role-asked-{wish.pk}",
        at=at,
    )
    return wish


def confirm_role(*, wish: RoleWish, password: str, confirmer: User, actor: Actor, at: datetime) -> RoleGrant:
    """Give the role, as the second person. A try that the rules refuse goes on the record, too."""
    proved = prove_again(confirmer, password, actor=actor, at=at)  # slow by design, so before any row is held
    try:
        with transaction.atomic():
            return _confirm(wish, proved, confirmer, actor, at)
    except Refusal as refusal:
        with transaction.atomic():
            detail = {"role": wish.role, "reason": str(refusal)}
            record(Verb.ROLE_CONFIRM_REFUSED, subject=wish.person.ref, actor=actor, at=at, detail=detail)
        raise


def _confirm(wish: RoleWish, proved: str, confirmer: User, actor: Actor, at: datetime) -> RoleGrant:
    move_ground()
    held = _open(wish)
    _refuse_unless_second(confirmer, held)
    asker = held.asked_by
    if not asker.is_active or not asker.is_administrator:
        raise Conflict(
            "{asker} is no administrator any more.", "Another administrator asks anew.", asker=asker.name
        )
    if at - held.asked_at > WISH_HOLDS:
        raise Conflict("This was asked more than a week ago.", "Refuse it; an administrator asks again.")
    _refuse_useless(held.person, Role(held.role))
    refuse_shared_password(held)
    if not proved:
        raise Invalid("This is not your password or code.", "No role was given.", field="password")
    _decide(held, WishState.CONFIRMED, confirmer, "", at)
    detail = {"asked_by": asker.ref, "confirmed_by": confirmer.ref, "proved_by": proved, "why": held.why}
    grant = grant_role(
        user=held.person, role=Role(held.role), granter=asker, actor=actor, at=at, detail=detail
    )
    notify(
        [asker, held.person],
        kind="role",
        text=f"{held.person.name} is {held.get_role_display().lower()} from now on.",
        url=_address(held),
        key=f"role-confirmed-{held.pk}",
        at=at,
    )
    return grant


@transaction.atomic
def refuse_role(*, wish: RoleWish, note: str, user: User, actor: Actor, at: datetime) -> None:
    """Say no, and why, as the second person."""
    held = _open(wish)
    _refuse_unless_second(user, held)
    _decide(
        held, WishState.REFUSED, user, reason_given(note, SHORTEST_REASON, LONGEST_REASON, field="note"), at
    )
    detail = {"role": held.role, "asked_by": held.asked_by.ref, "note": held.note}
    record(Verb.ROLE_REFUSED, subject=held.person.ref, actor=actor, at=at, detail=detail)
    notify(
        [held.asked_by],
        kind="role",
        text=f"{user.name} refused that {held.person.name} becomes {held.get_role_display().lower()}: {held.note}",
        url=_address(held),
        key=f"role-refused-{held.pk}",
        at=at,
    )


@transaction.atomic
def withdraw_role(*, wish: RoleWish, user: User, actor: Actor, at: datetime) -> None:
    """Take the wish back, as the one who had it."""
    held = _open(wish)
    if held.asked_by_id != user.pk:
        raise NotAllowed(
            "Only {asked_by} takes this back.",
            "You can refuse it, with a reason.",
            asked_by=held.asked_by.name,
        )
    _decide(held, WishState.WITHDRAWN, user, "", at)
    record(Verb.ROLE_WISH_WITHDRAWN, subject=held.person.ref, actor=actor, at=at, detail={"role": held.role})


@transaction.atomic
def grant_alone(
    *, person: User, role: Role, reason: str, answers: User, actor: Actor, at: datetime
) -> RoleGrant:
    """Give a role without a second person, where there is none. Everybody who decides on roles or audits is told."""
    move_ground()
    if not answers.is_active or not answers.is_administrator:
        raise NotAllowed(
            "{answers} is no administrator.",
            "Name an administrator who answers for it.",
            answers=answers.name,
        )
    if person.pk == answers.pk:
        raise Invalid("Nobody grants a role to themselves, not even alone.", "Name another person.")
    _refuse_useless(person, role)
    reason = reason_given(reason, SHORTEST_REASON, LONGEST_REASON, field="reason")
    for wish in RoleWish.objects.select_for_update().filter(person=person, role=role, state=WishState.ASKED):
        _decide(wish, WishState.WITHDRAWN, answers, "Granted in an emergency.", at)
    wish = RoleWish.objects.create(
        person=person, role=role, state=WishState.ALONE, why=reason, asked_by=answers, asked_at=at
    )
    detail = {"by": answers.ref, "reason": reason}
    grant = grant_role(
        user=person,
        role=role,
        granter=answers,
        actor=actor,
        at=at,
        detail=detail,
        verb=Verb.ROLE_GRANTED_ALONE,
    )
    watching = User.objects.filter(is_active=True, grants__role__in=[*DECIDERS, Role.AUDITOR]).distinct()
    notify(
        watching,
        kind="role",
        text=f"{person.name} became {role.label.lower()} by the word of {answers.name} alone: {reason}",
        url=_address(wish),
        key=f"role-alone-{wish.pk}",
        at=at,
    )
    return grant


def _refuse_useless(person: User, role: Role) -> None:
    if not person.is_active:
        raise Conflict("The account of {person} is disabled.", "Let them in again first.", person=person.name)
    if person.holds(role):
        raise Conflict("{person} is {role} already.", person=person.name, role=Inside(role.label))
    if reason := why_not_together(person, role):
        raise Invalid(reason, "Take the other role away first, or name somebody else.", field="roles")


def _refuse_unless_second(user: User, wish: RoleWish) -> None:
    """Roles are read anew: one may be gone since the page."""
    user = User.objects.get(pk=user.pk)
    if reason := reason_against_deciding(user, wish):
        names = ", ".join(person.name for person in deciders_of(wish))
        remedy = Said("Who can: {names}.", names=names) if names else Said(NOBODY)
        raise NotAllowed(reason, remedy)


def _open(wish: RoleWish) -> RoleWish:
    rows = RoleWish.objects.select_for_update(of=("self",)).select_related("person", "asked_by")
    held = rows.get(pk=wish.pk)
    if held.state != WishState.ASKED:
        raise Conflict("This was decided already: {state}.", state=Inside(held.get_state_display()))
    return held


def _decide(held: RoleWish, state: WishState, user: User, note: str, at: datetime) -> None:
    held.state, held.decided_by, held.decided_at, held.note = state, user, at, note
    held.save(update_fields=["state", "decided_by", "decided_at", "note"])


def _address(wish: RoleWish) -> str:
    return reverse("granting:wish", args=[wish.pk])
