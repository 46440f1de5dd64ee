"""Lending a role for a period, and taking it back."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse

from accounts.models import SIGNING_ROLES, Role, RoleGrant, User
from accounts.notices import notify
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from policy.delegation import stands_in
from policy.words import a_role
from riskreview.models import Delegation

LONGEST = timedelta(days=90)
SHORTEST_REASON, LONGEST_REASON = 10, 300


@transaction.atomic
def delegate(
    *,
    holder: User,
    deputy: User,
    role: str,
    starts_on: date | None,
    ends_on: date | None,
    reason: str,
    giver: User,
    actor: Actor,
    at: datetime,
) -> Delegation:
    """Let a deputy sign in a role in the holder's name, from a day to a day. Lent roles are not lent on.

    Whether the deputy is independent is judged for each review, when they sign; so is whether the holder is.
    """
    if giver.pk != holder.pk and not giver.is_administrator:
        raise NotAllowed(
            "Only the holder of a role, or an administrator, delegates it.", f"Ask {holder.name}."
        )
    if role not in {item.value for item in SIGNING_ROLES}:
        raise Invalid(f'The role "{role[:40]}" does not sign.', "Choose a role of yours.", field="role")
    _refuse_unfit(holder, deputy, role)
    first, last = _period(starts_on, ends_on, at)
    reason = reason.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise Invalid(
            "Say why, such as the dates of your leave.",
            f"Write {SHORTEST_REASON} to {LONGEST_REASON} characters.",
            field="reason",
        )
    running = Delegation.objects.filter(
        holder=holder, role=role, revoked_at=None, starts_on__lte=last, ends_on__gte=first
    )
    if other := running.select_related("deputy").first():
        raise Conflict(
            f"{other.deputy.name} stands in then already, until {other.ends_on.isoformat()}.",
            "End that first, or choose other days.",
        )
    given = Delegation.objects.create(
        holder=holder,
        deputy=deputy,
        role=role,
        starts_on=first,
        ends_on=last,
        reason=reason,
        given_by=giver,
        given_at=at,
    )
    record(Verb.ROLE_DELEGATED, subject=holder.ref, actor=actor, at=at, detail=_detail(given))
    notify(
        [deputy, holder],
        kind="role.delegated",
        text=f"{deputy.name} stands in for {holder.name} as {Role(role).label.lower()} until {last.isoformat()}.",
        url=reverse("riskreview:delegations"),
        key=f"delegation:{given.pk}",
        at=at,
    )
    return given


def _refuse_unfit(holder: User, deputy: User, role: str) -> None:
    label = Role(role).label.lower()
    if not _holds(holder, (role,)):
        raise Invalid(
            f"{holder.name} does not hold the role {label}.", "Only own roles are lent.", field="role"
        )
    if deputy.pk == holder.pk:
        raise Invalid("Nobody stands in for themselves.", "Choose somebody else.", field="deputy")
    if not deputy.is_active or not _holds(deputy, stands_in(role)):
        able = " or ".join(a_role(name) for name in stands_in(role))
        raise Invalid(f"{deputy.name} cannot stand in for a {label}.", f"Choose {able}.", field="deputy")


def _holds(person: User, roles: tuple[str, ...]) -> bool:
    return RoleGrant.objects.filter(user=person, role__in=roles).exists()


def _period(starts_on: date | None, ends_on: date | None, at: datetime) -> tuple[date, date]:
    first = starts_on or at.date()
    if first < at.date():
        raise Invalid("The first day lies in the past.", "Choose today or a later day.", field="starts_on")
    if ends_on is None or ends_on < first:
        raise Invalid("The last day lies before the first.", "Choose a later one.", field="ends_on")
    if ends_on - first > LONGEST:
        raise Invalid(
            f"A role is lent for at most {LONGEST.days} days.",
            "For longer, an administrator grants the role.",
            field="ends_on",
        )
    return first, ends_on


@transaction.atomic
def revoke_delegation(*, delegation: Delegation, user: User, actor: Actor, at: datetime) -> Delegation:
    """End it now. What the deputy signed until then stands."""
    rows = Delegation.objects.select_for_update(of=("self",)).select_related("holder", "deputy")
    held = rows.get(pk=delegation.pk)
    if user.pk not in (held.holder_id, held.deputy_id) and not user.is_administrator:
        raise NotAllowed(
            "Only the holder, the deputy or an administrator ends a delegation.", f"Ask {held.holder.name}."
        )
    if held.revoked_at is not None or held.ends_on < at.date():
        raise Conflict("This delegation has ended already.")
    held.revoked_at, held.revoked_by = at, user
    held.save(update_fields=["revoked_at", "revoked_by"])
    record(Verb.DELEGATION_REVOKED, subject=held.holder.ref, actor=actor, at=at, detail=_detail(held))
    return held


def _detail(row: Delegation) -> dict[str, object]:
    return {
        "role": row.role,
        "deputy": row.deputy.ref,
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat(),
        "reason": row.reason,
    }
