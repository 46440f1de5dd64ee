"""Letting a pack judge: one person asks after seeing what it changes, another one confirms.

`riskreview.packs.activate_pack` is the switch; these are the doors to it. An operator owns the database and could turn
the switch by hand, so the command has doors, too: alone only where no pack is in force yet, else in an emergency, and
loudly.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from accounts.ground import move_ground
from accounts.models import User
from accounts.notices import notify
from accounts.proving.again import prove_again
from accounts.reasons import reason_given
from accounts.refusals import Conflict, Invalid, NotAllowed, Refusal
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from evaluations.models import JobStatus
from riskreview.models import Activation, ActivationState, PolicyPack, Simulation
from riskreview.policies.packs import activate_pack
from riskreview.policies.simulations import ACTIVATORS, refuse_unless_activator, refuse_unreadable

PREVIEW_HOLDS = timedelta(days=1)
WISH_HOLDS = timedelta(days=7)
SHORTEST_REASON = 20
LONGEST_REASON = 2_000


@transaction.atomic
def ask_activation(
    *, simulation: Simulation, seen_digest: str, why: str, asker: User, actor: Actor, at: datetime
) -> Activation:
    """Ask to let a pack judge, on the ground of an impact preview of exactly this pack against the one in force."""
    refuse_unless_activator(asker, to="activate a policy pack")
    rows = _packs_held()
    simulation = Simulation.objects.select_related("pack", "against").get(pk=simulation.pk)
    pack = rows[simulation.pack_id]
    if pack.active:
        raise Conflict(f"{pack} is in force already.")
    refuse_unreadable(pack)
    _refuse_other_wish(pack)
    _refuse_old_preview(simulation, rows, seen_digest, at)
    activation = Activation.objects.create(
        pack=pack,
        simulation=simulation,
        why=reason_given(why, SHORTEST_REASON, LONGEST_REASON, field="why"),
        asked_by=asker,
        asked_at=at,
    )
    detail = {"digest": pack.digest, "preview": simulation.result_digest, "why": activation.why}
    record(Verb.POLICY_ACTIVATION_ASKED, subject=pack.ref, actor=actor, at=at, detail=detail)
    _tell(
        f"{asker.name} asks to activate {pack}. A second person confirms it.",
        url=reverse("riskreview:simulation", args=[simulation.pk]),
        key=f"policy-activation-{activation.pk}",
        without=asker,
        at=at,
    )
    return activation


def confirm_activation(
    *, activation: Activation, password: str, confirmer: User, actor: Actor, at: datetime
) -> PolicyPack:
    """Let the pack judge from now on, as the second person. A try that the rules refuse goes on the record, too."""
    proved = prove_again(confirmer, password, actor=actor, at=at)  # slow by design, so before any row is held
    try:
        with transaction.atomic():
            return _confirm(activation, proved, confirmer, actor, at)
    except Refusal as refusal:
        with transaction.atomic():
            detail = {"reason": str(refusal)}
            record(
                Verb.POLICY_CONFIRM_REFUSED, subject=activation.pack.ref, actor=actor, at=at, detail=detail
            )
        raise


def _confirm(activation: Activation, proved: str, confirmer: User, actor: Actor, at: datetime) -> PolicyPack:
    rows = _packs_held()
    held = _open(activation)
    refuse_unless_second(confirmer, held)
    asker = held.asked_by
    if not asker.is_active or not asker.holds(*ACTIVATORS):
        raise Conflict(f"{asker.name} may not activate packs any more.", "Somebody else asks anew.")
    if at - held.asked_at > WISH_HOLDS:
        raise Conflict("This was asked more than a week ago.", "Refuse it, preview the pack and ask again.")
    pack = rows[held.pack_id]
    refuse_unreadable(pack)
    if held.simulation is None or held.simulation.against_id != _active_pk(rows):
        raise Conflict(
            "Another pack came into force since the preview, so it no longer says what would change.",
            "Refuse this, preview the pack and ask again.",
        )
    if not proved:
        raise Invalid("This is not your password or code.", "Nothing was activated.", field="password")
    _decide(held, ActivationState.CONFIRMED, confirmer, "", at)
    detail = {
        "asked_by": asker.ref,
        "confirmed_by": confirmer.ref,
        "proved_by": proved,
        "why": held.why,
        "preview": held.simulation.result_digest,
    }
    activated = activate_pack(pack, actor=actor, at=at, detail=detail)
    _tell(
        f"{pack} is in force: {asker.name} asked, {confirmer.name} confirmed.",
        url=reverse("riskreview:policy"),
        key=f"policy-active-{held.pk}",
        without=confirmer,
        at=at,
    )
    return activated


@transaction.atomic
def refuse_activation(
    *, activation: Activation, note: str, user: User, actor: Actor, at: datetime
) -> Activation:
    """Say no, and why, as the second person. The pack stays; it can be asked for again."""
    held = _open(activation)
    refuse_unless_second(user, held)
    _decide(
        held,
        ActivationState.REFUSED,
        user,
        reason_given(note, SHORTEST_REASON, LONGEST_REASON, field="note"),
        at,
    )
    detail = {"asked_by": held.asked_by.ref, "note": held.note}
    record(Verb.POLICY_ACTIVATION_REFUSED, subject=held.pack.ref, actor=actor, at=at, detail=detail)
    notify(
        [held.asked_by],
        kind="policy",
        text=f"{user.name} refused to activate {held.pack}: {held.note}",
        url=reverse("riskreview:pack", args=[held.pack.name, held.pack.version]),
        key=f"policy-refused-{held.pk}",
        at=at,
    )
    return held


@transaction.atomic
def withdraw_activation(*, activation: Activation, user: User, actor: Actor, at: datetime) -> Activation:
    """Take the wish back, as the one who had it."""
    held = _open(activation)
    if held.asked_by_id != user.pk:
        raise NotAllowed(f"Only {held.asked_by.name} takes this back.", "You can refuse it, with a reason.")
    _decide(held, ActivationState.WITHDRAWN, user, "", at)
    record(Verb.POLICY_ACTIVATION_WITHDRAWN, subject=held.pack.ref, actor=actor, at=at)
    return held


@transaction.atomic
def install_pack(pack: PolicyPack, *, actor: Actor, at: datetime) -> PolicyPack:
    """Let the first pack of an installation judge: nothing is in force, so nothing can be previewed or lost."""
    rows = _packs_held()
    refuse_unreadable(rows[pack.pk])
    active = [row for row in rows.values() if row.active]
    if active and not rows[pack.pk].active:
        address = reverse("riskreview:pack", args=[pack.name, pack.version])
        raise Conflict(
            f"{active[0]} is in force, and another pack needs two people.",
            f'Preview and ask in the browser at {address}; or, in an emergency, --emergency "REASON" --as USER.',
        )
    return activate_pack(pack, actor=actor, at=at, detail={"first": True})


@transaction.atomic
def activate_alone(pack: PolicyPack, *, reason: str, person: User, actor: Actor, at: datetime) -> PolicyPack:
    """Let a pack judge without a second person. Whoever answers for the policy is told, and its pages say so."""
    rows = _packs_held()
    if not person.is_active:
        raise NotAllowed(f"The account of {person.name} is disabled.")
    refuse_unless_activator(person, to="activate a policy pack")
    refuse_unreadable(rows[pack.pk])
    if rows[pack.pk].active:
        raise Conflict(f"{pack} is in force already.")
    reason = reason_given(reason, SHORTEST_REASON, LONGEST_REASON, field="reason")
    for wish in Activation.objects.select_for_update().filter(pack=pack, state=ActivationState.ASKED):
        _decide(wish, ActivationState.WITHDRAWN, person, "Activated in an emergency.", at)
    wish = Activation.objects.create(
        pack=pack, state=ActivationState.ALONE, why=reason, asked_by=person, asked_at=at
    )
    detail = {"reason": reason, "by": person.ref}
    verb = Verb.POLICY_ACTIVATED_ALONE
    activated = activate_pack(rows[pack.pk], actor=actor, at=at, detail=detail, verb=verb)
    _tell(
        f"{pack} was activated in an emergency by {person.name} alone: {reason}",
        url=reverse("riskreview:policy"),
        key=f"policy-alone-{wish.pk}",
        without=None,
        at=at,
    )
    return activated


def reason_against_deciding(user: User, activation: Activation) -> str:
    """Why this person cannot be the second one; empty when they can."""
    if not user.holds(*ACTIVATORS):
        return "Only an administrator, a risk officer or a compliance officer confirms a policy pack."
    if activation.asked_by_id == user.pk:
        return "You asked for it, so somebody else decides."
    return ""


def refuse_unless_second(user: User, activation: Activation) -> None:
    """Two people, each with a role that answers for the policy. Roles are read anew: one may be gone since the page."""
    user = User.objects.get(pk=user.pk)
    reason = reason_against_deciding(user, activation)
    if reason:
        names = ", ".join(person.name for person in activators() if person.pk != activation.asked_by_id)
        raise NotAllowed(reason, f"Who can: {names}." if names else "An administrator grants the role.")


def activators() -> list[User]:
    """Everybody who may ask or confirm."""
    return list(User.objects.filter(is_active=True, grants__role__in=ACTIVATORS).distinct())


def _packs_held() -> dict[int, PolicyPack]:
    """Every pack, held in one order, so that two activations never pass each other, and after the common ground."""
    move_ground()
    return {row.pk: row for row in PolicyPack.objects.select_for_update().order_by("pk")}


def _active_pk(rows: dict[int, PolicyPack]) -> int | None:
    return next((row.pk for row in rows.values() if row.active), None)


def _open(activation: Activation) -> Activation:
    rows = Activation.objects.select_for_update(of=("self",))
    held = rows.select_related("pack", "asked_by", "simulation").get(pk=activation.pk)
    if held.state != ActivationState.ASKED:
        raise Conflict(f"This was decided already: {held.get_state_display().lower()}.")
    return held


def _decide(held: Activation, state: ActivationState, user: User, note: str, at: datetime) -> None:
    held.state, held.decided_by, held.decided_at, held.note = state, user, at, note
    held.save(update_fields=["state", "decided_by", "decided_at", "note"])


def _refuse_other_wish(pack: PolicyPack) -> None:
    other = pack.activations.filter(state=ActivationState.ASKED).select_related("asked_by").first()
    if other is not None:
        raise Conflict(f"{other.asked_by.name} asked for it already.", "A second person confirms it.")


def _refuse_old_preview(
    simulation: Simulation, rows: dict[int, PolicyPack], seen_digest: str, at: datetime
) -> None:
    if simulation.status != JobStatus.SUCCEEDED or simulation.as_of is None:
        raise Conflict("This impact preview has no result.", "Preview the pack again.")
    if seen_digest != simulation.result_digest or simulation.pack_digest != rows[simulation.pack_id].digest:
        raise Conflict("This is not the result that you saw.", "Open the preview again and read it.")
    if at - simulation.as_of > PREVIEW_HOLDS:
        raise Conflict("The impact preview is more than a day old.", "Preview the pack again.")
    if simulation.against_id != _active_pk(rows):
        raise Conflict("Another pack came into force since the preview.", "Preview the pack again.")


def _tell(text: str, *, url: str, key: str, without: User | None, at: datetime) -> None:
    people = [person for person in activators() if without is None or person.pk != without.pk]
    notify(people, kind="policy", text=text, url=url, key=key, at=at)
